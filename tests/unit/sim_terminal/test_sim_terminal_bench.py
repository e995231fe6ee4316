"""50 of the bench's exchanges, and that the bench would see a wrong, a lost and a repeated one."""

import pytest

from tools.bench_terminal import Figures, measure


@pytest.mark.long
def test_fifty_exchanges_with_a_difficult_terminal() -> None:
    figures = measure(50, at_once=25, scale=0.03)
    assert (figures.wrong, figures.lost, figures.resent) == (0, 0, 0)
    assert figures.outcomes == {"right": 50}


def test_one_of_anything_is_not_good() -> None:
    assert Figures(1, 0, 0, 0, 1.0, {}).good
    assert not any(Figures(1, *counts, 1.0, {}).good for counts in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
