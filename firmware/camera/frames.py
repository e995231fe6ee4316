"""What all camera adapters share: turning pictures and deciding which frame is due or fresh. Pure.

Pictures are uint8 arrays, height x width x 3, BGR. Seconds are monotonic.
"""

import zlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Rotation = Literal[0, 90, 180, 270]
"""How far the camera's picture must be turned clockwise to be upright."""


FROZEN_FRAMES = 15
"""So many pictures equal to the last bit come from no living sensor, which always has noise."""


class Stillness:
    """Tells a camera that hands out one picture again and again, as some drivers do when the sensor hangs."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._times = 0

    def reset(self) -> None:
        """The camera was opened."""
        self._last, self._times = None, 0

    def frozen(self, picture: Picture) -> bool:
        """Whether this is the same picture for too many times. `picture` is contiguous."""
        mark = zlib.crc32(picture.data.cast("B"))
        self._times = self._times + 1 if mark == self._last else 1
        self._last = mark
        return self._times >= FROZEN_FRAMES


def upright(picture: Picture, rotation: Rotation) -> Picture:
    """The picture turned clockwise. YuNet scores a face that lies on its side 0.29 to 0.62 (face.md 1, fact 5)."""
    return picture if rotation == 0 else np.ascontiguousarray(np.rot90(picture, k=-(rotation // 90)))


def black(size: tuple[int, int]) -> Picture:
    """A dark picture of `size` (width, height)."""
    return np.zeros((size[1], size[0], 3), dtype=np.uint8)


def due(now: float, start: float, fps: float, last: int) -> tuple[int, float]:
    """Number and time of the frame to hand out: the newest one at `now`, or the next after frame `last`."""
    number = max(int((now - start) * fps), last + 1, 0)
    return number, start + number / fps


def fresh(taken: float, not_before: float, last: float) -> bool:
    """Whether a frame may leave the adapter: not from before the notice was shown, and not handed out before."""
    return taken >= not_before and taken > last
