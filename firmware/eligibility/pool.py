"""Challenges ahead of the visits: single use, dropped in time, and a nonce of our own when there are none.

Loop thread, never waits. Times are monotonic seconds: the gateway says how long a challenge still lives, so a wrong
wall clock does not matter (docs/gateway.yaml, `issueChallenges`). No exceptions.
"""

import secrets
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from firmware.core.challenge import Challenge
from firmware.core.ids import VisitId
from firmware.eligibility.wire import Issued

_KEPT_BACK: Final = 240.0
"""A challenge must outlive the visit that takes it (seconds)."""


class ChallengePool:
    """First in, first out."""

    def __init__(self, device: str, size: int, monotonic: Callable[[], float]) -> None:
        self._device = device
        self._size = size
        self._monotonic = monotonic
        self._ready: deque[tuple[Issued, float]] = deque()

    def missing(self) -> int:
        """How many a refill has to ask for."""
        self._drop_old()
        return self._size - len(self._ready)

    def add(self, issued: Iterable[Issued], asked_at: float) -> int:
        """How many can be used. `asked_at`: before the request left: the answer's travel counts against them."""
        before = len(self._ready)
        self._ready.extend((each, asked_at + each.life) for each in issued)
        self._drop_old()
        return len(self._ready) - before

    def take(self, visit: VisitId, wall: float) -> Challenge:
        """The oldest usable one, bound to `visit`; made here and marked `offline` when there is none."""
        self._drop_old()
        if not self._ready:
            made, nonce = f"offline-{secrets.token_hex(8)}", secrets.token_urlsafe(32)
            return Challenge(made, nonce, self._device, visit, int(wall), offline=True)
        issued, _ = self._ready.popleft()
        return Challenge(issued.id, issued.nonce, self._device, visit, int(wall), offline=False)

    def _drop_old(self) -> None:
        usable_until = self._monotonic() + _KEPT_BACK
        self._ready = deque(each for each in self._ready if each[1] > usable_until)
