"""`Consent` (base R4): the bundled one that this device asked for, and those that the national answer tells of. Pure.

The root rule has the time only, the rule within it says permit or deny: R4 does not allow `type` in the root rule.
A consent holds 24 hours (eligibility.md 1.3). An end that is not known is said to be unknown: without an end a Consent
would hold for ever. No resource stands for a question that was not answered, for 取得困難 (hard to obtain: there is no
consent), or for a code of no table; the national members of the message have them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from firmware.core.outcomes import ConsentAnswer
from firmware.core.result import ConsentTimes, Json
from firmware.eligibility import codes
from firmware.eligibility.fhir_terms import HL7, Resource, hl7, institution, local, moment, present, until, wall
from firmware.eligibility.parts import Consents

HOURS: Final = timedelta(hours=24)
BUNDLED: Final = "bundled"

ITEMS: Final = MappingProxyType(
    {
        "limit": "限度額適用認定証関連情報",
        "specific_diseases": "特定疾病療養受療証関連情報",
        "checkups": "特定健診情報",
        "medicines": "薬剤情報",
        "diagnosis": "診療情報",
        "operation": "手術情報",
        "diagnosis_name": "傷病名",
        "infection": "感染症",
        "allergy": "その他アレルギー",
        "contraindication": "薬剤アレルギー(禁忌)",
        "test": "検査",
        "prescription": "処方",
    }
)
"""Every item of `Consents` by its field's name."""

_WIRE: Final = {each.name: each.metadata["wire"].name for each in fields(Consents) if "wire" in each.metadata}
_STATUS: Final = MappingProxyType(
    {
        codes.ConsentFlag.NONE: "rejected",
        codes.ConsentFlag.GIVEN: "active",
        codes.ConsentFlag.EXPIRED: "inactive",
        codes.ConsentFlag.HARD_TO_OBTAIN: None,
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class Party:
    """Whose consent (the patient's address), and towards which facility (10 digits)."""

    patient: str
    facility: str | None


def bundled(answer: ConsentAnswer, times: ConsentTimes | None, party: Party) -> list[Resource]:
    """The answer to this device's own question: one resource, or none."""
    given = wall(times.given) if times else None
    match answer:
        case ConsentAnswer.NOT_GIVEN:
            return []
        case ConsentAnswer.REFUSED:
            return [_consent("rejected", _provision(BUNDLED, "deny", None), given, party)]
        case ConsentAnswer.GIVEN:
            end = wall(times.expires) if times and times.expires is not None else None
            return [
                _consent("active", _provision(BUNDLED, "permit", until(given, end, end_unknown=True)), given, party)
            ]


def of_answer(all_consents: Iterable[Consents], party: Party) -> list[Resource]:
    """The items that were answered, in the order of `ITEMS`; the same one of several results once."""
    found: list[Resource] = []
    for consents in all_consents:
        for item in ITEMS:
            made = _item(consents, item, party)
            if made is not None and made not in found:
                found.append(made)
    return found


def _item(consents: Consents, item: str, party: Party) -> Resource | None:
    flag: codes.ConsentFlag | None = getattr(consents, item)
    status = None if flag is None else _STATUS[flag]
    if status is None:
        return None
    at: datetime | None = getattr(consents, f"{item}_at")
    given = moment(at) if at else None
    if status == "rejected":
        return _consent(status, _provision(item, "deny", None), given, party)
    span = until(given, _end(consents, item, at), end_unknown=True)
    return _consent(status, _provision(item, "permit", span), given, party)


def _end(consents: Consents, item: str, at: datetime | None) -> str | None:
    """As the answer says, else 24 hours after; None where it cannot be known."""
    said: datetime | None = getattr(consents, f"{item}_until", None)
    if said is not None:
        return moment(said) if at is None or at <= said else None
    if at is None or at.date() == date.max or _WIRE.get(f"{item}_until") in consents.odd:
        return None  # date.max has no day after it, and a hostile answer may name it
    return moment(at + HOURS)


def _provision(item: str, kind: str, span: Resource | None) -> Resource:
    words = "診療・薬剤・健診・手術情報(包括同意)" if item == BUNDLED else ITEMS[item]
    about: list[Json] = [local("consent-item", item.replace("_", "-"), words)]
    rule: list[Json] = [{"type": kind, "code": about}]
    return present({"period": span, "provision": rule})


def _consent(status: str, provision: Resource, given: str | None, party: Party) -> Resource:
    category: list[Json] = [hl7("v3-ActCode", "INFA")]
    base = "OPTOUT" if status == "rejected" else "OPTIN"  # assent to the terms, or dissent
    rule: Json = {
        "coding": [{"system": f"{HL7}/v3-ActCode", "code": base}],
        "text": "オンライン資格確認における情報閲覧の同意(24時間)",
    }
    organization: list[Json] = [institution(party.facility)] if party.facility else []
    return present(
        {
            "resourceType": "Consent",
            "status": status,
            "scope": hl7("consentscope", "patient-privacy"),
            "category": category,
            "patient": {"reference": party.patient},
            "dateTime": given,
            "organization": organization,
            "policyRule": rule,
            "provision": provision,
        }
    )
