"""One visit's or query's eligibility as FHIR R4: a `Bundle` (collection) of plain JSON for the message. Pure.

Patient, Coverage for each result, CoverageEligibilityResponse, Consents, and an OperationOutcome where something is to
be said of them: flags, members that could not be understood, contradictions. Any thread; docs/fhir.md has an example
and the table of what goes where. Addresses within the bundle follow from the visit's id: same visit, same bytes.

Of an answer that is not believed (design.md, "A visit, step by step": identity-conflict, and contradictory ones)
nothing goes in but its code. Neither do results of more than one person: a Patient is one. Raises nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid5

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcomes import ConsentAnswer, EligibilityCode
from firmware.core.result import ConsentTimes, Json
from firmware.eligibility import fhir_consent, fhir_coverage, fhir_response
from firmware.eligibility.fhir_coverage import coverage_days
from firmware.eligibility.fhir_terms import VISIT, Resource, in_order, institution_10, local, present, text, wall
from firmware.eligibility.model import Confirmation, Coverage

_ADDRESSES: Final = UUID("6d1a4e0e-6a0f-5c0b-9b7a-2f3f0e6d8c51")
"""Namespace of this device's uuid5 addresses; any fixed value will do."""

_WITH_RESULTS: Final = frozenset(fhir_response.IN_FORCE) | {EligibilityCode.NONE, EligibilityCode.SEVERAL}
_WITH_MESSAGE: Final = frozenset({EligibilityCode.EXCHANGE_ERROR, EligibilityCode.PROCESSING_ERROR})


@dataclass(frozen=True, slots=True, repr=False)
class Occasion:
    """When and where it was asked. `visit`: id of visit or query. `when`: wall time in seconds since 1970 UTC.

    `facility`: 医療機関コード of the site's settings, or None; then the answer's own is used. `consent`: the answer to
    the bundled question, and its wall times.
    """

    visit: str
    when: float
    facility: str | None = None
    consent: ConsentAnswer = ConsentAnswer.NOT_GIVEN
    consent_times: ConsentTimes | None = None


def bundle(
    confirmation: Confirmation | None,
    code: EligibilityCode,
    flags: Sequence[EligibilityFlag],
    occasion: Occasion,
) -> Resource:
    """`confirmation`: what the national system answered, None where it did not."""
    given = _believed(confirmation or Confirmation(), code)
    found = given if _one_person(given.coverages) else replace(given, coverages=())
    addresses = [_address(occasion, f"Coverage/{index}") for index in range(len(found.coverages))]
    patient = _address(occasion, "Patient")
    facility = occasion.facility or institution_10(given.institution)
    about = fhir_response.About(occasion.visit, patient, addresses, facility, wall(occasion.when))
    party = fhir_consent.Party(patient, facility)
    resources = [
        (patient, fhir_coverage.patient(found.coverages)),
        *(
            (address, fhir_coverage.coverage(each, patient, ended=fhir_response.IN_FORCE.get(code) is False))
            for address, each in zip(addresses, found.coverages, strict=True)
        ),
    ]
    if code in fhir_response.OUTCOMES:
        answer = fhir_response.response(found, code, about)
        resources.append((_address(occasion, "CoverageEligibilityResponse"), answer))
    consents = [
        *fhir_consent.bundled(occasion.consent, occasion.consent_times, party),
        *fhir_consent.of_answer((each.consents for each in found.coverages), party),
    ]
    resources += [(_address(occasion, f"Consent/{index}"), each) for index, each in enumerate(consents)]
    issues = _issues(given, flags, one_person=found is given)
    if issues:
        outcome: Resource = {"resourceType": "OperationOutcome", "issue": issues}
        resources.append((_address(occasion, "OperationOutcome"), outcome))
    return {
        "resourceType": "Bundle",
        "identifier": {"system": VISIT, "value": occasion.visit},
        "type": "collection",
        "timestamp": wall(occasion.when),
        "entry": [{"fullUrl": address, "resource": resource} for address, resource in resources],
    }


def _address(occasion: Occasion, name: str) -> str:
    return f"urn:uuid:{uuid5(_ADDRESSES, f'{occasion.visit}/{name}')}"


def _believed(confirmation: Confirmation, code: EligibilityCode) -> Confirmation:
    """What of the answer may go in."""
    if code in _WITH_RESULTS:
        return confirmation
    return replace(confirmation, coverages=(), search=None) if code in _WITH_MESSAGE else Confirmation()


def _one_person(coverages: Sequence[Coverage]) -> bool:
    return len({(each.birth_date, each.sex) for each in coverages}) <= 1


# ---- what is to be said of it ------------------------------------------------------------------------------------


def _issues(found: Confirmation, flags: Sequence[EligibilityFlag], *, one_person: bool) -> list[Json]:
    issues: list[Json] = [_flag(each) for each in flags]
    if not one_person:
        issues.append(_issue("error", "conflict", "results of more than one person are left out"))
        return issues
    issues += _not_understood(found.odd)
    for each in found.coverages:
        for part in (each, each.elderly, each.limit, *each.specific_diseases, *each.tickets, each.consents):
            issues += [] if part is None else _not_understood(part.odd)
        if fhir_response.contradicting_days(each) or not in_order(*coverage_days(each)):
            issues.append(_issue("warning", "invariant", "a period that ends before it begins is left out"))
    return issues


def _flag(flag: EligibilityFlag) -> Resource:
    severity = "information" if flag is EligibilityFlag.STAFF_CONFIRMED else "warning"
    return {"severity": severity, "code": "business-rule", "details": local("eligibility-flag", flag.value)}


def _not_understood(odd: Mapping[str, str]) -> list[Json]:
    """Member and text of what could not be read as day, number or code."""
    return [_issue("warning", "value", name, text(raw)) for name, raw in odd.items()]


def _issue(severity: str, code: str, words: str, raw: str | None = None) -> Resource:
    return present({"severity": severity, "code": code, "details": {"text": words}, "diagnostics": raw})
