"""A comparison without models: people with chosen similarities before a camera that shows noise."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import FacePrompt, LivenessMode, UnsureReason
from firmware.face.box import FaceBox
from firmware.face.comparison import Comparison, Reference, Rules, Senses
from firmware.face.decide import Thresholds
from firmware.face.liveness_model import Observation, Progress
from firmware.inference.pictures import Floats, Picture
from firmware.ports import Frame, MatchLimits, Region, Sitting

PERIOD = 1 / 15
THRESHOLDS = Thresholds(retry=0.32, accept=0.42, strict=0.49)
STRAIGHT = ((80.0, 90.0), (140.0, 90.0), (110.0, 123.0), (86.0, 155.0), (134.0, 155.0))
NOISE = np.random.default_rng(3).integers(20, 236, (480, 640, 3)).astype(np.uint8)


def face_at(x: float = 200.0, y: float = 120.0, scale: float = 1.0, nose: float = 0.0) -> FaceBox:
    """A face 150 wide; `nose`: pixels to the picture's right."""
    points = list(STRAIGHT)
    points[2] = (points[2][0] + nose, points[2][1])
    moved = tuple((x + (px - 35) * scale, y + (py - 30) * scale) for px, py in points)
    return FaceBox(x, y, 150.0 * scale, 180.0 * scale, 0.9, moved)


def reference() -> Floats:
    vector = np.zeros(128, np.float32)
    vector[0] = 1
    return vector


def person(number: int, similarity: float) -> Floats:
    """The embedding of person `number` with this similarity to the photo."""
    vector = np.zeros(128, np.float32)
    vector[0], vector[number] = similarity, np.sqrt(1 - similarity**2)
    return vector


@dataclass
class Look:
    """One frame: who is seen, and where. `after`: seconds since the frame before."""

    who: Floats | None
    faces: list[FaceBox] = field(default_factory=lambda: [face_at()])
    picture: Picture = field(default_factory=lambda: NOISE)
    after: float = PERIOD


def looks(who: Floats, times: int) -> list[Look]:
    return [Look(who) for _ in range(times)]


EMPTY = Look(None, [])


class Stage:
    """The models, the camera and the counter of one attempt; the last look done, it is cancelled."""

    def __init__(self, script: Sequence[Look], *, errors: dict[int, FaultCode] | None = None) -> None:
        self._script = deque(script)
        self._errors = errors or {}
        self._now = 100.0
        self._look = EMPTY
        self.thresholds = THRESHOLDS
        self.frames: list[Frame] = []
        self.embeddings: list[Floats] = []
        self.prompts: list[FacePrompt | UnsureReason] = []
        self.regions: list[Region | None] = []

    def detect(self, _picture: Picture) -> list[FaceBox]:
        if (code := self._errors.get(len(self.frames))) is not None:
            raise DeviceError(code)
        return self._look.faces

    def embed(self, _chip: Picture) -> Floats:
        assert self._look.who is not None
        self.embeddings.append(self._look.who.copy())
        return self.embeddings[-1]

    def frame(self, timeout: float) -> Frame:
        assert 0 <= timeout <= 0.25
        self._look = self._script.popleft()
        self._now += self._look.after
        self.frames.append(Frame(bytearray(self._look.picture.tobytes()), 640, 480, self._now))
        return self.frames[-1]

    def sitting(self) -> Sitting:
        return Sitting(self.frame, lambda: not self._script, self.prompts.append, self.regions.append)


def attempt(stage: Stage, *, rules: Rules | None = None, **limits: Any) -> Comparison:
    """An attempt of 5 frames with the threshold "accept" unless said otherwise."""
    bounds = MatchLimits(**({"seconds": 20.0} | limits))
    senses: Senses = stage
    return Comparison(senses, Reference(reference()), rules or Rules(), stage.sitting(), bounds)


class Script:
    """A challenge that answers what it was given; the last answer for ever."""

    def __init__(self, answers: Sequence[Progress]) -> None:
        self._answers = deque(answers)
        self.seen: list[Observation] = []

    def observe(self, seen: Observation, /) -> Progress:
        self.seen.append(seen)
        return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]


class Challenges:
    """Makes these challenges one after another."""

    def __init__(self, *scripts: Script) -> None:
        self._left = deque(scripts)
        self.proportions: list[float | None] = []

    def __call__(self, _started_at: float, proportion: float | None) -> Script:
        self.proportions.append(proportion)
        return self._left.popleft()


CHALLENGE = LivenessMode.CHALLENGE
