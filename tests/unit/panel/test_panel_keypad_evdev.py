"""The USB keypad over a double of evdev: keys, grab, unplugging."""

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.keypad import Key
from tests.unit.panel.conftest import Doubled

PATH = "/dev/input/event3"
WAIT = 5.0


@pytest.fixture(autouse=True)
def short_retry(keypad_evdev: Doubled, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keypad_evdev.ours, "RETRY", 0.01)
    yield
    keypad_evdev.vendor.PLUGGED.clear()


def plug(doubled: Doubled, path: str = PATH, keys: set[int] | None = None) -> Any:
    codes = doubled.vendor.ecodes
    hardware = doubled.vendor.Hardware(keys or {codes.KEY_KP0, codes.KEY_KPENTER})
    doubled.vendor.PLUGGED[path] = hardware
    return hardware


def test_digits_and_keys_arrive_once_per_press(keypad_evdev: Doubled) -> None:
    codes, told = keypad_evdev.vendor.ecodes, queue.SimpleQueue[Key]()
    hardware = plug(keypad_evdev)
    keypad = keypad_evdev.ours.EvdevKeypad(PATH)
    keypad.start(told.put)
    assert hardware.grabbed
    hardware.send(codes.KEY_KP7)
    hardware.send(codes.KEY_KP7, value=2)  # auto-repeat
    hardware.send(codes.KEY_KP7, value=0)
    hardware.send(0, kind=codes.EV_SYN)
    hardware.send(codes.KEY_A)
    hardware.send(codes.KEY_0)
    hardware.send(codes.KEY_BACKSPACE)
    hardware.send(codes.KEY_KPENTER)
    hardware.send(codes.KEY_ESC)
    got = [told.get(timeout=WAIT) for _ in range(5)]
    assert got == [Key.D7, Key.D0, Key.BACKSPACE, Key.CONFIRM, Key.CANCEL]
    keypad.close()
    keypad.close()
    assert not hardware.grabbed
    assert hardware.opened == 0


def test_all_digits_of_both_rows_are_known(keypad_evdev: Doubled) -> None:
    codes, keys = keypad_evdev.vendor.ecodes, keypad_evdev.ours.KEYS
    for digit in range(10):
        assert keys[getattr(codes, f"KEY_{digit}")] is Key(str(digit))
        assert keys[getattr(codes, f"KEY_KP{digit}")] is Key(str(digit))


def test_the_first_device_with_digits_and_confirm_is_taken(keypad_evdev: Doubled) -> None:
    mouse = plug(keypad_evdev, "/dev/input/event0", {272})
    hardware = plug(keypad_evdev, "/dev/input/event1")
    keypad = keypad_evdev.ours.EvdevKeypad()
    keypad.start(lambda _: None)
    assert hardware.grabbed
    assert mouse.opened == 0
    keypad.close()


@pytest.mark.parametrize("path", ["", PATH])
def test_no_keypad_is_a_fault_and_start_may_be_repeated(keypad_evdev: Doubled, path: str) -> None:
    keypad = keypad_evdev.ours.EvdevKeypad(path)
    with pytest.raises(DeviceError) as caught:
        keypad.start(lambda _: None)
    assert caught.value.code is FaultCode.KEYPAD_FAILED
    plug(keypad_evdev)
    keypad.start(lambda _: None)
    keypad.close()


def test_a_keypad_that_another_program_holds_is_a_fault(keypad_evdev: Doubled) -> None:
    hardware = plug(keypad_evdev)
    hardware.grabbed = True
    with pytest.raises(DeviceError):
        keypad_evdev.ours.EvdevKeypad(PATH).start(lambda _: None)
    assert hardware.opened == 0


def test_an_unplugged_keypad_is_told_and_works_again(keypad_evdev: Doubled) -> None:
    told, reports = queue.SimpleQueue[Key](), queue.SimpleQueue[FaultCode | None]()
    hardware = plug(keypad_evdev)
    keypad = keypad_evdev.ours.EvdevKeypad(PATH, reports.put)
    keypad.start(told.put)
    hardware.unplug()
    assert reports.get(timeout=WAIT) is FaultCode.KEYPAD_FAILED
    again = plug(keypad_evdev)
    assert reports.get(timeout=WAIT) is None
    again.send(keypad_evdev.vendor.ecodes.KEY_KP1)
    assert told.get(timeout=WAIT) is Key.D1
    keypad.close()


def test_close_while_the_keypad_is_gone(keypad_evdev: Doubled) -> None:
    reports = queue.SimpleQueue[FaultCode | None]()
    hardware = plug(keypad_evdev)
    keypad = keypad_evdev.ours.EvdevKeypad(PATH, reports.put)
    keypad.start(lambda _: None)
    hardware.unplug()
    assert reports.get(timeout=WAIT) is FaultCode.KEYPAD_FAILED
    keypad.close()
    assert reports.empty()
