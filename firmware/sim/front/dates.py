"""Dates as cards print them: Japanese eras with 元年 for the first year, or the Gregorian year.

Pure, any thread. Written apart from the device's own reader of such dates, so that an error cannot stand on both sides.
Source: facts card.md 2.2 (which years are printed).
"""

from datetime import date

from firmware.sim.card.person import Person, era_year

_ERAS = (("令和", date(2019, 5, 1)), ("平成", date(1989, 1, 8)), ("昭和", date(1926, 12, 25)))


def era_name(day: date) -> str:
    for name, first_day in _ERAS:
        if day >= first_day:
            return name
    raise ValueError("no simulated card shows an era before 昭和")


def _month_and_day(day: date, *, padded: bool) -> str:
    return f"{day.month:2}月{day.day:2}日" if padded else f"{day.month}月{day.day}日"


def gregorian(day: date, *, padded: bool = False) -> str:
    """2034年11月3日; `padded` keeps the place of a missing digit free, as many cards do."""
    return f"{day.year}年{_month_and_day(day, padded=padded)}"


def japanese(day: date, *, padded: bool = False) -> str:
    """平成5年1月2日, 令和元年5月1日."""
    number = era_year(day)
    year = "元" if number == 1 else (f"{number:2}" if padded else f"{number}")
    return f"{era_name(day)}{year}年{_month_and_day(day, padded=padded)}"


def birth_line(person: Person, *, padded: bool = False) -> str:
    shown = gregorian if person.gregorian_birth_year else japanese
    return shown(person.birth, padded=padded) + "生"


def expiry_line(person: Person, *, padded: bool = False) -> str:
    return gregorian(person.card_expiry, padded=padded) + "まで有効"
