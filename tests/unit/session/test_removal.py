"""The card is pulled: in every state, before and after identity is settled, for a moment or for good."""

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Progress
from firmware.core.events import Button, EntryKind, Part, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    CardKind,
    CertificateCheck,
    ConsentAnswer,
    EligibilityCode,
    MatchCode,
    StaffHint,
    VisitOutcome,
)
from firmware.core.views import (
    ConsentView,
    IdentifyingView,
    IdleView,
    LookingUpView,
    NextStep,
    RemoveCardView,
    ResultView,
)
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Consenting,
    Identifying,
    Idle,
    LookingUp,
    ReadingFront,
    Registering,
    RemoveCard,
    Service,
    Showing,
    State,
)
from tests.unit.session.story import verdict
from tests.unit.session.ways import (
    SETTLED,
    UNSETTLED,
    WAYS,
    Way,
    checking_pin,
    consenting,
    identifying,
    looking_up,
    matching,
)

WAITING = {state: way for state, way in UNSETTLED.items() if state is not ReadingFront}
"""ReadingFront allows the card to be lifted (test_number_b.py)."""


def test_pulled_before_it_was_known_is_no_visit() -> None:
    story = identifying()
    visit = story.visit.id
    story.lift_card().did(fx.StopTimers(visit), fx.CloseVisit(visit), fx.Show(IdleView())).at(Idle)
    assert not story.results


@pytest.mark.parametrize("state", WAITING)
def test_pulled_for_good_before_identity_is_settled(state: type[State]) -> None:
    story = WAITING[state](None)
    visit = story.visit.id
    staff = (fx.StopAskingStaff(visit),) if state is AwaitingStaff else ()
    story.lift_card().did(
        *staff,
        fx.StopEntry(visit),
        fx.CloseCamera(visit),
        fx.CloseCardScope(visit),
        fx.StopTimers(visit),
        fx.StartTimer(visit, Timer.ABSENCE, 1.5),
        fx.Show(IdentifyingView(put_back=True)),
    )
    story.wait(1.4).at(Identifying)
    story.wait(0.2).at(Idle)
    assert [type(effect) for effect in story.last] == [
        fx.StopTimers,
        fx.Publish,
        fx.ReportProgress,
        fx.CloseVisit,
        fx.Show,
    ]
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_GONE)
    assert (result.assurance, result.eligibility) == (Assurance.NONE, EligibilityCode.NOT_ASKED)
    assert not result.card_removed_early
    assert not story.all(fx.LookUp)
    assert not story.timers


@pytest.mark.parametrize("state", WAITING)
def test_pulled_for_a_moment_before_identity_is_settled(state: type[State]) -> None:
    story = WAITING[state](None)
    visit = story.visit.id
    story.lift_card().wait(1.4).place_card().did(
        fx.StopTimers(visit),
        fx.Show(IdentifyingView()),
        fx.StartTimer(visit, Timer.CARD, 15.0),
        fx.IdentifyCard(visit),
    )
    story.card_is()
    assert story.at(ChoosingMethod).visit.id == visit
    assert not story.results


def test_nothing_read_before_is_used_after() -> None:
    story = matching().chip().certificate()
    story.lift_card()
    story.unmoved_by(
        story.face,
        story.chip,
        story.certificate,
        story.photo,
        story.card_is,
        story.lift_card,
        lambda: story.card_fails(FaultCode.CARD_GONE),
        lambda: story.enter(EntryKind.PIN),
    )
    story.place_card().card_is()
    assert (story.visit.match, story.visit.chip_checked, story.visit.certificate_read) == (None, False, False)
    assert story.visit.checks.certificate is CertificateCheck.NOT_CHECKED
    story.press(Button.RIGHT).staff(approved=True)
    assert not story.all(fx.LookUp)


def test_a_refused_face_stays_known_to_staff() -> None:
    story = matching().face(MatchCode.NO_MATCH).lift_card()
    assert story.visit.match == verdict(MatchCode.NO_MATCH)
    story.wait(1.6)
    assert story.result.match == verdict(MatchCode.NO_MATCH)


def test_an_approval_counts_only_for_the_card_it_was_given_for() -> None:
    story = UNSETTLED_STAFF(None).staff(approved=True).lift_card()
    assert not story.visit.staff_approved
    story = checking_pin().pin().lift_card()
    assert not story.visit.pin_accepted


UNSETTLED_STAFF: Way = next(way for state, way in UNSETTLED.items() if state.__name__ == "AwaitingStaff")


@pytest.mark.parametrize("state", WAITING)
@pytest.mark.parametrize(("kind", "same"), [(CardKind.MY_NUMBER, False), (CardKind.UNKNOWN, False)])
def test_swapped_within_a_moment(state: type[State], kind: CardKind, same: bool) -> None:
    story = WAITING[state](None).lift_card().wait(0.3).place_card().card_is(kind, same=same)
    assert story.at(RemoveCard).because is FaultCode.CARD_SWAPPED
    story.shows(RemoveCardView(because=FaultCode.CARD_SWAPPED))
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.ABORTED, FaultCode.CARD_SWAPPED)
    story.take_card().at(Idle)
    story.place_card().card_is().at(ChoosingMethod)


