"""The liveness challenge: its prompts, its time, what a match without it is worth, and what staff are told after it."""

import dataclasses

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Tone
from firmware.core.events import Button, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    Env,
    FacePrompt,
    Liveness,
    LivenessMode,
    MatchCode,
    Method,
    UnsureReason,
)
from firmware.core.views import FaceView, NoticeView
from firmware.session.model import MAX_UNSURE, AwaitingStaff, ChoosingMethod, Consenting, EnteringPin, Matching
from firmware.session.policy import FaceWithoutIssuer, Policy
from tests.unit.session.ways import matching

CHALLENGE = Policy(env=Env.SIM, liveness=LivenessMode.CHALLENGE)
AND_STAFF = Policy(env=Env.SIM, liveness=LivenessMode.CHALLENGE_STAFF, face_without_issuer=FaceWithoutIssuer.ACCEPT)


def test_a_challenge_has_its_own_time() -> None:
    assert (Policy(env=Env.SIM).attempt_seconds, CHALLENGE.attempt_seconds) == (10.0, 45.0)
    story = matching(CHALLENGE)
    assert fx.StartTimer(story.visit.id, Timer.MATCH, 55.0) in story.last
    story.face(MatchCode.UNSURE, UnsureReason.NOT_ALIVE)
    assert fx.StartTimer(story.visit.id, Timer.MATCH, 55.0) in story.last
    story.wait(54.9).at(Matching)
    story.wait(0.2).at(ChoosingMethod)


def test_prompts_of_the_challenge_are_shown_and_heard() -> None:
    story = matching(CHALLENGE).face_prompt(FacePrompt.TURN_LEFT)
    story.did(fx.Show(FaceView(1, 3, prompt=FacePrompt.TURN_LEFT)), fx.Play(Tone.PROMPT))
    story.face_prompt(UnsureReason.TOO_DARK).did(fx.Show(FaceView(1, 3, UnsureReason.TOO_DARK)))


def test_prompts_of_another_attempt_or_behind_a_match_are_not_shown() -> None:
    story = matching(CHALLENGE).face(MatchCode.UNSURE, UnsureReason.NO_FACE)
    story.unmoved_by(lambda: story.face_prompt(FacePrompt.HOLD, attempt=1))
    story.face_alive(Liveness.PASSED).at(Matching)
    story.unmoved_by(lambda: story.face_prompt(FacePrompt.HOLD))
    story.press(Button.LEFT)
    story.chip().certificate().at(Consenting)
    story.unmoved_by(lambda: story.face_prompt(FacePrompt.HOLD))


@pytest.mark.parametrize("liveness", [Liveness.OFF, Liveness.FAILED, Liveness.UNSURE])
@pytest.mark.parametrize("policy", [CHALLENGE, AND_STAFF])
def test_a_match_without_a_passed_challenge_is_none(policy: Policy, liveness: Liveness) -> None:
    story = matching(policy).chip().certificate().face_alive(liveness)
    assert story.at(Matching).attempt == 2
    story.shows(FaceView(2, 3, UnsureReason.NOT_ALIVE))
    story.face_alive(liveness).face_alive(liveness)
    assert story.at(ChoosingMethod).because is FaultCode.FACE_UNSURE
    story.shows(NoticeView((Method.PIN, Method.STAFF), FaultCode.FACE_UNSURE))
    match = story.visit.match
    assert match is not None
    assert (match.code, match.liveness) == (MatchCode.UNSURE, liveness)


def test_a_passed_challenge_settles_the_identity() -> None:
    story = matching(CHALLENGE).chip().certificate().face_alive(Liveness.PASSED)
    assert story.at(Consenting).visit.method is Method.FACE


def test_where_none_is_demanded_a_match_is_enough() -> None:
    matching().chip().certificate().face_alive(Liveness.OFF).at(Consenting)


def test_no_match_stays_no_match() -> None:
    story = matching(CHALLENGE).face(MatchCode.NO_MATCH)
    match = story.visit.match
    assert match is not None
    assert (match.code, match.reason) == (MatchCode.NO_MATCH, None)


def test_a_site_may_want_staff_beside_the_challenge() -> None:
    story = matching(AND_STAFF).chip().certificate().face_alive(Liveness.PASSED)
    assert story.at(AwaitingStaff).because is None
    story.staff(approved=True).press(Button.LEFT).answer()
    assert (story.result.method, story.result.assurance) == (Method.STAFF, Assurance.STAFF)
    match = story.result.match
    assert match is not None
    assert (match.code, match.liveness) == (MatchCode.MATCH, Liveness.PASSED)


def test_the_pin_is_always_another_way() -> None:
    story = matching(CHALLENGE).face_prompt(FacePrompt.TURN_RIGHT).press(Button.RIGHT)
    story.shows(NoticeView((Method.FACE, Method.PIN, Method.STAFF)))
    story.press(Button.MIDDLE).at(EnteringPin)
    story.unmoved_by(lambda: story.face_prompt(FacePrompt.TURN_LEFT))


def test_reasons_are_counted_for_staff() -> None:
    story = matching().face(MatchCode.UNSURE, UnsureReason.NO_FACE).face(MatchCode.NO_MATCH)
    story.face(MatchCode.UNSURE, UnsureReason.BACKLIT).cancel()
    assert story.result.unsure == (UnsureReason.NO_FACE, UnsureReason.BACKLIT)
    assert story.result.attempts == 3
    story = matching().face(MatchCode.UNSURE)
    assert story.visit.unsure == ()
    assert matching().chip().certificate().face().press(Button.LEFT).answer().result.unsure == ()


def test_reasons_outlive_a_lifted_card_and_are_not_without_end() -> None:
    story = matching(dataclasses.replace(CHALLENGE, match_attempts=100)).face_alive(Liveness.FAILED)
    for _ in range(2 * MAX_UNSURE):
        story.face(MatchCode.UNSURE, UnsureReason.BLURRED)
    assert story.visit.unsure == (UnsureReason.BLURRED,) * MAX_UNSURE
    story.lift_card().place_card().card_is()
    assert story.visit.unsure == (UnsureReason.BLURRED,) * MAX_UNSURE
