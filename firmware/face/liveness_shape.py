"""How a face is turned, from five points, and how far its nose stands out of the plane of eyes and mouth. Pure.

The four corners of eyes and mouth lie nearly in a plane. However a flat picture is moved before a pinhole camera, its
points move by one homography: the four corners fix it, and it says where the nose must be. The nose of a head is
elsewhere, by depth times the sine of the turn. The turn is told by the four corners alone: seen from afar they move by
an affine map whose smaller singular value is the cosine of the angle between the plane and the picture.

A rigid face of depth d, in a reference looked at straight, turned by a: `shift` = d sin a, so d = shift / sine. A flat
picture has d = 0; the rest is the detector's noise. What this cannot tell: a rigid object in three dimensions with a
nose of human depth (mask, sharply folded picture, a nose cut out and bent forward) is a head as far as five points go.
Perspective does not help with an approach either: nose against plane changes by depth times the change of the viewing
angle, under a hundredth of the distance between the eyes, which the sway of a head hides.

Lengths: distances between the eyes of the reference. Points as in `FaceBox`. Raises nothing: None for degenerate input.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware.face.box import Point

Points = NDArray[np.float64]
_NOSE = 2
_CORNERS = [0, 1, 3, 4]
_FARTHEST = 1e5
# A quadrilateral thinner than this (smaller by larger singular value) says nothing any more: 81 degrees.
_THINNEST = 0.15


@dataclass(frozen=True, slots=True, repr=False)
class Pose:
    """Against the reference. `scale`: units of `points` to one of the reference.

    `cosine`: of the angle between the planes; `sine`: of its part about the upright axis, 0 to 1. `shift`: of the nose,
    to the person's left positive.
    """

    scale: float
    cosine: float
    sine: float
    shift: float


def as_points(points: Sequence[Point], least: float) -> Points | None:
    """The points as an array 5 x 2; None if not finite, absurd, out of order, or the eyes within `least`."""
    if len(points) != 5 or any(len(point) != 2 for point in points):
        return None
    made = np.asarray(points, dtype=np.float64)
    if not np.isfinite(made).all() or np.abs(made).max() > _FARTHEST:
        return None
    if eyes(made) < least:
        return None
    right, left, _, mouth_right, mouth_left = made
    around = (right, left, mouth_left, mouth_right)
    turns = [_cross(around[i - 1] - around[i - 2], around[i] - around[i - 1]) for i in range(4)]
    return made if min(turns) > 0 else None


def normal(points: Points) -> Points:
    """The same shape: eyes level, one unit apart, the middle of the four corners at the origin."""
    length = eyes(points)
    cosine, sine = (points[1] - points[0]) / length
    turn = np.array([[cosine, -sine], [sine, cosine]])
    moved: Points = (points - points[_CORNERS].mean(axis=0)) @ turn / length
    return moved


def averaged(shapes: Sequence[Points]) -> Points:
    """One shape of several, the extremes of each coordinate left out: noise must go before angles are taken.

    (The cosine of a small angle errs to one side under noise, so that averaging poses would see turns everywhere.)
    """
    ordered = np.sort(np.stack(list(shapes)), axis=0)
    kept = ordered[1:-1] if len(ordered) > 3 else ordered
    mean: Points = kept.mean(axis=0)
    return mean


def aside(shape: Points) -> float:
    """How far the nose of a normal shape stands beside the middle line, to the person's left positive."""
    eyes, mouth = shape[:2].mean(axis=0), shape[3:].mean(axis=0)
    down = mouth - eyes
    share = float((shape[_NOSE] - eyes) @ down) / float(down @ down)
    return float(shape[_NOSE][0] - (eyes + share * down)[0])


def proportion(points: Sequence[Point]) -> float | None:
    """Height from eyes to mouth by the distance of the eyes, such as of the chip's photo; None if it is no face."""
    made = as_points(points, 1.0)
    if made is None:
        return None
    return height(normal(made))


def height(shape: Points) -> float:
    """From eyes to mouth."""
    return float(math.hypot(*(shape[3:].mean(axis=0) - shape[:2].mean(axis=0))))


def eyes(points: Points) -> float:
    """Distance between the eyes."""
    return float(math.hypot(*(points[1] - points[0])))


def pose(reference: Points, points: Points) -> Pose | None:
    """How `points` stand against the normal shape `reference`; None if they are degenerate."""
    corners, seen = reference[_CORNERS], points[_CORNERS]
    middle = seen.mean(axis=0)
    affine = np.linalg.lstsq(corners - corners.mean(axis=0), seen - middle, rcond=None)[0].T
    _, sizes, directions = np.linalg.svd(affine)
    scale = float(sizes[0])
    if not math.isfinite(scale) or scale <= 0 or sizes[1] < _THINNEST * scale:
        return None
    flat = _carried(corners, seen - middle, reference[_NOSE])
    if flat is None:
        return None
    cosine = float(sizes[1]) / scale
    across = affine[:, 0] / math.hypot(*affine[:, 0])
    shift = float((points[_NOSE] - middle - flat) @ across) / scale
    return Pose(scale, cosine, math.sqrt(max(0.0, 1 - cosine * cosine)) * abs(float(directions[1, 0])), shift)


def _carried(corners: Points, seen: Points, point: Points) -> Points | None:
    """Where the homography from `corners` to `seen` takes `point`; None if there is none."""
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, seen, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    try:
        a, b, c, d, e, f, g, h = np.linalg.solve(np.array(rows), np.array(values))
    except np.linalg.LinAlgError:
        return None
    x, y = point
    depth = float(g * x + h * y + 1)
    if not math.isfinite(depth) or abs(depth) < 1e-6:
        return None
    return np.array([(a * x + b * y + c) / depth, (d * x + e * y + f) / depth])


def _cross(one: Points, other: Points) -> float:
    return float(one[0] * other[1] - one[1] * other[0])
