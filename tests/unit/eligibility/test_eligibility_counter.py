"""Whole answers as a clinic gets them on 1 April 2026: what they mean, what is remarked on, and who has to come.

Who has nothing wrong must never be sent to the counter: a remark on everybody is as bad as none.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from firmware.core.eligibility import NEEDS_PATIENT, WayOn
from firmware.core.outcome_texts import SHIPPED, TOLD, Told
from firmware.eligibility.outcome import ELIGIBLE, judge
from tests.unit.eligibility.coverages import DAY, confirmation

TODAY = date(2026, 4, 1)

EMPLOYEE: dict[str, Any] = {
    "InsuredCardClassification": "01",
    "InsurerNumber": "06130017",
    "InsuredCardSymbol": "９９０１",
    "InsuredIdentificationNumber": "１００００１",
    "InsuredBranchNumber": "01",
    "PersonalFamilyClassification": "1",
    "Name": "窓口　太郎",
    "NameKana": "ﾏﾄﾞｸﾞﾁ ﾀﾛｳ",
    "Sex1": "1",
    "Birthdate": "19721103",
    "QualificationDate": "20240401",
    "InsuredCertificateIssuanceDate": "20240410",
    "InsuredCardValidDate": "20240401",
    "InsurerName": "架空健康保険組合",
}
"""No burden ratio: below 70 it is the law's, and only 後期高齢者医療 and 高齢受給者証 carry one."""
DEPENDANT = EMPLOYEE | {"InsuredBranchNumber": "03", "PersonalFamilyClassification": "2", "InsuredName": "窓口　太郎"}
TOWN = EMPLOYEE | {
    "InsurerNumber": "  130013",
    "InsuredCardSymbol": "空－１",
    "InsuredName": "窓口　太郎",
    "InsurerName": "見本町",
    "Address": "空想県見本市架空町１－２－３　ハイツ１０２",
    "PostNumber": "000-0000",
}
BLANK: dict[str, Any] = {
    "ElderlyRecipientCertificateInfo": {
        "ElderlyRecipientCertificateDate": "",
        "ElderlyRecipientValidStartDate": " ",
        "ElderlyRecipientValidEndDate": "\n",
        "ElderlyRecipientContributionRatio": "",
    },
    "LimitApplicationCertificateRelatedInfo": {"LimitApplicationCertificateClassification": ""},
    "SpecificDiseasesCertificateList": ["", {"SpecificDiseasesDiseaseCategory": ""}],
    "PublicExpenseResultList": [{}],
}
"""As some systems write groups that are not there."""
RECIPIENT = {
    "ElderlyRecipientCertificateInfo": {
        "ElderlyRecipientCertificateDate": "20250725",
        "ElderlyRecipientValidStartDate": "20250801",
        "ElderlyRecipientValidEndDate": "20260731",
        "ElderlyRecipientContributionRatio": "020",
    }
}
LATE_ELDERLY = {
    **EMPLOYEE,
    "InsurerNumber": "39130018",
    "InsuredCardSymbol": "",
    "InsuredBranchNumber": "",
    "PersonalFamilyClassification": "",
    "InsuredIdentificationNumber": "90000017",
    "Birthdate": "19480229",
    "QualificationDate": "20230301",
    "InsuredCardValidDate": "20250801",
    "InsuredCardExpirationDate": "20260731",
    "InsuredPartialContributionRatio": "010",
}
ASSISTANCE = {
    **EMPLOYEE,
    "InsuredCardClassification": "A1",
    "InsurerNumber": "12130019",
    "InsuredCardSymbol": "",
    "InsuredBranchNumber": "",
    "PersonalFamilyClassification": "",
    "InsuredIdentificationNumber": "7000017",
    "PublicExpenseResultList": [
        {"TicketType": "01", "MedicalTicketValidDate": "20260401", "MedicalTicketExpirationDate": "20260430"}
    ],
}
LIMIT = {
    "LimitApplicationCertificateRelatedInfo": {
        "LimitApplicationCertificateClassification": "01",
        "LimitApplicationCertificateClassificationFlag": "A03",
        "LimitApplicationCertificateValidStartDate": "20250801",
        "LimitApplicationCertificateValidEndDate": "20260731",
    }
}
DIALYSIS = {
    "SpecificDiseasesCertificateList": [
        {"SpecificDiseasesDiseaseCategory": "1", "SpecificDiseasesValidStartDate": "20200401"}
    ]
}
LOST = {"DisqualificationDate": "20260401", "InsuredCardExpirationDate": "20260331"}


@dataclass(frozen=True)
class Case:
    """`people` and `members` of the answer; what has to come of it. `way`: the first way on."""

    people: tuple[dict[str, Any], ...]
    members: dict[str, str]
    code: str
    flags: tuple[str, ...] = ()
    told: Told = Told.DONE
    way: WayOn = WayOn.GO_ON


def valid(person: dict[str, Any], *flags: str, told: Told = Told.DONE, **members: str) -> Case:
    return Case((person,), members, "valid", flags, told)


def troubled(validity: str, code: str, way: WayOn, *people: dict[str, Any], flags: tuple[str, ...] = ()) -> Case:
    return Case(people, {"QualificationValidity": validity}, code, flags, Told.COUNTER, way)


