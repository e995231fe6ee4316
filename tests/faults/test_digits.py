"""Bad input: wrong number B, blocked number B, wrong PIN, blocked PIN."""

from firmware.core.events import Button
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Assurance, Method, StaffHint, VisitOutcome
from firmware.core.views import LastTryView, NoticeView, NumberBView, PinView
from firmware.session.model import AwaitingStaff, ConfirmingLastTry, ReadingFront, Unlocking
from firmware.sim.card.audit import JPKI, SURFACE
from madoguchi_reception.requests import Wish
from tests.faults.bench import Bench, assert_texts
from tests.faults.commands import sent_digits

NUMBER_B, PIN = (SURFACE, 0x0012), (JPKI, 0x0018)


async def test_wrong_number_b_costs_one_try_and_may_be_typed_again(bench: Bench) -> None:
    card = await bench.place()
    await bench.choose(Method.FACE)
    await bench.enter("0" * 14)
    await bench.shown(NumberBView(0, wrong=True, tries_left=4))
    await bench.enter("0" * 14)
    await bench.until(lambda: bench.states.count("ReadingFront") == 3)
    assert sent_digits(card) == 1, "the same wrong value is not sent twice"
    assert card.tries(*NUMBER_B) == 9
    await bench.enter(bench.house.person.number_b)
    assert (await bench.finish()).outcome is VisitOutcome.IDENTIFIED
    assert card.tries(*NUMBER_B) == 10
    assert_texts(FaultCode.NUMBER_B_WRONG)
    await bench.goes_on()


async def test_number_b_stops_while_the_card_is_not_blocked_yet(bench: Bench) -> None:
    card = await bench.place()
    await bench.choose(Method.FACE)
    for wrong in range(5):
        await bench.at(ReadingFront)
        await bench.enter(f"{wrong:014}")
        await bench.until(lambda: not isinstance(bench.state, Unlocking))
    await bench.shown(NoticeView((Method.PIN, Method.STAFF), FaultCode.NUMBER_B_STOPPED))
    assert (sent_digits(card), card.tries(*NUMBER_B)) == (5, 5)
    await bench.by_pin()
    assert (await bench.finish()).method is Method.PIN
    assert_texts(FaultCode.NUMBER_B_STOPPED)
    await bench.goes_on()


async def test_blocked_number_b_leaves_the_other_ways(bench: Bench) -> None:
    card = await bench.place(await bench.issue(number_b_blocked=True))
    await bench.by_face()
    await bench.shown(NoticeView((Method.PIN, Method.STAFF), FaultCode.NUMBER_B_BLOCKED))
    assert sent_digits(card) == 0
    await bench.by_pin()
    result = await bench.finish()
    assert result.outcome is VisitOutcome.IDENTIFIED
    assert StaffHint.UNBLOCK_AT_MUNICIPALITY in result.hints
    assert_texts(FaultCode.NUMBER_B_BLOCKED)
    await bench.goes_on()


async def test_wrong_pin_is_counted_and_the_last_try_is_asked_for(bench: Bench) -> None:
    card = await bench.place()
    await bench.choose(Method.PIN)
    await bench.enter("0000")
    await bench.shown(PinView(0, 2, wrong=True))
    await bench.enter("1111")
    await bench.shown(LastTryView())
    await bench.at(ConfirmingLastTry)
    assert (sent_digits(card), card.tries(*PIN)) == (2, 1)
    bench.inputs.press(Button.LEFT)
    await bench.enter("2222")
    await bench.shown(NoticeView((Method.FACE, Method.STAFF), FaultCode.PIN_BLOCKED))
    assert (sent_digits(card), card.tries(*PIN)) == (3, 0)
    bench.reader.remove()
    await bench.until(lambda: bench.results)
    (result,) = bench.results
    assert (result.outcome, result.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_GONE)
    assert StaffHint.UNBLOCK_AT_MUNICIPALITY in result.hints
    assert_texts(FaultCode.PIN_WRONG, FaultCode.PIN_BLOCKED)
    await bench.goes_on()


async def test_blocked_pin_leaves_the_staff_check(bench: Bench) -> None:
    card = await bench.place(await bench.issue(pin_blocked=True))
    await bench.choose(Method.PIN)
    await bench.shown(NoticeView((Method.FACE, Method.STAFF), FaultCode.PIN_BLOCKED))
    assert sent_digits(card) == 0
    await bench.choose(Method.STAFF)
    await bench.at(AwaitingStaff)
    bench.house.reception.ask(Wish("staff-check", bench.device, bench.visit, approved=True))
    result = await bench.finish()
    assert (result.outcome, result.assurance) == (VisitOutcome.IDENTIFIED, Assurance.STAFF)
    assert StaffHint.UNBLOCK_AT_MUNICIPALITY in result.hints
    assert_texts(FaultCode.PIN_BLOCKED)
    await bench.goes_on()
