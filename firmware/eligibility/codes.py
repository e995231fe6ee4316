"""Code tables of the national system as enums, with their table numbers (OQSCD…, eligibility.md 2.8) in `TABLES`.

Pure, any thread. The values are the texts on the wire. A text that stands in no table is no error: `fields.py` keeps it
as it came and the answer is flagged `unknown-code`. The official tables were not seen; 012 rests on one source, and 005
has two contradicting ones, so it is only ever a hint.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class LimitConsent(StrEnum):
    """限度額適用認定証提供同意フラグ of a number query."""

    NO = "0"
    YES = "1"


class ReferenceClassification(StrEnum):
    """照会区分: what the query was made with."""

    CARD = "1"
    NUMBER = "2"


class SegmentOfResult(StrEnum):
    """処理結果区分 of the exchange."""

    NORMAL = "1"
    IN_PROGRESS = "2"
    ABNORMAL = "9"


class ProcessingStatus(StrEnum):
    """処理結果状況 of the query."""

    NORMAL = "1"
    ERROR = "2"


class Validity(StrEnum):
    """資格有効性."""

    VALID = "1"
    INVALID = "2"
    INVALID_NEW_EXISTS = "3"
    """無効(新しい資格あり)"""
    NONE = "4"
    """該当資格なし"""
    SEVERAL = "5"
    """複数該当"""
    VALID_UNREGISTERED = "6"
    """有効(未登録), seen with 医療扶助"""


class Sex(StrEnum):
    """性別."""

    MALE = "1"
    FEMALE = "2"
    NOT_SET = "3"


class ReasonOfLoss(StrEnum):
    """資格喪失事由."""

    DEATH = "01"
    PUBLIC_ASSISTANCE = "02"
    """生活保護受給"""
    OTHER_INSURANCE = "03"
    OTHER = "99"


class PersonFamily(StrEnum):
    """本人・家族の別."""

    INSURED = "1"
    FAMILY = "2"


class CardClassification(StrEnum):
    """被保険者証区分."""

    GENERAL = "01"
    RETIRED = "02"
    """退職"""
    SHORT_TERM_GENERAL = "03"
    """短期証(一般)"""
    SHORT_TERM_RETIRED = "04"
    SPECIAL_BENEFIT = "05"
    """資格証明書(特別療養費)"""
    SPECIAL_RETIRED = "06"
    """特例退職"""
    SELF_DEFENCE_FORCES = "07"
    """自衛官診療証"""
    MEDICAL_ASSISTANCE = "A1"
    """医療扶助"""


class LimitClass(StrEnum):
    """限度額適用認定証区分."""

    LIMIT = "01"
    """限度額適用"""
    LIMIT_AND_STANDARD = "02"
    """限度額適用・標準負担額減額"""
    STANDARD = "03"
    """標準負担額減額"""


class LimitFlag(StrEnum):
    """限度額適用認定証適用区分: A under 70, B from 70."""

    A01 = "A01"
    """ア"""
    A02 = "A02"
    """イ"""
    A03 = "A03"
    """ウ"""
    A04 = "A04"
    """エ"""
    A05 = "A05"
    """オ"""
    A06 = "A06"
    """オ(境)"""
    B01 = "B01"
    """現役並みIII"""
    B02 = "B02"
    """現役並みII"""
    B03 = "B03"
    """現役並みI"""
    B04 = "B04"
    """一般"""
    B05 = "B05"
    """低所得II"""
    B06 = "B06"
    """低所得I"""
    B07 = "B07"
    """低所得I(老福)"""
    B08 = "B08"
    """低所得I(境)"""
    B09 = "B09"
    """一般II"""
    B10 = "B10"
    """一般I"""


class SpecificDisease(StrEnum):
    """特定疾病療養受療証の認定疾病区分."""

    DIALYSIS = "1"
    """人工腎臓を実施している慢性腎不全"""
    HAEMOPHILIA = "2"
    """血漿分画製剤を投与している先天性血液凝固第VIII・IX因子障害"""
    HIV = "3"
    """抗ウイルス剤を投与している後天性免疫不全症候群(血液製剤による)"""


class Changed(StrEnum):
    """変更有無."""

    NO = "0"
    YES = "1"


class Preschool(StrEnum):
    """未就学区分."""

    PRESCHOOL = "1"


class ConsentFlag(StrEnum):
    """同意フラグ of an item of medical information."""

    NONE = "0"
    GIVEN = "1"
    EXPIRED = "2"
    HARD_TO_OBTAIN = "3"
    """取得困難"""


class PrescriptionIssue(StrEnum):
    """処方箋発行形態."""

    ELECTRONIC = "1"
    PAPER = "2"


class TicketType(StrEnum):
    """医療券・調剤券の別."""

    MEDICAL = "01"
    DISPENSING = "02"


class CareType(StrEnum):
    """診療別; of the values between the first and the last the meaning is not known."""

    INPATIENT = "01"
    CODE_02 = "02"
    CODE_03 = "03"
    CODE_04 = "04"
    VISITING_NURSING = "05"


class CareScene(StrEnum):
    """診療形態."""

    OUTPATIENT = "1"
    HOME_VISIT = "2"
    ONLINE = "3"
    EMERGENCY = "4"


class WhyExpired(StrEnum):
    """同意の失効事由."""

    BY_FACILITY = "1"
    BY_PATIENT = "2"
    USE_CHANGED = "3"


class InformationType(StrEnum):
    """閲覧対象の情報種別. What those without a name mean is not known."""

    TSR = "TSR"
    CHECKUP = "TKK"
    """特定健診情報"""
    MEDICINE = "YZK"
    """薬剤情報"""
    SRJ = "SRJ"
    SHJ = "SHJ"


class CheckupOrMedicine(StrEnum):
    """情報種別 of table 029: the two of 036 that came first."""

    CHECKUP = "TKK"
    MEDICINE = "YZK"


class UseSetting(StrEnum):
    """利用設定."""

    OFF = "0"
    ON = "1"


class SecondFactor(StrEnum):
    """第二要素の種別; only one value is known."""

    BIOMETRIC = "02"


class LinkedSystem(StrEnum):
    """連携先のシステム (PMH)."""

    SUBSIDY = "01"
    """医療費助成"""
    MOTHER_CHILD = "02"
    """母子保健"""
    VACCINATION = "04"
    """予防接種"""
    CARE_INSURANCE = "08"
    """介護保険"""


class CharacterCode(StrEnum):
    """文字コード識別. Sources contradict each other (0 or 1 = UTF-8): a hint, never what decides decoding."""

    ZERO = "0"
    ONE = "1"
    TWO = "2"


TABLES: Final[Mapping[str, type[StrEnum]]] = MappingProxyType(
    {
        "001": LimitConsent,
        "002": ReferenceClassification,
        "003": SegmentOfResult,
        "004": ProcessingStatus,
        "005": CharacterCode,
        "006": Validity,
        "007": Sex,
        "008": ReasonOfLoss,
        "009": PersonFamily,
        "010": CardClassification,
        "011": LimitClass,
        "012": LimitFlag,
        "013": SpecificDisease,
        "014": Changed,
        "015": Preschool,
        "016": ConsentFlag,
        "017": PrescriptionIssue,
        "018": TicketType,
        "019": CareType,
        "028": CareScene,
        "029": CheckupOrMedicine,
        "031": WhyExpired,
        "036": InformationType,
        "037": UseSetting,
        "041": SecondFactor,
        "042": SecondFactor,
        "044": LinkedSystem,
    }
)
"""Every table of eligibility.md 2.8 by its number."""
