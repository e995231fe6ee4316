"""Look-ups: their own copies of the evidence, the late amendment exactly once, nothing kept afterwards."""

import asyncio

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, Method, StaffHint, VisitOutcome, VisitSummary
from firmware.core.result import RecordKind, VisitRecord
from firmware.ports import EligibilityAnswer
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work_lookup import MAX_DETACHED, LookUpWorker
from firmware.runtime.work_publish import PublishWorker
from tests.unit.runtime.bench import VISIT, Bench, until
from tests.unit.runtime.fakes import START
from tests.unit.runtime.fakes_card import CERTIFICATE, NAME

PUBLISHED = VisitSummary(
    VisitOutcome.IDENTIFIED, 1.0, eligibility=EligibilityCode.PENDING, hints=(StaffHint.CHECK_LATER,)
)


class Desk(Bench):
    """A look-up worker with its publisher."""

    def __init__(self) -> None:
        super().__init__()
        self.outlives = Scope()
        publish = PublishWorker(self.devices, Lane("store"), self.post)
        self.worker = LookUpWorker(self.devices, self.post, publish, self.outlives)

    def look_up(self, visit: OpenVisit | None = None) -> None:
        asked = visit or self.visit
        self.worker.look_up(asked, fx.LookUp(asked.id, Method.FACE, 20.0))

    def detach(self, visit: OpenVisit | None = None) -> None:
        """As the session does when the patient leaves: detach, then close."""
        left = visit or self.visit
        self.worker.detach(left, fx.DetachLookUp(left.id, PUBLISHED))
        left.close()
        self.worker.forget()

    @property
    def late(self) -> list[VisitRecord]:
        return self.publisher.of_kind(RecordKind.LATE)

    def gone(self) -> bool:
        """All evidence that the gateway has seen is wiped."""
        return all(
            not any(evidence.certificate.view())
            and evidence.record is not None
            and not any(evidence.record.birth_date.view())
            for evidence in self.gateway.evidence
        )


async def test_an_answer_goes_to_the_session_and_its_details_to_the_vault() -> None:
    desk = Desk()
    desk.look_up()
    await until(lambda: desk.posted)
    event = desk.posted[0]
    assert isinstance(event, ev.LookUpAnswered)
    assert (event.visit, event.code, event.registration_offered) == (VISIT, EligibilityCode.VALID, False)
    assert desk.visit.vault.detail == {"name": NAME}
    assert desk.gateway.asked == [(Method.FACE, CERTIFICATE, b"19710415")]
    assert desk.gateway.seconds == [20.0]
    assert desk.gone()
    assert desk.visit.vault.certificate is not None
    assert desk.visit.vault.certificate.der.view() == CERTIFICATE
    assert [told["name"] for told in desk.observed] == ["look-up"]


async def test_without_a_certificate_nothing_is_asked() -> None:
    desk = Desk()
    desk.visit.vault.certificate = None
    desk.look_up()
    assert isinstance(desk.posted[0], ev.LookUpFailed)
    assert desk.posted[0].fault is FaultCode.EFFECT_FAILED
    assert not desk.gateway.asked


async def test_a_visit_without_a_face_has_no_record() -> None:
    desk = Desk()
    desk.visit.vault.record = None
    desk.look_up()
    await until(lambda: desk.posted)
    assert desk.gateway.evidence[0].record is None


async def test_the_visits_end_ends_its_look_up() -> None:
    desk = Desk()
    desk.gateway.hold()
    desk.look_up()
    await until(lambda: desk.gateway.asked)
    desk.visit.close()
    desk.worker.forget()
    await until(desk.gone)
    desk.gateway.release()
    await asyncio.sleep(0.01)
    assert not desk.posted
    assert not desk.publisher.records


async def test_a_look_up_that_is_cut_off_before_it_began_leaves_nothing() -> None:
    desk = Desk()
    desk.look_up()
    job = desk.worker._job
    desk.visit.close()
    desk.worker.forget()
    assert job is not None
    assert not any(job.evidence.certificate.view())
    assert desk.worker._job is None


async def test_detached_it_publishes_one_amendment() -> None:
    desk = Desk()
    desk.gateway.hold()
    desk.look_up()
    await until(lambda: desk.gateway.asked)
    desk.detach()
    assert not desk.gone()
    desk.gateway.release()
    await until(lambda: desk.late)
    await asyncio.sleep(0.01)
    (late,) = desk.late
    assert (late.visit, late.summary.eligibility) == (VISIT, EligibilityCode.VALID)
    assert (late.summary.hints, late.eligibility) == ((StaffHint.GO_ON,), {"name": NAME})
    assert [type(event) for event in desk.posted] == [ev.ResultCommitted]
    assert desk.publisher.progressed == [(VISIT, fx.Progress.DONE)], "the visit is done only now"
    assert desk.gone()


async def test_staff_s_word_is_passed_on_while_the_look_up_runs() -> None:
    desk, other = Desk(), VisitId("another")
    assert not desk.worker.confirm(VISIT, approved=True)
    desk.gateway.hold()
    desk.look_up()
    assert desk.worker.confirm(VISIT, approved=False)
    desk.detach()
    following = desk.open(other)
    assert not desk.worker.confirm(other, approved=True)
    desk.look_up(following)
    assert desk.worker.confirm(VISIT, approved=True)
    assert desk.worker.confirm(other, approved=True)
    desk.gateway.release()
    await until(lambda: desk.late)
    assert not desk.worker.confirm(VISIT, approved=True)
    assert desk.gateway.confirmed == [(VISIT, False), (VISIT, True), (other, True)]


