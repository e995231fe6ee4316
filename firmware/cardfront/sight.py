"""What one look at a frame gave, and when two looks are enough. Pure, any thread.

Digits are personal: they stand in no repr, and whoever holds a `Sight` or a `Secret` wipes it.
"""

from dataclasses import dataclass
from enum import StrEnum

from firmware.core.secret import Secret


class SightCode(StrEnum):
    READ = "read"
    BACK = "back"
    NO_CARD = "no-card"
    UNSURE = "unsure"


class FrontHint(StrEnum):
    """What the person could do. HOLD_STILL: nothing better is known."""

    NO_CARD = "no-card"
    TURN_OVER = "turn-over"
    GLARE = "glare"
    BLUR = "blur"
    CLOSER = "closer"
    OTHER_CARD = "other-card"
    HOLD_STILL = "hold-still"


@dataclass(frozen=True, slots=True, repr=False)
class Sight:
    """`digits` (14, ASCII) and `confidences` (one for each) only with READ; `hint` only without.

    `confirmed`: month and day of birth stand in the expiry date too, so they were read twice.
    """

    code: SightCode
    hint: FrontHint | None = None
    digits: Secret | None = None
    confidences: tuple[float, ...] = ()
    confirmed: bool = False

    def wipe(self) -> None:
        if self.digits is not None:
            self.digits.wipe()


class Agreement:
    """Gives a value once enough frames say the same, one after the other: a try at the card's counter is dear.

    Two frames; three where month and day were not confirmed by the expiry date. A frame that says something else begins
    anew, one that says nothing changes nothing.
    """

    NEEDED = 2
    NEEDED_UNCONFIRMED = 3

    def __init__(self) -> None:
        self._digits: Secret | None = None
        self._times = 0
        self._at: float | None = None

    def add(self, sight: Sight, at: float) -> Secret | None:
        """Count a sight of the frame taken at `at`; the value, which the caller owns, once it is agreed on.

        Takes over the sight's digits. A frame that was counted already (same or earlier time) is not another reading.
        """
        if sight.code is not SightCode.READ or sight.digits is None:
            return None
        if self._at is not None and at <= self._at:
            sight.wipe()
            return None
        self._at = at
        if self._digits is not None and self._digits == sight.digits:
            sight.wipe()
            self._times += 1
        else:
            self.wipe()
            self._digits, self._times, self._at = sight.digits, 1, at
        if self._times < (self.NEEDED if sight.confirmed else self.NEEDED_UNCONFIRMED):
            return None
        agreed, self._digits = self._digits, None
        self.wipe()
        return agreed

    def wipe(self) -> None:
        """Forget what was read."""
        if self._digits is not None:
            self._digits.wipe()
        self._digits, self._times, self._at = None, 0, None
