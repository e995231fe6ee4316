"""Whose answer: the identity-conflict rule."""

from datetime import date

import pytest

from firmware.core.secret import Secret
from firmware.eligibility.codes import Sex
from firmware.eligibility.model import Coverage
from firmware.eligibility.rules import ChipIdentity

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
