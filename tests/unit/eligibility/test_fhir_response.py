"""CoverageEligibilityResponse: every outcome, every certificate and table, and who asked."""

from typing import Any

import pytest

from firmware.core.outcomes import EligibilityCode
from firmware.eligibility import codes
from firmware.eligibility.fhir_check import validate
from firmware.eligibility.fhir_terms import NAMES
from tests.unit.eligibility.fhir_case import PERSON, VISIT, answer, example, made, one

FORCE = {
    "valid": True,
    "valid-several": True,
    "valid-unregistered": True,
    "invalid": False,
    "invalid-new-exists": False,
}
HEADER = {"ErrorCode": "E0001", "ErrorMessage": "架空の異常", "ProcessingResultCode": "P 12"}


def response(code: EligibilityCode, *coverages: dict[str, Any], **header: str) -> dict[str, Any]:
    bundle = made(answer(*coverages, **header), code)
    validate(bundle)
    return one(bundle, "CoverageEligibilityResponse")


def items(**members: Any) -> dict[str, dict[str, Any]]:
    """By category; each as the response has it."""
    found = response(EligibilityCode.VALID, {**PERSON, "InsuredPartialContributionRatio": "", **members})
    listed = found["insurance"][0].get("item", [])
    return {each["category"]["coding"][0]["code"]: each for each in listed}


def modifiers(item: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (each["coding"][0]["system"].rpartition("/")[2], each["coding"][0]["code"])
        if "coding" in each
        else ("text", each["text"])
        for each in item["modifier"]
    ]


@pytest.mark.parametrize("code", [each for each in EligibilityCode if each is not EligibilityCode.NOT_ASKED])
def test_every_code(code: EligibilityCode) -> None:
    found = response(code, PERSON, **HEADER)
    assert found["extension"][0]["valueCode"] == code.value
    assert [each.get("inforce") for each in found.get("insurance", [])] in (
        [FORCE.get(code.value)] if code.value in FORCE or code is EligibilityCode.SEVERAL else [None],
        [],
    )
    assert ("error" in found) == (found["outcome"] in {"error", "partial"})


def test_only_the_national_word_is_not_in_force() -> None:
    said = {
        code: {each.get("inforce") for each in response(code, PERSON).get("insurance", [])}
        for code in EligibilityCode
        if code is not EligibilityCode.NOT_ASKED
    }
    assert {code.value for code, words in said.items() if False in words} == {"invalid", "invalid-new-exists"}
    assert {code.value for code, words in said.items() if True in words} == {
        "valid",
        "valid-several",
        "valid-unregistered",
    }


def test_not_asked_has_no_response() -> None:
    bundle = made(None, EligibilityCode.NOT_ASKED)
    validate(bundle)
    assert [each["resource"]["resourceType"] for each in bundle["entry"]] == ["Patient"]


def test_pending_is_queued_and_unreachable_is_an_error_without_results() -> None:
    assert response(EligibilityCode.PENDING)["outcome"] == "queued"
    found = response(EligibilityCode.NOT_REACHABLE, PERSON)
    assert (found["outcome"], found["disposition"]) == ("error", "not-reachable")
    assert "insurance" not in found


def test_the_national_error_is_passed_on() -> None:
    found = response(EligibilityCode.PROCESSING_ERROR, **HEADER)
    (error,) = found["error"]
    assert [each["code"] for each in error["code"]["coding"]] == ["processing-error", "P 12", "E0001"]
    assert (error["code"]["text"], found["disposition"]) == ("架空の異常", "架空の異常")


def test_an_error_code_that_is_no_code_is_left_out() -> None:
    found = response(EligibilityCode.PROCESSING_ERROR, ProcessingResultCode="a  b")
    assert [each["code"] for each in found["error"][0]["code"]["coding"]] == ["processing-error"]


def test_who_asked_when_and_for_what() -> None:
    found = one(example(), "CoverageEligibilityResponse")
    assert found["requestor"]["identifier"] == {
        "system": "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no",
        "value": "1319999999",
    }
    assert found["request"]["identifier"]["value"] == VISIT
    assert (found["servicedDate"], found["created"]) == ("2026-11-22", "2026-11-22T09:30:10+09:00")
    assert found["insurer"]["identifier"]["value"] == "06130017"


def test_the_setting_stands_above_the_answers_institution() -> None:
    confirmation = answer(PERSON, MedicalInstitutionCode="1119999991")
    for facility, value in ((None, "1119999991"), ("1319999999", "1319999999")):
        found = one(made(confirmation, facility=facility), "CoverageEligibilityResponse")
        assert found["requestor"]["identifier"]["value"] == value
    assert "requestor" not in one(made(answer(PERSON)), "CoverageEligibilityResponse")


