"""Dates as a card prints them: Japanese eras with 元年 for the first year, or Gregorian. Pure, any thread.

`find_birth` and `find_expiry` look for a date in the text of one line, signs before and after it allowed, and answer
None for whatever is no such date: a wrong sign, a day that the calendar does not have, a year outside its era. Nothing
is repaired by guessing. Texts are personal: they are not kept and stand in no repr. Source: card.md 2.2.
"""

import re
from dataclasses import dataclass
from datetime import date

_ERAS = {
    "大正": (date(1912, 7, 30), date(1926, 12, 25)),
    "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (date(2019, 5, 1), date.max),
}
"""First and last day. 1926-12-25 belongs to both: it began as Taisho."""

_DAY = r"年([0-9]{1,2})月([0-9]{1,2})日"
_ERA_BIRTH = re.compile(r"(大正|昭和|平成|令和)(元|[0-9]{1,2})" + _DAY + "生")
_GREGORIAN_BIRTH = re.compile(r"(?<![0-9])([0-9]{4})" + _DAY + "生")
# Half of まで有効 may be lost at a glare's edge, not all of it: other dates stand on the card too.
_EXPIRY = re.compile(r"(?<![0-9])([0-9]{4})" + _DAY + "(?:まで|.{0,2}有効)")

FIRST_BIRTH, LAST_YEAR = 1900, 2099
FIRST_EXPIRY = 2016
"""The first cards were issued in January 2016."""


@dataclass(frozen=True, slots=True, repr=False)
class PrintedDate:
    """`day`: the date meant; `year`: as number B wants it.

    The spans are places in the text: of the year's last two digits (of 元; of all four for an expiry), month and day.
    """

    day: date
    year: str
    year_span: tuple[int, int]
    month_span: tuple[int, int]
    day_span: tuple[int, int]


def find_birth(text: str) -> PrintedDate | None:
    """The birth date in `text`, which ends in 生; `year` has two digits, as printed."""
    found = _ERA_BIRTH.search(text)
    if found is not None:
        era, printed = found[1], found[2]
        year = 1 if printed == "元" else int(printed)
        first, last = _ERAS[era]
        day = _date(first.year + year - 1, found[3], found[4])
        # Cards print 元, never 1: a lone 1 is a lost digit.
        if day is None or not first <= day <= last or printed in {"1", "01", "0", "00"} or day.year > LAST_YEAR:
            return None
        return PrintedDate(day, f"{year:02}", found.span(2), found.span(3), found.span(4))
    found = _GREGORIAN_BIRTH.search(text)
    if found is None:
        return None
    day = _date(int(found[1]), found[2], found[3])
    if day is None or not FIRST_BIRTH <= day.year <= LAST_YEAR:
        return None
    start, end = found.span(1)
    return PrintedDate(day, f"{day.year % 100:02}", (start + 2, end), found.span(2), found.span(3))


def find_expiry(text: str) -> PrintedDate | None:
    """The date in `text` up to which the card is valid (まで有効); `year` has four digits."""
    found = _EXPIRY.search(text)
    if found is None:
        return None
    day = _date(int(found[1]), found[2], found[3])
    if day is None or not FIRST_EXPIRY <= day.year <= LAST_YEAR:
        return None
    return PrintedDate(day, found[1], found.span(1), found.span(2), found.span(3))


def is_birthday(birth: date, day: date) -> bool:
    """Whether `day` is a birthday; who was born on February 29 has one on the 28th or on March 1 of other years."""
    if (birth.month, birth.day) == (day.month, day.day):
        return True
    leapling = (birth.month, birth.day) == (2, 29)
    return leapling and _date(day.year, "2", "29") is None and (day.month, day.day) in {(2, 28), (3, 1)}


def _date(year: int, month: str, day: str) -> date | None:
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None
