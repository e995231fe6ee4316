"""Starting the device's parts: what fails is told to the session and tried again, later and later, until it works.

Loop thread; `start` functions run on the part's lane. Source: design.md, "The device starts without its surroundings".
"""

import asyncio
import random
from collections.abc import Callable

from firmware.core import events as ev
from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.work import Post, fault_of, now

START_SECONDS = 10.0
RETRY_SECONDS = 4.0
MOST_RETRY_SECONDS = 120.0


class Parts:
    """`scope`: where retries live."""

    def __init__(self, post: Post, scope: Scope) -> None:
        self._post = post
        self._scope = scope

    async def start(self, part: Part, lane: Lane, start: Callable[[], None]) -> None:
        """Try once now; a part that fails does not hold up the others."""
        if not await self._tried(part, lane, start):
            self._scope.spawn(self._retry(part, lane, start))

    async def _tried(self, part: Part, lane: Lane, start: Callable[[], None]) -> bool:
        try:
            await lane.run(start, START_SECONDS)
        except Exception as error:  # noqa: BLE001  (one place turns any failure of a part into an event)
            self.note(part, fault_of(error))
            return False
        return True

    async def _retry(self, part: Part, lane: Lane, start: Callable[[], None]) -> None:
        pause = RETRY_SECONDS
        while True:
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, not a secret)
            if await self._tried(part, lane, start):
                self.note(part, None)
                return
            pause = min(2 * pause, MOST_RETRY_SECONDS)

    def note(self, part: Part, fault: FaultCode | None) -> None:
        """Tell the session that a part failed, or (`fault` None) works again."""
        if fault is None:
            self._post(ev.PartRecovered(at=now(), part=part))
        else:
            self._post(ev.PartFailed(at=now(), part=part, fault=fault))
