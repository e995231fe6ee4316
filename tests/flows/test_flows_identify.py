"""Visits from power-on to the sealed result, on the real runtime: face, PIN, staff."""

import logging
import re
from pathlib import Path

import pytest

from firmware.core.events import Button
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    CertificateCheck,
    ChipCheck,
    ConsentAnswer,
    EligibilityCode,
    IssuerCheck,
    MatchBand,
    MatchCode,
    MatchVerdict,
    Method,
    RecordCheck,
    StaffHint,
    UnsureReason,
    VisitOutcome,
)
from firmware.core.views import (
    ConsentView,
    FaceView,
    LastTryView,
    NextStep,
    NoticeView,
    NumberBView,
    PinView,
    RemoveCardView,
    ResultView,
    StaffView,
)
from firmware.runtime.journal import Journal
from firmware.session.journal import replay
from tests.flows.counter import QUICK, Counter
from tests.unit.runtime.fakes_card import CERTIFICATE, MARKERS, NAME, NUMBER_B, PIN
from tests.unit.runtime.fakes_face import FakeFace

UNSURE = MatchVerdict(MatchCode.UNSURE, UnsureReason.NO_FACE, None, "test-threshold", "00ff")
NO_MATCH = MatchVerdict(MatchCode.NO_MATCH, None, MatchBand.BELOW, "test-threshold", "00ff")


async def test_by_face() -> None:
    async with Counter().running() as counter:
        await counter.by_face()
        assert (await counter.consent()).next_step is NextStep.DONE
        await counter.leave()
        record = await counter.result()
    summary = record.summary
    assert (summary.outcome, summary.assurance) == (VisitOutcome.IDENTIFIED, Assurance.FACE_ISSUER_VERIFIED)
    assert record.eligibility == {"name": NAME}
    assert counter.gateway.asked == [(Method.FACE, CERTIFICATE, b"19710415")]
    evidence = counter.gateway.evidence[0]
    assert (evidence.visit, evidence.verdict, evidence.pin_signature) == (record.visit, summary.match, None)
    assert evidence.chip is not None
    assert evidence.chip.signature == b"chip-signature"
    assert summary.consent is ConsentAnswer.GIVEN
    assert record.consent_times is not None
    assert record.consent_times.expires == record.consent_times.given + 86_400
    assert len(counter.publisher.records) == 1
    assert counter.card.calls.count("unlock") == 1


async def test_nothing_of_the_patient_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    counter = Counter(journal=Journal(tmp_path, QUICK))
    async with counter.running():
        await counter.by_face()
        await counter.consent()
        await counter.leave()
        evidence = counter.gateway.evidence[0]
        assert not any(evidence.certificate.view())
        assert evidence.record is not None
        assert not any(evidence.record.birth_date.view())
        assert len(evidence.record.photo) == 0
        assert counter.card.handed_out
        assert all(not any(secret.view()) for secret in counter.card.handed_out + counter.inputs.digits)
        await counter.until(lambda: counter.camera.closed)
    assert counter.camera.frames
    assert all(not any(frame.pixels) for frame in counter.camera.frames)
    journal = (tmp_path / "journal.jsonl").read_bytes()
    told = f"{counter.observed}{counter.publisher.progressed}{counter.panel.views}{caplog.text}".encode()
    # Four digits turn up by chance in a time or a random id; neither is the patient's.
    chance = re.compile(rb"\d+\.\d+|[0-9a-f]{32}")
    for text in (chance.sub(b"", journal), chance.sub(b"", told)):
        assert not [marker for marker in MARKERS if marker in text]


async def test_a_recorded_visit_is_replayed(tmp_path: Path) -> None:
    counter = Counter(journal=Journal(tmp_path, QUICK))
    async with counter.running():
        await counter.by_pin()
        await counter.consent()
        await counter.leave()
    lines = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    played = list(replay(lines))
    assert len(played) > 10
    assert all(line.same for line in played)
    tampered = [line.replace('"code":"accepted"', '"code":"blocked"') for line in lines]
    assert not all(line.same for line in replay(tampered))


async def test_by_pin() -> None:
    async with Counter().running() as counter:
        await counter.by_pin()
        await counter.consent(Button.RIGHT)
        record = await counter.result()
    assert (record.summary.method, record.summary.assurance) == (Method.PIN, Assurance.PIN)
    assert (record.summary.consent, record.consent_times) == (ConsentAnswer.REFUSED, None)
    assert counter.gateway.evidence[0].pin_signature == b"pin-signature"
    assert counter.gateway.evidence[0].record is None
    assert [(given, expires) for _, given, _, expires in counter.gateway.consents] == [(False, None)]
    assert not counter.camera.opened


async def test_a_wrong_pin_then_the_right_one_at_the_last_try() -> None:
    counter = Counter()
    counter.card.tries = 2
    async with counter.running():
        await counter.place_and_choose(Button.MIDDLE)
        await counter.sees(PinView, tries_left=2)
        await counter.type(b"0000")
        await counter.sees(LastTryView)
        counter.inputs.press(Button.LEFT)
        await counter.type(PIN)
        await counter.sees(ConsentView)
        await counter.consent()
    assert counter.card.calls.count("sign_with_pin") == 2
    assert all(not any(digits.view()) for digits in counter.inputs.digits)


