"""Which frame is due or fresh, by hand."""

import pytest

from firmware.camera.frames import due, fresh


@pytest.mark.parametrize(
    ("taken", "not_before", "last", "expected"),
    [(5.0, 5.0, 4.9, True), (4.999, 5.0, 0.0, False), (5.0, 1.0, 5.0, False), (5.1, 1.0, 5.0, True)],
)
def test_fresh(taken: float, not_before: float, last: float, *, expected: bool) -> None:
    assert fresh(taken, not_before, last) is expected


@pytest.mark.parametrize(
    ("now", "last", "number"),
    [(100.0, -1, 0), (100.0, 0, 1), (100.55, 0, 5), (100.55, 5, 6), (99.0, -1, 0)],
)
def test_due(now: float, last: int, number: int) -> None:
    following, at = due(now, 100.0, 10.0, last)
    assert following == number
    assert at == pytest.approx(100.0 + number / 10)
