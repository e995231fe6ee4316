"""Reading the card's front: hints, digits that go into the vault or are wiped, faults, and one camera for two uses."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.events import Event, Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import FrontHint
from firmware.core.secret import Secret
from firmware.runtime import work_front
from firmware.runtime.lane import Lane
from firmware.runtime.vault import ENTRY
from firmware.runtime.work_camera import CameraWorker
from firmware.runtime.work_front import FrontWorker
from tests.unit.runtime.bench import VISIT, Bench, until
from tests.unit.runtime.fakes_card import NUMBER_B
from tests.unit.runtime.fakes_face import FakeCamera, FakeFront

READ = fx.ReadFront(VISIT, 20.0, 0.0, 1)


class FrontBench(Bench):
    """An open visit at the card's camera."""

    def __init__(self, front: FakeFront | None, camera: FakeCamera | None = None) -> None:
        super().__init__()
        self.camera = camera or FakeCamera()
        self.devices = replace(self.devices, card_front=front, card_camera=self.camera)
        loop = asyncio.get_running_loop()
        self.lane = Lane("camera")
        self.cameras = CameraWorker(self.camera, self.lane, self.post, lambda work: _soon(loop, work), Part.CARD_CAMERA)
        self.inference = Lane("inference")
        self.worker = FrontWorker(self.devices, self.cameras, self.inference, self.post, lambda work: _soon(loop, work))

    @property
    def ends(self) -> list[ev.FrontRead]:
        return [event for event in self.posted if isinstance(event, ev.FrontRead)]

    @property
    def parts(self) -> list[tuple[Part, FaultCode | None]]:
        return [_told(event) for event in self.posted if isinstance(event, ev.PartFailed | ev.PartRecovered)]


def _soon(loop: asyncio.AbstractEventLoop, work: object) -> None:
    assert callable(work)
    loop.call_soon_threadsafe(work)


def _told(event: ev.PartFailed | ev.PartRecovered) -> tuple[Part, FaultCode | None]:
    return event.part, event.fault if isinstance(event, ev.PartFailed) else None


def _wiped(digits: Secret) -> bool:
    return not any(digits.view())


@contextlib.contextmanager
def at(front: FakeFront | None, camera: FakeCamera | None = None) -> Iterator[FrontBench]:
    bench = FrontBench(front, camera)
    try:
        yield bench
    finally:
        bench.visit.close()
        bench.worker.close()
        bench.lane.close()
        bench.inference.close()


async def test_digits_lie_in_the_vault_like_typed_ones() -> None:
    with at(FakeFront(NUMBER_B)) as bench:
        bench.worker.read(bench.visit, fx.ReadFront(VISIT, 20.0, 5.0, 3))
        await until(lambda: bench.ends)
        assert [(end.number, end.entry) for end in bench.ends] == [(3, ENTRY)]
        assert bench.visit.vault.entry == Secret(NUMBER_B)
        await until(lambda: bench.camera.closed)
        assert bench.camera.opened == [5.0]
        assert all(not any(frame.pixels) for frame in bench.camera.frames)
        assert {stage["name"] for stage in bench.observed} == {"read-front"}


async def test_hints_are_told_when_they_change() -> None:
    front = FakeFront(NUMBER_B)
    front.hints = [FrontHint.NO_CARD, FrontHint.NO_CARD, FrontHint.GLARE, FrontHint.GLARE, FrontHint.NO_CARD]
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: bench.ends)
        hints = [event.hint for event in bench.posted if isinstance(event, ev.FrontHinted)]
        assert hints == [FrontHint.NO_CARD, FrontHint.GLARE, FrontHint.NO_CARD]


async def test_what_is_not_readable_in_time_has_no_digits() -> None:
    with at(FakeFront(None)) as bench:
        bench.worker.read(bench.visit, replace(READ, seconds=0.02))
        await until(lambda: bench.ends)
        assert bench.ends[0].entry is None
        assert bench.visit.vault.entry is None


async def test_a_removal_prolongs_the_reading() -> None:
    front = FakeFront(None)
    with at(front) as bench:
        bench.worker.read(bench.visit, replace(READ, seconds=0.1))
        await until(lambda: front.pixels)
        bench.visit.close_card()
        bench.worker.read(bench.visit, replace(READ, seconds=10.0, prolong=True))
        await until(lambda: len(front.seconds) == 2)
        assert not bench.ends
        front.digits = NUMBER_B
        await until(lambda: bench.ends)
        assert bench.ends[0].entry is ENTRY
        assert len(bench.camera.opened) == 1
        assert front.seconds[1] > 5.0


async def test_a_reading_is_never_shortened_and_one_that_ended_is_not_begun_again() -> None:
    front = FakeFront(NUMBER_B)
    with at(front) as bench:
        bench.worker.read(bench.visit, replace(READ, prolong=True))
        assert not bench.observed
        assert not bench.camera.opened
        front.gate.clear()
        bench.worker.read(bench.visit, READ)
        bench.worker.read(bench.visit, replace(READ, seconds=0.0, prolong=True))
        assert bench.visit.front is not None
        assert bench.visit.front.ends > asyncio.get_running_loop().time() + 10.0
        front.gate.set()
        await until(lambda: bench.ends)
        bench.worker.read(bench.visit, replace(READ, prolong=True))
        assert bench.visit.vault.entry == Secret(NUMBER_B)
        assert len(front.seconds) == 1


