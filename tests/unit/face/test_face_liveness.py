"""The challenge as a state machine: who passes, who does not, and how it ends for bad input."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.face.box import FaceBox
from firmware.face.liveness import Challenge, Turn, depth_of
from firmware.face.liveness_model import (
    SEQUENCES,
    DepthLimits,
    Live,
    Observation,
    Progress,
    Prompt,
    Spoof,
    SpoofReason,
    Step,
    Undecided,
    UnsureCause,
    random_steps,
)
from tests.unit.face.face_heads import FLAT, FRAME, HEAD, SIZE, Led, chance, led, obedient, observed, seen_from

LEFT, RIGHT, CLOSER = Step.LEFT, Step.RIGHT, Step.CLOSER
ALL = [steps for group in SEQUENCES.values() for steps in group]


def ended(progress: Progress) -> UnsureCause:
    assert isinstance(progress.verdict, Undecided)
    return progress.verdict.cause


def until(person: Led, prompt: Prompt) -> Progress:
    """Obey until this prompt shows."""
    progress = person.play(obedient, FRAME)
    while progress.prompt is not prompt:
        assert progress.verdict is None
        progress = person.play(obedient, FRAME)
    return progress


@pytest.mark.parametrize("steps", ALL)
def test_a_head_that_obeys_is_live(steps: tuple[Step, ...]) -> None:
    person = led(*steps)
    progress = person.play(obedient)
    assert progress == Progress(len(steps), Prompt.HOLD, compare=False, verdict=Live())
    wanted = [{LEFT: Prompt.TURN_LEFT, RIGHT: Prompt.TURN_RIGHT, CLOSER: Prompt.COME_CLOSER}[step] for step in steps]
    assert person.prompts == [each for turn in wanted for each in (Prompt.LOOK_STRAIGHT, turn, Prompt.HOLD)]


@pytest.mark.parametrize("steps", ALL)
def test_a_flat_picture_that_obeys_is_not(steps: tuple[Step, ...]) -> None:
    verdict = led(*steps, points=FLAT).play(obedient).verdict
    assert isinstance(verdict, Spoof | Undecided)


@given(st.floats(18, 55), st.floats(8, 40), st.floats(0.3, 1.5), st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_no_flat_picture_passes_however_it_is_turned(
    turn: float, jitter: float, delay: float, rng: random.Random
) -> None:
    picture = replace(led(*random_steps(rng), points=FLAT), delay=delay)

    def obey(prompt: Prompt) -> tuple[float, float] | None:
        goal = obedient(prompt)
        if goal is None or goal[0] == 0:
            return goal
        return math.copysign(turn, goal[0]), goal[1] + rng.uniform(-jitter, jitter)

    assert not isinstance(picture.play(obey).verdict, Live)


def test_a_picture_turned_far_is_called_flat() -> None:
    picture = led(LEFT, RIGHT, CLOSER, points=FLAT)
    assert picture.play(lambda prompt: (40, 520) if prompt is Prompt.TURN_LEFT else None).verdict == Spoof(
        SpoofReason.FLAT
    )


def test_a_shallow_nose_is_no_nose() -> None:
    shallow = led(LEFT, RIGHT, points=HEAD * (1, 1, 0.5))
    assert shallow.play(obedient).verdict == Spoof(SpoofReason.FLAT)


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([(0.5, 0.25), (0.5, 0.27)], None),
        ([(0.5, 0.2), (0.5, 0.32)], None),
        ([(0.5, 0.12), (0.4, 0.1)], SpoofReason.FLAT),
        ([(0.5, 0.02), (0.5, 0.6)], SpoofReason.DEPTH),
        ([(0.3, 0.4)], SpoofReason.DEPTH),
    ],
)
def test_all_turns_must_be_of_one_plausible_nose(turns: list[tuple[float, float]], reason: SpoofReason | None) -> None:
    assert depth_of([Turn(*each) for each in turns], DepthLimits()) is reason


def test_the_wrong_side_ends_it() -> None:
    progress = led(LEFT, RIGHT).play(lambda prompt: (-28, 520) if prompt is Prompt.TURN_LEFT else obedient(prompt))
    assert ended(progress) is UnsureCause.WRONG_MOVE


def test_coming_closer_instead_of_turning_ends_it() -> None:
    progress = led(LEFT, RIGHT).play(lambda prompt: (0, 320) if prompt is Prompt.TURN_LEFT else obedient(prompt))
    assert ended(progress) is UnsureCause.WRONG_MOVE


def test_turning_instead_of_coming_closer_ends_it() -> None:
    progress = led(CLOSER, LEFT).play(lambda prompt: (35, 520) if prompt is Prompt.COME_CLOSER else obedient(prompt))
    assert ended(progress) is UnsureCause.WRONG_MOVE


def test_moving_before_the_prompt_can_be_read_ends_it() -> None:
    person = led(LEFT, RIGHT)
    until(person, Prompt.TURN_LEFT)
    for yaw in (7, 22, 26, 28):
        person.yaw, person.at = yaw, person.at - FRAME / 2
        person.frame()
    assert ended(person.frame()) is UnsureCause.TOO_SOON


def test_nothing_done_times_out() -> None:
    person = led(LEFT, RIGHT)
    assert ended(person.play(lambda _: None)) is UnsureCause.TIMEOUT
    assert person.at == pytest.approx(8, abs=2)


def test_never_straight_times_out() -> None:
    person = led(LEFT, RIGHT)
    person.yaw = 25.0
    assert ended(person.play(lambda _: None)) is UnsureCause.TIMEOUT


def test_nobody_there_times_out_and_a_lost_face_ends_it() -> None:
    challenge = Challenge((LEFT, RIGHT), 0.0)
    assert challenge.observe(Observation(5.0, None, SIZE)).verdict is None
    assert ended(challenge.observe(Observation(9.0, None, SIZE))) is UnsureCause.TIMEOUT
    person = led(LEFT, RIGHT)
    person.frame()
    assert person.challenge.observe(Observation(person.at + 0.5, None, SIZE)).verdict is None
    assert ended(person.challenge.observe(Observation(person.at + 1.0, None, SIZE))) is UnsureCause.LOST_FACE


def test_a_gap_is_a_lost_face_even_if_one_is_back() -> None:
    person = led(LEFT, RIGHT)
    person.frame()
    person.at += 1.5
    assert ended(person.frame()) is UnsureCause.LOST_FACE


def test_a_second_face_ends_it_but_one_frame_of_it_does_not() -> None:
    person = led(LEFT, RIGHT)
    person.frame()
    assert person.frame(faces=2).verdict is None
    assert person.frame().verdict is None
    person.frame(faces=2)
    assert ended(person.frame(faces=2)) is UnsureCause.TWO_FACES


def test_a_jump_ends_it_but_one_slip_does_not() -> None:
    person = led(LEFT, RIGHT)
    person.frame()
    away = [(x + 150, y) for x, y in seen_from(HEAD)]
    assert person.challenge.observe(observed(person.at + FRAME, away)).verdict is None
    person.at += FRAME
    assert person.frame().verdict is None
    person.challenge.observe(observed(person.at + FRAME, away))
    progress = person.challenge.observe(observed(person.at + 2 * FRAME, away))
    assert ended(progress) is UnsureCause.JUMPED


def test_somebody_else_at_a_step_ends_it() -> None:
    person = led(LEFT, RIGHT)
    until(person, Prompt.HOLD)
    progress = person.frame(similarity=0.1)
    while progress.verdict is None:
        progress = person.frame(similarity=0.1)
    assert ended(progress) is UnsureCause.SWAPPED
    assert progress.step == 0


def test_one_blurred_frame_is_nobody_else() -> None:
    person = led(LEFT, RIGHT)
    progress = until(person, Prompt.HOLD)
    while not progress.compare:
        progress = person.frame()
    assert person.frame(similarity=0.2) == Progress(0, Prompt.HOLD, compare=True)
    assert person.frame(similarity=0.6) == Progress(1, Prompt.LOOK_STRAIGHT)


@pytest.mark.parametrize("similarity", [None, math.nan, math.inf, 7.0])
def test_without_a_similarity_no_step_is_done(similarity: float | None) -> None:
    person = led(LEFT, RIGHT)
    progress = person.frame(similarity)
    while progress.verdict is None:
        progress = person.frame(similarity)
    assert ended(progress) is UnsureCause.TIMEOUT
    assert person.prompts == []


def test_other_proportions_than_the_photo_end_it() -> None:
    folded = Led(Challenge((LEFT, RIGHT), 0.0, proportion=1.0), HEAD * (0.8, 1, 1))
    assert ended(folded.play(obedient)) is UnsureCause.PROPORTIONS
    assert Led(Challenge((LEFT, RIGHT), 0.0, proportion=1.0)).play(obedient).verdict == Live()


def test_after_a_verdict_nothing_changes() -> None:
    person = led(LEFT, RIGHT)
    progress = person.play(obedient)
    assert person.frame(faces=2) == person.frame(similarity=0.0) == progress


numbers = st.one_of(st.floats(), st.sampled_from([0.0, -1.0, 1e300, math.nan, math.inf, -math.inf]))
boxes = st.builds(
    FaceBox, numbers, numbers, numbers, numbers, numbers, st.lists(st.tuples(numbers, numbers), max_size=6).map(tuple)
)
rubbish = st.builds(
    Observation,
    numbers,
    st.none() | boxes,
    st.tuples(st.integers(-5, 10**9), st.integers(-5, 10**9)),
    st.none() | numbers,
    st.integers(-2, 5),
)


@given(st.lists(rubbish, max_size=12))
@settings(max_examples=40, deadline=None)
def test_rubbish_is_never_an_exception_and_never_live(seen: list[Observation]) -> None:
    challenge = Challenge((LEFT, RIGHT), 0.0)
    for each in seen:
        assert not isinstance(challenge.observe(each).verdict, Live)


def test_rubbish_between_good_frames_does_no_harm() -> None:
    person = led(LEFT, RIGHT)
    good = seen_from(HEAD)
    for points in (good[:3], ((math.nan, 0.0), *good[1:]), tuple((x * 1e7, y) for x, y in good)):
        person.frame()
        box = FaceBox(0, 0, -5, math.nan, 1, points)
        assert person.challenge.observe(Observation(person.at + 0.01, box, SIZE)).verdict is None
        assert person.challenge.observe(Observation(math.nan, None, SIZE)).verdict is None
        assert person.challenge.observe(Observation(-5.0, None, SIZE)).verdict is None
    assert person.play(obedient).verdict == Live()


def test_points_far_outside_their_box_are_no_face() -> None:
    good = seen_from(HEAD)
    challenge = Challenge((LEFT, RIGHT), 0.0)
    box = FaceBox(0, 0, 30, 30, 1, good)
    told = {challenge.observe(Observation(number * FRAME, box, SIZE, 0.6)) for number in range(40)}
    assert told == {Progress(0, Prompt.LOOK_STRAIGHT)}


@pytest.mark.parametrize("steps", [(), (CLOSER,)])
def test_a_challenge_without_a_turn_is_refused(steps: tuple[Step, ...]) -> None:
    with pytest.raises(ValueError, match="turn"):
        Challenge(steps, 0.0)
    with pytest.raises(ValueError, match="start"):
        Challenge((LEFT,), math.nan)


@pytest.mark.parametrize("proportion", [0.0, -1.0, math.nan, math.inf])
def test_a_proportion_no_face_has_is_refused(proportion: float) -> None:
    with pytest.raises(ValueError, match="proportion"):
        Challenge((LEFT, RIGHT), 0.0, proportion=proportion)


def test_sequences_are_drawn_from_the_given_chance() -> None:
    drawn = {random_steps(chance(seed)) for seed in range(200)}
    assert drawn == set(SEQUENCES[3])
    assert all({LEFT, RIGHT} <= set(steps) for steps in SEQUENCES[3])
    assert all({LEFT, RIGHT} & set(steps) for steps in SEQUENCES[2])
    assert random_steps(chance(5), 2) == random_steps(chance(5), 2)
    with pytest.raises(ValueError, match="two or three"):
        random_steps(chance(0), 4)


def test_nothing_of_a_face_shows_in_texts() -> None:
    seen = observed(1.0, seen_from(HEAD))
    assert not any(f"{x:.1f}" in repr(seen) for x in np.ravel(seen_from(HEAD)))
    assert "0.6" not in repr(seen)
