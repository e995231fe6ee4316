"""Registering the card as insurance card where the gateway offers it."""

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Tone
from firmware.core.events import Button, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode, StaffHint, VisitOutcome
from firmware.core.views import ConsentView, LookingUpView, RegisterView
from firmware.session.model import Idle, Registering, Showing
from tests.unit.session.ways import consenting, looking_up, registering

NOT_REGISTERED = EligibilityCode.NOT_REGISTERED


def test_registration_is_offered() -> None:
    story = looking_up()
    assert not story.visit.registration_offered
    visit = story.answer(NOT_REGISTERED, offered=True).visit.id
    assert not story.at(Registering).working
    story.did(
        fx.StopTimer(visit, Timer.LOOK_UP),
        fx.Show(RegisterView()),
        fx.Play(Tone.PROMPT),
        fx.StartTimer(visit, Timer.CONSENT, 30.0),
    )


def test_without_an_offer_nothing_is_asked() -> None:
    looking_up().answer(NOT_REGISTERED).at(Showing)
    looking_up().answer(EligibilityCode.VALID, offered=True).at(Showing)
    story = consenting().answer(NOT_REGISTERED, offered=True).shows(ConsentView())
    story.press(Button.LEFT).shows(RegisterView()).at(Registering)


def test_the_patient_registers() -> None:
    story = registering().press(Button.LEFT)
    visit = story.visit.id
    story.did(
        fx.StopTimer(visit, Timer.CONSENT),
        fx.Show(RegisterView(working=True)),
        fx.StartTimer(visit, Timer.LOOK_UP, 25.0),
        fx.Register(visit, 20.0),
    )
    assert story.at(Registering).working
    story.unmoved_by(lambda: story.press(Button.LEFT), lambda: story.press(Button.RIGHT))
    story.answer().did(
        fx.StopTimer(visit, Timer.LOOK_UP),
        fx.StopTimers(visit),
        fx.Show(LookingUpView()),
        fx.StartTimer(visit, Timer.PUBLISH, 10.0),
        *story.now_doing(fx.Publish),
    )
    assert (story.result.eligibility, story.result.hints) == (EligibilityCode.VALID, (StaffHint.GO_ON,))


def test_the_patient_does_not_want_to() -> None:
    story = registering()
    story.unmoved_by(lambda: story.press(Button.MIDDLE))
    story.press(Button.RIGHT).at(Showing)
    assert (story.result.eligibility, story.result.hints) == (NOT_REGISTERED, (StaffHint.ASK_DOCUMENT,))
    assert not story.all(fx.Register)


def test_no_answer_in_time() -> None:
    story = registering().wait(30.1)
    assert story.at(Showing).summary.eligibility is NOT_REGISTERED


@pytest.mark.parametrize("fault", [FaultCode.GATEWAY_ERROR, FaultCode.GATEWAY_REFUSED])
def test_a_registration_that_fails_leaves_what_was_known(fault: FaultCode) -> None:
    story = registering().press(Button.LEFT).no_answer(fault)
    assert (story.result.eligibility, story.result.fault) == (NOT_REGISTERED, fault)


def test_a_registration_that_never_answers() -> None:
    story = registering().press(Button.LEFT).wait(24.9)
    story.at(Registering)
    story.wait(0.2)
    result = story.result
    assert (result.eligibility, result.fault) == (NOT_REGISTERED, FaultCode.GATEWAY_TIMEOUT)
    assert result.outcome is VisitOutcome.IDENTIFIED


def test_answers_to_nothing_are_let_pass() -> None:
    story = registering()
    story.unmoved_by(
        story.answer,
        lambda: story.no_answer(FaultCode.GATEWAY_ERROR),
        lambda: story.fire(Timer.LOOK_UP, story.visit.id),
        lambda: story.fire(Timer.SHOW, story.visit.id),
    )
    story.press(Button.LEFT)
    story.unmoved_by(lambda: story.fire(Timer.CONSENT, story.visit.id))


def test_answered_while_the_card_was_away_for_a_moment() -> None:
    """The patient is not asked a second time."""
    story = registering().press(Button.LEFT).lift_card().answer()
    assert not story.at(Registering).working
    story.place_card().card_is().at(Showing)
    assert story.result.eligibility is EligibilityCode.VALID
    assert len(story.all(fx.Register)) == 1


def test_failed_while_the_card_was_away_for_a_moment() -> None:
    story = registering().press(Button.LEFT).lift_card().no_answer(FaultCode.GATEWAY_ERROR)
    story.did(fx.StopTimer(story.visit.id, Timer.LOOK_UP))
    story.place_card().card_is().at(Showing)
    assert (story.result.eligibility, story.result.fault) == (NOT_REGISTERED, FaultCode.GATEWAY_ERROR)


def test_gone_for_good_while_it_works() -> None:
    story = registering().press(Button.LEFT).lift_card().wait(1.6)
    story.at(Idle)
    assert story.result.eligibility is NOT_REGISTERED
    assert story.result.card_removed_early
    assert [late.summary for late in story.all(fx.DetachLookUp)] == [story.result]


def test_gone_for_good_before_it_was_asked_for_or_after_it_ended() -> None:
    story = registering().lift_card().wait(1.6)
    story.at(Idle)
    assert not story.all(fx.DetachLookUp)
    story = registering().press(Button.LEFT).lift_card().answer().wait(1.6)
    assert story.result.eligibility is EligibilityCode.VALID
    assert not story.all(fx.DetachLookUp)


def test_back_within_the_moment() -> None:
    story = registering().lift_card()
    story.unmoved_by(lambda: story.press(Button.LEFT), lambda: story.fire(Timer.CONSENT, story.visit.id))
    visit = story.visit.id
    story.place_card().card_is().did(
        fx.StopTimer(visit, Timer.CARD),
        fx.ReleaseCard(visit),
        fx.Show(RegisterView()),
        fx.Play(Tone.PROMPT),
        fx.StartTimer(visit, Timer.CONSENT, 30.0),
    )
    story.press(Button.LEFT).lift_card().place_card().card_is().did(
        fx.StopTimer(visit, Timer.CARD), fx.ReleaseCard(visit), fx.Show(RegisterView(working=True))
    )
    assert story.at(Registering).working
