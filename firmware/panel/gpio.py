"""Buttons, buzzer, light and output lines on the Raspberry Pi's header. Imports gpiozero, so only on a device.

gpiozero calls back on its own thread; an edge goes into a queue with its time and the thread "buttons" debounces it
(gpiozero's own `bounce_time` drops edges, hardware.md 4). Pins are BCM numbers, buttons close to ground. Errors of
gpiozero become DeviceError(KEYPAD_FAILED) for buttons; a buzzer or light that fails is silent.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import gpiozero

from firmware.core.events import Button
from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.debounce import Debouncer, Press
from firmware.panel.keypad import PostButton


@dataclass(frozen=True, slots=True)
class GpioConfig:
    """BCM numbers."""

    left_pin: int = 5
    middle_pin: int = 6
    right_pin: int = 13
    buzzer_pin: int = 18
    light_pin: int = 23

    @property
    def buttons(self) -> Mapping[Button, int]:
        return {Button.LEFT: self.left_pin, Button.MIDDLE: self.middle_pin, Button.RIGHT: self.right_pin}


class _Edge(NamedTuple):
    button: Button
    pressed: bool
    at: float


class GpioButtons:
    """`inputs.Buttons`. `now`: monotonic seconds."""

    def __init__(self, config: GpioConfig, now: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._now = now
        self._edges: queue.SimpleQueue[_Edge | None] = queue.SimpleQueue()
        self._pins: dict[Button, gpiozero.Button] = {}
        self._thread: threading.Thread | None = None

    def start(self, post: PostButton) -> None:
        try:
            for button, pin in self._config.buttons.items():
                self._pins[button] = self._listen(button, pin)
        except (gpiozero.GPIOZeroError, OSError) as error:
            self._release()
            raise DeviceError(FaultCode.KEYPAD_FAILED, type(error).__name__) from error
        states = {button: Debouncer(pressed=bool(pin.is_pressed)) for button, pin in self._pins.items()}
        self._thread = threading.Thread(target=self._run, args=(states, post), name="buttons", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._thread is not None:
            self._edges.put(None)
            self._thread.join()
            self._thread = None
        self._release()

    def _listen(self, button: Button, pin: int) -> gpiozero.Button:
        device = gpiozero.Button(pin, pull_up=True)
        device.when_pressed = partial(self._down, button)
        device.when_released = partial(self._up, button)
        return device

    def _down(self, button: Button) -> None:
        self._edges.put(_Edge(button, pressed=True, at=self._now()))

    def _up(self, button: Button) -> None:
        self._edges.put(_Edge(button, pressed=False, at=self._now()))

    def _release(self) -> None:
        for device in self._pins.values():
            device.close()
        self._pins.clear()

    def _run(self, states: Mapping[Button, Debouncer], post: PostButton) -> None:
        while True:
            times = [state.due for state in states.values() if state.due is not None]
            try:
                edge = self._edges.get(timeout=max(0.0, min(times) - self._now()) if times else None)
            except queue.Empty:
                for button, state in states.items():
                    _tell(post, button, state.advance(self._now()))
                continue
            if edge is None:
                return
            _tell(post, edge.button, states[edge.button].edge(edge.at, pressed=edge.pressed))


def _tell(post: PostButton, button: Button, press: Press | None) -> None:
    if press is not None:
        post(button, press is Press.HELD)


class GpioVoice:
    """`sound.Voice`: a passive buzzer on PWM and a light. Raises DeviceError(KEYPAD_FAILED) if a pin cannot be had."""

    def __init__(self, config: GpioConfig) -> None:
        self._open: list[gpiozero.Device] = []
        try:
            self._buzzer = self._keep(gpiozero.TonalBuzzer(config.buzzer_pin, octaves=3))
            self._light = self._keep(gpiozero.LED(config.light_pin))
        except (gpiozero.GPIOZeroError, OSError) as error:
            self.close()
            raise DeviceError(FaultCode.KEYPAD_FAILED, type(error).__name__) from error

    def _keep(self, device: gpiozero.Device) -> gpiozero.Device:
        self._open.append(device)
        return device

    def sound(self, frequency: float | None) -> None:
        with contextlib.suppress(gpiozero.GPIOZeroError, OSError):
            if frequency is None:
                self._buzzer.stop()
                self._light.off()
            else:
                self._light.on()
                self._buzzer.play(frequency)

    def close(self) -> None:
        with contextlib.suppress(gpiozero.GPIOZeroError, OSError):
            while self._open:
                self._open.pop().close()


class OutputLines:
    """The few functions of RPi.GPIO that luma's SPI bus needs, on gpiozero: RPi.GPIO itself does not work on a Pi 5.

    Pass it to `oled.open_bus`. Errors of gpiozero become OSError, which `OledDisplay` maps.
    """

    OUT = "out"
    LOW = False
    HIGH = True

    def __init__(self) -> None:
        self._lines: dict[int, gpiozero.DigitalOutputDevice] = {}

    def setup(self, pin: int, _direction: str) -> None:
        try:
            self._lines[pin] = gpiozero.DigitalOutputDevice(pin)
        except gpiozero.GPIOZeroError as error:
            raise OSError(f"GPIO {pin}: {type(error).__name__}") from error

    def output(self, pin: int, level: int) -> None:
        self._lines[pin].value = bool(level)

    def cleanup(self, _pins: Iterable[int] = ()) -> None:
        while self._lines:
            self._lines.popitem()[1].close()
