"""Parts of one person's eligibility (資格情報): certificates that lower what is paid, tickets, consents. Pure values.

Each field stands under its national name in its metadata (eligibility.md 2.7), the Japanese term in its docstring; a
text that could not be understood stands in `odd`. Personal: no repr. See `fields.py` for reading and writing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from firmware.eligibility import codes
from firmware.eligibility.fields import code, day, digits, moment, odd_members, ratio, text


@dataclass(frozen=True, slots=True, repr=False)
class ElderlyRecipient:
    """高齢受給者証情報: people from 70 to 74."""

    issued_on: date | None = day("ElderlyRecipientCertificateDate")
    """交付年月日"""
    valid_from: date | None = day("ElderlyRecipientValidStartDate")
    """有効開始年月日"""
    valid_to: date | None = day("ElderlyRecipientValidEndDate")
    """有効終了年月日"""
    burden_percent: int | None = ratio("ElderlyRecipientContributionRatio")
    """一部負担金割合, per cent"""
    odd: Mapping[str, str] = odd_members()


@dataclass(frozen=True, slots=True, repr=False)
class LimitCertificate:
    """限度額適用認定証関連情報."""

    classification: codes.LimitClass | None = code("LimitApplicationCertificateClassification", codes.LimitClass)
    """限度額適用認定証区分 (table 011)"""
    flag: codes.LimitFlag | None = code("LimitApplicationCertificateClassificationFlag", codes.LimitFlag)
    """適用区分 (table 012)"""
    issued_on: date | None = day("LimitApplicationCertificateDate")
    """交付年月日"""
    valid_from: date | None = day("LimitApplicationCertificateValidStartDate")
    """有効開始年月日"""
    valid_to: date | None = day("LimitApplicationCertificateValidEndDate")
    """有効終了年月日"""
    long_term_on: date | None = day("LimitApplicationCertificateLongTermDate")
    """長期入院該当年月日"""
    odd: Mapping[str, str] = odd_members()


@dataclass(frozen=True, slots=True, repr=False)
class SpecificDiseaseCertificate:
    """特定疾病療養受療証情報."""

    disease: codes.SpecificDisease | None = code("SpecificDiseasesDiseaseCategory", codes.SpecificDisease)
    """認定疾病区分 (table 013)"""
    issued_on: date | None = day("SpecificDiseasesCertificateDate")
    """交付年月日"""
    valid_from: date | None = day("SpecificDiseasesValidStartDate")
    """有効開始年月日"""
    valid_to: date | None = day("SpecificDiseasesValidEndDate")
    """有効終了年月日"""
    self_pay: int | None = digits("SpecificDiseasesSelfPay", 9)
    """自己負担限度額, yen"""
    odd: Mapping[str, str] = odd_members()


@dataclass(frozen=True, slots=True, repr=False)
class MedicalTicket:
    """医療扶助の医療券・調剤券 (PublicExpenseResultList). All names from one source."""

    type: codes.TicketType | None = code("TicketType", codes.TicketType)
    """券の別 (table 018)"""
    valid_from: date | None = day("MedicalTicketValidDate")
    """有効開始日"""
    valid_to: date | None = day("MedicalTicketExpirationDate")
    """有効終了日"""
    issue_number: str | None = text("IssueNumber", 40)
    """交付番号"""
    treatment_month: str | None = text("MedicalTreatmentMonth", 6)
    """診療年月, YYYYMM"""
    facility_code: str | None = text("DesignatedMedicalInstitutionCode", 10)
    """指定医療機関コード"""
    facility_flag: str | None = text("DesignatedMedicalInstitutionFlag", 4)
    facility_name: str | None = text("DesignatedMedicalInstitutionName", 120)
    """指定医療機関名"""
    prescriber_code: str | None = text("PrescriptionIssuerMedicalInstitutionCode", 10)
    """処方箋発行元医療機関コード"""
    prescriber_name: str | None = text("PrescriptionIssuerMedicalInstitutionName", 120)
    """処方箋発行元医療機関名"""
    injury_1: str | None = text("InjuryName1", 120)
    """傷病名1 to 3"""
    injury_2: str | None = text("InjuryName2", 120)
    injury_3: str | None = text("InjuryName3", 120)
    care_type: codes.CareType | None = code("MedicalTreatmentType", codes.CareType)
    """診療別 (table 019)"""
    self_pay: int | None = digits("SelfPayAmount", 9)
    """本人支払額, yen"""
    district_contact: str | None = text("DistrictContactName", 120)
    """地区担当員名"""
    handling_contact: str | None = text("HandlingContactName", 120)
    """取扱担当者名"""
    single_or_combined: str | None = text("SingleOrCombinedUse", 4)
    """単独・併用別"""
    social_insurance: str | None = text("StatusOfSocialInsurance", 4)
    """社会保険の状況"""
    consistency: str | None = text("ConsistencyFlag", 4)
    infection: str | None = text("StatusOfInfecton", 4)
    """感染症の状況; the wire name is spelled so"""
    elderly_care: str | None = text("StatusOfElderlyMedicalCare", 4)
    """後期高齢者医療の状況"""
    prefectural_expenses: str | None = text("StatusOfPrefecturalExpenses", 4)
    """都道府県費の状況"""
    remark_1: str | None = text("Remarks1", 400)
    """備考1 to 3"""
    remark_2: str | None = text("Remarks2", 400)
    remark_3: str | None = text("Remarks3", 400)
    odd: Mapping[str, str] = odd_members()


@dataclass(frozen=True, slots=True, repr=False)
class Consents:
    """同意情報, item by item: what was answered (同意フラグ, table 016), when, and until when it may be used (24 h).

    On the wire they stand among the coverage's own members. Variants of names: eligibility.md 2.7; the six of 2025
    (from `diagnosis_name`) have one source.
    """

    limit: codes.ConsentFlag | None = code("LimitApplicationCertificateRelatedConsFlg", codes.ConsentFlag)
    """限度額適用認定証関連情報"""
    limit_at: datetime | None = moment("LimitApplicationCertificateRelatedConsTime")
    specific_diseases: codes.ConsentFlag | None = code("SpecificDiseasesCertificateRelatedConsFlg", codes.ConsentFlag)
    """特定疾病療養受療証関連情報"""
    specific_diseases_at: datetime | None = moment("SpecificDiseasesCertificateRelatedConsTime")
    checkups: codes.ConsentFlag | None = code("SpecificHealthCheckupsInfoConsFlg", codes.ConsentFlag)
    """特定健診情報"""
    checkups_at: datetime | None = moment("SpecificHealthCheckupsInfoConsTime")
    checkups_until: datetime | None = moment(
        "SpecificHealthCheckupsInfoAvailableTime", "SpecificHealthCheckupsInfoAcquisitionTime"
    )
    medicines: codes.ConsentFlag | None = code("PharmacistsInfoConsFlg", codes.ConsentFlag, "PharmaceuticalInfoConsFlg")
    """薬剤情報"""
    medicines_at: datetime | None = moment("PharmacistsInfoConsTime", "PharmaceuticalInfoConsTime")
    medicines_until: datetime | None = moment(
        "PharmacistsInfoAvailableTime",
        "PharmacistsInfoAcquisitionTime",
        "PharmaceuticalInfoAvailableTime",
        "PharmaceuticalInfoAcquisitionTime",
    )
    diagnosis: codes.ConsentFlag | None = code("DiagnosisInfoConsFlg", codes.ConsentFlag)
    """診療情報"""
    diagnosis_at: datetime | None = moment("DiagnosisInfoConsTime")
    diagnosis_until: datetime | None = moment("DiagnosisInfoAvailableTime", "DiagnosisInfoAcquisitionTime")
    operation: codes.ConsentFlag | None = code("OperationInfoConsFlg", codes.ConsentFlag)
    """手術情報"""
    operation_at: datetime | None = moment("OperationInfoConsTime")
    operation_until: datetime | None = moment("OperationInfoAvailableTime", "OperationInfoAcquisitionTime")
    diagnosis_name: codes.ConsentFlag | None = code("DiagnosisNameConsFlg", codes.ConsentFlag)
    """傷病名"""
    diagnosis_name_at: datetime | None = moment("DiagnosisNameConsTime")
    diagnosis_name_until: datetime | None = moment("DiagnosisNameAvailableTime", "DiagnosisNameAcquisitionTime")
    infection: codes.ConsentFlag | None = code("InfectiousInfoConsFlg", codes.ConsentFlag)
    """感染症"""
    infection_at: datetime | None = moment("InfectiousInfoConsTime")
    infection_until: datetime | None = moment("InfectiousInfoAvailableTime", "InfectiousInfoAcquisitionTime")
    allergy: codes.ConsentFlag | None = code("AllergyInfoConsFlg", codes.ConsentFlag)
    """その他アレルギー"""
    allergy_at: datetime | None = moment("AllergyInfoConsTime")
    allergy_until: datetime | None = moment("AllergyInfoAvailableTime", "AllergyInfoAcquisitionTime")
    contraindication: codes.ConsentFlag | None = code("ContraindicationInfoConsFlg", codes.ConsentFlag)
    """薬剤アレルギー(禁忌)"""
    contraindication_at: datetime | None = moment("ContraindicationInfoConsTime")
    contraindication_until: datetime | None = moment(
        "ContraindicationInfoAvailableTime", "ContraindicationInfoAcquisitionTime"
    )
    test: codes.ConsentFlag | None = code("TestInfoConsFlg", codes.ConsentFlag)
    """検査"""
    test_at: datetime | None = moment("TestInfoConsTime")
    test_until: datetime | None = moment("TestInfoAvailableTime", "TestInfoAcquisitionTime")
    prescription: codes.ConsentFlag | None = code("PrescriptionInfoConsFlg", codes.ConsentFlag)
    """処方"""
    prescription_at: datetime | None = moment("PrescriptionInfoConsTime")
    prescription_until: datetime | None = moment("PrescriptionInfoAvailableTime", "PrescriptionInfoAcquisitionTime")
    odd: Mapping[str, str] = odd_members()
