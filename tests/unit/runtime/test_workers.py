"""Workers one by one: the screen, what is published, entries, the camera's pump, parts that are started again."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.effects import Tone
from firmware.core.events import EntryKind, Event, Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, ConsentAnswer, EligibilityCode, VisitOutcome, VisitSummary
from firmware.core.result import RecordKind
from firmware.core.secret import Secret
from firmware.core.views import IdleView, LookingUpView, UnprovisionedView
from firmware.runtime import parts as parts_module
from firmware.runtime.lane import Lane
from firmware.runtime.mailbox import FrameMailbox
from firmware.runtime.parts import Parts
from firmware.runtime.scope import Scope
from firmware.runtime.screen import Screen
from firmware.runtime.work_entry import EntryWorker
from firmware.runtime.work_face import pump
from firmware.runtime.work_publish import PublishWorker
from tests.unit.runtime.bench import VISIT, Bench, until
from tests.unit.runtime.fakes import START, FakeCamera, FakeInputs, FakePanel
from tests.unit.runtime.fakes_card import NAME, Blocker

# ---- screen ----------------------------------------------------------------------------------------------------


def _screen(panel: FakePanel, posted: list[Event]) -> Screen:
    return Screen(panel, Lane("display"), posted.append, Scope())


async def test_only_the_newest_view_is_drawn() -> None:
    panel = FakePanel()
    screen = _screen(panel, [])
    panel.blocker.hold()
    screen.show(IdleView(held=1))
    await until(panel.blocker.entered.is_set)
    assert not screen.first.is_set()
    for held in range(2, 6):
        screen.show(IdleView(held=held))
    panel.blocker.release()
    await until(lambda: len(panel.views) == 2)
    await screen.first.wait()
    assert panel.views == [IdleView(held=1), IdleView(held=5)]
    screen.show(UnprovisionedView())
    await until(lambda: panel.views[-1] == UnprovisionedView())


@pytest.mark.parametrize("error", [DeviceError(FaultCode.DISPLAY_FAILED), RuntimeError("a bug")])
async def test_a_display_that_fails_is_told_once_and_stops_nothing(error: Exception) -> None:
    panel, posted = FakePanel(), list[Event]()
    screen = _screen(panel, posted)
    panel.error = error
    for _ in range(3):
        screen.show(IdleView())
        await until(lambda: screen._wanted is None)
    assert screen.first.is_set()
    fault = FaultCode.DISPLAY_FAILED if isinstance(error, DeviceError) else FaultCode.EFFECT_FAILED
    assert [(type(event), event.part, event.fault) for event in posted if isinstance(event, ev.PartFailed)] == [
        (ev.PartFailed, Part.DISPLAY, fault)
    ]
    panel.error = None
    for _ in range(2):
        screen.show(LookingUpView())
        await until(lambda: screen._wanted is None)
    assert [type(event) for event in posted] == [ev.PartFailed, ev.PartRecovered]
    assert panel.views == [LookingUpView()] * 2


async def test_sound_and_the_last_screen() -> None:
    panel = FakePanel()
    screen = _screen(panel, [])
    screen.play(Tone.DONE)
    await until(lambda: panel.tones == [Tone.DONE])
    await screen.close()
    assert panel.closed


# ---- publish ---------------------------------------------------------------------------------------------------

SUMMARY = VisitSummary(
    VisitOutcome.IDENTIFIED, 10.0, eligibility=EligibilityCode.VALID, consent=ConsentAnswer.GIVEN, consented_at=20.0
)


async def test_a_record_is_put_together_at_once() -> None:
    bench = Bench()
    worker = PublishWorker(bench.devices, Lane("store"), bench.post)
    visit = bench.visit
    visit.vault.detail = {"name": NAME}
    worker.result(visit, SUMMARY)
    visit.close()  # the vault is wiped before the store lane has begun
    await until(lambda: bench.publisher.records)
    record = bench.publisher.records[0]
    assert (record.visit, record.kind, record.eligibility) == (VISIT, RecordKind.RESULT, {"name": NAME})
    assert (record.started, record.ended, record.clock) == (START + 10.0, START, ClockState.SYNCED)
    assert record.consent_times is not None
    assert (record.consent_times.given, record.consent_times.expires) == (START + 20.0, START + 86_420.0)
    await until(lambda: bench.posted)
    assert [(type(event), getattr(event, "held", None)) for event in bench.posted] == [(ev.ResultCommitted, 1)]
    assert [told["event"] for told in bench.observed] == ["stage", "committed"]


async def test_with_an_unknown_clock_a_consent_has_no_end() -> None:
    bench = Bench()
    bench.clock.trust = ClockState.UNKNOWN
    worker = PublishWorker(bench.devices, Lane("store"), bench.post)
    worker.late(VISIT, SUMMARY, {"name": NAME})
    await until(lambda: bench.publisher.records)
    record = bench.publisher.records[0]
    assert (record.kind, record.clock) == (RecordKind.LATE, ClockState.UNKNOWN)
    assert record.consent_times is not None
    assert record.consent_times.expires is None


async def test_a_contradiction_is_published_without_details() -> None:
    bench = Bench()
    worker = PublishWorker(bench.devices, Lane("store"), bench.post)
    bench.visit.vault.detail = {"name": NAME}
    worker.result(
        bench.visit, VisitSummary(VisitOutcome.IDENTIFIED, 1.0, eligibility=EligibilityCode.IDENTITY_CONFLICT)
    )
    await until(lambda: bench.publisher.records)
    record = bench.publisher.records[0]
    assert (record.eligibility, record.consent_times) == (None, None)


@pytest.mark.parametrize(
    ("error", "fault"),
    [(DeviceError(FaultCode.OUTBOX_FULL), FaultCode.OUTBOX_FULL), (KeyError(NAME), FaultCode.EFFECT_FAILED)],
)
async def test_a_commit_that_fails(error: Exception, fault: FaultCode, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.publisher.error = error
    caplog.set_level(logging.DEBUG)
    PublishWorker(bench.devices, Lane("store"), bench.post).result(bench.visit, SUMMARY)
    await until(lambda: bench.posted)
    event = bench.posted[0]
    assert isinstance(event, ev.PublishFailed)
    assert (event.visit, event.fault) == (VISIT, fault)
    assert NAME not in caplog.text


# ---- entry -----------------------------------------------------------------------------------------------------


def _entry(bench: Bench, inputs: FakeInputs | None) -> EntryWorker:
    return EntryWorker(inputs, lambda work: work(), bench.post)


async def test_digits_go_to_the_vault_and_their_count_to_the_session() -> None:
    bench, inputs = Bench(), FakeInputs()
    worker = _entry(bench, inputs)
    worker.start(bench.visit, fx.StartEntry(VISIT, EntryKind.PIN, 4))
    inputs.type(b"4862")
    assert [type(event) for event in bench.posted] == [ev.EntryChanged, ev.EntryDone]
    assert bench.visit.vault.entry == Secret(b"4862")
    first = inputs.digits[0]
    inputs.type(b"1111")
    assert not any(first.view())
    assert bench.visit.vault.entry == Secret(b"1111")
    worker.stop()
    assert inputs.sink is None


async def test_digits_after_the_visits_end_are_wiped() -> None:
    bench, inputs = Bench(), FakeInputs()
    _entry(bench, inputs).start(bench.visit, fx.StartEntry(VISIT, EntryKind.PIN, 4))
    bench.visit.close()
    inputs.type(b"4862")
    assert inputs.sink is not None
    inputs.sink.cancelled()
    assert not bench.posted
    assert not any(inputs.digits[0].view())


async def test_an_entry_is_cancelled_and_a_keypad_is_missing() -> None:
    bench, inputs = Bench(), FakeInputs()
    _entry(bench, inputs).start(bench.visit, fx.StartEntry(VISIT, EntryKind.NUMBER_B, 14))
    assert inputs.sink is not None
    inputs.sink.cancelled()
    assert bench.posted == [ev.EntryCancelled(at=bench.posted[0].at, visit=VISIT, kind=EntryKind.NUMBER_B)]
    without = _entry(bench, None)
    without.start(bench.visit, fx.StartEntry(VISIT, EntryKind.PIN, 4))
    without.stop()


# ---- camera ----------------------------------------------------------------------------------------------------


def _in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("by", ["mailbox", "scope"])
def test_the_pump_ends_with_its_mailbox_or_its_scope(by: str) -> None:
    camera, mailbox, scope = FakeCamera(), FrameMailbox(), Scope()
    thread = _in_thread(lambda: pump(camera, 5.0, mailbox, scope))
    mailbox.take(5.0).wipe()
    if by == "mailbox":
        mailbox.close()
    else:
        scope.cancel()
    thread.join(5.0)
    assert not thread.is_alive()
    assert (camera.opened, camera.closed) == ([5.0], 1)


def test_a_camera_that_cannot_be_opened_tells_so_through_the_mailbox() -> None:
    camera, mailbox = FakeCamera(), FrameMailbox()
    camera.fault = FaultCode.CAMERA_MISSING
    pump(camera, 0.0, mailbox, Scope())
    assert camera.closed == 1
    with pytest.raises(DeviceError, match="CAM-001"):
        mailbox.take(5.0)


def test_the_first_frame_may_wait_for_the_notice() -> None:
    camera, mailbox = FakeCamera(), FrameMailbox()
    thread = _in_thread(lambda: pump(camera, time.monotonic() + 30.0, mailbox, Scope()))
    mailbox.take(5.0).wipe()
    mailbox.close()
    thread.join(5.0)
    assert camera.timeouts[0] > 31.0


# ---- parts -----------------------------------------------------------------------------------------------------


async def test_a_part_is_started_again_until_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "RETRY_SECONDS", 0.002)
    posted, tried, scope = list[Event](), list[int](), Scope()

    def start() -> None:
        tried.append(1)
        if len(tried) < 4:
            raise DeviceError(FaultCode.KEYPAD_FAILED)

    await Parts(posted.append, scope).start(Part.KEYPAD, Lane("display"), start)
    assert len(tried) == 1
    await until(lambda: len(posted) == 4)
    assert [type(event) for event in posted] == [ev.PartFailed] * 3 + [ev.PartRecovered]
    await asyncio.sleep(0.02)
    assert len(tried) == 4


async def test_a_part_that_works_says_nothing() -> None:
    posted: list[Event] = []
    parts = Parts(posted.append, Scope())
    await parts.start(Part.OUTBOX, Lane("store"), lambda: None)
    assert not posted
    parts.note(Part.CLOCK, FaultCode.CLOCK_UNKNOWN)
    parts.note(Part.CLOCK, None)
    assert [type(event) for event in posted] == [ev.PartFailed, ev.PartRecovered]


async def test_a_part_that_hangs_at_start_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "START_SECONDS", 0.01)
    posted, blocker, scope = list[Event](), Blocker(), Scope()
    blocker.hold()
    await Parts(posted.append, scope).start(Part.READER, Lane("card"), blocker.wait)
    assert isinstance(posted[0], ev.PartFailed)
    assert posted[0].fault is FaultCode.LANE_STUCK
    scope.cancel()
    blocker.release()
