"""Services and parts that fail, requests, shut-down and the unexpected, on the real runtime."""

import asyncio

import pytest

from firmware.core.events import Button, ButtonPressed, CardPresence, Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode, StaffHint, VisitOutcome
from firmware.core.views import (
    ConsentView,
    IdleView,
    LookingUpView,
    NextStep,
    NoticeView,
    OutOfServiceView,
    PinView,
    RegisterView,
    RemoveCardView,
    ResultView,
    StaffView,
    UnprovisionedView,
)
from firmware.ports import EligibilityAnswer
from firmware.runtime.loop import InboxFullError
from firmware.session.model import Consenting
from firmware.session.states import TABLE
from tests.flows.counter import Counter
from tests.unit.runtime.fakes_card import NAME

PENDING, VALID = EligibilityCode.PENDING, EligibilityCode.VALID
CONFLICT = EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT, {"name": NAME})


# ---- services and parts ----------------------------------------------------------------------------------------


async def test_a_contradiction_is_shown_to_nobody() -> None:
    counter = Counter()
    counter.gateway.answers = [CONFLICT]
    async with counter.running():
        await counter.by_face()
        view = await counter.consent()
        assert view == ResultView(NextStep.COUNTER, outcome=EligibilityCode.IDENTITY_CONFLICT)
        record = await counter.result()
    assert (record.summary.fault, record.eligibility) == (FaultCode.IDENTITY_CONFLICT, None)
    assert counter.publisher.alerts == [(FaultCode.IDENTITY_CONFLICT, record.visit)]


@pytest.mark.parametrize(
    ("error", "code", "fault"),
    [
        (DeviceError(FaultCode.GATEWAY_UNREACHABLE), EligibilityCode.NOT_REACHABLE, FaultCode.GATEWAY_UNREACHABLE),
        (DeviceError(FaultCode.GATEWAY_REFUSED), EligibilityCode.REFUSED, FaultCode.GATEWAY_REFUSED),
        (ValueError(NAME), EligibilityCode.NOT_REACHABLE, FaultCode.EFFECT_FAILED),
    ],
)
async def test_no_answer_of_the_gateway(
    error: Exception, code: EligibilityCode, fault: FaultCode, caplog: pytest.LogCaptureFixture
) -> None:
    counter = Counter()
    counter.gateway.answers = [error]
    counter.gateway.consent_fault = FaultCode.GATEWAY_UNREACHABLE
    async with counter.running():
        await counter.by_face()
        assert (await counter.consent()).next_step is NextStep.COUNTER
        record = await counter.result()
    assert (record.summary.eligibility, record.summary.fault) == (code, fault)
    assert NAME not in caplog.text


async def test_registering() -> None:
    counter = Counter()
    counter.gateway.answers = [EligibilityAnswer(EligibilityCode.NOT_REGISTERED, registration_offered=True)]
    async with counter.running():
        await counter.by_face()
        counter.inputs.press(Button.LEFT)
        await counter.sees(RegisterView)
        counter.inputs.press(Button.LEFT)
        await counter.sees(ResultView)
        record = await counter.result()
    assert (record.summary.eligibility, record.eligibility) == (VALID, {"name": NAME})
    assert counter.gateway.registered == [record.visit]


async def test_pulled_while_registering() -> None:
    counter = Counter()
    counter.gateway.answers = [EligibilityAnswer(EligibilityCode.NOT_REGISTERED, registration_offered=True)]
    async with counter.running():
        await counter.by_face()
        counter.inputs.press(Button.LEFT)
        await counter.sees(RegisterView)
        counter.gateway.hold()
        counter.inputs.press(Button.LEFT)
        await counter.sees(RegisterView, working=True)
        counter.lift()
        await counter.sees(IdleView)
        counter.gateway.release()
        late = await counter.late()
        record = await counter.result()
    assert record.summary.eligibility is EligibilityCode.NOT_REGISTERED
    assert (late.summary.eligibility, late.eligibility) == (VALID, {"name": NAME})


async def test_the_outbox_is_full() -> None:
    counter = Counter()
    counter.publisher.error = DeviceError(FaultCode.OUTBOX_FULL)
    async with counter.running():
        await counter.by_face()
        await counter.consent()
        await counter.sees(ResultView, because=FaultCode.OUTBOX_FULL)
        assert counter.publisher.alerts == [(FaultCode.OUTBOX_FULL, counter.visit)]
        counter.publisher.error = None
        await counter.leave()
        await counter.by_pin()


async def test_the_broker_is_away() -> None:
    async with Counter().running() as counter:
        counter.publisher.lost(Part.BROKER, FaultCode.BROKER_UNREACHABLE)
        await counter.sees(IdleView, warnings=(FaultCode.BROKER_UNREACHABLE,))
        await counter.by_face()
        await counter.consent()
        await counter.sees(ResultView, held=1)
        await counter.leave()
        await counter.sees(IdleView, held=1)
        assert counter.publisher.callbacks is not None
        counter.publisher.callbacks.held(0)
        counter.publisher.callbacks.part_recovered(Part.BROKER)
        await counter.sees(IdleView, warnings=(), held=0)


@pytest.mark.parametrize("fault", [FaultCode.READER_NO_ACCESS, FaultCode.PCSC_DOWN])
async def test_why_the_reader_is_away_is_shown(fault: FaultCode) -> None:
    async with Counter().running() as counter:
        counter.reader.reader_fault = fault
        counter.reader.report(CardPresence.READER_LOST)
        await counter.sees(OutOfServiceView, fault=fault)


