"""`PiCamera`: a CSI camera through picamera2, which comes with Raspberry Pi OS (apt), not from a lock file.

Camera lane; picamera2 has an event thread of its own. Seconds are monotonic. Raises CAMERA_MISSING and CAMERA_NO_FRAME.
Not run on a Pi, nor here: written against picamera2 0.3.38's source. libcamera's `SensorTimestamp` (end of exposure) is
CLOCK_BOOTTIME; a Pi does not suspend, but the difference to the monotonic clock is taken into account all the same.

Metering: libcamera's `AeMeteringMode` knows the centre only, and no rectangle; `ExposureValue` (stops) keeps the
automatic exposure at work, so it is what follows the wish. A camera that does not offer it is left alone.
"""

import time
from dataclasses import dataclass
from typing import Any

from firmware.camera.frames import Picture, Rotation, Stillness, fresh, upright
from firmware.camera.metering import Metering
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import Frame, Region

_STOPS = "ExposureValue"


@dataclass(frozen=True, slots=True)
class PiCameraConfig:
    """`index`: which CSI camera. `size`: width, height. `rotation`: clockwise, to be upright."""

    index: int = 0
    size: tuple[int, int] = (640, 480)
    fps: float = 15.0
    rotation: Rotation = 0


class PiCamera:
    """A `Camera` on libcamera."""

    def __init__(self, config: PiCameraConfig) -> None:
        self._config = config
        self._camera: Any = None
        self._metering = Metering()
        self._stillness = Stillness()
        self._not_before = 0.0
        self._last = 0.0

    def open(self, not_before: float) -> None:
        self.close()
        self._stillness.reset()
        try:
            # Not at the top: the package exists on a Pi only, and takes a second.
            from picamera2 import Picamera2  # noqa: PLC0415
        except ImportError as error:
            raise DeviceError(FaultCode.CAMERA_MISSING, "picamera2 is not installed") from error
        try:
            camera = Picamera2(self._config.index)
        except (RuntimeError, IndexError, OSError) as error:
            raise DeviceError(FaultCode.CAMERA_MISSING, f"{self._config.index}: {type(error).__name__}") from error
        self._camera = camera
        self._not_before = not_before
        self._last = 0.0
        try:
            camera.configure(
                # "RGB888" is libcamera's name for bytes in the order B, G, R.
                camera.create_video_configuration(
                    main={"size": self._config.size, "format": "RGB888"},
                    controls={"FrameRate": self._config.fps},
                    buffer_count=3,
                    queue=False,
                )
            )
            camera.start()
        except (RuntimeError, OSError) as error:
            self.close()
            raise DeviceError(FaultCode.CAMERA_MISSING, f"{self._config.index}: {type(error).__name__}") from error

    def read(self, timeout: float) -> Frame:
        if self._camera is None:
            raise DeviceError(FaultCode.CAMERA_MISSING, "not open")
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                request = self._camera.capture_request(wait=left)
            except TimeoutError:
                # The job stays queued otherwise, and would keep the next frame.
                self._camera.cancel_all_and_flush()
                break
            try:
                taken = _taken(request.get_metadata())
                if fresh(taken, self._not_before, self._last):
                    return self._frame(request.make_array("main"), taken)
            finally:
                request.release()
        raise DeviceError(FaultCode.CAMERA_NO_FRAME)

    def meter(self, region: Region | None) -> None:
        self._metering.wish(region)

    def close(self) -> None:
        # Controls belong to the open camera: the next one starts as it always does.
        self._metering.reset()
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.stop()
            camera.close()

    def _frame(self, picture: Any, taken: float) -> Frame:
        self._last = taken
        turned = upright(picture, self._config.rotation)
        if self._stillness.frozen(turned):
            turned.fill(0)
            picture.fill(0)
            raise DeviceError(FaultCode.CAMERA_NO_FRAME, "frozen")
        self._expose(turned)
        frame = Frame(bytearray(turned.data.cast("B")), turned.shape[1], turned.shape[0], taken)
        turned.fill(0)
        picture.fill(0)
        return frame

    def _expose(self, turned: Picture) -> None:
        stops = self._metering.follow(turned)
        if stops is not None and _STOPS in self._camera.camera_controls:
            self._camera.set_controls({_STOPS: stops})


def _taken(metadata: dict[str, Any]) -> float:
    """When the exposure began, in monotonic seconds."""
    behind = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    return float(metadata["SensorTimestamp"]) / 1e9 - float(metadata.get("ExposureTime", 0)) / 1e6 - behind
