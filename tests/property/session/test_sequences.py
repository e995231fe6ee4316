"""Random event sequences against `step` (issue A2). `make test` plays 3,000, `make test-long` 50,000."""

import time
from collections import Counter

import pytest

from tests.property.session.world import play


def _many(seeds: range) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in seeds:
        world = play(seed)
        seen["visits"] += len(world.opened)
        seen["passed"] += len(world.passed)
        seen["late"] += sum(world.detached.values())
        seen["foreign"] += world.foreign
        seen["stopped"] += world.stopped
        seen["staff"] += len(world.asked_staff)
        seen["settled"] += world.settled
        seen["phones"] += len(world.phones)
        seen["revoked"] += world.revoked
        seen["waited"] += world.waited
        seen["read"] += world.cameras.read
    return seen


def test_random_sequences_keep_the_invariants() -> None:
    seen = _many(range(3_000))
    assert seen["passed"] > 1_000
    assert seen["late"] > 20
    assert seen["foreign"] > 1_000
    assert seen["stopped"] > 300
    assert seen["staff"] > 20
    assert seen["settled"] > 100
    assert seen["phones"] > 5
    assert seen["revoked"] > 5
    assert seen["waited"] > 0
    assert seen["read"] > 100


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_fifty_thousand_random_sequences() -> None:
    started = time.monotonic()
    seen = _many(range(50_000))
    assert seen["passed"] > 20_000
    print(dict(seen), f"{time.monotonic() - started:.0f} s")
