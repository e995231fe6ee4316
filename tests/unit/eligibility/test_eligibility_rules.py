"""Whose answer: the identity-conflict rule."""

from dataclasses import replace
from datetime import date

import pytest

from firmware.core.queries import NumberQuery, PersonQuery
from firmware.core.secret import Secret
from firmware.eligibility.codes import Sex
from firmware.eligibility.model import Confirmation, Coverage
from firmware.eligibility.rules import ChipIdentity, of_somebody_else

BORN = date(1972, 11, 3)
NEXT_DAY = date(1972, 11, 4)


def coverages(*people: tuple[date, str]) -> tuple[Coverage, ...]:
    return tuple(Coverage(birth_date=birth, sex=Sex(sex)) for birth, sex in people)


@pytest.mark.parametrize(
    ("chip_sex", "people", "conflict"),
    [
        (b"1", [(BORN, "1")], False),
        (b"1", [(NEXT_DAY, "1")], True),
        (b"1", [(BORN, "2")], True),
        (b"1", [(BORN, "3")], False),
        (b"9", [(BORN, "2")], False),
        (b"9", [(NEXT_DAY, "3")], True),
        (b"1", [(BORN, "1"), (BORN, "1")], False),
        (b"1", [(BORN, "1"), (date(1980, 11, 3), "1")], True),
        (b"1", [], False),
    ],
)
def test_conflict(chip_sex: bytes, people: list[tuple[date, str]], conflict: bool) -> None:
    assert ChipIdentity(b"19721103", chip_sex).conflicts(coverages(*people)) is conflict


def test_years_are_written_with_four_digits() -> None:
    assert not ChipIdentity(b"09990101", b"1").conflicts(coverages((date(999, 1, 1), "1")))


def test_views_of_secrets_are_compared_without_a_copy() -> None:
    birth_date, sex = Secret(b"19721103"), Secret(b"1")
    identity = ChipIdentity(birth_date.view(), sex.view())
    birth_date.wipe()
    sex.wipe()
    assert not identity.conflicts(coverages((BORN, "1")))
    assert identity.conflicts(coverages((BORN, "2")))
    assert identity.conflicts(coverages((NEXT_DAY, "1")))


def test_without_a_chip_nothing_is_compared() -> None:
    assert not ChipIdentity().conflicts(coverages((date(1901, 1, 1), "1"), (date(2020, 2, 2), "2")))


@pytest.mark.parametrize(
    ("birth_date", "sex", "person", "same"),
    [
        (b"19721103", b"1", (BORN, "1"), True),
        (b"19721103", b"2", (BORN, "2"), True),
        (b"19721103", b"1", (BORN, "2"), False),
        (b"19721103", b"1", (NEXT_DAY, "1"), False),
        (b"19721103", b"1", (BORN, "3"), False),
        (b"19721103", b"9", (BORN, "1"), False),
        (b"19721103", b"9", (BORN, "3"), False),
        (b"19721103", None, (BORN, "1"), False),
        (None, b"1", (BORN, "1"), False),
        (None, None, (BORN, "1"), False),
    ],
)
def test_same_needs_both_members_on_both_sides(
    birth_date: bytes | None, sex: bytes | None, person: tuple[date, str], same: bool
) -> None:
    assert ChipIdentity(birth_date, sex).same(coverages(person)[0]) is same


def test_birth_date_itself_is_not_kept() -> None:
    identity = ChipIdentity(b"19721103", b"1")
    kept = [getattr(identity, name) for name in identity.__slots__]
    assert b"19721103" not in kept
    assert ChipIdentity(b"19721103", b"1")._birth_date != identity._birth_date


# ---- receptions' own queries ---------------------------------------------------------------------------------------

NUMBER = NumberQuery("130013", "4567", BORN, symbol="１２－３", branch="01", identifier="P-88")
PERSON = PersonQuery("例示 花子", BORN, "2", "架空県")


@pytest.mark.parametrize(
    ("echo", "differs"),
    [
        (None, False),
        (NUMBER, False),
        (NumberQuery("130013", "4567", BORN), False),
        (replace(NUMBER, number="０４５６-７", symbol="123", limit_consent=True), False),
        (replace(NUMBER, birth_date=NEXT_DAY), True),
        (replace(NUMBER, insurer_number="06130017"), True),
        (replace(NUMBER, number="4568"), True),
        (replace(NUMBER, symbol="124"), True),
        (replace(NUMBER, branch="02"), True),
        (replace(NUMBER, identifier="P-89"), True),
    ],
)
def test_the_echo_of_another_query(echo: NumberQuery | None, differs: bool) -> None:
    answer = Confirmation(search=echo, coverages=coverages((BORN, "1")))
    assert of_somebody_else(answer, NUMBER) is differs


def test_an_identifier_that_was_not_given_is_the_other_side_s() -> None:
    assert not of_somebody_else(Confirmation(search=NUMBER), replace(NUMBER, identifier=None))


@pytest.mark.parametrize(
    ("asked", "echoed", "differs"),
    [
        ("ソ～表", "ソ〜表", False),  # what Shift_JIS gives back for the other
        ("ソ〜表", "ソ～表", False),
        ("ソ～表", "ソ表", True),
        ("ａＢ", "Ab", False),
        ("A", "", True),
        (None, "A", True),
    ],
)
def test_a_symbol_is_echoed_in_another_spelling(asked: str | None, echoed: str, differs: bool) -> None:
    answer = Confirmation(search=replace(NUMBER, symbol=echoed))
    assert of_somebody_else(answer, replace(NUMBER, symbol=asked)) is differs


def test_a_search_by_person_has_no_number_to_compare() -> None:
    assert not of_somebody_else(Confirmation(search=NUMBER, coverages=coverages((BORN, "2"))), PERSON)


@pytest.mark.parametrize(
    ("people", "by_number", "by_person"),
    [
        ([], False, False),
        ([(BORN, "2")], False, False),
        ([(BORN, "1")], False, True),
        ([(BORN, "3")], False, False),
        ([(BORN, "2"), (NEXT_DAY, "2")], True, True),
    ],
)
def test_results_of_somebody_else(people: list[tuple[date, str]], by_number: bool, by_person: bool) -> None:
    answer = Confirmation(coverages=coverages(*people))
    assert of_somebody_else(answer, NUMBER) is by_number
    assert of_somebody_else(answer, PERSON) is by_person
    assert of_somebody_else(replace(answer, search=replace(NUMBER, birth_date=NEXT_DAY)), PERSON)
