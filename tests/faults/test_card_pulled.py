"""Bad input: the card is pulled in each state, before and after identity is settled, or swapped within 0.3 s."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from firmware.core.events import Button
from firmware.core.faults import FaultCode
from firmware.core.outcomes import ConsentAnswer, EligibilityCode, Method, VisitOutcome
from firmware.core.result import RecordKind
from firmware.core.views import IdentifyingView, NumberBView, RemoveCardView
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    ConfirmingLastTry,
    Consenting,
    EnteringPin,
    Identifying,
    LookingUp,
    Matching,
    ReadingFront,
    Registering,
    RemoveCard,
    Showing,
    State,
    Unlocking,
)
from firmware.sim.card.faults import FaultScript
from tests.faults.bench import POLICY, Bench, Build, assert_texts
from tests.faults.commands import Face, Pin, sent_digits
from tests.faults.conftest import Make

BY_FACE = (ReadingFront, Unlocking, Matching)
UNSETTLED = (ChoosingMethod, *BY_FACE, EnteringPin, ConfirmingLastTry, AwaitingStaff)
SETTLED = (Consenting, LookingUp, Registering, Showing)


async def walk(bench: Bench, to: type[State]) -> None:
    """Do what leads to `to`; whoever pulls the card there has asked for it with `on_state`."""
    if to in BY_FACE:
        await bench.choose(Method.FACE)
        if to is not ReadingFront:
            await bench.enter(bench.house.person.number_b)
    elif to is AwaitingStaff:
        await bench.choose(Method.STAFF)
    elif to is ConfirmingLastTry:
        await bench.choose(Method.PIN)
        await bench.enter("0000")
        await bench.enter("1111")
    elif to is EnteringPin:
        await bench.choose(Method.PIN)
    elif to in SETTLED:
        await bench.by_pin()
        if to is not Consenting:
            bench.inputs.press(Button.LEFT)


def pull_at(bench: Bench, state: type[State]) -> None:
    bench.on_state[state] = bench.reader.remove


async def test_pulled_before_it_was_known_is_no_visit(bench: Bench) -> None:
    pull_at(bench, Identifying)
    await bench.place()
    await bench.until(lambda: bench.states[-2:] == ["Identifying", "Idle"])
    assert not bench.results
    await bench.goes_on()


@pytest.mark.parametrize("state", UNSETTLED)
async def test_pulled_before_identity_is_settled(bench: Bench, state: type[State]) -> None:
    look_ups = await bench.server.look_ups()
    pull_at(bench, state)
    await bench.place()
    await walk(bench, state)
    if state is ReadingFront:
        await bench.until(lambda: any(isinstance(view, NumberBView) and view.card_out for view in bench.panel.views))
    else:
        await bench.shown(IdentifyingView(put_back=True))
    await bench.until(lambda: bench.results)
    (result,) = bench.results
    assert (result.outcome, result.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_GONE)
    assert result.eligibility is EligibilityCode.NOT_ASKED
    assert await bench.server.look_ups() == look_ups, "the gateway was not asked"
    assert_texts(FaultCode.CARD_GONE)
    await bench.goes_on()


@pytest.mark.parametrize("command", [Face.VERIFY, Face.READ_PHOTO, Face.PROVE], ids=lambda command: command.name)
async def test_pulled_in_the_middle_of_a_command(bench: Bench, command: Face) -> None:
    card = await bench.place(script=FaultScript(pull_at=command))
    await walk(bench, Unlocking)
    await bench.until(lambda: bench.results)
    (result,) = bench.results
    assert (result.outcome, result.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_GONE)
    assert len(card.log.entries) == command - 1, "nothing more was sent"
    await bench.goes_on()


async def test_pulled_while_the_pin_is_verified_is_not_sent_again(bench: Bench) -> None:
    card = await bench.place(script=FaultScript(pull_at=Pin.VERIFY))
    await bench.choose(Method.PIN)
    await bench.enter(bench.house.person.pin)
    await bench.until(lambda: bench.results)
    assert bench.results[0].fault is FaultCode.CARD_GONE
    assert len(card.log.entries) == Pin.VERIFY - 1
    assert sent_digits(card) == 0
    await bench.goes_on()


@pytest.mark.parametrize("state", SETTLED)
async def test_pulled_after_identity_is_settled(bench: Bench, state: type[State]) -> None:
    pull_at(bench, state)
    await bench.place()
    if state is Registering:
        await bench.insure(bench.house.image, "nozomi")
    bench.server.desk.delay = 0.3 if state is LookingUp else 0.0
    await walk(bench, state)
    await bench.until(lambda: bench.results)
    (result,) = bench.results
    assert (result.outcome, result.fault) == (VisitOutcome.IDENTIFIED, None)
    assert result.card_removed_early is (state is not Showing)
    asked = state is not Consenting
    assert result.consent is (ConsentAnswer.GIVEN if asked else ConsentAnswer.NOT_GIVEN)
    if state is LookingUp:
        assert result.eligibility is EligibilityCode.PENDING
        await bench.until(lambda: bench.publisher.records[-1].kind is RecordKind.LATE)
        assert bench.publisher.records[-1].summary.eligibility is EligibilityCode.VALID
    bench.server.desk.delay = 0.0
    await bench.goes_on()


async def test_taken_when_the_screen_asks_for_it(bench: Bench) -> None:
    pull_at(bench, RemoveCard)
    await bench.pass_pin()
    await bench.consent()
    await bench.until(lambda: bench.states[-2:] == ["RemoveCard", "Idle"])
    assert bench.results[0].card_removed_early is False
    await bench.goes_on()


# ---- swapped ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Swap:
    """`pause`: seconds without a card, at most 0.3."""

    state: type[State]
    pause: float


SWAPS = (
    *(Swap(state, 0.05) for state in (ChoosingMethod, ReadingFront, AwaitingStaff)),
    Swap(EnteringPin, 0.0),
    Swap(Consenting, 0.3),
)


@pytest.mark.parametrize("swap", SWAPS, ids=lambda swap: f"{swap.state.__name__}-{swap.pause}")
async def test_swapped(make: Make, swap: Swap) -> None:
    bench = await make(Build(policy=replace(POLICY, absence_seconds=0.6, front_seconds=0.6)))
    await bench.place()
    await walk(bench, swap.state)
    await bench.at(swap.state)
    bench.reader.remove()
    await asyncio.sleep(swap.pause)
    other = await bench.place(await asyncio.to_thread(bench.house.other_card))
    await bench.shown(RemoveCardView(because=FaultCode.CARD_SWAPPED))
    await bench.until(lambda: bench.results)
    (result,) = bench.results
    if swap.state is Consenting:
        assert (result.outcome, result.consent) == (VisitOutcome.IDENTIFIED, ConsentAnswer.NOT_GIVEN)
        assert result.card_removed_early
    else:
        assert (result.outcome, result.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_SWAPPED)
    assert sent_digits(other) == 0, "nothing typed for one card reaches another"
    assert_texts(FaultCode.CARD_SWAPPED)
    await bench.goes_on()
