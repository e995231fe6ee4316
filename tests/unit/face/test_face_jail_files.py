"""Number C5: hostile files end as a fault or a picture, each in time, and nothing but their worker notices.

The whole of C5 is `python -m tests.unit.face.hostile_photos`; here a sample of the mutants and all the others.
"""

import collections

import pytest

from firmware.core.faults import FaultCode
from firmware.face.photo import LARGEST_PHOTO
from tests.unit.face.hostile_photos import OUTCOMES, bombs, mutants, outcomes, seeds, strangers

# A bound for a machine that is busy; what stops a photo in time is `DECODE_SECONDS`, tested beside the decoder.
PATIENCE = 20.0
HARMLESS = {
    "1,024 squared in tiles of 16",
    "largest that is allowed, not there",
    "65,535 layers",
    "33 resolutions",
    "a million pixels, rightly",
}
"""Within bounds after all: the decoder may make a picture of them."""


def check(first: int, count: int) -> collections.Counter[FaultCode | None]:
    ends = collections.Counter[FaultCode | None]()
    for name, fault, detail, seconds in outcomes(mutants(first, count)):
        assert fault in OUTCOMES, name
        assert "no decoder" not in detail, name
        assert seconds < PATIENCE, name
        ends[fault] += 1
    return ends


def test_some_mutants() -> None:
    ends = check(0, 100)
    # Mutations that break nothing and such that break all would both prove nothing.
    assert ends[None] >= 5
    assert ends[FaultCode.PHOTO_BROKEN] >= 40


@pytest.mark.long
@pytest.mark.timeout(600)
def test_many_mutants() -> None:
    ends = check(100, 1_000)
    assert ends[FaultCode.PHOTO_TIMEOUT] <= 10


def test_mutants_repeat_and_differ() -> None:
    first, second = dict(mutants(0, 300)), dict(mutants(0, 300))
    assert first == second
    assert len(set(first.values()) - set(seeds())) >= 290
    assert max(map(len, first.values())) <= LARGEST_PHOTO


def test_bombs() -> None:
    for name, fault, detail, seconds in outcomes(bombs()):
        assert seconds < PATIENCE, name
        assert "no decoder" not in detail, name
        assert fault in {FaultCode.PHOTO_BROKEN, FaultCode.PHOTO_TIMEOUT} or (fault is None and name in HARMLESS), name


def test_strangers() -> None:
    for name, fault, detail, _ in outcomes(strangers()):
        # A photo of which only the end is missing may still be seen.
        assert fault in {FaultCode.PHOTO_BROKEN, FaultCode.PHOTO_TOO_LARGE} or "first" in name, name
        assert "no decoder" not in detail, name
