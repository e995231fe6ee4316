"""The card's front read by camera: beside the keypad, while the card is lifted, and once only if it goes wrong."""

from dataclasses import replace

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Tone
from firmware.core.events import Button, EntryKind, Part, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import CardKind, Env, FrontHint, Method, TryCode, VisitOutcome
from firmware.core.views import NoticeView, NumberBView
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Consenting,
    EnteringPin,
    Idle,
    ReadingFront,
    RemoveCard,
    Unlocking,
)
from firmware.session.policy import Policy
from tests.unit.session.story import ENTRY, Story
from tests.unit.session.ways import choosing_method, idle, matching, reading_front, unlocking

B = EntryKind.NUMBER_B
CAMERA = Policy(env=Env.SIM, front_camera=True)
LIFTED = Policy(env=Env.SIM, front_camera=True, front_lifted=True, front_seconds=40.0)
ALL = tuple(Method)


def _without_keypad(policy: Policy = CAMERA) -> Story:
    return idle(policy).part_failed(Part.KEYPAD, FaultCode.KEYPAD_FAILED).place_card().card_is()


def test_the_camera_reads_beside_the_keypad_after_the_notice() -> None:
    story = choosing_method(CAMERA)
    shown = story.now
    story.wait(0.3).press(Button.LEFT)
    visit = story.visit.id
    story.did(
        fx.StopTimers(visit),
        fx.Show(NumberBView(0, reading=True)),
        fx.Play(Tone.PROMPT),
        fx.StartEntry(visit, B, 14),
        fx.StartTimer(visit, Timer.ENTRY, 60.0),
        fx.ReadFront(visit, 20.0, shown + 1.0, 1),
    )
    assert story.at(ReadingFront).reading


def test_without_a_camera_for_it_nothing_is_read() -> None:
    story = reading_front()
    assert not story.all(fx.ReadFront)
    story.unmoved_by(lambda: story.front_hint(FrontHint.GLARE), story.front_read)
    story.enter(B).at(Unlocking)
    assert not story.all(fx.StopFront)


@pytest.mark.parametrize("part", [Part.CARD_CAMERA, Part.CARD_FRONT])
def test_a_camera_or_reader_that_failed_leaves_the_keypad(part: Part) -> None:
    story = idle(CAMERA).part_failed(part, FaultCode.CAMERA_MISSING).place_card().card_is()
    story.press(Button.LEFT).shows(NumberBView(0))
    assert not story.all(fx.ReadFront)


def test_what_the_camera_read_is_tried_like_typed_digits() -> None:
    story = reading_front(CAMERA).front_read()
    visit = story.visit.id
    assert fx.UnlockFace(visit, ENTRY) in story.last
    assert fx.StopEntry(visit) in story.last
    assert not story.all(fx.StopFront), "its digits are wanted"
    story.unmoved_by(story.front_read)
    assert len(story.number_b().photo().all(fx.UnlockFace)) == 1


def test_hints_are_shown_while_the_camera_reads() -> None:
    story = reading_front(LIFTED).front_hint(FrontHint.TURN_OVER)
    story.did(fx.Show(NumberBView(0, reading=True, front_hint=FrontHint.TURN_OVER, show_card=True)))
    story.digits(B, 0).shows(NumberBView(0, reading=True, front_hint=FrontHint.TURN_OVER, show_card=True))
    story.digits(B, 1).shows(NumberBView(1))
    story.unmoved_by(lambda: story.front_hint(FrontHint.GLARE))


def test_the_first_digit_stops_the_camera() -> None:
    story = reading_front(CAMERA).digits(B, 1)
    visit = story.visit.id
    story.did(fx.StopFront(visit), fx.Show(NumberBView(1)), fx.StartTimer(visit, Timer.ENTRY, 60.0))
    story.unmoved_by(story.front_read, lambda: story.front_read(readable=False))
    story.digits(B, 0).shows(NumberBView(0))
    story.enter(B).at(Unlocking)
    assert len(story.all(fx.StopFront)) == len(story.all(fx.ReadFront)) == 1


def test_every_way_out_stops_the_camera() -> None:
    for story in (
        reading_front(CAMERA).press(Button.RIGHT),
        reading_front(CAMERA).cancel_entry(B),
        reading_front(CAMERA).enter(B),
    ):
        assert story.last[0] == fx.StopFront(story.visit.id)
    story = reading_front(CAMERA).cancel()
    story.at(RemoveCard)
    assert story.now_doing(fx.CloseVisit)


