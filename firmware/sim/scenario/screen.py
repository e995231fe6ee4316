"""The device's screen for a terminal (braille or ASCII) and for a film strip (PNG), beside what a camera saw then.

Pictures are rows of `width / 8` bytes, most significant bit left, 1 = lit (`ports.Display`). Pure but for `Film`,
which writes and raises OSError. Any thread. Braille: Unicode block U+2800, one character for 2x4 pixels.
"""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

_BRAILLE: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_ASCII: Final = " '.:"
"""None, upper, lower, both pixels of two rows lit."""
_SCALE: Final = 3
_LABEL: Final = 22
_MARGIN: Final = 12
_PAPER: Final = (24, 24, 28)
_INK: Final = (150, 150, 160)
_LIT: Final = (255, 208, 96)
_DARK: Final = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the screen."""

    rows: bytes
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width % 8 or len(self.rows) * 8 != self.width * self.height:
            raise ValueError("picture and size do not fit")

    def lit(self, x: int, y: int) -> bool:
        """Whether a pixel is lit; outside the picture none is."""
        if x >= self.width or y >= self.height:
            return False
        return bool(self.rows[(y * self.width + x) >> 3] & (0x80 >> (x & 7)))


def as_text(picture: Picture, *, braille: bool = True) -> list[str]:
    """Lines of the picture in a frame; width / 2 characters (ASCII: every second column) by height / 4 or / 2."""
    rows = _braille(picture) if braille else _ascii(picture)
    left, right, top = ("│", "│", "─") if braille else ("|", "|", "-")
    corners = "┌┐└┘" if braille else "++++"
    bar = top * (picture.width // 2)
    return [corners[0] + bar + corners[1], *(left + row + right for row in rows), corners[2] + bar + corners[3]]


def _braille(picture: Picture) -> list[str]:
    return [
        "".join(chr(0x2800 + _dots(picture, x, y)) for x in range(0, picture.width, 2))
        for y in range(0, picture.height, 4)
    ]


def _dots(picture: Picture, x: int, y: int) -> int:
    return sum(bit for dy, pair in enumerate(_BRAILLE) for dx, bit in enumerate(pair) if picture.lit(x + dx, y + dy))


def _ascii(picture: Picture) -> list[str]:
    return [
        "".join(_ASCII[_either(picture, x, y) + 2 * _either(picture, x, y + 1)] for x in range(0, picture.width, 2))
        for y in range(0, picture.height, 2)
    ]


def _either(picture: Picture, x: int, y: int) -> int:
    return int(picture.lit(x, y) or picture.lit(x + 1, y))


@dataclass(slots=True)
class Film:
    """The pictures of one visit with a caption each, saved one below the other."""

    frames: list[tuple[str, Picture]] = field(default_factory=list)
    seen: dict[int, Image.Image] = field(default_factory=dict)
    """By number of a picture: what the camera saw, as large as the screen is high."""

    def add(self, caption: str, picture: Picture, camera: Path | None = None) -> None:
        """Append a picture. `camera`: a file that a camera is shown now; one that cannot be read is left out."""
        if camera is not None:
            with contextlib.suppress(OSError), Image.open(camera) as image:
                self.seen[len(self.frames)] = ImageOps.contain(
                    image.convert("RGB"), (picture.width * _SCALE, picture.height * _SCALE)
                )
        self.frames.append((caption, picture))

    def write(self, stream: IO[bytes]) -> None:
        """Write the strip as PNG."""
        width = max((picture.width for _, picture in self.frames), default=256) * _SCALE
        height = _MARGIN + sum(_LABEL + picture.height * _SCALE + _MARGIN for _, picture in self.frames)
        beside = max((image.width + _MARGIN for image in self.seen.values()), default=0)
        strip = Image.new("RGB", (width + beside + 2 * _MARGIN, height), _PAPER)
        draw = ImageDraw.Draw(strip)
        font = ImageFont.load_default(14)
        y = _MARGIN
        for number, (caption, picture) in enumerate(self.frames):
            draw.text((_MARGIN, y), caption, fill=_INK, font=font)
            y += _LABEL
            strip.paste(_enlarged(picture), (_MARGIN, y))
            if number in self.seen:
                strip.paste(self.seen[number], (width + 2 * _MARGIN, y))
            y += picture.height * _SCALE + _MARGIN
        strip.save(stream, "PNG")

    def save(self, path: Path) -> None:
        """Write the strip to a file, complete or not at all."""
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as stream:
                self.write(stream)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _enlarged(picture: Picture) -> Image.Image:
    mask = Image.frombytes("1", (picture.width, picture.height), picture.rows)
    large = mask.resize((picture.width * _SCALE, picture.height * _SCALE), Image.Resampling.NEAREST)
    colours = Image.new("RGB", large.size, _DARK)
    colours.paste(_LIT, (0, 0), large)
    return colours
