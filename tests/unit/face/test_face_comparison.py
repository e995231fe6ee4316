"""One attempt without models: what counts, who counts, prompts, light, deadlines, wiping."""

from typing import Any

import numpy as np
import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import FacePrompt, Liveness, MatchBand, MatchCode, UnsureReason
from firmware.face.decide import Decision
from firmware.ports import Frame, MatchLimits, Region, Sitting
from tests.unit.face.face_stage import EMPTY, NOISE, PERIOD, Look, Stage, attempt, face_at, looks, person

HOLDER, OTHER, THIRD = person(1, 0.7), person(2, 0.1), person(3, 0.6)


def told(decision: Decision) -> tuple[MatchCode, UnsureReason | None, MatchBand | None]:
    return decision.code, decision.reason, decision.band


def run(stage: Stage, **limits: Any) -> tuple[MatchCode, UnsureReason | None, MatchBand | None]:
    decision, liveness = attempt(stage, **limits).run()
    assert liveness is Liveness.OFF
    return told(decision)


def test_one_sure_frame_is_enough() -> None:
    stage = Stage(looks(HOLDER, 4))
    assert run(stage) == (MatchCode.MATCH, None, MatchBand.STRICT)
    assert len(stage.frames) == len(stage.embeddings) == 1


def test_another_person_is_refused_after_all_frames() -> None:
    stage = Stage(looks(OTHER, 9))
    assert run(stage, frames=4) == (MatchCode.NO_MATCH, None, MatchBand.BELOW)
    assert len(stage.frames) == 4


def test_the_best_of_several_frames_of_one_person_counts() -> None:
    stage = Stage([Look(person(1, value)) for value in (0.3, 0.41, 0.35, 0.44, 0.2)])
    assert run(stage) == (MatchCode.MATCH, None, MatchBand.ACCEPT)
    assert len(stage.frames) == 4


def test_strict_wants_more() -> None:
    stage = Stage([Look(person(1, value)) for value in (0.45, 0.48, 0.45, 0.4, 0.3, 0.45)])
    assert run(stage, threshold="strict") == (MatchCode.UNSURE, UnsureReason.BETWEEN, MatchBand.ACCEPT)
    assert len(stage.frames) == 5


# ---- who it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [1, 2])
def test_two_people_by_turns_never_add_up(turn: int) -> None:
    stage = Stage((looks(OTHER, turn) + looks(HOLDER, turn)) * 12)
    assert run(stage) == (MatchCode.UNSURE, UnsureReason.PERSON_CHANGED, None)
    assert UnsureReason.PERSON_CHANGED in stage.prompts


def test_two_people_who_are_both_alike_do_not_add_up_either() -> None:
    stage = Stage((looks(person(2, 0.5), 1) + looks(person(3, 0.5), 1)) * 8)
    assert run(stage)[0] is MatchCode.MATCH, "the first frame of the first one was enough"
    stage = Stage((looks(person(2, 0.41), 1) + looks(person(3, 0.6), 1)) * 8)
    assert run(stage) == (MatchCode.UNSURE, UnsureReason.PERSON_CHANGED, None)


def test_who_stays_is_matched_after_some_frames_more() -> None:
    stage = Stage(looks(OTHER, 2) + looks(HOLDER, 6))
    assert run(stage) == (MatchCode.MATCH, None, MatchBand.STRICT)
    assert len(stage.frames) == 2 + 3


def test_what_the_first_one_reached_does_not_help_the_second() -> None:
    stage = Stage(looks(person(1, 0.41), 4) + looks(OTHER, 5))
    assert run(stage) == (MatchCode.NO_MATCH, None, MatchBand.BELOW)
    assert len(stage.frames) == 4 + 5


def test_a_jump_asks_for_more_likeness() -> None:
    first, second = person(1, 0.3), 0.45 * person(1, 0.3) + np.sqrt(1 - 0.45**2) * person(5, 0.0)
    near = Stage([Look(first), *looks(second, 9)])
    assert run(near)[1] is not UnsureReason.PERSON_CHANGED
    assert UnsureReason.PERSON_CHANGED not in near.prompts
    far = Stage([Look(first), *(Look(second, [face_at(x=450.0)]) for _ in range(9))])
    run(far)
    assert UnsureReason.PERSON_CHANGED in far.prompts


def test_after_a_gap_too() -> None:
    first, second = person(1, 0.3), 0.45 * person(1, 0.3) + np.sqrt(1 - 0.45**2) * person(5, 0.0)
    stage = Stage([Look(first), Look(None, [], after=0.6), Look(second, after=0.6), *looks(second, 3)])
    run(stage)
    assert UnsureReason.PERSON_CHANGED in stage.prompts


