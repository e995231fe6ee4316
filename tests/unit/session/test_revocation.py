"""Revocation, where the site has a responder: asked beside everything else, waited for, but not for ever."""

from collections.abc import Callable

import pytest

from firmware.core import effects as fx
from firmware.core.events import Button, EntryKind, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    CertificateCheck,
    Env,
    IssuerCheck,
    Method,
    Revocation,
    StaffHint,
    VisitOutcome,
)
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Consenting,
    EnteringPin,
    Matching,
    RemoveCard,
    State,
)
from firmware.session.policy import Policy
from tests.unit.session import ways
from tests.unit.session.story import Story

ASKING = Policy(env=Env.SIM, check_revocation=True, revocation_seconds=4.0)
GOOD, REVOKED, UNKNOWN = Revocation.GOOD, Revocation.REVOKED, Revocation.UNKNOWN


def by_face() -> Story:
    return ways.matching(ASKING).certificate().chip().face()


def by_pin() -> Story:
    return ways.checking_pin(ASKING).certificate().pin()


def by_staff() -> Story:
    return ways.awaiting_staff(ASKING).certificate().staff(approved=True)


WAITING: list[tuple[Callable[[], Story], type[State], Method]] = [
    (by_face, Matching, Method.FACE),
    (by_pin, EnteringPin, Method.PIN),
    (by_staff, AwaitingStaff, Method.STAFF),
]
"""All else is there; only the answer lacks."""


def test_it_is_asked_as_soon_as_the_certificate_was_read() -> None:
    story = ways.entering_pin(ASKING).certificate()
    story.did(fx.CheckRevocation(story.visit.id, 4.0))
    assert story.visit.revocation_wanted


@pytest.mark.parametrize("check", CertificateCheck)
def test_only_certificates_that_may_serve_are_asked_about(check: CertificateCheck) -> None:
    story = ways.entering_pin(ASKING).certificate(check)
    served = {CertificateCheck.VALID, CertificateCheck.GRACE, CertificateCheck.DATES_NOT_CHECKED}
    assert bool(story.now_doing(fx.CheckRevocation)) is (check in served)


def test_without_a_responder_nothing_is_asked() -> None:
    story = ways.consenting().press(Button.RIGHT).answer()
    assert not story.all(fx.CheckRevocation)
    assert story.result.checks.revocation is UNKNOWN


@pytest.mark.parametrize(("way", "state", "method"), WAITING)
def test_settling_waits_for_the_answer(way: Callable[[], Story], state: type[State], method: Method) -> None:
    story = way()
    story.at(state)
    visit = story.visit.id
    assert story.last[-2:] == (fx.StopTimers(visit), fx.StartTimer(visit, Timer.REVOCATION, 6.0))
    assert not story.all(fx.LookUp)
    story.revocation(GOOD).at(Consenting)
    assert story.now_doing(fx.LookUp) == [fx.LookUp(visit, method, 20.0)]
    story.press(Button.LEFT).answer()
    assert (story.result.checks.revocation, story.result.hints[-1]) == (GOOD, StaffHint.GO_ON)


@pytest.mark.parametrize(("way", "state", "method"), WAITING)
def test_no_answer_is_unknown(way: Callable[[], Story], state: type[State], method: Method) -> None:
    story = way().wait(5.9)
    story.at(state)
    story.wait(0.2).at(Consenting)
    story.press(Button.LEFT).answer()
    assert (story.result.checks.revocation, story.result.method) == (UNKNOWN, method)
    story = way().revocation(UNKNOWN)
    story.at(Consenting)


@pytest.mark.parametrize(("way", "state", "method"), WAITING)
def test_a_revoked_certificate_ends_the_visit(way: Callable[[], Story], state: type[State], method: Method) -> None:
    story = way()
    assert (type(story.state), story.visit.method) == (state, None), method
    story.revocation(REVOKED)
    assert story.at(RemoveCard).because is FaultCode.CERTIFICATE_REVOKED
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.CERTIFICATE_REVOKED)
    assert result.hints[-2:] == (StaffHint.ASK_DOCUMENT, StaffHint.RENEW_CERTIFICATE)
    assert (result.checks.revocation, result.method) == (REVOKED, None)
    assert not story.all(fx.LookUp)
    assert not story.alerts


def test_an_answer_that_came_first_is_not_waited_for() -> None:
    story = ways.matching(ASKING).certificate().revocation(GOOD)
    story.did()
    story.chip().face().at(Consenting)
    assert Timer.REVOCATION not in {name for _, name in story.timers}


def test_revoked_before_anything_was_typed() -> None:
    story = ways.entering_pin(ASKING).certificate().revocation(REVOKED)
    assert story.at(RemoveCard).because is FaultCode.CERTIFICATE_REVOKED


def test_while_it_is_waited_for_nothing_else_counts() -> None:
    story = by_face()
    story.unmoved_by(
        lambda: story.press(Button.RIGHT),
        story.face,
        lambda: story.fire(Timer.ENTRY, story.visit.id),
    )
    story = by_pin()
    story.unmoved_by(lambda: story.press(Button.RIGHT), lambda: story.enter(EntryKind.PIN))
    story = by_staff()
    story.unmoved_by(lambda: story.press(Button.LEFT), lambda: story.fire(Timer.NOTICE, story.visit.id))


def test_a_staff_check_need_not_wait_for_it() -> None:
    story = ways.matching(ASKING).certificate().chip(issuer=IssuerCheck.UNKNOWN).face()
    story.at(AwaitingStaff)
    story.revocation(GOOD).did()
    story.staff(approved=True).at(Consenting)


def test_an_answer_nobody_waits_for_is_let_pass() -> None:
    story = ways.entering_pin(ASKING).certificate().revocation(GOOD)
    story.unmoved_by(lambda: story.revocation(REVOKED), lambda: story.fire(Timer.REVOCATION, story.visit.id))
    story = by_pin().wait(6.1)
    story.at(Consenting)
    story.unmoved_by(lambda: story.revocation(REVOKED))


def test_a_card_that_went_away_is_asked_about_anew() -> None:
    story = by_pin().lift_card()
    assert not story.visit.revocation_wanted
    story.unmoved_by(lambda: story.revocation(REVOKED))
    story.place_card().card_is()
    story.unmoved_by(lambda: story.revocation(REVOKED))
    assert story.at(ChoosingMethod).visit.checks.revocation is UNKNOWN
    story.press(Button.MIDDLE).certificate()
    assert story.now_doing(fx.CheckRevocation)


def test_in_the_period_of_grace_nothing_is_shared() -> None:
    story = ways.checking_pin(ASKING).certificate(CertificateCheck.GRACE).pin().revocation(GOOD)
    assert not story.all(fx.SendConsent)
    assert story.now_doing(fx.LookUp)
