"""The PIN way: tries are counted before anything is typed, one VERIFY a time, the last try only when wanted."""

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Progress, Tone
from firmware.core.events import Button, EntryKind, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Assurance, Env, IssuerCheck, Method, StaffHint, TryCode, VisitOutcome
from firmware.core.views import ConsentView, LastTryView, NoticeView, PinView
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    ConfirmingLastTry,
    Consenting,
    EnteringPin,
    RemoveCard,
)
from firmware.session.policy import Policy
from tests.unit.session.story import ENTRY
from tests.unit.session.ways import checking_pin, choosing_method, confirming_last_try, entering_pin, matching

PIN = EntryKind.PIN


def test_a_right_pin() -> None:
    story = choosing_method().press(Button.MIDDLE)
    visit = story.visit.id
    story.did(
        fx.StopTimers(visit),
        fx.Show(PinView(0, None)),
        fx.StartTimer(visit, Timer.CARD, 15.0),
        fx.ReadCertificate(visit),
        fx.CountPinTries(visit),
        fx.ReportProgress(visit, Progress.PIN_ENTRY),
    )
    assert story.visit.certificate_asked
    fresh = story.at(EnteringPin)
    assert (fresh.count, fresh.wrong, fresh.checking, fresh.last_confirmed) == (0, False, False, False)
    story.pin_tries(3).did(
        fx.StopTimers(visit),
        fx.Show(PinView(0, 3)),
        fx.Play(Tone.PROMPT),
        fx.StartEntry(visit, PIN, 4),
        fx.StartTimer(visit, Timer.ENTRY, 60.0),
    )
    story.digits(PIN, 4).did(fx.Show(PinView(4, 3)), fx.StartTimer(visit, Timer.ENTRY, 60.0))
    story.enter(PIN).did(
        fx.StopEntry(visit),
        fx.StopTimer(visit, Timer.ENTRY),
        fx.Show(PinView(4, 3, checking=True)),
        fx.StartTimer(visit, Timer.CARD, 15.0),
        fx.SignWithPin(visit, ENTRY),
    )
    story.certificate().at(EnteringPin)
    story.pin().at(Consenting)
    assert story.now_doing(fx.LookUp) == [fx.LookUp(visit, Method.PIN, 20.0)]
    story.press(Button.LEFT).answer()
    assert (story.result.method, story.result.assurance) == (Method.PIN, Assurance.PIN)
    assert (story.result.match, story.result.checks.issuer) == (None, IssuerCheck.NOT_CHECKED)


def test_a_right_pin_waits_for_the_certificate() -> None:
    story = checking_pin().pin()
    assert story.at(EnteringPin).checking
    story.did().certificate().shows(ConsentView()).at(Consenting)
    story = checking_pin().pin().wait(15.1)
    assert story.at(RemoveCard).because is FaultCode.CARD_SILENT


def test_wrong_then_right() -> None:
    story = checking_pin().certificate().pin(TryCode.WRONG, 2)
    visit = story.visit.id
    story.did(
        fx.StopTimers(visit),
        fx.Show(PinView(0, 2, wrong=True)),
        fx.Play(Tone.WRONG),
        fx.StartEntry(visit, PIN, 4),
        fx.StartTimer(visit, Timer.ENTRY, 60.0),
    )
    state = story.at(EnteringPin)
    assert (state.count, state.checking, state.wrong) == (0, False, True)
    story.digits(PIN, 1).shows(PinView(1, 2))
    assert not story.at(EnteringPin).wrong
    story.enter(PIN).pin().at(Consenting)


def test_the_last_try_is_confirmed_first() -> None:
    story = checking_pin().pin(TryCode.WRONG, 1)
    visit = story.visit.id
    story.at(ConfirmingLastTry)
    story.did(
        fx.StopEntry(visit),
        fx.StopTimers(visit),
        fx.Show(LastTryView()),
        fx.Play(Tone.WRONG),
        fx.StartTimer(visit, Timer.CHOICE, 60.0),
    )
    story.unmoved_by(lambda: story.press(Button.MIDDLE))
    story.press(Button.LEFT).did(
        fx.StopTimers(visit),
        fx.Show(PinView(0, 1)),
        fx.Play(Tone.PROMPT),
        fx.StartEntry(visit, PIN, 4),
        fx.StartTimer(visit, Timer.ENTRY, 60.0),
    )
    assert story.at(EnteringPin).last_confirmed
    story.enter(PIN).certificate().pin().at(Consenting)


