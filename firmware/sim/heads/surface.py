"""Surfaces that a picture is laid over, and where a camera sees which part of it: a head, or a sheet of paper.

Any thread. Millimetres, radians and axes as in `motion` and `people`; depth is towards the camera, from the plane of
the eyes. A `Surface` is a relief: one depth for each place. `seen` follows a ray for each point of a coarse grid and is
made fine by interpolation, so an edge that hides something is soft by a few pixels.

The head is nobody's: about half an ellipsoid, flatter in front as faces are, with a ridge for a nose whose tip stands
out of the plane of eyes and mouth by 0.6 of the distance between the eyes. That is a long one (`people`): YuNet's point
lags behind the nose of a picture turned in this way, so that it reads this one as about 0.45 and a mean one as less.
"""

import math
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.sim.heads.camera import Camera
from firmware.sim.heads.motion import PITCH, ROLL, YAW, State, X, Z

Floats = NDArray[np.float32]
Map = tuple[Floats, Floats]
"""For each pixel of a frame the pixel of the picture that is seen there: x and y (`cv2.remap`)."""

EYES: Final = 63.0
NOSE: Final = 0.6 * EYES
_COARSE: Final = 4
_STEPS: Final = 28
# Where a ray is looked at: so far before and behind the eyes.
_NEAREST, _FARTHEST = 70.0, 190.0
_FLAT: Final = 1e-5
# The axis of turning: behind and below the eyes.
_NECK: Final = (0.0, 40.0, -90.0)


class Surface(Protocol):
    """Something with a picture on it. All places and depths are arrays of one shape."""

    def depth(self, x: Floats, y: Floats) -> Floats:
        """How far it stands out at these places."""
        ...

    def picture(self, x: Floats, y: Floats, depth: Floats) -> Map:
        """Which pixels of the picture lie there."""
        ...

    def turned(self, x: Floats, y: Floats) -> Floats:
        """How much of a movement a place takes part in, 0 to 1; places as the whole movement would leave them."""
        ...

    @property
    def pivot(self) -> tuple[float, float, float]:
        """What it turns about."""
        ...


@dataclass(frozen=True, slots=True)
class HeadShape:
    """`across`, `down`, `deep`: half axes; `blunt`: 2 is an ellipsoid; `middle`: below the eyes.

    `nose`: place of the tip. `ridge`, `wing`, `width`: how far the nose reaches up, down and to the sides.
    """

    across: float = 82.0
    down: float = 118.0
    deep: float = 75.0
    middle: float = 22.0
    nose: tuple[float, float] = (0.0, 33.0)
    ridge: float = 17.0
    wing: float = 10.0
    width: float = 13.0
    blunt: float = 2.5

    def depth(self, x: Floats, y: Floats) -> Floats:
        ground = self._round(x, y) - self._round(np.float32(EYES / 2), np.float32(0))
        tip = NOSE - float(self._round(*map(np.float32, self.nose)) - self._round(np.float32(EYES / 2), np.float32(0)))
        beside, below = (x - self.nose[0]) / self.width, y - self.nose[1]
        along = np.where(below < 0, below / self.ridge, below / self.wing)
        return np.asarray(ground + tip * np.exp(-(beside**2 + along**2) / 2), np.float32)

    def _round(self, x: Floats | np.float32, y: Floats | np.float32) -> Floats:
        far = np.hypot(x / self.across, (y - self.middle) / self.down)
        return np.asarray(self.deep * np.maximum(1 - far**self.blunt, 0) ** (1 / self.blunt), np.float32)


