"""Buttons, buzzer and lines over a double of gpiozero."""

import queue

import pytest

from firmware.core.effects import Tone
from firmware.core.events import Button
from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.sound import PATTERNS
from tests.unit.panel.conftest import Doubled


class Clock:
    """Time that the test moves; edges carry it."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture(autouse=True)
def fresh(gpio: Doubled) -> None:
    gpio.vendor.MADE.clear()
    gpio.vendor.BROKEN.clear()


def test_a_press_of_each_button_is_told(gpio: Doubled) -> None:
    clock, told = Clock(), queue.SimpleQueue[tuple[Button, bool]]()
    buttons = gpio.ours.GpioButtons(gpio.ours.GpioConfig(), clock)
    buttons.start(lambda button, held: told.put((button, held)))
    for pin, button in ((5, Button.LEFT), (6, Button.MIDDLE), (13, Button.RIGHT)):
        gpio.vendor.MADE[pin].move(pressed=True)
        clock.at += 0.2
        gpio.vendor.MADE[pin].move(pressed=False)
        clock.at += 0.2
        gpio.vendor.MADE[pin].move(pressed=False)  # wakes the thread, whose clock does not run by itself
        assert told.get(timeout=5) == (button, False)
    gpio.vendor.MADE[5].move(pressed=True)
    clock.at += 6
    gpio.vendor.MADE[5].move(pressed=True)
    gpio.vendor.MADE[5].move(pressed=False)
    assert told.get(timeout=5) == (Button.LEFT, True)
    buttons.close()
    buttons.close()
    assert not gpio.vendor.MADE
    assert told.empty()


def test_with_the_real_clock_a_press_is_told_without_another_edge(gpio: Doubled) -> None:
    told = queue.SimpleQueue[tuple[Button, bool]]()
    buttons = gpio.ours.GpioButtons(gpio.ours.GpioConfig())
    buttons.start(lambda button, held: told.put((button, held)))
    gpio.vendor.MADE[6].move(pressed=True)
    with pytest.raises(queue.Empty):
        told.get(timeout=0.05)
    gpio.vendor.MADE[6].move(pressed=False)
    assert told.get(timeout=5) == (Button.MIDDLE, False)
    buttons.close()


def test_a_pin_that_cannot_be_had_is_a_fault_and_gives_the_others_back(gpio: Doubled) -> None:
    gpio.vendor.BROKEN.add(13)
    buttons = gpio.ours.GpioButtons(gpio.ours.GpioConfig())
    with pytest.raises(DeviceError) as caught:
        buttons.start(lambda _button, _held: None)
    assert caught.value.code is FaultCode.KEYPAD_FAILED
    assert not gpio.vendor.MADE
    gpio.vendor.BROKEN.clear()
    buttons.start(lambda _button, _held: None)
    buttons.close()


def test_every_tone_is_within_the_buzzers_range_and_lights_the_lamp(gpio: Doubled) -> None:
    voice = gpio.ours.GpioVoice(gpio.ours.GpioConfig())
    buzzer, light = gpio.vendor.MADE[18], gpio.vendor.MADE[23]
    for tone in Tone:
        for note in PATTERNS[tone]:
            voice.sound(note.frequency)
            assert light.lit == (note.frequency is not None)
    voice.sound(None)
    assert buzzer.played[-1] is None
    assert not light.lit
    voice.close()
    voice.close()
    assert not gpio.vendor.MADE


def test_a_broken_buzzer_is_silent(gpio: Doubled) -> None:
    voice = gpio.ours.GpioVoice(gpio.ours.GpioConfig())
    gpio.vendor.MADE[18].broken = True
    voice.sound(880)


def test_a_missing_light_is_told_when_the_voice_is_made(gpio: Doubled) -> None:
    gpio.vendor.BROKEN.add(23)
    with pytest.raises(DeviceError):
        gpio.ours.GpioVoice(gpio.ours.GpioConfig())
    assert not gpio.vendor.MADE


def test_lines_for_the_display(gpio: Doubled) -> None:
    lines = gpio.ours.OutputLines()
    lines.setup(24, lines.OUT)
    lines.output(24, lines.HIGH)
    levels = [gpio.vendor.MADE[24].value]
    lines.output(24, lines.LOW)
    levels.append(gpio.vendor.MADE[24].value)
    assert levels == [True, False]
    gpio.vendor.BROKEN.add(25)
    with pytest.raises(OSError, match="GPIO 25"):
        lines.setup(25, lines.OUT)
    lines.cleanup()
    assert not gpio.vendor.MADE
