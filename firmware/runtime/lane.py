"""A lane: the one thread on which a blocking device is used, seen from the loop as awaitable calls.

Calls run in order. A call that does not come back within its deadline, waited for or not, makes the lane *abandoned*:
its thread is left behind (Python cannot stop it), a fresh one takes over, and the device's owner is told to unblock the
old one. At most three threads of a lane are alive; after that the lane is dead and the watchdog is no longer fed, until
one of them comes back.
Source: design.md, "Concurrency and processes".
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from firmware.core.faults import DeviceError, FaultCode

T = TypeVar("T")

MAX_QUEUED = 32
MAX_THREADS = 3


@dataclass(slots=True, repr=False)
class _Call:
    work: Callable[[], Any]
    future: Future[Any]


def _serve(calls: "queue.Queue[_Call | None]") -> None:
    """Thread body. Nothing of a call outlives it here: calls and results may hold personal data."""
    while _carry_out(calls.get()):
        pass


def _carry_out(call: _Call | None) -> bool:
    """False for the end. Exceptions go to the caller's future; the thread itself never dies of one."""
    if call is None:
        return False
    if call.future.set_running_or_notify_cancel():
        try:
            call.future.set_result(call.work())
        except BaseException as error:  # noqa: BLE001  (handed to the awaiting task, which decides)
            call.future.set_exception(error)
    return True


def _discard(late: Future[T], discard: Callable[[T], object]) -> None:
    """A call that ended without anybody waiting: at once if it has ended already, else when it does."""
    if not late.cancelled() and late.exception() is None:
        discard(late.result())


class Lane:
    """One blocking device's thread. All methods are called on the loop, except those of `_serve`."""

    def __init__(self, name: str, on_stuck: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self._on_stuck = on_stuck
        self._left_behind: list[threading.Thread] = []
        self._thread: threading.Thread | None = None
        self._start()

    def _start(self) -> None:
        self._calls: queue.Queue[_Call | None] = queue.Queue(MAX_QUEUED)
        self._thread = threading.Thread(target=_serve, args=(self._calls,), name=f"lane-{self.name}", daemon=True)
        self._thread.start()

    @property
    def dead(self) -> bool:
        """Whether as many threads hang as may ever be alive."""
        self._left_behind = [thread for thread in self._left_behind if thread.is_alive()]
        return len(self._left_behind) >= MAX_THREADS

    async def run(self, work: Callable[[], T], seconds: float, discard: Callable[[T], object] = lambda _: None) -> T:
        """Run `work` on the lane. Raises what it raises; LANE_STUCK after `seconds`; SES-006 when the queue is full.

        Cancelling the awaiting task drops a call that has not begun; one that has begun goes on. A result that nobody
        waits for any more is given to `discard`, on any thread: it may hold what has to be wiped.
        """
        if not self._serving():
            raise DeviceError(FaultCode.LANE_STUCK, self.name)
        future: Future[T] = Future()
        ends = asyncio.get_running_loop().time() + seconds
        try:
            self._calls.put_nowait(_Call(work, future))
        except queue.Full:
            raise DeviceError(FaultCode.INBOX_FULL, self.name) from None
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            future.add_done_callback(lambda late: _discard(late, discard))
            self._give_up(future)
            raise DeviceError(FaultCode.LANE_STUCK, self.name) from None
        except asyncio.CancelledError:
            # Nobody waits any more, but a call that hangs still blocks the lane.
            future.add_done_callback(lambda late: _discard(late, discard))
            asyncio.get_running_loop().call_at(ends, self._give_up, future)
            raise

    async def ping(self, seconds: float) -> bool:
        """Whether the lane answers; a lane busy with a call within its own deadline counts as healthy."""
        if not self._serving():
            return False
        if not self._calls.empty():
            return True
        future: Future[None] = Future()
        self._calls.put_nowait(_Call(lambda: None, future))
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wrap_future(future)
        except (TimeoutError, DeviceError):
            return self._thread is not None
        return True

    def _serving(self) -> bool:
        """Whether a thread takes calls; a fresh one is started when one of too many hanging ones has come back."""
        if self._thread is None and not self.dead:
            self._start()
        return self._thread is not None

    def _give_up(self, future: Future[Any]) -> None:
        """At a call's deadline: if it runs still, it hangs."""
        if self._thread is not None and future.running():
            self._abandon(self._thread)

    def _abandon(self, thread: threading.Thread) -> None:
        """Leave the hanging thread with an empty queue; what waited behind it fails."""
        self._left_behind.append(thread)
        self._thread = None
        while not self._calls.empty():
            waiting = self._calls.get_nowait()
            if waiting is not None and waiting.future.set_running_or_notify_cancel():
                waiting.future.set_exception(DeviceError(FaultCode.LANE_STUCK, self.name))
        self._calls.put_nowait(None)
        self._on_stuck()
        if not self.dead:
            self._start()

    def close(self) -> None:
        """Let the thread end after the calls it has."""
        try:
            self._calls.put_nowait(None)
        except queue.Full:
            return  # a daemon thread: the process's end ends it
