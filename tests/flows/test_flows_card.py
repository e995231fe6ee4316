"""Cards pulled, put back, swapped and hanging, on the real runtime."""

from dataclasses import replace

import pytest

from firmware.core.events import Button, CardPresence
from firmware.core.faults import FaultCode
from firmware.core.outcomes import ConsentAnswer, EligibilityCode, StaffHint, VisitOutcome
from firmware.core.result import RecordKind
from firmware.core.views import (
    ConsentView,
    IdentifyingView,
    IdleView,
    NextStep,
    NoticeView,
    NumberBView,
    OutOfServiceView,
    PinView,
    RemoveCardView,
    ResultView,
    StaffView,
    View,
)
from firmware.ports import EligibilityAnswer
from firmware.runtime import work_card
from firmware.session.model import Showing
from tests.flows.counter import QUICK, Counter
from tests.unit.runtime.fakes_card import NAME, NUMBER_B, PIN, TOKEN

PENDING, VALID = EligibilityCode.PENDING, EligibilityCode.VALID
CONFLICT = EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT, {"name": NAME})


@pytest.mark.parametrize(("button", "view"), [(None, NoticeView), (Button.MIDDLE, PinView), (Button.RIGHT, StaffView)])
async def test_pulled_before_identity_is_settled(button: Button | None, view: type[View]) -> None:
    async with Counter().running() as counter:
        await counter.sees(IdleView)
        counter.place()
        await counter.sees(NoticeView)
        if button is not None:
            counter.inputs.press(button)
        await counter.sees(view)
        counter.lift()
        await counter.sees(IdleView)
        record = await counter.result()
    assert (record.summary.outcome, record.summary.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_GONE)
    assert len(counter.publisher.records) == 1
    assert not counter.gateway.asked
    assert not len(counter.runtime.effects.timers)


async def test_back_within_a_moment() -> None:
    async with Counter().running() as counter:
        await counter.place_and_choose(Button.RIGHT)
        await counter.sees(StaffView)
        visit = counter.visit
        counter.lift()
        await counter.sees(IdentifyingView, put_back=True)
        counter.place()
        await counter.sees(NoticeView)
        assert counter.visit == visit
        assert not counter.publisher.records


async def test_swapped_within_a_moment() -> None:
    async with Counter().running() as counter:
        await counter.place_and_choose(Button.RIGHT)
        await counter.sees(StaffView)
        counter.card.token = b"ANOTHER-TOKEN"
        counter.lift()
        counter.place()
        await counter.sees(RemoveCardView, because=FaultCode.CARD_SWAPPED)
        record = await counter.result()
    assert record.summary.fault is FaultCode.CARD_SWAPPED
    assert "unlock" not in counter.card.calls


@pytest.mark.parametrize("same", [True, False])
async def test_the_front_is_read_with_the_card_in_the_hand(same: bool) -> None:
    async with Counter().running() as counter:
        await counter.place_and_choose(Button.LEFT)
        await counter.sees(NumberBView)
        counter.lift()
        await counter.sees(NumberBView, card_out=True)
        await counter.type(NUMBER_B)
        counter.card.token = TOKEN if same else b"ANOTHER-TOKEN"
        counter.place()
        if same:
            await counter.sees(ConsentView)
        else:
            await counter.sees(RemoveCardView, because=FaultCode.CARD_SWAPPED)
    assert ("unlock" in counter.card.calls) is same


async def test_pulled_early_the_look_up_goes_on() -> None:
    counter = Counter()
    counter.gateway.hold()
    async with counter.running():
        await counter.by_face()
        counter.lift()
        await counter.sees(IdleView)
        record = await counter.result()
        assert (record.summary.eligibility, record.eligibility) == (PENDING, None)
        assert record.summary.consent is ConsentAnswer.NOT_GIVEN
        assert record.summary.card_removed_early
        counter.gateway.release()
        late = await counter.late()
        assert (late.visit, late.summary.eligibility) == (record.visit, VALID)
        assert late.summary.hints == (StaffHint.GO_ON,)
        assert late.eligibility == {"name": NAME}
        await counter.until(lambda: not any(counter.gateway.evidence[0].certificate.view()))
        assert counter.panel.views[-1] == IdleView()
    assert [record.kind for record in counter.publisher.records] == [RecordKind.RESULT, RecordKind.LATE]


