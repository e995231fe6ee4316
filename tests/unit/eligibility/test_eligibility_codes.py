"""Every table of eligibility.md 2.8, value by value, and what becomes of a code on its way through the device (D1)."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.eligibility import codes
from firmware.eligibility.fields import Wire
from firmware.eligibility.model import Confirmation, Coverage, read_confirmation, write_confirmation
from firmware.eligibility.outcome import judge
from firmware.eligibility.parts import (
    Consents,
    ElderlyRecipient,
    LimitCertificate,
    MedicalTicket,
    SpecificDiseaseCertificate,
)
from tests.unit.eligibility.coverages import PERSON

TABLES = {
    "001": "0 1",
    "002": "1 2",
    "003": "1 2 9",
    "004": "1 2",
    "005": "0 1 2",
    "006": "1 2 3 4 5 6",
    "007": "1 2 3",
    "008": "01 02 03 99",
    "009": "1 2",
    "010": "01 02 03 04 05 06 07 A1",
    "011": "01 02 03",
    "012": "A01 A02 A03 A04 A05 A06 B01 B02 B03 B04 B05 B06 B07 B08 B09 B10",
    "013": "1 2 3",
    "014": "0 1",
    "015": "1",
    "016": "0 1 2 3",
    "017": "1 2",
    "018": "01 02",
    "019": "01 02 03 04 05",
    "028": "1 2 3 4",
    "029": "TKK YZK",
    "031": "1 2 3",
    "036": "TSR TKK YZK SRJ SHJ",
    "037": "0 1",
    "041": "02",
    "042": "02",
    "044": "01 02 04 08",
}
"""Written from the facts, not from the code."""

NAMED = {
    codes.Validity: "VALID INVALID INVALID_NEW_EXISTS NONE SEVERAL VALID_UNREGISTERED",
    codes.SegmentOfResult: "NORMAL IN_PROGRESS ABNORMAL",
    codes.ProcessingStatus: "NORMAL ERROR",
    codes.Sex: "MALE FEMALE NOT_SET",
    codes.ReferenceClassification: "CARD NUMBER",
    codes.ReasonOfLoss: "DEATH PUBLIC_ASSISTANCE OTHER_INSURANCE OTHER",
    codes.PersonFamily: "INSURED FAMILY",
    codes.ConsentFlag: "NONE GIVEN EXPIRED HARD_TO_OBTAIN",
    codes.LimitClass: "LIMIT LIMIT_AND_STANDARD STANDARD",
    codes.SpecificDisease: "DIALYSIS HAEMOPHILIA HIV",
    codes.CareScene: "OUTPATIENT HOME_VISIT ONLINE EMERGENCY",
    codes.PrescriptionIssue: "ELECTRONIC PAPER",
    codes.TicketType: "MEDICAL DISPENSING",
    codes.LinkedSystem: "SUBSIDY MOTHER_CHILD VACCINATION CARE_INSURANCE",
    codes.CardClassification: "GENERAL RETIRED SHORT_TERM_GENERAL SHORT_TERM_RETIRED SPECIAL_BENEFIT SPECIAL_RETIRED"
    " SELF_DEFENCE_FORCES MEDICAL_ASSISTANCE",
}
"""Names in the order of their values, where mixing two up would mislead somebody."""

GROUPS: dict[type[Any], tuple[str, bool]] = {
    ElderlyRecipient: ("ElderlyRecipientCertificateInfo", False),
    LimitCertificate: ("LimitApplicationCertificateRelatedInfo", False),
    SpecificDiseaseCertificate: ("SpecificDiseasesCertificateList", True),
    MedicalTicket: ("PublicExpenseResultList", True),
}
"""Where a part stands in a coverage, and whether as a list."""


def coded(of: type[Any]) -> list[Wire]:
    wires = [each.metadata["wire"] for each in fields(of) if "wire" in each.metadata]
    return [wire for wire in wires if wire.kind == "code"]


def answer_with(of: type[Any], wire: Wire, value: str) -> dict[str, Any]:
    """An answer's members with this code where its class stands."""
    if of is Confirmation:
        return {wire.name: value, "ResultList": [PERSON]}
    if of in GROUPS:
        group, many = GROUPS[of]
        part: Any = {wire.name: value}
        return {"ResultList": [{**PERSON, group: [part] if many else part}]}
    return {"ResultList": [{**PERSON, wire.name: value}]}


PLACES = [(of, wire) for of in (Confirmation, Coverage, Consents, *GROUPS) for wire in coded(of)]
VALUES = [(of, wire, str(value)) for of, wire in PLACES for value in wire.code or ()]


def test_there_is_no_other_table() -> None:
    assert set(codes.TABLES) == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_table(table: str) -> None:
    assert [str(value) for value in codes.TABLES[table]] == TABLES[table].split()


@pytest.mark.parametrize("table", NAMED)
def test_names(table: type[codes.Validity]) -> None:
    assert [each.name for each in table] == NAMED[table].split()


@pytest.mark.parametrize(
    ("flag", "meaning"),
    [
        *(("A01", "ア"), ("A02", "イ"), ("A03", "ウ"), ("A04", "エ"), ("A05", "オ"), ("A06", "オ(境)")),
        *(("B01", "現役並みIII"), ("B02", "現役並みII"), ("B03", "現役並みI"), ("B04", "一般")),
        *(("B05", "低所得II"), ("B06", "低所得I"), ("B07", "低所得I(老福)"), ("B08", "低所得I(境)")),
        *(("B09", "一般II"), ("B10", "一般I")),
    ],
)
def test_limit_flags_say_what_they_mean(flag: str, meaning: str) -> None:
    source = Path(codes.__file__).read_text("utf-8")  # docstrings of members exist in the source only
    assert f'{flag} = "{flag}"\n    """{meaning}"""\n' in source


@pytest.mark.parametrize(("of", "wire", "value"), VALUES, ids=lambda each: getattr(each, "name", str(each)))
def test_each_value_is_read_and_written_as_it_is(of: type[Any], wire: Wire, value: str) -> None:
    members = answer_with(of, wire, value)
    found = read_confirmation(members)
    assert write_confirmation(found) == members
    assert EligibilityFlag.UNKNOWN_CODE not in judge(found, None).flags


@pytest.mark.parametrize("value", ["Z", "77", "999", "不明", "x" * 32])
@pytest.mark.parametrize(("of", "wire"), PLACES, ids=lambda each: getattr(each, "name", str(each)))
def test_unknown_code_survives_and_is_flagged(of: type[Any], wire: Wire, value: str) -> None:
    if wire.required:
        return  # refused: test_eligibility_model
    members = answer_with(of, wire, value)
    found = read_confirmation(members)
    assert write_confirmation(found) == members
    assert EligibilityFlag.UNKNOWN_CODE in judge(found, None).flags