CASES = {
    "employee": valid(EMPLOYEE),
    "employee, with groups that are empty": valid(EMPLOYEE | BLANK),
    "employee, certificate of the card ends soon": valid(EMPLOYEE, ProcessingResultMessage="証明書の期限"),
    "child of 3": valid(DEPENDANT | {"Birthdate": "20220510", "PreschoolClassification": "1"}),
    "newborn": valid(
        DEPENDANT | {"Birthdate": "20260322", "QualificationDate": "20260322", "PreschoolClassification": "1"}
    ),
    "child of 3, mark missing": valid(DEPENDANT | {"Birthdate": "20220510"}, "preschool-missing"),
    "at school from today": valid(DEPENDANT | {"Birthdate": "20200401"}),
    "schoolchild": valid(DEPENDANT | {"Birthdate": "20170820"}),
    "student of 19": valid(DEPENDANT | {"Birthdate": "20070105"}),
    "National Health Insurance, 6 digits": valid(TOWN),
    "National Health Insurance, 8 digits": valid(TOWN | {"InsurerNumber": "00130013"}),
    "69, certificate for 70 is there ahead": valid(
        TOWN
        | {"Birthdate": "19560410"}
        | {
            "ElderlyRecipientCertificateInfo": {
                "ElderlyRecipientValidStartDate": "20260501",
                "ElderlyRecipientContributionRatio": "020",
            }
        }
    ),
    "72": valid(TOWN | {"Birthdate": "19531210"} | RECIPIENT),
    "72, dependant of an employee": valid(DEPENDANT | {"Birthdate": "19531210"} | RECIPIENT),
    "72, no elderly recipient": valid(TOWN | {"Birthdate": "19531210"}, "elderly-recipient-missing", told=Told.COUNTER),
    "72, empty elderly recipient": valid(
        TOWN | {"Birthdate": "19531210"} | BLANK, "elderly-recipient-missing", told=Told.COUNTER
    ),
    "72, elderly recipient without a ratio": valid(
        TOWN
        | {"Birthdate": "19531210"}
        | {"ElderlyRecipientCertificateInfo": {"ElderlyRecipientValidStartDate": "20250801"}},
        "burden-ratio-missing",
        told=Told.COUNTER,
    ),
    "78, late elderly": valid(LATE_ELDERLY),
    "68 with a disability, late elderly": valid(LATE_ELDERLY | {"Birthdate": "19570610"}),
    "72 with a disability, late elderly": valid(LATE_ELDERLY | {"Birthdate": "19531210"}),
    "late elderly without a ratio": valid(
        LATE_ELDERLY | {"InsuredPartialContributionRatio": ""}, "burden-ratio-missing", told=Told.COUNTER
    ),
    "limit certificate and dialysis": valid(EMPLOYEE | LIMIT | DIALYSIS),
    "an old paper card has ended": valid(TOWN | {"InsuredCardExpirationDate": "20250731"}, "card-expired"),
    "name that claims cannot carry": valid(EMPLOYEE | {"Name": "髙橋　一"}, "beyond-jis-x-0208"),
    "name that did not arrive": valid(EMPLOYEE | {"Name": "●橋　一"}, "replaced-character", told=Told.COUNTER),
    "new job today": valid(EMPLOYEE | {"QualificationDate": DAY, "InsuredCardValidDate": DAY}),
    "new job tomorrow": valid(EMPLOYEE | {"QualificationDate": "20260402"}, "not-yet-qualified", told=Told.COUNTER),
    "old job, last day": valid(EMPLOYEE | {"DisqualificationDate": "20260402", "ReasonOfLoss": "99"}),
    "medical assistance": Case((ASSISTANCE,), {"QualificationValidity": "6"}, "valid-unregistered"),
    "medical assistance of a child of 3": valid(ASSISTANCE | {"Birthdate": "20220510"}),
    "medical assistance at 72": valid(ASSISTANCE | {"Birthdate": "19531210"}),
    "medical assistance by its number only": valid(
        ASSISTANCE | {"Birthdate": "19531210", "InsuredCardClassification": ""}
    ),
    "insurance and medical assistance": Case((TOWN, ASSISTANCE), {}, "valid-several"),
    "job left, no newer one known": troubled("2", "invalid", WayOn.MYNAPORTAL, EMPLOYEE | LOST),
    "lost, nothing known": troubled("2", "invalid", WayOn.MYNAPORTAL),
    "lost to another insurance": troubled(
        "2", "invalid", WayOn.MYNAPORTAL, EMPLOYEE | LOST | {"ReasonOfLoss": "03"}, flags=("insurer-changed",)
    ),
    "lost to medical assistance": troubled("2", "invalid", WayOn.MYNAPORTAL, TOWN | LOST | {"ReasonOfLoss": "02"}),
    "newer one exists": troubled("3", "invalid-new-exists", WayOn.ASK_AGAIN, EMPLOYEE | LOST),
    "none": troubled("4", "none", WayOn.NUMBER_LOOK_UP),
    "none, in the frame of a result": troubled("4", "none", WayOn.NUMBER_LOOK_UP, dict.fromkeys(EMPLOYEE, "")),
    "several people match": troubled("5", "several", WayOn.NUMBER_LOOK_UP),
}


@pytest.mark.parametrize("name", CASES)
def test_answer_at_the_counter(name: str) -> None:
    case = CASES[name]
    judged = judge(confirmation(*case.people, **case.members), TODAY)
    assert (judged.code.value, judged.flags) == (case.code, case.flags)
    called = judged.code in ELIGIBLE and not NEEDS_PATIENT.isdisjoint(judged.flags)
    assert (Told.COUNTER if called else TOLD[judged.code]) is case.told
    assert SHIPPED.outcomes[judged.code].ways[0] is (WayOn.GO_ON if judged.code in ELIGIBLE else case.way)
