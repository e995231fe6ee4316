"""What a simulated device tells of its screen beside the picture."""

import pytest

from firmware.app.observed import asked
from firmware.core.outcomes import EligibilityCode, FacePrompt, FrontHint, UnsureReason
from firmware.core.views import FaceView, IdleView, NextStep, NumberBView, ResultView, View


@pytest.mark.parametrize(
    ("view", "word"),
    [
        (IdleView(), None),
        (FaceView(1, 3), None),
        (FaceView(1, 3, prompt=FacePrompt.TURN_LEFT), "turn-left"),
        (FaceView(2, 3, UnsureReason.BLURRED), "blurred"),
        (FaceView(2, 3, UnsureReason.BLURRED, FacePrompt.HOLD), "hold"),
        (NumberBView(0), None),
        (NumberBView(0, reading=True), None),
        (NumberBView(0, reading=True, front_hint=FrontHint.TURN_OVER), "turn-over"),
        (NumberBView(0, reading=True, show_card=True), "show-card"),
        (NumberBView(0, reading=True, show_card=True, front_hint=FrontHint.NO_CARD), "show-card"),
        (NumberBView(0, reading=True, show_card=True, card_out=True), None),
        (NumberBView(0, reading=True, show_card=True, card_out=True, front_hint=FrontHint.GLARE), "glare"),
        (NumberBView(14, card_out=True), "put-back"),
        (ResultView(NextStep.DONE), "done"),
        (ResultView(NextStep.COUNTER), "counter"),
        (ResultView(NextStep.COUNTER, outcome=EligibilityCode.INVALID), "counter"),
        (ResultView(NextStep.COUNTER, outcome=EligibilityCode.PENDING), "waiting"),
        (ResultView(NextStep.COUNTER, outcome=EligibilityCode.NOT_REACHABLE), "unchecked"),
    ],
)
def test_a_screen_says_in_a_word_what_it_asks_for(view: View, word: str | None) -> None:
    assert asked(view) == word
