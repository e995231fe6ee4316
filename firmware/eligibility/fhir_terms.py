"""The small parts of FHIR R4 resources: addresses of code systems, Japanese names of codes, texts, days and periods.

Pure, any thread. Resources are plain JSON. The addresses under jpfhir.jp are JP Core 1.2.0's (eligibility.md 6), with
their odd letter case; those under `LOCAL` are this device's own, since the national tables have none: `.invalid`
(RFC 2606) can never be somebody else's. Raises nothing.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from firmware.core.result import Json
from firmware.eligibility import codes
from firmware.eligibility.fields import JAPAN

Resource = dict[str, Json]
"""A resource or a part of one."""

JP_CORE: Final = "http://jpfhir.jp/fhir/core"
JP_EXTENSION: Final = f"{JP_CORE}/Extension/StructureDefinition"
INSURER: Final = f"{JP_CORE}/mhlw/IdSystem/InsurerNumber"
INSTITUTION: Final = f"{JP_CORE}/IdSystem/insurance-medical-institution-no"
HL7: Final = "http://terminology.hl7.org/CodeSystem"
LOCAL: Final = "https://madoguchi.invalid/fhir"
VISIT: Final = f"{LOCAL}/NamingSystem/visit"
ANSWER_CODE: Final = f"{LOCAL}/CodeSystem/eligibility-code"
NATIONAL_ERROR: Final = f"{LOCAL}/CodeSystem/oqs-error"
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_HALF_KANA: Final = range(0xFF61, 0xFFA0)
_ASCII: Final = range(0x21, 0x7F)
_TO_FULL: Final = 0xFEE0
_CODE_MOST: Final = 64

NAMES: Final[Mapping[type[StrEnum], Mapping[StrEnum, str]]] = MappingProxyType(
    {
        codes.ReasonOfLoss: {
            codes.ReasonOfLoss.DEATH: "死亡",
            codes.ReasonOfLoss.PUBLIC_ASSISTANCE: "生活保護受給",
            codes.ReasonOfLoss.OTHER_INSURANCE: "他保険加入",
            codes.ReasonOfLoss.OTHER: "その他",
        },
        codes.CardClassification: {
            codes.CardClassification.GENERAL: "被保険者証(一般)",
            codes.CardClassification.RETIRED: "被保険者証(退職)",
            codes.CardClassification.SHORT_TERM_GENERAL: "短期被保険者証(一般)",
            codes.CardClassification.SHORT_TERM_RETIRED: "短期被保険者証(退職)",
            codes.CardClassification.SPECIAL_BENEFIT: "被保険者資格証明書",
            codes.CardClassification.SPECIAL_RETIRED: "特例退職被保険者証",
            codes.CardClassification.SELF_DEFENCE_FORCES: "自衛官診療証",
            codes.CardClassification.MEDICAL_ASSISTANCE: "医療扶助",
        },
        codes.LimitClass: {
            codes.LimitClass.LIMIT: "限度額適用認定証",
            codes.LimitClass.LIMIT_AND_STANDARD: "限度額適用・標準負担額減額認定証",
            codes.LimitClass.STANDARD: "標準負担額減額認定証",
        },
        codes.LimitFlag: {
            codes.LimitFlag.A01: "ア",
            codes.LimitFlag.A02: "イ",
            codes.LimitFlag.A03: "ウ",
            codes.LimitFlag.A04: "エ",
            codes.LimitFlag.A05: "オ",
            codes.LimitFlag.A06: "オ(境)",
            codes.LimitFlag.B01: "現役並みIII",
            codes.LimitFlag.B02: "現役並みII",
            codes.LimitFlag.B03: "現役並みI",
            codes.LimitFlag.B04: "一般",
            codes.LimitFlag.B05: "低所得II",
            codes.LimitFlag.B06: "低所得I",
            codes.LimitFlag.B07: "低所得I(老福)",
            codes.LimitFlag.B08: "低所得I(境)",
            codes.LimitFlag.B09: "一般II",
            codes.LimitFlag.B10: "一般I",
        },
        codes.SpecificDisease: {
            codes.SpecificDisease.DIALYSIS: "人工腎臓を実施している慢性腎不全",
            codes.SpecificDisease.HAEMOPHILIA: "先天性血液凝固因子障害",
            codes.SpecificDisease.HIV: "抗ウイルス剤を投与している後天性免疫不全症候群",
        },
        codes.Preschool: {
            codes.Preschool.PRESCHOOL: "未就学",
        },
        codes.TicketType: {
            codes.TicketType.MEDICAL: "医療券",
            codes.TicketType.DISPENSING: "調剤券",
        },
        codes.CareType: {
            codes.CareType.INPATIENT: "入院",
            codes.CareType.VISITING_NURSING: "訪問看護",
        },
    }
)
"""What the codes are called that appear as codings, table by table: a StrEnum's "01" equals any other's."""

_TABLE_OF: Final = MappingProxyType({table: number for number, table in codes.TABLES.items()})


def present(members: Resource) -> Resource:
    """Without what is absent: FHIR knows neither null nor empty lists and objects."""
    return {name: value for name, value in members.items() if value not in (None, [], {})}


def text(value: str | None) -> str | None:
    """A FHIR string: no control characters, not empty. What else came stays as it came."""
    if value is None:
        return None
    return "".join(each for each in value if unicodedata.category(each) not in {"Cc", "Cs"}).strip() or None


def is_code(value: str) -> bool:
    """Whether a foreign text may stand as a `code`: short, and single blanks only."""
    return 0 < len(value) <= _CODE_MOST and value == " ".join(value.split()) == text(value)


def full_width(value: str | None) -> str | None:
    """As JP Core wants symbol and number: all in full width, no blanks. Hyphens of other kinds are not guessed at."""
    plain = "".join((text(value) or "").split())
    wide: list[str] = []
    half_kana = ""
    for each in plain:
        if ord(each) in _HALF_KANA:
            half_kana += each  # together, since ﾞ and ﾟ join the letter before
            continue
        wide.append(unicodedata.normalize("NFKC", half_kana))
        half_kana = ""
        wide.append(chr(ord(each) + _TO_FULL) if ord(each) in _ASCII else each)
    wide.append(unicodedata.normalize("NFKC", half_kana))
    return "".join(wide) or None


def name_text(value: str | None) -> str | None:
    """As JP_HumanName wants a name: in full width, its parts divided by one half-width blank. Nothing is guessed at."""
    return " ".join(filter(None, map(full_width, (value or "").split()))) or None


def concept(known: StrEnum | None, raw: str | None) -> Resource | None:
    """A code of a national table; one that stands in none survives as text."""
    if known is None:
        plain = text(raw)
        return None if plain is None else {"text": plain}
    number = _TABLE_OF[type(known)]
    coding: Resource = {"system": f"{LOCAL}/CodeSystem/oqscd{number}", "code": str(known.value)}
    return {"coding": [present(coding | {"display": NAMES.get(type(known), {}).get(known)})]}


def local(system: str, code: str, words: str | None = None) -> Resource:
    """A concept of the device's own code system `system`."""
    return present({"coding": [{"system": f"{LOCAL}/CodeSystem/{system}", "code": code}], "text": words})


