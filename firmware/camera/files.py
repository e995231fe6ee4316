"""`FileCamera`: picture files as a camera, for simulator, bench and tests. Pictures and faults change while it runs.

`open`, `read` and `close` on the camera lane; `set_source` and `set_fault` from any thread. Seconds are monotonic.
Raises CAMERA_MISSING (a file that is no JPEG or PNG, or too large; not open) and CAMERA_NO_FRAME.
"""

import io
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from firmware.camera.frames import Picture, Rotation, black, due, upright
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import Frame, Region

LARGEST_FILE = 16 << 20
LONGEST_SIDE = 8192


class CameraFault(StrEnum):
    """What a camera does when it is broken."""

    FROZEN = "frozen"
    """Hands out one picture for ever, with new times."""
    BLACK = "black"
    """Hands out dark pictures."""
    NONE = "none"
    """Hands out nothing."""


@dataclass(frozen=True, slots=True)
class FileCameraConfig:
    """`pictures`: shown in turn, one a frame. `size`: width, height of every frame, before `rotation`."""

    pictures: tuple[Path, ...]
    size: tuple[int, int] = (640, 480)
    fps: float = 15.0
    rotation: Rotation = 0


class FileCamera:
    """A `Camera` that shows files at the pace of a real one."""

    def __init__(
        self,
        config: FileCameraConfig,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._pictures: list[Picture] = []
        self._frozen: Picture | None = None
        self._fault: CameraFault | None = None
        self._start: float | None = None
        self._last = -1
        if config.pictures:
            self.set_source(config.pictures)

    def set_source(self, paths: Sequence[Path]) -> None:
        """Show these pictures from the next frame on; an empty sequence is a counter with nobody before it."""
        pictures = [upright(read_picture(path, self._config.size), self._config.rotation) for path in paths]
        with self._lock:
            self._pictures = pictures

    def set_fault(self, fault: CameraFault | None) -> None:
        """Break, or mend with None, from the next frame on."""
        with self._lock:
            self._frozen = self._picture(self._last) if fault is CameraFault.FROZEN else None
            self._fault = fault

    def open(self, not_before: float) -> None:
        self._start = max(not_before, self._clock())
        self._last = -1

    def read(self, timeout: float) -> Frame:
        if self._start is None:
            raise DeviceError(FaultCode.CAMERA_MISSING, "not open")
        now = self._clock()
        number, at = due(now, self._start, self._config.fps, self._last)
        with self._lock:
            silent = self._fault is CameraFault.NONE
        if silent or at > now + timeout:
            self._sleep(max(0.0, timeout))
            raise DeviceError(FaultCode.CAMERA_NO_FRAME)
        self._sleep(max(0.0, at - now))
        self._last = number
        with self._lock:
            picture = self._shown(number)
        height, width = picture.shape[:2]
        return Frame(bytearray(picture.data.cast("B")), width, height, at)

    def close(self) -> None:
        self._start = None

    def meter(self, region: Region | None) -> None:
        """Files have their light already: nothing to do."""

    def _shown(self, number: int) -> Picture:
        if self._fault is CameraFault.BLACK:
            return upright(black(self._config.size), self._config.rotation)
        return self._picture(number) if self._frozen is None else self._frozen

    def _picture(self, number: int) -> Picture:
        if not self._pictures:
            return upright(black(self._config.size), self._config.rotation)
        return self._pictures[max(0, number) % len(self._pictures)]


def read_picture(path: Path, size: tuple[int, int]) -> Picture:
    """A JPEG or PNG file, turned as its EXIF data say, centred on black in a picture of `size` (width, height)."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise DeviceError(FaultCode.CAMERA_MISSING, "picture file: too many bytes")
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            if max(image.size) > LONGEST_SIDE:
                raise DeviceError(FaultCode.CAMERA_MISSING, "picture file: too many pixels")
            turned = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise DeviceError(FaultCode.CAMERA_MISSING, f"picture file: {type(error).__name__}") from error
    padded = ImageOps.pad(turned, size, Image.Resampling.BILINEAR, color=(0, 0, 0))
    return np.ascontiguousarray(np.asarray(padded)[:, :, ::-1])
