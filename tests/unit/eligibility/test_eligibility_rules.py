"""Whose answer, whose certificate: the identity-conflict rule."""

from datetime import UTC, datetime

import pytest

from firmware.core.outcomes import EligibilityCode
from firmware.eligibility.model import Answer, Coverage
from firmware.eligibility.rules import ChipIdentity, foreign_certificate


def answer(*people: tuple[str, str]) -> Answer:
    return Answer(EligibilityCode.VALID, tuple(Coverage(birth_date=birth, sex=sex) for birth, sex in people))


@pytest.mark.parametrize(
    ("chip_sex", "people", "conflict"),
    [
        (b"1", [("19721103", "1")], False),
        (b"1", [("19721104", "1")], True),
        (b"1", [("19721103", "2")], True),
        (b"1", [("19721103", "3")], False),
        (b"9", [("19721103", "2")], False),
        (b"9", [("19721104", "3")], True),
        (b"1", [("19721103", "1"), ("19721103", "1")], False),
        (b"1", [("19721103", "1"), ("19801103", "1")], True),
        (b"1", [], False),
    ],
)
def test_conflict(chip_sex: bytes, people: list[tuple[str, str]], conflict: bool) -> None:
    assert ChipIdentity(b"19721103", chip_sex).conflicts(answer(*people)) is conflict


def test_without_a_chip_nothing_is_compared() -> None:
    assert not ChipIdentity().conflicts(answer(("19010101", "1"), ("20200202", "2")))


def test_birth_date_itself_is_not_kept() -> None:
    identity = ChipIdentity(b"19721103", b"1")
    kept = [getattr(identity, name) for name in identity.__slots__]
    assert b"19721103" not in kept
    assert ChipIdentity(b"19721103", b"1")._birth_date != identity._birth_date


@pytest.mark.parametrize(
    ("end", "birth_date", "expiry", "foreign"),
    [
        # 14:59:59 UTC is the last second of the same day in Japan, 15:00 is the next day
        (datetime(2030, 11, 3, 14, 59, 59, tzinfo=UTC), b"19721103", b"20330101", False),
        (datetime(2030, 11, 3, 15, 0, 0, tzinfo=UTC), b"19721103", b"20330101", True),
        (datetime(2030, 11, 2, 15, 0, 0, tzinfo=UTC), b"19721103", b"20330101", False),
        (datetime(2030, 11, 4, 14, 59, 59, tzinfo=UTC), b"19721103", b"20330101", True),
        (datetime(2027, 3, 31, 14, 59, 59, tzinfo=UTC), b"19721103", b"20270331", False),
        (datetime(2027, 3, 31, 14, 59, 59, tzinfo=UTC), b"19721103", b"20280331", True),
        (datetime(2027, 2, 28, 14, 59, 59, tzinfo=UTC), b"19480229", b"20330101", False),
        (datetime(2027, 3, 1, 14, 59, 59, tzinfo=UTC), b"19480229", b"20330101", False),
    ],
)
def test_end_of_the_certificate_against_the_chip(
    end: datetime, birth_date: bytes, expiry: bytes, foreign: bool
) -> None:
    assert foreign_certificate(end, birth_date, expiry) is foreign
