"""Page -> 1-bit picture. Pure but for the fonts, which are read once; display lane.

The largest type that fits is chosen from the format's list, so short messages come out large. At the right edge a strip
is left free in every picture: it carries the mark SIM or TEST where the device is not in production, and the layout of
both is the same. Units: pixels. What does not fit is cut off and reported in `Picture.overflow`; tests demand none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageDraw

from firmware.panel.glyphs import typeface
from firmware.panel.page import Dots, Page, Sign
from firmware.panel.signs import draw_sign

STRIP = 9
_GAP = 4
_BUTTON_GAP = 2
_SIGN_SHARE = 5
"""A sign is at most this part of the width."""
_BOLD = 16  # titles in this size are struck twice, to stand out from a body of the same size


class Type(NamedTuple):
    """Heights of title and body."""

    title: int
    body: int


@dataclass(frozen=True, slots=True)
class Format:
    """A screen: size, types from large to small, type of the small print and of the bottom row.

    `shorten`: wrap lines and drop body lines that do not fit, instead of reporting them.
    """

    width: int
    height: int
    types: tuple[Type, ...]
    small: int
    shorten: bool = False


FULL = Format(256, 64, (Type(24, 16), Type(24, 12), Type(16, 16), Type(16, 12)), 12)
"""The product's screen, 3.12 inch."""

BENCH = Format(128, 64, (Type(16, 12), Type(12, 12), Type(12, 10), Type(10, 10)), 10, shorten=True)
"""The 0.96 inch module of a test bench."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`image`: mode "1". `overflow`: texts that do not fit. `missing`: characters shown as 〓."""

    image: Image.Image
    overflow: tuple[str, ...]
    missing: str


def _pitch(size: int) -> int:
    """Distance of two dots."""
    return size + size // 6


