"""The camera's pump, what is told of a camera that fails, and the probe that looks after it between visits."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.events import Button, Event, Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import Handle
from firmware.core.outcomes import Method
from firmware.core.views import IdleView, NoticeView, NumberBView
from firmware.ports import Frame, MatchLimits
from firmware.runtime import work_camera
from firmware.runtime.lane import Lane
from firmware.runtime.mailbox import FrameMailbox
from firmware.runtime.scope import Scope
from firmware.runtime.work_camera import CameraWorker, probe, pump
from firmware.runtime.work_face import FaceWorker
from tests.flows.counter import Counter
from tests.unit.runtime.bench import VISIT, Bench, until
from tests.unit.runtime.fakes_card import NAME, NUMBER_B
from tests.unit.runtime.fakes_face import FakeCamera, FakeFace


class Flaky(FakeCamera):
    """`errors`: what the next reads end with, one each; None is a frame. Then frames only."""

    def __init__(self, *errors: Exception | None) -> None:
        super().__init__()
        self.errors = list(errors)

    def read(self, timeout: float) -> Frame:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return super().read(timeout)


def no_frame() -> DeviceError:
    return DeviceError(FaultCode.CAMERA_NO_FRAME)


def _in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_camera, "REOPEN_SECONDS", 0.001)


# ---- pump ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["mailbox", "scope"])
def test_the_pump_ends_with_its_mailbox_or_its_scope(by: str) -> None:
    camera, mailbox, scope = FakeCamera(), FrameMailbox(), Scope()
    thread = _in_thread(lambda: pump(camera, 5.0, mailbox, scope, lambda _: None))
    mailbox.take(5.0).wipe()
    if by == "mailbox":
        mailbox.close()
    else:
        scope.cancel()
    thread.join(5.0)
    assert not thread.is_alive()
    assert (camera.opened, camera.closed) == ([5.0], 1)


def test_a_camera_that_cannot_be_opened_tells_so_through_the_mailbox() -> None:
    camera, mailbox, told = FakeCamera(), FrameMailbox(), list[FaultCode | None]()
    camera.fault = FaultCode.CAMERA_MISSING
    pump(camera, 0.0, mailbox, Scope(), told.append)
    assert (camera.closed, told) == (1, [FaultCode.CAMERA_MISSING])
    with pytest.raises(DeviceError, match="CAM-001"):
        mailbox.take(5.0)


def test_the_first_frame_may_wait_for_the_notice() -> None:
    camera, mailbox = FakeCamera(), FrameMailbox()
    thread = _in_thread(lambda: pump(camera, time.monotonic() + 30.0, mailbox, Scope(), lambda _: None))
    mailbox.take(5.0).wipe()
    mailbox.close()
    thread.join(5.0)
    assert camera.timeouts[0] > 31.0


def test_a_camera_without_frames_is_opened_again_until_one_comes() -> None:
    camera, mailbox, told = Flaky(no_frame(), no_frame(), None, no_frame()), FrameMailbox(), list[FaultCode | None]()
    thread = _in_thread(lambda: pump(camera, 5.0, mailbox, Scope(), told.append))
    mailbox.take(5.0).wipe()
    deadline = time.monotonic() + 5.0
    while len(camera.opened) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    mailbox.close()
    thread.join(5.0)
    lost = FaultCode.CAMERA_NO_FRAME
    assert told[:4] == [lost, lost, None, lost]
    assert (camera.opened, camera.closed) == ([5.0] * 4, 4)  # never before the notice


def test_a_camera_pulled_in_the_middle_is_waited_for() -> None:
    camera, mailbox, told = Flaky(no_frame()), FrameMailbox(), list[FaultCode | None]()
    opened = camera.open

    def gone(not_before: float) -> None:
        opened(not_before)
        if len(camera.opened) == 2:
            raise DeviceError(FaultCode.CAMERA_MISSING)

    camera.open = gone  # type: ignore[method-assign]  # pulled after the first frame failed to come
    thread = _in_thread(lambda: pump(camera, 0.0, mailbox, Scope(), told.append))
    mailbox.take(5.0).wipe()
    mailbox.close()
    thread.join(5.0)
    assert told[:2] == [FaultCode.CAMERA_NO_FRAME, FaultCode.CAMERA_MISSING]


def test_a_closed_mailbox_ends_the_wait_for_a_dead_camera() -> None:
    camera, mailbox = Flaky(*(no_frame() for _ in range(100_000))), FrameMailbox()
    thread = _in_thread(lambda: pump(camera, 0.0, mailbox, Scope(), lambda _: None))
    with pytest.raises(DeviceError, match="CAM-002"):
        mailbox.take(0.01)
    mailbox.close()
    thread.join(5.0)
    assert not thread.is_alive()


# ---- what is told ----------------------------------------------------------------------------------------------


def _worker(bench: Bench, camera: FakeCamera) -> CameraWorker:
    loop = asyncio.get_running_loop()
    return CameraWorker(camera, Lane("camera"), bench.post, lambda work: _soon(loop, work))


def _soon(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(work)


def _parts(posted: list[Event]) -> list[FaultCode | None]:
    told = [event for event in posted if isinstance(event, ev.PartFailed | ev.PartRecovered)]
    assert {event.part for event in told} <= {Part.FACE_CAMERA}
    return [event.fault if isinstance(event, ev.PartFailed) else None for event in told]


async def test_the_part_fails_once_and_recovers_with_the_next_frame() -> None:
    bench = Bench()
    worker = _worker(bench, Flaky(None, no_frame(), no_frame(), no_frame()))
    worker.open(bench.visit, fx.OpenCamera(VISIT, 0.0))
    await until(lambda: len(bench.posted) == 2)
    assert _parts(bench.posted) == [FaultCode.CAMERA_NO_FRAME, None]
    bench.visit.close()


async def test_a_camera_that_is_missing_at_the_start_fails_the_part() -> None:
    bench, camera = Bench(), FakeCamera()
    camera.fault = FaultCode.CAMERA_MISSING
    _worker(bench, camera).open(bench.visit, fx.OpenCamera(VISIT, 0.0))
    await until(lambda: bench.posted)
    assert _parts(bench.posted) == [FaultCode.CAMERA_MISSING]
    bench.visit.close()


async def test_a_failure_nobody_foresaw_is_a_failed_camera_too(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    worker = _worker(bench, Flaky(ValueError(NAME)))
    worker.open(bench.visit, fx.OpenCamera(VISIT, 0.0))
    frames = bench.visit.frames
    await until(lambda: bench.posted)
    assert _parts(bench.posted) == [FaultCode.EFFECT_FAILED]
    assert NAME not in caplog.text
    assert frames is not None
    with pytest.raises(DeviceError, match="SES-007"):
        frames.take(0.0)
    bench.visit.close()


async def test_opening_the_camera_again_closes_the_first_mailbox() -> None:
    bench = Bench()
    worker = _worker(bench, FakeCamera())
    worker.open(bench.visit, fx.OpenCamera(VISIT, 0.0))
    first = bench.visit.frames
    worker.open(bench.visit, fx.OpenCamera(VISIT, 0.0))
    assert first is not None
    assert first.closed
    assert bench.visit.frames is not first
    bench.visit.close()
    bench.visit.close()
    assert bench.visit.frames is None


async def test_a_comparison_ends_when_its_mailbox_is_closed() -> None:
    """After "another way" nobody puts frames into it any more, and the card's scope stays open."""
    bench = Bench()
    face = bench.devices.face
    assert isinstance(face, FakeFace)
    _worker(bench, FakeCamera()).open(bench.visit, fx.OpenCamera(VISIT, 0.0))
    worker = FaceWorker(bench.devices, Lane("inference"), bench.post, lambda work: work(), MatchLimits(1.0))
    worker.compare(bench.visit, fx.CompareFace(VISIT, Handle("photo"), 1))
    await until(lambda: face.attempts)
    before = face.cancelled()
    bench.visit.close_camera()
    assert [before, face.cancelled()] == [False, True]
    bench.visit.close()


