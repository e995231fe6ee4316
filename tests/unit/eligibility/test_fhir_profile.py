"""What is made is what JP Core and R4 ask for (`fhir_profile`, a table of its own); each of its lines can fail."""

import json
from dataclasses import replace
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcomes import ConsentAnswer, EligibilityCode
from firmware.core.result import ConsentTimes
from firmware.eligibility.fhir_check import validate
from firmware.eligibility.fields import JAPAN, Wire
from firmware.eligibility.model import Confirmation, Coverage
from firmware.eligibility.parts import Consents
from tests.unit.eligibility.fhir_case import DAY, PERSON, WHEN, answer, made, several
from tests.unit.eligibility.fhir_profile import MANY, TABLE, Line, broken, members, parents, resources

T = TypeVar("T")
FULL: dict[str, Any] = {
    **PERSON,
    "DisqualificationDate": "20400401",
    "SpecificDiseasesCertificateList": {
        "SpecificDiseasesCertificateInfo": {"SpecificDiseasesDiseaseCategory": "1", "SpecificDiseasesSelfPay": "010000"}
    },
    "PharmacistsInfoConsFlg": "1",
    "PharmacistsInfoConsTime": "20261122093000",
    "TestInfoConsFlg": "0",
}
HEADER = {"QualificationConfirmationDate": "20261122", "ProcessingResultCode": "P12"}
ODD: dict[str, dict[str, str]] = {
    "never registered here": {"ReferenceNumber": ""},
    "foreign name": {"Name": "ＳＭＩＴＨ　ＡＬＥＸ", "NameOfOther": "Smith  Alex", "NameOfOtherKana": "ｽﾐｽ･ｱﾚｯｸｽ"},
    "character not deliverable": {"Name": "窓●　花子", "NameKana": " ﾏﾄﾞｸﾞﾁ　 ﾊﾅｺ "},
    "no symbol, no branch": {"InsuredCardSymbol": "", "InsuredBranchNumber": ""},
    "kana symbol": {"InsuredCardSymbol": "ｱｲｳ・12 -3", "InsuredIdentificationNumber": "１８7"},
    "six digits": {"InsurerNumber": "138024"},
    "no insurer": {"InsurerNumber": "", "InsurerName": ""},
    "number that is none": {"InsurerNumber": "13 80:24"},
    "unknown codes": {"PersonalFamilyClassification": "7", "InsuredCardClassification": "ZZ"},
    "days in disorder": {"DisqualificationDate": "20200401", "InsuredCardExpirationDate": "soon"},
}


def full() -> dict[str, Any]:
    """A bundle that every line of the table has something to say of."""
    given = ConsentTimes(WHEN - 5, WHEN - 5 + DAY)
    told: dict[str, Any] = {"consent": ConsentAnswer.GIVEN, "consent_times": given, "facility": "1319999999"}
    return made(answer(FULL, **HEADER), EligibilityCode.SEVERAL, *EligibilityFlag, **told)


@pytest.mark.parametrize("members", ODD.values(), ids=ODD)
@pytest.mark.parametrize("code", [EligibilityCode.VALID, EligibilityCode.INVALID, EligibilityCode.SEVERAL])
def test_odd_answers_keep_to_the_profile(members: dict[str, str], code: EligibilityCode) -> None:
    bundle = made(answer({**PERSON, **members}), code)
    validate(bundle)
    assert broken(bundle) == []


@pytest.mark.parametrize("number", ["131999999", "１３１９９９９９９９", "13-19-999 ", ""])
def test_an_institution_that_is_none_is_not_named(number: str) -> None:
    bundle = made(answer(FULL, MedicalInstitutionCode=number))
    assert broken(bundle) == []
    assert "insurance-medical-institution-no" not in json.dumps(bundle)


def test_a_patient_without_a_number_says_that_it_is_unknown() -> None:
    for confirmation in (None, answer({**PERSON, "ReferenceNumber": ""})):
        (patient,) = several(made(confirmation, EligibilityCode.VALID), "Patient")
        (identifier,) = patient["identifier"]
        assert "value" not in identifier
        assert identifier["_value"]["extension"][0]["valueCode"] == "unknown"


def test_names_are_full_width_with_one_half_width_blank() -> None:
    (patient,) = several(made(answer({**PERSON, **ODD["foreign name"]})), "Patient")
    assert [each["text"] for each in patient["name"]] == [
        "ＳＭＩＴＨ ＡＬＥＸ",
        "マドグチ ハナコ",
        "Ｓｍｉｔｈ Ａｌｅｘ",
        "スミス・アレックス",
    ]


# ---- any answer --------------------------------------------------------------------------------------------------


