"""The runtime round a visit: what starts, what is told, late effects and late answers, models and gateway."""

import asyncio
from dataclasses import replace

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.events import Button, CardPresence, Part
from firmware.core.faults import FaultCode
from firmware.core.ids import Handle, VisitId
from firmware.core.outcomes import Method
from firmware.core.secret import Secret
from firmware.core.views import ConsentView, IdleView, NoticeView, OutOfServiceView, PinView
from firmware.ports import MatchLimits
from firmware.runtime import loop as loop_module
from firmware.runtime import parts as parts_module
from firmware.runtime.lane import Lane
from firmware.runtime.work_camera import CameraWorker
from firmware.runtime.work_card import CardEffect, CardWorker
from firmware.runtime.work_face import FaceWorker
from firmware.session.handlers import UndefinedPairError
from firmware.session.model import Consenting
from firmware.session.states import TABLE
from tests.flows.counter import Counter
from tests.unit.runtime.bench import VISIT, Bench, until
from tests.unit.runtime.fakes import FakeQueries
from tests.unit.runtime.fakes_card import FakeCard


async def test_ready_only_after_the_first_screen() -> None:
    counter = Counter()
    counter.panel.blocker.hold()
    started = asyncio.ensure_future(_run(counter))
    await until(counter.panel.blocker.entered.is_set)
    assert not counter.ready.is_set()
    counter.panel.blocker.release()
    await started
    assert counter.panel.views[0] == IdleView()
    assert counter.face.loaded
    assert counter.publisher.states[0] == "ready"


async def _run(counter: Counter) -> None:
    async with counter.running():
        await counter.until(lambda: counter.face.loaded and counter.publisher.states)


async def test_models_that_cannot_be_loaded_are_told() -> None:
    counter = Counter()
    counter.face.fault = FaultCode.MODEL_HASH_WRONG
    async with counter.running():
        await counter.sees(IdleView, warnings=(FaultCode.MODEL_HASH_WRONG,))
        counter.place()
        view = await counter.sees(NoticeView)
        assert Method.FACE not in view.methods


async def test_the_gateway_goes_away_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "REFILL_SECONDS", 0.01)
    counter = Counter()
    counter.gateway.refill_fault = FaultCode.GATEWAY_UNREACHABLE
    async with counter.running():
        await counter.sees(IdleView, warnings=(FaultCode.GATEWAY_UNREACHABLE,))
        counter.gateway.refill_fault = None
        await counter.sees(IdleView, warnings=())
    assert counter.publisher.alerts == [(FaultCode.GATEWAY_UNREACHABLE, None)]