def test_the_last_try_is_lost() -> None:
    story = confirming_last_try().press(Button.LEFT).enter(PIN).pin(TryCode.WRONG, 0)
    assert story.at(ChoosingMethod).because is FaultCode.PIN_BLOCKED
    assert story.visit.hints == (StaffHint.UNBLOCK_AT_MUNICIPALITY,)
    story.shows(NoticeView((Method.FACE, Method.STAFF), FaultCode.PIN_BLOCKED))


def test_a_last_try_confirmed_once_is_asked_for_again_after_a_wrong_pin() -> None:
    """A card whose counter stays at one must not get a second try without a word."""
    story = confirming_last_try().press(Button.LEFT).enter(PIN).pin(TryCode.WRONG, 1)
    story.at(ConfirmingLastTry)


def test_the_last_try_is_declined() -> None:
    story = confirming_last_try().press(Button.RIGHT)
    assert story.at(ChoosingMethod).because is None
    story.shows(NoticeView((Method.FACE, Method.PIN, Method.STAFF)))
    assert not story.all(fx.SignWithPin)
    confirming_last_try().wait(60.1).at(RemoveCard)


@pytest.mark.parametrize("left", [None, 0, 3])
def test_a_card_that_says_blocked_is_blocked_whatever_it_counts(left: int | None) -> None:
    story = checking_pin().pin(TryCode.BLOCKED, left)
    assert story.at(ChoosingMethod).because is FaultCode.PIN_BLOCKED
    assert Method.PIN in story.visit.excluded


def test_a_blocked_pin_is_never_typed() -> None:
    story = choosing_method(Policy(env=Env.SIM, methods=(Method.PIN,))).press(Button.MIDDLE).pin_tries(0)
    assert not story.all(fx.StartEntry)
    assert story.at(RemoveCard).because is FaultCode.PIN_BLOCKED
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.PIN_BLOCKED)
    assert result.hints == (StaffHint.UNBLOCK_AT_MUNICIPALITY,)


def test_a_refusal_without_a_count_is_counted_before_the_next_try() -> None:
    story = checking_pin().pin(TryCode.WRONG, None)
    visit = story.visit.id
    story.did(fx.Show(PinView(0, None, wrong=True)), fx.StartTimer(visit, Timer.CARD, 15.0), fx.CountPinTries(visit))
    story.unmoved_by(lambda: story.enter(PIN))
    assert not story.at(EnteringPin).checking
    story.pin_tries(2).shows(PinView(0, 2, wrong=True))
    story.enter(PIN).certificate().pin().at(Consenting)


def test_a_second_count_of_the_same_entry_is_let_pass() -> None:
    story = entering_pin()
    story.unmoved_by(lambda: story.pin_tries(0))


def test_nothing_is_sent_before_the_tries_are_known() -> None:
    story = choosing_method().press(Button.MIDDLE)
    story.unmoved_by(lambda: story.enter(PIN), lambda: story.pin(TryCode.ACCEPTED))
    story.wait(15.1).at(RemoveCard)
    assert story.result.fault is FaultCode.CARD_SILENT


def test_while_the_pin_is_checked_nothing_else_counts() -> None:
    story = checking_pin()
    story.unmoved_by(
        lambda: story.digits(PIN, 2),
        lambda: story.enter(PIN),
        lambda: story.cancel_entry(PIN),
        lambda: story.press(Button.RIGHT),
    )
    assert len(story.all(fx.SignWithPin)) == 1


def test_digits_of_another_entry_do_not_count() -> None:
    story = entering_pin()
    other = EntryKind.NUMBER_B
    story.unmoved_by(
        lambda: story.digits(other, 2),
        lambda: story.enter(other),
        lambda: story.cancel_entry(other),
        lambda: story.press(Button.LEFT),
        lambda: story.press(Button.MIDDLE),
    )


def test_another_way_instead_of_the_pin() -> None:
    assert entering_pin().cancel_entry(PIN).at(ChoosingMethod).because is None
    story = entering_pin().press(Button.RIGHT)
    story.at(ChoosingMethod)
    assert story.now_doing(fx.StopEntry)
    story.wait(60.1).at(RemoveCard)


def test_an_entry_that_nobody_goes_on_with_times_out() -> None:
    story = entering_pin().wait(60.1)
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.VISIT_TIMEOUT)
    assert not story.alerts


def test_after_an_unsure_face_the_pin_is_enough() -> None:
    story = matching(Policy(env=Env.SIM)).chip(issuer=IssuerCheck.UNKNOWN).certificate().face()
    story.at(AwaitingStaff)
    story.press(Button.LEFT).press(Button.MIDDLE).pin_tries(3).enter(PIN).pin().at(Consenting)
    story.press(Button.RIGHT).answer()
    assert (story.result.method, story.result.assurance) == (Method.PIN, Assurance.PIN)
