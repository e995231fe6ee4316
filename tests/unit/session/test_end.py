"""The end of a visit: committed, shown, the card taken or left behind, the next patient."""

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.effects import Progress, Tone
from firmware.core.events import Button, Part, Timer
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode
from firmware.core.views import IdentifyingView, IdleView, NextStep, RemoveCardView, ResultView
from firmware.session.model import Identifying, Idle, OutOfService, RemoveCard, Showing
from tests.unit.session.ways import consenting, idle, looking_up, remove_card, showing, shown


def test_done_is_said_only_after_the_commit() -> None:
    story = showing()
    visit = story.visit.id
    story.unmoved_by(*(lambda button=button: story.press(button) for button in Button))
    story.committed(held=3).did(
        fx.StopTimer(visit, Timer.PUBLISH),
        fx.Show(ResultView(NextStep.DONE)),
        fx.Play(Tone.DONE),
        fx.StartTimer(visit, Timer.SHOW, 5.0),
        fx.ReportProgress(visit, Progress.DONE),
    )
    assert story.state.device.held == 3
    story.unmoved_by(lambda: story.committed(held=3), lambda: story.fire(Timer.PUBLISH, visit))
    story.wait(5.0).did(
        fx.StopTimers(visit),
        fx.CloseVisit(visit),
        fx.Show(RemoveCardView()),
        fx.Play(Tone.REMIND),
        fx.StartTimer(None, Timer.REMIND, 10.0),
    )
    assert story.at(RemoveCard).ended == visit
    story.lift_card().did(fx.StopTimer(None, Timer.REMIND), fx.StartTimer(None, Timer.ABSENCE, 1.5)).at(RemoveCard)
    story.wait(1.5).did(fx.ReportProgress(visit, Progress.CARD_OUT), fx.Show(IdleView())).at(Idle)
    assert not story.timers


def test_held_results_are_told_while_somebody_is_away() -> None:
    story = showing().part_failed(Part.BROKER, FaultCode.BROKER_UNREACHABLE).committed(held=2)
    story.shows(ResultView(NextStep.DONE, held=2))
    story.wait(5.0).take_card().shows(IdleView((FaultCode.BROKER_UNREACHABLE,), held=2))


@pytest.mark.parametrize("fault", [FaultCode.OUTBOX_FULL, FaultCode.OUTBOX_BROKEN])
def test_a_result_that_cannot_be_kept_sends_the_patient_to_the_counter(fault: FaultCode) -> None:
    story = showing()
    visit = story.visit.id
    story.commit_fails(fault).did(
        fx.StopTimer(visit, Timer.PUBLISH),
        fx.Show(ResultView(NextStep.COUNTER, because=fault)),
        fx.Play(Tone.WRONG),
        fx.RaiseAlert(fault, visit),
        fx.StartTimer(visit, Timer.SHOW, 5.0),
        fx.ReportProgress(visit, Progress.DONE),
    )
    story.wait(5.1).at(RemoveCard)
    assert len(story.results) == 1


def test_a_commit_that_does_not_come_back() -> None:
    story = showing().wait(9.9)
    assert not story.all(fx.RaiseAlert)
    story.wait(0.2).shows(ResultView(NextStep.COUNTER, because=FaultCode.OUTBOX_BROKEN))
    assert story.alerts == [FaultCode.OUTBOX_BROKEN]
    story.committed().shows(ResultView(NextStep.DONE))


def test_taken_while_the_result_is_shown() -> None:
    story = shown().lift_card()
    visit = story.visit.id
    story.did(fx.StartTimer(visit, Timer.ABSENCE, 1.5), fx.StartTimer(visit, Timer.SHOW, 2.0))
    story.unmoved_by(story.lift_card)
    story.wait(2.0).did(fx.StopTimers(visit), fx.CloseVisit(visit), fx.Show(IdleView())).at(Idle)


