"""Whether the frames of a challenge show one face without a gap: `Track`. Pure; seconds are monotonic.

A video that is cut, a picture pushed before the camera, a second person: all of them jump, or leave a gap. One frame
that does not fit is taken for a slip of the detector and left out.
"""

import math
from dataclasses import dataclass

from firmware.face.box import FaceBox
from firmware.face.liveness_model import Observation, TrackLimits, UnsureCause
from firmware.face.liveness_shape import Points, as_points, eyes, normal

_LARGEST = 1e5
_LONGEST_SIDE = 100_000


@dataclass(frozen=True, slots=True, repr=False)
class Sight:
    """One usable frame. `shape`: the normal shape; `unit`: pixels between the eyes."""

    shape: Points
    unit: float
    similarity: float | None


@dataclass(frozen=True, slots=True)
class _Place:
    at: float
    x: float
    y: float
    width: float


class Track:
    """Follows one face."""

    def __init__(self, limits: TrackLimits) -> None:
        self._limits = limits
        self._last: _Place | None = None
        self._strays = 0
        self._companions = 0

    def follow(self, seen: Observation) -> Sight | UnsureCause | None:
        """The frame if it is of use, None if it is to be left out, or why the challenge ends."""
        self._companions = self._companions + 1 if seen.faces > 1 else 0
        if self._companions >= self._limits.companions:
            return UnsureCause.TWO_FACES
        points = None if self._companions else _usable(seen, self._limits.eyes)
        if points is None or seen.face is None:
            return UnsureCause.LOST_FACE if self._gone(seen.at) else None
        if self._gone(seen.at):
            return UnsureCause.LOST_FACE
        place = _Place(seen.at, seen.face.x + seen.face.width / 2, seen.face.y + seen.face.height / 2, seen.face.width)
        if self._last is not None and self._jumped(self._last, place):
            self._strays += 1
            return UnsureCause.JUMPED if self._strays >= self._limits.strays else None
        self._last, self._strays = place, 0
        return Sight(normal(points), eyes(points), _cosine(seen.similarity))

    def _gone(self, at: float) -> bool:
        return self._last is not None and at - self._last.at > self._limits.lost

    def _jumped(self, old: _Place, new: _Place) -> bool:
        limits, passed = self._limits, new.at - old.at
        moved = math.hypot(new.x - old.x, new.y - old.y) / min(old.width, new.width)
        grown = abs(math.log(new.width / old.width))
        return (
            moved > limits.speed * passed + limits.slack_speed or grown > limits.growth * passed + limits.slack_growth
        )


def _usable(seen: Observation, least: float) -> Points | None:
    """The points, if frame, box and points are of a kind that a camera and a detector can give."""
    width, height = seen.frame_size
    if not (0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE) or seen.face is None:
        return None
    face = seen.face
    sides = (face.x, face.y, face.width, face.height)
    if not all(math.isfinite(side) and abs(side) <= _LARGEST for side in sides) or min(sides[2:]) < 1:
        return None
    points = as_points(face.points, least)
    return points if points is not None and _near(face) else None


def _near(face: FaceBox) -> bool:
    """No point lies further outside the box than half its side."""
    left, top = face.x - face.width / 2, face.y - face.height / 2
    right, bottom = left + 2 * face.width, top + 2 * face.height
    return all(left <= x <= right and top <= y <= bottom for x, y in face.points)


def _cosine(similarity: float | None) -> float | None:
    """What can be a cosine, rounding included."""
    return similarity if similarity is not None and abs(similarity) <= 1.001 else None
