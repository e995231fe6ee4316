"""The whole bundle: valid for every outcome and hostile text, its addresses, its remarks, the page, and being off."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, ConsentAnswer, EligibilityCode, VisitOutcome, VisitSummary
from firmware.core.queries import NumberQuery, ReceptionQuery
from firmware.core.result import ConsentTimes, QueryRecord, RecordKind, VisitRecord
from firmware.eligibility.fhir_check import validate
from firmware.eligibility.fhir_part import FhirPart
from firmware.eligibility.model import Confirmation, read_confirmation, to_detail
from tests.unit.eligibility.fhir_case import (
    EXAMPLE,
    PERSON,
    VISIT,
    WHEN,
    answer,
    example,
    made,
    one,
    page,
    several,
)
from tests.unit.eligibility.fhir_profile import broken

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "fhir.md"


def issues(of: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    found = [issue for each in several(of, "OperationOutcome") for issue in each["issue"]]
    return [
        (
            each["code"],
            each["details"].get("text") or each["details"]["coding"][0]["code"],
            each.get("diagnostics"),
        )
        for each in found
    ]


@pytest.mark.parametrize("code", EligibilityCode)
@pytest.mark.parametrize("confirmation", [None, Confirmation(), answer(), answer(PERSON), answer(PERSON, PERSON)])
def test_every_code_is_valid_fhir_whatever_was_answered(code: EligibilityCode, confirmation: Confirmation) -> None:
    bundle = made(confirmation, code, *EligibilityFlag)
    validate(bundle)
    assert len(several(bundle, "Patient")) == 1
    assert broken(bundle) == []


def test_the_same_visit_has_the_same_bytes_and_another_visit_other_addresses() -> None:
    assert example() == example()
    other = made(answer(PERSON), visit="f" * 32)
    assert not {each["fullUrl"] for each in other["entry"]} & {each["fullUrl"] for each in example()["entry"]}


def test_flags_are_issues() -> None:
    assert issues(made(None, EligibilityCode.NONE, *EligibilityFlag)) == [
        ("business-rule", flag.value, None) for flag in EligibilityFlag
    ]


def test_nothing_to_say_no_outcome() -> None:
    assert several(example(), "OperationOutcome") == []


def test_what_was_not_understood_survives_as_an_issue() -> None:
    coverage = {
        **PERSON,
        "InsuredCardExpirationDate": "20261399",
        "InsuredPartialContributionRatio": "3 wari",
        "LimitApplicationCertificateRelatedInfo": {"LimitApplicationCertificateClassificationFlag": "Z99"},
        "TestInfoConsFlg": "8",
    }
    bundle = made(answer(coverage, QualificationValidity="7"))
    validate(bundle)
    assert issues(bundle) == [
        ("value", "QualificationValidity", "7"),
        ("value", "InsuredCardExpirationDate", "20261399"),
        ("value", "InsuredPartialContributionRatio", "3 wari"),
        ("value", "LimitApplicationCertificateClassificationFlag", "Z99"),
        ("value", "TestInfoConsFlg", "8"),
    ]


def test_days_that_contradict_each_other_are_an_issue() -> None:
    bundle = made(answer({**PERSON, "DisqualificationDate": "20200401"}), EligibilityCode.INVALID)
    assert [each[0] for each in issues(bundle)] == ["invariant"]
    assert "benefitPeriod" not in one(bundle, "CoverageEligibilityResponse")["insurance"][0]


@pytest.mark.parametrize("other", [{"Birthdate": "19700101"}, {"Sex1": "1"}])
def test_results_of_two_people_are_left_out(other: dict[str, str]) -> None:
    bundle = made(answer(PERSON, {**PERSON, **other}), EligibilityCode.VALID_SEVERAL)
    validate(bundle)
    assert several(bundle, "Coverage") == []
    assert one(bundle, "Patient").keys() == {"resourceType", "meta", "identifier"}
    assert [each[0] for each in issues(bundle)] == ["conflict"]
    assert "窓口" not in json.dumps(bundle, ensure_ascii=False)


@pytest.mark.parametrize("code", [EligibilityCode.IDENTITY_CONFLICT, EligibilityCode.CONTRADICTORY])
def test_nothing_of_an_answer_that_is_not_believed_goes_in(code: EligibilityCode) -> None:
    bundle = made(answer(PERSON, ProcessingResultMessage="窓口 花子", QualificationValidity="7"), code)
    text = json.dumps(bundle, ensure_ascii=False)
    assert not any(word in text for word in ("窓口", "K-1001", "1954-02-03", "06130017"))


def test_the_bound_of_an_answer_bounds_the_bundle() -> None:
    """8 results of the longest texts: what a message has to hold at most, about."""
    wide = {**PERSON, **dict.fromkeys(("Name", "NameKana", "NameOfOther", "InsurerName", "InsuredName"), "龍" * 120)}
    consents = {f"{name}ConsFlg": "1" for name in ("TestInfo", "AllergyInfo", "PharmacistsInfo", "OperationInfo")}
    bundle = made(answer(*[{**wide, **consents, "ReferenceNumber": f"K{index}"} for index in range(8)]))
    assert len(json.dumps(bundle, ensure_ascii=False).encode()) < 64 * 1024


# ---- check and part ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "member", "value"),
    [
        ("Coverage", "status", "perhaps"),
        ("Coverage", "payor", None),
        ("CoverageEligibilityResponse", "created", "yesterday"),
        ("Consent", "scope", None),
        ("Patient", "favouriteColour", "blue"),
    ],
)
def test_the_check_finds_what_is_wrong_and_says_nothing_of_its_value(kind: str, member: str, value: Any) -> None:
    bundle = example()
    found = several(bundle, kind)[0]
    found[member] = value
    if value is None:
        del found[member]
    with pytest.raises(DeviceError) as raised:
        validate(bundle)
    assert raised.value.code is FaultCode.FHIR_INVALID
    assert member in raised.value.detail
    assert not any(word in str(raised.value) for word in ("perhaps", "yesterday", "blue", "窓口"))
    assert raised.value.__cause__ is None


def record(detail: dict[str, Any] | None) -> VisitRecord:
    summary = VisitSummary(VisitOutcome.IDENTIFIED, 0.0, eligibility=EligibilityCode.VALID, consent=ConsentAnswer.GIVEN)
    times = ConsentTimes(WHEN - 5, WHEN - 5 + 86_400)
    visit = VisitId(VISIT)
    return VisitRecord(visit, RecordKind.RESULT, summary, WHEN - 60, WHEN, ClockState.SYNCED, times, detail)


def test_a_visits_record_makes_the_same_bundle() -> None:
    checked: list[dict[str, Any]] = []
    part = FhirPart("1319999999", checked.append)
    detail = to_detail(read_confirmation(EXAMPLE))
    assert part.visit(record(detail)) == example()
    assert checked == [example()]


def test_a_visit_without_an_answer_has_a_bundle_too() -> None:
    bundle: dict[str, Any] = FhirPart(None, validate).visit(record(None))
    assert several(bundle, "Coverage") == []


def test_a_querys_record() -> None:
    number = NumberQuery("06130017", "1234", read_confirmation(EXAMPLE).coverages[0].birth_date)
    query = ReceptionQuery(VisitId(VISIT), "desk", "jti-00001", number, "a.b.c")
    detail = to_detail(read_confirmation(EXAMPLE))
    made_of = QueryRecord(query, EligibilityCode.VALID, (), detail, WHEN - 3, WHEN, ClockState.SYNCED)
    bundle: dict[str, Any] = FhirPart("1319999999", validate).query(made_of)
    assert [item["resource"]["resourceType"] for item in bundle["entry"]].count("Consent") == 1
    assert one(bundle, "Coverage") == one(example(), "Coverage")


@pytest.mark.parametrize("detail", [{"ResultList": 7}, {"ResultList": [{"Sex1": "1"}]}, {"ErrorCode": None}])
def test_a_detail_that_cannot_be_read_is_refused(detail: dict[str, Any]) -> None:
    with pytest.raises(DeviceError) as raised:
        FhirPart(None, validate).visit(record(detail))
    assert raised.value.code is FaultCode.FHIR_INVALID


# ---- off, and the page -------------------------------------------------------------------------------------------


def test_nothing_is_imported_when_off() -> None:
    """The publisher's path and the part itself do without the library; only the check imports it."""
    program = (
        "import sys, firmware.publish.service, firmware.publish.mqtt, firmware.eligibility.fhir_part\n"
        "found = {name.partition('.')[0] for name in sys.modules} & {'fhir', 'fhir_core'}\n"
        "assert not found, found\n"
        "import firmware.eligibility.fhir_check\n"
        "assert 'fhir' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)


def test_the_library_is_imported_in_one_file_and_that_file_nowhere_at_the_top() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "firmware").rglob("*.py")}
    users = [path.name for path, text in texts.items() if re.search(r"^\s*(?:from|import) fhir\b", text, re.MULTILINE)]
    assert users == ["fhir_check.py"]
    early = r"^(?:from|import) .*fhir_check"
    assert [path.name for path, text in texts.items() if re.search(early, text, re.MULTILINE)] == []


def test_the_page_names_every_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [code.value for code in EligibilityCode if f"`{code.value}`" not in text] == []


def test_the_page_shows_the_example_as_it_is_made() -> None:
    validate(example())
    (shown,) = re.findall(r"^```json\n(.*?)\n```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert shown == page(), "print it anew: python -m tests.unit.eligibility.fhir_case"
