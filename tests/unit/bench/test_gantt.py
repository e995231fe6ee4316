"""The timeline in characters (tools/bench/gantt.py)."""

from firmware.sim.scenario.story import Stage
from tools.bench.gantt import gantt

STAGES = [Stage("identify", 10.0, 10.5), Stage("match", 10.5, 11.5), Stage("look-up", 11.0, 12.0)]


def _rows(width: int = 20) -> dict[str, str]:
    drawn = gantt(STAGES, 10.0, {"identify", "look-up"}, [(10.5, 10.6)], [("match", (10.5, 11.0))], width)
    return {line[:27].strip(): line[28:] for line in drawn}


def test_a_stage_stands_where_it_ran() -> None:
    rows = _rows()
    assert rows["card      identify"].startswith("#####     ")
    assert rows["network   look-up"].startswith(" " * 10 + "#" * 10)
    assert rows["network   look-up"].endswith(" 1000.0 ms")


def test_waiting_and_what_is_beside_the_path_look_different() -> None:
    rows = _rows()
    assert rows["inference match"].startswith(" " * 5 + "~~~~~=====")
    assert rows["people"].strip() == "."


def test_the_axis_marks_every_half_second() -> None:
    assert _rows()[""].split() == ["|0.0", "|0.5", "|1.0", "|1.5", "|2.0"]


def test_the_shortest_stage_is_seen_and_no_row_is_longer_than_wanted() -> None:
    drawn = gantt([Stage("identify", 0.0, 10.0), Stage("commit", 10.0, 10.0)], 0.0, {"commit"}, width=40)
    row = next(line for line in drawn if "commit" in line)
    assert row[28:68] == " " * 39 + "#"


def test_no_stages_are_no_error() -> None:
    assert len(gantt([], 5.0, frozenset())) == 2
