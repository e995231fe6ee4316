"""The pictures that arrive in the displays' memory, over luma's real SPI and I2C code on recorded buses."""

import errno
import random

import pytest
from luma.core.interface.serial import i2c, spi

from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.oled import Bus, Chip, OledConfig, OledDisplay
from tests.unit.panel.oled_chips import Ssd1306, Ssd1322

pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")  # luma's, till Pillow 14

SPI_CONFIG = OledConfig(Chip.SSD1322, Bus.SPI)
I2C_CONFIG = OledConfig(Chip.SSD1306, Bus.I2C, port=1, address=0x3D)


class SpiWires:
    """spidev and the GPIO lines in one; the data line's level goes with each write."""

    OUT, LOW, HIGH = "out", 0, 1
    max_speed_hz = 0

    def __init__(self) -> None:
        self.chip = Ssd1322()
        self.levels: dict[int, int] = {}
        self.resets = 0
        self.closed = False
        self.error: OSError | None = None

    def setup(self, pin: int, direction: str) -> None:
        assert direction == self.OUT
        self.levels[pin] = 0

    def output(self, pin: int, level: int) -> None:
        self.resets += pin == SPI_CONFIG.reset_pin and level == self.LOW
        self.levels[pin] = level

    def open(self, port: int, device: int) -> None:
        assert (port, device) == (SPI_CONFIG.port, SPI_CONFIG.chip_select)

    def writebytes(self, data: list[int]) -> None:
        if self.error:
            raise self.error
        assert len(data) <= 4096
        self.chip.write(list(data), is_data=bool(self.levels[SPI_CONFIG.data_pin]))

    def close(self) -> None:
        self.closed = True


class I2cWires:
    """The SMBus of the bench module."""

    def __init__(self) -> None:
        self.chip = Ssd1306()
        self.gone = False

    def write_i2c_block_data(self, address: int, control: int, data: list[int]) -> None:
        if self.gone:
            raise OSError(errno.EREMOTEIO, "no answer")
        assert address == I2C_CONFIG.address
        assert len(data) <= 32
        (self.chip.command if control == 0 else self.chip.data)(data)


def spi_display(wires: SpiWires) -> OledDisplay:
    return OledDisplay(SPI_CONFIG, lambda _: spi(spi=wires, gpio=wires, gpio_DC=24, gpio_RST=25))


def i2c_display(wires: I2cWires) -> OledDisplay:
    return OledDisplay(I2C_CONFIG, lambda config: i2c(bus=wires, address=config.address))


def pixels_of(rows: bytes, width: int) -> list[list[int]]:
    """Independent of the code under test: rows of width/8 bytes, most significant bit left."""
    stride = width // 8
    return [[rows[y * stride + x // 8] >> (7 - x % 8) & 1 for x in range(width)] for y in range(len(rows) // stride)]


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 — pictures, no secrets


@pytest.mark.parametrize("seed", range(3))
def test_ssd1322_holds_every_pixel(seed: int) -> None:
    wires = SpiWires()
    display = spi_display(wires)
    for picture in (noise(2048, seed), bytes(2048), noise(2048, seed + 100)):
        display.draw(picture)
        assert wires.chip.pixels() == pixels_of(picture, 256)
    assert wires.chip.on
    assert wires.chip.contrast == SPI_CONFIG.contrast
    assert wires.resets == 1


@pytest.mark.parametrize("seed", range(3))
def test_ssd1306_holds_every_pixel(seed: int) -> None:
    wires = I2cWires()
    display = i2c_display(wires)
    for picture in (noise(1024, seed), bytes(1024), noise(1024, seed + 100)):
        display.draw(picture)
        assert wires.chip.pixels() == pixels_of(picture, 128)
    assert wires.chip.on
    assert wires.chip.contrast == I2C_CONFIG.contrast


def test_half_a_turn() -> None:
    wires = SpiWires()
    config = OledConfig(upside_down=True)
    picture = noise(2048, 7)
    OledDisplay(config, lambda _: spi(spi=wires, gpio=wires, gpio_DC=24, gpio_RST=25)).draw(picture)
    assert wires.chip.pixels() == [row[::-1] for row in pixels_of(picture, 256)[::-1]]


def test_a_single_changed_pixel_arrives() -> None:
    wires = SpiWires()
    display = spi_display(wires)
    rows = bytearray(2048)
    display.draw(bytes(rows))
    rows[1000] = 0x10
    display.draw(bytes(rows))
    assert wires.chip.pixels() == pixels_of(bytes(rows), 256)


def test_an_unplugged_display_is_a_fault_and_comes_back() -> None:
    wires = I2cWires()
    display = i2c_display(wires)
    display.draw(noise(1024, 1))
    wires.gone = True
    with pytest.raises(DeviceError) as caught:
        display.draw(noise(1024, 2))
    assert caught.value.code is FaultCode.DISPLAY_FAILED
    with pytest.raises(DeviceError):
        display.draw(noise(1024, 3))
    wires.gone = False
    wires.chip = Ssd1306()  # power was lost: memory and settings are gone
    display.draw(noise(1024, 4))
    assert wires.chip.pixels() == pixels_of(noise(1024, 4), 128)
    assert wires.chip.on


def test_a_failing_spi_bus_is_a_fault_and_given_back() -> None:
    wires = SpiWires()
    display = spi_display(wires)
    display.draw(bytes(2048))
    wires.error = OSError(errno.EIO, "bus")
    with pytest.raises(DeviceError) as caught:
        display.draw(noise(2048, 1))
    assert caught.value.code is FaultCode.DISPLAY_FAILED
    assert wires.closed


@pytest.mark.parametrize(
    "error", [FileNotFoundError("/dev/spidev0.0"), ModuleNotFoundError("spidev"), RuntimeError("no Pi")]
)
def test_a_bus_that_cannot_be_opened_is_a_fault(error: Exception) -> None:
    def connect(_: OledConfig) -> object:
        raise error

    with pytest.raises(DeviceError) as caught:
        OledDisplay(SPI_CONFIG, connect).draw(bytes(2048))
    assert caught.value.code is FaultCode.DISPLAY_FAILED


def test_a_picture_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(DeviceError):
        spi_display(SpiWires()).draw(bytes(1024))


def test_close_blanks_and_may_be_repeated() -> None:
    wires = SpiWires()
    display = spi_display(wires)
    display.draw(b"\xff" * 2048)
    display.close()
    display.close()
    assert not wires.chip.on
    assert not any(map(any, wires.chip.pixels()))
    assert wires.closed