async def test_detached_when_the_answer_was_there_already() -> None:
    """The answer's event was still in the inbox when the patient left: the session counts it as another visit's."""
    desk = Desk()
    desk.look_up()
    await until(lambda: desk.posted)
    desk.detach()
    await until(lambda: desk.late)
    assert desk.late[0].summary.eligibility is EligibilityCode.VALID
    assert desk.late[0].eligibility == {"name": NAME}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (FaultCode.GATEWAY_TIMEOUT, EligibilityCode.TIMED_OUT),
        (FaultCode.CHALLENGE_REFUSED, EligibilityCode.REFUSED),
    ],
)
@pytest.mark.parametrize("there_already", [True, False])
async def test_a_detached_look_up_that_fails(fault: FaultCode, code: EligibilityCode, there_already: bool) -> None:
    desk = Desk()
    desk.gateway.answers = [DeviceError(fault)]
    desk.gateway.hold()
    desk.look_up()
    if there_already:
        desk.gateway.release()
        await until(lambda: desk.posted)
    desk.detach()
    desk.gateway.release()
    await until(lambda: desk.late)
    assert (desk.late[0].summary.eligibility, desk.late[0].summary.fault) == (code, fault)
    assert desk.late[0].eligibility is None


async def test_a_detached_contradiction() -> None:
    desk = Desk()
    desk.gateway.answers = [EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT, {"name": NAME})]
    desk.look_up()
    desk.detach()
    await until(lambda: desk.late)
    assert desk.late[0].eligibility is None
    assert desk.late[0].summary.fault is FaultCode.IDENTITY_CONFLICT
    assert desk.publisher.alerts == [(FaultCode.IDENTITY_CONFLICT, VISIT)]


async def test_of_too_many_detached_look_ups_the_oldest_is_ended() -> None:
    desk = Desk()
    desk.gateway.hold()
    for number in range(MAX_DETACHED + 1):
        visit = desk.open(VisitId(f"visit-{number}"))
        desk.look_up(visit)
        await until(lambda: len(desk.gateway.asked) == len(desk.worker._detached) + 1)
        desk.detach(visit)
    await until(lambda: desk.late)
    assert [(late.visit, late.summary.eligibility) for late in desk.late] == [("visit-0", EligibilityCode.TIMED_OUT)]
    desk.gateway.release()
    await until(lambda: len(desk.late) == MAX_DETACHED + 1)
    assert len({late.visit for late in desk.late}) == MAX_DETACHED + 1
    assert desk.gone()


async def test_nothing_to_detach_and_nothing_to_register() -> None:
    desk = Desk()
    desk.detach()
    desk.worker.register(fx.Register(VISIT, 20.0))
    await asyncio.sleep(0.01)
    assert not desk.publisher.records
    assert not desk.gateway.registered


async def test_registering_after_the_look_up() -> None:
    desk = Desk()
    desk.gateway.answers = [
        EligibilityAnswer(EligibilityCode.NOT_REGISTERED, registration_offered=True),
        DeviceError(FaultCode.GATEWAY_ERROR),
    ]
    desk.look_up()
    await until(lambda: desk.posted)
    desk.worker.register(fx.Register(VisitId("another"), 20.0))
    desk.worker.register(fx.Register(VISIT, 7.0))
    await until(lambda: len(desk.posted) == 2)
    assert isinstance(desk.posted[1], ev.LookUpFailed)
    assert (desk.gateway.registered, desk.gateway.seconds) == ([VISIT], [20.0, 7.0])


async def test_detached_while_registering() -> None:
    """What the look-up had said before is no answer to the registration."""
    desk = Desk()
    desk.gateway.answers = [EligibilityAnswer(EligibilityCode.NOT_REGISTERED, registration_offered=True)]
    desk.look_up()
    await until(lambda: desk.posted)
    desk.gateway.hold()
    desk.worker.register(fx.Register(VISIT, 20.0))
    desk.detach()
    assert not desk.late
    desk.gateway.release()
    await until(lambda: desk.late)
    assert [late.summary.eligibility for late in desk.late] == [EligibilityCode.VALID]


@pytest.mark.parametrize(
    ("given", "trust", "end"),
    [
        (True, ClockState.SYNCED, START + 86_400.0),
        (True, ClockState.HOLDOVER, START + 86_400.0),
        (True, ClockState.UNKNOWN, None),
        (False, ClockState.SYNCED, None),
    ],
)
async def test_a_consent_is_sent_with_its_end(given: bool, trust: ClockState, end: float | None) -> None:
    desk = Desk()
    desk.clock.trust = trust
    desk.gateway.consent_fault = FaultCode.GATEWAY_TIMEOUT
    desk.worker.send_consent(fx.SendConsent(VISIT, given))
    await desk.outlives.drain()
    assert desk.gateway.consents == [(VISIT, given, START, end)]
    assert not desk.posted
