"""docs/gateway.yaml is a valid OpenAPI 3.1 document and says what the code does."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from firmware.core.challenge import Challenge, ChallengePurpose
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, Env, Method
from firmware.eligibility import answers, wire
from firmware.eligibility.answers import CODES
from firmware.eligibility.codes import TABLES, Validity
from firmware.eligibility.evidence import Kind
from firmware.eligibility.fields import Wire
from firmware.eligibility.model import Confirmation, Coverage
from firmware.eligibility.parts import (
    Consents,
    ElderlyRecipient,
    LimitCertificate,
    MedicalTicket,
    SpecificDiseaseCertificate,
)
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


GROUPS = {
    "Result": Confirmation,
    "Coverage": Coverage,
    "CoverageConsents": Consents,
    "ElderlyRecipient": ElderlyRecipient,
    "LimitCertificate": LimitCertificate,
    "SpecificDiseaseCertificate": SpecificDiseaseCertificate,
    "MedicalTicket": MedicalTicket,
}
BESIDE = {"Result": {"QualificationConfirmSearchInfo", "ResultList"}}
TABLE_OF = {table: number for number, table in TABLES.items()}
FORMS = {"day": "Date", "moment": "Moment"}


@pytest.mark.parametrize("name", GROUPS)
def test_members_of_each_group_are_those_of_the_model(schemas: dict[str, Any], name: str) -> None:
    wires = {each.metadata["wire"].name: each.metadata["wire"] for each in fields(GROUPS[name]) if each.metadata}
    documented = schemas[name]["properties"]
    assert set(documented) == set(wires) | BESIDE.get(name, set())
    for member, wire_ in wires.items():
        assert_same_form(documented[member], wire_, member)


def assert_same_form(schema: dict[str, Any], wire_: Wire, member: str) -> None:
    """The document allows nothing that the device's model refuses."""
    if wire_.code is not None:
        assert f"table {TABLE_OF[wire_.code]}" in schema["description"], member
    if wire_.kind in FORMS:
        assert schema["$ref"].endswith(f"/{FORMS[wire_.kind]}"), member
    if wire_.group is not None:
        held = schema["items"] if wire_.kind == "list" else schema
        assert GROUPS[held["$ref"].rpartition("/")[2]] is wire_.group, member
        assert schema.get("maxItems", 0) == (wire_.most if wire_.kind == "list" else 0), member
    if "maxLength" in schema:
        assert schema["maxLength"] <= wire_.most, member


def test_code_and_validity_agree_in_the_document_as_in_the_device() -> None:
    text = DOCUMENT["info"]["description"]
    rows = re.findall(r"^\| ([a-z-]+) \| ([0-9])[ ;]", text, re.MULTILINE)
    told = {EligibilityCode(code): Validity(validity) for code, validity in rows}
    assert told == dict(answers._OF_VALIDITY)


def test_each_signed_body_has_its_path(schemas: dict[str, Any]) -> None:
    operations = [path[method] for path in DOCUMENT["paths"].values() for method in ("post", "put") if method in path]
    bodies = [each["requestBody"]["content"].get("application/jose", {}).get("schema") for each in operations]
    signed = {
        re.findall(r"`typ` ([a-z+-]+)", body["description"])[0]: body["contentSchema"]["$ref"].rpartition("/")[2]
        for body in bodies
        if body is not None
    }
    assert set(signed) == {kind.value for kind in Kind}
    assert set(signed.values()) <= set(schemas)


def test_no_comma_ends_a_description_early() -> None:
    assert list(_nothings(DOCUMENT)) == []


def _nothings(node: object) -> Iterator[str]:
    """Members without a value: what YAML makes of an unquoted comma in braces."""
    for name, value in node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ()):
        if value is None:
            yield str(name)
        yield from _nothings(value)


def test_this_version_is_in_the_table_of_versions() -> None:
    minor = DOCUMENT["info"]["version"].rpartition(".")[0]
    assert re.search(rf"^\| {re.escape(minor)} \|", DOCUMENT["info"]["description"], re.MULTILINE)


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
