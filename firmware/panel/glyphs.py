"""The efont bitmap fonts, read glyph by glyph from PCF files. Display lane; files are mapped, not copied.

PCF is X11's font format ("Portable Compiled Format"): a table of contents, then per table a format word and big- or
little-endian data. All glyphs of an efont file have one size, so encoding table and bitmaps are enough. `f*` holds the
full-width signs, `h*` ASCII and Latin (hardware.md 3 and 10). The files are made by `make fonts` and pinned there by
SHA-256. Raises DeviceError(DISPLAY_FAILED) when one is missing or malformed.
"""

import mmap
import struct
from functools import cache
from pathlib import Path

from PIL import Image

from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.fold import GETA, fold

FONT_FOLDER = Path(__file__).parent / "fonts"
SIZES = (10, 12, 16, 24)

_BITMAPS = 8
_ENCODINGS = 32
_NO_GLYPH = 0xFFFF
_BIG_ENDIAN = 0x0C  # byte and bit order both most significant first: what bdftopcf wrote for efont
_MAX_TABLES = 32
_GREEK = "\u0370"  # first block after Latin


class BitmapFont:
    """One PCF file with glyphs of one size, addressed by the characters of the Basic Multilingual Plane."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self.width = width
        self.height = height
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._open()
        except (OSError, ValueError, struct.error) as error:
            raise DeviceError(FaultCode.DISPLAY_FAILED, f"font {path.name}: {type(error).__name__}") from error

    def _open(self) -> None:
        magic, count = struct.unpack_from("<4sI", self._data)
        if magic != b"\x01fcp" or count > _MAX_TABLES:
            raise ValueError("not a PCF file")
        tables = {}
        for index in range(count):
            kind, layout, _, offset = struct.unpack_from("<4I", self._data, 8 + 16 * index)
            tables[kind] = (layout, offset)
        layout, encodings = tables.get(_ENCODINGS, (0, 0))
        low, high, first, last, _ = struct.unpack_from(">5H", self._data, encodings + 4)
        if not layout & _BIG_ENDIAN or (low, high, first, last) != (0, 255, 0, 255):
            raise ValueError("unexpected encoding table")
        self._encodings = encodings + 14
        layout, bitmaps = tables.get(_BITMAPS, (0, 0))
        self._count = struct.unpack_from(">I", self._data, bitmaps + 4)[0]
        self._stride = -(-self.width // (8 << (layout & 3))) << (layout & 3)
        self._offsets = bitmaps + 8
        self._bitmaps = self._offsets + 4 * self._count + 16
        sizes = struct.unpack_from(">4I", self._data, self._bitmaps - 16)
        size = sizes[layout & 3]
        if size != self._count * self._stride * self.height or self._bitmaps + size > len(self._data):
            raise ValueError("unexpected bitmap table")
        if self._encodings + 2 * 0x10000 > len(self._data):
            raise ValueError("short encoding table")

    def glyph(self, char: str) -> Image.Image | None:
        """The picture of `char`, None where the font has none or only a blank one."""
        code = ord(char)
        if code > 0xFFFF:
            return None
        index = struct.unpack_from(">H", self._data, self._encodings + 2 * code)[0]
        if index == _NO_GLYPH or index >= self._count:
            return None
        size = self._stride * self.height
        offset = struct.unpack_from(">I", self._data, self._offsets + 4 * index)[0]
        bits = self._data[self._bitmaps + offset : self._bitmaps + offset + size]
        if len(bits) != size or not any(bits):
            return None
        row = (self.width + 7) // 8
        packed = b"".join(bits[start : start + row] for start in range(0, size, self._stride))
        return Image.frombytes("1", (self.width, self.height), packed)

    def close(self) -> None:
        self._data.close()


class Typeface:
    """Full- and half-width glyphs of one size, with folding. `size`: height of a line, width of a full sign."""

    def __init__(self, size: int, folder: Path = FONT_FOLDER) -> None:
        self.size = size
        self._full = BitmapFont(folder / f"f{size}.pcf", size, size)
        self._half = BitmapFont(folder / f"h{size}.pcf", size // 2, size)
        self._glyphs: dict[str, Image.Image | None] = {}

    def _glyph(self, char: str) -> Image.Image | None:
        if char not in self._glyphs:
            # Latin always comes from the half-width file; other signs that exist twice (● ○) from the full-width one.
            fonts = (self._half, self._full) if char < _GREEK else (self._full, self._half)
            self._glyphs[char] = fonts[0].glyph(char) or fonts[1].glyph(char)
        return self._glyphs[char]

    def has(self, char: str) -> bool:
        return self._glyph(char) is not None

    def fold(self, text: str) -> str:
        return fold(text, self.has)

    def _advance(self, char: str) -> int:
        if char.isspace():
            return self.size if char == "\u3000" else self.size // 2
        glyph = self._glyph(char)
        return glyph.width if glyph else self.size

    def width(self, text: str) -> int:
        """Width of `text` in pixels after folding."""
        return sum(self._advance(char) for char in self.fold(text))

    def clip(self, text: str, width: int) -> str:
        """The longest beginning of `text` that is at most `width` pixels wide."""
        while self.width(text) > width:
            text = text[:-1]
        return text

    def draw(self, image: Image.Image, place: tuple[int, int], text: str, ink: int = 1) -> None:
        """Draw `text` with its top left corner at `place`; what lies outside the image is cut off."""
        x, y = place
        for char in self.fold(text):
            glyph = self._glyph(char)
            if glyph is not None:
                image.paste(ink, (x, y), glyph)
            x += self._advance(char)

    def missing(self, text: str) -> str:
        """The characters of `text` that would be shown as 〓."""
        return "".join(char for char in text if char != GETA and GETA in self.fold(char))


@cache
def typeface(size: int) -> Typeface:
    """The installed typeface of a size in `SIZES`; loaded once."""
    return Typeface(size)
