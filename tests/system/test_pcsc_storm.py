"""Issue 3, B4: after every pull, swap and pcscd restart at any command, the next visit works whole.

30 of each in `make test`, 500 and 200 in all with `make test-long`. Every digit sent is right, so that a try counter
that was lowered, or a VERIFY that nobody asked for, fails too. MADOGUCHI_STORM_SEED repeats a storm.
"""

import contextlib
import os
import random
from collections.abc import Iterator

import pytest

from firmware.sim.pcsc.parts import missing_parts
from tests.system.pcsc_device import GOOD, issue
from tests.system.pcsc_storm import Bench, issue_other, storm

BENCHES = 5
SEED = int(os.environ.get("MADOGUCHI_STORM_SEED", "2026"))

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing_parts()), reason=f"not installed: {', '.join(missing_parts())}"),
]


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bench]]:
    folder = tmp_path_factory.mktemp("storm")
    issued = issue(folder)
    other = issue_other(folder, issued)
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(Bench(issued, other))) for _ in range(BENCHES)]


@pytest.fixture(scope="module")
def length(benches: list[Bench]) -> int:
    return benches[0].count_commands()


def pulls(benches: list[Bench], length: int, rounds: int, seed: int) -> None:
    storm(benches, lambda bench, dice: bench.pull(dice, length), rounds, seed)


def restarts(benches: list[Bench], length: int, rounds: int, seed: int) -> None:
    storm(benches, lambda bench, dice: bench.restart(dice, length), rounds, seed)


def interrupted(benches: list[Bench]) -> int:
    """Visits that the storm really hit, since the last question."""
    found = sum(not answer.startswith(GOOD) for bench in benches for answer in bench.answers)
    for bench in benches:
        bench.answers.clear()
    return found


def test_pulls_and_swaps_at_any_command(benches: list[Bench], length: int) -> None:
    pulls(benches, length, 30, SEED)
    assert interrupted(benches) >= 20
    assert sum(bench.unseen_swaps for bench in benches) > 0


def test_restarts_of_pcscd_at_any_moment(benches: list[Bench], length: int) -> None:
    restarts(benches, length, 30, SEED)
    assert interrupted(benches) >= 10


@pytest.mark.long
@pytest.mark.timeout(900)
def test_five_hundred_pulls_and_swaps(benches: list[Bench], length: int) -> None:
    pulls(benches, length, 470, random.SystemRandom().randrange(1_000_000))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_two_hundred_restarts(benches: list[Bench], length: int) -> None:
    restarts(benches, length, 170, random.SystemRandom().randrange(1_000_000))
