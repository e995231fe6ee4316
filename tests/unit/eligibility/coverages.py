"""Members of an invented person's answer, as they stand on the wire; tests change what they are about."""

from typing import Any

from firmware.core.queries import NumberQuery
from firmware.eligibility.model import Confirmation, read_confirmation

PERSON: dict[str, Any] = {"Birthdate": "19721103", "Sex1": "1"}
GOOD: dict[str, Any] = {
    **PERSON,
    "InsuredCardClassification": "01",
    "InsurerNumber": "06130017",
    "InsuredCardSymbol": "９９０１",
    "InsuredIdentificationNumber": "１００００１",
    "Name": "窓口　太郎",
    "NameKana": "ﾏﾄﾞｸﾞﾁ ﾀﾛｳ",
    "QualificationDate": "20240401",
    "InsuredPartialContributionRatio": "030",
}
"""Nothing to remark on 1 April 2026."""
ECHO: dict[str, Any] = {
    "InsurerNumber": "06130017",
    "InsuredCardSymbol": "9901",
    "InsuredIdentificationNumber": "100001",
    "Birthdate": "19721103",
    "LimitApplicationCertificateRelatedConsFlg": "1",
}
DAY = "20260401"
FULL: dict[str, Any] = {
    **GOOD,
    "InsurerName": "架空健康保険組合",
    "InsuredBranchNumber": "01",
    "PersonalFamilyClassification": "1",
    "InsuredName": "窓口 太郎",
    "NameOfOther": "窓口 たろう",
    "NameOfOtherKana": "ﾏﾄﾞ",
    "Sex2": "3",
    "Address": "空想県見本市架空町1-2-3",
    "PostNumber": "000-0000",
    "DisqualificationDate": "20260331",
    "InsuredCertificateIssuanceDate": "20240402",
    "InsuredCardValidDate": "20240401",
    "InsuredCardExpirationDate": "20290331",
    "PreschoolClassification": "1",
    "ReasonOfLoss": "03",
    "ElderlyRecipientCertificateInfo": {
        "ElderlyRecipientCertificateDate": "20240401",
        "ElderlyRecipientValidStartDate": "20240402",
        "ElderlyRecipientValidEndDate": "20290331",
        "ElderlyRecipientContributionRatio": "020",
    },
    "LimitApplicationCertificateRelatedInfo": {
        "LimitApplicationCertificateClassification": "01",
        "LimitApplicationCertificateClassificationFlag": "A03",
        "LimitApplicationCertificateDate": "20240401",
        "LimitApplicationCertificateValidStartDate": "20240402",
        "LimitApplicationCertificateValidEndDate": "20290331",
        "LimitApplicationCertificateLongTermDate": "20250101",
    },
    "SpecificDiseasesCertificateList": [
        {
            "SpecificDiseasesDiseaseCategory": "1",
            "SpecificDiseasesCertificateDate": "20240401",
            "SpecificDiseasesValidStartDate": "20240402",
            "SpecificDiseasesValidEndDate": "20290331",
            "SpecificDiseasesSelfPay": "10000",
        },
        {"SpecificDiseasesDiseaseCategory": "3"},
    ],
    "PublicExpenseResultList": [
        {
            "TicketType": "01",
            "MedicalTicketValidDate": "20260401",
            "MedicalTicketExpirationDate": "20260430",
            "IssueNumber": "X-1",
            "MedicalTreatmentMonth": "202604",
            "DesignatedMedicalInstitutionCode": "1319999999",
            "DesignatedMedicalInstitutionFlag": "1",
            "DesignatedMedicalInstitutionName": "架空診療所",
            "PrescriptionIssuerMedicalInstitutionCode": "1119999991",
            "PrescriptionIssuerMedicalInstitutionName": "見本医院",
            "InjuryName1": "架空病",
            "InjuryName2": "見本症",
            "InjuryName3": "例示炎",
            "MedicalTreatmentType": "01",
            "SelfPayAmount": "0",
            "DistrictContactName": "見本",
            "HandlingContactName": "例示",
            "SingleOrCombinedUse": "1",
            "StatusOfSocialInsurance": "1",
            "ConsistencyFlag": "1",
            "StatusOfInfecton": "1",
            "StatusOfElderlyMedicalCare": "1",
            "StatusOfPrefecturalExpenses": "1",
            "Remarks1": "備考",
            "Remarks2": "備考二",
            "Remarks3": "備考三",
        },
    ],
    "ReferenceNumber": "R-1",
}
"""Every member but the consents."""
HEADER: dict[str, Any] = {
    "ProcessExecutionTime": "20260401093012",
    "QualificationConfirmationDate": DAY,
    "MedicalInstitutionCode": "1319999999",
    "ArbitraryFileIdentifier": "DEV01-000123",
    "ReferenceClassification": "2",
    "SegmentOfResult": "1",
    "CharacterCodeIdentifier": "0",
}


def confirmation(*people: dict[str, Any], **members: Any) -> Confirmation:
    """A worked-off, valid answer of 1 April 2026 unless `members` say otherwise; None leaves a member out."""
    usual = {"QualificationConfirmationDate": DAY, "QualificationValidity": "1"}
    return read_confirmation(usual | {"ResultList": list(people)} | members)


def query(**members: Any) -> NumberQuery:
    """The query whose echo `ECHO` is."""
    found = confirmation(QualificationConfirmSearchInfo=ECHO | members).search
    assert found is not None
    return found
