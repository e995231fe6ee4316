"""Whose answer: the identity-conflict rule."""

import pytest

from firmware.core.outcomes import EligibilityCode
from firmware.core.secret import Secret
from firmware.eligibility.model import Answer, Coverage
from firmware.eligibility.rules import ChipIdentity


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


def test_views_of_secrets_are_compared_without_a_copy() -> None:
    birth_date, sex = Secret(b"19721103"), Secret(b"1")
    identity = ChipIdentity(birth_date.view(), sex.view())
    birth_date.wipe()
    sex.wipe()
    assert not identity.conflicts(answer(("19721103", "1")))
    assert identity.conflicts(answer(("19721103", "2")))
    assert identity.conflicts(answer(("19721104", "1")))


def test_without_a_chip_nothing_is_compared() -> None:
    assert not ChipIdentity().conflicts(answer(("19010101", "1"), ("20200202", "2")))


def test_birth_date_itself_is_not_kept() -> None:
    identity = ChipIdentity(b"19721103", b"1")
    kept = [getattr(identity, name) for name in identity.__slots__]
    assert b"19721103" not in kept
    assert ChipIdentity(b"19721103", b"1")._birth_date != identity._birth_date
