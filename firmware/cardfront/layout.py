"""Where to look on a card, in millimetres from its upper left corner. Pure data, any thread.

Regions, not places: nobody here has laid a real card on a ruler, issuers print with play, and a fitted border may be
off by a millimetre or two. So each region is generous, the lines in it are found by what is printed, and what they say
decides which is which: the birth date ends in 生, the expiry in まで有効, the security code is four lone digits.
Source: card.md 2.2; ID-1 is 85.60 x 53.98 mm (ISO/IEC 7810).
"""

from dataclasses import dataclass

WIDTH_MM, HEIGHT_MM = 85.60, 53.98
WIDTH, HEIGHT = 1016, 640
"""Pixels of a rectified card."""
SCALE = WIDTH / WIDTH_MM
"""Pixels per millimetre."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in millimetres."""

    left: float
    top: float
    right: float
    bottom: float

    def pixels(self) -> tuple[slice, slice]:
        """Rows and columns of a rectified card."""
        rows = slice(round(self.top * SCALE), round(self.bottom * SCALE))
        return rows, slice(round(self.left * SCALE), round(self.right * SCALE))


@dataclass(frozen=True, slots=True)
class LineShape:
    """What a printed line may measure, in millimetres; `lone`: blank on either side of it."""

    height: tuple[float, float]
    width: tuple[float, float]
    lone: float = 0.0

    def fits(self, width: float, height: float) -> bool:
        return self.height[0] <= height <= self.height[1] and self.width[0] <= width <= self.width[1]


PHOTO = Region(3.0, 13.0, 28.0, 46.0)
DATES = Region(24.0, 11.5, 85.0, 34.0)
CODE = Region(22.0, 29.0, 68.0, 50.5)

DATE_LINE = LineShape(height=(1.4, 4.4), width=(15.0, 50.0))
CODE_LINE = LineShape(height=(1.3, 3.6), width=(2.6, 8.5), lone=3.2)
"""Other dates stand on the card too, in pieces that a pen filled in: those have neighbours."""
