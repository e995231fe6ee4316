"""Nobody can be called: broker or reception is away, or the site has no staff check. And: who is called no more."""

import pytest

from firmware.core import effects as fx
from firmware.core.events import Button, Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Env, IssuerCheck, Method, RecordCheck, StaffHint, VisitOutcome, VisitSummary
from firmware.core.views import NoticeView, RemoveCardView, StaffView
from firmware.session.model import AwaitingStaff, ChoosingMethod, Consenting, EnteringPin, RemoveCard
from firmware.session.moves import AT_COUNTER
from firmware.session.policy import Policy
from tests.unit.session.story import Story
from tests.unit.session.ways import awaiting_staff, matching, unlocking

FACE_ONLY = Policy(env=Env.SIM, methods=(Method.FACE,))
FACE_STAFF = Policy(env=Env.SIM, methods=(Method.FACE, Method.STAFF))
FACE_PIN = Policy(env=Env.SIM, methods=(Method.FACE, Method.PIN))
AWAY = [(Part.BROKER, FaultCode.BROKER_UNREACHABLE), (Part.RECEPTION, FaultCode.RECEPTION_AWAY)]


def _nobody_is_called(story: Story, fault: FaultCode) -> VisitSummary:
    """The visit ended, the screen says "go to the counter"."""
    story.shows(RemoveCardView(because=AT_COUNTER)).at(RemoveCard)
    assert not story.all(fx.AskStaff)
    assert fx.Progress.STAFF_WANTED not in story.progress
    result = story.result
    assert (result.outcome, result.fault) == (VisitOutcome.NOT_IDENTIFIED, fault)
    return result


@pytest.mark.parametrize(("part", "fault"), AWAY)
def test_a_wrong_record_while_nobody_can_be_called(part: Part, fault: FaultCode) -> None:
    story = matching().part_failed(part, fault).certificate().face().chip(record=RecordCheck.WRONG)
    result = _nobody_is_called(story, fault)
    assert result.hints == (StaffHint.COMPARE_PERSON, StaffHint.POSSIBLE_FORGERY)
    assert result.checks.record is RecordCheck.WRONG
    assert FaultCode.CARD_RECORD_UNSIGNED in story.alerts


def test_a_wrong_record_at_a_site_without_staff_check() -> None:
    story = matching(FACE_PIN).chip(record=RecordCheck.WRONG)
    result = _nobody_is_called(story, FaultCode.CARD_RECORD_UNSIGNED)
    assert result.hints == (StaffHint.COMPARE_PERSON, StaffHint.POSSIBLE_FORGERY)


@pytest.mark.parametrize(("part", "fault"), AWAY)
def test_an_unknown_issuer_while_nobody_can_be_called_leaves_the_pin(part: Part, fault: FaultCode) -> None:
    story = matching().part_failed(part, fault).certificate().chip(issuer=IssuerCheck.UNKNOWN).face()
    assert story.at(ChoosingMethod).because is fault
    story.shows(NoticeView((Method.PIN,), fault))
    story.press(Button.MIDDLE).at(EnteringPin)
    story.chip(issuer=IssuerCheck.UNKNOWN).at(EnteringPin)  # the match is not judged a second time


def test_an_unknown_issuer_at_a_site_without_staff_check_leaves_the_pin() -> None:
    story = matching(FACE_PIN).certificate().chip(issuer=IssuerCheck.UNKNOWN).face()
    story.shows(NoticeView((Method.PIN,), FaultCode.FACE_UNSURE))


@pytest.mark.parametrize(("part", "fault"), AWAY)
def test_an_unknown_issuer_while_nobody_can_be_called_and_nothing_else_is_left(part: Part, fault: FaultCode) -> None:
    story = matching(FACE_STAFF).part_failed(part, fault).certificate().chip(issuer=IssuerCheck.UNKNOWN).face()
    assert _nobody_is_called(story, fault).hints == (StaffHint.COMPARE_PERSON,)


def test_an_unknown_issuer_at_a_site_with_the_face_only() -> None:
    story = matching(FACE_ONLY).certificate().chip(issuer=IssuerCheck.UNKNOWN).face()
    assert _nobody_is_called(story, FaultCode.FACE_UNSURE).hints == (StaffHint.COMPARE_PERSON,)


def test_a_face_that_was_not_enough_is_not_offered_again() -> None:
    story = matching().certificate().chip(issuer=IssuerCheck.UNKNOWN).face().press(Button.LEFT)
    story.shows(NoticeView((Method.PIN, Method.STAFF)))


def test_where_only_staff_are_left_they_are_called_at_once() -> None:
    fault = FaultCode.PHOTO_BROKEN
    story = unlocking(FACE_STAFF).number_b().card_fails(fault)
    assert story.at(AwaitingStaff).because is fault
    story.shows(StaffView(fault, other_way=False))
    story.unmoved_by(lambda: story.press(Button.LEFT))
    assert len(story.all(fx.AskStaff)) == 1


# ---- called no more --------------------------------------------------------------------------------------------


def test_who_takes_another_way_wants_no_staff_any_more() -> None:
    story = awaiting_staff()
    visit = story.visit.id
    story.press(Button.LEFT).at(ChoosingMethod)
    assert story.last[0] == fx.StopAskingStaff(visit)
    story.press(Button.RIGHT).at(AwaitingStaff)
    assert story.all(fx.AskStaff) == [fx.AskStaff(visit)] * 2


def test_staff_are_asked_no_more_once_the_identity_is_settled() -> None:
    story = awaiting_staff().certificate()
    assert not story.all(fx.StopAskingStaff)
    story.staff(approved=True).at(Consenting)
    assert story.last[0] == fx.StopAskingStaff(story.visit.id)


def test_a_visit_that_ends_asks_nobody_anyway() -> None:
    assert not awaiting_staff().certificate().staff(approved=False).all(fx.StopAskingStaff)
