"""`V4l2Camera`: a USB camera through OpenCV; the only file of this package that imports cv2.

Camera lane. Seconds are monotonic. Raises CAMERA_MISSING and CAMERA_NO_FRAME. A single grab may hang as long as
OpenCV's own select time-out (10 s unless the unit sets OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT); a lane that hangs longer
than allowed is abandoned by the runtime. Not run on a real camera: no machine with one was at hand; the logic is tested
on a double.

Metering: UVC has no exposure compensation, so the exposure time that the camera last reported is taken over and made
longer or shorter by hand, within one frame's time; "no wish" gives it back to the camera. Drivers that refuse stay as
they are, and one that reported nonsense is bounded by the stops and given back as soon as no face is seen.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2

from firmware.camera.frames import Picture, Rotation, Stillness, fresh, upright
from firmware.camera.metering import Metering
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import Frame, Region

# A camera that has waited hands out what its driver queued first; a frame older than this is not "newest".
_NEWEST = 0.2
# Frames a driver may hold back although it was asked for one.
_QUEUE = 4
# Between two grabs that fail at once, as those of an unplugged camera do.
_PAUSE = 0.02
# V4L2_CID_EXPOSURE_AUTO as uvcvideo has it, and how many of V4L2_CID_EXPOSURE_ABSOLUTE's units a second has.
_MANUAL, _APERTURE_PRIORITY = 1, 3
_UNITS = 10_000


@dataclass(frozen=True, slots=True)
class V4l2Config:
    """`size`: width, height asked of the camera; it may choose others. `rotation`: clockwise, to be upright."""

    device: str = "/dev/video0"
    size: tuple[int, int] = (640, 480)
    fps: float = 15.0
    rotation: Rotation = 0


class Capture(Protocol):
    """An open device."""

    def grab(self) -> float | None:
        """Take the next frame: the driver's time stamp in monotonic seconds, 0.0 if it has none; None if none came."""

    def retrieve(self) -> Picture | None:
        """The frame taken last, BGR."""

    def expose(self, stops: float) -> None:
        """So much brighter than by the camera's own choice; 0: its own choice. Does nothing where it cannot."""

    def close(self) -> None:
        """Release the device, its exposure back to its own choice."""


@dataclass(frozen=True, slots=True)
class Time:
    """Clock and pause, for tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class V4l2Camera:
    """A `Camera` on a V4L2 device."""

    def __init__(
        self, config: V4l2Config, opener: Callable[[V4l2Config], Capture] | None = None, clock: Time | None = None
    ) -> None:
        self._config = config
        self._opener = opener or Cv2Capture
        self._time = clock or Time()
        self._capture: Capture | None = None
        self._metering = Metering()
        self._stillness = Stillness()
        self._not_before = 0.0
        self._last = 0.0

    def open(self, not_before: float) -> None:
        self.close()
        self._stillness.reset()
        self._capture = self._opener(self._config)
        self._not_before = not_before
        self._last = 0.0

    def read(self, timeout: float) -> Frame:
        if self._capture is None:
            raise DeviceError(FaultCode.CAMERA_MISSING, "not open")
        asked = self._time.now()
        untimed = 0
        while self._time.now() <= asked + timeout:
            stamp = self._capture.grab()
            now = self._time.now()
            if stamp is None:
                self._time.sleep(_PAUSE)
                continue
            if not now - 10 < stamp <= now:
                # No usable time stamp: a frame surely taken after the call is one after a whole queue of others.
                untimed += 1
                stamp = now if untimed > _QUEUE else 0.0
            # Drivers stamp a frame at its start or at its end: its light may be one frame older.
            if fresh(stamp - 1 / self._config.fps, max(self._not_before, asked - _NEWEST), self._last):
                return self._frame(self._capture, stamp)
        raise DeviceError(FaultCode.CAMERA_NO_FRAME)

    def meter(self, region: Region | None) -> None:
        self._metering.wish(region)

    def close(self) -> None:
        self._metering.reset()
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.close()

    def _frame(self, capture: Capture, stamp: float) -> Frame:
        picture = capture.retrieve()
        if picture is None:
            raise DeviceError(FaultCode.CAMERA_NO_FRAME, "grabbed but not decoded")
        taken = stamp - 1 / self._config.fps
        self._last = taken
        turned = upright(picture, self._config.rotation)
        if self._stillness.frozen(turned):
            turned.fill(0)
            picture.fill(0)
            raise DeviceError(FaultCode.CAMERA_NO_FRAME, "frozen")
        stops = self._metering.follow(turned)
        if stops is not None:
            capture.expose(stops)
        frame = Frame(bytearray(turned.data.cast("B")), turned.shape[1], turned.shape[0], taken)
        turned.fill(0)
        picture.fill(0)
        return frame


class Cv2Capture:
    """`Capture` with OpenCV."""

    def __init__(self, config: V4l2Config) -> None:
        self._capture = cv2.VideoCapture(config.device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            self._capture.release()
            raise DeviceError(FaultCode.CAMERA_MISSING, config.device)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        # Uncompressed 640x480 fills most of a USB 2 bus; nearly every camera gives MJPEG.
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, config.size[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, config.size[1])
        self._capture.set(cv2.CAP_PROP_FPS, config.fps)
        # A control stays set when a device is closed: whoever was cut off in the middle may have left it.
        self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _APERTURE_PRIORITY)
        self._longest = _UNITS / config.fps
        self._base: float | None = None

    def grab(self) -> float | None:
        if not self._capture.grab():
            return None
        # The V4L2 back end gives the buffer's own time stamp here, which drivers take from CLOCK_MONOTONIC.
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000

    def retrieve(self) -> Picture | None:
        done, picture = self._capture.retrieve()
        return picture if done else None

    def expose(self, stops: float) -> None:
        if stops == 0:
            self._own_choice()
            return
        if self._base is None:
            base = float(self._capture.get(cv2.CAP_PROP_EXPOSURE))
            if not 1 <= base <= _UNITS or not self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL):
                return
            self._base = base
        self._capture.set(cv2.CAP_PROP_EXPOSURE, round(max(1.0, min(self._base * 2**stops, self._longest))))

    def close(self) -> None:
        self._own_choice()
        self._capture.release()

    def _own_choice(self) -> None:
        if self._base is not None:
            self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _APERTURE_PRIORITY)
            self._base = None
