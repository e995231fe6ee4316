"""The challenge joined with the comparison: scripted challenges, then simulated people and fakes."""

from typing import Any

import pytest

from firmware.core.outcomes import FacePrompt, Liveness, LivenessMode, MatchBand, MatchCode, UnsureReason
from firmware.face.comparison import Rules
from firmware.face.decide import Decision
from firmware.face.liveness_model import Live, Progress, Prompt, Spoof, SpoofReason, Undecided, UnsureCause
from tests.unit.face.face_actors import Actors
from tests.unit.face.face_stage import (
    CHALLENGE,
    EMPTY,
    Challenges,
    Look,
    Script,
    Stage,
    attempt,
    face_at,
    looks,
    person,
)

HOLDER, OTHER = person(1, 0.7), person(2, 0.1)
WAIT = Progress(0, Prompt.LOOK_STRAIGHT)
ASKED = Progress(0, Prompt.LOOK_STRAIGHT, compare=True)
LEFT = Progress(0, Prompt.TURN_LEFT)
HOLD = Progress(0, Prompt.HOLD, compare=True)
LIVE = Progress(1, Prompt.HOLD, verdict=Live())
FLAT = Progress(0, Prompt.TURN_LEFT, verdict=Spoof(SpoofReason.FLAT))


def unsure(cause: UnsureCause, prompt: Prompt = Prompt.TURN_LEFT) -> Progress:
    return Progress(0, prompt, verdict=Undecided(cause))


def run(stage: Stage, *scripts: Script, **limits: Any) -> tuple[Decision, Liveness]:
    rules = Rules(challenger=Challenges(*scripts))
    return attempt(stage, rules=rules, **({"liveness": CHALLENGE} | limits)).run()


def told(outcome: tuple[Decision, Liveness]) -> tuple[MatchCode, UnsureReason | None, MatchBand | None, Liveness]:
    decision, liveness = outcome
    return decision.code, decision.reason, decision.band, liveness


@pytest.mark.parametrize("mode", [LivenessMode.CHALLENGE, LivenessMode.CHALLENGE_STAFF])
def test_match_and_alive(mode: LivenessMode) -> None:
    script = Script([WAIT, WAIT, ASKED, LEFT, LEFT, HOLD, LIVE])
    stage = Stage(looks(HOLDER, 20))
    outcome = run(stage, script, liveness=mode)
    assert told(outcome) == (MatchCode.MATCH, None, MatchBand.STRICT, Liveness.PASSED)
    assert stage.prompts == [FacePrompt.LOOK_STRAIGHT, FacePrompt.TURN_LEFT, FacePrompt.HOLD]
    # Compared until accepted, then only where the challenge asks: after ASKED and after HOLD.
    given = [seen.similarity is not None for seen in script.seen]
    assert given == [True, False, False, True, False, False, True]
    assert script.seen[0].similarity == pytest.approx(0.7)


def test_a_match_alone_is_none_as_long_as_the_challenge_is_open() -> None:
    outcome = run(Stage(looks(HOLDER, 9)), Script([WAIT, LEFT]))
    assert told(outcome) == (MatchCode.UNSURE, UnsureReason.NOT_ALIVE, MatchBand.STRICT, Liveness.UNSURE)


@pytest.mark.parametrize("last", [FLAT, *(unsure(cause) for cause in UnsureCause)])
def test_fake_and_mistake_look_the_same_to_the_person(last: Progress) -> None:
    stage = Stage(looks(HOLDER, 9))
    outcome = run(stage, Script([WAIT, LEFT, last]))
    liveness = Liveness.FAILED if last is FLAT else Liveness.UNSURE
    assert told(outcome) == (MatchCode.UNSURE, UnsureReason.NOT_ALIVE, MatchBand.STRICT, liveness)
    assert len(stage.frames) == 3
    assert stage.prompts == [FacePrompt.LOOK_STRAIGHT, FacePrompt.TURN_LEFT]


