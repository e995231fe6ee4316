"""Answers about invented people, and ways to look into the bundle made of them. Run, it prints docs/fhir.md's example.

python -m tests.unit.eligibility.fhir_case
"""

import json
from typing import Any

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcomes import ConsentAnswer, EligibilityCode
from firmware.core.result import ConsentTimes
from firmware.eligibility.fhir import Occasion, bundle
from firmware.eligibility.model import Confirmation, read_confirmation

VISIT = "0123456789abcdef0123456789abcdef"
WHEN = 1_795_307_412.7  # 2026-11-22 09:30:12 in Japan
DAY = 86_400

PERSON: dict[str, Any] = {
    "InsuredCardClassification": "01",
    "InsurerNumber": "06130017",
    "InsurerName": "架空健康保険組合",
    "InsuredCardSymbol": "9901",
    "InsuredIdentificationNumber": "12-34",
    "InsuredBranchNumber": "1",
    "PersonalFamilyClassification": "2",
    "InsuredName": "窓口 太郎",
    "Name": "窓口　花子",
    "NameKana": "ﾏﾄﾞｸﾞﾁ ﾊﾅｺ",
    "Sex1": "2",
    "Birthdate": "19540203",
    "Address": "空想県見本市架空町1-2-3",
    "QualificationDate": "20240401",
    "InsuredCardValidDate": "20250801",
    "InsuredCardExpirationDate": "20290731",
    "InsuredPartialContributionRatio": "020",
    "ReferenceNumber": "K-1001",
}
EXAMPLE: dict[str, Any] = {
    "ProcessExecutionTime": "20261122093010",
    "QualificationConfirmationDate": "20261122",
    "MedicalInstitutionCode": "1319999999",
    "ProcessingResultStatus": "1",
    "QualificationValidity": "1",
    "ResultList": [
        PERSON
        | {
            "ElderlyRecipientCertificateInfo": {
                "ElderlyRecipientValidStartDate": "20260801",
                "ElderlyRecipientValidEndDate": "20270731",
                "ElderlyRecipientContributionRatio": "020",
            },
            "LimitApplicationCertificateRelatedInfo": {
                "LimitApplicationCertificateClassification": "01",
                "LimitApplicationCertificateClassificationFlag": "B04",
                "LimitApplicationCertificateValidStartDate": "20260801",
            },
            "PharmacistsInfoConsFlg": "1",
            "PharmacistsInfoConsTime": "20261122093000",
            "PharmacistsInfoAvailableTime": "20261123093000",
        }
    ],
}


def answer(*coverages: dict[str, Any], **header: str) -> Confirmation:
    return read_confirmation({"ResultList": list(coverages), **header})


def made(
    confirmation: Confirmation | None,
    code: EligibilityCode = EligibilityCode.VALID,
    *flags: EligibilityFlag,
    **occasion: Any,
) -> dict[str, Any]:
    told: dict[str, Any] = {"visit": VISIT, "when": WHEN, **occasion}
    return bundle(confirmation, code, flags, Occasion(**told))


def several(of: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each["resource"] for each in of["entry"] if each["resource"]["resourceType"] == kind]


def one(of: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = several(of, kind)
    return found


def example() -> dict[str, Any]:
    given = ConsentTimes(WHEN - 5, WHEN - 5 + DAY)
    return made(read_confirmation(EXAMPLE), consent=ConsentAnswer.GIVEN, consent_times=given, facility="1319999999")


def page() -> str:
    return json.dumps(example(), ensure_ascii=False, indent=2)


if __name__ == "__main__":
    print(page())
