"""`CoverageEligibilityResponse` (base R4; JP Core has no profile of it) from a judged answer. Pure, any thread.

Only the national system's own word makes `inforce` true or false (eligibility.md 2.10, 6); where there is none it is
absent, and the outcome says error or queued. Every item has a category and no productOrService (FHIR's ces-1). Ratios
are per cent, money is yen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from firmware.core.outcomes import EligibilityCode
from firmware.core.result import Json
from firmware.eligibility.fhir_coverage import LOST_ON, insurer_reference
from firmware.eligibility.fhir_terms import (
    ANSWER_CODE,
    LOCAL,
    NATIONAL_ERROR,
    VISIT,
    Resource,
    concept,
    hl7,
    in_order,
    institution,
    is_code,
    last_day,
    local,
    moment,
    period,
    present,
    text,
)
from firmware.eligibility.model import Confirmation, Coverage

CODE_EXTENSION: Final = f"{LOCAL}/StructureDefinition/eligibility-code"
_NATIONAL_SYSTEM: Final = "オンライン資格確認等システム"

OUTCOMES: Final = MappingProxyType(
    {
        EligibilityCode.VALID: "complete",
        EligibilityCode.VALID_SEVERAL: "complete",
        EligibilityCode.VALID_UNREGISTERED: "complete",
        EligibilityCode.INVALID: "complete",
        EligibilityCode.INVALID_NEW_EXISTS: "complete",
        EligibilityCode.NONE: "complete",
        EligibilityCode.SEVERAL: "partial",
        EligibilityCode.PENDING: "queued",
        EligibilityCode.NOT_REGISTERED: "error",
        EligibilityCode.NOT_REACHABLE: "error",
        EligibilityCode.TIMED_OUT: "error",
        EligibilityCode.EXCHANGE_ERROR: "error",
        EligibilityCode.PROCESSING_ERROR: "error",
        EligibilityCode.CONTRADICTORY: "error",
        EligibilityCode.NOT_ATTRIBUTED: "error",
        EligibilityCode.REFUSED: "error",
        EligibilityCode.IDENTITY_CONFLICT: "error",
    }
)
"""How far the look-up came, of every code but not-asked: then there is no response."""

IN_FORCE: Final = MappingProxyType(
    {
        EligibilityCode.VALID: True,
        EligibilityCode.VALID_SEVERAL: True,
        EligibilityCode.VALID_UNREGISTERED: True,
        EligibilityCode.INVALID: False,
        EligibilityCode.INVALID_NEW_EXISTS: False,
    }
)
"""資格有効性 (table 006), where it says so."""


@dataclass(frozen=True, slots=True, repr=False)
class About:
    """What the response refers to: visit, patient and coverages by address, the facility's 10 digits, time of making.

    `created`: RFC 3339; used where the answer does not say when it was made.
    """

    visit: str
    patient: str
    coverages: Sequence[str]
    facility: str | None
    created: str


def response(found: Confirmation, code: EligibilityCode, about: About) -> Resource:
    """`code` is a key of OUTCOMES. `found.coverages` are those that `about.coverages` has the addresses of."""
    made = found.executed_at
    message = text(found.processing_message) or text(found.error_message)
    outcome = OUTCOMES[code]
    visit: Json = {"system": VISIT, "value": about.visit}
    extension: list[Json] = [{"url": CODE_EXTENSION, "valueCode": code.value}]
    return present(
        {
            "resourceType": "CoverageEligibilityResponse",
            "extension": extension,
            "identifier": [visit],
            "status": "active",
            "purpose": ["validation", "benefits"],
            "patient": {"reference": about.patient},
            "servicedDate": found.confirmed_on.isoformat() if found.confirmed_on else None,
            "created": moment(made) if made else about.created,
            "requestor": institution(about.facility) if about.facility else None,
            "request": {"type": "CoverageEligibilityRequest", "identifier": visit},
            "outcome": outcome,
            "disposition": message or code.value,
            "insurer": _insurer(found.coverages),
            "insurance": [
                _insurance(each, address, in_force(each, code, found.confirmed_on, alone=len(found.coverages) == 1))
                for each, address in zip(found.coverages, about.coverages, strict=True)
            ],
            "error": _errors(found, code, message) if outcome in {"error", "partial"} else [],
        }
    )


def in_force(found: Coverage, code: EligibilityCode, on: date | None, *, alone: bool) -> bool | None:
    """The answer's word. One validity for several results says nothing of one whose own days or loss contradict it."""
    word = IN_FORCE.get(code)
    if word is not True or alone:
        return word
    over = found.reason_of_loss is not None or (
        found.disqualified_on is not None and (on is None or found.disqualified_on <= on)
    )
    return None if over else True


def benefit_days(found: Coverage) -> tuple[date | None, date | None]:
    """First and last day of the qualification."""
    return found.qualified_on, last_day(found.disqualified_on)


