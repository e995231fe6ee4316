"""The card on a phone: no card face, and the certificate only after the PIN (Android); nothing at all (iPhone)."""

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Tone
from firmware.core.events import Button, EntryKind, Part, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    CardKind,
    CertificateCheck,
    Env,
    Method,
    Revocation,
    StaffHint,
    TryCode,
    VisitOutcome,
)
from firmware.core.views import NoticeView, RemoveCardView
from firmware.session.model import ChoosingMethod, Consenting, EnteringPin, Identifying, RemoveCard
from firmware.session.policy import Policy
from tests.unit.session.story import ENTRY, Story
from tests.unit.session.ways import choosing_method, consenting, identifying, idle, reading_front

PHONE, PIN = CardKind.PHONE, EntryKind.PIN


def phone(policy: Policy | None = None) -> Story:
    return identifying(policy).card_is(PHONE)


def test_only_the_pin_is_offered() -> None:
    story = phone().shows(NoticeView((Method.PIN,)))
    assert story.at(ChoosingMethod).visit.passed
    for button in (Button.LEFT, Button.RIGHT):
        story.press(button).did(fx.Play(Tone.WRONG)).at(ChoosingMethod)


def test_the_certificate_is_read_after_the_pin_was_accepted() -> None:
    story = phone().press(Button.MIDDLE)
    assert not story.now_doing(fx.ReadCertificate)
    story.pin_tries(3).enter(PIN)
    assert not story.all(fx.ReadCertificate)
    visit = story.visit.id
    story.wait(5.0).pin(counter=3)
    story.did(fx.StartTimer(visit, Timer.CARD, 15.0), fx.ReadCertificate(visit))
    story.at(EnteringPin)
    story.unmoved_by(lambda: story.enter(PIN), lambda: story.press(Button.RIGHT))
    story.certificate().at(Consenting)
    story.press(Button.LEFT).answer()
    assert (story.result.method, story.result.assurance) == (Method.PIN, Assurance.PIN)
    assert story.result.checks.certificate is CertificateCheck.VALID
    assert len(story.all(fx.ReadCertificate)) == 1


def test_the_certificate_must_come_within_the_card_time() -> None:
    story = phone().press(Button.MIDDLE).pin_tries(3).enter(PIN).wait(10.0).pin().wait(14.9)
    story.at(EnteringPin)
    story.wait(0.2)
    assert story.at(RemoveCard).because is FaultCode.CARD_SILENT


def test_revocation_is_asked_about_after_the_pin_too() -> None:
    story = phone(Policy(env=Env.SIM, check_revocation=True)).press(Button.MIDDLE).pin_tries(3).enter(PIN)
    assert not story.pin().all(fx.CheckRevocation)
    story.certificate().at(EnteringPin)
    assert story.now_doing(fx.CheckRevocation)
    story.revocation(Revocation.GOOD).at(Consenting)


def test_a_wrong_pin_reads_nothing() -> None:
    story = phone().press(Button.MIDDLE).pin_tries(3).enter(PIN).pin(TryCode.WRONG, 2, counter=2)
    assert not story.all(fx.ReadCertificate)
    story.enter(PIN).pin()
    assert story.now_doing(fx.ReadCertificate)


def test_a_blocked_pin_sends_to_the_counter() -> None:
    story = phone().press(Button.MIDDLE).pin_tries(0)
    story.shows(RemoveCardView(because=FaultCode.CARD_ON_PHONE)).at(RemoveCard)
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.PIN_BLOCKED)
    assert result.hints == (StaffHint.UNBLOCK_AT_MUNICIPALITY,)


@pytest.mark.parametrize(
    "story",
    [
        identifying(Policy(env=Env.SIM, methods=(Method.FACE, Method.STAFF))),
        idle().part_failed(Part.KEYPAD, FaultCode.KEYPAD_FAILED).place_card(),
    ],
)
def test_without_the_pin_a_phone_is_not_read_here(story: Story) -> None:
    story.card_is(PHONE)
    assert story.at(RemoveCard).because is FaultCode.CARD_ON_PHONE
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.CARD_ON_PHONE)
    assert result.hints == (StaffHint.ASK_DOCUMENT,)
    assert not story.all(fx.ReadCertificate)


def test_an_iphone_is_no_visit() -> None:
    story = identifying()
    visit = story.visit.id
    story.card_is(PHONE, same=False)
    assert story.last[:2] == (fx.StopTimers(visit), fx.CloseVisit(visit))
    story.shows(RemoveCardView(because=FaultCode.CARD_ON_PHONE)).at(RemoveCard)
    assert not story.results
    assert not story.progress


@pytest.mark.parametrize(("first", "second"), [(PHONE, CardKind.MY_NUMBER), (CardKind.MY_NUMBER, PHONE)])
def test_a_card_is_never_the_same_as_a_phone(first: CardKind, second: CardKind) -> None:
    story = identifying().card_is(first).lift_card().place_card().card_is(second)
    assert story.at(RemoveCard).because is FaultCode.CARD_SWAPPED


def test_nor_where_the_front_is_read_or_identity_is_settled() -> None:
    story = reading_front().lift_card().place_card().card_is(PHONE)
    assert story.at(RemoveCard).because is FaultCode.CARD_SWAPPED
    story = consenting().lift_card().place_card().card_is(PHONE)
    assert story.at(RemoveCard).because is FaultCode.CARD_SWAPPED


def test_a_phone_that_moved_starts_again() -> None:
    story = phone().press(Button.MIDDLE).pin_tries(3).enter(PIN).pin().lift_card()
    story.at(Identifying)
    story.place_card().card_is(PHONE).shows(NoticeView((Method.PIN,)))
    story.press(Button.MIDDLE)
    assert not story.now_doing(fx.ReadCertificate)
    story.pin_tries(3).enter(PIN)
    assert story.now_doing(fx.SignWithPin) == [fx.SignWithPin(story.visit.id, ENTRY)]
    story.pin().certificate().at(Consenting)


def test_the_plastic_card_keeps_all_ways() -> None:
    assert choosing_method().visit.excluded == ()
