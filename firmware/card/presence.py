"""Which reader is ours, and from its PC/SC states to what the runtime is told. Pure; the tracker: watch thread only.

A card swapped between two polls shows PRESENT both times; the event counter in the upper 16 bits of the state tells
(pcsc-lite, `SCardGetStatusChange`). Source: PC/SC part 5, hardware.md 1.
"""

import re

from firmware.core.events import CardPresence

_UNKNOWN, _UNAVAILABLE, _PRESENT = 0x0004, 0x0008, 0x0020


class ReaderPattern:
    """Chooses a reader by name: the pattern may stand anywhere in it, `*` is a gap, case does not matter."""

    def __init__(self, pattern: str) -> None:
        self._expression = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE)

    def choose(self, names: list[str]) -> str | None:
        return next((name for name in names if self._expression.search(name)), None)


class PresenceTracker:
    """Remembers what was reported last; each method returns what is to be reported now, in order."""

    def __init__(self) -> None:
        self._reader: bool | None = None
        self._card: bool | None = None
        self._counter = 0

    def reader_gone(self) -> list[CardPresence]:
        """No reader, or no pcscd to ask: reported once."""
        if self._reader is False:
            return []
        self._reader, self._card = False, None
        return [CardPresence.READER_LOST]

    def observe(self, event_state: int) -> list[CardPresence]:
        """A state word of the chosen reader."""
        if event_state & (_UNKNOWN | _UNAVAILABLE):
            return self.reader_gone()
        reports = [CardPresence.READER_BACK] if self._reader is False else []
        present, counter = bool(event_state & _PRESENT), event_state >> 16
        if present is not self._card:
            reports.append(CardPresence.PRESENT if present else CardPresence.ABSENT)
        elif present and counter != self._counter:
            reports += [CardPresence.ABSENT, CardPresence.PRESENT]
        self._reader, self._card, self._counter = True, present, counter
        return reports