def contradicting_days(found: Coverage) -> bool:
    """Whether the qualification ended before it began."""
    return not in_order(*benefit_days(found))


def _insurer(coverages: Sequence[Coverage]) -> Resource:
    """The one insurer; the national system, which answers for all of them, where there is not just one."""
    known = [each for each in map(insurer_reference, coverages) if len(each) > 1]
    if known and all(each == known[0] for each in known) and len(known) == len(coverages):
        return known[0]
    return {"type": "Organization", "display": _NATIONAL_SYSTEM}


def _insurance(found: Coverage, address: str, word: bool | None) -> Resource:
    return present(
        {
            "coverage": {"reference": address},
            "inforce": word,
            "benefitPeriod": period(*benefit_days(found), end_unknown=LOST_ON in found.odd),
            "item": _items(found),
        }
    )


def _errors(found: Confirmation, code: EligibilityCode, message: str | None) -> list[Json]:
    codings: list[Json] = [{"system": ANSWER_CODE, "code": code.value}]
    national = (found.processing_code, found.error_code)
    codings += [{"system": NATIONAL_ERROR, "code": each} for each in national if each is not None and is_code(each)]
    return [{"code": present({"coding": codings, "text": message})}]


# ---- items -----------------------------------------------------------------------------------------------------


def _items(found: Coverage) -> list[Json]:
    """What the patient pays and which certificates lower it; in this order."""
    preschool = concept(found.preschool, found.odd.get("PreschoolClassification"))
    loss = concept(found.reason_of_loss, found.odd.get("ReasonOfLoss"))
    items = [
        _item("burden-ratio", "一部負担金割合", [], [_percent(found.burden_percent)]),
        _item("preschool", "未就学区分", [preschool], []),
        _item("reason-of-loss", "資格喪失事由", [loss], []),
        *_elderly(found),
        *_limit(found),
        *_specific_diseases(found),
        *_tickets(found),
    ]
    return [each for each in items if each is not None]


def _item(
    category: str, words: str, modifiers: Sequence[Resource | None], benefits: Sequence[Resource | None]
) -> Resource | None:
    """An item that says something."""
    known: list[Json] = [each for each in modifiers if each is not None]
    said: list[Json] = [each for each in benefits if each is not None]
    if not known and not said:
        return None
    return present({"category": local("eligibility-item", category, words), "modifier": known, "benefit": said})


def _elderly(found: Coverage) -> list[Resource | None]:
    own = found.elderly
    if own is None:
        return []
    benefits = [
        _percent(own.burden_percent),
        _day("issued-on", own.issued_on),
        _day("valid-from", own.valid_from),
        _day("valid-to", own.valid_to),
    ]
    return [_item("elderly-recipient", "高齢受給者証", [], benefits)]


def _limit(found: Coverage) -> list[Resource | None]:
    own = found.limit
    if own is None:
        return []
    modifiers = [
        concept(own.classification, own.odd.get("LimitApplicationCertificateClassification")),
        concept(own.flag, own.odd.get("LimitApplicationCertificateClassificationFlag")),
    ]
    benefits = [
        _day("issued-on", own.issued_on),
        _day("valid-from", own.valid_from),
        _day("valid-to", own.valid_to),
        _day("long-term-on", own.long_term_on),
    ]
    return [_item("limit-certificate", "限度額適用認定証", modifiers, benefits)]


def _specific_diseases(found: Coverage) -> list[Resource | None]:
    return [
        _item(
            "specific-disease",
            "特定疾病療養受療証",
            [concept(each.disease, each.odd.get("SpecificDiseasesDiseaseCategory"))],
            [
                _yen(each.self_pay),
                _day("issued-on", each.issued_on),
                _day("valid-from", each.valid_from),
                _day("valid-to", each.valid_to),
            ],
        )
        for each in found.specific_diseases
    ]


def _tickets(found: Coverage) -> list[Resource | None]:
    """Kind, care, own payment and days. Names of diseases, facilities and officials stay in the national members."""
    return [
        _item(
            "medical-ticket",
            "医療券・調剤券",
            [
                concept(each.type, each.odd.get("TicketType")),
                concept(each.care_type, each.odd.get("MedicalTreatmentType")),
            ],
            [_yen(each.self_pay), _day("valid-from", each.valid_from), _day("valid-to", each.valid_to)],
        )
        for each in found.tickets
    ]


def _percent(value: int | None) -> Resource | None:
    return None if value is None else {"type": hl7("benefit-type", "copay-percent"), "allowedUnsignedInt": value}


def _yen(value: int | None) -> Resource | None:
    money: Json = {"value": value, "currency": "JPY"}
    return None if value is None else {"type": hl7("benefit-type", "copay-maximum"), "allowedMoney": money}


def _day(what: str, value: date | None) -> Resource | None:
    return None if value is None else {"type": local("eligibility-day", what), "allowedString": value.isoformat()}
