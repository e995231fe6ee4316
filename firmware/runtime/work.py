"""What the workers have in common: posting events, timing stages, mapping failures.

A worker carries out the effects of one domain. It spawns a task in the visit's scope; the task awaits a lane or the
network and posts exactly one answering event, unless its scope was cancelled meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from firmware.core.events import Event
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.runtime.devices import Observer

T = TypeVar("T")
Post = Callable[[Event], None]
Soon = Callable[[Callable[[], None]], None]
"""Schedules a call on the loop, from any thread."""

log = logging.getLogger("madoguchi.runtime")


def now() -> float:
    """Monotonic seconds, the same clock as the loop's timers."""
    return asyncio.get_running_loop().time()


def on_change(tell: Callable[[T], None]) -> Callable[[T], None]:
    """Hands on what differs from what was handed on last. One thread at a time."""
    last: list[T] = []

    def told(news: T) -> None:
        if last != [news]:
            last[:] = [news]
            tell(news)

    return told


async def timed(observe: Observer, visit: VisitId, name: str, work: Awaitable[T]) -> T:
    """Await `work` and tell the observer how long the stage took."""
    start = now()
    try:
        return await work
    finally:
        observe({"event": "stage", "name": name, "visit": visit, "start": start, "end": now()})


def fault_of(error: Exception) -> FaultCode:
    """The code of a DeviceError, logged with detail. Anything else is a bug, logged by type: its text may hold data."""
    if isinstance(error, DeviceError):
        log.warning("fault %s", error)
        return error.code
    log.error("unexpected %s", type(error).__name__)
    return FaultCode.EFFECT_FAILED
