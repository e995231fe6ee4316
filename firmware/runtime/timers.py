"""The session's timers on the loop: started by effects, coming back as `TimerFired`."""

import asyncio
from collections.abc import Callable

from firmware.core.events import Event, Timer, TimerFired
from firmware.core.ids import VisitId

Key = tuple[VisitId | None, Timer]


class Timers:
    """Running timers by visit and name. Loop thread only."""

    def __init__(self, post: Callable[[Event], None]) -> None:
        self._post = post
        self._running: dict[Key, asyncio.TimerHandle] = {}

    def start(self, visit: VisitId | None, name: Timer, seconds: float) -> None:
        """Start, or start again."""
        self.stop(visit, name)
        loop = asyncio.get_running_loop()
        self._running[visit, name] = loop.call_later(seconds, self._fire, (visit, name))

    def stop(self, visit: VisitId | None, name: Timer) -> None:
        handle = self._running.pop((visit, name), None)
        if handle is not None:
            handle.cancel()

    def stop_visit(self, visit: VisitId) -> None:
        for key in [key for key in self._running if key[0] == visit]:
            self.stop(*key)

    def stop_all(self) -> None:
        for key in tuple(self._running):
            self.stop(*key)

    def __len__(self) -> int:
        return len(self._running)

    def _fire(self, key: Key) -> None:
        self._running.pop(key, None)
        self._post(TimerFired(at=asyncio.get_running_loop().time(), visit=key[0], name=key[1]))
