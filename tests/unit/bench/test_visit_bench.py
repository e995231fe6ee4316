"""The pure parts of `make bench-visit` (tools/bench_visit.py): the notice's wait, the modelled link, the arguments."""

import pytest

from firmware.sim.card.link import LinkModel
from firmware.sim.scenario.plan import Plan
from firmware.sim.scenario.story import Apdu, Stage, Story
from tools.bench.rig import Visit
from tools.bench_visit import link_seconds, measured, medians, notice_wait, parser


def _visit(match: tuple[float, float], shown: float | None) -> Visit:
    stages = [
        Stage("identify", 10.0, 10.2),
        Stage("unlock", 10.2, 10.3),
        Stage("read-photo", 10.3, 11.0),
        Stage("match", *match),
        Stage("read-certificate", 11.0, 11.1),
        Stage("check-chip", 11.1, 11.2),
        Stage("look-up", match[1], match[1] + 3.0),
        Stage("commit", match[1] + 3.0, match[1] + 3.1),
    ]
    states = {} if shown is None else {"ChoosingMethod": shown}
    story = Story(tell=lambda _: None, draw=False, stages=stages)
    return Visit(Plan(), story, [], present=10.0, state_at=states)


@pytest.mark.parametrize(
    ("match", "shown", "wait"),
    [
        ((11.0, 11.5), 10.2, 0.2),  # shown until 11.2
        ((11.3, 11.5), 10.2, 0.0),  # the second was over before
        ((11.0, 11.1), 10.2, 0.1),  # never longer than the stage
        ((11.0, 11.5), None, 0.0),
    ],
)
def test_match_waits_only_until_the_notice_was_shown_for_a_second(
    match: tuple[float, float], shown: float | None, wait: float
) -> None:
    start, end = notice_wait(_visit(match, shown))
    assert end - start == pytest.approx(wait)


def test_the_recorded_ratio_counts_the_wait_as_overhead() -> None:
    one = measured(_visit((11.0, 11.5), 10.2))
    assert one.analysis.with_policy == pytest.approx(1.0)
    assert one.analysis.strict == pytest.approx(4.6 / 4.4)
    assert medians([one])["ratio"] == pytest.approx(4.6 / 4.4, abs=1e-4)


def test_the_link_takes_bits_commands_and_rsa() -> None:
    select = Apdu("00A4040C", sent=10, expected=None, received=0, status="9000", milliseconds=0.0)
    read = Apdu("00B00000", sent=0, expected=None, received=256, status="9000", milliseconds=0.0)
    sign = Apdu("802A0000", sent=32, expected=None, received=256, status="9000", milliseconds=0.0)
    refused = Apdu("802A0000", sent=32, expected=None, received=0, status="6985", milliseconds=0.0)
    model = LinkModel(bits_per_second=8.0, per_apdu=1000.0, per_rsa=1e6)
    assert link_seconds([select], model) == 1000 + 4 + 11 + 2
    assert link_seconds([read], model) == 1000 + 4 + 1 + 258
    assert link_seconds([sign, refused], model) == 1e6 + 2000 + (4 + 33 + 1 + 258) + (4 + 33 + 2)


def test_visits_are_at_least_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser().parse_args([]).visits == 5
    with pytest.raises(SystemExit):
        parser().parse_args(["--visits", "0"])
    assert "--visits" in capsys.readouterr().err
