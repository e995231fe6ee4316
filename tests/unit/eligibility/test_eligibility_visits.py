"""Which look-up belongs to which visit, and what those learn who wait for it."""

import asyncio

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.eligibility.visits import VisitLookUp, VisitLookUps

VISIT = VisitId("a" * 32)


async def why(look_up: VisitLookUp) -> FaultCode:
    with pytest.raises(DeviceError) as raised:
        await look_up.id()
    return raised.value.code


async def test_who_waits_before_the_look_up_gets_its_id() -> None:
    visits = VisitLookUps()
    waiting = asyncio.create_task(visits.of(VISIT).id())
    await asyncio.sleep(0)
    visits.begin(VISIT).learn("x-1")
    assert await waiting == "x-1"


async def test_id_may_be_told_again_but_not_change() -> None:
    look_up = VisitLookUps().begin(VISIT)
    look_up.learn("x-1")
    look_up.learn("x-1")
    with pytest.raises(DeviceError) as raised:
        look_up.learn("x-2")
    assert raised.value.code is FaultCode.GATEWAY_BAD_ANSWER


async def test_failed_look_up_tells_why_and_gives_way_to_a_new_one() -> None:
    visits = VisitLookUps()
    first = visits.begin(VISIT)
    first.give_up(FaultCode.GATEWAY_UNREACHABLE)
    assert await why(visits.of(VISIT)) is FaultCode.GATEWAY_UNREACHABLE
    second = visits.begin(VISIT)
    second.learn("x-2")
    assert await visits.of(VISIT).id() == "x-2"


async def test_giving_up_does_not_undo_a_known_look_up_but_forbidding_does() -> None:
    look_up = VisitLookUps().begin(VISIT)
    look_up.learn("x-1")
    look_up.give_up(FaultCode.GATEWAY_TIMEOUT)
    assert await look_up.id() == "x-1"
    look_up.forbid(FaultCode.IDENTITY_CONFLICT)
    assert await why(look_up) is FaultCode.IDENTITY_CONFLICT


async def test_only_the_last_visits_are_remembered() -> None:
    visits = VisitLookUps()
    first = visits.of(VISIT)
    for index in range(40):
        visits.begin(VisitId(f"{index:032x}"))
    assert await why(first) is FaultCode.VISIT_TIMEOUT
    assert len(visits._visits) == 32
