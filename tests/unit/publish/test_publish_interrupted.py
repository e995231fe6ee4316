"""A query that was taken is answered also where the device went down meanwhile: when it is back, with what happened."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.core.faults import FaultCode
from firmware.publish.outbox import Limits, Outbox
from tests.unit.publish.keys import NOW
from tests.unit.publish.test_publish_answers import answer
from tests.unit.publish.test_publish_queries import NUMBER, PERSON, Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path, monkeypatch)
    yield made
    made.publisher.close()


@pytest.mark.parametrize("verb", ["lookup", "emergency-search"])
def test_a_query_under_way_is_answered_once_the_device_is_back(desk: Desk, verb: str, tmp_path: Path) -> None:
    desk.ask(verb)
    (asked,) = desk.said.queries
    assert desk.opened() == []
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("outbox.db*"))
    assert [text for text in {*NUMBER.values(), *PERSON.values()} if len(text) > 2 and text.encode() in stored] == []
    desk.clock.at = NOW + 30
    desk.open()
    (claims,) = desk.opened()
    body = claims["body"]
    assert isinstance(body, dict)
    assert (claims["typ"], body["request"], body["id"]) == ("lookup", asked.request, asked.id)
    assert (body["asked"], body["answered"]) == ("2026-09-21T14:13:20.000Z", "2026-09-21T14:13:50.000Z")
    told = body["eligibility"]
    assert (told["code"], told["flags"], told["detail"]) == ("timed-out", ["interrupted"], None)
    assert "ask again" in told["remarks"][0]["en"]
    assert desk.tokens("pharmacy") == []
    desk.open()
    assert len(desk.opened()) == 1, "told once"


def test_a_query_that_was_answered_or_refused_is_not_told_again(desk: Desk) -> None:
    desk.ask()
    desk.publisher.commit_query(answer(query=desk.said.queries[0]))
    desk.open(disaster_until=None)
    desk.ask("emergency-search")
    assert desk.said_last == FaultCode.DISASTER_MODE_OFF
    desk.open()
    assert [claims["body"]["eligibility"]["code"] for claims in desk.opened()] == ["valid"]  # type: ignore[index]  # a message


def test_an_answer_that_could_not_be_stored_is_made_up_for(desk: Desk) -> None:
    desk.ask()
    desk.open(limits=Limits(rows=0))
    assert FaultCode.OUTBOX_FULL in desk.alerts()
    desk.open(limits=Limits())
    assert len(desk.opened()) == 1


def test_a_reception_that_left_the_site_is_told_nothing(desk: Desk) -> None:
    desk.ask()
    everybody = desk.config.receptions
    desk.open(receptions=tuple(keys for keys in everybody if keys.reception != "front"))
    desk.open(receptions=everybody)
    assert desk.opened() == []


def test_an_outbox_of_an_older_version_is_taken_over(desk: Desk) -> None:
    desk.publisher.commit_query(answer())
    desk.publisher.close()
    with sqlite3.connect(desk.config.outbox) as db:
        db.execute("DROP TABLE query")
        db.execute("PRAGMA user_version=1")
    db.close()
    desk.open()
    assert len(desk.tokens()) == 1
    desk.ask()
    desk.open()
    assert len(desk.tokens()) == 2


def test_queries_that_wait_are_bounded(tmp_path: Path, desk: Desk) -> None:
    desk.ask()
    box = Outbox(tmp_path / "other.db", replace(Limits(), requests=1))
    (query,) = desk.said.queries
    box.note_query(query, NOW)
    with pytest.raises(Exception, match="MSG-004"):
        box.note_query(replace(query, request="another"), NOW)
    box.close()
