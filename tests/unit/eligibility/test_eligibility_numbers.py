"""Check digits, institution codes, branches, and numbers that may be one (eligibility.md 3.1 to 3.3)."""

import random

import pytest

from firmware.eligibility.numbers import (
    branch_of,
    check_digit,
    fold,
    institution_check_fits,
    institution_code_fits,
    insurer_number_fits,
    may_match,
)

DOUBLED = {"0": 0, "1": 2, "2": 4, "3": 6, "4": 8, "5": 1, "6": 3, "7": 5, "8": 7, "9": 9}


def passes_luhn(number: str) -> bool:
    """Luhn's test by table over the whole number, check digit included: written without `check_digit`."""
    return (sum(map(int, number[-1::-2])) + sum(DOUBLED[digit] for digit in number[-2::-2])) % 10 == 0


@pytest.mark.parametrize(
    "number",
    ["33120015", "54016027", "06139463", "39131156", "138024", "06130017", "39130018", "130013", "01130012"],
)
def test_numbers_that_pass(number: str) -> None:
    assert insurer_number_fits(number)
    assert insurer_number_fits(number.rjust(8))


@pytest.mark.parametrize("number", ["12345678", "00012345", "00123456"])
def test_numbers_that_do_not(number: str) -> None:
    assert not insurer_number_fits(number)


@pytest.mark.parametrize(
    "number", ["", "0", "0613001", "061300170", "0613001X", "０６１３００１７", "06-30017", "6130017 ", "²6130017"]
)
def test_what_is_no_insurer_number(number: str) -> None:
    assert not insurer_number_fits(number)


def test_leading_zeros_alter_nothing() -> None:
    assert check_digit("13001") == check_digit("0013001") == 3


def test_a_hundred_thousand_numbers_against_another_formula() -> None:
    chance = random.Random(20260401)  # noqa: S311 - the same numbers each time, not a secret
    numbers = [f"{chance.randrange(10**digits):0{digits}d}" for digits in (6, 8) for _ in range(50_000)]
    assert [number for number in numbers if insurer_number_fits(number) is not passes_luhn(number)] == []
    assert 9_000 < sum(map(insurer_number_fits, numbers)) < 11_000


def test_one_wrong_digit_is_always_seen() -> None:
    good = "06130017"
    wrong = [good[:at] + digit + good[at + 1 :] for at in range(8) for digit in "0123456789" if digit != good[at]]
    assert not any(map(insurer_number_fits, wrong))


@pytest.mark.parametrize("code", ["1319999999", "1119999991", "0110113719"])
def test_institution_codes_that_check(code: str) -> None:
    assert institution_code_fits(code)
    assert institution_check_fits(code)


@pytest.mark.parametrize("code", ["1312345678", "0110012345"])
def test_institution_codes_that_only_look_right(code: str) -> None:
    assert institution_code_fits(code)
    assert not institution_check_fits(code)


@pytest.mark.parametrize("prefecture", ["01", "09", "10", "39", "40", "47"])
@pytest.mark.parametrize("table", "1346")
def test_prefectures_and_tables(prefecture: str, table: str) -> None:
    assert institution_code_fits(f"{prefecture}{table}1234567")


@pytest.mark.parametrize(
    "code",
    [
        "",
        "131999999",
        "13199999990",
        "0019999999",
        "4819999999",
        "1329999999",
        "1309999999",
        "131999999X",
        "１３１9999999",
    ],
)
def test_what_is_no_institution_code(code: str) -> None:
    assert not institution_code_fits(code)
    assert not institution_check_fits(code)


@pytest.mark.parametrize(
    ("value", "branch"),
    [
        *(("01", "01"), ("1", "01"), ("０１", "01"), ("99", "99"), (" 2 ", "02")),
        *(("00", None), ("", None), ("0", None), ("001", None), ("a1", None), ("-1", None), ("٣", None)),
    ],
)
def test_branch(value: str, branch: str | None) -> None:
    assert branch_of(value) == branch


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("１２３", "123"),
        ("00123", "123"),
        ("12-34", "1234"),
        ("12－34", "12‐34"),
        ("１２ー３４", "12−34"),
        ("公立 神", "公立　神"),
        ("ｷｺｳ", "キコウ"),
        ("A1", "Ａ１"),
        ("公・1", "公1"),
    ],
)
def test_numbers_that_may_be_one(one: str, other: str) -> None:
    assert may_match(one, other)


@pytest.mark.parametrize(("one", "other"), [("123", "124"), ("123", "1230"), ("", "1"), ("a1", "A1")])
def test_numbers_that_are_not(one: str, other: str) -> None:
    assert not may_match(one, other)


def test_nothing_but_zeros_is_nothing() -> None:
    assert fold("０００") == fold("") == ""