def test_a_foreign_card_is_told_so_and_nobody_else_learns_of_it() -> None:
    story = identifying()
    visit = story.visit.id
    story.card_is(CardKind.UNKNOWN, same=False)
    foreign = FaultCode.CARD_NOT_MYNUMBER
    story.did(
        fx.StopTimers(visit),
        fx.CloseVisit(visit),
        fx.Show(RemoveCardView(because=foreign)),
        fx.Play(fx.Tone.WRONG),
        fx.StartTimer(None, Timer.REMIND, 10.0),
    )
    assert (story.at(RemoveCard).ended, story.at(RemoveCard).because) == (None, foreign)
    assert not story.results
    assert not story.progress


def test_a_card_that_does_not_answer_is_placed_again() -> None:
    for story in (identifying().wait(15.1), identifying().card_fails(FaultCode.CARD_SILENT)):
        assert story.at(RemoveCard).because is FaultCode.CARD_SILENT
        assert not story.results
    story = identifying().card_fails(FaultCode.CARD_GARBAGE)
    assert story.at(RemoveCard).because is FaultCode.CARD_GARBAGE
    identifying().lift_card().place_card().card_is().at(ChoosingMethod)


def test_a_failure_that_says_gone_waits_for_the_removal() -> None:
    story = matching().card_fails(FaultCode.CARD_GONE)
    story.did(fx.StartTimer(story.visit.id, Timer.CARD, 15.0)).lift_card().at(Identifying)
    assert matching().card_fails(FaultCode.CARD_GONE).wait(15.1).at(RemoveCard).because is FaultCode.CARD_SILENT


@pytest.mark.parametrize("state", UNSETTLED)
def test_a_card_that_fails_ends_the_visit(state: type[State]) -> None:
    story = UNSETTLED[state](None).card_fails(FaultCode.CARD_GARBAGE)
    assert story.at(RemoveCard).because is FaultCode.CARD_GARBAGE
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.FAULT, FaultCode.CARD_GARBAGE)


@pytest.mark.parametrize("state", UNSETTLED)
def test_the_reception_cancels_a_visit(state: type[State]) -> None:
    story = UNSETTLED[state](None).cancel()
    assert story.at(RemoveCard).because is None
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.ABORTED, None)
    assert not story.alerts


# ---- identity settled ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", SETTLED)
def test_pulled_for_good_after_identity_was_settled(state: type[State]) -> None:
    story = SETTLED[state](None)
    visit = story.visit.id
    story.lift_card().did(fx.StopTimer(visit, Timer.CARD), fx.StartTimer(visit, Timer.ABSENCE, 1.5))
    story.wait(1.4).at(state)
    story.wait(0.2).at(Idle)
    result = story.result
    assert (result.outcome, result.card_removed_early) == (VisitOutcome.IDENTIFIED, True)
    # With the look-up still under way the visit is done when that is (test_look_up.py).
    assert (story.progress[-1] is Progress.DONE) is (state is Registering)
    story.shows(ResultView(NextStep.COUNTER)).wait(2.0).shows(IdleView()).at(Idle)
    assert not story.timers


def test_a_pending_look_up_goes_on_without_the_patient() -> None:
    story = consenting().lift_card().wait(1.6)
    result = story.result
    assert (result.eligibility, result.hints) == (EligibilityCode.PENDING, (StaffHint.CHECK_LATER,))
    assert result.consent is ConsentAnswer.NOT_GIVEN
    visit = story.all(fx.OpenVisit)[0].visit
    story.did(
        fx.StopTimers(visit),
        fx.Publish(visit, result),
        fx.SendConsent(visit, given=False),
        fx.DetachLookUp(visit, result),
        fx.CloseVisit(visit),
        fx.Show(ResultView(NextStep.COUNTER)),
        fx.StartTimer(None, Timer.PAGE, 2.0),
    )


def test_who_left_early_is_sent_to_the_counter_for_a_moment() -> None:
    story = consenting().lift_card().wait(1.5)
    story.unmoved_by(
        lambda: story.press(Button.LEFT), lambda: story.press(Button.RIGHT), lambda: story.fire(Timer.REMIND)
    )
    story.part_failed(Part.BROKER, FaultCode.BROKER_UNREACHABLE).held(2).shows(ResultView(NextStep.COUNTER))
    story.wait(2.0).did(fx.Show(IdleView((FaultCode.BROKER_UNREACHABLE,), held=2)))
    assert not story.at(Idle).glance
    story = consenting().lift_card().wait(1.5).place_card()
    story.at(Identifying)
    assert story.last[0] == fx.StopTimer(None, Timer.PAGE)
    consenting().lift_card().wait(1.5).press(Button.LEFT, held=True).at(Service)


