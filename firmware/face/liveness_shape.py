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

Written out in single numbers where NumPy would be called for two or four of them: this runs for every frame, and a call
costs more than the arithmetic.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from firmware.face.box import Point

Points = NDArray[np.float64]
Corners = tuple[Point, Point, Point, Point]
_NOSE = 2
_FARTHEST = 1e5
# A quadrilateral thinner than this (smaller by larger singular value) says nothing any more: 81 degrees.
_THINNEST = 0.15
# A homography that takes a point nearer to infinity than this is none.
_LEAST_WHOLE = 1e-6


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
    # No comparison with NaN holds.
    if not all(abs(number) <= _FARTHEST for number in chain.from_iterable(points)):
        return None
    right, left, _, mouth_right, mouth_left = points
    if math.hypot(left[0] - right[0], left[1] - right[1]) < least:
        return None
    around = (right, left, mouth_left, mouth_right)
    convex = all(_twice_area(around[i - 2], around[i - 1], around[i]) > 0 for i in range(4))
    return np.array(points, dtype=np.float64) if convex else None


def normal(points: Points) -> Points:
    """The same shape: eyes level, one unit apart, the middle of the four corners at the origin."""
    every: list[Point] = points.tolist()
    (right_x, right_y), (left_x, left_y) = every[:2]
    square = (left_x - right_x) ** 2 + (left_y - right_y) ** 2
    across, down = (left_x - right_x) / square, (left_y - right_y) / square
    middle_x, middle_y = _middle(_corners(every))
    return np.array(
        [
            ((x - middle_x) * across + (y - middle_y) * down, (y - middle_y) * across - (x - middle_x) * down)
            for x, y in every
        ]
    )


def averaged(shapes: Sequence[Points]) -> Points:
    """One shape of several, the extremes of each coordinate left out: noise must go before angles are taken.

    (The cosine of a small angle errs to one side under noise, so that averaging poses would see turns everywhere.)
    """
    ordered = np.array(shapes)
    ordered.sort(axis=0)
    kept = ordered[1:-1] if len(ordered) > 3 else ordered
    mean: Points = np.add.reduce(kept, axis=0) / len(kept)
    return mean


def aside(shape: Points) -> float:
    """How far the nose of a normal shape stands beside the middle line, to the person's left positive."""
    every: list[Point] = shape.tolist()
    (eyes_x, eyes_y), (mouth_x, mouth_y), (x, y) = _between(*every[:2]), _between(*every[3:]), every[_NOSE]
    across, down = mouth_x - eyes_x, mouth_y - eyes_y
    share = ((x - eyes_x) * across + (y - eyes_y) * down) / (across * across + down * down)
    return x - (eyes_x + share * across)


def proportion(points: Sequence[Point]) -> float | None:
    """Height from eyes to mouth by the distance of the eyes, such as of the chip's photo; None if it is no face."""
    made = as_points(points, 1.0)
    if made is None:
        return None
    return height(normal(made))


def height(shape: Points) -> float:
    """From eyes to mouth."""
    every: list[Point] = shape.tolist()
    return math.dist(_between(*every[:2]), _between(*every[3:]))


def eyes(points: Points) -> float:
    """Distance between the eyes."""
    return math.dist(points[0].tolist(), points[1].tolist())


def pose(reference: Points, points: Points) -> Pose | None:
    """How `points` stand against the normal shape `reference`; None if they are degenerate."""
    straight: list[Point] = reference.tolist()
    turned: list[Point] = points.tolist()
    corners, seen = _corners(straight), _corners(turned)
    affine = _affine(corners, seen)
    flat = _carried(corners, seen, straight[_NOSE])
    if affine is None or flat is None:
        return None
    a, b, c, d = affine
    # The singular values are the roots of the eigenvalues of this matrix times its transpose.
    one, other, mixed = a * a + c * c, b * b + d * d, a * b + c * d
    apart = math.hypot((one - other) / 2, mixed)
    larger, smaller = (one + other) / 2 + apart, (one + other) / 2 - apart
    if not 0 < larger < math.inf or smaller < _THINNEST * _THINNEST * larger:
        return None
    scale, nose = math.sqrt(larger), turned[_NOSE]
    # 1 - cosine squared is 2 * apart / larger; of that the part along the reference's own level line.
    sine = math.sqrt(max(0.0, apart - (one - other) / 2) / larger)
    shift = ((nose[0] - flat[0]) * a + (nose[1] - flat[1]) * c) / (math.sqrt(one) * scale)
    return Pose(scale, math.sqrt(smaller / larger), sine, shift)


def _affine(corners: Corners, seen: Corners) -> tuple[float, float, float, float] | None:
    """The linear part, row by row, of the affine map that takes `corners` to `seen` with least squares."""
    (middle_x, middle_y), (middle_u, middle_v) = _middle(corners), _middle(seen)
    xx = xy = yy = ux = uy = vx = vy = 0.0
    for (corner_x, corner_y), (u, v) in zip(corners, seen, strict=True):
        x, y = corner_x - middle_x, corner_y - middle_y
        xx, xy, yy = xx + x * x, xy + x * y, yy + y * y
        ux, uy = ux + (u - middle_u) * x, uy + (u - middle_u) * y
        vx, vy = vx + (v - middle_v) * x, vy + (v - middle_v) * y
    whole = xx * yy - xy * xy
    if whole <= 0:
        return None
    return (
        (ux * yy - uy * xy) / whole,
        (uy * xx - ux * xy) / whole,
        (vx * yy - vy * xy) / whole,
        (vy * xx - vx * xy) / whole,
    )


def _carried(corners: Corners, seen: Corners, point: Point) -> Point | None:
    """Where the homography from `corners` to `seen` takes `point`; None if there is none.

    Three corners weigh every point of their plane by areas, up to one factor each; the fourth corner fixes the factors.
    """
    given, asked, there = _areas(corners, corners[3]), _areas(corners, point), _areas(seen, seen[3])
    if not all(given):
        return None
    weights = [new * wanted / old for old, wanted, new in zip(given, asked, there, strict=True)]
    whole = sum(weights)
    if not math.isfinite(whole) or abs(whole) <= _LEAST_WHOLE * abs(sum(there)):
        return None
    (one_x, one_y), (two_x, two_y), (three_x, three_y), _ = seen
    one, two, three = weights
    return (one * one_x + two * two_x + three * three_x) / whole, (one * one_y + two * two_y + three * three_y) / whole


def _areas(corners: Corners, point: Point) -> tuple[float, float, float]:
    """Twice the areas between `point` and each side of the triangle of the first three corners."""
    one, two, three, _ = corners
    return _twice_area(two, three, point), _twice_area(three, one, point), _twice_area(one, two, point)


def _twice_area(one: Point, two: Point, three: Point) -> float:
    """Of a triangle; positive if it runs clockwise in the picture."""
    return (two[0] - one[0]) * (three[1] - two[1]) - (two[1] - one[1]) * (three[0] - two[0])


def _corners(points: list[Point]) -> Corners:
    """Eyes and mouth, without the nose."""
    one, two, _, three, four = points
    return one, two, three, four


def _between(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _middle(corners: Corners) -> Point:
    (one_x, one_y), (two_x, two_y), (three_x, three_y), (four_x, four_y) = corners
    return (one_x + two_x + three_x + four_x) / 4, (one_y + two_y + three_y + four_y) / 4
