"""`Page`: what a View says in one language, before any pixel is chosen. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    """A large picture beside the words, for those who do not read them."""

    LEFT = "left"
    RIGHT = "right"
    CLOSER = "closer"
    STRAIGHT = "straight"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Dots:
    """Progress of a digit entry: how many are typed, and how the places are grouped. Never the digits."""

    filled: int
    groups: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.groups)


@dataclass(frozen=True, slots=True)
class Page:
    """Words of one screen.

    `title`: large, one or two lines. `body`: smaller lines below. `small`: sentences in the smallest type, wrapped.
    `buttons`: labels left, middle, right ("" = no button). `note`: one line in the bottom row, beside the buttons.
    `sign`: stands beside the lines, on the side that it points to.
    """

    title: tuple[str, ...]
    body: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    buttons: tuple[str, str, str] = ("", "", "")
    note: str = ""
    dots: Dots | None = None
    sign: Sign | None = None
