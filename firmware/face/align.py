"""Turns a face upright and to a fixed size, as SFace was trained: the least-squares similarity of five points.

Pure arithmetic; inference lane. Source: Umeyama 1991 (closed form for two dimensions, without reflection); the target
points are the common ones of 112x112 face models. Same result as cv2.FaceRecognizerSF.alignCrop (tested).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from firmware.face.box import Point
from firmware.face.pixels import warp
from firmware.inference.pictures import Picture

SIDE = 112
TARGET: tuple[Point, ...] = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)


def align(picture: Picture, points: Sequence[Point]) -> Picture:
    """The face with these five points as a 112x112 picture. The caller wipes it."""
    return warp(picture, similarity(points, TARGET), SIDE)


def similarity(source: Sequence[Point], target: Sequence[Point]) -> NDArray[np.float64]:
    """The 2x3 matrix (rotation, one scale, shift) that brings `source` nearest to `target`."""
    here = np.array([complex(x, y) for x, y in source])
    there = np.array([complex(x, y) for x, y in target])
    here_centre, there_centre = here.mean(), there.mean()
    spread = np.sum(np.abs(here - here_centre) ** 2)
    # In the complex plane a rotation with a scale is one factor. All points in one place: no turn, no scale.
    factor = np.sum(np.conj(here - here_centre) * (there - there_centre)) / spread if spread > 0 else 1 + 0j
    shift = there_centre - factor * here_centre
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
