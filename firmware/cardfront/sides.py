"""Front or back, and which way up, before anything is read. Inference lane; numpy over `picture.py`.

The back carries the 12-digit My Number, so a card is read only if nothing speaks for the back (a QR code's finder
pattern, a magnetic stripe) and a photo speaks for the front. The QR code is never decoded. Sizes in millimetres.
Source: card.md 5 and public pictures of cards.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from firmware.cardfront import picture as pic
from firmware.cardfront.layout import PHOTO, SCALE, WIDTH
from firmware.cardfront.picture import Points
from firmware.inference.pictures import Floats, Picture, wiped

Numbers = NDArray[np.float64]


class Side(StrEnum):
    """`NEITHER`: nothing of the back, but no photo either: not read."""

    FRONT = "front"
    BACK = "back"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Look:
    """`upside_down`: the photo stands at the right; only meant for a front."""

    side: Side
    upside_down: bool = False


PHOTO_CONTRAST = 0.15
"""Least spread of brightness (natural logarithm) in the photo's place once print is smoothed away."""
STRIPE_MM = 5.0
MARK = (1.2 * SCALE, 8.0 * SCALE)
"""Width of a QR code's corner mark on a rectified card, pixels."""
_STRIPE_DARK, _STRIPE_ACROSS = 0.45, 0.6
_COARSE = 4
_FRAME = 1280
"""Longer side of the picture that a frame's QR codes are looked for in, pixels."""


def look_at(card_grey: Picture) -> Look:
    """Tell the side of a rectified card that lies either way up."""
    if has_stripe(card_grey) or finder_patterns(card_grey, MARK):
        return Look(Side.BACK)
    left, right = photo_contrasts(card_grey)
    if max(left, right) < PHOTO_CONTRAST:
        return Look(Side.NEITHER)
    return Look(Side.FRONT, upside_down=right > left)


def codes_in(frame: Picture) -> list[Numbers]:
    """Places of QR codes' corner marks in a whole frame, pixels of the frame."""
    small, factor = pic.shrunk(frame, _FRAME)
    grey = pic.grey(small)
    with wiped(small, grey):
        found = finder_patterns(grey, (8.0, _FRAME / 14))
    return [place / factor for place in found]


def has_stripe(card_grey: Picture) -> bool:
    """A dark band from side to side, as wide as a magnetic stripe."""
    small, _ = pic.shrunk(card_grey, WIDTH // _COARSE)
    inner = small[:, small.shape[1] // 20 : -small.shape[1] // 20]
    with wiped(small):
        paper = np.percentile(inner, 75, axis=0)
        dark = (inner < _STRIPE_DARK * paper).mean(axis=1) > _STRIPE_ACROSS
    run = longest = 0
    for row in dark.tolist():
        run = run + 1 if row else 0
        longest = max(longest, run)
    return longest >= STRIPE_MM * SCALE / _COARSE


def finder_patterns(grey: Picture, sizes: tuple[float, float]) -> list[Numbers]:
    """Centres of a QR code's corner marks: a square in a ring in a ring, 3, 5 and 7 modules wide, any way round.

    `sizes`: least and greatest width of a mark, pixels.
    """
    smooth = pic.blurred(grey, 1.0)
    found: list[Numbers] = []
    with wiped(smooth):
        # A narrow look finds what a shadow crosses, a wide one what is out of focus.
        for reach in (round(0.45 * sizes[1]) | 1, round(1.2 * sizes[1]) | 1):
            mask = pic.darker_than_around(smooth, reach, 7)
            with wiped(mask):
                rings = pic.rings(mask)
            found += [
                (core.min(axis=0) + core.max(axis=0)) / 2.0
                for ring, hole, core in rings
                if _is_finder(ring, hole, core, sizes)
            ]
    return found


def _is_finder(ring: Points, hole: Points, core: Points, sizes: tuple[float, float]) -> bool:
    outer, middle, inner = (_square(points) for points in (ring, hole, core))
    if outer is None or middle is None or inner is None or not sizes[0] < outer < sizes[1]:
        return False
    centres = [(points.max(axis=0) + points.min(axis=0)) / 2 for points in (ring, core)]
    apart = float(np.linalg.norm(centres[0] - centres[1]))
    return 0.5 < middle / outer < 0.92 and 0.25 < inner / outer < 0.65 and apart < 0.15 * outer


def _square(points: Points) -> float | None:
    """Width of a filled square, any way round; None for any other shape."""
    width, height = pic.rectangle(points)
    if min(width, height) < 2 or not 0.65 < width / height < 1.55 or pic.area(points) < 0.65 * width * height:
        return None
    return max(width, height)


def photo_contrasts(card_grey: Picture) -> tuple[float, float]:
    """Spread of brightness where the photo stands if the card is upright, and if it is upside down."""
    small, _ = pic.shrunk(card_grey, WIDTH // _COARSE)
    plain = pic.without_specks(small, round(2.6 * SCALE / _COARSE) | 1)
    with wiped(small, plain):
        levels = np.log(plain.astype(np.float32) + 8.0)
        rows, columns = (slice(part.start // _COARSE, part.stop // _COARSE) for part in PHOTO.pixels())
        with wiped(levels):
            return _spread(levels[rows, columns]), _spread(levels[::-1, ::-1][rows, columns])


def _spread(levels: Floats) -> float:
    """Standard deviation beside what a slope of light explains."""
    rows, columns = levels.shape
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    ground = np.column_stack([np.ones(levels.size), x.ravel(), y.ravel()])
    flat = levels.ravel().astype(np.float64)
    plane, *_ = np.linalg.lstsq(ground, flat, rcond=None)
    return float((flat - ground @ plane).std())
