"""The invented card holders and the dates on their cards."""

from datetime import date

import pytest

from firmware.sim.card.person import has_right_check_digit
from firmware.sim.front.dates import birth_line, era_name, expiry_line, gregorian, japanese
from firmware.sim.front.people import TODAY, invented_people

POOL = invented_people(400)


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(1972, 11, 3), "昭和47年11月3日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1993, 1, 2), "平成5年1月2日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2020, 12, 31), "令和2年12月31日"),
    ],
)
def test_japanese_dates_are_written_as_on_cards(day: date, shown: str) -> None:
    assert japanese(day) == shown


def test_padded_dates_keep_the_place_of_a_missing_digit() -> None:
    assert japanese(date(1993, 1, 2), padded=True) == "平成 5年 1月 2日"
    assert japanese(date(2019, 5, 1), padded=True) == "令和元年 5月 1日"
    assert gregorian(date(2034, 11, 3), padded=True) == "2034年11月 3日"


def test_no_card_shows_an_era_before_showa() -> None:
    with pytest.raises(ValueError, match="era"):
        era_name(date(1926, 12, 24))


def test_the_pool_is_the_same_again_and_longer_ones_begin_alike() -> None:
    invented_people.cache_clear()
    assert invented_people(30) == POOL[:30]
    assert invented_people(30, seed=1) != POOL[:30]


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_a_pool_has_bounds(count: int) -> None:
    with pytest.raises(ValueError, match="pool"):
        invented_people(count)


def test_the_pool_has_every_way_to_write_a_birth_date() -> None:
    lines = [birth_line(holder.person) for holder in POOL]
    for begin in ("昭和", "平成", "令和", "平成元年", "令和元年", "19"):
        assert sum(line.startswith(begin) for line in lines) >= 8, begin
    assert all(line.endswith("日生") for line in lines)


def test_cards_are_valid_and_issued_after_birth() -> None:
    for holder in POOL:
        person = holder.person
        assert person.birth < person.certificate_issued <= TODAY <= person.card_expiry
        assert (person.card_expiry - person.certificate_issued).days <= 10 * 366
    assert len({holder.person.card_expiry.year for holder in POOL}) >= 8


def test_number_b_is_what_the_lines_say() -> None:
    for holder in POOL:
        person = holder.person
        born = birth_line(person).removesuffix("生")
        year = born.split("年", maxsplit=1)[0].lstrip("昭和平成令").replace("元", "1")[-2:].zfill(2)
        month, day = born.split("年")[1].removesuffix("日").split("月")
        expiry = expiry_line(person).split("年", maxsplit=1)[0]
        assert holder.number_b == f"{year}{month:0>2}{day:0>2}{expiry}{person.security_code}"
        assert holder.number_b == person.number_b


def test_codes_differ_and_some_begin_with_zero() -> None:
    codes = {holder.person.security_code for holder in POOL}
    assert len(codes) > 350
    assert any(code.startswith("0") for code in codes)


def test_no_number_on_a_back_can_be_anybodys() -> None:
    assert not any(has_right_check_digit(holder.person.number_a) for holder in POOL)


def test_a_holder_is_not_shown_by_repr() -> None:
    holder = POOL[0]
    assert holder.person.security_code not in repr(holder)
    assert holder.name not in repr(holder)