@pytest.mark.parametrize("last", [FLAT, unsure(UnsureCause.TIMEOUT)])
def test_another_person_is_a_no_whatever_the_challenge_says(last: Progress) -> None:
    outcome = run(Stage(looks(OTHER, 9)), Script([WAIT, LEFT, last]))
    assert told(outcome)[:3] == (MatchCode.NO_MATCH, None, MatchBand.BELOW)


def test_another_person_is_not_asked_to_move() -> None:
    stage = Stage(looks(OTHER, 9))
    outcome = run(stage, Script([WAIT]), frames=4)
    assert told(outcome) == (MatchCode.NO_MATCH, None, MatchBand.BELOW, Liveness.UNSURE)
    assert len(stage.frames) == 4
    assert stage.prompts == [FacePrompt.LOOK_STRAIGHT]


def test_who_is_alive_but_hardly_alike_stays_unsure() -> None:
    outcome = run(Stage(looks(person(1, 0.35), 9)), Script([WAIT, LEFT, LIVE]))
    assert told(outcome) == (MatchCode.UNSURE, UnsureReason.BETWEEN, MatchBand.BETWEEN, Liveness.PASSED)


@pytest.mark.parametrize("last", [FLAT, unsure(UnsureCause.WRONG_MOVE)])
def test_hardly_alike_and_not_alive_is_told_as_the_challenge(last: Progress) -> None:
    outcome = run(Stage(looks(person(1, 0.35), 9)), Script([WAIT, LEFT, last]))
    assert told(outcome)[:3] == (MatchCode.UNSURE, UnsureReason.NOT_ALIVE, MatchBand.BETWEEN)


def test_once_under_way_it_goes_to_its_end() -> None:
    stage = Stage(looks(person(1, 0.35), 9))
    outcome = run(stage, Script([WAIT, LEFT, HOLD, ASKED, ASKED, LEFT, HOLD, LIVE]), frames=2)
    assert told(outcome) == (MatchCode.UNSURE, UnsureReason.BETWEEN, MatchBand.BETWEEN, Liveness.PASSED)
    assert len(stage.frames) == 8


def test_a_turned_face_does_not_make_the_best_similarity() -> None:
    looked = [Look(person(1, 0.35)), Look(person(1, 0.35)), Look(person(1, 0.9)), Look(person(1, 0.9))]
    outcome = run(Stage([*looked, *looked]), Script([WAIT, LEFT, HOLD, LIVE]))
    assert told(outcome)[:3] == (MatchCode.UNSURE, UnsureReason.BETWEEN, MatchBand.BETWEEN)


def test_the_challenge_starts_when_the_person_is_fit() -> None:
    script, stage = Script([WAIT, LEFT, LIVE]), Stage([EMPTY, Look(HOLDER, [face_at(scale=0.5)]), *looks(HOLDER, 9)])
    assert told(run(stage, script))[0] is MatchCode.MATCH
    assert len(script.seen) == 3
    assert script.seen[0].at == stage.frames[2].at


def test_before_a_movement_was_asked_for_it_starts_again_quietly() -> None:
    lost = unsure(UnsureCause.LOST_FACE, Prompt.LOOK_STRAIGHT)
    stage = Stage(looks(HOLDER, 12))
    outcome = run(stage, Script([WAIT, lost]), Script([WAIT, lost]), Script([WAIT, LEFT, LIVE]))
    assert told(outcome) == (MatchCode.MATCH, None, MatchBand.STRICT, Liveness.PASSED)


def test_accepted_but_the_challenge_never_got_going_is_no_match() -> None:
    lost = unsure(UnsureCause.TIMEOUT, Prompt.LOOK_STRAIGHT)
    outcome = run(Stage(looks(HOLDER, 2)), Script([WAIT, lost]))
    assert told(outcome) == (MatchCode.UNSURE, UnsureReason.NOT_ALIVE, MatchBand.STRICT, Liveness.UNSURE)


