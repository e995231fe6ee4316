"""The journal's lines: every event there and back, a recorded day again, and nothing of a person in it."""

import dataclasses
import json
import re
from enum import Enum

import pytest

from firmware.core import events as ev
from firmware.core.events import Button, EntryKind, Event, Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Env, Method, TryCode
from firmware.session import journal
from firmware.session.journal import JournalError, parse_event, parse_header, replay
from firmware.session.model import Device, Idle, RemoveCard, Starting
from firmware.session.policy import Policy
from firmware.session.states import TABLE
from tests.unit.session.samples import SAMPLES
from tests.unit.session.story import Story
from tests.unit.session.ways import (
    awaiting_staff,
    checking_pin,
    consenting,
    idle,
    reading_front,
    registering,
    remove_card,
    unlocking,
)

POLICY = Policy(env=Env.TEST, methods=(Method.STAFF, Method.PIN), match_attempts=2, notice_seconds=0.25)


@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
def test_every_event_there_and_back(kind: type[Event]) -> None:
    for event in SAMPLES[kind]:
        assert parse_event(journal.line(event, idle().state)) == (event, "Idle")


def test_the_header_there_and_back() -> None:
    assert parse_header(journal.header(POLICY)) == (POLICY, Starting(Device()))
    device = Device(faults=((Part.CLOCK, FaultCode.CLOCK_UNKNOWN),), held=2, card_present=True)
    assert parse_header(journal.header(POLICY, device)) == (POLICY, Idle(device))
    assert json.loads(journal.header(POLICY))["journal"] == journal.VERSION


def test_whole_numbers_are_read_as_seconds() -> None:
    event, _ = parse_event('{"event":"CardRemoved","at":7,"state":"Idle"}')
    assert isinstance(event.at, float)
    assert event == ev.CardRemoved(at=7.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        "[" * 100_000,
        '{"event":"CardRemoved","at":1.0}',
        '{"at":1.0,"state":"Idle"}',
        '{"event":"Event","at":1.0,"state":"Idle"}',
        '{"event":"CardRemoved","state":"Idle"}',
        '{"event":"CardRemoved","at":"1","state":"Idle"}',
        '{"event":"CardRemoved","at":null,"state":"Idle"}',
        '{"event":"CardRemoved","at":1.0,"name":"x","state":"Idle"}',
        '{"event":"HeldChanged","at":1.0,"held":1.5,"state":"Idle"}',
        '{"event":"HeldChanged","at":1.0,"held":true,"state":"Idle"}',
        '{"event":"ButtonPressed","at":1.0,"button":"top","state":"Idle"}',
        '{"event":"CardPlaced","at":1.0,"visit":7,"state":"Idle"}',
        '{"event":"FaceCompared","at":1.0,"visit":"v","verdict":"match","state":"Idle"}',
        '{"event":"FaceCompared","at":1.0,"visit":"v","verdict":{"code":"match"},"state":"Idle"}',
    ],
)
def test_a_bad_line_is_said_to_be_one(text: str) -> None:
    with pytest.raises(JournalError):
        parse_event(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"journal":2,"policy":{"env":"sim"},"device":null}',
        '{"journal":1,"policy":{"env":"lab"},"device":null}',
        '{"journal":1,"policy":{"env":"sim","methods":["voice"]},"device":null}',
        '{"journal":1,"policy":{"env":"sim","methods":7},"device":null}',
        '{"journal":1,"policy":{"env":"sim"}}',
        '{"journal":1,"policy":{"env":"sim"},"device":{"faults":[["reader"]]}}',
        '{"journal":1,"policy":{"env":"sim"},"device":{"faults":[["reader","CRD-001",1]]}}',
    ],
)
def test_a_bad_header_is_said_to_be_one(text: str) -> None:
    with pytest.raises(JournalError):
        parse_header(text)


def test_what_was_wrong_is_said_without_the_lines_text() -> None:
    with pytest.raises(JournalError, match=r"^not a journal line \(KeyError\)$") as caught:
        parse_event('{"secret":"marker","state":"Idle"}')
    assert "marker" not in str(caught.value)
    with pytest.raises(JournalError, match="journal version 9, this build reads 1"):
        parse_header('{"journal":9}')


def test_a_recorded_day_reaches_the_same_states() -> None:
    for story in (remove_card(), registering(), checking_pin(), awaiting_staff(), _wrong_numbers()):
        played = list(replay(story.lines))
        assert len(played) == len(story.lines) - 1
        assert all(line.same for line in played)
        assert played[-1].state == story.state


def _wrong_numbers() -> Story:
    return unlocking().number_b(TryCode.WRONG, 8).enter(EntryKind.NUMBER_B).number_b(TryCode.STOPPED, 5)


def test_a_line_that_was_changed_is_found() -> None:
    story = remove_card()
    changed = [line.replace('"state":"Matching"', '"state":"Consenting"') for line in story.lines]
    different = [line for line in replay(changed) if not line.same]
    assert {(line.recorded, type(line.state).__name__) for line in different} == {("Consenting", "Matching")}


def test_a_restart_in_the_middle_begins_anew() -> None:
    first, second = reading_front(), consenting()
    played = list(replay(first.lines + second.lines))
    assert all(line.same for line in played)
    assert played[-1].state == second.state


def test_a_file_begun_at_idle_goes_on_there() -> None:
    device = Device(held=3)
    story = Story()
    story.state = Idle(device)
    story.place_card().card_is().press(Button.LEFT)
    lines = [journal.header(story.policy, device), *story.lines[1:]]
    assert list(replay(lines))[-1].state == story.state


def test_a_file_without_a_header_is_none() -> None:
    with pytest.raises(JournalError, match="first line"):
        list(replay(remove_card().lines[1:]))
    assert list(replay([])) == []


def test_a_pair_that_nobody_decided_is_replayed_as_the_device_survived_it(monkeypatch: pytest.MonkeyPatch) -> None:
    story = consenting()
    monkeypatch.delitem(TABLE[type(story.state)].rules, ev.ButtonPressed)
    event = ev.ButtonPressed(at=story.now, button=Button.LEFT)
    placed = story.state.device.card_present
    lines = [*story.lines, journal.line(event, RemoveCard(Device(card_present=placed), None, None))]
    last = list(replay(lines))[-1]
    assert last.same
    assert isinstance(last.state, RemoveCard)


CODE = re.compile(r"(?![0-9]{4,}$)[A-Za-z0-9-]{1,64}")
"""What a journal may hold as text: codes, visit ids, names of vault entries, a model's hash; never bare digits."""


def test_a_journal_holds_codes_only() -> None:
    """Whatever an event can carry is a number, a flag, a code of the catalogues, an id or a handle."""
    allowed = (bool, int, float, Enum, type(None))
    for events in SAMPLES.values():
        for event in events:
            for value in _leaves(event):
                assert isinstance(value, allowed) or CODE.fullmatch(str(value)), event


def _leaves(value: object) -> list[object]:
    if dataclasses.is_dataclass(value):
        return [leaf for item in dataclasses.fields(value) for leaf in _leaves(getattr(value, item.name))]
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]