class Head:
    """A portrait over a head. `points`: of the portrait, in the detector's order, which say where and how it looks."""

    pivot = _NECK

    def __init__(self, points: NDArray[np.float64]) -> None:
        right, left, nose, mouth_right, mouth_left = points
        eyes, mouth = (right + left) / 2, (mouth_right + mouth_left) / 2
        along = (left - right) / np.hypot(*(left - right))
        down = np.array([-along[1], along[0]])
        # The nose stands beside the middle line because the portrait looks a little aside.
        share = float((nose - eyes) @ down / ((mouth - eyes) @ down))
        aside = float((nose - eyes - share * (mouth - eyes)) @ along) / float(np.hypot(*(left - right)))
        self._yaw = math.atan2(aside * EYES, NOSE)
        self._scale = float(np.hypot(*(left - right))) / (EYES * math.cos(self._yaw))
        self._eyes, self._along, self._down = eyes, along, down
        tip = float((nose - eyes) @ down) / self._scale
        self._shape = HeadShape(nose=(0.0, tip))

    def depth(self, x: Floats, y: Floats) -> Floats:
        return self._shape.depth(x, y)

    def picture(self, x: Floats, y: Floats, depth: Floats) -> Map:
        """Seen from afar, as the portrait looks."""
        across = self._scale * (x * math.cos(self._yaw) + depth * math.sin(self._yaw))
        down = self._scale * y
        (ax, ay), (dx, dy) = self._along, self._down
        return (
            np.asarray(self._eyes[0] + across * ax + down * dx, np.float32),
            np.asarray(self._eyes[1] + across * ay + down * dy, np.float32),
        )

    def turned(self, x: Floats, y: Floats) -> Floats:
        """All of the face; less and less of what lies round it, and nothing of the room."""
        shape = self._shape
        far = np.sqrt((x / (1.05 * shape.across)) ** 2 + ((y - shape.middle) / (1.15 * shape.down)) ** 2)
        share = np.clip((far - 1) / 1.0, 0, 1)
        return np.asarray(1 - share * share * (3 - 2 * share), np.float32)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture of `size` pixels on paper, rolled by `curve` (1 / mm) about an upright axis. `pitch`: mm in a pixel."""

    size: tuple[int, int]
    pitch: float
    curve: float = 0.0

    pivot = (0.0, 0.0, 0.0)

    def depth(self, x: Floats, y: Floats) -> Floats:
        del y
        if abs(self.curve) < _FLAT:
            return np.zeros_like(x)
        round_ = np.sqrt(np.maximum(1 - (x * self.curve) ** 2, 0))
        return np.asarray((round_ - 1) / self.curve, np.float32)

    def picture(self, x: Floats, y: Floats, depth: Floats) -> Map:
        del depth
        along = x
        if abs(self.curve) >= _FLAT:
            within = np.clip(x * self.curve, -1, 1)
            along = np.arcsin(within) / self.curve + (x - within / self.curve)
        return (
            np.asarray(along / self.pitch + (self.size[0] - 1) / 2, np.float32),
            np.asarray(y / self.pitch + (self.size[1] - 1) / 2, np.float32),
        )

    def turned(self, x: Floats, y: Floats) -> Floats:
        del y
        return np.ones_like(x)


def seen(surface: Surface, pose: State, camera: Camera) -> Map:
    """What a camera sees of `surface` in `pose`."""
    slope, start = _through(surface, pose, _rays(camera))
    away = _first_hit(surface, slope, start, float(pose[Z]))
    x, y, depth = (slope * away[:, np.newaxis] + start).T
    size, rows = (camera.width, camera.height), camera.height // _COARSE
    across, down = (
        cv2.resize(part.reshape(rows, -1), size, interpolation=cv2.INTER_LINEAR)
        for part in surface.picture(x, y, depth)
    )
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _first_hit(surface: Surface, slope: Floats, start: Floats, eyes: float) -> Floats:
    """How far away each ray first meets the surface; the farthest looked at, if it does not."""
    step = (_NEAREST + _FARTHEST) / _STEPS
    found = np.full(len(slope), eyes + _FARTHEST, np.float32)
    looking, before = np.ones(len(slope), bool), np.full(len(slope), step, np.float32)
    for number in range(_STEPS + 1):
        away = np.float32(eyes - _NEAREST + number * step)
        place = slope * away + start
        gap = place[:, 2] - surface.depth(place[:, 0], place[:, 1])
        hit = looking & (gap <= 0)
        found[hit] = away - step * gap[hit] / (gap[hit] - before[hit])
        looking &= ~hit
        before = gap
    return found


def _rays(camera: Camera) -> Floats:
    """Directions through the coarse grid (n x 3); a step of one is a millimetre away from the camera."""
    across = (np.arange(camera.width // _COARSE) + 0.5) * _COARSE - 0.5
    down = (np.arange(camera.height // _COARSE) + 0.5) * _COARSE - 0.5
    x, y = np.meshgrid((across - camera.width / 2) / camera.focal, (down - camera.height / 2) / camera.focal)
    return np.stack([x.ravel(), y.ravel(), np.ones(x.size)], axis=1).astype(np.float32)


def _through(surface: Surface, pose: State, rays: Floats) -> tuple[Floats, Floats]:
    """The rays in the axes of the surface: a place is slope x distance + start (both n x 3)."""
    pivot = np.array(surface.pivot, np.float32)
    flip = np.array([1, 1, -1], np.float32)
    whole = _rotations(pose, np.ones(1, np.float32))[0]
    middle = (whole @ -pivot + pivot) * flip + pose[X : Z + 1]
    # Where things are before they turn, but for the shift that the turn about the neck gives the face.
    flat = rays[:, :2] * float(middle[2]) - middle[:2]
    share = surface.turned(flat[:, 0], flat[:, 1])
    turns = _rotations(pose, share)
    slope = np.einsum("ni,nij->nj", rays * flip, turns)
    start = np.einsum("ni,nij->nj", np.broadcast_to(-pose[X : Z + 1] * flip - pivot, rays.shape), turns) + pivot
    return slope.astype(np.float32), start.astype(np.float32)


def _rotations(pose: State, share: Floats) -> Floats:
    """Of `motion.rotation`, by a share of its angles each (n x 3 x 3)."""
    (cy, sy), (cp, sp), (cr, sr) = (
        (np.cos(pose[axis] * share), np.sin(pose[axis] * share)) for axis in (YAW, PITCH, ROLL)
    )
    zero, one = np.zeros_like(share), np.ones_like(share)
    yaw = np.array([[cy, zero, sy], [zero, one, zero], [-sy, zero, cy]])
    pitch = np.array([[one, zero, zero], [zero, cp, sp], [zero, -sp, cp]])
    roll = np.array([[cr, -sr, zero], [sr, cr, zero], [zero, zero, one]])
    return np.asarray(np.einsum("ijn,jkn,kln->nil", roll, pitch, yaw), np.float32)
