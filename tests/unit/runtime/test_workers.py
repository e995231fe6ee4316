"""Workers one by one: the screen, what is published, entries, parts that are started again."""

import asyncio
import logging
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
from firmware.runtime import screen as screen_module
from firmware.runtime.lane import Lane
from firmware.runtime.parts import Parts
from firmware.runtime.scope import Scope
from firmware.runtime.screen import Screen
from firmware.runtime.work_entry import EntryWorker
from firmware.runtime.work_publish import PublishWorker
from tests.unit.runtime.bench import VISIT, Bench, until
from tests.unit.runtime.fakes import START, FakeInputs, FakePanel
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


async def test_a_display_that_comes_back_shows_the_last_view_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(screen_module, "MOST_RETRY_SECONDS", 0.004)
    panel, posted, scope, pauses = FakePanel(), list[Event](), Scope(), list[float]()
    screen = Screen(panel, Lane("display"), posted.append, scope)
    loop = asyncio.get_running_loop()
    later = loop.call_later

    def call_later(pause: float, work: Callable[..., object], *rest: object) -> asyncio.TimerHandle:
        if work == screen.show:
            pauses.append(pause)
        return later(pause, work, *rest)

    monkeypatch.setattr(loop, "call_later", call_later)
    panel.error = DeviceError(FaultCode.DISPLAY_FAILED)
    screen.show(LookingUpView())
    screen.show(IdleView())
    await until(lambda: len(pauses) == 5)
    panel.error = None
    await until(lambda: panel.views)
    assert panel.views == [IdleView()]
    assert pauses[:5] == [0.001, 0.002, 0.004, 0.004, 0.004]
    assert [type(event) for event in posted] == [ev.PartFailed, ev.PartRecovered]
    panel.error = DeviceError(FaultCode.DISPLAY_FAILED)
    before = len(pauses)
    screen.show(LookingUpView())
    await until(lambda: len(pauses) > before)
    assert pauses[before] == 0.001  # from the beginning
    scope.cancel()
    await screen.close()
    count = len(pauses)
    await asyncio.sleep(0.01)
    assert len(pauses) == count


async def test_a_newer_view_takes_the_place_of_one_to_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "RETRY_SECONDS", 0.01)
    panel = FakePanel()
    screen = _screen(panel, [])
    panel.error = DeviceError(FaultCode.DISPLAY_FAILED)
    screen.show(LookingUpView())
    await until(lambda: screen._again is not None)
    panel.error = None
    screen.show(IdleView())
    await until(lambda: panel.views)
    await asyncio.sleep(0.03)
    assert panel.views == [IdleView()]


async def test_a_sound_that_fails_is_logged_only(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, posted, scope = FakePanel(), list[Event](), Scope()
    screen = Screen(panel, Lane("display"), posted.append, scope)

    def fail(_tone: Tone) -> None:
        raise RuntimeError(NAME)

    monkeypatch.setattr(panel, "play", fail)
    screen.play(Tone.DONE)
    await scope.drain()
    assert "RuntimeError" in caplog.text
    assert NAME not in caplog.text
    assert not posted


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
    ("error", "fault", "told"),
    [
        (DeviceError(FaultCode.OUTBOX_FULL, "9 pages"), FaultCode.OUTBOX_FULL, "9 pages"),
        (KeyError(NAME), FaultCode.EFFECT_FAILED, "KeyError"),
    ],
)
async def test_a_commit_that_fails(
    error: Exception, fault: FaultCode, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench()
    bench.publisher.error = error
    caplog.set_level(logging.DEBUG)
    PublishWorker(bench.devices, Lane("store"), bench.post).result(bench.visit, SUMMARY)
    await until(lambda: bench.posted)
    event = bench.posted[0]
    assert isinstance(event, ev.PublishFailed)
    assert (event.visit, event.fault) == (VISIT, fault)
    assert told in caplog.text
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


# ---- parts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [DeviceError(FaultCode.KEYPAD_FAILED), RuntimeError("a bug")])
async def test_a_part_is_started_again_until_it_works(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(parts_module, "RETRY_SECONDS", 0.002)
    posted, tried, scope = list[Event](), list[int](), Scope()

    def start() -> None:
        tried.append(1)
        if len(tried) < 4:
            raise error

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
