"""A visit's timeline in characters: one row per stage, so that the overlap is seen. Pure. Seconds."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from firmware.sim.scenario.story import Stage
from tools.bench.critical import CARD, Interval

_LANES: Final = {"match": "inference", "look-up": "network", "register": "network", "commit": "store"}
_LABEL: Final = 28
LEGEND: Final = "# on the critical path   = beside it   ~ waiting by policy   . a person is awaited"


def gantt(
    stages: Sequence[Stage],
    zero: float,
    path: AbstractSet[str],
    people: Sequence[Interval] = (),
    waits: Sequence[tuple[str, Interval]] = (),
    width: int = 72,
) -> list[str]:
    """The lines. `path`: names on the critical path; `waits`: stage and when it only waited."""
    end = max((stage.end for stage in stages), default=zero) - zero
    scale = width / end if end > 0 else 0.0
    lines = [" " * _LABEL + _axis(end, scale, width)]
    lines.append(_row("people", "", _drawn([(each, ".") for each in people], zero, scale, width)))
    for stage in sorted(stages, key=lambda each: (each.start, each.end)):
        sign = "#" if stage.name in path else "="
        marks: list[tuple[Interval, str]] = [((stage.start, stage.end), sign)]
        marks += [(interval, "~") for name, interval in waits if name == stage.name]
        milliseconds = (stage.end - stage.start) * 1000
        bar = _drawn(marks, zero, scale, width)
        lines.append(_row(lane(stage.name), stage.name, f"{bar} {milliseconds:7.1f} ms"))
    return lines


def lane(name: str) -> str:
    """Where a stage runs."""
    return "card" if name in CARD else _LANES.get(name, "loop")


def _row(lane_name: str, name: str, rest: str) -> str:
    return f"{lane_name:<10}{name:<17} {rest}".rstrip()


def _axis(end: float, scale: float, width: int) -> str:
    """Marks at every half second."""
    marks = [" "] * (width + 8)
    for half in range(int(end * 2) + 1):
        text = f"|{half / 2:.1f}"
        at = round(half / 2 * scale)
        marks[at : at + len(text)] = text
    return "".join(marks).rstrip()


def _drawn(marks: Sequence[tuple[Interval, str]], zero: float, scale: float, width: int) -> str:
    """A row of `width`; every interval is seen, however short."""
    row = [" "] * width
    for (start, end), sign in marks:
        first = min(width - 1, max(0, int((start - zero) * scale)))
        last = min(width, max(first + 1, round((end - zero) * scale)))
        row[first:last] = sign * (last - first)
    return "".join(row)
