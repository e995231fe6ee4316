"""`make bench-card`: what it counts, and that the device stays near the fewest commands."""

import pytest

from tools import bench_card
from tools.bench_card import Row, Traffic


@pytest.fixture(scope="module")
def measured() -> tuple[list[Row], int]:
    return bench_card.measure()


def test_a_visit_asks_the_card_for_little_more_than_its_files_need(measured: tuple[list[Row], int]) -> None:
    rows, reads = measured
    assert [(row.way, row.form) for row in rows] == [
        ("face", "short"), ("face", "extended"), ("pin", "short"), ("pin", "extended"),
    ]  # fmt: skip
    assert all(1 <= row.ratio <= bench_card.GOAL for row in rows)
    assert reads == 1


def test_the_fewest_are_those_of_the_facts_page(measured: tuple[list[Row], int]) -> None:
    """card.md 3.2 counts 17 for the PIN path, without the SELECT of the card face."""
    fewest = {(row.way, row.form): row.fewest.commands for row in measured[0]}
    assert fewest["pin", "short"] == 18
    assert fewest["face", "extended"] < 20 < fewest["face", "short"]


def test_the_worse_ratio_counts() -> None:
    fewest = Traffic(10, 50, 50)
    assert Row("pin", "short", Traffic(11, 60, 90), fewest).ratio == 1.5
    assert Row("pin", "short", Traffic(20, 50, 50), fewest).ratio == 2


def test_the_record_is_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[dict[str, object]] = []
    monkeypatch.setattr(bench_card, "record", lambda **members: kept.append(members))
    bench_card.keep([Row("pin", "short", Traffic(12, 50, 50), Traffic(10, 50, 50))], 2)
    assert [(each["id"], each["figure"], each["met"]) for each in kept] == [
        ("B1-pin-short", 1.2, False), ("B1-ca", 2, False),
    ]  # fmt: skip
