"""Buttons and keypad from the settings (firmware/app/panel.py): a missing library costs no more than its own part."""

import sys
from types import ModuleType

import pytest

from firmware.app.panel import build_inputs
from firmware.core.events import Button, Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.keypad import PostButton
from firmware.runtime.devices import PartReports
from firmware.settings.schema import Settings


class GivenButtons:
    """Buttons of which the left one is pressed at once."""

    def __init__(self, _: object) -> None:
        self.closed = False

    def start(self, post: PostButton) -> None:
        post(Button.LEFT, False)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def buttons_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device with gpiozero and without evdev."""
    gpio = ModuleType("firmware.panel.gpio")
    vars(gpio).update(GpioButtons=GivenButtons, GpioConfig=lambda *pins: pins)
    monkeypatch.setitem(sys.modules, "firmware.panel.gpio", gpio)
    monkeypatch.setitem(sys.modules, "firmware.panel.keypad_evdev", None)


def _with_inputs(settings: Settings, adapter: str) -> Settings:
    return settings.model_copy(update={"inputs": settings.inputs.model_copy(update={"adapter": adapter})})


@pytest.mark.usefixtures("buttons_only")
def test_without_evdev_the_buttons_stay_and_the_keypad_is_reported(settings: Settings) -> None:
    missing: list[tuple[Part, FaultCode]] = []
    inputs = build_inputs(_with_inputs(settings, "evdev"), None, missing, PartReports())
    assert inputs is not None
    assert missing == []  # the part is told as failed when it starts, and tried again
    pressed: list[Button] = []
    with pytest.raises(DeviceError) as caught:
        inputs.start(lambda button, *_: pressed.append(button))
    assert caught.value.code is FaultCode.KEYPAD_FAILED
    assert pressed == [Button.LEFT]
    inputs.close()


@pytest.mark.usefixtures("buttons_only")
def test_buttons_alone_are_no_fault_where_the_site_wants_no_keypad(settings: Settings) -> None:
    missing: list[tuple[Part, FaultCode]] = []
    inputs = build_inputs(_with_inputs(settings, "gpio"), None, missing, PartReports())
    assert inputs is not None
    inputs.start(lambda *_: None)
    inputs.close()
    assert missing == []
