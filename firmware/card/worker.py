"""One thread for calls that may never return, and a caller who walks away from them.

The owner (card lane) calls `run` and `close`, anybody may call `cancel`. A thread that was left behind ends by itself
as soon as its call comes back; `finish` then runs on it and frees what the call held. Seconds are real time.
Raises CARD_SILENT for deadline and cancellation, and the DeviceErrors of the calls.
"""

import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import TypeVar

from firmware.core.faults import DeviceError, FaultCode

T = TypeVar("T")


class _CancelledError(DeviceError):
    """What a cancelled `run` finds instead of a result."""


class Worker:
    """A daemon thread with a mailbox. `finish` runs on it, last, exactly once."""

    def __init__(self, name: str, finish: Callable[[], None]) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._finish = finish
        self._cancel: Callable[[], None] | None = None
        self._left = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, call: Callable[[], T], seconds: float) -> T:
        """The call's result within `seconds`; otherwise CARD_SILENT, and the thread is left to itself."""
        if self._left:
            raise DeviceError(FaultCode.CARD_SILENT, "the connection was given up")
        future: Future[T] = Future()
        self._cancel = lambda: self._give_up(future)
        self._jobs.put(lambda: _carry_out(call, future))
        try:
            return future.result(timeout=seconds)
        except _CancelledError:
            self._left = True
            raise
        except TimeoutError:
            self._left = True
            raise DeviceError(FaultCode.CARD_SILENT, f"no answer within {seconds:g} s") from None
        finally:
            self._cancel = None

    def cancel(self) -> None:
        """End the running `run` with CARD_SILENT; nothing happens where none is running."""
        cancel = self._cancel
        if cancel is not None:
            cancel()

    def close(self, seconds: float) -> bool:
        """End the thread after its last call; False if it still hangs after `seconds` (not waited if it was left)."""
        patience = 0.0 if self._left else seconds
        self._left = True
        self._jobs.put(None)
        return self.join(patience)

    def join(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _give_up(self, future: "Future[T]") -> None:
        with contextlib.suppress(InvalidStateError):
            # `_left` is the owner's: it sets it before its `run` returns, so that no next call waits behind this one.
            future.set_exception(_CancelledError(FaultCode.CARD_SILENT, "cancelled"))

    def _work(self) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                job()
        finally:
            self._finish()


def _carry_out(call: Callable[[], T], future: "Future[T]") -> None:
    try:
        result = call()
    except DeviceError as error:
        with contextlib.suppress(InvalidStateError):
            future.set_exception(error)
    else:
        with contextlib.suppress(InvalidStateError):
            future.set_result(result)
    finally:
        # Only after a programming error in `call`: its traceback ends this thread, the caller must not wait for it.
        if not future.done():
            future.set_exception(DeviceError(FaultCode.CARD_SILENT, "the card thread failed"))