def test_another_person_before_the_first_movement_starts_everything_again() -> None:
    first, second = Script([WAIT]), Script([WAIT, WAIT, WAIT, ASKED, LEFT, LIVE])
    stage = Stage(looks(OTHER, 2) + looks(HOLDER, 12))
    assert told(run(stage, first, second)) == (MatchCode.MATCH, None, MatchBand.STRICT, Liveness.PASSED)
    assert len(first.seen) == 2


@pytest.mark.parametrize("step", [Prompt.HOLD, Prompt.LOOK_STRAIGHT])
def test_who_swaps_in_during_the_movements_ends_it(step: Prompt) -> None:
    asked = Progress(0, step, compare=True)
    stage = Stage(looks(HOLDER, 3) + looks(OTHER, 9))
    outcome = run(stage, Script([WAIT, LEFT, asked, asked, LIVE]))
    assert told(outcome) == (MatchCode.UNSURE, UnsureReason.PERSON_CHANGED, None, Liveness.UNSURE)
    assert stage.prompts[-1] is UnsureReason.PERSON_CHANGED


def test_a_companion_and_a_lost_face_reach_the_challenge() -> None:
    script = Script([WAIT, LEFT, LEFT, LEFT, LIVE])
    two = Look(HOLDER, [face_at(), face_at(400.0)])
    stage = Stage([*looks(HOLDER, 2), two, EMPTY, *looks(HOLDER, 3)])
    run(stage, script)
    assert [(seen.faces, seen.face is None) for seen in script.seen[1:4]] == [(1, False), (2, False), (1, True)]
    assert all(seen.similarity is None for seen in script.seen[1:4])


def test_a_turned_face_near_the_border_is_compared_under_way() -> None:
    aside = Look(HOLDER, [face_at(x=1.0, nose=40.0)])
    script = Script([WAIT, LEFT, HOLD, LIVE])
    run(Stage([*looks(HOLDER, 2), Look(HOLDER, [face_at(x=90.0)]), aside, aside]), script)
    assert script.seen[3].similarity == pytest.approx(0.7)


# ---- with the real challenge ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("species", ["ordinary", "glasses"])
def test_simulated_people_pass(species: str, seed: int) -> None:
    actors = Actors(species, seed)
    assert told(actors.compare()) == (MatchCode.MATCH, None, MatchBand.STRICT, Liveness.PASSED)
    assert actors.prompts[0] is FacePrompt.LOOK_STRAIGHT
    assert {FacePrompt.TURN_LEFT, FacePrompt.TURN_RIGHT} & set(actors.prompts)


@pytest.mark.parametrize("species", ["print flat", "print bent", "screen, still picture", "two people"])
def test_simulated_fakes_do_not(species: str) -> None:
    for seed in range(3):
        decision, liveness = Actors(species, seed).compare()
        assert decision.code is MatchCode.UNSURE
        assert liveness is not Liveness.PASSED


@pytest.mark.parametrize(
    ("similarity", "hinted", "mode", "code"),
    [
        (0.45, True, CHALLENGE, MatchCode.UNSURE),
        (0.45, False, CHALLENGE, MatchCode.MATCH),
        (0.70, True, CHALLENGE, MatchCode.MATCH),
        (0.45, True, LivenessMode.OFF, MatchCode.MATCH),
        (0.35, False, CHALLENGE, MatchCode.UNSURE),
    ],
)
def test_hints_of_a_screen_only_make_it_harder(
    similarity: float, *, hinted: bool, mode: LivenessMode, code: MatchCode
) -> None:
    rules = Rules(
        challenger=Challenges(Script([ASKED, LEFT, HOLD, LIVE])), hints=lambda *_: {"moire"} if hinted else set()
    )
    decision, _ = attempt(Stage(looks(person(1, similarity), 20)), rules=rules, liveness=mode).run()
    assert decision.code is code