@pytest.mark.parametrize("settled", [True, False])
async def test_the_reader_is_lost_and_comes_back(settled: bool) -> None:
    async with Counter().running() as counter:
        await (counter.by_face() if settled else counter.place_and_choose(Button.MIDDLE))
        counter.reader.report(CardPresence.READER_LOST)
        await counter.sees(OutOfServiceView, fault=FaultCode.READER_LOST)
        outcome = (await counter.result()).summary.outcome
        assert outcome is (VisitOutcome.IDENTIFIED if settled else VisitOutcome.FAULT)
        counter.reader.report(CardPresence.READER_BACK)
        counter.reader.report(CardPresence.PRESENT)
        await counter.sees(NoticeView)


@pytest.mark.parametrize(
    ("part", "offered"),
    [(Part.FACE_CAMERA, {"pin", "staff"}), (Part.INFERENCE, {"pin", "staff"})],
)
async def test_a_part_that_could_not_be_composed(part: Part, offered: set[str]) -> None:
    counter = Counter().without(part, FaultCode.CAMERA_MISSING)
    async with counter.running():
        await counter.sees(IdleView, warnings=(FaultCode.CAMERA_MISSING,))
        counter.place()
        view = await counter.sees(NoticeView)
    assert set(view.methods) == offered


async def test_without_a_keypad_staff_are_called_at_once() -> None:
    async with Counter().without(Part.KEYPAD, FaultCode.KEYPAD_FAILED).running() as counter:
        await counter.sees(IdleView, warnings=(FaultCode.KEYPAD_FAILED,))
        counter.place()
        await counter.sees(StaffView, other_way=False)
        counter.request("staff-check")
        await counter.sees(ConsentView)


async def test_a_device_without_a_site() -> None:
    async with Counter().running(provisioned=False) as counter:
        await counter.sees(UnprovisionedView)
        assert counter.publisher.callbacks is None
    assert counter.publisher.states == ["degraded"]


async def test_the_state_that_the_reception_sees() -> None:
    async with Counter().running() as counter:
        await counter.by_face()
        await counter.consent()
        await counter.leave()
        counter.reader.report(CardPresence.READER_LOST)
        await counter.sees(OutOfServiceView)
    assert counter.publisher.states == ["ready", "busy", "ready", "degraded"]


# ---- requests, shut-down, the unexpected -----------------------------------------------------------------------


async def test_requests_count_for_the_open_visit_only_and_when_asked_for() -> None:
    async with Counter().running() as counter:
        await counter.sees(IdleView)
        counter.request("cancel", visit=VisitId("another"))
        await counter.until(lambda: counter.runtime.effects.ignored == 1)
        await counter.place_and_choose(Button.RIGHT)
        await counter.sees(StaffView)
        counter.inputs.press(Button.LEFT)
        await counter.sees(NoticeView)
        counter.inputs.press(Button.MIDDLE)
        await counter.sees(PinView)
        counter.request("staff-check", visit=VisitId("another"))
        counter.request("cancel", visit=VisitId("another"))
        counter.request("staff-check")
        counter.request("reboot")
        await counter.until(lambda: counter.runtime.effects.ignored == 5)
        await counter.sees(PinView)


async def test_a_result_on_its_way_to_the_disk_is_not_lost_at_shut_down() -> None:
    counter = Counter()
    counter.publisher.blocker.hold()
    async with counter.running():
        await counter.by_face()
        counter.inputs.press(Button.RIGHT)
        await counter.until(counter.publisher.blocker.entered.is_set)
        await counter.sees(LookingUpView)
        asyncio.get_running_loop().call_later(0.05, counter.publisher.blocker.release)
    assert len(counter.publisher.records) == 1
    assert counter.publisher.closed
    assert counter.reader.stopped
    assert counter.panel.closed
    assert counter.inputs.closed
    assert counter.gateway.closed
    assert counter.card.calls[-1] == "release"
    assert all(not any(secret.view()) for secret in counter.card.handed_out)


@pytest.mark.parametrize("settled", [False, True])
async def test_a_visit_that_the_stop_cuts_off_has_its_one_outcome(settled: bool) -> None:
    counter = Counter()
    counter.gateway.hold()
    async with counter.running():
        await (counter.by_pin() if settled else counter.place_and_choose(Button.RIGHT))
        await counter.sees(ConsentView if settled else StaffView)
    (record,) = counter.publisher.records
    summary = record.summary
    if settled:
        assert (summary.outcome, summary.eligibility) == (VisitOutcome.IDENTIFIED, PENDING)
        assert summary.hints == (StaffHint.CHECK_LATER,)
    else:
        assert (summary.outcome, summary.fault) == (VisitOutcome.ABORTED, None)
    assert counter.publisher.closed
    assert all(not any(secret.view()) for secret in counter.card.handed_out)


async def test_an_event_that_nobody_thought_of_ends_the_visit_safely(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Counter().running(strict=False) as counter:
        await counter.by_face()
        monkeypatch.delitem(TABLE[Consenting].rules, ButtonPressed)
        counter.inputs.press(Button.LEFT)
        await counter.sees(RemoveCardView, because=FaultCode.SESSION_UNDEFINED)
        record = await counter.result()
        assert (record.summary.outcome, record.summary.fault) == (VisitOutcome.FAULT, FaultCode.SESSION_UNDEFINED)
        await counter.leave()
        await counter.by_pin()


async def test_a_loop_that_loses_events_ends_the_process() -> None:
    counter = Counter()
    with pytest.raises(ExceptionGroup) as caught:
        await _flooded(counter)
    assert caught.group_contains(InboxFullError)
    assert counter.publisher.closed


async def _flooded(counter: Counter) -> None:
    async with counter.running():
        for _ in range(1500):
            counter.inputs.press(Button.RIGHT)
        await counter.until(counter.task.done)
