"""`Patient` and JP Core `Coverage` (JP_Coverage, R4) from one result of the national answer. Pure, any thread.

Symbol and number go out in full width, the branch with two half-width digits, the insurer number with eight inside
identifiers (eligibility.md 3.3, 6). What cannot be written by these rules is left out, never bent: the national members
of the message still have it. Days: FHIR periods include their last day, 資格喪失年月日 is the first day without.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from firmware.core.result import Json
from firmware.eligibility import codes
from firmware.eligibility.fhir_terms import (
    HL7,
    INSURER,
    JP_CORE,
    JP_EXTENSION,
    LOCAL,
    Resource,
    concept,
    full_width,
    last_day,
    name_text,
    period,
    present,
    text,
    unknown,
)
from firmware.eligibility.model import Coverage

MEMBER_ID: Final = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
CSV_ID: Final = f"{JP_CORE}/IdSystem/JP_Coverage_id"
RELATIONSHIP: Final = f"{JP_CORE}/mhlw/CodeSystem/InsuredPersonCategory"
REFERENCE_NUMBER: Final = f"{LOCAL}/NamingSystem/reference-number"
_WRITING: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_GENDERS: Final = {codes.Sex.MALE: "male", codes.Sex.FEMALE: "female", codes.Sex.NOT_SET: "unknown"}
_RELATIONS: Final = {codes.PersonFamily.INSURED: "被保険者", codes.PersonFamily.FAMILY: "被扶養者"}
LOST_ON: Final = "DisqualificationDate"
_PAYOR: Final = "payor"


def patient(coverages: Sequence[Coverage]) -> Resource:
    """The one person of these results, a JP_Patient in any case, since a JP_Coverage may refer to nothing else.

    JP_Patient demands an identifier with a value. Without a 照会番号 it is said to be unknown, as the guide wants it.
    """
    numbers = _different(text(each.reference_number) for each in coverages)
    known: list[Json] = [{"system": REFERENCE_NUMBER, "value": each} for each in numbers]
    nobody: list[Json] = [{"system": REFERENCE_NUMBER, "_value": unknown()}]
    first = coverages[0] if coverages else None
    return present(
        {
            "resourceType": "Patient",
            "meta": {"profile": [f"{JP_CORE}/StructureDefinition/JP_Patient"]},
            "identifier": known or nobody,
            "name": [
                *_names((each.name for each in coverages), "IDE", official=True),
                *_names((each.kana for each in coverages), "SYL", official=True),
                *_names((each.other_name for each in coverages), "IDE", official=False),
                *_names((each.other_kana for each in coverages), "SYL", official=False),
            ],
            "gender": _GENDERS[first.sex] if first else None,
            "birthDate": first.birth_date.isoformat() if first else None,
        }
    )


def _different(texts: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(each for each in texts if each is not None))


def _names(texts: Iterable[str | None], writing: str, *, official: bool) -> list[Json]:
    """Not cut into family and given name: where the parts of a foreign name meet is not guessed at."""
    extension: list[Json] = [{"url": _WRITING, "valueCode": writing}]
    use = "official" if official else None
    return [present({"extension": extension, "use": use, "text": each}) for each in _different(map(name_text, texts))]


def coverage(found: Coverage, beneficiary: str, *, ended: bool) -> Resource:
    """`beneficiary`: the patient's address. `ended`: the national system says that it is not in force any more."""
    start, end = coverage_days(found)
    symbol, number = full_width(found.symbol), full_width(found.number)
    branch = branch_number(found.branch)
    return present(
        {
            "resourceType": "Coverage",
            "meta": {"profile": [f"{JP_CORE}/StructureDefinition/JP_Coverage"]},
            "contained": [_insurer(found)],
            "extension": _insured(symbol, number, branch),
            "identifier": _identifiers(found, symbol, number, branch),
            "status": "cancelled" if ended else "active",
            "type": _kind(found),
            "subscriber": _holder(found),
            "subscriberId": f"{symbol or ''}:{number}" if number else None,
            "beneficiary": {"reference": beneficiary},
            "dependent": branch,
            "relationship": _relationship(found),
            "period": period(start, end, end_unknown=not {"InsuredCardExpirationDate", LOST_ON}.isdisjoint(found.odd)),
            "payor": [{"reference": f"#{_PAYOR}"}],
        }
    )


