"""A double of the part of evdev 1.9 that firmware/panel/keypad_evdev.py uses; keys come through a pipe."""

import errno
import os
from dataclasses import dataclass

from evdev import ecodes

PLUGGED: dict[str, "Hardware"] = {}


@dataclass(frozen=True)
class InputEvent:
    type: int
    code: int
    value: int


class Hardware:
    """What is plugged in. `keys`: codes it can send. Unplugged by closing the pipe's writing end."""

    def __init__(self, keys: set[int]) -> None:
        self.keys = keys
        self.grabbed = False
        self.opened = 0
        self.reading, self.writing = os.pipe()

    def send(self, code: int, value: int = 1, kind: int = ecodes.EV_KEY) -> None:
        os.write(self.writing, bytes((kind, code, value)))

    def unplug(self) -> None:
        for path in [path for path, hardware in PLUGGED.items() if hardware is self]:
            del PLUGGED[path]
        os.close(self.writing)


def list_devices() -> list[str]:
    return sorted(PLUGGED)


class InputDevice:
    def __init__(self, path: str) -> None:
        if path not in PLUGGED:
            raise FileNotFoundError(errno.ENOENT, "no such device", path)
        self._hardware = PLUGGED[path]
        self._hardware.opened += 1
        self.fd = self._hardware.reading

    def capabilities(self) -> dict[int, list[int]]:
        return {ecodes.EV_KEY: sorted(self._hardware.keys)}

    def grab(self) -> None:
        if self._hardware.grabbed:
            raise OSError(errno.EBUSY, "grabbed by another program")
        self._hardware.grabbed = True

    def read(self) -> list[InputEvent]:
        data = os.read(self.fd, 300)
        if not data:
            raise OSError(errno.ENODEV, "unplugged")
        return [InputEvent(*data[start : start + 3]) for start in range(0, len(data), 3)]

    def close(self) -> None:
        self._hardware.opened -= 1
        self._hardware.grabbed = False