async def test_a_pin_that_gets_blocked_leaves_the_other_ways() -> None:
    counter = Counter()
    counter.card.tries = 1
    async with counter.running():
        await counter.place_and_choose(Button.MIDDLE)
        await counter.sees(LastTryView)
        counter.inputs.press(Button.LEFT)
        await counter.type(b"0000")
        view = await counter.sees(NoticeView, because=FaultCode.PIN_BLOCKED)
        assert view.methods == (Method.FACE, Method.STAFF)


async def test_number_b_is_typed_wrong_then_right() -> None:
    async with Counter().running() as counter:
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView)
        await counter.type(b"00000000000000")
        await counter.sees(NumberBView, wrong=True, tries_left=4)
        await counter.type(NUMBER_B)
        await counter.sees(ConsentView)


async def test_number_b_with_few_tries_left() -> None:
    counter = Counter()
    counter.card.left = 6
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView)
        await counter.type(b"00000000000000")
        view = await counter.sees(NoticeView, because=FaultCode.NUMBER_B_STOPPED)
        assert view.methods == (Method.PIN, Method.STAFF)
        counter.inputs.press(Button.MIDDLE)
        await counter.type(PIN)
        await counter.sees(ConsentView)


async def test_by_staff() -> None:
    async with Counter().running() as counter:
        await counter.by_staff()
        await counter.sees(ConsentView)
        await counter.consent()
        record = await counter.result()
    assert record.summary.assurance is Assurance.STAFF
    assert counter.gateway.evidence[0].staff_request == "signed-request"


async def test_staff_refuse() -> None:
    async with Counter().running() as counter:
        await counter.by_staff(approved=False)
        await counter.sees(RemoveCardView, because=FaultCode.STAFF_REFUSED)
        record = await counter.result()
    assert record.summary.outcome is VisitOutcome.NOT_IDENTIFIED
    assert not counter.gateway.asked


async def test_an_impostor_is_sent_to_another_way() -> None:
    counter = Counter()
    counter.face.verdicts = [UNSURE, NO_MATCH, NO_MATCH]
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView)
        await counter.type(NUMBER_B)
        view = await counter.sees(NoticeView, because=FaultCode.FACE_NOT_MATCHED)
        assert view.methods == (Method.PIN, Method.STAFF)
        assert counter.face.attempts == 3
        assert FaceView(2, 3, UnsureReason.NO_FACE) in counter.panel.views
        counter.request("cancel")
        record = await counter.result()
    assert (record.summary.outcome, record.summary.match) == (VisitOutcome.ABORTED, NO_MATCH)


async def test_a_copied_card_is_not_genuine() -> None:
    counter = Counter()
    counter.card.chip = ChipCheck.WRONG
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.type(NUMBER_B)
        await counter.sees(RemoveCardView, because=FaultCode.CARD_NOT_GENUINE)
        record = await counter.result()
    assert (record.summary.outcome, record.summary.hints) == (
        VisitOutcome.NOT_GENUINE,
        (StaffHint.POSSIBLE_FORGERY,),
    )
    assert (FaultCode.CARD_NOT_GENUINE, record.visit) in counter.publisher.alerts
    assert not counter.gateway.asked


@pytest.mark.parametrize(
    ("signed", "issuer"), [(RecordCheck.WRONG, IssuerCheck.VERIFIED), (RecordCheck.SIGNED, IssuerCheck.UNKNOWN)]
)
async def test_what_the_chip_says_makes_a_staff_check(signed: RecordCheck, issuer: IssuerCheck) -> None:
    counter = Counter()
    counter.card.signed, counter.card.issuer = signed, issuer
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.type(NUMBER_B)
        await counter.sees(StaffView)
        counter.request("staff-check")
        await counter.sees(ConsentView)
        await counter.consent()
        record = await counter.result()
    assert record.summary.assurance is Assurance.STAFF


async def test_an_expired_certificate_is_not_looked_up() -> None:
    counter = Counter()
    counter.card.check = CertificateCheck.EXPIRED
    async with counter.running():
        await counter.place_and_choose(Button.MIDDLE)
        await counter.type(PIN)
        view = await counter.sees(ResultView)
        assert view.next_step is NextStep.COUNTER
        record = await counter.result()
    assert record.summary.eligibility is EligibilityCode.NOT_ASKED
    assert not counter.gateway.asked


@pytest.mark.parametrize("fault", [FaultCode.PHOTO_BROKEN, FaultCode.PHOTO_TOO_LARGE])
async def test_a_photo_that_cannot_be_used_leaves_the_pin(fault: FaultCode) -> None:
    counter = Counter()
    counter.card.faults["read_record"] = fault
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.type(NUMBER_B)
        await counter.sees(NoticeView, because=fault)
        counter.inputs.press(Button.MIDDLE)
        await counter.type(PIN)
        await counter.sees(ConsentView)


async def test_a_camera_that_fails_is_another_way() -> None:
    counter = Counter()
    counter.camera.fault = FaultCode.CAMERA_MISSING
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.type(NUMBER_B)
        await counter.sees(NoticeView, because=FaultCode.CAMERA_MISSING)


async def test_a_second_visit_is_a_new_one() -> None:
    counter = Counter()
    counter.face = FakeFace()
    async with counter.running():
        for _ in range(2):
            await counter.by_face()
            await counter.consent()
            await counter.leave()
    visits = {record.visit for record in counter.publisher.records}
    assert len(visits) == len(counter.publisher.records) == 2
