"""Picture arithmetic of this package, and the only file of it that imports cv2.

Inference lane. Pictures are uint8 arrays, height x width x 3, BGR. Whoever asks for a picture wipes it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.inference.pictures import Floats, Picture

cv2.setNumThreads(1)


def letterbox(picture: Picture, width: int, height: int) -> tuple[Picture, float]:
    """The picture fitted into the upper left of `width` x `height`, black beside it; and the factor used."""
    rows, columns = picture.shape[:2]
    factor = min(width / columns, height / rows)
    size = (max(1, round(columns * factor)), max(1, round(rows * factor)))
    fitted = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((height, width, 3), dtype=np.uint8)
    canvas[: size[1], : size[0]] = fitted
    fitted.fill(0)
    return canvas, factor


def warp(picture: Picture, matrix: NDArray[np.float64], side: int) -> Picture:
    """The picture moved by the 2x3 `matrix`, `side` x `side` pixels."""
    warped: Picture = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return warped


def tensor(picture: Picture, *, rgb: bool) -> Floats:
    """1 x 3 x height x width float32, values 0 to 255."""
    planes = picture[:, :, ::-1] if rgb else picture
    return np.ascontiguousarray(planes.transpose(2, 0, 1)[np.newaxis], dtype=np.float32)


def bgr(picture: Picture) -> Picture:
    """A decoded photo (grey, or RGB) as BGR; always a copy, and the only one. The caller wipes it."""
    made = np.empty((*picture.shape[:2], 3), dtype=np.uint8)
    made[:] = picture[:, :, ::-1] if picture.ndim == 3 else picture[:, :, np.newaxis]
    return made


def green(picture: Picture) -> Floats:
    """Brightness for measuring: a float copy of the green channel. The caller wipes it."""
    return picture[:, :, 1].astype(np.float32)
