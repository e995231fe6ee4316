"""What a response that fits is worth (firmware/eligibility/oqs_match.py)."""

from dataclasses import replace
from datetime import date

import pytest

from firmware.core.outcomes import EligibilityCode
from firmware.core.queries import NumberQuery
from firmware.eligibility.codes import ProcessingStatus, SegmentOfResult, Validity
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_match import Asked, judged, settled
from firmware.eligibility.oqs_message import NumberRequest

TODAY = date(2026, 4, 1)
QUERY = NumberQuery("06130017", "123", date(1970, 1, 31))
ASKED = Asked(NumberRequest(TODAY, "1319999999", "DEV01-000123", QUERY), TODAY)
INVALID = Confirmation(
    confirmed_on=TODAY,
    institution="1319999999",
    identifier="DEV01-000123",
    segment=SegmentOfResult.NORMAL,
    status=ProcessingStatus.NORMAL,
    validity=Validity.INVALID,
)


def test_the_national_word_with_its_header_is_believed() -> None:
    assert settled(INVALID, ASKED).code is EligibilityCode.INVALID


@pytest.mark.parametrize("lacking", ["segment", "status"])
def test_a_bare_validity_makes_nobody_ineligible(lacking: str) -> None:
    answer = settled(replace(INVALID, **{lacking: None}), ASKED)  # type: ignore[arg-type]  # either may be absent
    assert (answer.code, answer.detail) == (EligibilityCode.CONTRADICTORY, None)


def test_an_exchange_that_failed_needs_no_processing_status() -> None:
    failed = Confirmation(institution="1319999999", segment=SegmentOfResult.ABNORMAL, error_code="E1")
    assert settled(failed, ASKED).code is EligibilityCode.EXCHANGE_ERROR


def test_another_day_than_asked_is_not_believed() -> None:
    other = replace(INVALID, confirmed_on=date(2025, 4, 1))
    assert settled(other, ASKED).code is EligibilityCode.CONTRADICTORY


def test_a_result_of_the_official_reader_needs_its_header_too() -> None:
    assert judged(INVALID, TODAY).code is EligibilityCode.INVALID
    assert judged(replace(INVALID, status=None), TODAY).code is EligibilityCode.CONTRADICTORY
