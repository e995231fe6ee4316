"""1-bit pictures to bytes and back, and as text for a terminal. Pure.

Rows: height rows of width/8 bytes, most significant bit left, 1 = lit (`ports.Display`).
"""

from PIL import Image

_BRAILLE = 0x2800
# Dot numbers of a braille cell are counted down the columns, the two lowest dots came later (Unicode block U+2800).
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def to_rows(image: Image.Image) -> bytes:
    """Rows of a mode "1" picture whose width is a multiple of 8."""
    if image.mode != "1" or image.width % 8:
        raise ValueError("a 1-bit picture with a width in whole bytes is needed")
    return image.tobytes()


def from_rows(rows: bytes, width: int, height: int) -> Image.Image:
    return Image.frombytes("1", (width, height), rows)


def blocks(image: Image.Image) -> str:
    """The picture in braille characters, 2x4 pixels each: 256x64 gives 16 lines of 128 characters."""
    lines = []
    for top in range(0, image.height, 4):
        cells = (_cell(image, left, top) for left in range(0, image.width, 2))
        lines.append("".join(cells))
    return "\n".join(lines)


def _cell(image: Image.Image, left: int, top: int) -> str:
    dots = 0
    for dy, row in enumerate(_DOTS):
        for dx, dot in enumerate(row):
            x, y = left + dx, top + dy
            if x < image.width and y < image.height and image.getpixel((x, y)):
                dots |= dot
    return chr(_BRAILLE + dots)
