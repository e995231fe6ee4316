"""Critical path, gaps and ratios of a visit (tools/bench/critical.py), on timelines written by hand."""

import pytest

from firmware.sim.scenario.story import Stage
from tools.bench.critical import analyse, graph, longest

FACE = [
    Stage("identify", 0.0, 1.0),
    Stage("unlock", 1.5, 2.0),
    Stage("read-photo", 2.0, 4.0),
    Stage("match", 4.0, 6.0),
    Stage("read-certificate", 4.0, 5.0),
    Stage("check-chip", 5.0, 6.5),
    Stage("look-up", 6.5, 9.5),
    Stage("commit", 9.5, 10.0),
]


def test_the_longest_chain_goes_through_the_card() -> None:
    found = analyse(FACE, 0.0, [])
    assert found.path == (*("identify", "unlock", "read-photo", "read-certificate", "check-chip", "look-up", "commit"),)
    assert found.elapsed == 10.0
    assert found.critical == 9.5, "everything but the half second before unlock"
    assert found.serial == 11.5
    assert found.strict == found.with_policy == pytest.approx(10.0 / 9.5)


def test_a_long_match_is_on_the_path_and_its_wait_is_no_work() -> None:
    slow = [each if each.name != "match" else Stage("match", 4.0, 8.0) for each in FACE[:6]]
    slow += [Stage("look-up", 8.0, 11.0), Stage("commit", 11.0, 11.5)]
    found = analyse(slow, 0.0, [], {"match": 3.0})
    assert "match" in found.path
    assert found.critical == 11.0
    assert found.working == 9.5, "with one second of match the card is the longer way"
    assert found.strict == pytest.approx(11.5 / 9.5)
    assert found.with_policy == pytest.approx(11.5 / 11.0)


def test_a_device_that_does_one_thing_after_the_other_shows() -> None:
    at, serial = 0.0, []
    for stage in FACE:
        serial.append(Stage(stage.name, at, at + stage.end - stage.start))
        at = serial[-1].end
    found = analyse(serial, 0.0, [])
    assert found.strict == pytest.approx(11.5 / 9.5)
    assert next(gap for gap in found.gaps if gap.before == "read-certificate").seconds == 2.0


def test_gaps_name_the_stage_and_the_part_in_which_a_person_was_awaited() -> None:
    found = analyse(FACE, -0.25, [(1.2, 1.4), (3.0, 3.5)])
    gaps = {gap.before: gap for gap in found.gaps}
    assert gaps["identify"].seconds == 0.25
    assert gaps["unlock"].seconds == 0.5
    assert gaps["unlock"].people == pytest.approx(0.2)
    assert found.people == pytest.approx(0.2), "awaited while the card was read costs nothing"
    assert found.without_people == pytest.approx((10.25 - 0.2) / 9.5)


def test_a_stage_that_is_repeated_needs_its_first_run() -> None:
    twice = [*FACE[:6], Stage("match", 6.0, 8.0), Stage("look-up", 8.0, 9.0), Stage("commit", 9.0, 9.5)]
    nodes = graph(twice, {"match": 0.5})
    assert nodes["match 2"].needs == ("read-photo", "match")
    assert nodes["look-up"].needs[0] == "match 2"
    assert (nodes["match"].seconds, nodes["match 2"].seconds) == (2.0, 1.5)
    assert longest(nodes, "match 2")[0] == 1.0 + 0.5 + 2.0 + 2.0 + 1.5


def test_pin_path_needs_the_certificate_before_the_look_up() -> None:
    stages = [
        Stage("identify", 0.0, 1.0),
        Stage("count-pin", 1.0, 1.5),
        Stage("read-certificate", 1.5, 2.5),
        Stage("sign", 2.5, 3.0),
        Stage("look-up", 3.0, 6.0),
        Stage("commit", 6.0, 6.5),
    ]
    assert analyse(stages, 0.0, []).strict == 1.0


@pytest.mark.parametrize("stages", [FACE[:-1], [*FACE, Stage("dance", 1.0, 2.0)]])
def test_what_is_no_visit_is_refused(stages: list[Stage]) -> None:
    with pytest.raises(ValueError, match=r"committed|dance"):
        analyse(stages, 0.0, [])
