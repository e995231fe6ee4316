"""Display, sound and inputs from the settings; libraries of a Pi are imported only where they are asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.screen import NoDisplay
from firmware.panel.sound import Silent, Sounder, ThreadedSounder
from firmware.ports import Display, Inputs
from firmware.settings.schema import Settings

if TYPE_CHECKING:
    from firmware.app.observed import Simulated
    from firmware.panel.inputs import Keypad
    from firmware.panel.keypad import PostKey
    from firmware.panel.oled import OledConfig
    from firmware.runtime.devices import PartReports


def build_display(settings: Settings, simulated: Simulated | None) -> Display:
    section = settings.display
    match section.adapter:
        case "sim":
            if simulated is None:
                raise DeviceError(FaultCode.SETTINGS_INVALID, "display.adapter = sim needs control.socket")
            return simulated.display
        case "none":
            return NoDisplay()
        case "ssd1322" | "ssd1306":
            from firmware.panel.oled import Bus, Chip, OledConfig

            return _oled(
                OledConfig(
                    chip=Chip(section.adapter),
                    bus=Bus(section.bus),
                    port=section.port,
                    chip_select=section.chip_select,
                    address=section.address,
                    data_pin=section.data_pin,
                    reset_pin=section.reset_pin,
                    contrast=section.contrast,
                    upside_down=section.rotate == 180,
                )
            )


def _oled(config: OledConfig) -> Display:
    """SPI's data and reset lines are moved by our own lines where gpiozero is there (a Pi 5 has no RPi.GPIO)."""
    from firmware.panel.oled import OledDisplay, open_bus

    try:
        from firmware.panel.gpio import OutputLines
    except ImportError:
        return OledDisplay(config)
    lines = OutputLines()
    return OledDisplay(config, lambda wanted: open_bus(wanted, lines))


def build_sounder(settings: Settings) -> Sounder:
    """Silent without a Pi's pins: sound never keeps a device from starting."""
    if settings.inputs.adapter not in {"gpio", "evdev"}:
        return Silent()
    try:
        from firmware.panel.gpio import GpioConfig, GpioVoice

        pins = settings.inputs
        return ThreadedSounder(GpioVoice(GpioConfig(buzzer_pin=pins.buzzer_pin, light_pin=pins.light_pin)))
    except (ImportError, DeviceError):
        return Silent()


class NoKeypad:
    """Stands for a keypad whose library is not installed: the buttons work, the part stays failed."""

    def start(self, _: PostKey) -> None:
        raise DeviceError(FaultCode.KEYPAD_FAILED, "evdev is not installed")

    def close(self) -> None:
        """Nothing was opened."""


def _keypad(path: str, reports: PartReports) -> Keypad:
    try:
        from firmware.panel.keypad_evdev import EvdevKeypad
    except ImportError:
        return NoKeypad()
    return EvdevKeypad(path, partial(reports.tell, Part.KEYPAD))


def build_inputs(
    settings: Settings, simulated: Simulated | None, missing: list[tuple[Part, FaultCode]], reports: PartReports
) -> Inputs | None:
    section = settings.inputs
    if section.adapter == "sim" and simulated is not None:
        return simulated.inputs
    if section.adapter in {"gpio", "evdev"}:
        try:
            from firmware.panel.gpio import GpioButtons, GpioConfig
            from firmware.panel.inputs import PanelInputs

            buttons = GpioButtons(GpioConfig(section.left_pin, section.middle_pin, section.right_pin))
            if section.adapter == "gpio":
                return PanelInputs(buttons)
            return PanelInputs(buttons, _keypad(section.keypad, reports))
        except ImportError:
            pass
    missing.append((Part.KEYPAD, FaultCode.KEYPAD_FAILED))
    return None
