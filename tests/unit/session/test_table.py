"""The table of all pairs: each is decided, docs/transitions.md says how, and what is ignored changes nothing."""

import inspect
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.core import events as ev
from firmware.core.events import CardPlaced, Event, TimerFired, VisitEvent
from firmware.core.ids import VisitId
from firmware.session import transitions
from firmware.session.handlers import Handlers, UndefinedPairError
from firmware.session.model import STATES, Idle, State, Step, VisitState
from firmware.session.policy import Policy
from firmware.session.states import TABLE
from firmware.session.step import rules, step
from tests.unit.session.samples import SAMPLES, samples_of
from tests.unit.session.story import Story
from tests.unit.session.ways import WAYS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "transitions.md"


@pytest.mark.parametrize("state", STATES, ids=lambda kind: kind.__name__)
def test_every_pair_is_decided(state: type[State]) -> None:
    story = WAYS[state](None)
    for event in transitions.EVENTS:
        decided = transitions.decision(state, event)
        assert decided, event
        for sample in samples_of(event):
            _play(story, sample, decided)


def _play(story: Story, sample: Event, decided: str) -> None:
    """The real thing does what the table says."""
    before = story.state
    event = _of_visit(sample, story)
    result = step(before, event, story.policy)
    if decided in {"*ignored*", "*counted*"} and not isinstance(event, CardPlaced | ev.CardRemoved):
        assert result.state == before or isinstance(event, ev.ResultCommitted)
    assert type(result.state) in _allowed(type(before), type(event)), event


def _of_visit(sample: Event, story: Story) -> Event:
    if isinstance(sample, VisitEvent | TimerFired) and isinstance(story.state, VisitState):
        return replace(sample, visit=story.state.visit.id)
    return sample


def _allowed(state: type[State], event: type[Event]) -> set[type[State]]:
    """`state` itself, and what the first handlers that decide the pair declare."""
    allowed: set[type[State]] = {state}
    for handlers in rules(state):
        if event in handlers.rules:
            return allowed | set(handlers.rules[event].to)
        if event in handlers.ignores:
            return allowed
    return allowed


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == transitions.document()


def test_the_page_can_be_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "firmware.session.transitions")
    runpy.run_module("firmware.session.transitions", run_name="__main__")
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8")


def test_every_state_and_every_event_stands_in_the_table() -> None:
    assert set(TABLE) == set(STATES) == set(WAYS)
    assert set(SAMPLES) == set(transitions.EVENTS)
    declared = {kind for kind in vars(ev).values() if inspect.isclass(kind) and issubclass(kind, Event)}
    assert declared - {Event, VisitEvent} == set(transitions.EVENTS)


def test_a_pair_that_nobody_decides_has_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TABLE[Idle].rules, ev.ButtonPressed)
    assert transitions.decision(Idle, ev.ButtonPressed) is None
    story = WAYS[Idle](None)
    with pytest.raises(UndefinedPairError, match="ButtonPressed in Idle"):
        story.press(ev.Button.LEFT)


def test_a_pair_is_decided_once() -> None:
    handlers = Handlers(Idle, ignores=(ev.CardRemoved,))

    def stay(state: State, _event: Event, _policy: Policy) -> Step:
        return Step(state)

    assert handlers.on(ev.CardPlaced)(stay) is stay
    for event in (ev.CardPlaced, ev.CardRemoved):
        with pytest.raises(ValueError, match=f"Idle decides {event.__name__} twice"):
            handlers.on(event)(stay)


@pytest.mark.parametrize("state", STATES, ids=lambda kind: kind.__name__)
def test_another_visits_event_changes_nothing_but_what_is_held(state: type[State]) -> None:
    story = WAYS[state](None)
    before = story.state
    others = [sample for kind in transitions.EVENTS for sample in samples_of(kind) if isinstance(sample, VisitEvent)]
    for sample in others:
        assert sample.visit == VisitId("visit-of-yesterday")
        after = step(before, sample, story.policy).state
        if isinstance(sample, ev.ResultCommitted):
            assert after.device.held == sample.held
            after = replace(after, device=before.device)
        assert after == before
