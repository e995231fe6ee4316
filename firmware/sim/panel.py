"""Simulated panel: a display that keeps its pictures, and buttons and keypad moved by the control socket.

`SimDisplay` is drawn on by the display lane's thread; `SimInputs` is used by the loop and by whoever plays the patient,
so both lock. Pictures: `height` rows of `width / 8` bytes, most significant bit left, 1 = lit (`ports.Display`). Typed
digits stay in one bytearray until confirmed, then belong to the receiver's Secret; given up, they are wiped. Raises
DeviceError(DISPLAY_FAILED) for a picture of the wrong size and after `fail`, ControlError for a refused command.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping

from firmware.core.events import Button
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.ports import EntrySink
from firmware.sim.control import ControlError, ControlServer, Message


class SimDisplay:
    """`ports.Display`. `on_draw` is called with every new picture, on the drawing thread."""

    def __init__(self, width: int, height: int, on_draw: Callable[[bytes], None], keep: int = 64) -> None:
        self.width = width
        self.height = height
        self._on_draw = on_draw
        self._lock = threading.Lock()
        self._images: deque[bytes] = deque(maxlen=keep)
        self._failed = False

    @property
    def images(self) -> tuple[bytes, ...]:
        """The last pictures, oldest first; a picture equal to the one before it is not kept twice."""
        with self._lock:
            return tuple(self._images)

    def fail(self, *, failed: bool) -> None:
        """Break the display, or mend it."""
        with self._lock:
            self._failed = failed

    def draw(self, rows: bytes) -> None:
        with self._lock:
            if self._failed:
                raise DeviceError(FaultCode.DISPLAY_FAILED, "simulated failure")
            if len(rows) != self.height * self.width // 8:
                raise DeviceError(FaultCode.DISPLAY_FAILED, f"picture of {len(rows)} bytes")
            if self._images and self._images[-1] == rows:
                return
            self._images.append(bytes(rows))
        self._on_draw(bytes(rows))

    def close(self) -> None:
        """Blank: what was shown is not kept any longer than the device."""
        with self._lock:
            self._images.clear()


class _Entry:
    """Digits being typed."""

    def __init__(self, length: int, sink: EntrySink) -> None:
        self.length = length
        self.sink = sink
        self.digits = bytearray(length)
        self.count = 0

    def add(self, digit: int) -> bool:
        """Whether there was room for it."""
        if self.count == self.length:
            return False
        self.digits[self.count] = digit
        self.count += 1
        return True

    def shorten(self, count: int) -> None:
        for index in range(count, self.length):
            self.digits[index] = 0
        self.count = count


class SimInputs:
    """`ports.Inputs`, moved by `press`, `type_digits`, `backspace`, `confirm` and `cancel` from any thread.

    Those return False when nobody listens for them: no entry is open, or it is full or empty. Sinks are called on the
    thread of the caller, without the lock, so a sink may begin or end an entry.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._post: Callable[[Button, bool], None] | None = None
        self._entry: _Entry | None = None

    def start(self, post: Callable[[Button, bool], None]) -> None:
        with self._lock:
            self._post = post

    def begin_entry(self, length: int, sink: EntrySink) -> None:
        with self._lock:
            self._drop_entry()
            self._entry = _Entry(length, sink)

    def end_entry(self) -> None:
        with self._lock:
            self._drop_entry()

    def close(self) -> None:
        with self._lock:
            self._post = None
            self._drop_entry()

    def press(self, button: Button, *, held: bool = False) -> bool:
        """One press of a button; `held`: for five seconds."""
        with self._lock:
            post = self._post
        if post is None:
            return False
        post(button, held)
        return True

    def type_digits(self, digits: str) -> bool:
        """Type them one by one; stops at the entry's length like a keypad that no longer beeps."""
        if not (digits.isascii() and digits.isdigit()):
            raise ControlError("only digits can be typed")
        for digit in digits.encode():
            with self._lock:
                entry = self._entry
                if entry is None or not entry.add(digit):
                    return False
                count = entry.count
            entry.sink.changed(count)
        return True

    def backspace(self) -> bool:
        """Take back the last digit."""
        with self._lock:
            entry = self._entry
            if entry is None or entry.count == 0:
                return False
            entry.shorten(entry.count - 1)
            count = entry.count
        entry.sink.changed(count)
        return True

    def confirm(self) -> bool:
        """Hand the digits over when all were typed; the entry is then over."""
        with self._lock:
            entry = self._entry
            if entry is None or entry.count < entry.length:
                return False
            self._entry = None
        entry.sink.done(Secret.adopt(entry.digits))
        return True

    def cancel(self) -> bool:
        """Clear what was typed; with nothing typed, give up the entry."""
        with self._lock:
            entry = self._entry
            if entry is None:
                return False
            empty = entry.count == 0
            if empty:
                self._entry = None
            else:
                entry.shorten(0)
        if empty:
            entry.sink.cancelled()
        else:
            entry.sink.changed(0)
        return True

    def _drop_entry(self) -> None:
        if self._entry is not None:
            self._entry.shorten(0)
            self._entry = None


def bind_inputs(server: ControlServer, inputs: SimInputs) -> None:
    """Let the control socket move `inputs`: button, digits (with `confirm`), backspace, confirm, cancel."""

    def button(message: Message) -> Mapping[str, object]:
        return _heard(inputs.press(Button(str(message["button"])), held=message.get("held") is True))

    def digits(message: Message) -> Mapping[str, object]:
        value = message["value"]
        if not isinstance(value, str):
            raise TypeError("value must be a string")
        heard = inputs.type_digits(value)
        return _heard(heard and (message.get("confirm") is not True or inputs.confirm()))

    server.on("button", button)
    server.on("digits", digits)
    server.on("backspace", lambda _: _heard(inputs.backspace()))
    server.on("confirm", lambda _: _heard(inputs.confirm()))
    server.on("cancel", lambda _: _heard(inputs.cancel()))


def _heard(heard: bool) -> Mapping[str, object]:
    if not heard:
        raise ControlError("nobody listens")
    return {}
