"""Simulated people and fakes (`firmware/sim/heads`) before a comparison: they hear its prompts and move."""

from dataclasses import replace

import numpy as np

from firmware.core.outcomes import FacePrompt, Liveness, LivenessMode, UnsureReason
from firmware.face.box import FaceBox
from firmware.face.comparison import Comparison, Reference, Rules
from firmware.face.decide import Decision
from firmware.face.liveness import Challenge
from firmware.face.liveness_model import random_steps
from firmware.face.trial import LIMITS, Judge
from firmware.inference.pictures import Floats, Picture
from firmware.ports import Frame, MatchLimits, Sitting
from firmware.sim.heads.play import sequence
from tests.unit.face.face_heads import chance
from tests.unit.face.face_stage import NOISE, THRESHOLDS, person, reference

_LONGEST = 60.0


class Actors:
    """One sequence as camera, detector and embedder. The picture is noise: fit everywhere, and without relief."""

    def __init__(self, species: str, seed: int) -> None:
        self._played = sequence(species, seed)
        self._times = self._played.frames()
        self._prompt: str = FacePrompt.LOOK_STRAIGHT
        self._seed = seed
        self._now = 0.0
        self._similarity = 0.0
        self._faces: list[FaceBox] = []
        self.thresholds = THRESHOLDS
        self.prompts: list[FacePrompt | UnsureReason] = []

    def detect(self, _picture: Picture) -> list[FaceBox]:
        return self._faces

    def embed(self, _chip: Picture) -> Floats:
        return person(1, self._similarity)

    def frame(self, _timeout: float) -> Frame:
        self._now = next(self._times)
        self._played.body.tell(self._now, self._prompt)
        seen = self._played.body.see(self._now)
        box = None if seen.box is None else FaceBox(*seen.box, 0.9, seen.points)
        self._faces = [] if box is None else [box] * seen.faces
        self._similarity = float(np.clip(seen.similarity, -1, 1))
        return Frame(bytearray(NOISE.tobytes()), 640, 480, self._now)

    def heard(self, prompt: FacePrompt | UnsureReason) -> None:
        self.prompts.append(prompt)
        if isinstance(prompt, FacePrompt):
            self._prompt = prompt

    def compare(self) -> tuple[Decision, Liveness]:
        """One attempt with a challenge, its steps chosen by the seed."""
        sitting = Sitting(self.frame, lambda: self._now > _LONGEST, self.heard)
        limits = MatchLimits(seconds=60.0, liveness=LivenessMode.CHALLENGE)
        return Comparison(
            self, Reference(reference(), self._played.proportion), Rules(challenger=self._challenge), sitting, limits
        ).run()

    def _challenge(self, started_at: float, proportion: float | None) -> Judge:
        limits = replace(LIMITS, relief=None)
        return Challenge(random_steps(chance(self._seed)), started_at, limits, proportion)
