"""What the golden files of tests/golden/oqs say, as values written by hand; all people and insurers are invented."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from firmware.core.queries import NumberQuery
from firmware.eligibility import codes
from firmware.eligibility.fields import JAPAN
from firmware.eligibility.model import Confirmation, Coverage
from firmware.eligibility.oqs_message import NumberRequest
from firmware.eligibility.parts import (
    Consents,
    ElderlyRecipient,
    LimitCertificate,
    MedicalTicket,
    SpecificDiseaseCertificate,
)

GOLDEN: Final = Path(__file__).parents[2] / "golden" / "oqs"

QUERY: Final = NumberQuery(
    insurer_number="130013",
    symbol="ソ・表",
    number="４５６７",
    branch="01",
    birth_date=date(1970, 1, 1),
    limit_consent=True,
    identifier="P-88",
)

REQUEST: Final = NumberRequest(date(2026, 4, 1), "1319999999", "DEV01-000123", replace(QUERY, identifier="P&88"))

HANAKO: Final = Coverage(
    birth_date=date(1970, 1, 1),
    sex=codes.Sex.FEMALE,
    classification=codes.CardClassification.GENERAL,
    insurer_number="130013",
    insurer_name="見本町国民健康保険",
    symbol="ソ・表",
    number="４５６７",
    branch="01",
    relation=codes.PersonFamily.INSURED,
    name="髙見本　花子",
    kana="ﾐﾎﾝ ﾊﾅｺ",
    address="架空県見本市予定町１－２～３",
    post_number="000-0000",
    qualified_on=date(2024, 4, 1),
    burden_percent=30,
    limit=LimitCertificate(
        classification=codes.LimitClass.LIMIT,
        flag=codes.LimitFlag.A03,
        issued_on=date(2025, 8, 1),
        valid_from=date(2025, 8, 1),
        valid_to=date(2026, 7, 31),
    ),
    consents=Consents(limit=codes.ConsentFlag.GIVEN, limit_at=datetime(2026, 4, 1, 9, 30, 10, tzinfo=JAPAN)),
)

NUMBER: Final = Confirmation(
    executed_at=datetime(2026, 4, 1, 9, 30, 12, tzinfo=JAPAN),
    confirmed_on=date(2026, 4, 1),
    institution="1319999999",
    identifier="DEV01-000123",
    reference=codes.ReferenceClassification.NUMBER,
    segment=codes.SegmentOfResult.NORMAL,
    status=codes.ProcessingStatus.NORMAL,
    validity=codes.Validity.VALID,
    search=QUERY,
    coverages=(HANAKO,),
)
"""Without `character_code`: it differs from file to file and decides nothing."""

FACE: Final = Confirmation(
    executed_at=datetime(2026, 4, 1, 9, 30, 12, tzinfo=JAPAN),
    confirmed_on=date(2026, 4, 1),
    institution="1319999999",
    reference=codes.ReferenceClassification.CARD,
    segment=codes.SegmentOfResult.NORMAL,
    status=codes.ProcessingStatus.NORMAL,
    validity=codes.Validity.VALID,
    prescription=codes.PrescriptionIssue.PAPER,
    coverages=(
        Coverage(
            birth_date=date(1953, 2, 3),
            sex=codes.Sex.MALE,
            classification=codes.CardClassification.GENERAL,
            insurer_number="06130017",
            insurer_name="架空健康保険組合",
            name="●田　見本太郎",
            reference_number="K-0042",
            elderly=ElderlyRecipient(date(2025, 7, 25), date(2025, 8, 1), date(2026, 7, 31), 20),
            specific_diseases=(
                SpecificDiseaseCertificate(disease=codes.SpecificDisease.DIALYSIS, self_pay=10_000),
                SpecificDiseaseCertificate(disease=codes.SpecificDisease.HIV, valid_from=date(2025, 1, 1)),
            ),
            consents=Consents(
                medicines=codes.ConsentFlag.GIVEN,
                medicines_at=datetime(2026, 4, 1, 9, 30, 0, tzinfo=JAPAN),
                medicines_until=datetime(2026, 4, 2, 9, 30, 0, tzinfo=JAPAN),
                checkups=codes.ConsentFlag.NONE,
                checkups_at=datetime(2026, 4, 1, 9, 30, 1, tzinfo=JAPAN),
                checkups_until=datetime(2026, 4, 2, 9, 30, 1, tzinfo=JAPAN),
                diagnosis=codes.ConsentFlag.GIVEN,
                diagnosis_at=datetime(2026, 4, 1, 9, 30, 2, tzinfo=JAPAN),
                diagnosis_until=datetime(2026, 4, 2, 9, 30, 2, tzinfo=JAPAN),
                operation=codes.ConsentFlag.EXPIRED,
                operation_at=datetime(2026, 4, 1, 9, 30, 3, tzinfo=JAPAN),
                operation_until=datetime(2026, 4, 2, 9, 30, 3, tzinfo=JAPAN),
                prescription=codes.ConsentFlag.HARD_TO_OBTAIN,
                prescription_at=datetime(2026, 4, 1, 9, 30, 4, tzinfo=JAPAN),
                prescription_until=datetime(2026, 4, 2, 9, 30, 4, tzinfo=JAPAN),
            ),
        ),
    ),
)

_JIRO: Final = Coverage(
    birth_date=date(1985, 5, 6),
    sex=codes.Sex.MALE,
    classification=codes.CardClassification.GENERAL,
    insurer_number="06130017",
    name="例示　次郎",
)

TWO_RESULTS: Final = Confirmation(
    segment=codes.SegmentOfResult.NORMAL,
    status=codes.ProcessingStatus.NORMAL,
    validity=codes.Validity.VALID,
    coverages=(
        _JIRO,
        replace(
            _JIRO,
            classification=codes.CardClassification.MEDICAL_ASSISTANCE,
            insurer_number="12130019",
            tickets=(
                MedicalTicket(type=codes.TicketType.MEDICAL, treatment_month="202604", injury_1="架空病", self_pay=0),
            ),
        ),
    ),
)

EXCHANGE_ERROR: Final = Confirmation(
    confirmed_on=date(2026, 4, 1),
    institution="1319999999",
    identifier="DEV01-000124",
    segment=codes.SegmentOfResult.ABNORMAL,
    error_code="X0001",
    error_message="見本のエラーです。",
)

NONE: Final = Confirmation(
    segment=codes.SegmentOfResult.NORMAL, status=codes.ProcessingStatus.NORMAL, validity=codes.Validity.NONE
)

ODD: Final = Confirmation(
    segment=codes.SegmentOfResult.NORMAL,
    status=codes.ProcessingStatus.NORMAL,
    coverages=(
        Coverage(
            birth_date=date(1985, 5, 6),
            sex=codes.Sex.MALE,
            name="見本 & 例",
            address="架空県 A&B",
            odd={"QualificationDate": "20260231"},
        ),
    ),
    odd={"QualificationValidity": "7"},
)
