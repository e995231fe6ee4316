"""One button's contacts to presses. Pure: time comes in with every call, monotonic seconds.

A level counts when it has not changed for `SETTLE` seconds. A press is reported when the button is let go, as short;
one that lasts `HOLD` seconds is reported once at that moment, as held, and its end is not reported. A button that is
already down when the device starts (stuck, or leaned on) says nothing until it was released.
"""

from enum import Enum

SETTLE = 0.02
HOLD = 5.0


class Press(Enum):
    """What a button said."""

    SHORT = "short"
    HELD = "held"


class Debouncer:
    """`edge` with every change of the contact, `advance` when `due` has come; both return presses."""

    def __init__(self, *, pressed: bool = False, settle: float = SETTLE, hold: float = HOLD) -> None:
        self._settle = settle
        self._hold = hold
        self._raw = pressed
        self._stable = pressed
        self._changed_at: float | None = None
        self._down_at: float | None = None

    def edge(self, at: float, *, pressed: bool) -> Press | None:
        """The contact changed to `pressed`. A press that became due before `at` is returned first."""
        press = self.advance(at)
        if pressed != self._raw:
            self._raw = pressed
            self._changed_at = at
        return press

    @property
    def due(self) -> float | None:
        """When `advance` has something to decide; None: nothing pends."""
        hold_at = None if self._down_at is None else self._down_at + self._hold
        if self._changed_at is not None and (hold_at is None or self._changed_at < hold_at):
            return self._changed_at + self._settle  # whether the press still lasts is decided first
        return hold_at

    def advance(self, at: float) -> Press | None:
        """Time has passed."""
        held = self._held(at)
        if self._changed_at is None or at < self._changed_at + self._settle:
            return held
        changed_at, self._changed_at = self._changed_at, None
        if self._raw == self._stable:
            return held or self._held(at)
        self._stable = self._raw
        if self._stable:
            self._down_at = changed_at
            return held or self._held(at)
        was_down, self._down_at = self._down_at, None
        return held or (Press.SHORT if was_down is not None else None)

    def _held(self, at: float) -> Press | None:
        """Held long enough, and the contact was not already letting go by then."""
        if self._down_at is None or at < self._down_at + self._hold:
            return None
        if self._changed_at is not None and self._changed_at < self._down_at + self._hold:
            return None
        self._down_at = None
        return Press.HELD
