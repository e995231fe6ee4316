"""Parts that are given up so that a result goes out all the same: FHIR first, then the answer's details."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.core.result import Json, QueryRecord, VisitRecord
from firmware.eligibility.fhir_check import validate
from firmware.eligibility.fhir_part import FhirPart
from firmware.publish.contract import Eligibility
from tests.unit.publish.keys import VISIT, record
from tests.unit.publish.scene import Scene
from tests.unit.publish.test_publish_answers import answer

LARGE: Json = "x" * 120_000


class Fhir:
    """Puts `part` into every message."""

    def __init__(self, part: dict[str, Json]) -> None:
        self.part = part
        self.seen: list[VisitRecord | QueryRecord] = []

    def visit(self, record: VisitRecord) -> dict[str, Json]:
        self.seen.append(record)
        return self.part

    def query(self, record: QueryRecord) -> dict[str, Json]:
        self.seen.append(record)
        return self.part


class Broken(Fhir):
    """Finds nothing valid."""

    def visit(self, record: VisitRecord) -> dict[str, Json]:
        self.seen.append(record)
        raise DeviceError(FaultCode.FHIR_INVALID, "Coverage.status")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.publisher.close()


def _eligibility(scene: Scene) -> Any:
    (claims,) = scene.opened()
    body = claims["body"]
    assert isinstance(body, dict)
    return body["eligibility"]


def test_a_real_part_goes_into_results_and_answers(scene: Scene) -> None:
    publisher = scene.restart(fhir=FhirPart("1319999999", validate))
    publisher.commit(record(eligibility={"ResultList": [{"Birthdate": "19700131", "Sex1": "1"}]}))
    publisher.commit_query(answer(detail=None, code=EligibilityCode.NONE, flags=()))
    for claims in scene.opened():
        body = claims["body"]
        assert isinstance(body, dict)
        assert body["eligibility"]["fhir"]["resourceType"] == "Bundle"


def test_without_the_setting_there_is_none(scene: Scene) -> None:
    scene.start().commit(record())
    assert _eligibility(scene)["fhir"] is None


def test_a_part_that_cannot_be_made_holds_nothing_back(scene: Scene) -> None:
    scene.restart(fhir=Broken({})).commit(record(eligibility={"Name": "架空"}))
    found = _eligibility(scene)
    assert (found["fhir"], found["detail"]) == (None, {"Name": "架空"})


def test_the_part_goes_first_when_the_message_is_too_large(scene: Scene) -> None:
    scene.restart(fhir=Fhir({"text": LARGE})).commit(record(eligibility={"Name": "架空"}))
    found = _eligibility(scene)
    assert (found["fhir"], found["detail"]) == (None, {"Name": "架空"})


def test_then_the_details_and_the_outcome_still_goes_out(scene: Scene) -> None:
    publisher = scene.restart(fhir=Fhir({"text": LARGE}))
    publisher.commit(record(eligibility={"Address": LARGE}))
    found = _eligibility(scene)
    assert (found["code"], found["fhir"], found["detail"]) == ("valid", None, None)


def test_an_answer_to_a_query_is_made_to_fit_as_well(scene: Scene) -> None:
    scene.start().commit_query(answer(detail={"Address": LARGE}))
    assert _eligibility(scene)["detail"] is None


def test_what_is_too_large_without_all_that_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = scene.start()
    monkeypatch.setattr("firmware.publish.seal.MAX_PAYLOAD", 64)
    with pytest.raises(DeviceError, match=FaultCode.MESSAGE_TOO_LARGE):
        publisher.commit(record())
    assert not scene.tokens()


def test_an_outbox_that_does_not_take_it_is_asked_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = scene.restart(fhir=Fhir({"a": "b"}))
    asked: list[object] = []

    def refuse(*arguments: object) -> None:
        asked.append(arguments)
        raise DeviceError(FaultCode.OUTBOX_FULL)

    assert publisher._outbox is not None
    monkeypatch.setattr(publisher._outbox, "append", refuse)
    with pytest.raises(DeviceError, match=FaultCode.OUTBOX_FULL):
        publisher.commit(record(visit=VISIT))
    assert len(asked) == 1


def test_what_a_message_cannot_hold_is_named_without_its_content() -> None:
    """Whoever logs such an error logs nothing personal."""
    with pytest.raises(ValidationError) as raised:
        Eligibility(code=EligibilityCode.VALID, detail={"Name": "例示　花子"}, flags=("例示　花子",))  # type: ignore[arg-type]  # the point
    assert "flags" in str(raised.value)
    assert "花子" not in str(raised.value)