# ---- probe -----------------------------------------------------------------------------------------------------


def test_the_probes_frame_never_leaves_the_lane() -> None:
    camera, before = FakeCamera(), time.monotonic()
    probe(camera)
    assert camera.opened[0] >= before
    assert camera.closed == 1
    assert [any(frame.pixels) for frame in camera.frames] == [False]
    with pytest.raises(DeviceError, match="CAM-002"):
        probe(Flaky(no_frame()))


async def test_a_failed_camera_is_tried_at_idle_until_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_camera, "PROBE_SECONDS", 0.002)
    bench, idle, camera = Bench(), list[bool](), Flaky()
    worker = _worker(bench, camera)
    probing = asyncio.ensure_future(worker.keep_probing(lambda: bool(idle)))
    await asyncio.sleep(0.02)
    assert not camera.opened  # it works, as far as is known
    camera.fault = FaultCode.CAMERA_MISSING
    worker.open(bench.visit, fx.OpenCamera(VISIT, 0.0))
    await until(lambda: bench.posted)
    bench.visit.close()
    await asyncio.sleep(0.02)
    assert len(camera.opened) == 1  # not during a visit
    idle.append(True)
    await until(lambda: len(camera.opened) >= 3)
    camera.errors = [ValueError("a bug")]
    camera.fault = None
    await until(lambda: len(bench.posted) == 2)
    assert _parts(bench.posted) == [FaultCode.CAMERA_MISSING, None]
    tried = len(camera.opened)
    await asyncio.sleep(0.02)
    assert len(camera.opened) == tried
    assert not any(any(frame.pixels) for frame in camera.frames)
    probing.cancel()


async def test_without_a_camera_nothing_is_probed() -> None:
    bench = Bench()
    await CameraWorker(None, Lane("camera"), bench.post, lambda work: work()).keep_probing(lambda: True)


async def test_a_dead_camera_is_told_to_staff_and_not_offered_to_the_next_patient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work_camera, "PROBE_SECONDS", 0.01)
    counter = Counter()
    counter.camera.fault = FaultCode.CAMERA_MISSING
    async with counter.running():
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView)
        await counter.type(NUMBER_B)
        await counter.sees(NoticeView, because=FaultCode.CAMERA_MISSING)
        counter.request("cancel")
        await counter.leave()
        await counter.sees(IdleView, warnings=(FaultCode.CAMERA_MISSING,))
        assert counter.publisher.alerts.count((FaultCode.CAMERA_MISSING, None)) == 1
        counter.place()
        view = await counter.sees(NoticeView)
        assert Method.FACE not in view.methods
        counter.request("cancel")
        await counter.leave()
        counter.camera.fault = None
        await counter.sees(IdleView, warnings=())
