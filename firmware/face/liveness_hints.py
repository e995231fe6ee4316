"""Passive hints that a frame shows a screen or a sheet: moiré, a border round the face, unlike sharpness. Pure.

Hints may only lower confidence (ask staff, note it for statistics); none of them is a verdict, and none found proves
nothing: good prints and good screens show none, chequered wallpaper and window frames show some. Their error rates were
not measured on real captures, and no threshold here was trained.

Inference lane. The picture is uint8, height x width x 3, BGR; grey copies are wiped. Too small a face: no hints.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from firmware.face.box import FaceBox
from firmware.inference.pictures import Floats, Picture, wiped

Grey = NDArray[np.float64]
_SIDE = 256
_LEAST = 64


class Hint(StrEnum):
    """`MOIRE`: sharp peaks in the spectrum. `BORDER`: a rectangle round the face. `SHARPNESS`: unlike surroundings."""

    MOIRE = "moire"
    BORDER = "border"
    SHARPNESS = "sharpness"


@dataclass(frozen=True, slots=True)
class HintLimits:
    """`peak`: times the ring's median amplitude. `edge`: share of a side along which brightness steps by `step`.

    `sharpness`: how many times sharper, or less sharp, face and surroundings may be.
    """

    peak: float = 14.0
    edge: float = 0.75
    step: float = 14.0
    sharpness: float = 12.0


def hints(picture: Picture, face: FaceBox, limits: HintLimits | None = None) -> frozenset[Hint]:
    """What speaks against a live face in this picture."""
    limits = limits or HintLimits()
    inner, outer = _window(picture, face, 1.0), _window(picture, face, 2.2)
    if min(*inner.shape[:2], *outer.shape[:2]) < _LEAST:
        return frozenset()
    near, wide = _grey(inner), _grey(outer)
    with wiped(near, wide):
        found = {
            Hint.MOIRE: _peak(near) > limits.peak,
            Hint.BORDER: _bordered(wide, limits),
            Hint.SHARPNESS: _unlike(near, wide) > limits.sharpness,
        }
    return frozenset(hint for hint, there in found.items() if there)


def _window(picture: Picture, face: FaceBox, factor: float) -> Picture:
    """The box, `factor` times as large, as far as it lies in the picture."""
    rows, columns = picture.shape[:2]
    sides = np.array([face.x, face.y, face.width, face.height])
    if not np.isfinite(sides).all() or min(face.width, face.height) <= 0:
        return picture[:0, :0]
    x, y = face.x + face.width / 2, face.y + face.height / 2
    left, right = np.clip([x - factor * face.width / 2, x + factor * face.width / 2], 0, columns).astype(int)
    top, bottom = np.clip([y - factor * face.height / 2, y + factor * face.height / 2], 0, rows).astype(int)
    return picture[top:bottom, left:right]


def _grey(picture: Picture) -> Floats:
    return np.asarray(picture.mean(axis=2), dtype=np.float32)


def _peak(grey: Floats) -> float:
    """The highest peak of the middle and high frequencies, against the median at about the same frequency."""
    side = min(*grey.shape, _SIDE)
    top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
    part = grey[top : top + side, left : left + side]
    window = np.hanning(side)
    amplitude: Grey = np.abs(np.fft.fftshift(np.fft.fft2((part - part.mean()) * np.outer(window, window))))
    axis = np.arange(side) - side // 2
    radius = np.hypot(axis[:, np.newaxis], axis[np.newaxis, :])
    highest = 0.0
    for low in np.arange(0.15, 0.5, 0.05):
        ring = amplitude[(radius >= low * side) & (radius < (low + 0.05) * side)]
        # A floor of the rounding of grey values, so that a blank wall has no peaks.
        highest = max(highest, float(ring.max() / max(float(np.median(ring)), 0.02 * side)))
    amplitude.fill(0)
    return highest


def _bordered(grey: Floats, limits: HintLimits) -> bool:
    """Straight edges on at least three sides between the face and the end of the window."""
    rows, columns = grey.shape
    across, down = np.abs(np.diff(grey, axis=1)), np.abs(np.diff(grey, axis=0))
    middle_rows, middle_columns = slice(rows // 4, -rows // 4), slice(columns // 4, -columns // 4)
    upright = (across[middle_rows] > limits.step).mean(axis=0)
    level = (down[:, middle_columns] > limits.step).mean(axis=1)
    found = (
        upright[: columns // 4].max(initial=0),
        upright[-columns // 4 :].max(initial=0),
        level[: rows // 4].max(initial=0),
        level[-rows // 4 :].max(initial=0),
    )
    return sum(float(share) >= limits.edge for share in found) >= 3


def _unlike(near: Floats, wide: Floats) -> float:
    """How many times sharper one of face and window is than the other (variance of the second difference)."""
    sharp, around = (_sharpness(part) for part in (near, wide))
    return max(sharp / around, around / sharp)


def _sharpness(grey: Floats) -> float:
    second = grey[1:-1, 2:] + grey[1:-1, :-2] + grey[2:, 1:-1] + grey[:-2, 1:-1] - 4 * grey[1:-1, 1:-1]
    return float(second.var()) + 1.0
