"""Goals and comparison of the daemon's bench (tools/bench/daemon_figures.py)."""

import pytest

from tools.bench.daemon_figures import Figures, compared, records
from tools.bench.memory import Memory


def _memory(megabytes: float, peak: float = 0.0) -> Memory:
    return Memory(int(megabytes * 1e6), 0, 0, int(peak * 1e6))


def _figures(early: float = 170.0, late: float = 172.0, peak: float = 200.0, decoder: float = 16.0) -> Figures:
    return Figures(
        ready=[1.0, 9.0, 2.0],
        early=_memory(early),
        late=_memory(late, peak),
        decoder=_memory(decoder),
        early_visits=20,
        late_visits=200,
        idle_cpu=0.4,
        idle_seconds=60.0,
    )


def _met(figures: Figures) -> dict[str, bool]:
    return {each["id"]: each["met"] for each in records(figures)}


def test_every_goal_is_held_against_its_own_figure() -> None:
    assert set(_met(_figures()).values()) == {True}
    assert not _met(_figures(early=181.0, late=181.0))["A9-steady"]
    assert not _met(_figures(decoder=26.0))["A9-steady"]
    assert not _met(_figures(peak=221.0))["A9-peak"]
    assert not _met(_figures(late=176.0))["A9-growth"]
    busy = _figures()
    busy.idle_cpu, busy.ready = 2.5, [2.0, 3.5, 4.0]
    assert not _met(busy)["A9-idle-cpu"]
    assert not _met(busy)["A9-ready"]


def test_records_say_what_was_measured() -> None:
    made = {each["id"]: each for each in records(_figures())}
    assert made["A9-ready"]["figure"] == 2.0, "the median"
    assert (made["A9-growth"]["figure"], made["A9-growth"]["unit"]) == (2.0, "MB")
    assert "+1.2 %" in made["A9-growth"]["what"]
    assert made["A9-steady"]["goal"] == "<= 180 + 25"
    assert all(each["command"] == "make bench-daemon" for each in made.values())


def test_nothing_is_recorded_of_what_was_not_measured() -> None:
    with pytest.raises(ValueError, match="not measured"):
        records(Figures(ready=[1.0]))


def test_stages_are_compared_by_their_medians() -> None:
    rows, ratio = compared({"a": [1.0, 3.0, 100.0], "b": [4.0], "only": [9.0]}, {"a": [2.0], "b": [3.0]})
    assert rows == {
        "a": {"with": 3.0, "without": 2.0, "ratio": 1.5},
        "b": {"with": 4.0, "without": 3.0, "ratio": 1.333},
    }
    assert ratio == 1.4
    assert compared({}, {}) == ({}, 0.0)
