"""A lane: calls in order, deadlines, threads left behind, and what becomes of calls nobody waits for."""

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.runtime.lane import MAX_QUEUED, MAX_THREADS, Lane, _Call
from tests.unit.runtime.fakes_card import Blocker

SOON = 0.02


async def _until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(5.0):
        while not done():  # noqa: ASYNC110  (the state changes on the lane's thread)
            await asyncio.sleep(0.001)


def _hanging() -> Blocker:
    blocker = Blocker()
    blocker.hold()
    return blocker


async def _stuck(lane: Lane, work: Callable[[], object], seconds: float = SOON) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        await lane.run(work, seconds)
    return caught.value.code


async def test_calls_run_in_order_on_one_thread_that_is_not_the_loops() -> None:
    lane, done, threads = Lane("card"), list[int](), set[int]()

    def note(number: int) -> int:
        done.append(number)
        threads.add(threading.get_ident())
        return number

    results = await asyncio.gather(*(lane.run(functools.partial(note, number), 1.0) for number in range(20)))
    assert done == results == list(range(20))
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    lane.close()


async def test_an_exception_comes_to_the_caller_and_the_lane_goes_on() -> None:
    lane = Lane("card")

    def fail() -> None:
        raise DeviceError(FaultCode.CARD_GARBAGE)

    assert await _stuck(lane, fail) is FaultCode.CARD_GARBAGE
    with pytest.raises(ZeroDivisionError):
        await lane.run(lambda: 1 // 0, 1.0)
    assert await lane.run(lambda: 7, 1.0) == 7
    lane.close()


async def test_a_call_that_hangs_is_left_behind() -> None:
    told, hanging = Blocker(), _hanging()
    lane = Lane("card", told.wait)
    assert await _stuck(lane, hanging.wait) is FaultCode.LANE_STUCK
    assert told.entered.is_set()
    assert await lane.run(lambda: 7, 1.0) == 7
    assert await lane.ping(1.0)
    hanging.release()
    lane.close()


async def test_what_waits_behind_a_hanging_call_fails() -> None:
    lane, hanging, begun = Lane("card"), _hanging(), list[int]()
    first = asyncio.ensure_future(_stuck(lane, hanging.wait))
    behind = [asyncio.ensure_future(_stuck(lane, lambda: begun.append(1), 5.0)) for _ in range(3)]
    assert await asyncio.gather(first, *behind) == [FaultCode.LANE_STUCK] * 4
    assert not begun
    hanging.release()
    lane.close()


async def test_a_call_that_only_waited_too_long_leaves_nothing_behind() -> None:
    told, hanging, begun = Blocker(), _hanging(), list[int]()
    lane = Lane("card", told.wait)
    first = asyncio.ensure_future(lane.run(hanging.wait, 5.0))
    await _until(hanging.entered.is_set)
    assert await _stuck(lane, lambda: begun.append(1)) is FaultCode.LANE_STUCK
    assert not told.entered.is_set()
    hanging.release()
    await first
    assert await lane.run(lambda: 7, 1.0) == 7
    assert not begun
    lane.close()


async def test_at_most_three_threads_hang() -> None:
    assert MAX_THREADS == 3
    lane, hanging = Lane("three"), [_hanging() for _ in range(MAX_THREADS)]
    for blocker in hanging:
        assert await lane.ping(1.0)
        assert await _stuck(lane, blocker.wait) is FaultCode.LANE_STUCK
    assert lane.dead
    assert not await lane.ping(1.0)
    assert len([thread for thread in threading.enumerate() if thread.name == "lane-three"]) == MAX_THREADS
    begun: list[int] = []
    assert await _stuck(lane, lambda: begun.append(1), 5.0) is FaultCode.LANE_STUCK
    assert not begun
    for blocker in hanging:
        blocker.release()
    await _until(lambda: not lane.dead)
    assert await lane.run(lambda: 7, 1.0) == 7
    assert await lane.ping(1.0)
    lane.close()


async def test_the_lane_lives_again_when_one_thread_comes_back() -> None:
    lane, hanging = Lane("card"), [_hanging() for _ in range(MAX_THREADS)]
    for blocker in hanging:
        await _stuck(lane, blocker.wait)
    hanging[0].release()
    await _until(lambda: not lane.dead)
    assert await lane.ping(1.0)
    for blocker in hanging:
        blocker.release()
    lane.close()


async def test_a_cancelled_call_that_has_not_begun_is_dropped() -> None:
    lane, hanging, begun = Lane("card"), _hanging(), list[int]()
    first = asyncio.ensure_future(lane.run(hanging.wait, 5.0))
    second = asyncio.ensure_future(lane.run(lambda: begun.append(1), 5.0))
    await _until(hanging.entered.is_set)
    second.cancel()
    await asyncio.wait([second])
    hanging.release()
    await first
    assert await lane.run(lambda: 7, 1.0) == 7
    assert not begun
    lane.close()


async def test_a_cancelled_call_that_hangs_is_left_behind_all_the_same() -> None:
    told, hanging = Blocker(), _hanging()
    lane = Lane("card", told.wait)
    call = asyncio.ensure_future(lane.run(hanging.wait, SOON))
    await _until(hanging.entered.is_set)
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()
    await _until(told.entered.is_set)
    assert await lane.run(lambda: 7, 1.0) == 7
    hanging.release()
    lane.close()


async def test_a_cancelled_call_that_ends_in_time_leaves_nothing_behind() -> None:
    told, hanging = Blocker(), _hanging()
    lane = Lane("card", told.wait)
    call = asyncio.ensure_future(lane.run(hanging.wait, SOON))
    await _until(hanging.entered.is_set)
    call.cancel()
    await asyncio.wait([call])
    hanging.release()
    await asyncio.sleep(2 * SOON)
    assert not told.entered.is_set()
    lane.close()


@pytest.mark.parametrize("deadline", [False, True])
async def test_a_result_that_nobody_waits_for_is_discarded(*, deadline: bool) -> None:
    lane, hanging, read = Lane("card"), _hanging(), Secret(b"read")

    def work() -> Secret:
        hanging.wait()
        return read

    call = asyncio.ensure_future(lane.run(work, SOON if deadline else 5.0, lambda late: late.wipe()))
    await _until(hanging.entered.is_set)
    if not deadline:
        call.cancel()
    await asyncio.wait([call])
    assert read == Secret(b"read")
    hanging.release()
    await _until(lambda: not any(read.view()))
    lane.close()


async def test_a_result_that_came_in_the_instant_of_cancelling_is_discarded() -> None:
    lane, discarded = Lane("card"), list[int]()
    call = asyncio.ensure_future(lane.run(lambda: 7, 5.0, discarded.append))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    done = threading.Event()
    lane._calls.put_nowait(_Call(done.set, Future()))
    while not done.is_set():  # the loop stands still, so the result has not been seen
        pass
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()
    assert discarded == [7]
    lane.close()


async def test_a_result_that_is_waited_for_and_a_fault_are_not_discarded() -> None:
    lane, discarded = Lane("card"), list[int]()
    assert await lane.run(lambda: 7, 1.0, discarded.append) == 7
    hanging = _hanging()

    def fail() -> int:
        hanging.wait()
        raise DeviceError(FaultCode.CARD_GONE)

    call = asyncio.ensure_future(lane.run(fail, 5.0, discarded.append))
    await _until(hanging.entered.is_set)
    never = asyncio.ensure_future(lane.run(lambda: 8, 5.0, discarded.append))
    await asyncio.sleep(0)
    for waiting in (call, never):
        waiting.cancel()
    await asyncio.wait([call, never])
    hanging.release()
    assert await lane.run(lambda: 9, 1.0) == 9
    assert not discarded
    lane.close()


async def test_a_full_queue_is_a_fault() -> None:
    lane, hanging = Lane("card"), _hanging()
    first = asyncio.ensure_future(lane.run(hanging.wait, 5.0))
    await _until(hanging.entered.is_set)
    waiting = [asyncio.ensure_future(lane.run(lambda: None, 5.0)) for _ in range(MAX_QUEUED)]
    await asyncio.sleep(0)
    assert await _stuck(lane, lambda: None) is FaultCode.INBOX_FULL
    lane.close()
    hanging.release()
    await asyncio.gather(first, *waiting)
    lane.close()


async def test_a_busy_lane_is_healthy_until_its_deadline() -> None:
    lane, hanging = Lane("card"), _hanging()
    call = asyncio.ensure_future(_stuck(lane, hanging.wait, 0.1))
    await _until(hanging.entered.is_set)
    assert await lane.ping(0.01)  # answered by the deadline that still runs
    waiting = asyncio.ensure_future(_stuck(lane, lambda: None, 5.0))
    await asyncio.sleep(0)
    assert await lane.ping(0.01)  # calls are queued
    pings = [asyncio.ensure_future(lane.ping(1.0))]
    assert await call is FaultCode.LANE_STUCK
    assert await waiting is FaultCode.LANE_STUCK
    assert await asyncio.gather(*pings) == [True]
    hanging.release()
    lane.close()


async def test_a_ping_that_is_left_behind_with_a_hanging_call() -> None:
    lane, hanging = Lane("card"), _hanging()
    call = asyncio.ensure_future(_stuck(lane, hanging.wait, 0.05))
    await _until(hanging.entered.is_set)
    assert await lane.ping(5.0)  # fails with the call, and the fresh thread counts
    assert await call is FaultCode.LANE_STUCK
    hanging.release()
    lane.close()


async def test_the_thread_ends_when_the_lane_is_closed() -> None:
    lane = Lane("closing")
    assert await lane.run(lambda: 7, 1.0) == 7
    lane.close()
    await _until(lambda: "lane-closing" not in [thread.name for thread in threading.enumerate()])
