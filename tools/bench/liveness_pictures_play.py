"""Plays a scene of `liveness_pictures` through one comparison of the device, and says how the challenge ended.

Three challenges see the same frames: one that asks the landmarks alone, the device's own, which asks the pixels of the
turns as well, and one that leans on the pixels: of the landmarks it asks hardly any depth. The prompts of the last are
obeyed; those of the others are the same as long as they last, so one sequence gives all answers.

One process, one thread. Seconds are those of the rendered frames.
"""

import random
from dataclasses import dataclass, replace
from pathlib import Path

from firmware.core.outcomes import FacePrompt, LivenessMode, UnsureReason
from firmware.face.align import align
from firmware.face.box import FaceBox
from firmware.face.comparison import Comparison, Reference, Rules
from firmware.face.decide import Thresholds
from firmware.face.detect import Detector
from firmware.face.embed import Embedder
from firmware.face.liveness import Challenge
from firmware.face.liveness_model import (
    DepthLimits,
    Observation,
    Progress,
    Verdict,
    random_steps,
)
from firmware.face.liveness_shape import proportion
from firmware.face.trial import LIMITS, Judge
from firmware.inference.models import ModelStore
from firmware.inference.onnx import Session
from firmware.inference.pictures import Floats, Picture
from firmware.ports import Frame, MatchLimits, Sitting
from firmware.sim.heads.rendered import CAMERA
from tools.bench.liveness_pictures import SPECIES, Portrait, Scene
from tools.bench_liveness import named

LONGEST = 45.0
_NEVER = 3600.0
_HARDLY = DepthLimits(least=0.05, mean=0.12, most=1.5, apart=0.3)


class Senses:
    """The two models of `models`."""

    def __init__(self, models: Path) -> None:
        store = ModelStore(models)
        embedder = Session(store, "sface", threads=1)
        self.detector = Detector(Session(store, "yunet", threads=1))
        self._embedder = Embedder(embedder)
        named = embedder.entry.thresholds
        self.thresholds = Thresholds(*(named[name].cosine for name in ("retry", "accept", "strict")))

    def detect(self, picture: Picture) -> list[FaceBox]:
        return self.detector.detect(picture)

    def embed(self, chip: Picture) -> Floats:
        return self._embedder.embed(chip)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the challenges ended; after how many seconds."""

    landmarks: str
    both: str
    pixels: str
    seconds: float


@dataclass(slots=True)
class Judges:
    """The three challenges as one."""

    landmarks: Challenge
    both: Challenge
    pixels: Challenge
    verdicts: tuple[Verdict | None, ...] = (None, None, None)

    def observe(self, seen: Observation, /) -> Progress:
        progress = self.pixels.observe(seen)
        self.verdicts = (
            self.landmarks.observe(seen).verdict,
            self.both.observe(seen).verdict,
            progress.verdict,
        )
        return progress


class Sat:
    """One comparison with a scene."""

    def __init__(self, scene: Scene, senses: Senses, rng: random.Random) -> None:
        self._scene, self._senses, self._rng = scene, senses, rng
        self._at, self._prompt = 0.0, "look-straight"
        self.judges: Judges | None = None

    def play(self) -> Ended:
        sitting = Sitting(self._frame, lambda: self._at > LONGEST, self._obey)
        limits = MatchLimits(_NEVER, liveness=LivenessMode.CHALLENGE)
        Comparison(self._senses, self._reference(), Rules(challenger=self._challenger), sitting, limits).run()
        verdicts = (None, None, None) if self.judges is None else self.judges.verdicts
        landmarks, both, pixels = (named(verdict) for verdict in verdicts)
        return Ended(landmarks, both, pixels, self._at)

    def _reference(self) -> Reference:
        face = max(self._senses.detect(self._scene.straight), key=lambda face: face.width)
        chip = align(self._scene.straight, face.points)
        return Reference(self._senses.embed(chip), proportion(face.points))

    def _frame(self, _: float) -> Frame:
        self._at += (1 + self._rng.uniform(-0.1, 0.1)) / CAMERA.rate
        self._scene.body.tell(self._at, self._prompt)
        picture = self._scene.body.frame(self._at)
        return Frame(bytearray(picture.tobytes()), CAMERA.width, CAMERA.height, self._at)

    def _obey(self, prompt: FacePrompt | UnsureReason) -> None:
        if isinstance(prompt, FacePrompt):
            self._prompt = prompt.value

    def _challenger(self, started_at: float, shape: float | None) -> Judge:
        steps = random_steps(self._rng)
        self.judges = Judges(
            Challenge(steps, started_at, replace(LIMITS, relief=None), shape),
            Challenge(steps, started_at, LIMITS, shape),
            Challenge(steps, started_at, replace(LIMITS, depth=_HARDLY), shape),
        )
        return self.judges


def play(species: str, seed: int, portraits: list[Portrait], senses: Senses) -> Ended:
    """Sequence `seed` of a species."""
    rng = random.Random(f"{species} {seed}")  # noqa: S311  # repeatable, no secret
    _, make = SPECIES[species]
    return Sat(make(rng.choice(portraits), rng), senses, rng).play()
