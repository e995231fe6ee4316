"""The gateway's answer as values: bounds, members nobody knows, the outcome, and what contradicts itself."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility.answers import CODES, parse_answer, settled
from firmware.eligibility.rules import ChipIdentity
from firmware.ports import EligibilityAnswer

TODAY = date(2026, 5, 1)
PERSON: dict[str, Any] = {"Birthdate": "19721103", "Sex1": "1", "InsuredPartialContributionRatio": "030"}
OTHER: dict[str, Any] = {**PERSON, "Birthdate": "19721104"}


def final(code: str = "valid", **result: Any) -> dict[str, Any]:
    return {"code": code, "registration_offered": False, "result": result}


def refused(members: dict[str, Any]) -> str:
    with pytest.raises(DeviceError) as raised:
        parse_answer(members)
    assert raised.value.code is FaultCode.GATEWAY_BAD_ANSWER
    return raised.value.detail


def outcome(members: dict[str, Any], chip: ChipIdentity | None = None) -> EligibilityAnswer:
    return settled(parse_answer(members), chip or ChipIdentity(), TODAY)


# ---- bounds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"code": "identity-conflict"},
        {"code": "valid-several"},
        {"code": "perhaps"},
        {"code": 1},
        {"code": None},
        {"result": []},
        {"result": {"ResultList": ["x"]}},
        {"result": {"ResultList": 7}},
        {"result": {"ResultList": [7]}},
        {"result": {"ResultList": [PERSON] * 9}},
        {"result": {"ResultList": [PERSON], "QualificationValidity": 1}},
        {"result": {"ResultList": [{**PERSON, "PublicExpenseResultList": {"MedicalTicketInfo": 7}}]}},
        {"result": {"ResultList": [{**PERSON, "PublicExpenseResultList": [7]}]}},
        {"result": {"ResultList": [{**PERSON, "LimitApplicationCertificateRelatedInfo": "A03"}]}},
        {"result": {"ResultList": [{**PERSON, "Name": ["x"]}]}},
        {"result": {"ResultList": [{"Sex1": "1"}]}},
        {"result": {"ResultList": [{**PERSON, "Sex1": "4"}]}},
        {"registration_offered": True},
        {"registration_offered": "no"},
        {"registration_offered": None},
    ],
)
def test_answer_that_the_document_does_not_allow(members: dict[str, Any]) -> None:
    refused({**final(ResultList=[PERSON]), **members})


@pytest.mark.parametrize("value", [7, True, "窓" * 401, "a\x1b[2J", "\ud800"])
def test_member_out_of_bounds_is_named_but_not_shown(value: object) -> None:
    assert refused(final(ResultList=[{**PERSON, "Name": value}])) == "member Name"


def test_members_nobody_knows_are_ignored_whatever_they_are() -> None:
    unknown = {"Colour": "blue", "Weight": 70, "Tags": [1, {"a": None}], "Nested": {"b": 2.5}, "Name": None}
    answer = outcome(final(ResultList=[{**PERSON, **unknown}], Speed=3))
    assert answer.code is EligibilityCode.VALID
    assert answer.detail == {"QualificationValidity": "1", "ResultList": [PERSON]}


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_code_is_taken(code: str) -> None:
    assert parse_answer(final(code)).code is EligibilityCode(code)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["ResultList", "Birthdate", "Sex1", "Name", "QualificationValidity", "PublicExpenseResultList"]
RESULTS = st.dictionaries(
    st.sampled_from([*NAMES, "MedicalTicketInfo", "ResultOfQualificationConfirmation"]), JSON_VALUES
)


@given(RESULTS, st.sampled_from(sorted(CODES)), RESULTS)
def test_whatever_comes_is_an_outcome_or_a_fault(result: dict[str, Any], code: str, coverage: dict[str, Any]) -> None:
    members = final(code, **{"ResultList": [{**PERSON, **coverage}], **result})
    assert found_of(members) in {FaultCode.GATEWAY_BAD_ANSWER, *EligibilityCode}


def found_of(members: dict[str, Any]) -> FaultCode | EligibilityCode:
    try:
        return outcome(members).code
    except DeviceError as error:
        return error.code


# ---- outcome ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "code"),
    [
        (final("valid", ResultList=[PERSON]), "valid"),
        (final("valid", QualificationValidity="1", ResultList=[PERSON]), "valid"),
        (final("valid", ResultList=[PERSON, PERSON]), "valid-several"),
        (final("valid", QualificationValidity="6", ResultList=[PERSON]), "valid-unregistered"),
        (final("invalid", ResultList=[PERSON]), "invalid"),
        (final("invalid"), "invalid"),
        (final("invalid-new-exists", QualificationValidity="3"), "invalid-new-exists"),
        (final("none", ResultList=[]), "none"),
        (final("several"), "several"),
        (final("not-registered"), "not-registered"),
        (final("pending"), "pending"),
        (final("pending", SegmentOfResult="2"), "pending"),
        (final("refused", SegmentOfResult="9", ErrorCode="E1"), "refused"),
        (final("not-reachable"), "not-reachable"),
        (final("not-reachable", SegmentOfResult="9", ErrorCode="E1"), "exchange-error"),
        (final("not-reachable", ProcessingResultStatus="2"), "processing-error"),
        ({"code": "none", "registration_offered": False}, "none"),
    ],
)
def test_code_and_members_that_agree(members: dict[str, Any], code: str) -> None:
    assert outcome(members).code is EligibilityCode(code)


@pytest.mark.parametrize(
    "members",
    [
        final("valid"),
        final("valid", ResultList=[]),
        final("valid", QualificationValidity="2", ResultList=[PERSON]),
        final("valid", QualificationValidity="7", ResultList=[PERSON]),
        final("valid", SegmentOfResult="9", ResultList=[PERSON]),
        final("valid", ProcessingResultStatus="2", ResultList=[PERSON]),
        final("valid", ResultList=[PERSON, OTHER]),
        final("invalid", QualificationValidity="1", ResultList=[PERSON]),
        final("invalid", QualificationValidity="3"),
        final("none", ResultList=[PERSON]),
        final("several", QualificationValidity="4"),
        final("not-registered", ResultList=[PERSON]),
        final("not-reachable", QualificationValidity="1"),
        final("not-reachable", SegmentOfResult="9", ResultList=[PERSON]),
        final("refused", QualificationValidity="2"),
        final("pending", ResultList=[PERSON]),
    ],
)
def test_answer_that_contradicts_itself_is_not_believed(members: dict[str, Any]) -> None:
    answer = outcome(members)
    assert answer.code is EligibilityCode.CONTRADICTORY
    assert answer.detail is None
    assert EligibilityFlag.CONTRADICTION in answer.flags


@pytest.mark.parametrize("code", ["valid", "invalid", "none", "refused"])
def test_another_person_is_a_conflict_before_anything_else(code: str) -> None:
    chip = ChipIdentity(b"19721103", b"1")
    answer = outcome(final(code, QualificationValidity="4", ResultList=[PERSON, OTHER]), chip)
    assert answer == EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT)


def test_registration_is_offered_with_its_code_only() -> None:
    answer = outcome({"code": "not-registered", "registration_offered": True})
    assert answer == EligibilityAnswer(EligibilityCode.NOT_REGISTERED, registration_offered=True)


def test_clock_that_is_unknown_is_said() -> None:
    answer = settled(parse_answer(final(ResultList=[PERSON])), ChipIdentity(), None)
    assert answer.code is EligibilityCode.VALID
    assert EligibilityFlag.DATES_NOT_CHECKED in answer.flags


def test_no_personal_data_in_reprs() -> None:
    answer = parse_answer(final(ResultList=[{**PERSON, "Name": "窓口 太郎"}]))
    assert "窓口" not in repr((answer, answer.confirmation))