async def test_a_stopped_reading_answers_nothing_and_its_digits_are_wiped() -> None:
    front = FakeFront(NUMBER_B)
    front.gate.clear()
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: front.pixels)
        reading = bench.visit.front
        assert reading is not None
        bench.visit.stop_front()
        front.gate.set()
        await until(lambda: bench.camera.closed)
        await bench.inference.run(lambda: None, 5.0)
        await asyncio.sleep(0.01)
        assert reading.frames.closed
        assert not bench.ends
        assert bench.visit.vault.entry is None
        assert all(_wiped(digits) for digits in front.given)


async def test_digits_that_nobody_asked_for_any_more_are_wiped() -> None:
    front = FakeFront(NUMBER_B)
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: bench.ends)
        bench.visit.stop_front()
        assert bench.visit.vault.entry is None
        assert _wiped(front.given[0])
        bench.visit.vault.entry = typed = Secret(NUMBER_B)
        bench.visit.stop_front()
        assert bench.visit.vault.entry is typed


async def test_typed_digits_stay_when_the_camera_is_stopped() -> None:
    with at(FakeFront(NUMBER_B)) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: bench.ends)
        bench.visit.vault.wipe_entry()
        bench.visit.vault.entry = typed = Secret(b"12345678901234")
        bench.visit.stop_front()
        assert bench.visit.vault.entry is typed


async def test_digits_typed_meanwhile_count() -> None:
    front = FakeFront(NUMBER_B)
    front.gate.clear()
    with at(front) as bench:
        bench.visit.vault.entry = old = Secret(b"99999999999999")
        bench.worker.read(bench.visit, READ)
        assert _wiped(old)
        bench.visit.vault.entry = typed = Secret(b"12345678901234")
        front.gate.set()
        await until(lambda: bench.ends)
        assert bench.ends[0].entry is None
        assert bench.visit.vault.entry is typed
        assert _wiped(front.given[0])


async def test_the_end_of_the_visit_wipes_digits_that_come_late() -> None:
    front = FakeFront(NUMBER_B)
    front.gate.clear()
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: front.pixels)
        bench.visit.close()
        front.gate.set()
        await bench.inference.run(lambda: None, 5.0)
        assert not bench.ends
        assert all(_wiped(digits) for digits in front.given)
        await until(lambda: not bench.camera.is_open)


@pytest.mark.parametrize(("fault", "model"), [(FaultCode.MODEL_FAILED, True), (FaultCode.CAMERA_NO_FRAME, False)])
async def test_a_reader_that_fails_is_told_and_loaded_once_more(fault: FaultCode, model: bool) -> None:
    front = FakeFront(NUMBER_B)
    front.faults = [fault]
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: bench.ends and front.loaded == int(model) and len(bench.parts) == 2 * int(model))
        assert bench.ends[0].entry is None
        assert bench.parts == ([(Part.CARD_FRONT, fault), (Part.CARD_FRONT, None)] if model else [])


async def test_a_reader_that_cannot_be_loaded_stays_failed() -> None:
    front = FakeFront(NUMBER_B)
    front.faults, front.load_fault = [FaultCode.MODEL_FAILED], FaultCode.MODEL_HASH_WRONG
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: front.loaded)
        await bench.inference.run(lambda: None, 5.0)
        assert bench.parts == [(Part.CARD_FRONT, FaultCode.MODEL_FAILED)]


async def test_an_idle_reader_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_front, "IDLE_SECONDS", 0.05)
    front = FakeFront(NUMBER_B)
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: bench.ends)
        assert not front.closed
        await until(lambda: front.closed)


async def test_a_reader_that_is_needed_again_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_front, "IDLE_SECONDS", 0.05)
    front = FakeFront(NUMBER_B)
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: bench.ends)
        front.gate.clear()
        bench.worker.read(bench.visit, READ)
        await asyncio.sleep(0.15)
        assert not front.closed
        front.gate.set()
        await until(lambda: len(bench.ends) == 2 and front.closed)


async def test_the_end_of_the_process_drops_no_reader_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_front, "IDLE_SECONDS", 0.01)
    front = FakeFront(NUMBER_B)
    front.gate.clear()
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: front.pixels)
        bench.worker.close()
        front.gate.set()
        await until(lambda: bench.ends)
        await asyncio.sleep(0.05)
        assert not front.closed


async def test_without_a_reader_nothing_is_read() -> None:
    with at(None) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: bench.ends)
        assert bench.ends[0].entry is None
        assert bench.parts == [(Part.CARD_FRONT, FaultCode.MODEL_MISSING)]


async def test_a_camera_that_is_missing_is_told_by_its_own_part() -> None:
    camera = FakeCamera()
    camera.fault = FaultCode.CAMERA_MISSING
    with at(FakeFront(NUMBER_B), camera) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: bench.ends and bench.parts)
        assert bench.ends[0].entry is None
        assert bench.parts == [(Part.CARD_CAMERA, FaultCode.CAMERA_MISSING)]


async def test_a_camera_for_both_is_never_open_twice() -> None:
    front = FakeFront(NUMBER_B)
    front.gate.clear()
    with at(front) as bench:
        bench.worker.read(bench.visit, READ)
        await until(lambda: front.pixels)
        bench.visit.stop_front()
        bench.cameras.open(bench.visit, fx.OpenCamera(VISIT, 7.0))  # the fake fails if it is still open
        frames = bench.visit.frames
        assert frames is not None
        frame = await bench.inference.run(lambda: frames.take(5.0), 6.0)
        frame.wipe()
        assert (bench.camera.opened, bench.camera.closed) == ([0.0, 7.0], 1)
        assert _no_part(bench.posted)


def _no_part(posted: list[Event]) -> bool:
    return not any(isinstance(event, ev.PartFailed) for event in posted)
