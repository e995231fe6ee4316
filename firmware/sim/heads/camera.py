"""A pinhole camera, and a face detector's errors. Millimetres before the camera, pixels in the picture, seconds.

Camera axes: x to the right of the picture, y down, z away from the camera. The noise is ours: white noise of each
point with heavy tails, and a slower common wobble. Landmarks of 228 faces in public portraits deviate from one rigid
mean face, differences between the people included, by 0.02 of the distance between the eyes: 1.4 px at 70 px.
"""

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
# YuNet's box against the distance between the eyes, on the same portraits.
_BOX = 2.1
_TALL = 1.3


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """What one frame gave. `box`: x, y, width, height; None with no face. `similarity`: what an embedding would."""

    at: float
    size: tuple[int, int]
    box: tuple[float, float, float, float] | None
    points: tuple[tuple[float, float], ...]
    similarity: float
    faces: int = 1


@dataclass(frozen=True, slots=True)
class Camera:
    """`focal` in pixels: 430 to 620 are about 73 to 55 degrees across. `rate`: frames in a second."""

    focal: float
    rate: float
    dropped: float
    width: int = 640
    height: int = 480

    def project(self, points: Points) -> Points:
        """Points (n x 3, mm) to pixels (n x 2)."""
        middle = np.array([self.width / 2, self.height / 2])
        flat: Points = points[:, :2] / points[:, 2:] * self.focal + middle
        return flat

    def whole(self, box: tuple[float, float, float, float]) -> bool:
        """Whether a detector would still find a face with this box: four fifths of it lie in the picture."""
        x, y, width, height = box
        across = min(x + width, self.width) - max(x, 0.0)
        down = min(y + height, self.height) - max(y, 0.0)
        return across > 0.8 * width and down > 0.8 * height


def any_camera(rng: random.Random) -> Camera:
    return Camera(focal=rng.uniform(480, 640), rate=rng.uniform(10, 15), dropped=rng.uniform(0.0, 0.08))


@dataclass(slots=True)
class Noise:
    """`sigma`: pixels of each coordinate. One point in 25 errs four times as much; one frame in 200 is a slip."""

    sigma: float
    rng: random.Random
    _wobble: tuple[float, float] = (0.0, 0.0)

    def points(self, exact: Points) -> Points:
        gauss, chance, sigma = self.rng.gauss, self.rng.random, self.sigma
        self._wobble = x, y = (
            0.8 * self._wobble[0] + gauss(0, 0.3 * sigma),
            0.8 * self._wobble[1] + gauss(0, 0.3 * sigma),
        )
        spread = [sigma * (4.0 if chance() < 0.04 else 1.0) * (5.0 if chance() < 0.001 else 1.0) for _ in exact]
        noisy: Points = exact + [(gauss(0, each) + x, gauss(0, each) + y) for each in spread]
        return noisy

    def box(self, points: Points) -> tuple[float, float, float, float]:
        """A box as the detector gives it: of the size of the face, with an error of a few hundredths."""
        right, left, _, mouth_right, mouth_left = points.tolist()
        eyes = (right[0] + left[0]) / 2, (right[1] + left[1]) / 2
        mouth = (mouth_right[0] + mouth_left[0]) / 2, (mouth_right[1] + mouth_left[1]) / 2
        width = _BOX * max(math.dist(right, left), math.dist(eyes, mouth)) * (1 + self.rng.gauss(0, 0.015))
        height, slip = _TALL * width, self.rng.gauss(0, 0.01) * width
        x, y = (eyes[0] + mouth[0]) / 2 + slip, (eyes[1] + mouth[1]) / 2 + slip
        return (x - width / 2, y - height / 2, width, height)
