"""Runs many fuzzed responses and counts them: parsers by case number, sessions by session number. One process.

A failure names what makes it again: `parser_case(seed, number)` or `play(seed, number)`, and the bytes in hex. What is
counted as a response: an input that a parser was given, an answer that was altered on its way to `CardService`, a file
of the card that was mutated. Answers that went through unaltered are counted apart.
"""

import resource
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.property.card.fuzz_mutate import mutate, noise
from tests.property.card.fuzz_promises import OverBudgetError
from tests.property.card.fuzz_session import play
from tests.property.card.fuzz_targets import Target, targets

VISIT_SECONDS = 15.0
"""The session gives the card that long for one step (`Policy.card_seconds`)."""
_MOST_FAILURES = 20
_MOST_HEX = 4_000


@dataclass(slots=True)
class Tally:
    """Sums of a run. `failures`: what to run again. `growth_mb`: resident memory at the end less that at the start."""

    responses: int = 0
    sessions: int = 0
    answers: int = 0
    uncaught: int = 0
    broken: int = 0
    over_budget: int = 0
    slowest: float = 0.0
    peak_rss_mb: float = 0.0
    growth_mb: float = 0.0
    accepted: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    most_apdus: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name in ("responses", "sessions", "answers", "uncaught", "broken", "over_budget"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("slowest", "peak_rss_mb", "growth_mb"):
            setattr(self, name, max(getattr(self, name), getattr(other, name)))
        self.accepted += other.accepted
        self.outcomes += other.outcomes
        self.most_apdus |= other.most_apdus
        self.failures = (self.failures + other.failures)[:_MOST_FAILURES]

    def fail(self, where: str, error: Exception) -> None:
        """A budget, a broken promise, or an exception that nobody documents."""
        if isinstance(error, OverBudgetError):
            self.over_budget += 1
        elif isinstance(error, AssertionError):
            self.broken += 1
        else:
            self.uncaught += 1
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(f"{where}: {type(error).__name__}: {error}")


def parser_case(seed: int, number: int) -> tuple[Target, bytes]:
    """Case `number` of the series `seed`: targets take turns."""
    every = tuple(targets().values())
    target = every[number % len(every)]
    chance = Random(f"{seed}/parser/{number}")  # noqa: S311 - it has to repeat
    if chance.random() < 0.1:
        return target, noise(chance)
    return target, mutate(chance, chance.choice(target.seeds), target.seeds)


def truncations(step: int) -> Iterator[tuple[Target, bytes]]:
    """Every seed of every target, cut at each `step`-th offset."""
    for target in targets().values():
        for seed in target.seeds:
            for end in range(0, len(seed), step):
                yield target, seed[:end]


def run_cut(step: int) -> Tally:
    tally = Tally()
    for target, data in truncations(step):
        _try(tally, target, data, "cut")
    return tally


def run_parsers(seed: int, first: int, count: int) -> Tally:
    """Cases `first` to `first + count`."""
    tally = Tally()
    for number in range(first, first + count):
        target, data = parser_case(seed, number)
        _try(tally, target, data, f"parser_case({seed}, {number})")
    _measure(tally)
    return tally


def _try(tally: Tally, target: Target, data: bytes, where: str) -> None:
    tally.responses += 1
    try:
        tally.accepted[target.name] += target.accepts(data)
    except Exception as error:  # noqa: BLE001 - to find what nobody expects is the point
        tally.fail(f"{where} {target.name} {data.hex()[:_MOST_HEX]}", error)


def run_sessions(seed: int, first: int, count: int) -> Tally:
    """Sessions `first` to `first + count`."""
    tally = Tally()
    for number in range(first, first + count):
        start = time.monotonic()
        tally.sessions += 1
        try:
            played = play(seed, number)
        except Exception as error:  # noqa: BLE001 - as above
            tally.fail(f"play({seed}, {number})", error)
            continue
        seconds = time.monotonic() - start
        tally.slowest = max(seconds, tally.slowest)
        tally.over_budget += seconds > VISIT_SECONDS
        tally.responses += played.responses
        tally.answers += played.answers
        tally.outcomes += played.outcomes
        tally.most_apdus |= Counter(played.most)
    _measure(tally)
    return tally


def _measure(tally: Tally) -> None:
    tally.peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mb() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)
