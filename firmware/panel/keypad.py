"""Digit entry: what keys do, where the digits lie, and who gets them. No device here; see `keypad_evdev.py`.

Digits go into one buffer that becomes the receiver's `Secret`; given up, they are wiped. Entry ends by the confirm key
only, never by itself with the last digit: a mistyped PIN costs one of three tries, so it can be taken back until then.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum

from firmware.core.events import Button
from firmware.core.secret import Secret
from firmware.ports import EntrySink


class Key(StrEnum):
    """A key of the keypad."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    BACKSPACE = "backspace"
    CONFIRM = "confirm"
    CANCEL = "cancel"


class Stroke(Enum):
    """What a key did."""

    CHANGED = "changed"
    DONE = "done"
    CANCELLED = "cancelled"
    IGNORED = "ignored"


class DigitEntry:
    """Exactly `length` digits (ASCII), being typed. Pure; one thread at a time."""

    __slots__ = ("_digits", "count")

    def __init__(self, length: int) -> None:
        if length < 1:
            raise ValueError("an entry needs at least one digit")
        self._digits = bytearray(length)
        self.count = 0

    def __repr__(self) -> str:
        return f"DigitEntry({self.count} of {len(self._digits)})"

    def press(self, key: Key) -> Stroke:
        """Confirm counts only when full, cancel clears first and gives up when nothing is typed."""
        match key:
            case Key.BACKSPACE:
                return self._shorten(self.count - 1)
            case Key.CANCEL:
                return self._shorten(0) if self.count else Stroke.CANCELLED
            case Key.CONFIRM:
                return Stroke.DONE if self.count == len(self._digits) else Stroke.IGNORED
            case _:
                return self._add(ord(key.value))

    def _add(self, digit: int) -> Stroke:
        if self.count == len(self._digits):
            return Stroke.IGNORED
        self._digits[self.count] = digit
        self.count += 1
        return Stroke.CHANGED

    def _shorten(self, count: int) -> Stroke:
        if count < 0:
            return Stroke.IGNORED
        self._digits[count:] = bytes(len(self._digits) - count)
        self.count = count
        return Stroke.CHANGED

    def take(self) -> Secret:
        """Hand the buffer over; the entry is empty afterwards."""
        secret = Secret.adopt(self._digits)
        self._digits = bytearray(len(self._digits))
        self.count = 0
        return secret

    def wipe(self) -> None:
        self._shorten(0)


@dataclass(frozen=True, slots=True)
class _Open:
    entry: DigitEntry
    sink: EntrySink


class EntryDesk:
    """The one entry that may be open. Any thread; sinks are called on the key's thread, without the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: _Open | None = None

    def begin(self, length: int, sink: EntrySink) -> None:
        """Take digits; a running entry is wiped and replaced."""
        fresh = _Open(DigitEntry(length), sink)
        with self._lock:
            self._drop()
            self._open = fresh

    def end(self) -> None:
        """Wipe what was typed; its sink hears nothing more. Idempotent."""
        with self._lock:
            self._drop()

    def press(self, key: Key) -> Stroke:
        """A key; ignored while nothing is asked."""
        secret: Secret | None = None
        with self._lock:
            current = self._open
            if current is None:
                return Stroke.IGNORED
            stroke = current.entry.press(key)
            count = current.entry.count
            if stroke is Stroke.DONE:
                secret = current.entry.take()
            if stroke in {Stroke.DONE, Stroke.CANCELLED}:
                self._open = None
        if secret is not None:
            current.sink.done(secret)
        elif stroke is Stroke.CANCELLED:
            current.sink.cancelled()
        elif stroke is Stroke.CHANGED:
            current.sink.changed(count)
        return stroke

    def _drop(self) -> None:
        if self._open is not None:
            self._open.entry.wipe()
            self._open = None


PostButton = Callable[[Button, bool], None]
PostKey = Callable[[Key], object]