def test_an_unanswered_consent_is_told_to_the_gateway_once() -> None:
    assert not looking_up().lift_card().wait(1.6).all(fx.SendConsent)[1:]
    grace = matching().chip().face().certificate(CertificateCheck.GRACE).lift_card().wait(1.6)
    assert not grace.all(fx.SendConsent)


def test_an_answered_look_up_needs_no_amendment() -> None:
    story = consenting().answer().lift_card().wait(1.6)
    assert story.result.eligibility is EligibilityCode.VALID
    assert not story.all(fx.DetachLookUp)
    story = consenting().lift_card().answer().wait(1.6)
    assert story.result.eligibility is EligibilityCode.VALID
    assert not story.all(fx.DetachLookUp)


def test_a_consent_given_before_leaving_counts() -> None:
    story = looking_up().lift_card().wait(1.6)
    assert story.result.consent is ConsentAnswer.GIVEN
    assert len(story.all(fx.DetachLookUp)) == 1


def test_back_within_the_moment_the_question_is_asked_again() -> None:
    story = consenting().wait(20.0).lift_card()
    visit = story.visit.id
    story.unmoved_by(lambda: story.press(Button.LEFT), lambda: story.fire(Timer.CONSENT, visit))
    story.wait(1.4).place_card().did(
        fx.StopTimer(visit, Timer.ABSENCE), fx.StartTimer(visit, Timer.CARD, 15.0), fx.IdentifyCard(visit)
    )
    assert not story.at(Consenting).visit.present
    story.card_is().did(
        fx.StopTimer(visit, Timer.CARD),
        fx.ReleaseCard(visit),
        fx.Show(ConsentView()),
        fx.StartTimer(visit, Timer.CONSENT, 30.0),
    )
    story.press(Button.LEFT).at(LookingUp)


def test_back_within_the_moment_while_looking_up() -> None:
    story = looking_up().lift_card().place_card()
    visit = story.visit.id
    story.card_is().did(fx.StopTimer(visit, Timer.CARD), fx.ReleaseCard(visit), fx.Show(LookingUpView()))
    story.lift_card().answer().did(fx.StopTimer(visit, Timer.LOOK_UP))
    assert not story.at(LookingUp).visit.present
    story.place_card().card_is().at(Showing)
    assert not story.result.card_removed_early


def test_the_look_up_times_out_while_the_card_is_away() -> None:
    story = looking_up().wait(24.0).lift_card().wait(1.2)
    assert story.at(LookingUp).visit.eligibility is EligibilityCode.TIMED_OUT
    story.wait(0.5).at(Idle)
    assert story.result.fault is FaultCode.GATEWAY_TIMEOUT


@pytest.mark.parametrize("state", SETTLED)
@pytest.mark.parametrize(("kind", "same"), [(CardKind.MY_NUMBER, False), (CardKind.UNKNOWN, True)])
def test_another_card_after_identity_was_settled(state: type[State], kind: CardKind, same: bool) -> None:
    story = SETTLED[state](None).lift_card().wait(0.3).place_card().card_is(kind, same=same)
    assert story.at(RemoveCard).because is FaultCode.CARD_SWAPPED
    assert story.at(RemoveCard).ended is not None
    assert (story.result.outcome, story.result.card_removed_early) == (VisitOutcome.IDENTIFIED, True)


@pytest.mark.parametrize("state", SETTLED)
def test_a_card_that_does_not_answer_when_it_is_back(state: type[State]) -> None:
    story = SETTLED[state](None).lift_card().place_card().card_fails(FaultCode.CARD_GARBAGE)
    assert story.at(RemoveCard).because is FaultCode.CARD_GARBAGE
    story = SETTLED[state](None).lift_card().place_card().wait(15.1)
    assert (story.at(RemoveCard).because, story.at(RemoveCard).ended) == (None, None)
    assert story.result.card_removed_early


@pytest.mark.parametrize("state", SETTLED)
def test_presence_reported_twice_changes_nothing(state: type[State]) -> None:
    story = SETTLED[state](None)
    story.unmoved_by(story.place_card, story.card_is, lambda: story.card_fails(FaultCode.CARD_SILENT))
    story.lift_card()
    story.unmoved_by(story.card_is, lambda: story.card_fails(FaultCode.CARD_SILENT))
    story.place_card().lift_card()
    assert (story.visit.id, Timer.CARD) not in story.timers
    story.wait(1.6).at(Idle)


@pytest.mark.parametrize("state", [*UNSETTLED, *SETTLED])
def test_timers_of_other_states_end_nothing(state: type[State]) -> None:
    story = WAYS[state](None)
    other = Timer.ENTRY if state in SETTLED else Timer.SHOW
    story.unmoved_by(lambda: story.fire(other, story.visit.id))
