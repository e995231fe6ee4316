"""SES-001: an event that nobody thought of ends the visit safely; the device keeps running."""

import pytest

from firmware.core import effects as fx
from firmware.core.faults import FaultCode
from firmware.core.outcomes import VisitOutcome
from firmware.session.model import STATES, Identifying, Idle, RemoveCard, Showing, State, VisitState
from firmware.session.rescue import rescue
from tests.unit.session.ways import SETTLED, UNSETTLED, WAYS, consenting, identifying, idle, showing

UNDEFINED = FaultCode.SESSION_UNDEFINED


@pytest.mark.parametrize("state", [*UNSETTLED, *SETTLED])
def test_a_visit_ends_as_a_fault(state: type[State]) -> None:
    story = WAYS[state](None)
    visit = story.visit.id
    result = rescue(story.state, story.policy)
    assert type(result.state) is RemoveCard
    assert result.effects[0] == fx.RaiseAlert(UNDEFINED)
    published = [effect for effect in result.effects if isinstance(effect, fx.Publish)]
    assert [(effect.visit, effect.summary.outcome, effect.summary.fault) for effect in published] == [
        (visit, VisitOutcome.FAULT, UNDEFINED)
    ]
    assert fx.StopTimers(visit) in result.effects
    assert fx.CloseVisit(visit) in result.effects


def test_a_result_is_not_published_twice() -> None:
    story = showing()
    assert type(story.state) is Showing
    result = rescue(story.state, story.policy)
    visit = story.visit.id
    assert result.effects[:3] == (fx.StopTimers(visit), fx.CloseVisit(visit), fx.RaiseAlert(UNDEFINED))
    assert not [effect for effect in result.effects if isinstance(effect, fx.Publish)]
    assert type(result.state) is RemoveCard


def test_a_card_that_was_not_known_yet_publishes_nothing() -> None:
    story = identifying()
    assert type(story.state) is Identifying
    result = rescue(story.state, story.policy)
    assert not [effect for effect in result.effects if isinstance(effect, fx.Publish)]
    assert fx.CloseVisit(story.visit.id) in result.effects


@pytest.mark.parametrize("state", [kind for kind in STATES if not issubclass(kind, VisitState)])
def test_without_a_visit_the_device_goes_home(state: type[State]) -> None:
    story = WAYS[state](None)
    result = rescue(story.state, story.policy)
    assert result.effects[0] == fx.RaiseAlert(UNDEFINED)
    assert not isinstance(result.state, VisitState)


def test_home_is_where_it_can_rest() -> None:
    assert type(rescue(idle().state, idle().policy).state) is Idle
    story = consenting().lift_card()
    assert type(rescue(story.state, story.policy).state) is Idle