def test_whoever_left_and_comes_back_may_be_read_again() -> None:
    story = reading_front(CAMERA).press(Button.RIGHT).press(Button.LEFT)
    assert story.at(ReadingFront).reading
    assert [effect.number for effect in story.all(fx.ReadFront)] == [1, 2]
    story.unmoved_by(lambda: story.front_read(number=1), lambda: story.front_read(readable=False, number=1))
    story.front_read(number=2).at(Unlocking)


@pytest.mark.parametrize("code", [TryCode.WRONG, TryCode.REPEATED])
def test_after_a_wrong_number_digits_are_typed(code: TryCode) -> None:
    story = reading_front(CAMERA).front_read().number_b(code, 7)
    story.shows(NumberBView(0, wrong=True, tries_left=7))
    assert not story.at(ReadingFront).reading
    story.press(Button.RIGHT).press(Button.LEFT).shows(NumberBView(0))
    assert len(story.all(fx.ReadFront)) == 1
    story.enter(B).number_b().photo()


def test_what_is_not_readable_in_time_is_typed() -> None:
    story = reading_front(CAMERA).wait(19.0).front_hint(FrontHint.BLUR).front_read(readable=False)
    visit = story.visit.id
    story.did(fx.Show(NumberBView(0)), fx.Play(Tone.PROMPT), fx.StartTimer(visit, Timer.ENTRY, 60.0))
    story.lift_card()
    assert not story.now_doing(fx.ReadFront)
    story.place_card().card_is().press(Button.RIGHT).press(Button.LEFT).shows(NumberBView(0))
    story.enter(B).at(Unlocking)
    assert len(story.all(fx.ReadFront)) == 1
    assert not story.all(fx.StopFront)


def test_the_card_is_lifted_and_shown() -> None:
    story = reading_front(LIFTED)
    notice = story.now + 1.0
    story.wait(10.0).lift_card()
    visit = story.visit.id
    story.did(
        fx.CloseCardScope(visit),
        fx.StopTimer(visit, Timer.CARD),
        fx.StartTimer(visit, Timer.FRONT, 40.0),
        fx.Show(NumberBView(0, card_out=True, reading=True, show_card=True)),
        fx.ReadFront(visit, 40.0, notice, 1, prolong=True),
        fx.StartTimer(visit, Timer.ENTRY, 60.0),
    )
    story.front_hint(FrontHint.CLOSER).front_read()
    story.did(
        fx.StopEntry(visit),
        fx.Show(NumberBView(14, card_out=True)),
        fx.Play(Tone.PROMPT),
        fx.StopTimer(visit, Timer.ENTRY),
    )
    assert not story.all(fx.UnlockFace)
    story.place_card().at(ReadingFront)
    story.card_is()
    assert story.now_doing(fx.UnlockFace) == [fx.UnlockFace(visit, ENTRY)]


def test_the_camera_reads_on_when_the_card_is_back() -> None:
    story = reading_front(LIFTED).lift_card().place_card()
    story.shows(NumberBView(0, reading=True, show_card=True))
    story.front_read().at(ReadingFront)
    story.card_is().at(Unlocking)
    story = reading_front(LIFTED).lift_card().place_card().card_is().front_read()
    assert len(story.all(fx.UnlockFace)) == 1


def test_digits_of_a_lifted_card_are_not_tried_on_another() -> None:
    story = reading_front(LIFTED).lift_card().front_read().place_card().card_is(CardKind.MY_NUMBER, same=False)
    assert story.at(RemoveCard).because is FaultCode.CARD_SWAPPED
    assert not story.all(fx.UnlockFace)


def test_digits_typed_while_the_card_is_away_stop_the_camera() -> None:
    story = reading_front(LIFTED).lift_card().enter(B)
    visit = story.visit.id
    story.did(fx.StopFront(visit), fx.Show(NumberBView(0, card_out=True)), fx.StopTimer(visit, Timer.ENTRY))
    story.unmoved_by(story.front_read)
    story.place_card().card_is().at(Unlocking)


def test_a_card_that_is_shown_too_long_ends_the_visit() -> None:
    story = reading_front(LIFTED).lift_card().wait(40.1)
    story.at(Idle)
    assert story.now_doing(fx.CloseVisit)


# ---- without keypad --------------------------------------------------------------------------------------------


def test_without_keypad_the_face_is_offered_by_camera_alone() -> None:
    story = _without_keypad()
    story.shows(NoticeView((Method.FACE, Method.STAFF)))
    story.press(Button.LEFT).shows(NumberBView(0, reading=True, keypad=False))
    story.front_read().number_b().photo().chip().certificate().face().at(Consenting)


