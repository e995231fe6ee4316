"""Number B: typed from the card's front, which may be lifted for it; never the same wrong value twice."""

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Progress, Tone
from firmware.core.events import Button, EntryKind, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import CardKind, CertificateCheck, ChipCheck, Method, StaffHint, TryCode, VisitOutcome
from firmware.core.views import NoticeView, NumberBView
from firmware.session.model import ChoosingMethod, Idle, ReadingFront, RemoveCard, Unlocking
from tests.unit.session.story import ENTRY
from tests.unit.session.ways import choosing_method, matching, reading_front, unlocking

B = EntryKind.NUMBER_B


def test_digits_are_counted_and_keep_the_entry_alive() -> None:
    story = reading_front().wait(50.0).digits(B, 3)
    story.did(fx.Show(NumberBView(3)), fx.StartTimer(story.visit.id, Timer.ENTRY, 60.0))
    assert story.at(ReadingFront).count == 3
    story.wait(59.0).at(ReadingFront)
    story.wait(1.0)
    assert story.at(RemoveCard).because is FaultCode.VISIT_TIMEOUT
    assert story.result.outcome is VisitOutcome.NOT_IDENTIFIED


def test_digits_of_another_entry_do_not_count() -> None:
    story = reading_front()
    story.unmoved_by(
        lambda: story.digits(EntryKind.PIN, 2),
        lambda: story.enter(EntryKind.PIN),
        lambda: story.cancel_entry(EntryKind.PIN),
        lambda: story.press(Button.LEFT),
        lambda: story.press(Button.MIDDLE),
    )


@pytest.mark.parametrize("code", [TryCode.WRONG, TryCode.REPEATED])
def test_a_wrong_number_is_typed_again(code: TryCode) -> None:
    story = unlocking().number_b(code, 7)
    visit = story.visit.id
    story.did(
        fx.StopTimers(visit),
        fx.Show(NumberBView(0, wrong=True, tries_left=7)),
        fx.Play(Tone.WRONG),
        fx.StartEntry(visit, B, 14),
        fx.StartTimer(visit, Timer.ENTRY, 60.0),
    )
    front = story.at(ReadingFront)
    fresh = reading_front().at(ReadingFront)
    assert (fresh.wrong, fresh.count, fresh.entry) == (False, 0, None)
    assert (front.wrong, front.tries_left) == (True, 7)
    story.digits(B, 1)
    story.shows(NumberBView(1, wrong=False, tries_left=7))
    story.enter(B).number_b().photo()
    assert len(story.all(fx.UnlockFace)) == 2


@pytest.mark.parametrize(
    ("code", "fault", "hints"),
    [
        (TryCode.STOPPED, FaultCode.NUMBER_B_STOPPED, ()),
        (TryCode.BLOCKED, FaultCode.NUMBER_B_BLOCKED, (StaffHint.UNBLOCK_AT_MUNICIPALITY,)),
    ],
)
def test_with_few_tries_left_the_face_is_no_way(code: TryCode, fault: FaultCode, hints: tuple[StaffHint, ...]) -> None:
    story = unlocking().number_b(code, 5)
    assert story.at(ChoosingMethod).because is fault
    story.shows(NoticeView((Method.PIN, Method.STAFF), fault))
    assert story.visit.hints == hints


def test_cancelling_leads_back_to_the_choice() -> None:
    assert reading_front().cancel_entry(B).at(ChoosingMethod).because is None
    assert reading_front().press(Button.RIGHT).at(ChoosingMethod).because is None


def test_the_card_may_be_lifted_while_its_front_is_read() -> None:
    story = reading_front().digits(B, 2).lift_card()
    visit = story.visit.id
    story.did(
        fx.CloseCardScope(visit),
        fx.StopTimer(visit, Timer.CARD),
        fx.StartTimer(visit, Timer.FRONT, 30.0),
        fx.Show(NumberBView(2, card_out=True)),
    )
    story.wait(20.0).digits(B, 14)
    story.shows(NumberBView(14, card_out=True))
    story.place_card()
    story.did(
        fx.StopTimer(visit, Timer.FRONT),
        fx.StartTimer(visit, Timer.CARD, 15.0),
        fx.IdentifyCard(visit),
        fx.Show(NumberBView(14)),
    )
    story.card_is()
    story.did(fx.StopTimer(visit, Timer.CARD))
    assert story.enter(B).at(Unlocking).visit.id == visit


def test_a_number_typed_while_the_card_is_away_is_tried_when_it_is_back() -> None:
    story = reading_front().lift_card().digits(B, 14).enter(B)
    visit = story.visit.id
    story.did(fx.Show(NumberBView(14, card_out=True)), fx.StopTimer(visit, Timer.ENTRY))
    assert story.at(ReadingFront).entry == ENTRY
    story.place_card().at(ReadingFront)
    story.card_is().at(Unlocking)
    assert story.now_doing(fx.UnlockFace) == [fx.UnlockFace(visit, ENTRY)]
    assert Progress.READING in story.progress


def test_nothing_is_verified_before_the_card_is_known_again() -> None:
    story = reading_front().lift_card().place_card().digits(B, 14).enter(B)
    assert not story.all(fx.UnlockFace)
    story.press(Button.RIGHT).at(ReadingFront)
    story.cancel_entry(B).at(ReadingFront)
    story.card_is().at(Unlocking)


@pytest.mark.parametrize(("kind", "same"), [(CardKind.MY_NUMBER, False), (CardKind.UNKNOWN, True)])
def test_another_card_comes_back(kind: CardKind, same: bool) -> None:
    story = reading_front().lift_card().digits(B, 14).enter(B).place_card()
    visit = story.visit.id
    story.card_is(kind, same=same)
    assert story.at(RemoveCard).because is FaultCode.CARD_SWAPPED
    assert story.last[0] == fx.StopEntry(visit)
    assert not story.all(fx.UnlockFace)
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_SWAPPED)


def test_a_card_that_does_not_come_back_ends_the_visit() -> None:
    story = reading_front().lift_card().wait(29.9)
    story.at(ReadingFront)
    story.wait(0.2).at(Idle)
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_GONE)
    assert not story.timers


def test_lifting_forgets_what_the_chip_had_said() -> None:
    story = choosing_method().press(Button.MIDDLE).certificate().press(Button.RIGHT).press(Button.LEFT)
    assert (story.visit.certificate_read, story.visit.certificate_asked) == (True, True)
    away = story.lift_card().visit
    assert (away.certificate_read, away.certificate_asked) == (False, False)
    story.unmoved_by(story.certificate)


def test_presence_reported_twice_changes_nothing() -> None:
    story = reading_front()
    assert story.place_card().last == ()
    story.card_is()
    story.did()
    story.lift_card().wait(5.0)
    assert story.lift_card().last == ()
    before = story.at(ReadingFront)
    assert story.card_is().at(ReadingFront) == before
    story.did()


def test_the_card_is_lifted_again_before_it_was_known() -> None:
    story = reading_front().lift_card().place_card().lift_card()
    assert not story.visit.present
    assert (story.visit.id, Timer.CARD) not in story.timers
    story.wait(31.0).at(Idle)


def test_a_chip_proof_of_the_lifted_card_does_not_count() -> None:
    story = matching().press(Button.RIGHT).press(Button.LEFT).lift_card()
    story.unmoved_by(lambda: story.chip(ChipCheck.WRONG), lambda: story.certificate(CertificateCheck.WRONG_PROFILE))
    story.unmoved_by(lambda: story.card_fails(FaultCode.CARD_SILENT))
