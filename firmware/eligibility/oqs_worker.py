"""File calls on a share that may hang, as awaitable calls with a deadline (loop thread; each call on its own thread).

A read or write on a share whose server went away can block for minutes, and Python cannot stop it. So each call has a
daemon thread, which is left behind at the call's deadline; once `MOST_HANGING` of them hang, nothing is begun until
one comes back. How many calls are made at once is bounded by those who call. Times in seconds. Raises DeviceError
TERMINAL_UNREACHABLE, and what the call raises.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from firmware.core.faults import DeviceError, FaultCode

MOST_HANGING: Final = 3

T = TypeVar("T")
GivenUp = Callable[[], bool]
"""Whether nobody waits for the call any more."""


class Worker:
    """Runs blocking calls, none of them for longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._hanging: list[threading.Thread] = []

    @property
    def hanging(self) -> int:
        """Threads that were left behind and have not come back."""
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        return len(self._hanging)

    async def run(self, work: Callable[[GivenUp], T], more: float = 0.0) -> T:
        """What `work` returns. `more`: seconds that the call spends waiting by itself."""
        if self.hanging >= MOST_HANGING:
            raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, f"{MOST_HANGING} calls hang")
        future: Future[T] = Future()
        given_up = threading.Event()
        thread = threading.Thread(target=_serve, args=(future, work, given_up), name="terminal", daemon=True)
        thread.start()
        try:
            async with asyncio.timeout(self._seconds + more):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise DeviceError(FaultCode.TERMINAL_UNREACHABLE, "a call hangs") from None
        finally:
            given_up.set()
            if not future.done():
                self._hanging.append(thread)


def _serve(future: "Future[T]", work: Callable[[GivenUp], T], given_up: threading.Event) -> None:
    """Thread body: a result that nobody waits for is dropped with the future."""
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work(given_up.is_set))
        except BaseException as error:  # noqa: BLE001  (handed to the awaiting task, which decides)
            future.set_exception(error)
