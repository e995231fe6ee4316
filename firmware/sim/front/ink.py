"""Text on a drawn card: one line at a place in millimetres, with what differs between printers.

Any thread. Canvases are Pillow RGB images of `layout.PX` pixels per millimetre; the returned boxes are millimetres,
(left, top, right, bottom) of the ink.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from firmware.sim.front.fonts import Face, font
from firmware.sim.front.layout import PX, SHIFT_ALL, SHIFT_LINE, Spot

Ink = tuple[int, int, int]
MmBox = tuple[float, float, float, float]

BLACK: Ink = (28, 26, 30)


@dataclass(frozen=True, slots=True)
class Style:
    """Typeface, width of a letter against its height, how heavy the printer prints, and the ink."""

    face: Face = Face.GOTHIC
    stretch: float = 1.0
    stroke: int = 0
    ink: Ink = BLACK


def some_style(rng: np.random.Generator) -> Style:
    """One printer's hand: mostly Gothic, now and then narrow, heavy or pale."""
    faces = (Face.GOTHIC, Face.GOTHIC_P, Face.MINCHO, Face.MINCHO_P)
    face = faces[rng.choice(4, p=(0.55, 0.25, 0.12, 0.08))]
    dark = int(rng.integers(15, 60))
    return Style(face, float(rng.uniform(0.86, 1.06)), int(rng.random() < 0.45), (dark, dark, dark + 4))


@dataclass(slots=True)
class Shifts:
    """Moves the print of one card: all of it, and each line a little on its own."""

    rng: np.random.Generator
    all_x: float = 0.0
    all_y: float = 0.0

    def __post_init__(self) -> None:
        self.all_x, self.all_y = self.rng.uniform(-SHIFT_ALL, SHIFT_ALL, 2).tolist()

    def spot(self, spot: Spot) -> Spot:
        own_x, own_y = self.rng.uniform(-SHIFT_LINE, SHIFT_LINE, 2).tolist()
        return Spot(spot.x + self.all_x + own_x, spot.y + self.all_y + own_y, spot.em)


def _mask(text: str, em: float, style: Style) -> Image.Image:
    """The line as a grey mask whose upper left corner is the corner of the first letter's box."""
    size = max(6, round(em * PX))
    face = font(style.face, size)
    width = max(1, round(face.getlength(text)) + 4)
    mask = Image.new("L", (width, size + 6))
    ImageDraw.Draw(mask).text((2, 0), text, fill=255, font=face, stroke_width=style.stroke)
    if style.stretch != 1.0:
        mask = mask.resize((max(1, round(width * style.stretch)), mask.height), Image.Resampling.BILINEAR)
    return mask


def write(canvas: Image.Image, text: str, spot: Spot, style: Style, *, turn: float = 0.0) -> MmBox:
    """Print `text`; `turn` in degrees is for what a hand wrote. Returns the ink's box."""
    mask = _mask(text, spot.em, style)
    if turn:
        mask = mask.rotate(turn, Image.Resampling.BILINEAR, expand=True)
    left, top = round(spot.x * PX), round(spot.y * PX)
    canvas.paste(style.ink, (left, top), mask)
    ink = mask.getbbox() or (0, 0, 1, 1)
    return ((left + ink[0]) / PX, (top + ink[1]) / PX, (left + ink[2]) / PX, (top + ink[3]) / PX)
