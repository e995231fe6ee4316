"""Rendered people and prints before the real detector, embedder and judge, in the pictures' own time.

Needs the pictures and models of `make setup`, as the whole stack does. The steps are chosen here, the judge and its
limits are the product's.
"""

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from firmware.core.outcomes import FacePrompt, Liveness, LivenessMode, MatchCode, MatchVerdict, UnsureReason
from firmware.core.secret import Secret
from firmware.face.comparison import Rules
from firmware.face.detect import DetectLimits, Detector
from firmware.face.liveness import Challenge
from firmware.face.liveness_model import Step
from firmware.face.matcher import FaceConfig, FaceMatcher
from firmware.face.trial import LIMITS
from firmware.inference.models import ModelStore
from firmware.inference.onnx import Session
from firmware.ports import Frame, MatchLimits, Sitting
from firmware.sim.heads.rendered import CAMERA, POINTS, Rendered, paper, person
from tests.unit.face.face_material import FACES, MODELS, picture

PORTRAIT = FACES / "holder-2.jpg"
LONGEST = 60.0
STEPS = (Step.RIGHT, Step.CLOSER, Step.LEFT)


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # it has to repeat


class Sat:
    """One comparison with somebody before the camera; `verdict` afterwards."""

    def __init__(self, who: Rendered, steps: tuple[Step, ...]) -> None:
        self._who, self._at, self._prompt = who, 1000.0, "look-straight"
        self.prompts: list[str] = []
        rules = Rules(challenger=lambda at, proportion: Challenge(steps, at, LIMITS, proportion))
        matcher = FaceMatcher(FaceConfig(MODELS, rules=rules))
        limits = MatchLimits(300.0, liveness=LivenessMode.CHALLENGE)
        try:
            sitting = Sitting(self._frame, cancelled=lambda: self._at > 1000 + LONGEST, prompt=self._obey)
            photo = Secret.adopt(bytearray((FACES / "chip.jp2").read_bytes()))
            self.verdict: MatchVerdict = matcher.match(photo, sitting, limits)
        finally:
            matcher.close()

    def _frame(self, _: float) -> Frame:
        self._at += 1 / CAMERA.rate
        self._who.tell(self._at, self._prompt)
        picture = self._who.frame(self._at)
        return Frame(bytearray(picture.tobytes()), CAMERA.width, CAMERA.height, self._at)

    def _obey(self, prompt: FacePrompt | UnsureReason) -> None:
        if isinstance(prompt, FacePrompt):
            self._prompt = prompt.value
            self.prompts.append(prompt.value)


def test_the_stored_points_are_those_of_the_portrait() -> None:
    detector = Detector(Session(ModelStore(MODELS), "yunet"), DetectLimits())
    (face,) = detector.detect(picture(PORTRAIT.name))
    assert np.array(face.points) == pytest.approx(np.array(POINTS), abs=1.5)


def test_a_head_that_turns_passes_and_is_the_person_of_the_photo() -> None:
    sat = Sat(person(PORTRAIT, chance(3)), STEPS)
    assert (sat.verdict.code, sat.verdict.liveness) == (MatchCode.MATCH, Liveness.PASSED)
    assert [prompt for prompt in sat.prompts if prompt not in {"look-straight", "hold"}] == [
        "turn-right",
        "come-closer",
        "turn-left",
    ]


def test_a_print_of_that_head_does_not_however_alike() -> None:
    sat = Sat(paper(PORTRAIT, chance(3)), STEPS)
    assert sat.verdict.liveness is not Liveness.PASSED
    assert (sat.verdict.code, sat.verdict.reason) == (MatchCode.UNSURE, UnsureReason.NOT_ALIVE)
    assert sat.verdict.band is not None


def test_a_missing_portrait_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        person(tmp_path / "gone.jpg", chance(1))


@pytest.mark.long
def test_of_several_prints_none_passes_and_of_people_most() -> None:
    passed: Counter[str] = Counter()
    for seed in range(6):
        steps = (Step.LEFT, Step.RIGHT, Step.CLOSER) if seed % 2 else (Step.CLOSER, Step.RIGHT, Step.LEFT)
        for name, made in (("person", person), ("print", paper)):
            passed[name] += Sat(made(PORTRAIT, chance(seed)), steps).verdict.liveness is Liveness.PASSED
    assert passed["print"] == 0
    assert passed["person"] >= 4