def test_taken_before_the_commit() -> None:
    story = showing().lift_card()
    story.did(fx.StartTimer(story.visit.id, Timer.ABSENCE, 1.5)).committed()
    assert story.now_doing(fx.StartTimer) == [fx.StartTimer(story.visit.id, Timer.SHOW, 2.0)]
    story.wait(2.0).at(Idle)


def test_the_next_patient_need_not_wait() -> None:
    story = shown().take_card()
    visit = story.visit.id
    story.place_card()
    fresh = story.at(Identifying).visit
    assert (fresh.id, fresh.started_at, fresh.passed) == (VisitId("visit-2"), story.now, False)
    story.did(
        fx.StopTimers(visit),
        fx.CloseVisit(visit),
        fx.OpenVisit(fresh.id),
        fx.Show(IdentifyingView()),
        fx.StartTimer(fresh.id, Timer.CARD, 15.0),
        fx.IdentifyCard(fresh.id),
    )


def test_the_next_patient_waits_for_the_commit_and_for_the_device() -> None:
    story = shown()
    story.unmoved_by(story.place_card)
    story = showing().take_card()
    story.place_card().did().at(Showing)
    story.committed().wait(2.0).at(RemoveCard)
    story = shown().take_card().part_failed(Part.OUTBOX, FaultCode.OUTBOX_FULL)
    story.place_card().did().at(Showing)
    story.wait(2.1).at(OutOfService)


def test_a_card_put_back_at_the_end_is_asked_for_again() -> None:
    story = showing().take_card().place_card().committed().wait(2.0)
    assert (story.at(RemoveCard).ended, story.at(RemoveCard).because) == (None, None)
    story.take_card().at(Idle)
    assert Progress.CARD_OUT not in story.progress


def test_a_forgotten_card_is_reminded_of_and_staff_are_told_once() -> None:
    story = remove_card()
    visit = story.at(RemoveCard).ended
    assert visit is not None
    story.unmoved_by(lambda: story.press(Button.LEFT), story.place_card, lambda: story.fire(Timer.PAGE))
    reminder = (
        fx.Show(RemoveCardView(left_behind=True)),
        fx.Play(Tone.REMIND),
        fx.StartTimer(None, Timer.REMIND, 10.0),
        fx.ReportProgress(visit, Progress.CARD_LEFT),
    )
    story.wait(10.0).did(*reminder)
    story.wait(10.0).did(*reminder)
    story.wait(10.0).did(*reminder, fx.RaiseAlert(FaultCode.CARD_LEFT_BEHIND, visit))
    story.wait(30.0).did(*reminder)
    assert story.alerts == [FaultCode.CARD_LEFT_BEHIND]
    assert story.at(RemoveCard).reminders == 6
    story.take_card().at(Idle)


# ---- a card that flutters on the reader ------------------------------------------------------------------------


def test_a_card_back_too_soon_begins_no_second_visit() -> None:
    story = remove_card()
    visits, results = len(story.all(fx.OpenVisit)), len(story.results)
    for _ in range(3):
        story.lift_card().wait(1.4).place_card()
        story.did(fx.StopTimer(None, Timer.ABSENCE), fx.Show(RemoveCardView()), fx.StartTimer(None, Timer.REMIND, 10.0))
        assert not story.at(RemoveCard).away
    story.unmoved_by(story.place_card, lambda: story.fire(Timer.ABSENCE))
    story.wait(10.0).shows(RemoveCardView(left_behind=True))
    assert (len(story.all(fx.OpenVisit)), len(story.results)) == (visits, results)
    assert Progress.CARD_OUT not in story.progress
    story.lift_card()
    story.unmoved_by(lambda: story.fire(Timer.REMIND))
    story.wait(1.5).at(Idle)
    story.place_card().at(Identifying)


def test_why_the_visit_ended_is_still_said_when_the_card_is_back() -> None:
    story = idle().place_card().card_fails(FaultCode.CARD_GARBAGE).lift_card().place_card()
    story.shows(RemoveCardView(because=FaultCode.CARD_GARBAGE)).at(RemoveCard)