def coverage_days(found: Coverage) -> tuple[date | None, date | None]:
    """First and last day of the certificate; the qualification's where the certificate does not say, or ends later."""
    ends = [each for each in (found.valid_to, last_day(found.disqualified_on)) if each is not None]
    return found.valid_from or found.qualified_on, min(ends, default=None)


def branch_number(value: str | None) -> str | None:
    """Two half-width digits; without one it is absent, not 00 (eligibility.md 3.3)."""
    plain = unicodedata.normalize("NFKC", text(value) or "")
    return f"{int(plain):02d}" if re.fullmatch(r"[0-9]{1,2}", plain) else None


def insurer_8(value: str | None) -> str | None:
    """The insurer number filled up to 8 digits."""
    plain = text(value) or ""
    return plain.zfill(8) if re.fullmatch(r"[0-9]{1,8}", plain) else None


def insurer_number(value: str | None) -> str | None:
    """As it stands on the certificate: letters and digits (JP_Organization)."""
    plain = text(value)
    return plain if plain and re.fullmatch(r"[0-9A-Za-z]+", plain) else None


def insurer_reference(found: Coverage) -> Resource:
    """The insurer by number and name, as a logical reference."""
    number = insurer_number(found.insurer_number)
    identifier: Json = {"system": INSURER, "value": number} if number else None
    return present({"type": "Organization", "identifier": identifier, "display": text(found.insurer_name)})


def _insurer(found: Coverage) -> Resource:
    """An Organization has a number or a name (FHIR's org-1): without both, the name is said to be unknown."""
    number, name = insurer_number(found.insurer_number), text(found.insurer_name)
    kind: list[Json] = [{"coding": [{"system": f"{HL7}/organization-type", "code": "pay", "display": "Payer"}]}]
    return present(
        {
            "resourceType": "Organization",
            "id": _PAYOR,
            "meta": {"profile": [f"{JP_CORE}/StructureDefinition/JP_Organization"]},
            "identifier": [{"system": INSURER, "value": number}] if number else None,
            "type": kind,
            "name": name,
            "_name": None if name or number else unknown(),
        }
    )


def _insured(symbol: str | None, number: str | None, branch: str | None) -> list[Json]:
    values = (("Symbol", symbol), ("Number", number), ("SubNumber", branch))
    return [
        {"url": f"{JP_EXTENSION}/JP_Coverage_InsuredPerson{name}", "valueString": value}
        for name, value in values
        if value is not None
    ]


def _identifiers(found: Coverage, symbol: str | None, number: str | None, branch: str | None) -> list[Json]:
    """Both forms; none without an insurer number in digits and an insured number.

    Full width also keeps a colon or quote of the symbol from being read as a separator.
    """
    insurer = insurer_8(found.insurer_number)
    if insurer is None or number is None:
        return []
    parts = (insurer, symbol or "", number, branch or "")
    quoted = ",".join(f'"{each}"' for each in parts)
    assigner: Json = {"reference": f"#{_PAYOR}"}
    return [
        {"system": MEMBER_ID, "value": ":".join(parts), "assigner": assigner},
        {"system": CSV_ID, "value": quoted, "assigner": assigner},
    ]


def _kind(found: Coverage) -> Resource:
    """Publicly funded, and the certificate's class (table 010) beside it."""
    own = concept(found.classification, found.odd.get("InsuredCardClassification")) or {}
    national = own.get("coding", [])
    codings: list[Json] = [{"system": f"{HL7}/v3-ActCode", "code": "PUBLICPOL"}]
    return present(
        {"coding": codings + (national if isinstance(national, list) else []), "text": own.get("text")},
    )


def _holder(found: Coverage) -> Resource | None:
    """被保険者氏名(世帯主氏名): a name only, it may be somebody else than the patient."""
    name = text(found.insured_name)
    return {"display": name} if name else None


def _relationship(found: Coverage) -> Resource | None:
    if found.relation is None:
        return concept(None, found.odd.get("PersonalFamilyClassification"))
    coding: Json = {"system": RELATIONSHIP, "code": found.relation.value, "display": _RELATIONS[found.relation]}
    return {"coding": [coding]}
