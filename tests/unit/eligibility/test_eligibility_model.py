"""The gateway's answer as values: bounds on every member, unknown ones dropped, the rest unchanged on its way back."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility.model import CODES, Coverage, parse_answer, parse_coverage

PERSON: dict[str, Any] = {"Birthdate": "19721103", "Sex1": "1"}
FULL: dict[str, Any] = {
    **PERSON,
    "InsuredCardClassification": "01",
    "InsurerNumber": "06130017",
    "InsurerName": "架空健康保険組合",
    "InsuredCardSymbol": "9901",
    "InsuredIdentificationNumber": "100001",
    "InsuredBranchNumber": "00",
    "PersonalFamilyClassification": "1",
    "InsuredName": "窓口 太郎",
    "Name": "窓口 ●郎",
    "NameOfOther": "",
    "NameKana": "ﾏﾄﾞｸﾞﾁ ﾀﾛｳ",
    "NameOfOtherKana": "ﾏﾄﾞ",
    "Sex2": "1",
    "Address": "空想県見本市架空町1-2-3",
    "PostNumber": "000-0000",
    "QualificationDate": "20240401",
    "DisqualificationDate": "20260331",
    "InsuredCertificateIssuanceDate": "20240401",
    "InsuredCardValidDate": "20240401",
    "InsuredCardExpirationDate": "20290331",
    "InsuredPartialContributionRatio": "030",
    "PreschoolClassification": "1",
    "ReasonOfLoss": "03",
    "ReferenceNumber": "R-1",
}


def final(**members: Any) -> dict[str, Any]:
    return {"code": "valid", "registration_offered": False, "result": {"ResultList": [PERSON]}, **members}


def refused(members: dict[str, Any]) -> str:
    with pytest.raises(DeviceError) as raised:
        parse_answer(members)
    assert raised.value.code is FaultCode.GATEWAY_BAD_ANSWER
    return raised.value.detail


def test_every_member_comes_back_unchanged() -> None:
    assert set(FULL) == {each.metadata["wire"] for each in fields(Coverage)}
    assert parse_coverage(FULL).to_detail() == FULL


def test_absent_members_stay_absent_and_unknown_ones_are_dropped() -> None:
    assert parse_coverage({**PERSON, "FavouriteColour": "blue", "Name": None}).to_detail() == PERSON


def test_burden_ratio_is_per_cent() -> None:
    assert parse_coverage(FULL).burden_percent == 30
    assert parse_coverage(PERSON).burden_percent is None


@pytest.mark.parametrize("wire", [each.metadata["wire"] for each in fields(Coverage)])
@pytest.mark.parametrize("value", [7, ["x"], "x" * 401, "a\nb", "\x1b[2J", "\ud800"])
def test_member_out_of_bounds_is_named_but_not_shown(wire: str, value: object) -> None:
    detail = refused(final(result={"ResultList": [{**PERSON, wire: value}]}))
    assert detail == f"member {wire}"


@pytest.mark.parametrize("wire", ["Birthdate", "Sex1"])
def test_what_the_chip_is_compared_with_must_be_there(wire: str) -> None:
    person = {name: value for name, value in PERSON.items() if name != wire}
    assert refused(final(result={"ResultList": [person]})) == f"member {wire}"


@pytest.mark.parametrize(
    "members",
    [
        {"code": "identity-conflict"},
        {"code": "not-asked"},
        {"code": "perhaps"},
        {"code": 1},
        {"code": None},
        {"result": []},
        {"result": {"ResultList": {}}},
        {"result": {"ResultList": ["x"]}},
        {"result": {"ResultList": [PERSON] * 9}},
        {"result": {"ResultList": [PERSON], "QualificationValidity": 1}},
        {"result": {"ResultList": [PERSON], "QualificationConfirmationDate": "2026-04-01"}},
        {"result": {"ResultList": []}},
        {"result": {}},
        {"registration_offered": True},
        {"registration_offered": "no"},
        {"registration_offered": None},
    ],
)
def test_answer_that_the_document_does_not_allow(members: dict[str, Any]) -> None:
    refused(final(**members))


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_code_is_taken(code: str) -> None:
    assert parse_answer(final(code=code)).code is EligibilityCode(code)


def test_registration_is_offered_with_its_code_only() -> None:
    answer = parse_answer({"code": "not-registered", "registration_offered": True})
    assert answer.registration_offered
    assert answer.to_detail() == {}


def test_detail_has_the_answer_s_own_members_and_all_coverages() -> None:
    own = {"QualificationConfirmationDate": "20260401", "QualificationValidity": "1", "ProcessingResultMessage": "済"}
    answer = parse_answer(final(result={**own, "ResultList": [FULL, PERSON], "Other": "x"}))
    assert answer.to_detail() == {**own, "ResultList": [FULL, PERSON]}


def test_no_personal_data_in_reprs() -> None:
    answer = parse_answer(final(result={"ResultList": [FULL]}))
    assert "窓口" not in repr(answer)
    assert "19721103" not in repr(answer.coverages)


def outcome(members: dict[str, Any]) -> FaultCode | None:
    try:
        parse_answer(members)
    except DeviceError as error:
        return error.code
    return None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["code", "registration_offered", "result", "ResultList", "Birthdate", "Sex1", "Name"])


@given(st.dictionaries(NAMES, JSON_VALUES | st.sampled_from(sorted(CODES))))
def test_whatever_comes_is_an_answer_or_a_fault(members: dict[str, Any]) -> None:
    assert outcome(members) in {None, FaultCode.GATEWAY_BAD_ANSWER}
