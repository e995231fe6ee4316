"""Patient and JP Core Coverage: addresses with their odd letter case, full width, days, and what is left out."""

from typing import Any

import pytest

from firmware.core.outcomes import EligibilityCode
from firmware.eligibility import codes
from firmware.eligibility.fhir_check import validate
from firmware.eligibility.fhir_coverage import branch_number, insurer_8
from firmware.eligibility.fhir_terms import NAMES, full_width
from tests.unit.eligibility.fhir_case import PERSON, answer, made, one, several

SYMBOL = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPersonSymbol"


def coverage(**members: Any) -> dict[str, Any]:
    bundle = made(answer({**PERSON, **members}))
    validate(bundle)
    return one(bundle, "Coverage")


def test_jp_core_coverage_as_the_profile_wants_it() -> None:
    found = coverage()
    assert found["meta"] == {"profile": ["http://jpfhir.jp/fhir/core/StructureDefinition/JP_Coverage"]}
    assert found["extension"] == [
        {"url": SYMBOL, "valueString": "９９０１"},
        {"url": SYMBOL.replace("Symbol", "Number"), "valueString": "１２－３４"},
        {"url": SYMBOL.replace("Symbol", "SubNumber"), "valueString": "01"},
    ]
    assert [(each["system"], each["value"]) for each in found["identifier"]] == [
        ("http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID", "06130017:９９０１:１２－３４:01"),
        ("http://jpfhir.jp/fhir/core/IdSystem/JP_Coverage_id", '"06130017","９９０１","１２－３４","01"'),
    ]
    assert (found["subscriberId"], found["dependent"]) == ("９９０１:１２－３４", "01")
    assert found["subscriber"] == {"display": "窓口 太郎"}
    assert found["period"] == {"start": "2025-08-01", "end": "2029-07-31"}


def test_the_payor_is_contained_and_referred_to() -> None:
    found = coverage()
    (insurer,) = found["contained"]
    assert insurer["identifier"] == [
        {"system": "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber", "value": "06130017"}
    ]
    assert insurer["name"] == "架空健康保険組合"
    assert found["payor"] == [{"reference": f"#{insurer['id']}"}]
    assert {each["assigner"]["reference"] for each in found["identifier"]} == {f"#{insurer['id']}"}


def test_an_insurer_of_whom_nothing_is_known_is_said_to_be_unknown() -> None:
    (insurer,) = coverage(InsurerNumber="", InsurerName="")["contained"]
    assert "identifier" not in insurer
    assert "name" not in insurer
    assert insurer["_name"]["extension"][0]["valueCode"] == "unknown"


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ({"InsurerNumber": "130013"}, "00130013:９９０１:１２－３４:01"),
        ({"InsuredCardSymbol": "", "InsuredBranchNumber": ""}, "06130017::１２－３４:"),
        ({"InsuredCardSymbol": "宮 6"}, "06130017:宮６:１２－３４:01"),
        ({"InsuredCardSymbol": 'a":"b'}, "06130017:ａ＂：＂ｂ:１２－３４:01"),
    ],
)
def test_member_id(members: dict[str, str], value: str) -> None:
    identifiers = coverage(**members)["identifier"]
    assert identifiers[0]["value"] == value
    assert identifiers[1]["value"] == ",".join(f'"{each}"' for each in value.split(":"))


@pytest.mark.parametrize("members", [{"InsurerNumber": "１２ab"}, {"InsuredIdentificationNumber": ""}])
def test_without_its_parts_there_is_no_identifier(members: dict[str, str]) -> None:
    assert "identifier" not in coverage(**members)


@pytest.mark.parametrize(
    ("given", "wide"),
    [("9901", "９９０１"), ("ｶﾞ-1", "ガ－１"), ("記 号　1", "記号１"), ("髙①", "髙①"), (" ", None), (None, None)],
)
def test_full_width(given: str | None, wide: str | None) -> None:
    assert full_width(given) == wide


def test_branch_and_insurer_number() -> None:
    assert [branch_number(each) for each in ("1", "00", "０２", "", "x", None)] == ["01", "00", "02", None, None, None]
    assert [insurer_8(each) for each in ("130013", "06130017", "A", None)] == ["00130013", "06130017", None, None]


@pytest.mark.parametrize("relation", codes.PersonFamily)
def test_every_relation(relation: codes.PersonFamily) -> None:
    (coding,) = coverage(PersonalFamilyClassification=relation.value)["relationship"]["coding"]
    assert coding["system"] == "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/InsuredPersonCategory"
    assert coding["code"] == relation.value


@pytest.mark.parametrize("kind", codes.CardClassification)
def test_every_classification(kind: codes.CardClassification) -> None:
    public, national = coverage(InsuredCardClassification=kind.value)["type"]["coding"]
    assert public["code"] == "PUBLICPOL"
    assert (national["system"].rpartition("/")[2], national["code"]) == ("oqscd010", kind.value)
    assert national["display"] == NAMES[codes.CardClassification][kind]


def test_unknown_codes_survive_as_text() -> None:
    found = coverage(InsuredCardClassification="ZZ", PersonalFamilyClassification="7")
    assert found["type"]["text"] == "ZZ"
    assert found["relationship"] == {"text": "7"}


@pytest.mark.parametrize(
    ("members", "period"),
    [
        ({"InsuredCardValidDate": ""}, {"start": "2024-04-01", "end": "2029-07-31"}),
        ({"DisqualificationDate": "20260401"}, {"start": "2025-08-01", "end": "2026-03-31"}),
        ({"DisqualificationDate": "20400401"}, {"start": "2025-08-01", "end": "2029-07-31"}),
        ({"DisqualificationDate": "20200401"}, None),
        ({"DisqualificationDate": "00010101"}, {"start": "2025-08-01", "end": "2029-07-31"}),
    ],
)
def test_days(members: dict[str, str], period: dict[str, str] | None) -> None:
    assert coverage(**members).get("period") == period


@pytest.mark.parametrize("member", ["InsuredCardExpirationDate", "DisqualificationDate"])
def test_an_end_that_was_not_understood_is_not_for_ever(member: str) -> None:
    members = {"InsuredCardExpirationDate": "", member: "20261399"}
    period = coverage(**members)["period"]
    assert "end" not in period
    assert period["_end"]["extension"][0]["valueCode"] == "unknown"


@pytest.mark.parametrize("code", EligibilityCode)
def test_ended_coverages_are_cancelled(code: EligibilityCode) -> None:
    over = code in {EligibilityCode.INVALID, EligibilityCode.INVALID_NEW_EXISTS}
    for each in several(made(answer(PERSON), code), "Coverage"):
        assert each["status"] == ("cancelled" if over else "active")


@pytest.mark.parametrize("sex", codes.Sex)
def test_every_sex(sex: codes.Sex) -> None:
    gender = one(made(answer({**PERSON, "Sex1": sex.value})), "Patient")["gender"]
    assert gender == {"1": "male", "2": "female", "3": "unknown"}[sex.value]


def test_the_patient_has_what_the_answer_has_and_no_address() -> None:
    bundle = made(answer({**PERSON, "NameOfOther": "花"}, {**PERSON, "ReferenceNumber": "K-2"}))
    found = one(bundle, "Patient")
    assert [each["text"] for each in found["name"]] == ["窓口 花子", "マドグチ ハナコ", "花"]
    assert [each["extension"][0]["valueCode"] for each in found["name"]] == ["IDE", "SYL", "IDE"]
    assert [each["value"] for each in found["identifier"]] == ["K-1001", "K-2"]
    assert found["birthDate"] == "1954-02-03"
    assert "空想県" not in str(bundle)
