"""Invented insured people: one for each answer and for each remark on one. Pure data.

Nobody here exists, nor do the insurers; the insurer numbers have right check digits (eligibility.md 3.1). Members by
docs/gateway.yaml, `Result` and `Coverage`; codes by eligibility.md 2.8, outcomes by its 2.10. Dates are written so that
they stay right for years; a person of a certain age is born that many years ago (`_born`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Final

from firmware.sim.gateway.insured import Insured, Members

_JAPAN: Final = timezone(timedelta(hours=9))
_EMPLOYEES: Final = {"InsurerNumber": "06130017", "InsurerName": "架空健康保険組合", "InsuredCardSymbol": "9901"}
_TOWN: Final = {"InsurerNumber": "130013", "InsurerName": "見本町国民健康保険", "InsuredCardSymbol": "見本"}
_ELDERLY: Final = {"InsurerNumber": "39130018", "InsurerName": "空想県後期高齢者医療広域連合"}
_WELFARE: Final = {"InsurerNumber": "12130019", "InsurerName": "見本市福祉事務所"}


def _born(years: int, day: str) -> str:
    """Birth date (YYYYMMDD) of somebody who has that age until the year ends; `day`: MMDD of an early day."""
    return f"{datetime.now(UTC).astimezone(_JAPAN).year - years}{day}"


def _coverage(name: str, kana: str, born: str, sex: str, number: str, **other: object) -> Members:
    return {
        "InsuredCardClassification": "01",
        "Name": name,
        "NameKana": kana,
        "Birthdate": born,
        "Sex1": sex,
        "InsuredIdentificationNumber": number,
        "PersonalFamilyClassification": "1",
        "Address": "空想県見本市架空町1-2-3",
        "PostNumber": "000-0000",
        "QualificationDate": "20240401",
        **other,
    }


_TICKET: Final = {
    "TicketType": "01",
    "MedicalTicketValidDate": "20260401",
    "MedicalTicketExpirationDate": "20990331",
    "IssueNumber": "T-0001",
    "MedicalTreatmentMonth": "202604",
    "DesignatedMedicalInstitutionCode": "1319999999",
    "DesignatedMedicalInstitutionName": "見本医院",
    "InjuryName1": "高血圧症",
    "MedicalTreatmentType": "01",
    "SelfPayAmount": "0",
    "DistrictContactName": "福祉 係",
    "SingleOrCombinedUse": "2",
}

_LIMIT: Final = {
    "LimitApplicationCertificateRelatedConsFlg": "1",
    "LimitApplicationCertificateRelatedConsTime": "20260401093000",
    "LimitApplicationCertificateRelatedInfo": {
        "LimitApplicationCertificateClassification": "01",
        "LimitApplicationCertificateClassificationFlag": "A03",
        "LimitApplicationCertificateDate": "20250801",
        "LimitApplicationCertificateValidStartDate": "20250801",
        "LimitApplicationCertificateValidEndDate": "20990731",
    },
}

_DIALYSIS: Final = {
    "SpecificDiseasesCertificateRelatedConsFlg": "1",
    "SpecificDiseasesCertificateRelatedConsTime": "20260401093000",
    "SpecificDiseasesCertificateList": [
        {
            "SpecificDiseasesDiseaseCategory": "1",
            "SpecificDiseasesCertificateDate": "20250401",
            "SpecificDiseasesValidStartDate": "20250401",
            "SpecificDiseasesValidEndDate": "20990331",
            "SpecificDiseasesSelfPay": "10000",
        }
    ],
}

_CONSENTS: Final = {
    f"{item}{what}": value
    for item in ("SpecificHealthCheckupsInfo", "PharmacistsInfo", "DiagnosisInfo", "OperationInfo")
    for what, value in (
        ("ConsFlg", "1"),
        ("ConsTime", "20260401093000"),
        ("AvailableTime", "20260402093000"),
    )
}

_RECIPIENT: Final = {
    "ElderlyRecipientCertificateInfo": {
        "ElderlyRecipientCertificateDate": "20250801",
        "ElderlyRecipientValidStartDate": "20250801",
        "ElderlyRecipientValidEndDate": "20990731",
        "ElderlyRecipientContributionRatio": "020",
    },
}

_TARO: Final = _coverage("窓口 太郎", "ﾏﾄﾞｸﾞﾁ ﾀﾛｳ", "19721103", "1", "100001", **_EMPLOYEES, InsuredBranchNumber="00")
_NOZOMI: Final = _coverage("見本 のぞみ", "ﾐﾎﾝ ﾉｿﾞﾐ", "19900704", "2", "100008", **_TOWN)
_TSUNAGU: Final = ("併用 つなぐ", "ﾍｲﾖｳ ﾂﾅｸﾞ", "19830520", "1")


def _welfare(name: str, kana: str, born: str, sex: str, number: str) -> Members:
    """医療扶助: no symbol, no family, a ticket."""
    members = _coverage(name, kana, born, sex, number, **_WELFARE, PublicExpenseResultList=[dict(_TICKET)])
    alone = {key: value for key, value in members.items() if key != "PersonalFamilyClassification"}
    return alone | {"InsuredCardClassification": "A1"}


def _valid() -> dict[str, Insured]:
    """Eligible, with and without something for staff to look at."""
    hanako = _coverage("受付 花子", "ｳｹﾂｹ ﾊﾅｺ", "19480229", "2", "90000017", **_ELDERLY)
    mirai = _coverage("架空 ●来", "ｶｸｳ ﾐﾗｲ", _born(4, "0115"), "2", "100003", **_TOWN)
    family = {"PersonalFamilyClassification": "2", "InsuredName": "架空 親"}
    many = _coverage("項目 ●多", "ｺｳﾓｸ ｵｵｼ", "19640810", "2", "100013", **_EMPLOYEES)
    return {
        "taro": Insured("valid", (_TARO,)),
        "hanako": Insured("valid", ({**hanako, "InsuredPartialContributionRatio": "010"},)),
        "mirai": Insured("valid", ({**mirai, **family, "PreschoolClassification": "1"},)),
        "haru": Insured(
            "valid", (_coverage("例題 はる", "ﾚｲﾀﾞｲ ﾊﾙ", _born(4, "0116"), "1", "100009", **_TOWN, **family),)
        ),
        "kazue": Insured(
            "valid", (_coverage("古希 和恵", "ｺｷ ｶｽﾞｴ", _born(72, "0110"), "2", "100010", **_TOWN, **_RECIPIENT),)
        ),
        "fumi": Insured("valid", (_coverage("無記 ふみ", "ﾑｷ ﾌﾐ", _born(72, "0111"), "2", "100011", **_TOWN),)),
        "noboru": Insured("valid", (_coverage("德永 昇", "ﾄｸﾅｶﾞ ﾉﾎﾞﾙ", "19750205", "1", "100012", **_EMPLOYEES),)),
        "setsu": Insured("valid", (_coverage("限度 節", "ｹﾞﾝﾄﾞ ｾﾂ", "19690919", "2", "100014", **_EMPLOYEES, **_LIMIT),)),
        "ken": Insured("valid", (_coverage("特定 健", "ﾄｸﾃｲ ｹﾝ", "19580303", "1", "100015", **_TOWN, **_DIALYSIS),)),
        "ooi": Insured(
            "valid", ({**many, **_LIMIT, **_DIALYSIS, **_CONSENTS},), members={"PrescriptionIssueSelect": "1"}
        ),
        "tsunagu": Insured(
            "valid",
            (_coverage(*_TSUNAGU, "100016", **_TOWN), _welfare(*_TSUNAGU, "700016")),
        ),
        "sachi": Insured(
            "valid",
            (_welfare("扶助 幸", "ﾌｼﾞｮ ｻﾁ", "19800214", "2", "700017"),),
            members={"QualificationValidity": "6"},
        ),
        "kigen": Insured(
            "valid",
            (_coverage("期限 切", "ｷｹﾞﾝ ｷﾚ", "19770707", "1", "100018", **_TOWN, InsuredCardExpirationDate="20260331"),),
        ),
    }


def _not_valid() -> dict[str, Insured]:
    """Not eligible, not found, not answered."""
    jiro = _coverage("空想 次郎", "ｸｳｿｳ ｼﾞﾛｳ", "19850115", "1", "100004", **_EMPLOYEES)
    saburo = _coverage("例示 三郎", "ﾚｲｼﾞ ｻﾌﾞﾛｳ", "19790620", "1", "100005", **_TOWN)
    error = {"ProcessingResultStatus": "2", "ProcessingResultCode": "SIM-0002", "ProcessingResultMessage": "処理エラー"}
    refused = {"SegmentOfResult": "9", "ErrorCode": "SIM-0009", "ErrorMessage": "照会を受け付けられません"}
    return {
        "jiro": Insured("invalid", ({**jiro, "DisqualificationDate": "20260331", "ReasonOfLoss": "03"},)),
        "saburo": Insured(
            "invalid-new-exists", ({**saburo, "DisqualificationDate": "20260501", "ReasonOfLoss": "03"},)
        ),
        "shiro": Insured("none"),
        "goro": Insured("several"),
        "nozomi": Insured("not-registered", after_registration=(_NOZOMI,)),
        "matsu": Insured("pending"),
        "tooru": Insured("not-reachable"),
        "ayame": Insured("not-reachable", members={"SegmentOfResult": "1", **error}),
        "kotowari": Insured("not-reachable", members=refused),
        "shun": Insured("refused"),
        "mujun": Insured(
            "valid",
            (_coverage("矛盾 一", "ﾑｼﾞｭﾝ ﾊｼﾞﾒ", "19880808", "1", "100019", **_EMPLOYEES),),
            members={"QualificationValidity": "2"},
        ),
        "betsu": Insured("valid", (_coverage("別人 明", "ﾍﾞﾂｼﾞﾝ ｱｷﾗ", "19901224", "2", "100020", **_TOWN),)),
    }


SEED: Final[Mapping[str, Insured]] = MappingProxyType(_valid() | _not_valid())
"""By a short name that scenarios use; also people whose answer carries no coverage."""

CONFLICTS: Final = frozenset({"betsu"})
"""Whose answers are about somebody else than the card that a simulated world makes for them."""
