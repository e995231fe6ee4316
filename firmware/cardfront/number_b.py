"""From three read lines to the 14 digits of number B, with a confidence for each. Pure, any thread.

Number B is the birth date YYMMDD with the year as printed, the year of expiry, and the security code (card.md 2.2). The
month and day of expiry are not part of it; they are used to check the rest. Everything here is personal: hidden in
repr, never in an exception text; `NumberB.digits` is wiped by whoever takes it.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from firmware.cardfront.dates import find_birth, find_expiry, is_birthday
from firmware.core.secret import Secret

LENGTH = 14
_CODE = re.compile("[0-9]{4}")
_LONGEST_LIFE = timedelta(days=130 * 366)


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """The text of one line and the probability of each of its characters, 0 to 1."""

    text: str
    confidences: tuple[float, ...]


@dataclass(frozen=True, slots=True, repr=False)
class NumberB:
    """`birthday`: the card expires on a birthday, as cards of nationals do: month and day were so read twice."""

    digits: Secret
    confidences: tuple[float, ...]
    birthday: bool


def is_code(line: Line) -> bool:
    """The security code stands alone: four digits and nothing else."""
    return _CODE.fullmatch(line.text) is not None


def compose(birth: Line, expiry: Line, code: Line) -> NumberB | None:
    """Number B of three lines, None where they do not hold a date each and a code that fit together."""
    born, until = find_birth(birth.text), find_expiry(expiry.text)
    if born is None or until is None or not is_code(code):
        return None
    if not timedelta(0) < until.day - born.day < _LONGEST_LIFE:
        return None
    digits = f"{born.year}{born.day:%m%d}{until.year}{code.text}"
    confidences = (
        *_pair(birth, born.year_span),
        *_pair(birth, born.month_span),
        *_pair(birth, born.day_span),
        *(expiry.confidences[slice(*until.year_span)]),
        *code.confidences,
    )
    return NumberB(Secret(digits.encode("ascii")), confidences, is_birthday(born.day, until.day))


def _pair(line: Line, span: tuple[int, int]) -> tuple[float, float]:
    """Confidences of two digits. A zero put before a lone digit is as sure as that digit: 7 may be half of 17."""
    read = line.confidences[slice(*span)]
    return (read[0], read[-1])
