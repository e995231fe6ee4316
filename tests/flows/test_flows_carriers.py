"""Other carriers and other answers of the card, on the real runtime: phones, blocked PINs, revoked, two persons."""

from dataclasses import replace

import pytest

from firmware.core.challenge import ChallengePurpose
from firmware.core.events import Button
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    CardKind,
    HolderCheck,
    Method,
    Revocation,
    StaffHint,
    VisitOutcome,
)
from firmware.core.views import ConsentView, IdleView, NoticeView, NumberBView, PinView, RemoveCardView, StaffView
from firmware.publish.body import visit_body
from firmware.publish.contract import Tries
from tests.flows.counter import QUICK, Counter
from tests.unit.runtime.fakes import FakeRevocation
from tests.unit.runtime.fakes_card import CA, CERTIFICATE, NUMBER_B, PIN

ASKING = replace(QUICK, check_revocation=True, revocation_seconds=0.5)


def _asking(status: FakeRevocation) -> Counter:
    counter = Counter(ASKING)
    counter.devices = replace(counter.devices, revocation=status)
    return counter


async def test_a_phone_with_its_pin() -> None:
    counter = Counter()
    counter.card.kind = CardKind.PHONE
    async with counter.running():
        await counter.sees(IdleView)
        counter.place()
        assert (await counter.sees(NoticeView)).methods == (Method.PIN,)
        counter.inputs.press(Button.MIDDLE)
        await counter.sees(PinView, tries_left=3)
        await counter.type(b"0000")
        await counter.sees(PinView, wrong=True, tries_left=2)
        assert "read_certificate" not in counter.card.calls
        await counter.type(PIN)
        await counter.sees(ConsentView)
        await counter.consent()
        record = await counter.result()
    assert record.summary.assurance is Assurance.PIN
    evidence = counter.gateway.evidence[0]
    assert (evidence.method, evidence.record, evidence.chip) == (Method.PIN, None, None)
    assert counter.card.messages[-1] == evidence.challenge.message(ChallengePurpose.PIN)
    assert counter.card.calls[:5] == ["identify", "pin_tries", "sign_with_pin", "sign_with_pin", "read_certificate"]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [(CardKind.PHONE, FaultCode.CARD_ON_PHONE), (CardKind.UNKNOWN, FaultCode.CARD_NOT_MYNUMBER)],
)
async def test_an_iphone_and_a_foreign_card_publish_nothing(kind: CardKind, fault: FaultCode) -> None:
    counter = Counter()
    counter.card.kind, counter.card.token = kind, None
    async with counter.running():
        await counter.sees(IdleView)
        counter.place()
        await counter.sees(RemoveCardView, because=fault)
        counter.lift()
        await counter.sees(IdleView)
    assert not counter.publisher.records
    assert not counter.publisher.progressed


async def test_a_pin_blocked_from_birth_then_staff() -> None:
    counter = Counter()
    counter.card.tries = 0
    async with counter.running():
        await counter.place_and_choose(Button.MIDDLE)
        view = await counter.sees(NoticeView, because=FaultCode.PIN_BLOCKED)
        assert view.methods == (Method.FACE, Method.STAFF)
        counter.inputs.press(Button.RIGHT)
        await counter.sees(StaffView)
        counter.request("staff-check")
        await counter.sees(ConsentView)
        await counter.consent()
        record = await counter.result()
    assert record.summary.assurance is Assurance.STAFF
    assert StaffHint.UNBLOCK_AT_MUNICIPALITY in record.summary.hints
    assert visit_body(record).tries == Tries(pin=0)
    assert "sign_with_pin" not in counter.card.calls


async def test_the_cards_counters_are_published() -> None:
    counter = Counter()
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView)
        await counter.type(b"00000000000000")
        await counter.sees(NumberBView, wrong=True)
        counter.inputs.press(Button.RIGHT)
        await counter.sees(NoticeView)
        counter.inputs.press(Button.MIDDLE)
        await counter.sees(PinView, tries_left=3)
        await counter.type(b"0000")
        await counter.sees(PinView, wrong=True)
        counter.request("cancel")
        record = await counter.result()
    body = visit_body(record).model_dump(mode="json")
    assert body["tries"] == {"pin": 2, "number_b": 9}


async def test_a_right_number_b_is_a_full_counter() -> None:
    async with Counter().running() as counter:
        await counter.by_face()
        await counter.consent()
        record = await counter.result()
    assert visit_body(record).tries == Tries(number_b=10)
    assert visit_body(record).checks.holder is HolderCheck.SAME
    assert counter.card.calls[1:5] == ["unlock", "read_record", "check_chip", "read_certificate"]


@pytest.mark.parametrize("by", [Button.LEFT, Button.MIDDLE])
async def test_a_revoked_certificate(by: Button) -> None:
    status = FakeRevocation(Revocation.REVOKED)
    counter = _asking(status)
    async with counter.running():
        await counter.place_and_choose(by)
        if by is Button.LEFT:
            await counter.type(NUMBER_B)
        await counter.sees(RemoveCardView, because=FaultCode.CERTIFICATE_REVOKED)
        record = await counter.result()
    summary = record.summary
    assert (summary.outcome, summary.checks.revocation) == (VisitOutcome.NOT_IDENTIFIED, Revocation.REVOKED)
    assert summary.hints == (StaffHint.ASK_DOCUMENT, StaffHint.RENEW_CERTIFICATE)
    assert status.asked == [(CERTIFICATE, CA, 0.5)]
    assert not counter.gateway.asked


@pytest.mark.parametrize("answer", [Revocation.GOOD, Revocation.UNKNOWN])
async def test_not_known_to_be_revoked(answer: Revocation) -> None:
    counter = _asking(FakeRevocation(answer))
    async with counter.running():
        await counter.by_pin()
        await counter.consent()
        record = await counter.result()
    assert record.summary.checks.revocation is answer


async def test_a_responder_that_hangs_holds_nobody_up_for_long() -> None:
    status = FakeRevocation(Revocation.REVOKED)
    status.hold()
    counter = _asking(status)
    async with counter.running():
        await counter.by_face()
        await counter.consent()
        record = await counter.result()
    assert (record.summary.outcome, record.summary.checks.revocation) == (
        VisitOutcome.IDENTIFIED,
        Revocation.UNKNOWN,
    )


@pytest.mark.parametrize("certificate_first", [True, False])
async def test_two_persons_in_one_card(certificate_first: bool) -> None:
    counter = Counter()
    counter.card.holder = HolderCheck.OTHER
    async with counter.running():
        await counter.sees(IdleView)
        counter.place()
        await counter.sees(NoticeView)
        if certificate_first:
            counter.inputs.press(Button.MIDDLE)
            await counter.sees(PinView, tries_left=3)
            counter.inputs.press(Button.RIGHT)
            await counter.sees(NoticeView)
        counter.inputs.press(Button.LEFT)
        await counter.type(NUMBER_B)
        await counter.sees(RemoveCardView, because=FaultCode.HOLDER_DIFFERS)
        record = await counter.result()
    summary = record.summary
    assert (summary.outcome, summary.hints) == (VisitOutcome.NOT_GENUINE, (StaffHint.POSSIBLE_FORGERY,))
    assert (FaultCode.HOLDER_DIFFERS, record.visit) in counter.publisher.alerts
    last = "check_chip" if certificate_first else "read_certificate"
    assert [name for name in counter.card.calls if name in {"check_chip", "read_certificate"}][-1] == last
    assert not counter.gateway.asked
