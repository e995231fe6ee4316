"""`PanelInputs`: `ports.Inputs` from three buttons and an optional keypad. Any thread.

Buttons and keypad have threads of their own, which call back directly; nothing blocks here. Raises
DeviceError(KEYPAD_FAILED) from `start`, which may then be called again.
"""

from typing import Protocol

from firmware.panel.keypad import EntryDesk, PostButton, PostKey
from firmware.ports import EntrySink


class Buttons(Protocol):
    """Three buttons, debounced."""

    def start(self, post: PostButton) -> None:
        """Report presses. Raises KEYPAD_FAILED."""

    def close(self) -> None:
        """Idempotent."""


class Keypad(Protocol):
    """A numeric keypad."""

    def start(self, post: PostKey) -> None:
        """Report keys. Raises KEYPAD_FAILED."""

    def close(self) -> None:
        """Idempotent."""


class PanelInputs:
    """Buttons go to the session, keys to the open entry."""

    def __init__(self, buttons: Buttons, keypad: Keypad | None = None) -> None:
        self._buttons = buttons
        self._keypad = keypad
        self._desk = EntryDesk()
        self._buttons_started = False

    def start(self, post: PostButton) -> None:
        if not self._buttons_started:
            self._buttons.start(post)
            self._buttons_started = True  # they keep working when the keypad is not there
        if self._keypad is not None:
            self._keypad.start(self._desk.press)

    def begin_entry(self, length: int, sink: EntrySink) -> None:
        self._desk.begin(length, sink)

    def end_entry(self) -> None:
        self._desk.end()

    def close(self) -> None:
        if self._keypad is not None:
            self._keypad.close()
        self._buttons.close()
        self._buttons_started = False
        self._desk.end()