# ---- gates and prompts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        (EMPTY, UnsureReason.NO_FACE),
        (Look(None, [], np.zeros_like(NOISE)), UnsureReason.TOO_DARK),
        (Look(None, [], np.full_like(NOISE, 250)), UnsureReason.TOO_BRIGHT),
        (Look(HOLDER, [face_at(), face_at(400.0)]), UnsureReason.TWO_FACES),
        (Look(HOLDER, [face_at(scale=0.5)]), UnsureReason.TOO_SMALL),
        (Look(HOLDER, [face_at(x=2.0)]), UnsureReason.AT_BORDER),
        (Look(HOLDER, [face_at(nose=30.0)]), UnsureReason.TURNED),
        (Look(HOLDER, picture=NOISE // 8), UnsureReason.TOO_DARK),
        (Look(HOLDER, picture=np.full_like(NOISE, 130)), UnsureReason.BLURRED),
    ],
)
def test_frames_that_are_not_fit_are_not_compared(look: Look, reason: UnsureReason) -> None:
    stage = Stage([look] * 4)
    assert run(stage) == (MatchCode.UNSURE, reason, None)
    assert stage.embeddings == []
    assert stage.prompts == [reason], "told once"


def test_prompts_when_they_change_and_not_for_one_bad_frame() -> None:
    small = Look(HOLDER, [face_at(scale=0.5)])
    fit, weak = Look(person(1, 0.3)), [EMPTY] * 3
    stage = Stage([*weak, fit, small, fit, small, small, small, fit, EMPTY])
    run(stage)
    expected = [
        UnsureReason.NO_FACE,
        FacePrompt.LOOK_STRAIGHT,
        UnsureReason.TOO_SMALL,
        FacePrompt.LOOK_STRAIGHT,
    ]
    assert stage.prompts == expected


def test_the_camera_is_asked_to_meter_a_face_before_bright_light_and_let_go_later() -> None:
    bright = np.full_like(NOISE, 240)
    bright[120:300, 200:350] = NOISE[120:300, 200:350] // 5
    lit, moved = Look(HOLDER, picture=bright), Look(person(1, 0.3), [face_at(x=280.0)])
    stage = Stage([lit, lit, moved, Look(None, [], after=1.0), Look(None, [], after=1.5), EMPTY, EMPTY])
    run(stage)
    first, second, last = stage.regions
    assert first == Region(200 / 640, 120 / 480, 150 / 640, 180 / 480)
    assert second == Region(280 / 640, 120 / 480, 150 / 640, 180 / 480)
    assert last is None
    assert stage.prompts[0] is UnsureReason.BACKLIT


def test_good_light_leaves_the_camera_alone() -> None:
    stage = Stage(looks(OTHER, 5) + [Look(None, [], after=9.0)] * 2)
    run(stage)
    assert stage.regions == []


# ---- the end -------------------------------------------------------------------------------------------------------


def test_nothing_seen_in_time() -> None:
    def nothing(_timeout: float) -> Frame:
        raise DeviceError(FaultCode.CAMERA_NO_FRAME)

    stage = Stage([])
    comparison = attempt(stage, seconds=0.1)
    comparison._sitting = Sitting(nothing, lambda: False)
    decision, _ = comparison.run()
    assert told(decision) == (MatchCode.UNSURE, UnsureReason.NO_FRAMES, None)


def test_time_ends_it() -> None:
    stage = Stage(looks(OTHER, 50))
    assert run(stage, seconds=0.0, frames=40)[0] is MatchCode.NO_MATCH
    assert len(stage.frames) == 1


def test_a_cancelled_visit_asks_for_no_more_frames() -> None:
    stage = Stage(looks(OTHER, 2))
    run(stage, frames=40)
    assert len(stage.frames) == 2


def test_everything_is_wiped() -> None:
    stage = Stage([*looks(OTHER, 2), EMPTY, *looks(HOLDER, 2), Look(HOLDER, [face_at(x=1.0)]), *looks(HOLDER, 2)])
    comparison = attempt(stage)
    comparison.run()
    assert len(stage.frames) == 7
    assert not any(any(frame.pixels) for frame in stage.frames)
    assert not any(embedding.any() for embedding in stage.embeddings)
    assert comparison._person._last is None


def test_everything_is_wiped_when_a_model_fails() -> None:
    stage = Stage(looks(OTHER, 5), errors={3: FaultCode.MODEL_FAILED})
    comparison = attempt(stage)
    with pytest.raises(DeviceError):
        comparison.run()
    assert len(stage.frames) == 3
    assert not any(any(frame.pixels) for frame in stage.frames)
    assert not any(embedding.any() for embedding in stage.embeddings)
    assert comparison._person._last is None


def test_the_stage_runs_at_the_pace_it_says() -> None:
    stage = Stage(looks(OTHER, 3))
    run(stage)
    times = [frame.at for frame in stage.frames]
    assert np.diff(times) == pytest.approx([PERIOD] * 2)
    assert MatchLimits(1.0).frames == 5
