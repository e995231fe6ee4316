"""Which stored messages to send now, and when again. Pure: no clock, no I/O; the publisher's lock guards it.

A new message goes out at once, whether or not the reception is known to be there. It goes out again while it is not
acknowledged, only to a reception that is online, after base · 2^n seconds plus up to half as much; and at once when the
reception comes back (presence with another epoch, or after it was away). A broker's PUBACK ends a sending, nothing
else. At most `window` sendings wait for their PUBACK. A reception of another env gets nothing.

`now`: monotonic seconds. Source: messaging-and-security.md 1.2, rules R2 and R3.
"""

import heapq
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from firmware.publish.outbox import Row, RowState


class Presence(Enum):
    """What is known of a reception since the connection began."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    AWAY = "away"
    FOREIGN = "foreign"


@dataclass(slots=True)
class _Entry:
    reception: str
    tries: int = 0
    due: float | None = None
    rejected: bool = False


@dataclass(slots=True)
class _Reception:
    presence: Presence = Presence.UNKNOWN
    epoch: int | None = None


class Delivery:
    """The schedule of all rows in the outbox."""

    def __init__(self, spread: Callable[[], float], base: float = 30.0, cap: float = 3600.0, window: int = 20) -> None:
        """`spread` gives a random number in [0, 1)."""
        self._spread, self._base, self._cap, self._window = spread, base, cap, window
        self._entries: dict[str, _Entry] = {}
        self._ready: OrderedDict[str, None] = OrderedDict()
        self._later: list[tuple[float, str]] = []
        self._in_flight: set[str] = set()
        self._receptions: dict[str, _Reception] = {}
        self._held: Counter[str] = Counter()

    # ---- rows ----

    def add(self, row: Row) -> None:
        """A stored message; one that is known already is left as it is."""
        if row.jti in self._entries:
            return
        self._entries[row.jti] = _Entry(row.reception, rejected=row.state is RowState.REJECTED)
        self._held[row.reception] += 1
        if row.state is not RowState.REJECTED:
            self._ready[row.jti] = None

    def remove(self, jti: str) -> bool:
        """An acknowledged or expired message; False if it was not there."""
        entry = self._entries.pop(jti, None)
        self._ready.pop(jti, None)
        self._in_flight.discard(jti)
        if entry is None:
            return False
        self._held[entry.reception] -= 1
        return True

    def reject(self, jti: str) -> None:
        """The reception refuses it: kept, but not sent until the reception asks."""
        if (entry := self._entries.get(jti)) is not None:
            entry.rejected = True
            self._ready.pop(jti, None)

    @property
    def held(self) -> int:
        """Rows not acknowledged."""
        return len(self._entries)

    def held_for(self, reception: str) -> int:
        """Rows not acknowledged by `reception`."""
        return self._held[reception]

    # ---- receptions ----

    def presence(self, reception: str, presence: Presence, epoch: int) -> bool:
        """Take in a presence; False if it is a late Last Will of an older connection."""
        known = self._receptions.setdefault(reception, _Reception())
        if presence is Presence.AWAY and known.presence is Presence.ONLINE and epoch != known.epoch:
            return False
        back = epoch != known.epoch or known.presence in {Presence.AWAY, Presence.FOREIGN}
        known.presence, known.epoch = presence, epoch
        if presence is Presence.ONLINE:
            self._requeue(reception, everything=back, rejected=False)
        return True

    def replay(self, reception: str) -> None:
        """The reception asks for everything it has not acknowledged, rejected messages too."""
        self._requeue(reception, everything=True, rejected=True)

    def present(self, reception: str) -> Presence:
        """What is known of it now."""
        return self._receptions.get(reception, _Reception()).presence

    def _requeue(self, reception: str, *, everything: bool, rejected: bool) -> None:
        for jti, entry in self._entries.items():
            if entry.reception != reception or jti in self._in_flight or (entry.rejected and not rejected):
                continue
            if everything:
                entry.tries = 0
            if everything or entry.due is None:
                entry.rejected, entry.due = False, None
                self._ready[jti] = None

    # ---- sending ----

    def disconnected(self) -> None:
        """The connection ended: what waits for a PUBACK is sent again, presence is to be learned anew."""
        for jti in tuple(self._in_flight):
            self.returned(jti)
        for reception in self._receptions.values():
            reception.presence = Presence.UNKNOWN

    def take(self, now: float) -> list[str]:
        """Messages to send now; each counts as in flight until `acked` or `disconnected`."""
        while self._later and self._later[0][0] <= now:
            due, jti = heapq.heappop(self._later)
            entry = self._entries.get(jti)
            if entry is not None and entry.due == due and not entry.rejected:
                entry.due = None
                self._ready[jti] = None
        taken: list[str] = []
        while self._ready and len(self._in_flight) < self._window:
            jti, _nothing = self._ready.popitem(last=False)
            if self._may_send(self._entries[jti]):
                self._send(jti, now)
                taken.append(jti)
        return taken

    def acked(self, jti: str) -> None:
        """PUBACK, or the sending failed: either way it is no longer in flight."""
        self._in_flight.discard(jti)

    def returned(self, jti: str) -> None:
        """Never left: as if it had not been taken."""
        self._in_flight.discard(jti)
        if (entry := self._entries.get(jti)) is not None and not entry.rejected:
            entry.tries, entry.due = max(0, entry.tries - 1), None
            self._ready[jti] = None

    def reception_of(self, jti: str) -> str | None:
        """Whose message it is."""
        entry = self._entries.get(jti)
        return None if entry is None else entry.reception

    def _may_send(self, entry: _Entry) -> bool:
        # A row that may not go now is parked: out of every queue, until its reception's presence brings it back.
        presence = self.present(entry.reception)
        return presence is Presence.ONLINE or (entry.tries == 0 and presence is not Presence.FOREIGN)

    def _send(self, jti: str, now: float) -> None:
        entry = self._entries[jti]
        wait = min(self._cap, self._base * 2.0 ** min(entry.tries, 16))
        entry.tries += 1
        entry.due = now + wait * (1 + self._spread() / 2)
        heapq.heappush(self._later, (entry.due, jti))
        self._in_flight.add(jti)
