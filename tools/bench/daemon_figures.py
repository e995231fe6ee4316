"""What `make bench-daemon` measured, held against its goals. Pure. Memory in bytes, told in MB of 1,000,000 bytes."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tools.bench.memory import MEGABYTE, Memory

COMMAND: Final = "make bench-daemon"
READY_GOAL: Final = 3.0
STEADY_GOAL, DECODER_GOAL, PEAK_GOAL = 180.0, 25.0, 220.0
IDLE_GOAL, GROWTH_GOAL = 2.0, 5.0
"""Per cent of a core, MB: the bench's own, the issue names none."""

Rows = dict[str, dict[str, float]]


@dataclass(slots=True)
class Figures:
    """Seconds, bytes, per cent."""

    ready: list[float] = field(default_factory=list)
    ready_without_bytecode: list[float] = field(default_factory=list)
    before: Memory | None = None
    early: Memory | None = None
    late: Memory | None = None
    decoder: Memory | None = None
    early_visits: int = 0
    late_visits: int = 0
    idle_cpu: float = 0.0
    idle_seconds: float = 0.0
    stages: Rows = field(default_factory=dict)
    """Median milliseconds of each stage: with hygiene, without, ratio."""
    hygiene: float = 0.0


def records(figures: Figures) -> list[dict[str, Any]]:
    """What goes into docs/measurements.json. ValueError when something was not measured."""
    early, late, decoder = figures.early, figures.late, figures.decoder
    if early is None or late is None or decoder is None or not figures.ready:
        raise ValueError("not measured")
    ready = statistics.median(figures.ready)
    steady, waiting, peak = (size / MEGABYTE for size in (early.rss, decoder.rss, late.peak))
    growth, share = (late.rss - early.rss) / MEGABYTE, 100 * (late.rss - early.rss) / early.rss
    first, last = figures.early_visits, figures.late_visits
    idle = f"processor time while idle, over {figures.idle_seconds:.0f} s"
    kept = f"Rss after {first} visits; the waiting photo decoder has {waiting:.1f} MB more"
    more = f"Rss after {last} visits against after {first} ({share:+.1f} %)"
    frugal = steady <= STEADY_GOAL and waiting <= DECODER_GOAL
    return [
        _record(
            "ready", f"exec to READY=1, median of {len(figures.ready)} starts", ready, "s <= 3", ready <= READY_GOAL
        ),
        _record("steady", kept, steady, "MB <= 180 + 25", frugal),
        _record("peak", f"highest Rss (VmHWM) in {last} visits", peak, "MB <= 220", peak <= PEAK_GOAL),
        _record("idle-cpu", idle, figures.idle_cpu, "% <= 2 (own goal)", figures.idle_cpu <= IDLE_GOAL),
        _record("growth", more, growth, "MB <= 5 (own goal)", growth <= GROWTH_GOAL),
    ]


def _record(name: str, what: str, figure: float, goal: str, met: bool) -> dict[str, Any]:
    """`goal`: the unit, then what is wanted."""
    unit, _, wanted = goal.partition(" ")
    return {
        "id": f"A9-{name}",
        "what": f"daemon: {what}",
        "figure": round(figure, 2),
        "unit": unit,
        "goal": wanted,
        "met": met,
        "command": COMMAND,
    }


def compared(hygienic: Mapping[str, Sequence[float]], bare: Mapping[str, Sequence[float]]) -> tuple[Rows, float]:
    """Medians of each stage that both had, and the ratio of their sums."""
    rows: Rows = {}
    for name, times in hygienic.items():
        if bare.get(name):
            on, off = statistics.median(times), statistics.median(bare[name])
            rows[name] = {"with": round(on, 2), "without": round(off, 2), "ratio": round(on / off, 3)}
    on_all, off_all = (sum(row[column] for row in rows.values()) for column in ("with", "without"))
    return rows, round(on_all / off_all, 3) if off_all else 0.0
