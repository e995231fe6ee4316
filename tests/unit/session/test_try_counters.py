"""The card's own counters are told; what was cut off in the middle of a VERIFY is never sent again by itself."""

from collections.abc import Callable

import pytest

from firmware.core import effects as fx
from firmware.core.events import Button, EntryKind
from firmware.core.faults import FaultCode
from firmware.core.outcomes import TryCode, VisitOutcome
from firmware.session.model import AwaitingStaff, ChoosingMethod, Idle, ReadingFront
from tests.unit.session.story import ENTRY, Story
from tests.unit.session.ways import checking_pin, choosing_method, entering_pin, unlocking

PIN, NUMBER_B = EntryKind.PIN, EntryKind.NUMBER_B


def _counters(story: Story) -> tuple[int | None, int | None]:
    return story.visit.pin_counter, story.visit.number_b_counter


def test_unknown_until_the_card_said_so() -> None:
    assert _counters(choosing_method()) == (None, None)
    story = choosing_method().press(Button.RIGHT).staff(approved=False)
    assert (story.result.pin_counter, story.result.number_b_counter) == (None, None)


def test_the_pins_counter() -> None:
    story = entering_pin()
    assert _counters(story) == (3, None)
    story.enter(PIN).pin(TryCode.WRONG, None, counter=2)
    assert _counters(story) == (2, None)
    story.pin_tries(2).enter(PIN).pin(TryCode.WRONG, 1)  # without a counter: the last known one stays
    assert _counters(story) == (2, None)
    story.press(Button.LEFT).enter(PIN).certificate().pin(counter=3).press(Button.LEFT).answer()
    assert (story.result.pin_counter, story.result.number_b_counter) == (3, None)


def test_number_bs_counter_is_the_cards_not_the_devices() -> None:
    story = unlocking().number_b(TryCode.WRONG, 4, counter=9)
    assert _counters(story) == (None, 9)
    assert story.at(ReadingFront).tries_left == 4
    story.enter(NUMBER_B).number_b(TryCode.STOPPED, 0, counter=5)
    assert _counters(story) == (None, 5)
    story.press(Button.RIGHT).staff(approved=False)
    assert (story.result.pin_counter, story.result.number_b_counter) == (None, 5)


def test_a_pin_blocked_from_birth_leaves_face_and_staff() -> None:
    story = choosing_method().press(Button.MIDDLE).pin_tries(0)
    assert story.at(ChoosingMethod).because is FaultCode.PIN_BLOCKED
    story.press(Button.RIGHT).at(AwaitingStaff)
    story.certificate().staff(approved=True).press(Button.LEFT).answer()
    assert (story.result.outcome, story.result.pin_counter) == (VisitOutcome.IDENTIFIED, 0)
    assert not story.all(fx.SignWithPin)


def test_counters_outlive_a_lifted_card_and_an_early_end() -> None:
    story = unlocking().number_b(TryCode.WRONG, 4, counter=9).lift_card()
    assert _counters(story) == (None, 9)
    story.wait(31.0).at(Idle)
    assert story.result.number_b_counter == 9


def _begin_pin(story: Story) -> None:
    story.press(Button.MIDDLE).pin_tries(2)


def _begin_front(story: Story) -> None:
    story.press(Button.LEFT)


@pytest.mark.parametrize(
    ("way", "kind", "again"), [(checking_pin, PIN, _begin_pin), (unlocking, NUMBER_B, _begin_front)]
)
@pytest.mark.parametrize("told", [True, False])
def test_cut_off_in_the_middle_of_a_verify(
    way: Callable[[], Story], kind: EntryKind, again: Callable[[Story], None], told: bool
) -> None:
    """The card comes back in time: the patient types anew, whatever had been accepted or not."""
    story = way()
    sent = len(story.effects)
    if told:
        story.card_fails(FaultCode.CARD_GONE)
    story.lift_card().place_card().card_is()
    story.at(ChoosingMethod)
    again(story)
    verifies = (fx.SignWithPin, fx.UnlockFace)
    assert not [effect for effect in story.effects[sent:] if isinstance(effect, verifies)]
    assert story.now_doing(fx.StartEntry)
    story.enter(kind)
    assert [effect for effect in story.last if isinstance(effect, verifies)] == [
        fx.SignWithPin(story.visit.id, ENTRY) if kind is PIN else fx.UnlockFace(story.visit.id, ENTRY)
    ]
