"""A size-1 mailbox for camera frames: the camera lane puts, the inference lane takes, old frames are wiped."""

import threading

from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import Frame


class FrameMailbox:
    """Holds the newest frame only. Any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._fault: DeviceError | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, frame: Frame) -> None:
        """Replace the frame; one nobody took is wiped. After `close` the new one is wiped at once."""
        with self._changed:
            old, self._frame = (frame, None) if self._closed else (self._frame, frame)
            self._changed.notify()
        if old is not None:
            old.wipe()

    def fail(self, fault: DeviceError) -> None:
        """The camera ended: `take` raises this from now on."""
        with self._changed:
            self._fault = fault
            self._changed.notify()

    def take(self, timeout: float) -> Frame:
        """The newest frame; the taker wipes it. Raises CAMERA_NO_FRAME, or what the camera failed with."""
        with self._changed:
            self._changed.wait_for(self._ready, timeout)
            frame, self._frame = self._frame, None
            if frame is not None:
                return frame
            raise self._fault or DeviceError(FaultCode.CAMERA_NO_FRAME)

    def _ready(self) -> bool:
        return self._frame is not None or self._fault is not None or self._closed

    def close(self) -> None:
        """Wipe what is left; waiting takers get CAMERA_NO_FRAME."""
        with self._changed:
            self._closed = True
            frame, self._frame = self._frame, None
            self._changed.notify_all()
        if frame is not None:
            frame.wipe()
