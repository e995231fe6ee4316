"""A USB numeric keypad through Linux' input events. Thread "keypad"; imports evdev, so only on a device.

The keypad is grabbed: no digit reaches a console or another program. An unplugged keypad is looked for every
`RETRY` seconds; loss and return are told to `report`. `start` raises DeviceError(KEYPAD_FAILED) when there is none.
"""

import contextlib
import os
import select
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

import evdev
from evdev import ecodes

from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.keypad import Key, PostKey

RETRY = 2.0

_DOWN = 1  # value of a key event: 0 up, 1 down, 2 auto-repeat

KEYS: Mapping[int, Key] = MappingProxyType(
    {
        **{getattr(ecodes, f"KEY_{digit}"): Key(str(digit)) for digit in range(10)},
        **{getattr(ecodes, f"KEY_KP{digit}"): Key(str(digit)) for digit in range(10)},
        ecodes.KEY_BACKSPACE: Key.BACKSPACE,
        ecodes.KEY_DELETE: Key.BACKSPACE,
        ecodes.KEY_KPDOT: Key.BACKSPACE,
        ecodes.KEY_ENTER: Key.CONFIRM,
        ecodes.KEY_KPENTER: Key.CONFIRM,
        ecodes.KEY_ESC: Key.CANCEL,
        ecodes.KEY_KPASTERISK: Key.CANCEL,
        ecodes.KEY_KPMINUS: Key.CANCEL,
    }
)
_NEEDED = ({ecodes.KEY_KP0, ecodes.KEY_0}, {ecodes.KEY_KPENTER, ecodes.KEY_ENTER})


def _is_keypad(device: evdev.InputDevice) -> bool:
    keys = set(device.capabilities().get(ecodes.EV_KEY, ()))
    return all(keys & either for either in _NEEDED)


def find_keypad(path: str) -> evdev.InputDevice:
    """The device at `path`, or with "" the first one that has digits and a confirm key. OSError if there is none."""
    if path:
        return evdev.InputDevice(path)
    for candidate in evdev.list_devices():
        device = evdev.InputDevice(candidate)
        if _is_keypad(device):
            return device
        device.close()
    raise FileNotFoundError("no input device with digits and a confirm key")


class EvdevKeypad:
    """`inputs.Keypad`. `report`: KEYPAD_FAILED when the keypad is lost, None when it is back; from the thread."""

    def __init__(self, path: str = "", report: Callable[[FaultCode | None], None] = lambda _: None) -> None:
        self._path = path
        self._report = report
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None

    def start(self, post: PostKey) -> None:
        if self._thread is not None:
            return
        try:
            device = self._open()
        except OSError as error:
            raise DeviceError(FaultCode.KEYPAD_FAILED, f"{type(error).__name__} {error.errno}") from error
        self._stopping.clear()
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, args=(device, post), name="keypad", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._thread is None or self._wake is None:
            return
        self._stopping.set()
        os.write(self._wake[1], b"\0")
        self._thread.join()
        for end in self._wake:
            os.close(end)
        self._thread = self._wake = None

    def _open(self) -> evdev.InputDevice:
        device = find_keypad(self._path)
        try:
            device.grab()
        except OSError:
            device.close()
            raise
        return device

    def _run(self, device: evdev.InputDevice, post: PostKey) -> None:
        found: evdev.InputDevice | None = device
        while found is not None:
            with contextlib.closing(found), contextlib.suppress(OSError):
                self._read(found, post)
            if self._stopping.is_set():
                return
            self._report(FaultCode.KEYPAD_FAILED)
            found = self._wait_for_keypad()
            if found is not None:
                self._report(None)

    def _read(self, device: evdev.InputDevice, post: PostKey) -> None:
        """Pass keys on until told to stop; OSError when the keypad was unplugged."""
        wake = self._wake[0] if self._wake else -1
        while not self._stopping.is_set():
            ready, _, _ = select.select([device.fd, wake], [], [])
            if device.fd not in ready:
                continue
            for event in device.read():
                if event.type == ecodes.EV_KEY and event.value == _DOWN and event.code in KEYS:
                    post(KEYS[event.code])

    def _wait_for_keypad(self) -> evdev.InputDevice | None:
        while not self._stopping.wait(RETRY):
            with contextlib.suppress(OSError):
                return self._open()
        return None