def test_the_result_stays_when_the_card_is_back_too_soon() -> None:
    story = shown().lift_card().wait(1.4)
    visit = story.visit.id
    story.place_card().did(fx.StopTimer(visit, Timer.ABSENCE), fx.StartTimer(visit, Timer.SHOW, 5.0))
    story.unmoved_by(lambda: story.fire(Timer.ABSENCE, visit))
    story.shows(ResultView(NextStep.DONE)).at(Showing)
    assert story.wait(5.0).at(RemoveCard).ended == visit
    assert len(story.all(fx.OpenVisit)) == len(story.results) == 1


def test_a_card_back_too_soon_before_the_commit() -> None:
    story = showing().lift_card().wait(0.2).place_card()
    visit = story.visit.id
    story.did(fx.StopTimer(visit, Timer.ABSENCE)).committed()
    assert story.now_doing(fx.StartTimer) == [fx.StartTimer(visit, Timer.SHOW, 5.0)]


def test_lifted_just_before_a_result_that_was_not_kept_leaves_the_screen() -> None:
    story = showing().commit_fails(FaultCode.OUTBOX_BROKEN).wait(4.9).lift_card().wait(0.1)
    visit = story.all(fx.OpenVisit)[0].visit
    story.did(fx.StopTimers(visit), fx.CloseVisit(visit), fx.StartTimer(None, Timer.ABSENCE, 1.5))
    assert (story.at(RemoveCard).away, story.at(RemoveCard).ended) == (True, visit)
    story.place_card().shows(RemoveCardView()).take_card().at(Idle)
    assert len(story.all(fx.OpenVisit)) == len(story.results) == 1


def test_a_card_left_by_nobody_is_reminded_of_without_progress() -> None:
    story = idle().place_card().card_fails(FaultCode.CARD_SILENT).wait(10.0)
    story.did(
        fx.Show(RemoveCardView(left_behind=True, because=FaultCode.CARD_SILENT)),
        fx.Play(Tone.REMIND),
        fx.StartTimer(None, Timer.REMIND, 10.0),
    )
    story.take_card().did(fx.Show(IdleView()))


def test_results_of_other_visits_are_counted_and_ignored() -> None:
    yesterday = VisitId("visit-of-yesterday")
    late = [
        ev.LookUpAnswered(at=1.0, visit=yesterday, code=EligibilityCode.VALID),
        ev.StaffAnswered(at=1.0, visit=yesterday, approved=True),
        ev.TimerFired(at=1.0, visit=yesterday, name=Timer.CARD),
    ]
    for story in (idle(), consenting(), looking_up(), remove_card()):
        for event in late:
            before = story.state
            story.feed(event).did(fx.CountIgnored())
            assert story.state == before


def test_a_commit_of_a_closed_visit_is_noted() -> None:
    story = consenting().part_failed(Part.RECEPTION, FaultCode.RECEPTION_AWAY).lift_card().wait(1.6)
    away = (FaultCode.RECEPTION_AWAY,)
    story.wait(2.0).shows(IdleView(away))
    story.feed(ev.ResultCommitted(at=story.now, visit=VisitId("visit-1"), held=1))
    story.did(fx.Show(IdleView(away, held=1)))
    story.held(1).did()
    story.held(2).did(fx.Show(IdleView(away, held=2)))
    story.held(0).shows(IdleView(away))
    story.feed(ev.PublishFailed(at=story.now, visit=VisitId("visit-1"), fault=FaultCode.OUTBOX_FULL))
    story.did(fx.RaiseAlert(FaultCode.OUTBOX_FULL, VisitId("visit-1")))


def test_results_on_their_way_are_not_worth_a_word() -> None:
    story = idle().held(2).did()
    assert story.state.device.held == 2
    story.part_failed(Part.BROKER, FaultCode.BROKER_UNREACHABLE)
    story.shows(IdleView((FaultCode.BROKER_UNREACHABLE,), held=2))
    story = consenting().part_failed(Part.BROKER, FaultCode.BROKER_UNREACHABLE)
    story.held(4).did()
    assert story.state.device.held == 4
