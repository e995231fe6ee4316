"""What is built into the device: reader, cameras, screen, buttons, and the socket of the simulated ones.

Sections of `madoguchi.toml` (see `schema.py`). Pure; any thread.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from firmware.settings.fields import Pin, Seconds, Section, SitePath


class Reader(Section):
    """Card reader."""

    adapter: Literal["pcsc"] = Field(default="pcsc", description="PC/SC is the only way to a reader.")
    name: str = Field(
        default="*",
        min_length=1,
        max_length=127,
        description="Part of the reader's PC/SC name, letter case ignored, `*` for a gap; the first that fits.",
    )
    apdu_seconds: Seconds = Field(default=5.0, description="Longest wait for the answer to one command.")
    apdus: Literal["auto", "short"] = Field(
        default="auto",
        description="`auto`: extended length is tried once per card; `short` for readers that break on it.",
    )


def _check_pictures(adapter: str, files: tuple[Path, ...]) -> None:
    if (adapter == "files") != bool(files):
        raise ValueError("`files` needs adapter = 'files' and at least one picture, other adapters none")


class FaceCamera(Section):
    """Camera that sees the patient."""

    adapter: Literal["picamera", "v4l2", "files", "none"] = Field(
        default="picamera",
        description="`files` shows pictures from disk (simulated); `none`: only PIN and staff check.",
    )
    device: str = Field(
        default="0",
        max_length=128,
        description="Number of the CSI camera, or path of the video device.",
    )
    rotation: Literal[0, 90, 180, 270] = Field(
        default=0, description="Degrees by which the picture is turned clockwise to stand upright."
    )
    files: tuple[SitePath, ...] = Field(default=(), max_length=64, description="Pictures for `files`, shown in turn.")

    @model_validator(mode="after")
    def _files_belong_to_files(self) -> Self:
        _check_pictures(self.adapter, self.files)
        return self


class CardCamera(Section):
    """Camera that reads number B off the card's front. Without it the 14 digits are typed."""

    adapter: Literal["picamera", "v4l2", "files", "face", "none"] = Field(
        default="none",
        description="`face`: the camera that sees the patient, to which the card is then lifted; `files` shows "
        "pictures from disk (simulated); `none`: number B is typed.",
    )
    device: str = Field(
        default="1",
        max_length=128,
        description="Number of the CSI camera, or path of the video device.",
    )
    rotation: Literal[0, 90, 180, 270] = Field(
        default=0, description="Degrees by which the picture is turned clockwise; the card itself may lie in any way."
    )
    files: tuple[SitePath, ...] = Field(default=(), max_length=64, description="Pictures for `files`, shown in turn.")

    @model_validator(mode="after")
    def _files_belong_to_files(self) -> Self:
        _check_pictures(self.adapter, self.files)
        return self


class Display(Section):
    """OLED."""

    adapter: Literal["ssd1322", "ssd1306", "sim", "none"] = Field(
        default="ssd1322",
        description="Controller of the OLED; `sim` keeps pictures for the control socket; `none` is refused in "
        "production, where the notice must be shown.",
    )
    bus: Literal["spi", "i2c"] = Field(default="spi", description="How the OLED is wired.")
    port: int = Field(default=0, ge=0, le=10, description="Number of the SPI or I2C bus.")
    chip_select: int = Field(default=0, ge=0, le=2, description="SPI: which chip-select line.")
    address: int = Field(default=0x3C, ge=0x08, le=0x77, description="I2C: address of the OLED.")
    data_pin: Pin = Field(default=24, description="SPI: BCM number of the data/command line.")
    reset_pin: Pin = Field(default=25, description="SPI: BCM number of the reset line.")
    rotate: Literal[0, 180] = Field(default=0, description="Degrees by which the picture is turned.")
    contrast: int = Field(default=128, ge=0, le=255, description="Brightness of the OLED.")


class Inputs(Section):
    """Buttons, keypad, sound."""

    adapter: Literal["gpio", "evdev", "sim", "none"] = Field(
        default="evdev",
        description="`evdev`: three buttons and a USB keypad; `gpio`: buttons only: no PIN can be typed, and the face "
        "is offered only where a card camera reads number B; `sim`: from the control socket.",
    )
    left_pin: Pin = Field(default=5, description="BCM number of the left button.")
    middle_pin: Pin = Field(default=6, description="BCM number of the middle button.")
    right_pin: Pin = Field(default=13, description="BCM number of the right button.")
    buzzer_pin: Pin = Field(default=18, description="BCM number of the buzzer.")
    light_pin: Pin = Field(default=23, description="BCM number of the light at the tray.")
    keypad: str = Field(
        default="", max_length=128, description="Path of the keypad's input device; empty: the first one found."
    )


class Control(Section):
    """Control socket of the simulated adapters."""

    socket: SitePath | None = Field(default=None, description="Path of the socket; needed by the adapters `sim`.")
