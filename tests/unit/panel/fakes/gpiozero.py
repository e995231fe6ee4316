"""A double of the part of gpiozero 2.0 that firmware/panel/gpio.py uses; pins are moved by the test."""

import inspect
from collections.abc import Callable
from functools import partial


class GPIOZeroError(Exception):
    """Root of gpiozero's exceptions."""


class PinError(GPIOZeroError):
    """This pin cannot be had."""


MADE: dict[int, "Device"] = {}
BROKEN: set[int] = set()


class Device:
    def __init__(self, pin: int) -> None:
        if pin in BROKEN:
            raise PinError(pin)
        if pin in MADE:
            raise GPIOZeroError(f"pin {pin} is in use")
        self.pin = pin
        MADE[pin] = self

    def close(self) -> None:
        MADE.pop(self.pin, None)


class Button(Device):
    def __init__(self, pin: int, *, pull_up: bool) -> None:
        super().__init__(pin)
        assert pull_up
        self.is_pressed = False
        self.when_pressed: Callable[[], None] | None = None
        self.when_released: Callable[[], None] | None = None

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("when_") and isinstance(value, partial):
            inspect.getcallargs(value.func, *value.args)  # as gpiozero: keywords of a partial are not seen
        super().__setattr__(name, value)

    def move(self, *, pressed: bool) -> None:
        self.is_pressed = pressed
        callback = self.when_pressed if pressed else self.when_released
        assert callback is not None
        callback()


class LED(Device):
    lit = False

    def on(self) -> None:
        self.lit = True

    def off(self) -> None:
        self.lit = False


class TonalBuzzer(Device):
    def __init__(self, pin: int, *, octaves: int) -> None:
        super().__init__(pin)
        self.range = (440 / 2**octaves, 440 * 2**octaves)
        self.played: list[float | None] = []
        self.broken = False

    def play(self, frequency: float) -> None:
        if self.broken:
            raise GPIOZeroError("gone")
        assert self.range[0] <= frequency <= self.range[1]
        self.played.append(frequency)

    def stop(self) -> None:
        self.played.append(None)


class DigitalOutputDevice(Device):
    value = False
