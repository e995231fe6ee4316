"""People as five points in millimetres, varied, and what may stand in for them: flat, rolled, folded, with a nose.

Axes of a face: x to the person's left, y down, z towards the camera; the origin lies between the eyes. Depth of the
nose over the plane of eyes and mouth: 0.54 of the distance between the eyes is the rigid mean face that fits YuNet's
points on 228 faces of public portraits best; how much people differ is our assumption (the nose stands out 15 to 30 mm
from its base, and the eyes lie behind that base).
"""

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
_SIGHT = math.cos(math.radians(75))


@dataclass(frozen=True, slots=True)
class Person:
    """`points`: 5 x 3, order of the detector. `neck`: mm from the eyes back to the axis of turning."""

    points: tuple[tuple[float, float, float], ...]
    neck: float

    @property
    def array(self) -> Points:
        return np.array(self.points)


def any_person(rng: random.Random) -> Person:
    eyes = rng.uniform(58, 68)
    nose = min(44.0, max(22.0, rng.gauss(33, 4.0)))
    mouth = eyes * rng.uniform(0.72, 0.9) / 2
    tall = eyes * rng.uniform(0.9, 1.1)
    slip = [rng.gauss(0, 0.8) for _ in range(6)]
    points = (
        (-eyes / 2, slip[0], 0.0),
        (eyes / 2, slip[1], 0.0),
        (rng.gauss(0, 1.2), tall * rng.uniform(0.46, 0.58), nose),
        (-mouth + slip[2], tall + slip[3], rng.gauss(0, 2)),
        (mouth + slip[4], tall + slip[5], rng.gauss(0, 2)),
    )
    return Person(points, neck=rng.uniform(75, 105))


def proportion(person: Person) -> float:
    """Height from eyes to mouth by the distance of the eyes, seen from the front."""
    points = person.array[:, :2]
    return float(np.hypot(*(points[3:].mean(axis=0) - points[:2].mean(axis=0))) / np.hypot(*(points[1] - points[0])))


def portrait(person: Person, distance: float = 700.0) -> Points:
    """A picture of the person taken from the front, as flat points (5 x 2) in millimetres of life size."""
    points = person.array
    flat: Points = points[:, :2] * (distance / (distance - points[:, 2:]))
    return flat


def flat(picture: Points) -> tuple[Points, Points]:
    """A picture as points and their normals (both 5 x 3)."""
    return np.column_stack([picture, np.zeros(5)]), np.tile([0.0, 0.0, 1.0], (5, 1))


def rolled(picture: Points, curve: float, slant: float) -> tuple[Points, Points]:
    """Round a cylinder of radius 1 / `curve` mm, whose axis is `slant` radians off the upright one."""
    if abs(curve) < 1e-5:
        return flat(picture)
    cosine, sine = math.cos(slant), math.sin(slant)
    across, along = picture @ [cosine, sine], picture @ [-sine, cosine]
    angle = across * curve
    x, z = np.sin(angle) / curve, (np.cos(angle) - 1) / curve
    points = np.column_stack([x * cosine - along * sine, x * sine + along * cosine, z])
    normals = np.column_stack([np.sin(angle) * cosine, np.sin(angle) * sine, np.cos(angle)])
    return points, normals


def folded(picture: Points, angle: float) -> tuple[Points, Points]:
    """Creased along the upright line through the nose, both halves bent back by `angle` radians."""
    across = picture[:, 0] - picture[2, 0]
    points = np.column_stack(
        [picture[2, 0] + across * math.cos(angle), picture[:, 1], -np.abs(across) * math.sin(angle)]
    )
    normals = np.column_stack([np.sign(across) * math.sin(angle), np.zeros(5), np.full(5, math.cos(angle))])
    return points, normals


def with_nose(picture: Points, height: float) -> tuple[Points, Points]:
    """A picture whose nose is cut round and bent out by `height` mm; the flap is 38 mm long, so its tip moves up."""
    points, normals = flat(picture)
    reach = 38.0
    points[2, 1] -= reach - math.sqrt(max(0.0, reach**2 - height**2))
    points[2, 2] = height
    return points, normals


def visible(points: Points, normals: Points) -> bool:
    """Whether every point (camera axes, z away) is seen at less than 75 degrees from its normal."""
    return all(
        -(x * across + y * down + z * away) > _SIGHT * math.sqrt(x * x + y * y + z * z)
        for (x, y, z), (across, down, away) in zip(points.tolist(), normals.tolist(), strict=True)
    )


def widened(picture: Points, factor: float) -> Points:
    """Printed wider by `factor`, to make up for a bend."""
    made: Points = picture * [factor, 1.0]
    return made
