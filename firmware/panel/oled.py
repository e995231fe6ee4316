"""SSD1322 (256x64) and SSD1306 (128x64) OLEDs through luma. Display lane; imports luma.

The bus is opened with the first picture. After an error the device is forgotten and initialised anew with the next
picture, so a display that was unplugged comes back. Errors of luma and of the bus become DeviceError(DISPLAY_FAILED).
Note that SPI has no answer: a missing SPI display is not noticed.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from luma.core.error import Error as LumaError
from luma.core.interface.serial import i2c, spi
from luma.oled.device import ssd1306, ssd1322

from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.raster import from_rows

_NOP_SSD1306 = 0xE3
_HALF_TURN = 2  # luma counts quarter turns


class Chip(StrEnum):
    """Controllers that are supported."""

    SSD1322 = "ssd1322"
    SSD1306 = "ssd1306"


class Bus(StrEnum):
    """How the display is wired."""

    SPI = "spi"
    I2C = "i2c"


_SIZES = {Chip.SSD1322: (256, 64), Chip.SSD1306: (128, 64)}


@dataclass(frozen=True, slots=True)
class OledConfig:
    """`port`: number of the bus. Pins: BCM numbers, SPI only. `contrast`: 0 to 255. `upside_down`: half a turn."""

    chip: Chip = Chip.SSD1322
    bus: Bus = Bus.SPI
    port: int = 0
    chip_select: int = 0
    address: int = 0x3C
    data_pin: int = 24
    reset_pin: int = 25
    contrast: int = 128
    upside_down: bool = False


def open_bus(config: OledConfig, lines: object = None) -> Any:
    """The bus, opened. `lines`: `gpio.OutputLines` for SPI; without it luma takes RPi.GPIO."""
    if config.bus is Bus.I2C:
        return i2c(port=config.port, address=config.address)
    return spi(
        gpio=lines,
        port=config.port,
        device=config.chip_select,
        gpio_DC=config.data_pin,
        gpio_RST=config.reset_pin,
    )


class OledDisplay:
    """`ports.Display`. `connect` opens the bus; a test passes one with a recorded bus."""

    def __init__(self, config: OledConfig, connect: Callable[[OledConfig], Any] = open_bus) -> None:
        self.width, self.height = _SIZES[config.chip]
        self._config = config
        self._connect = connect
        self._bus: Any = None
        self._device: Any = None

    def draw(self, rows: bytes) -> None:
        if len(rows) != self.width * self.height // 8:
            raise DeviceError(FaultCode.DISPLAY_FAILED, f"picture of {len(rows)} bytes")
        try:
            if self._device is None:
                self._open()
            self._device.display(from_rows(rows, self.width, self.height))
        except (LumaError, OSError) as error:
            self._forget()
            raise DeviceError(FaultCode.DISPLAY_FAILED, type(error).__name__) from error

    def close(self) -> None:
        device, self._bus, self._device = self._device, None, None
        if device is not None:
            with contextlib.suppress(LumaError, OSError):
                device.cleanup()

    def _open(self) -> None:
        try:
            self._bus = self._connect(self._config)
        except (ImportError, RuntimeError) as error:  # spidev or GPIO library missing, or no such board
            raise OSError(f"bus: {type(error).__name__}") from error
        if self._config.bus is Bus.I2C:
            # luma keeps every device it made until the process ends: ask the bus first whether somebody is there.
            self._bus.command(_NOP_SSD1306)
        rotate = _HALF_TURN if self._config.upside_down else 0
        kind = ssd1322 if self._config.chip is Chip.SSD1322 else ssd1306
        device = kind(self._bus, width=self.width, height=self.height, rotate=rotate, mode="1")
        device.contrast(self._config.contrast)
        self._device = device

    def _forget(self) -> None:
        """Drop the device without a word to it, but give its bus back."""
        bus, self._bus, self._device = self._bus, None, None
        if bus is not None:
            with contextlib.suppress(LumaError, OSError):
                bus.cleanup()