async def test_a_late_answer_comes_during_the_next_visit_and_is_shown_to_nobody() -> None:
    counter = Counter()
    counter.gateway.hold()
    counter.gateway.answers = [EligibilityAnswer(EligibilityCode.INVALID, {"name": "somebody before"})]
    async with counter.running():
        await counter.by_face()
        counter.lift()
        first = await counter.result()
        await counter.place_and_choose(Button.MIDDLE)
        await counter.sees(PinView)
        following, shown = counter.visit, len(counter.panel.views)
        counter.gateway.release()
        late = await counter.late()
        assert (late.visit, late.summary.eligibility) == (first.visit, EligibilityCode.INVALID)
        assert late.eligibility == {"name": "somebody before"}
        await counter.type(PIN)
        await counter.sees(ConsentView)
        counter.inputs.press(Button.LEFT)
        await counter.sees(ResultView, next_step=NextStep.DONE)
        second = await counter.result()
    assert (second.visit, second.summary.eligibility, second.eligibility) == (following, VALID, {"name": NAME})
    results = [view for view in counter.panel.views[shown:] if isinstance(view, ResultView)]
    assert {view.outcome for view in results} == {None}


async def test_the_card_goes_while_the_answer_is_on_its_way() -> None:
    """Reader lost and answer in the same instant: the amendment is published all the same."""
    counter = Counter()
    counter.gateway.hold()
    async with counter.running():
        await counter.by_face()
        visit = counter.visit
        counter.reader.report(CardPresence.READER_LOST)
        counter.gateway.release()
        await counter.sees(OutOfServiceView)
        late = await counter.late()
        assert (late.visit, late.summary.eligibility) == (visit, VALID)
    assert len(counter.publisher.records) == 2


async def test_a_late_contradiction_is_an_alert_without_details() -> None:
    counter = Counter()
    counter.gateway.hold()
    counter.gateway.answers = [CONFLICT]
    async with counter.running():
        await counter.by_face()
        counter.lift()
        await counter.sees(IdleView)
        counter.gateway.release()
        late = await counter.late()
    assert (late.summary.fault, late.eligibility) == (FaultCode.IDENTITY_CONFLICT, None)
    assert late.summary.hints == (StaffHint.POSSIBLE_FORGERY,)
    assert counter.publisher.alerts == [(FaultCode.IDENTITY_CONFLICT, late.visit)]


async def test_a_card_that_flutters_at_the_end_is_no_second_visit() -> None:
    async with Counter(replace(QUICK, absence_seconds=0.5)).running() as counter:
        await counter.by_face()
        await counter.consent()
        counter.lift()
        counter.place()
        await counter.sees(RemoveCardView)
        counter.lift()
        counter.place()
        await counter.leave()
        assert len(counter.publisher.records) == 1
        assert counter.card.calls.count("identify") == 1


async def test_the_next_patient_need_not_wait() -> None:
    async with Counter(replace(QUICK, glance_seconds=5.0)).running() as counter:
        await counter.by_face()
        await counter.consent()
        first = counter.visit
        counter.lift()
        await counter.until(lambda: isinstance(counter.runtime.state, Showing) and counter.runtime.state.taken)
        counter.place()
        await counter.sees(NoticeView)
        assert counter.visit != first


async def test_a_card_that_hangs_is_given_up_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_card, "CALL_SECONDS", 0.05)
    counter = Counter()
    blocker = counter.card.block("identify")
    async with counter.running():
        await counter.sees(IdleView)
        counter.place()
        await counter.sees(RemoveCardView, because=FaultCode.LANE_STUCK)
        assert counter.card.cancelled == 1
        blocker.release()
        counter.lift()
        counter.card.blockers.clear()
        await counter.by_pin()


async def test_a_card_that_hangs_after_it_was_pulled_does_not_block_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for the hanging call any more, so only its own deadline can find it."""
    monkeypatch.setattr(work_card, "CALL_SECONDS", 0.05)
    counter = Counter()
    blocker = counter.card.block("identify")
    async with counter.running():
        await counter.sees(IdleView)
        counter.place()
        await counter.until(blocker.entered.is_set)
        counter.lift()
        await counter.until(lambda: counter.card.cancelled)
        counter.card.blockers.clear()
        await counter.by_pin()
        assert await counter.runtime.healthy()
