"""Bad input: broker refusing our certificate, reception of another env, requests that nobody may act on."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from firmware.core.faults import FaultCode
from firmware.core.outcomes import Assurance, Method, VisitOutcome
from firmware.core.views import NextStep, NoticeView, ResultView, StaffView
from firmware.session.model import AwaitingStaff
from madoguchi_reception.requests import Signer, Wish
from tests.faults.bench import Bench, Build, assert_texts
from tests.faults.conftest import Make
from tests.faults.house import RECEPTION, House, Reception
from tests.unit.publish.keys import new_key


async def test_a_broker_that_refuses_our_certificate(house: House, make: Make) -> None:
    """With TLS 1.3 the connection opens and is then cut: not the same as a broker that is away."""
    device = house.next_device()
    identity = await asyncio.to_thread(house.stranger.issue, device)
    refused = await make(Build(device=device, identity=identity))
    await refused.until(lambda: refused.shows_warning(FaultCode.BROKER_REFUSED))
    assert FaultCode.BROKER_REFUSED in refused.publisher.alerts
    await refused.place()
    await refused.shown(NoticeView((Method.FACE, Method.PIN)))
    await refused.by_pin()
    assert (await refused.finish()).outcome is VisitOutcome.IDENTIFIED
    await refused.shown(ResultView(NextStep.DONE, held=2))
    assert house.reception.got("message", device) == []
    refused.at_rest()
    await refused.stop()
    assert_texts(FaultCode.BROKER_REFUSED)

    mended = await make(Build(device=device, folder=refused.folder))
    mended.publisher.records[:0] = refused.publisher.records
    await mended.begin()
    await mended.goes_on()


@pytest.fixture
def foreign(house: House) -> Iterator[Reception]:
    """The desk of another env takes the place of ours, which is open again at the end."""
    house.reception.stop()
    foreign = house.other_reception("production")
    yield foreign
    foreign.stop()
    if not house.reception.is_open:
        house.reception.start()


def change(house: House, foreign: Reception) -> None:
    """The right reception opens and asks for what it has missed."""
    foreign.stop()
    house.reception.start()


async def test_a_reception_of_another_env_gets_nothing(house: House, make: Make, foreign: Reception) -> None:
    await asyncio.to_thread(foreign.start)
    bench = await make(Build())
    await bench.until(lambda: bench.shows_warning(FaultCode.RECEPTION_ENV_MISMATCH))
    await bench.place()
    await bench.shown(NoticeView((Method.FACE, Method.PIN)))
    await bench.by_pin()
    result = await bench.finish()
    assert (result.outcome, result.fault) == (VisitOutcome.IDENTIFIED, None)
    assert FaultCode.RECEPTION_ENV_MISMATCH in bench.publisher.alerts
    assert bench.state.device.held == 2
    assert foreign.got("message", bench.device) == []
    assert_texts(FaultCode.RECEPTION_ENV_MISMATCH)
    await asyncio.to_thread(change, house, foreign)
    house.reception.ask(Wish("replay", bench.device))
    await bench.goes_on()


async def test_a_result_that_reaches_a_reception_of_another_env_is_refused_and_kept(
    house: House, make: Make, foreign: Reception
) -> None:
    await asyncio.to_thread(foreign.start, announced=False)
    bench = await make(Build())
    await bench.pass_pin()
    await bench.finish()
    await bench.until(lambda: len(foreign.got("refused", bench.device)) == 2)
    assert {refused["why"] for refused in foreign.got("refused", bench.device)} == {"wrong-env"}
    await bench.until(lambda: {said["code"] for said in foreign.got("alert", bench.device)} >= {"MSG-014"})
    assert foreign.got("message", bench.device) == []
    assert bench.state.device.held == 2
    await asyncio.to_thread(change, house, foreign)
    house.reception.ask(Wish("replay", bench.device))
    await bench.goes_on()


# ---- requests --------------------------------------------------------------------------------------------------


async def wanted(bench: Bench) -> Wish:
    """A visit that waits for staff, and the request that it waits for."""
    await bench.place()
    await bench.choose(Method.STAFF)
    await bench.at(AwaitingStaff)
    return Wish("staff-check", bench.device, bench.visit, approved=True)


async def refused(bench: Bench, wish: Wish, fault: FaultCode) -> None:
    """The bad request changed nothing; the right one then works."""
    await bench.alerted(fault)
    assert isinstance(bench.state, AwaitingStaff)
    assert bench.panel.views[-1] == StaffView()
    bench.house.reception.ask(wish)
    result = await bench.finish()
    assert (result.outcome, result.assurance) == (VisitOutcome.IDENTIFIED, Assurance.STAFF)
    assert_texts(fault)
    await bench.goes_on()


async def test_a_request_with_a_bad_signature(bench: Bench) -> None:
    wish = await wanted(bench)
    bench.house.reception.ask(wish, Signer(new_key(), RECEPTION, "sim"))
    await refused(bench, wish, FaultCode.REQUEST_BAD_SIGNATURE)


async def test_a_request_of_another_env(make: Make) -> None:
    bench = await make(Build())
    wish = await wanted(bench)
    bench.house.reception.ask(wish, replace(bench.house.reception.signer, env="production"))
    await refused(bench, wish, FaultCode.RECEPTION_ENV_MISMATCH)


async def test_a_request_past_its_expiry(bench: Bench) -> None:
    wish = await wanted(bench)
    bench.house.reception.ask(wish, now=bench.clock.now() - 300)
    await refused(bench, wish, FaultCode.REQUEST_EXPIRED)


async def test_a_request_whose_jti_was_used(house: House, make: Make) -> None:
    """The approval of one visit, sent again in the next, after the device was started anew."""
    device = house.next_device()
    first = await make(Build(device=device))
    used = await wanted(first)
    token = house.reception.ask(used)
    assert (await first.finish()).assurance is Assurance.STAFF
    await first.stop()

    again = await make(Build(device=device, folder=first.folder))
    again.publisher.records[:0] = first.publisher.records
    await again.begin()
    wish = await wanted(again)
    house.reception.send(used, token)
    await refused(again, wish, FaultCode.REQUEST_REPLAYED)