def test_several_insurers_are_answered_for_by_the_national_system() -> None:
    found = response(EligibilityCode.VALID_SEVERAL, PERSON, {**PERSON, "InsurerNumber": "39130018"})
    assert "identifier" not in found["insurer"]
    assert response(EligibilityCode.NONE)["insurer"] == found["insurer"]
    nameless = {**PERSON, "InsurerNumber": "", "InsurerName": ""}
    assert response(EligibilityCode.VALID_SEVERAL, PERSON, nameless)["insurer"] == found["insurer"]


@pytest.mark.parametrize("ended", [{"DisqualificationDate": "20250401"}, {"ReasonOfLoss": "03"}])
def test_one_word_for_several_says_nothing_of_one_that_ended(ended: dict[str, str]) -> None:
    header = {"QualificationConfirmationDate": "20261122"}
    found = response(EligibilityCode.VALID_SEVERAL, PERSON, {**PERSON, **ended}, **header)
    assert [each.get("inforce") for each in found["insurance"]] == [True, None]
    assert response(EligibilityCode.VALID, {**PERSON, **ended}, **header)["insurance"][0]["inforce"] is True


def test_benefit_period_ends_on_the_last_day_with() -> None:
    found = response(EligibilityCode.INVALID, {**PERSON, "DisqualificationDate": "20260401"})
    assert found["insurance"][0]["benefitPeriod"] == {"start": "2024-04-01", "end": "2026-03-31"}


def test_burden_ratio() -> None:
    (benefit,) = items(InsuredPartialContributionRatio="030")["burden-ratio"]["benefit"]
    assert (benefit["type"]["coding"][0]["code"], benefit["allowedUnsignedInt"]) == ("copay-percent", 30)
    assert items() == {}


def test_elderly_recipient() -> None:
    group = {"ElderlyRecipientContributionRatio": "020", "ElderlyRecipientValidEndDate": "20270731"}
    benefits = items(ElderlyRecipientCertificateInfo=group)["elderly-recipient"]["benefit"]
    assert [each.get("allowedUnsignedInt", each.get("allowedString")) for each in benefits] == [20, "2027-07-31"]


@pytest.mark.parametrize("flag", [*codes.LimitFlag, "Z99"])
@pytest.mark.parametrize("kind", [*codes.LimitClass, "09"])
def test_every_limit_class(kind: str, flag: str) -> None:
    group = {
        "LimitApplicationCertificateClassification": str(kind),
        "LimitApplicationCertificateClassificationFlag": str(flag),
    }
    item = items(LimitApplicationCertificateRelatedInfo=group)["limit-certificate"]
    assert modifiers(item) == [
        ("text" if kind == "09" else "oqscd011", str(kind)),
        ("text" if flag == "Z99" else "oqscd012", str(flag)),
    ]


@pytest.mark.parametrize("disease", codes.SpecificDisease)
def test_every_specific_disease(disease: codes.SpecificDisease) -> None:
    group = {"SpecificDiseasesDiseaseCategory": disease.value, "SpecificDiseasesSelfPay": "010000"}
    item = items(SpecificDiseasesCertificateList={"SpecificDiseasesCertificateInfo": group})["specific-disease"]
    assert modifiers(item) == [("oqscd013", disease.value)]
    assert item["benefit"][0]["allowedMoney"] == {"value": 10000, "currency": "JPY"}


def test_medical_ticket_without_its_diseases() -> None:
    group = {"TicketType": "01", "MedicalTreatmentType": "77", "InjuryName1": "架空病", "SelfPayAmount": "0"}
    item = items(PublicExpenseResultList={"MedicalTicketInfo": group})["medical-ticket"]
    assert modifiers(item) == [("oqscd018", "01"), ("text", "77")]
    assert item["benefit"][0]["allowedMoney"]["value"] == 0
    assert "架空病" not in str(item)


@pytest.mark.parametrize("reason", codes.ReasonOfLoss)
def test_every_reason_of_loss(reason: codes.ReasonOfLoss) -> None:
    assert modifiers(items(ReasonOfLoss=reason.value)["reason-of-loss"]) == [("oqscd008", reason.value)]


def test_preschool() -> None:
    assert modifiers(items(PreschoolClassification="1")["preschool"]) == [("oqscd015", "1")]


def test_every_code_that_appears_as_a_coding_has_a_name() -> None:
    for table, names in NAMES.items():
        assert set(names) <= set(table), table
        if table is not codes.CareType:  # the meaning of some is not known
            assert set(names) == set(table), table
