"""Is it still the same person who stands before the camera: `Person`. Inference lane; seconds are those of the frames.

Place and size of the face are followed through every frame, and each embedding is compared with the one before. Two
embeddings go together from the manifest's `accept` on; after a jump or a gap only from `strict` on, because then
somebody else may have stepped in; a turned face from `retry` on, and it is not what later ones are compared with.

The embedding kept is personal: `wipe` ends it.
"""

import math
from dataclasses import dataclass

import numpy as np

from firmware.face.box import FaceBox
from firmware.face.decide import Thresholds
from firmware.face.embed import cosine
from firmware.inference.pictures import Floats


@dataclass(frozen=True, slots=True)
class PersonLimits:
    """`gone`: seconds without a face. `speed`: widths of the face in a second. `growth`: times as large in a second.

    `slack`, `slack_growth`: what the detector's own noise adds.
    """

    gone: float = 1.0
    speed: float = 4.0
    slack: float = 0.2
    growth: float = 4.0
    slack_growth: float = 1.15


@dataclass(frozen=True, slots=True)
class _Place:
    at: float
    x: float
    y: float
    width: float


class Person:
    """Follows one person."""

    def __init__(self, thresholds: Thresholds, limits: PersonLimits) -> None:
        self._thresholds = thresholds
        self._limits = limits
        self._place: _Place | None = None
        self._jumped = False
        self._last: Floats | None = None

    def move(self, at: float, face: FaceBox) -> None:
        """The face of one more frame, fit to be compared or not."""
        place = _Place(at, face.x + face.width / 2, face.y + face.height / 2, face.width)
        if self._place is not None and self._is_jump(self._place, place):
            self._jumped = True
        self._place = place

    def same(self, embedding: Floats, *, turned: bool = False) -> bool:
        """Whether this is the person of the embedding before. If not, it is the first one of the next person."""
        if self._last is None:
            self._keep(embedding)
            return True
        likeness = cosine(self._last, embedding)
        together = likeness >= self._needed(turned=turned)
        if not together or not turned:
            self._keep(embedding)
        return together

    def wipe(self) -> None:
        """Forget who it was."""
        if self._last is not None:
            self._last.fill(0)
        self._last = None

    def _needed(self, *, turned: bool) -> float:
        if self._jumped:
            return self._thresholds.strict
        return self._thresholds.retry if turned else self._thresholds.accept

    def _keep(self, embedding: Floats) -> None:
        self.wipe()
        self._last = np.array(embedding)
        self._jumped = False

    def _is_jump(self, old: _Place, new: _Place) -> bool:
        limits, passed = self._limits, max(0.0, new.at - old.at)
        if passed > limits.gone or min(old.width, new.width) <= 0:
            return True
        moved = math.hypot(new.x - old.x, new.y - old.y) / min(old.width, new.width)
        grown = max(old.width, new.width) / min(old.width, new.width)
        return moved > limits.speed * passed + limits.slack or grown > limits.slack_growth * limits.growth**passed
