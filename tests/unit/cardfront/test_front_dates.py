"""Dates as cards print them, and everything that is none."""

from datetime import date

import pytest

from firmware.cardfront.dates import find_birth, find_expiry, is_birthday


@pytest.mark.parametrize(
    ("text", "day", "year"),
    [
        ("大正元年7月30日生", date(1912, 7, 30), "01"),
        ("大正15年12月25日生", date(1926, 12, 25), "15"),
        ("昭和元年12月25日生", date(1926, 12, 25), "01"),
        ("昭和2年1月1日生", date(1927, 1, 1), "02"),
        ("昭和55年2月17日生", date(1980, 2, 17), "55"),
        ("昭和64年1月7日生", date(1989, 1, 7), "64"),
        ("平成元年1月8日生", date(1989, 1, 8), "01"),
        ("平成5年11月3日生", date(1993, 11, 3), "05"),
        ("平成05年11月03日生", date(1993, 11, 3), "05"),
        ("平成31年4月30日生", date(2019, 4, 30), "31"),
        ("令和元年5月1日生", date(2019, 5, 1), "01"),
        ("令和8年6月1日生", date(2026, 6, 1), "08"),
        ("昭和59年2月29日生", date(1984, 2, 29), "59"),
        ("1985年12月31日生", date(1985, 12, 31), "85"),
        ("2000年2月29日生", date(2000, 2, 29), "00"),
        ("2005年7月1日生", date(2005, 7, 1), "05"),
        ("の昭和55年2月17日生性別", date(1980, 2, 17), "55"),
    ],
)
def test_birth_dates(text: str, day: date, year: str) -> None:
    found = find_birth(text)
    assert found is not None
    assert (found.day, found.year) == (day, year)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "大正元年7月29日生",  # still Meiji
        "大正15年12月26日生",
        "昭和元年12月24日生",  # still Taisho
        "昭和64年1月8日生",  # Heisei began that day
        "昭和65年1月1日生",
        "平成元年1月7日生",  # still Showa
        "平成31年5月1日生",  # Reiwa began that day
        "平成32年1月1日生",
        "令和元年4月30日生",
        "令和0年5月1日生",
        "平成1年2月1日生",  # cards print 元: a digit is lost
        "平成01年2月1日生",
        "平成00年2月1日生",
        "令和99年5月1日生",  # beyond 2099
        "昭和58年2月29日生",
        "昭和55年4月31日生",
        "昭和55年13月1日生",
        "昭和55年0月1日生",
        "昭和55年1月0日生",
        "昭和555年1月1日生",
        "昭和年1月1日生",
        "昭和55年月1日生",
        "昭和55年1月1日",  # no 生
        "和55年1月1日生",
        "昭55年1月1日生",
        "明治45年7月30日生",
        "元年1月1日生",
        "55年1月1日生",
        "1899年12月31日生",
        "2100年1月1日生",
        "11985年1月1日生",
        "1900年2月29日生",
        "2034年11月3日まで有効",
    ],
)
def test_what_is_no_birth_date(text: str) -> None:
    assert find_birth(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2034年11月3日まで有効", date(2034, 11, 3)),
        ("2028年2月29日まで有効", date(2028, 2, 29)),
        ("2034年11月03日まで", date(2034, 11, 3)),
        ("2034年11月3日有効", date(2034, 11, 3)),
        ("長2034年11月3日まで有効", date(2034, 11, 3)),
    ],
)
def test_expiry_dates(text: str, day: date) -> None:
    found = find_expiry(text)
    assert found is not None
    assert (found.day, found.year) == (day, str(day.year))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2034年11月3日",
        "2034年11月3日生",
        "電子証明書の有効期限2034年11月3日",
        "2027年2月29日まで有効",
        "2015年11月3日まで有効",  # before the first card
        "2100年11月3日まで有効",
        "34年11月3日まで有効",
        "12034年11月3日まで有効",
        "令和16年11月3日まで有効",
        "2034年113日まで有効",
    ],
)
def test_what_is_no_expiry(text: str) -> None:
    assert find_expiry(text) is None


def test_the_spans_point_at_the_digits() -> None:
    text = "の昭和55年2月17日生"
    found = find_birth(text)
    assert found is not None
    spans = (found.year_span, found.month_span, found.day_span)
    assert [text[slice(*span)] for span in spans] == ["55", "2", "17"]
    text = "1985年12月3日生"
    found = find_birth(text)
    assert found is not None
    assert text[slice(*found.year_span)] == "85"


@pytest.mark.parametrize(
    ("birth", "day", "expected"),
    [
        (date(1980, 2, 17), date(2034, 2, 17), True),
        (date(1980, 2, 17), date(2034, 2, 18), False),
        (date(1984, 2, 29), date(2028, 2, 29), True),
        (date(1984, 2, 29), date(2027, 2, 28), True),
        (date(1984, 2, 29), date(2027, 3, 1), True),
        (date(1984, 2, 29), date(2028, 2, 28), False),
        (date(1984, 2, 28), date(2027, 3, 1), False),
    ],
)
def test_birthdays(birth: date, day: date, expected: bool) -> None:
    assert is_birthday(birth, day) is expected


def test_a_date_hides_itself() -> None:
    found = find_birth("昭和55年2月17日生")
    assert "55" not in repr(found).partition(" at ")[0], "what follows is an address"