class _Line(NamedTuple):
    """One row of the picture: text, or the dots of an entry."""

    text: str
    size: int
    dots: Dots | None = None
    head: bool = False

    @property
    def width(self) -> int:
        if self.dots is None:
            return typeface(self.size).width(self.text)
        return self.dots.total * _pitch(self.size) + (len(self.dots.groups) - 1) * (self.size // 2)


class _Room(NamedTuple):
    """Where the lines go, from the top of the picture."""

    left: int
    width: int
    height: int


def render(page: Page, form: Format = FULL, mark: str = "") -> Picture:
    """Draw `page`; `mark` is written into the strip at the right edge."""
    image = Image.new("1", (form.width, form.height))
    bottom = form.small + 2 if any(page.buttons) or page.note else 0
    overflow = [*_bottom_row(image, page, form)]
    room = _Room(0, form.width - STRIP, form.height - bottom)
    if page.sign is not None:
        room = _beside(image, page.sign, room)
    lines, lost = _fit(page, form, room)
    overflow += lost
    _stack(image, lines, room)
    _mark(image, mark)
    words = (*page.title, *page.body, *page.small, *page.buttons, page.note)
    missing = "".join(typeface(size).missing(word) for size in _sizes(form) for word in words)
    return Picture(image, tuple(overflow), missing)


def _beside(image: Image.Image, sign: Sign, room: _Room) -> _Room:
    """Draw `sign`; the room that is left for the lines."""
    side = min(room.width // _SIGN_SHARE, room.height)
    right = sign is Sign.RIGHT
    x = room.left + room.width - side if right else room.left
    draw_sign(image, (x, (room.height - side) // 2), side, sign)
    taken = side + _GAP
    return _Room(room.left if right else room.left + taken, room.width - taken, room.height)


def _sizes(form: Format) -> set[int]:
    return {form.small, *(size for kind in form.types for size in kind)}


def wrap(text: str, size: int, width: int) -> list[str]:
    """`text` in lines of at most `width` pixels: between words, inside a word only where it is too long or Japanese."""
    face = typeface(size)
    lines = [""]
    for word in _pieces(text):
        if face.width(lines[-1] + word.rstrip()) <= width:
            lines[-1] += word
        else:
            lines.append(word)
    return [line.strip() for line in lines if line.strip()]


def _pieces(text: str) -> list[str]:
    """Smallest parts between which a line may end: words with their space, single full-width signs, no lone 。、）."""
    pieces: list[str] = []
    for char in text:
        closes = char in "。、）)」・ーっょゃゅッョャュ!?!?" or char == " "
        narrow = char.isascii() and pieces and pieces[-1][-1].isascii() and pieces[-1][-1] != " "
        if pieces and (closes or narrow):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _rows(page: Page, kind: Type, form: Format, width: int) -> list[_Line]:
    """The page in one choice of types."""
    title, body = list(page.title), list(page.body)
    if form.shorten:
        title = [part for line in title for part in wrap(line, kind.title, width)]
        body = [part for line in body for part in wrap(line, kind.body, width)]
    dots = [_dots(page.dots, kind.title, width)] if page.dots else []
    small = [part for line in page.small for part in wrap(line, form.small, width)]
    return [
        *(_Line(line, kind.title, head=True) for line in title),
        *dots,
        *(_Line(line, kind.body) for line in body),
        *(_Line(line, form.small) for line in small),
    ]


def _dots(dots: Dots, largest: int, width: int) -> _Line:
    """The dots in the largest type that fits, or "5 / 14" on a narrow screen."""
    for size in (size for size in (24, 16, 12, 10) if size <= largest):
        line = _Line("", size, dots, head=True)
        if line.width <= width:
            return line
    return _Line(f"{dots.filled} / {dots.total}", min(largest, 12), head=True)


def _fit(page: Page, form: Format, room: _Room) -> tuple[list[_Line], list[str]]:
    """Lines in the largest types that fit, and the texts that do not even fit in the smallest."""
    _, width, height = room
    choices = [_rows(page, kind, form, width) for kind in form.types]
    for air in (1, 0):  # lines that touch are a last resort, smaller type is better
        for lines in choices:
            if _high(lines) + air * (len(lines) - 1) <= height and all(line.width <= width for line in lines):
                return lines, []
    lines = choices[-1]
    if form.shorten:
        return _shortened(lines, height), []
    wide = [line.text for line in lines if line.width > width]
    return lines, wide or [line.text for line in lines[-1:]]


def _shortened(lines: list[_Line], height: int) -> list[_Line]:
    """Drop body lines from the end until the rest fits; title and dots stay."""
    kept = list(lines)
    while _high(kept) > height and any(not line.head for line in kept):
        kept.remove([line for line in kept if not line.head][-1])
    return kept


def _high(lines: Sequence[_Line]) -> int:
    return sum(line.size for line in lines)


def _stack(image: Image.Image, lines: Sequence[_Line], room: _Room) -> None:
    """Draw the lines centred, the free height spread between them."""
    start, width, height = room
    spare = max(0, height - _high(lines))
    gap = min(_GAP, spare // (len(lines) + 1))
    y = (spare - gap * (len(lines) - 1)) // 2
    for line in lines:
        x = start + max(0, (width - line.width) // 2)
        if line.dots is None:
            typeface(line.size).draw(image, (x, y), line.text)
            if line.head and line.size == _BOLD:
                typeface(line.size).draw(image, (x + 1, y), line.text)
        else:
            _draw_dots(image, (x, y), line.dots, line.size)
        y += line.size + gap


def _draw_dots(image: Image.Image, place: tuple[int, int], dots: Dots, size: int) -> None:
    x, y = place
    done = 0
    for group in dots.groups:
        for _ in range(group):
            typeface(size).draw(image, (x, y), "●" if done < dots.filled else "○")
            done += 1
            x += _pitch(size)
        x += size // 2


def _bottom_row(image: Image.Image, page: Page, form: Format) -> list[str]:
    """Button labels in boxes above their buttons; the note where no buttons are. Returns what does not fit."""
    third = (form.width - STRIP) // 3
    overflow = []
    for index, label in enumerate(page.buttons):
        if label and not _button(image, form, (index * third, third), label):
            overflow.append(label)
    left = third if page.buttons[0] else 0
    right = 2 * third if page.buttons[2] else form.width - STRIP
    face = typeface(form.small)
    wide = face.width(page.note)
    fits = wide <= right - left and not (page.note and page.buttons[1])
    if fits or not form.shorten:
        face.draw(image, (left + max(0, (right - left - wide) // 2), form.height - form.small - 1), page.note)
    if not fits:
        overflow.append(page.note)
    return [] if form.shorten else overflow


def _button(image: Image.Image, form: Format, column: tuple[int, int], label: str) -> bool:
    """A lit box with a dark label; whether the whole label fits. `column`: left edge and width."""
    face = typeface(form.small)
    left, third = column
    top = form.height - form.small - 2
    inner = third - _BUTTON_GAP - 2
    ImageDraw.Draw(image).rectangle((left, top, left + third - _BUTTON_GAP - 1, form.height - 1), fill=1)
    shown = face.clip(label, inner)
    face.draw(image, (left + 1 + (inner - face.width(shown)) // 2, top + 1), shown, ink=0)
    return shown == label


def _mark(image: Image.Image, mark: str) -> None:
    """The env's name from top to bottom, dark on a lit strip."""
    if not mark:
        return
    left = image.width - STRIP
    ImageDraw.Draw(image).rectangle((left, 0, image.width, image.height), fill=1)
    face = typeface(10)
    y = (image.height - 12 * len(mark)) // 2
    for letter in mark:
        face.draw(image, (left + 2, y + 1), letter, ink=0)
        y += 12
