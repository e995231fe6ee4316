"""An orderly stop: an open visit ends with its one outcome, whatever it was doing; nothing is begun any more."""

import pytest

from firmware.core import effects as fx
from firmware.core.effects import Progress
from firmware.core.events import Button
from firmware.core.outcomes import Assurance, ConsentAnswer, EligibilityCode, StaffHint, VisitOutcome
from firmware.session.model import STATES, Starting, State, VisitState
from tests.unit.session.story import Story
from tests.unit.session.ways import (
    SETTLED,
    UNSETTLED,
    WAYS,
    consenting,
    identifying,
    looking_up,
    matching,
    registering,
    showing,
)


def _rests(story: Story) -> None:
    """No screen, no timer, no question; and a card that comes now begins nothing."""
    story.at(Starting)
    assert not story.timers
    assert not story.now_doing(fx.Show)
    assert not story.now_doing(fx.DetachLookUp)
    story.place_card().did().lift_card().did().press(Button.LEFT).did()


@pytest.mark.parametrize("state", UNSETTLED)
def test_before_identity_is_settled_the_visit_is_aborted(state: type[State]) -> None:
    story = UNSETTLED[state](None)
    visit = story.visit.id
    story.stop()
    result = story.result
    assert (result.outcome, result.fault, result.assurance) == (VisitOutcome.ABORTED, None, Assurance.NONE)
    story.did(
        fx.StopEntry(visit),
        fx.CloseCamera(visit),
        fx.StopTimers(visit),
        fx.Publish(visit, result),
        fx.ReportProgress(visit, Progress.DONE),
        fx.CloseVisit(visit),
    )
    _rests(story)


def test_while_the_card_is_away() -> None:
    story = matching().lift_card().stop()
    assert (story.result.outcome, story.result.fault) == (VisitOutcome.ABORTED, None)
    _rests(story)


def test_a_card_that_was_not_known_yet_publishes_nothing() -> None:
    story = identifying()
    visit = story.visit.id
    story.stop().did(fx.StopEntry(visit), fx.CloseCamera(visit), fx.StopTimers(visit), fx.CloseVisit(visit))
    _rests(story)


@pytest.mark.parametrize("state", SETTLED)
def test_after_identity_was_settled_the_visit_is_identified(state: type[State]) -> None:
    story = SETTLED[state](None)
    visit = story.visit.id
    story.stop()
    assert (story.result.outcome, story.result.card_removed_early) == (VisitOutcome.IDENTIFIED, False)
    assert story.now_doing(fx.CloseVisit) == [fx.CloseVisit(visit)]
    _rests(story)


@pytest.mark.parametrize("story", [consenting(), looking_up(), registering().press(Button.LEFT)])
def test_what_was_not_answered_is_checked_later(story: Story) -> None:
    result = story.stop().result
    assert (result.eligibility, result.hints) == (EligibilityCode.PENDING, (StaffHint.CHECK_LATER,))


def test_what_was_answered_stands() -> None:
    result = consenting().answer().stop().result
    assert (result.eligibility, result.hints) == (EligibilityCode.VALID, (StaffHint.GO_ON,))
    assert result.consent is ConsentAnswer.NOT_GIVEN
    assert registering().stop().result.eligibility is EligibilityCode.NOT_REGISTERED
    assert looking_up().lift_card().stop().result.card_removed_early


def test_a_result_on_its_way_is_not_published_twice() -> None:
    for story in (showing(), showing().committed()):
        story.stop()
        assert len(story.results) == 1
        assert story.now_doing(fx.CloseVisit)
        _rests(story)


@pytest.mark.parametrize("state", [kind for kind in STATES if not issubclass(kind, VisitState)])
def test_without_a_visit_nothing_happens(state: type[State]) -> None:
    story = WAYS[state](None)
    story.unmoved_by(story.stop)
