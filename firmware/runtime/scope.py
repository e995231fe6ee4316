"""A scope: the tasks that belong together and are cancelled together. Loop thread only."""

import asyncio
import threading
from collections.abc import Coroutine


class Scope:
    """Tasks of one visit, or of one placed card. `closed` may be read by lanes as "stop early"."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` until done or the scope is cancelled. After `cancel` nothing is started."""
        if self.closed:
            work.close()
            return
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Cancel all tasks. Idempotent."""
        self._closed.set()
        for task in tuple(self._tasks):
            task.cancel()

    async def drain(self) -> None:
        """Wait for what is still running (at shutdown)."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=2.0)
