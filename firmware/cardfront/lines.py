"""Printed lines in a region of a rectified, upright card. Inference lane; numpy over `picture.py`.

Sizes in millimetres, places in pixels of the rectified card. Ink is what is darker than the paper beside it by a share
of that paper's brightness, so a shadow's edge is none; signs closer together than a blank's width make a line.
"""

from dataclasses import dataclass

import numpy as np

from firmware.cardfront import picture as pic
from firmware.cardfront.layout import SCALE, LineShape, Region
from firmware.inference.pictures import Picture, wiped

STROKE_MM = 1.5
"""Ink is narrower than this."""
BLANK_MM = 2.1
"""Signs of one line are closer together: a date's missing digit leaves half a sign's width."""
CONTRAST = 0.16
"""Least darkness of ink, of the paper's brightness."""
_SPECK_MM = 0.5


@dataclass(frozen=True, slots=True)
class Box:
    """Where a line lies on the card, pixels."""

    left: int
    top: int
    width: int
    height: int

    def cut(self, card: Picture) -> Picture:
        """The line with a margin around it; a view of `card`."""
        above, beside = round(0.22 * self.height), round(0.3 * self.height)
        rows = slice(max(0, self.top - above), self.top + self.height + above)
        return card[rows, max(0, self.left - beside) : self.left + self.width + beside]


def find_lines(card_grey: Picture, region: Region, shape: LineShape) -> list[Box]:
    """Lines of this shape in this region, from top to bottom."""
    rows, columns = region.pixels()
    part = pic.blurred(np.ascontiguousarray(card_grey[rows, columns]), 1.2)
    mask = _ink(part)
    part.fill(0)
    line = pic.joined(mask, round(BLANK_MM * SCALE), 5)
    with wiped(mask, line):
        shapes = [box for box in pic.boxes(line) if box[3] >= _SPECK_MM * SCALE]
    found = [
        Box(columns.start + left, rows.start + top, width, height)
        for left, top, width, height, _ in shapes
        if shape.fits(width / SCALE, height / SCALE) and _alone((left, top, width, height), shapes, shape.lone * SCALE)
    ]
    return sorted(found, key=lambda box: (box.top, box.left))


def _ink(part: Picture) -> Picture:
    """Mask of what is printed."""
    darkness = pic.ink(part, round(STROKE_MM * SCALE))
    with wiped(darkness):
        paper = part.astype(np.int32) + darkness
        # Half of all pixels are bare paper: what they show is grain and noise.
        noise = 3.0 * float(np.median(darkness))
        mask = np.where(darkness > np.maximum(CONTRAST * paper, noise), 255, 0).astype(np.uint8)
        paper.fill(0)
    return mask


def _alone(box: tuple[int, int, int, int], shapes: list[tuple[int, int, int, int, int]], gap: float) -> bool:
    """Whether nothing else on the same row comes closer than `gap`."""
    left, top, width, height = box
    middle = top + height / 2
    for other_left, other_top, other_width, other_height, _ in shapes:
        same_row = other_top <= middle <= other_top + other_height
        if not same_row or (other_left, other_top) == (left, top):
            continue
        if other_left < left + width + gap and other_left + other_width > left - gap:
            return False
    return True