def hl7(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{HL7}/{system}", "code": code}]}


def institution_10(value: str | None) -> str | None:
    """医療機関コード, if it is one: 10 digits."""
    plain = text(value)
    return plain if plain and re.fullmatch(r"[0-9]{10}", plain) else None


def institution(number: str) -> Resource:
    """A facility by its 10 digits (医療機関コード), as a logical reference."""
    return {"type": "Organization", "identifier": {"system": INSTITUTION, "value": number}}


def moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds")


def wall(seconds: float) -> str:
    """Wall time (seconds since 1970 UTC) as an instant with Japan's offset."""
    return moment(datetime.fromtimestamp(int(seconds), JAPAN))


def last_day(first_without: date | None) -> date | None:
    """The last day with, of the first day without (資格喪失年月日)."""
    return None if first_without is None or first_without == date.min else first_without - timedelta(days=1)


def in_order(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start <= end


def period(start: date | None, end: date | None, *, end_unknown: bool = False) -> Resource | None:
    """None where the days contradict each other (FHIR's per-1). Without an end it goes on, unless that is unknown."""
    if not in_order(start, end):
        return None
    return until(start.isoformat() if start else None, end.isoformat() if end else None, end_unknown=end_unknown)


def until(start: str | None, end: str | None, *, end_unknown: bool) -> Resource | None:
    """A period of texts; an end that there is, but that is not known, is said to be so."""
    missing = {"_end": unknown()} if end_unknown and end is None else {}
    return present({"start": start, "end": end, **missing}) or None


def unknown() -> Resource:
    """Stands beside a member whose value there is, but nobody knows it."""
    return {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
