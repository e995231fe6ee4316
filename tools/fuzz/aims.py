"""What the coverage-guided fuzzer shoots at: every parser, and the whole card session.

Of a session the fuzzer's bytes make all choices: which answers are altered and how, which calls are made in which
order. Raises what the parser or the device raises against its word, AssertionError for a broken promise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.property.card.fuzz_session import GivenChance, visit
from tests.property.card.fuzz_targets import targets


@dataclass(frozen=True, slots=True)
class Aim:
    """`attack`: run on bytes, says nothing. `seeds`: where to start from."""

    attack: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def _quietly(accepts: Callable[[bytes], bool]) -> Callable[[bytes], None]:
    def attack(data: bytes) -> None:
        accepts(data)

    return attack


def _session(data: bytes) -> None:
    visit(GivenChance(data))


def aims() -> dict[str, Aim]:
    """By name: the parsers' targets and "session"."""
    every = {name: Aim(_quietly(target.accepts), target.seeds) for name, target in targets().items()}
    drawn = Random(1)  # noqa: S311 - any bytes will do
    return every | {"session": Aim(_session, tuple(drawn.randbytes(size) for size in (0, 40, 200, 1_000)))}
