"""Fuzzes the card layer with a million hostile responses (B2). `python tools/fuzz/million.py [--responses 1000000]`.

About 700,000 inputs of the parsers and 300,000 altered answers of whole sessions, in two processes. The same seed makes
the same responses; a failure is named so that it can be made again. Prints the figures as JSON; `--record` also writes
the record "B2". Exit code 1 if anything was found.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.property.card.fuzz_run import Tally, resident_mb, run_cut, run_parsers, run_sessions  # noqa: E402  # a script
from tools.measure import record  # noqa: E402  # as above

GOAL = 1_000_000
PROCESSES = 2
_PARSER_SHARE = 0.7
_CASES, _SESSIONS = 5_000, 500
_TOLD_EACH = 50_000
_WARM: list[float] = []
"""Resident memory of this process after its first block: what comes on top later is growth."""

Figures = dict[str, object]


def block(kind: str, seed: int, first: int) -> Tally:
    """One block of work in a worker process."""
    if kind == "cut":
        tally = run_cut(1)
    else:
        tally = run_parsers(seed, first, _CASES) if kind == "parsers" else run_sessions(seed, first, _SESSIONS)
    if not _WARM:
        _WARM.append(resident_mb())
    tally.growth_mb = resident_mb() - _WARM[0]
    return tally


def fuzz(responses: int = GOAL, seed: int = 1, processes: int = PROCESSES, *, tell: bool = False) -> Tally:
    """At least so many responses."""
    total, start, told = Tally(), time.monotonic(), 0
    with ProcessPoolExecutor(processes) as pool:
        for tally in _work(pool, int(responses * _PARSER_SHARE), seed, processes):
            total.add(tally)
            if tell and total.responses // _TOLD_EACH > told:
                told = total.responses // _TOLD_EACH
                _tell(total, time.monotonic() - start)
            if total.responses >= responses:
                break
    return total


def _work(pool: ProcessPoolExecutor, cases: int, seed: int, processes: int) -> Iterator[Tally]:
    """Blocks in an order that depends on nothing: cut files, parser cases, then sessions without end."""
    cut = pool.submit(block, "cut", seed, 0).result()
    yield cut
    firsts = range(0, max(0, cases - cut.responses), _CASES)
    yield from pool.map(block, ["parsers"] * len(firsts), [seed] * len(firsts), firsts)
    for first in count(0, processes * _SESSIONS):
        under_way = [pool.submit(block, "sessions", seed, first + each * _SESSIONS) for each in range(processes)]
        for future in under_way:
            yield future.result()


def _tell(total: Tally, seconds: float) -> None:
    found = total.uncaught + total.broken + total.over_budget
    line = f"{total.responses} responses, {total.sessions} sessions, {found} findings, {seconds:.0f} s"
    print(line, file=sys.stderr, flush=True)


def measure(responses: int = GOAL, seed: int = 1, processes: int = PROCESSES, *, tell: bool = False) -> Figures:
    """`fuzz`, and how long it took."""
    start = time.monotonic()
    total = fuzz(responses, seed, processes, tell=tell)
    return {**_plain(total), "seed": seed, "processes": processes, "seconds": round(time.monotonic() - start, 1)}


def _plain(total: Tally) -> Figures:
    values = {field.name: getattr(total, field.name) for field in fields(total)}
    return {name: dict(sorted(value.items())) if isinstance(value, dict) else value for name, value in values.items()}


def _record(figures: Figures, wrong: int) -> None:
    what = (
        f"findings in {figures['responses']} fuzzed responses ({figures['sessions']} whole card sessions; slowest"
        f" {figures['slowest']:.2f} s, peak {figures['peak_rss_mb']:.0f} MB, growth {figures['growth_mb']:.1f} MB)"
    )
    record(
        id="B2",
        what=what,
        figure=wrong,
        unit="findings",
        goal=f"0 of {GOAL}",
        met=not wrong and int(str(figures["responses"])) >= GOAL,
        command="make measure-card",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=GOAL)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help='write the record "B2" of docs/measurements.json')
    arguments = parser.parse_args()
    figures = measure(arguments.responses, arguments.seed, tell=True)
    print(json.dumps(figures, indent=2))
    wrong = sum(int(str(figures[name])) for name in ("uncaught", "broken", "over_budget"))
    if arguments.record:
        _record(figures, wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
