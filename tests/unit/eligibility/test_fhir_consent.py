"""Consents: what was answered, when it ends, and that none holds for ever by mistake."""

from typing import Any

import pytest

from firmware.core.outcomes import ConsentAnswer, EligibilityCode
from firmware.core.result import ConsentTimes
from firmware.eligibility import codes
from firmware.eligibility.fhir_check import validate
from firmware.eligibility.fhir_consent import ITEMS
from firmware.eligibility.fields import Wire
from firmware.eligibility.parts import Consents
from tests.unit.eligibility.fhir_case import DAY, PERSON, WHEN, answer, made, several

WIRES: dict[str, Wire] = {
    name: each.metadata["wire"] for name, each in Consents.__dataclass_fields__.items() if "wire" in each.metadata
}
UNKNOWN = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


def consents(**members: str) -> list[dict[str, Any]]:
    bundle = made(answer({**PERSON, **members}))
    validate(bundle)
    return several(bundle, "Consent")


def rule_of(consent: dict[str, Any]) -> tuple[str, str]:
    """Kind and item. R4 does not allow a kind in the root rule: it stands in the one rule within."""
    (rule,) = consent["provision"]["provision"]
    return rule["type"], rule["code"][0]["coding"][0]["code"]


def item_of(consent: dict[str, Any]) -> str:
    return rule_of(consent)[1]


def test_every_item_has_its_resource() -> None:
    assert set(ITEMS) == {name for name in WIRES if not name.endswith(("_at", "_until"))}
    found = consents(**{WIRES[item].name: "1" for item in ITEMS})
    assert [item_of(each) for each in found] == [item.replace("_", "-") for item in ITEMS]


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        (codes.ConsentFlag.NONE, [("rejected", "OPTOUT", "deny")]),
        (codes.ConsentFlag.GIVEN, [("active", "OPTIN", "permit")]),
        (codes.ConsentFlag.EXPIRED, [("inactive", "OPTIN", "permit")]),
        (codes.ConsentFlag.HARD_TO_OBTAIN, []),
        ("9", []),
    ],
)
def test_every_flag(flag: str, said: list[tuple[str, str, str]]) -> None:
    """Who refuses does not assent to the terms: OPTOUT."""
    found = consents(PharmacistsInfoConsFlg=str(flag), PharmacistsInfoConsTime="20261122093000")
    bases = [each["policyRule"]["coding"][0]["code"] for each in found]
    assert [(each["status"], base, rule_of(each)[0]) for each, base in zip(found, bases, strict=True)] == said


@pytest.mark.parametrize(
    ("members", "period"),
    [
        (
            ("20261122093000", "20261123090000"),
            {"start": "2026-11-22T09:30:00+09:00", "end": "2026-11-23T09:00:00+09:00"},
        ),
        (("20261122093000", ""), {"start": "2026-11-22T09:30:00+09:00", "end": "2026-11-23T09:30:00+09:00"}),
        (("20261122093000", "20261121093000"), {"start": "2026-11-22T09:30:00+09:00", "_end": UNKNOWN}),
        (("20261122093000", "soon"), {"start": "2026-11-22T09:30:00+09:00", "_end": UNKNOWN}),
        (("99991231235959", ""), {"start": "9999-12-31T23:59:59+09:00", "_end": UNKNOWN}),
        (("", "20261123090000"), {"end": "2026-11-23T09:00:00+09:00"}),
        (("", ""), {"_end": UNKNOWN}),
    ],
)
def test_a_consent_ends(members: tuple[str, str], period: dict[str, Any]) -> None:
    at, until = members
    (found,) = consents(DiagnosisInfoConsFlg="1", DiagnosisInfoConsTime=at, DiagnosisInfoAvailableTime=until)
    assert found["provision"]["period"] == period
    assert found.get("dateTime") == period.get("start")


def test_items_without_an_end_of_their_own_hold_24_hours() -> None:
    (found,) = consents(
        LimitApplicationCertificateRelatedConsFlg="1", LimitApplicationCertificateRelatedConsTime="20261122093000"
    )
    assert found["provision"]["period"]["end"] == "2026-11-23T09:30:00+09:00"


def test_the_same_consent_of_two_results_stands_once() -> None:
    one = {**PERSON, "TestInfoConsFlg": "1", "TestInfoConsTime": "20261122093000"}
    other = {**one, "TestInfoConsTime": "20261122093100"}
    assert len(several(made(answer(one, one)), "Consent")) == 1
    assert len(several(made(answer(one, other)), "Consent")) == 2


@pytest.mark.parametrize("code", [EligibilityCode.IDENTITY_CONFLICT, EligibilityCode.CONTRADICTORY])
def test_consents_of_an_answer_that_is_not_believed_are_left_out(code: EligibilityCode) -> None:
    assert several(made(answer({**PERSON, "TestInfoConsFlg": "1"}), code), "Consent") == []


@pytest.mark.parametrize("consent", ConsentAnswer)
def test_the_bundled_consent(consent: ConsentAnswer) -> None:
    times = ConsentTimes(WHEN, WHEN + DAY)
    bundle = made(None, EligibilityCode.NOT_REACHABLE, consent=consent, consent_times=times, facility="1319999999")
    validate(bundle)
    found = several(bundle, "Consent")
    period = {"start": "2026-11-22T09:30:12+09:00", "end": "2026-11-23T09:30:12+09:00"}
    assert [(each["status"], each["provision"].get("period")) for each in found] == {
        ConsentAnswer.GIVEN: [("active", period)],
        ConsentAnswer.REFUSED: [("rejected", None)],
        ConsentAnswer.NOT_GIVEN: [],
    }[consent]
    assert all(item_of(each) == "bundled" for each in found)


@pytest.mark.parametrize("times", [None, ConsentTimes(WHEN, None)])
def test_with_an_unknown_clock_the_end_is_unknown(times: ConsentTimes | None) -> None:
    bundle = made(None, consent=ConsentAnswer.GIVEN, consent_times=times)
    validate(bundle)
    assert several(bundle, "Consent")[0]["provision"]["period"]["_end"] == UNKNOWN