async def test_who_answers_receptions_goes_away_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A share that is not mounted is told before somebody asks."""
    monkeypatch.setattr(loop_module, "REFILL_SECONDS", 0.01)
    counter, queries = Counter(), FakeQueries()
    counter.devices = replace(counter.devices, queries=queries)
    queries.check_fault = FaultCode.TERMINAL_UNREACHABLE
    async with counter.running():
        await counter.sees(IdleView, warnings=(FaultCode.TERMINAL_UNREACHABLE,))
        queries.check_fault = None
        await counter.sees(IdleView, warnings=())
    assert counter.publisher.alerts == [(FaultCode.TERMINAL_UNREACHABLE, None)]


async def test_challenges_are_fetched_between_visits_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "REFILL_SECONDS", 0.001)
    async with Counter().running() as counter:
        await counter.place_and_choose(Button.MIDDLE)
        await counter.sees(PinView)
        before = counter.gateway.refills
        await asyncio.sleep(0.02)
        assert counter.gateway.refills == before
        counter.request("cancel")
        await counter.leave()
        await counter.until(lambda: counter.gateway.refills > before)


async def test_an_adapter_tells_of_its_part_by_itself() -> None:
    counter = Counter()
    counter.devices.reports.tell(Part.KEYPAD, FaultCode.KEYPAD_FAILED)  # before anybody listens: lost
    async with counter.running():
        await counter.sees(IdleView, warnings=())
        counter.devices.reports.tell(Part.KEYPAD, FaultCode.KEYPAD_FAILED)
        await counter.sees(IdleView, warnings=(FaultCode.KEYPAD_FAILED,))
        counter.devices.reports.tell(Part.KEYPAD, None)
        await counter.sees(IdleView, warnings=())


async def test_a_part_that_fails_at_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "RETRY_SECONDS", 0.01)
    counter = Counter()
    counter.reader.fault = FaultCode.PCSC_DOWN
    counter.publisher.start_fault = FaultCode.OUTBOX_BROKEN
    counter.inputs.fault = FaultCode.KEYPAD_FAILED
    async with counter.running():
        await counter.sees(OutOfServiceView)
        counter.reader.fault = counter.publisher.start_fault = counter.inputs.fault = None
        await counter.sees(IdleView, warnings=())
        await counter.by_pin()


async def test_a_card_in_the_tray_at_power_on_is_asked_to_be_taken() -> None:
    counter = Counter()
    counter.reader.present = True
    async with counter.running():
        await counter.sees(NoticeView)  # reported after the first screen, so it starts a visit


async def test_in_tests_an_event_that_nobody_thought_of_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    with pytest.raises(ExceptionGroup) as caught:
        await _undefined(counter, monkeypatch)
    assert caught.group_contains(UndefinedPairError)


async def _undefined(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    async with counter.running(strict=True):
        await counter.by_face()
        monkeypatch.delitem(TABLE[Consenting].rules, ev.ButtonPressed)
        counter.inputs.press(Button.LEFT)
        await counter.until(counter.task.done)


async def test_effects_of_a_closed_visit_are_counted_and_not_done() -> None:
    async with Counter().running() as counter:
        await counter.by_face()
        effects, before = counter.runtime.effects, counter.runtime.effects.ignored
        calls = len(counter.card.calls)
        effects.apply(fx.IdentifyCard(VisitId("another")))
        effects.apply(fx.CloseVisit(VisitId("another")))
        assert effects.ignored == before + 2
        await counter.sees(ConsentView)
        assert len(counter.card.calls) == calls


async def test_presence_and_visits_are_observed_without_personal_data() -> None:
    async with Counter().running() as counter:
        in_visit = [counter.runtime.in_visit]
        counter.reader.report(CardPresence.PRESENT)
        await counter.sees(NoticeView)
        assert [*in_visit, counter.runtime.in_visit] == [False, True]
        assert await counter.runtime.healthy()
    told = [message for message in counter.observed if message["event"] == "presence"]
    assert [message["presence"] for message in told] == ["absent", "present"]
    assert {message["event"] for message in counter.observed} == {"presence", "state", "stage", "committed"}


# ---- effects without their data --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "effect", [fx.UnlockFace(VISIT, Handle("entry")), fx.SignWithPin(VISIT, Handle("entry")), fx.CheckChip(VISIT)]
)
async def test_without_what_it_needs_a_card_effect_fails(
    effect: fx.UnlockFace | fx.SignWithPin | fx.CheckChip,
) -> None:
    bench = Bench()
    bench.visit.vault.wipe_card()
    CardWorker(bench.devices, Lane("card"), bench.post).start(bench.visit, effect)
    await until(lambda: bench.posted)
    assert isinstance(bench.posted[0], ev.CardFailed)
    assert bench.posted[0].fault is FaultCode.EFFECT_FAILED


async def test_a_lifted_cards_answer_is_not_posted() -> None:
    bench = Bench()
    worker = CardWorker(bench.devices, Lane("card"), bench.post)
    bench.visit.vault.entry = entry = Secret(b"71041520291234")
    worker.start(bench.visit, fx.UnlockFace(VISIT, Handle("entry")))
    await asyncio.sleep(0)
    bench.visit.close_card()
    await worker.release()
    assert not bench.posted
    assert not any(entry.view())
    bench.visit.vault.entry = Secret(b"71041520291234")
    worker.start(bench.visit, fx.UnlockFace(VISIT, Handle("entry")))  # the next card has a scope of its own
    await until(lambda: bench.posted)
    assert isinstance(bench.posted[0], ev.NumberBChecked)


def _face(bench: Bench) -> FaceWorker:
    return FaceWorker(bench.devices, Lane("inference"), bench.post, lambda work: work(), MatchLimits(1.0))


@pytest.mark.parametrize("missing", ["camera", "face", "photo", "frames"])
async def test_without_what_it_needs_a_comparison_fails(missing: str) -> None:
    bench = Bench()
    if missing in {"camera", "face"}:
        bench.devices = replace(bench.devices, **{missing: None})  # type: ignore[arg-type]  # one of two ports
    worker = _face(bench)
    if missing != "frames":
        camera = CameraWorker(bench.devices.camera, Lane("camera"), bench.post, lambda work: work())
        camera.open(bench.visit, fx.OpenCamera(VISIT, 0.0))
    if missing == "photo":
        bench.visit.vault.record = None
    worker.compare(bench.visit, fx.CompareFace(VISIT, Handle("photo"), 1))
    await until(lambda: bench.posted)
    faults = {"camera": FaultCode.CAMERA_MISSING, "face": FaultCode.MODEL_MISSING}
    assert isinstance(bench.posted[0], ev.FaceFailed)
    assert bench.posted[0].fault is faults.get(missing, FaultCode.EFFECT_FAILED)
    bench.visit.close()


async def test_lanes_are_asked_all_at_once() -> None:
    """One after the other, five busy lanes would take longer than the watchdog waits."""
    async with Counter().running() as counter:
        lanes = counter.runtime.lanes
        together = asyncio.Barrier(len(lanes))
        counter.runtime.lanes = {name: _Waits(lane, together) for name, lane in lanes.items()}
        async with asyncio.timeout(5.0):
            assert await counter.runtime.healthy()
        counter.runtime.lanes = {**lanes, "card": _Waits(lanes["card"], asyncio.Barrier(1), answer=False)}
        assert not await counter.runtime.healthy()
        counter.runtime.lanes = lanes


class _Waits(Lane):
    """Answers a ping when all have been pinged."""

    def __init__(self, lane: Lane, together: asyncio.Barrier, *, answer: bool = True) -> None:
        self._lane, self._together, self._answer = lane, together, answer

    async def ping(self, seconds: float) -> bool:
        await self._together.wait()
        return self._answer and await self._lane.ping(seconds)


async def test_models_that_fail_in_a_way_nobody_foresaw(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()

    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(counter.face, "load", fail)
    async with counter.running():
        await counter.sees(IdleView, warnings=(FaultCode.EFFECT_FAILED,))


@pytest.mark.parametrize("what", ["identify", "read_record", "read_certificate"])
async def test_what_is_read_after_the_card_was_taken_away_is_wiped(what: str) -> None:
    bench, lane = Bench(), Lane("card")
    card = bench.devices.card
    assert isinstance(card, FakeCard)
    handed_out: list[Secret] = card.handed_out
    blocker = card.block(what)
    effects: dict[str, CardEffect] = {
        "identify": fx.IdentifyCard(VISIT),
        "read_record": fx.ReadPhoto(VISIT),
        "read_certificate": fx.ReadCertificate(VISIT),
    }
    bench.visit.vault.wipe()
    CardWorker(bench.devices, lane, bench.post).start(bench.visit, effects[what])
    await until(blocker.entered.is_set)
    bench.visit.close_card()
    await asyncio.sleep(0)
    blocker.release()
    await lane.run(lambda: None, 5.0)
    assert handed_out
    assert not any(any(secret.view()) for secret in handed_out)
    vault = bench.visit.vault
    assert (vault.token, vault.record, vault.certificate) == (None, None, None)
    assert not bench.posted