def filled(of: type[T]) -> st.SearchStrategy[T]:
    """Any value of a class of the model: what `fields.read` lets in and what it would not."""

    def member(name: str, wire: Wire) -> st.SearchStrategy[Any]:
        match wire.kind:
            case "text":
                return HOSTILE
            case "code":
                return st.sampled_from(list(wire.code or ()))
            case "day":
                return st.dates()
            case "moment":
                return st.datetimes(timezones=st.just(JAPAN))
            case "group":
                return filled(wire.group or Consents)
            case "list":
                return st.lists(filled(wire.group or Consents), max_size=2).map(tuple)
            case _:
                return st.integers(0, 100)

    wires: dict[str, Wire] = {
        name: each.metadata["wire"]
        for name, each in cast("Any", of).__dataclass_fields__.items()
        if "wire" in each.metadata
    }
    known = {name: member(name, wire) for name, wire in wires.items()}
    known = {name: each if wires[name].required else st.none() | each for name, each in known.items()}
    known = {
        name: each.map(lambda it: it or ()) if wires[name].kind == "list" else each for name, each in known.items()
    }
    odd = st.dictionaries(st.sampled_from([wire.name for wire in wires.values()]), HOSTILE, max_size=3)
    return st.builds(of, **known, odd=odd)


HOSTILE = st.text(max_size=20) | st.sampled_from(['","', "::", "\x00", "\ud800", "　", "</xml>", "\u202e", "#payor"])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    coverages=st.lists(st.builds(replace, filled(Coverage), consents=filled(Consents)), max_size=2),
    confirmation=filled(Confirmation),
    code=st.sampled_from(EligibilityCode),
)
def test_whatever_is_answered_the_bundle_is_sound(
    coverages: list[Coverage], confirmation: Confirmation, code: EligibilityCode
) -> None:
    same = [replace(each, birth_date=coverages[0].birth_date, sex=coverages[0].sex) for each in coverages]
    bundle = made(replace(confirmation, coverages=tuple(same)), code)
    validate(bundle)
    assert broken(bundle) == []
    assert json.loads(json.dumps(bundle, ensure_ascii=False).encode()) == bundle


# ---- each line can fail ------------------------------------------------------------------------------------------


def spoils(line: Line) -> list[str]:
    there = {"missing": line.least, "form": line.form, "target": line.to, "too often": line.most < MANY}
    return [how for how, sense in there.items() if sense]


@pytest.mark.parametrize(("line", "how"), [(line, how) for line in TABLE for how in spoils(line)])
def test_each_line_of_the_table_can_fail(line: Line, how: str) -> None:
    bundle = full()
    step = line.path.rpartition(".")[2]
    standing = [each for resource in resources(bundle) for each in parents(line, resource)]
    parent = next((each for each in standing if line.most == 0 or members(each, step)), None)
    assert parent, "the full example has none"
    own = members(parent, step)
    name = step.partition(":")[0]
    others = [each for each in members(parent, name) if each not in own]
    spoilt: dict[str, list[Any]] = {
        "missing": [],
        "form": ["?"],
        "target": [{"type": "Device"}],
        "too often": [*own, *(own or ["?"])],
    }
    parent[name] = others + spoilt[how]
    assert line.path in broken(bundle)


@pytest.mark.parametrize(
    ("kind", "member", "value", "key"),
    [
        ("Coverage", "dependent", "", "ele-1"),
        ("Coverage", "period", {"start": "2026-01-02", "end": "2026-01-01"}, "per-1"),
        ("Coverage", "payor", [{"reference": "#nobody"}], "ref-1"),
        ("Coverage", "extension", [{"url": "http://example.org/none"}], "ext-1"),
        (
            "Coverage",
            "identifier",
            [{"system": "http://jpfhir.jp/fhir/clins/IdSystem/JP_Insurance_memberID"}],
            "address",
        ),
        ("Organization", "identifier", None, "org-1"),
        ("Organization", "id", "other", "dom-3"),
        ("Organization", "contained", [{"resourceType": "Organization", "id": "x"}], "dom-2"),
        ("Organization", "meta", {"versionId": "1"}, "dom-4"),
        ("CoverageEligibilityResponse", "insurance", [{"item": [{"productOrService": {"text": "-"}}, {}]}], "ces-1"),
        ("Consent", "policyRule", None, "ppc-1"),
        ("Consent", "patient", None, "ppc-2"),
    ],
)
def test_each_invariant_can_fail(kind: str, member: str, value: Any, key: str) -> None:
    bundle = full()
    resource = next(each for each in resources(bundle) if each["resourceType"] == kind)
    resource.pop("name", None)
    resource[member] = value
    if value is None:
        del resource[member]
    assert any(each.startswith(key) for each in broken(bundle))


def test_the_full_example_is_whole_and_an_address_twice_is_found() -> None:
    bundle = full()
    assert broken(bundle) == []
    bundle["entry"][1]["fullUrl"] = bundle["entry"][0]["fullUrl"]
    assert "bdl-7" in broken(bundle)