def test_a_device_of_buttons_only_never_asks_for_typing() -> None:
    story = idle(replace(CAMERA, keypad=False)).place_card().card_is()
    story.shows(NoticeView((Method.FACE, Method.STAFF)))
    story.press(Button.LEFT).shows(NumberBView(0, reading=True, keypad=False)).front_read(readable=False)
    assert story.at(AwaitingStaff).because is FaultCode.FRONT_UNREADABLE


def test_a_device_of_buttons_without_a_front_camera_has_staff() -> None:
    idle(Policy(env=Env.SIM, keypad=False)).place_card().card_is().at(AwaitingStaff)


@pytest.mark.parametrize("part", [Part.CARD_CAMERA, Part.CARD_FRONT, Part.FACE_CAMERA, Part.DISPLAY])
def test_without_keypad_and_what_stands_in_for_it_staff_are_left(part: Part) -> None:
    story = idle(CAMERA).part_failed(Part.KEYPAD, FaultCode.KEYPAD_FAILED).part_failed(part, FaultCode.LANE_STUCK)
    story.place_card().card_is().at(AwaitingStaff)


def test_without_keypad_an_unreadable_front_leaves_another_way() -> None:
    story = _without_keypad(Policy(env=Env.SIM, front_camera=True, methods=(Method.FACE, Method.STAFF)))
    story.press(Button.LEFT).front_read(readable=False)
    assert story.at(AwaitingStaff).because is FaultCode.FRONT_UNREADABLE
    assert Method.FACE in story.visit.excluded


@pytest.mark.parametrize("code", [TryCode.WRONG, TryCode.REPEATED])
def test_without_keypad_a_wrong_number_leaves_another_way(code: TryCode) -> None:
    story = _without_keypad().press(Button.LEFT).front_read().number_b(code, 9, counter=9)
    assert story.at(AwaitingStaff).because is FaultCode.FRONT_UNREADABLE
    assert (len(story.all(fx.ReadFront)), len(story.all(fx.UnlockFace))) == (1, 1)
    assert story.visit.number_b_counter == 9


def test_without_keypad_the_other_way_waits_for_the_card() -> None:
    story = _without_keypad(LIFTED).press(Button.LEFT).lift_card().front_read(readable=False)
    visit = story.visit.id
    story.did(fx.Show(NumberBView(0, card_out=True, keypad=False)))
    story.at(ReadingFront)
    story.place_card().card_is().at(AwaitingStaff)
    story = _without_keypad(LIFTED).press(Button.LEFT).lift_card().place_card().front_read(readable=False)
    story.at(ReadingFront)
    story.card_is().at(AwaitingStaff)
    assert story.visit.id == visit


def test_without_keypad_a_card_that_comes_back_is_read_on() -> None:
    story = _without_keypad(LIFTED).press(Button.LEFT).lift_card().place_card().card_is()
    story.did(fx.StopTimer(story.visit.id, Timer.CARD))
    assert story.at(ReadingFront).reading


def test_without_keypad_staff_and_pin_nothing_is_left() -> None:
    story = _without_keypad(Policy(env=Env.SIM, front_camera=True, methods=(Method.FACE,)))
    story.press(Button.LEFT).front_read(readable=False)
    assert story.at(RemoveCard).because is FaultCode.FRONT_UNREADABLE
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.NOT_IDENTIFIED, FaultCode.FRONT_UNREADABLE)


# ---- another method --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("button", [Button.MIDDLE, Button.RIGHT])
def test_the_camera_never_opens_for_pin_or_staff(button: Button) -> None:
    story = choosing_method(CAMERA).press(button)
    story.at(EnteringPin if button is Button.MIDDLE else AwaitingStaff)
    assert not story.all(fx.ReadFront)
    story.unmoved_by(story.front_read, lambda: story.front_hint(FrontHint.GLARE))


def test_the_last_word_of_a_stopped_camera_moves_nothing() -> None:
    story = reading_front(CAMERA).press(Button.RIGHT)
    story.at(ChoosingMethod)
    story.unmoved_by(story.front_read, lambda: story.front_hint(FrontHint.GLARE))
    story = unlocking(CAMERA)
    story.unmoved_by(story.front_read)
    story = matching(CAMERA).chip().certificate().face()
    story.unmoved_by(story.front_read, lambda: story.front_hint(FrontHint.GLARE))
