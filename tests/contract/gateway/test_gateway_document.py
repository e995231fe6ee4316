"""docs/gateway.yaml is a valid OpenAPI 3.1 document and says what the code does."""

import hashlib
import re
from dataclasses import fields
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from firmware.core.challenge import Challenge, ChallengePurpose
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, Env, Method
from firmware.eligibility import wire
from firmware.eligibility.model import CODES, Coverage
from firmware.sim.gateway.problems import STATUSES

from .document import DOCUMENT


@pytest.fixture
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["schemas"]
    return found


def test_document_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_codes_are_those_of_the_model(schemas: dict[str, Any]) -> None:
    assert set(schemas["Code"]["enum"]) == {code.value for code in CODES}


def test_closed_lists_are_those_of_core(schemas: dict[str, Any]) -> None:
    request = schemas["LookUpRequest"]["allOf"][1]
    assert request["properties"]["method"]["enum"] == [method.value for method in Method]
    assert schemas["Env"]["enum"] == [env.value for env in Env]
    assert schemas["Claims"]["properties"]["clock"]["enum"] == [state.value for state in ClockState]


def test_coverage_members_are_those_of_the_model(schemas: dict[str, Any]) -> None:
    documented = schemas["Coverage"]["properties"]
    assert set(documented) == {each.metadata["wire"] for each in fields(Coverage)}
    for each in fields(Coverage):
        schema = documented[each.metadata["wire"]]
        pattern: re.Pattern[str] = each.metadata["pattern"]
        if "maxLength" in schema:
            assert pattern.fullmatch("字" * schema["maxLength"])
            assert not pattern.fullmatch("字" * (schema["maxLength"] + 1))


def test_problem_types_are_those_of_the_simulator_with_their_statuses(schemas: dict[str, Any]) -> None:
    assert schemas["ProblemType"]["enum"] == [f"/problems/{kind}" for kind in STATUSES]
    rows = re.findall(r"^\| ([a-z-]+) \| ([0-9]{3}) \|", schemas["ProblemType"]["description"], re.MULTILINE)
    assert {kind: int(status) for kind, status in rows} == dict(STATUSES)


def test_problems_that_the_client_tells_apart_are_documented() -> None:
    assert set(wire._FAULT_OF_PROBLEM) <= set(STATUSES)


def test_challenge_example_is_core_s_text_and_digest() -> None:
    description = DOCUMENT["info"]["description"]
    example = re.search(r"```\n(madoguchi-challenge-v1\npin\n.*?)\n```", description, re.DOTALL)
    assert example is not None
    text = example[1]
    _, _, device, visit, identity, nonce, taken = text.split("\n")
    challenge = Challenge(identity, nonce, device, VisitId(visit), int(taken), offline=False)
    assert challenge.text(ChallengePurpose.PIN) == text
    assert hashlib.sha256(text.encode()).hexdigest() in description
