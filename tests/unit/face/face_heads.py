"""Faces in motion without noise, and a challenge that is led through its prompts by hand."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from firmware.face.box import FaceBox, Point
from firmware.face.liveness import Challenge
from firmware.face.liveness_model import Observation, Progress, Prompt, Step

SIZE = (640, 480)
FOCAL = 560.0
HEAD = np.array([[-31.5, 0, 0], [31.5, 0, 0], [0, 33, 32], [-26, 63, 0], [26, 63, 0]], dtype=np.float64)
FLAT = HEAD * (1, 1, 0)
FRAME = 1 / 12

Points = NDArray[np.float64]


def seen_from(points: Points, yaw: float = 0.0, distance: float = 520.0, pitch: float = 0.0) -> tuple[Point, ...]:
    """Pixels of a face turned by `yaw` degrees to the person's left, then by `pitch` down."""
    (cy, sy), (cp, sp) = ((math.cos(math.radians(each)), math.sin(math.radians(each))) for each in (yaw, pitch))
    turned = points @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]).T
    turned = turned @ np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]]).T
    depth = distance - turned[:, 2]
    return tuple((float(x), float(y)) for x, y in turned[:, :2] / depth[:, np.newaxis] * FOCAL + (320, 200))


def observed(at: float, points: Sequence[Point], similarity: float | None = 0.6, faces: int = 1) -> Observation:
    """The points with a box round them, of the size that the detector gives."""
    (x0, y0), (x1, y1) = points[0], points[1]
    low = (points[3][1] + points[4][1]) / 2
    width = 2.1 * max(math.hypot(x1 - x0, y1 - y0), low - (y0 + y1) / 2)
    middle = ((x0 + x1) / 2, ((y0 + y1) / 2 + low) / 2)
    box = FaceBox(middle[0] - width / 2, middle[1] - 0.65 * width, width, 1.3 * width, 0.9, tuple(points))
    return Observation(at, box, SIZE, similarity, faces)


@dataclass
class Led:
    """Does what `obey` says for each prompt, 12 frames a second: angle in degrees and distance, reached smoothly."""

    challenge: Challenge
    points: Points = field(default_factory=HEAD.copy)
    yaw: float = 0.0
    distance: float = 520.0
    at: float = 0.0
    delay: float = 0.4
    prompts: list[Prompt] = field(default_factory=list)
    _since: float = 0.0

    def play(self, obey: Callable[[Prompt], tuple[float, float] | None], seconds: float = 60.0) -> Progress:
        """Until the verdict, or for so long. None for a prompt: stay as you are."""
        progress = self.frame()
        end = self.at + seconds
        while progress.verdict is None and self.at < end:
            if not self.prompts or self.prompts[-1] is not progress.prompt:
                self.prompts.append(progress.prompt)
                self._since = self.at
            goal = obey(progress.prompt)
            if goal is not None and self.at - self._since >= self.delay:
                self.yaw += max(-4.0, min(4.0, goal[0] - self.yaw))
                self.distance += max(-12.0, min(12.0, goal[1] - self.distance))
            progress = self.frame()
        return progress

    def frame(self, similarity: float | None = 0.6, faces: int = 1) -> Progress:
        self.at += FRAME
        points = seen_from(self.points, self.yaw, self.distance)
        return self.challenge.observe(observed(self.at, points, similarity, faces))


def obedient(prompt: Prompt) -> tuple[float, float] | None:
    """What a willing person does."""
    return {
        Prompt.LOOK_STRAIGHT: (0.0, 520.0),
        Prompt.TURN_LEFT: (28.0, 520.0),
        Prompt.TURN_RIGHT: (-28.0, 520.0),
        Prompt.COME_CLOSER: (0.0, 390.0),
    }.get(prompt)


def chance(seed: int) -> random.Random:
    """A source that can be repeated."""
    return random.Random(seed)  # noqa: S311  # no secret


def led(*steps: Step, points: Points = HEAD) -> Led:
    return Led(Challenge(steps, 0.0), points)
