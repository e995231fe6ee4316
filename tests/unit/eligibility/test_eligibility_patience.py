"""A question that the gateway holds ends well before the exchange that asks it."""

import pytest

from firmware.eligibility.config import Patience


@pytest.mark.parametrize(("exchange", "wait", "held"), [(10.0, 5, 5), (5.0, 5, 2), (1.0, 5, 0), (10.0, 0, 0)])
def test_held_question_fits_into_its_exchange(exchange: float, wait: int, held: int) -> None:
    assert Patience(exchange=exchange, poll_wait=wait).held() == held
