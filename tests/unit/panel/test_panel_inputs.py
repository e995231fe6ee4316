"""Buttons and keypad together."""

import pytest

from firmware.core.events import Button
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.panel.inputs import PanelInputs
from firmware.panel.keypad import Key, PostButton, PostKey
from firmware.ports import EntrySink, Inputs


class Buttons:
    def __init__(self) -> None:
        self.post: PostButton | None = None
        self.starts = 0

    def start(self, post: PostButton) -> None:
        self.post = post
        self.starts += 1

    def close(self) -> None:
        self.post = None


class Keypad:
    def __init__(self, *, missing: bool = False) -> None:
        self.post: PostKey | None = None
        self.missing = missing

    def start(self, post: PostKey) -> None:
        if self.missing:
            raise DeviceError(FaultCode.KEYPAD_FAILED)
        self.post = post

    def close(self) -> None:
        self.post = None


def test_buttons_and_digits_reach_their_receivers() -> None:
    buttons, keypad = Buttons(), Keypad()
    inputs: Inputs = PanelInputs(buttons, keypad)
    pressed: list[tuple[Button, bool]] = []
    secrets: list[Secret] = []
    inputs.start(lambda button, held: pressed.append((button, held)))
    inputs.begin_entry(1, EntrySink(lambda _: None, secrets.append, lambda: None))
    assert buttons.post is not None
    assert keypad.post is not None
    buttons.post(Button.LEFT, True)
    keypad.post(Key.D4)
    keypad.post(Key.CONFIRM)
    assert pressed == [(Button.LEFT, True)]
    assert [bytes(secret.view()) for secret in secrets] == [b"4"]
    inputs.close()
    assert buttons.post is None


def test_buttons_work_while_the_keypad_is_missing() -> None:
    buttons, keypad = Buttons(), Keypad(missing=True)
    inputs = PanelInputs(buttons, keypad)
    for _ in range(2):
        with pytest.raises(DeviceError):
            inputs.start(lambda _button, _held: None)
    assert buttons.starts == 1
    assert buttons.post is not None
    keypad.missing = False
    inputs.start(lambda _button, _held: None)
    assert keypad.post is not None


def test_a_closed_panel_takes_no_digits() -> None:
    keypad = Keypad()
    inputs = PanelInputs(Buttons(), keypad)
    counts: list[int] = []
    inputs.start(lambda _button, _held: None)
    press = keypad.post
    assert press is not None
    inputs.begin_entry(4, EntrySink(counts.append, lambda _: None, lambda: None))
    inputs.end_entry()
    press(Key.D1)
    inputs.begin_entry(4, EntrySink(counts.append, lambda _: None, lambda: None))
    inputs.close()
    press(Key.D1)
    assert counts == []
