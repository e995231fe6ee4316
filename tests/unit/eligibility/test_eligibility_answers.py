"""The gateway's answer judged by what was asked, the day it is judged on, and numbers where texts belong."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, EligibilityCode
from firmware.core.queries import NumberQuery
from firmware.eligibility.answers import parse_answer, settled, today_in_japan
from firmware.eligibility.rules import ChipIdentity
from tests.unit.eligibility.coverages import ECHO, FULL, GOOD
from tests.unit.eligibility.oqs_exchange import FakeClock

TODAY = date(2026, 4, 1)
ASKED = NumberQuery("06130017", "１００００１", date(1972, 11, 3), symbol="9901")


def members(**result: Any) -> dict[str, Any]:
    return {"code": "valid", "registration_offered": False, "result": {"ResultList": [GOOD], **result}}


# ---- by what was asked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("echoed", [{}, {"QualificationConfirmSearchInfo": ECHO}])
@pytest.mark.parametrize(
    ("query", "flags"),
    [
        (ASKED, ()),
        (replace(ASKED, number="200000"), (EligibilityFlag.CONTRADICTION,)),
        (replace(ASKED, insurer_number="39130018"), (EligibilityFlag.INSURER_CHANGED,)),
    ],
)
def test_an_answer_is_judged_by_the_question_whatever_it_echoes(
    query: NumberQuery, flags: tuple[EligibilityFlag, ...], echoed: dict[str, Any]
) -> None:
    answer = settled(parse_answer(members(**echoed)), ChipIdentity(), TODAY, query)
    assert (answer.code, answer.flags) == (EligibilityCode.VALID, flags)


def test_without_a_question_by_number_the_echo_is_what_was_asked() -> None:
    echo = {"QualificationConfirmSearchInfo": ECHO | {"InsuredIdentificationNumber": "200000"}}
    answer = settled(parse_answer(members(**echo)), ChipIdentity(), TODAY)
    assert EligibilityFlag.CONTRADICTION in answer.flags


# ---- the day -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "at", "day"),
    [
        (ClockState.SYNCED, datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC), date(2026, 3, 31)),
        (ClockState.SYNCED, datetime(2026, 3, 31, 15, tzinfo=UTC), TODAY),
        (ClockState.HOLDOVER, datetime(2026, 4, 1, 14, 59, 59, tzinfo=UTC), TODAY),
        (ClockState.UNKNOWN, datetime(2026, 4, 1, tzinfo=UTC), None),
    ],
)
def test_the_day_is_japan_s_and_none_where_nobody_knows_it(state: ClockState, at: datetime, day: date | None) -> None:
    assert today_in_japan(FakeClock(at.timestamp(), state)) == day


# ---- numbers where texts belong ------------------------------------------------------------------------------------


def places(value: dict[str, Any], way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to each text within groups and lists."""
    found: list[tuple[str | int, ...]] = []
    for name, each in value.items():
        items = enumerate(each) if isinstance(each, list) else [(None, each)]
        for index, item in items:
            here = (*way, name) if index is None else (*way, name, index)
            found.extend(places(item, here) if isinstance(item, dict) else [here])
    return found


def numbered(value: dict[str, Any], way: tuple[str | int, ...]) -> dict[str, Any]:
    """A copy with the number 20 at the end of the way."""
    made: Any = deepcopy(value)
    place = made
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = 20
    return {**made}


@pytest.mark.parametrize("way", places(FULL), ids=str)
def test_a_number_is_no_member_that_we_know_wherever_it_stands(way: tuple[str | int, ...]) -> None:
    """Taken for absent, a ratio or a flag would be lost without a word."""
    with pytest.raises(DeviceError) as caught:
        parse_answer(members(ResultList=[numbered(FULL, way)]))
    assert caught.value.code is FaultCode.GATEWAY_BAD_ANSWER
    assert caught.value.detail == f"member {[each for each in way if isinstance(each, str)][-1]}"
