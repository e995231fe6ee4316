"""The day in a file's name of the terminal's exchange, through the whole year, and whose sign was left behind."""

from datetime import date, timedelta

import pytest

from firmware.eligibility.oqs_names import RequestName, left_over, next_number, numbered

DAYS = [date(2028, month, day) for month in range(1, 13) for day in (1, 10, 29)]


@pytest.mark.parametrize("day", DAYS)
def test_what_is_named_is_found_again(day: date) -> None:
    name = RequestName(day, 1234)
    assert numbered(name.request) == numbered(name.take) == numbered(name.temporary) == name
    assert name.answers(name.request.replace("req_", "res_"))
    assert next_number([name.request], day) == 1235
    assert next_number([name.request], day + timedelta(days=1)) == 1


@pytest.mark.parametrize("day", DAYS)
def test_a_sign_that_was_left_behind_names_its_request(day: date) -> None:
    name = RequestName(day, 7)
    assert left_over(name.take, day + timedelta(days=2)) == name
    assert left_over(name.take, day + timedelta(days=1)) is None
    assert left_over(name.request, day + timedelta(days=2)) is None
