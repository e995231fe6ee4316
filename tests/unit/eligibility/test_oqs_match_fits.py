"""Which response answers a question, and what an unsure day does to its worth (firmware/eligibility/oqs_match.py).

Without a folder: the ways through it are in test_oqs_folder*.py.
"""

from dataclasses import replace
from datetime import date

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.core.queries import NumberQuery
from firmware.eligibility.codes import ProcessingStatus, SegmentOfResult, Validity
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_match import Asked, dates_not_checked, decode, fits, settled
from firmware.ports import EligibilityAnswer
from firmware.sim.terminal.archive import Packing, pack
from tests.unit.eligibility.oqs_samples import GOLDEN, HANAKO, NUMBER, QUERY, REQUEST

TODAY = REQUEST.confirmed_on
ASKED = Asked(replace(REQUEST, query=QUERY), TODAY)
FAILED = Confirmation(institution=REQUEST.institution, segment=SegmentOfResult.ABNORMAL, error_code="E1")
PLAIN = (GOLDEN / "number-space.utf8.xml").read_bytes()


# ---- does it answer this question? ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "ours"),
    [
        (NUMBER, True),
        (replace(NUMBER, institution="1319999998"), False),
        (replace(NUMBER, institution=None), False),
        (replace(NUMBER, identifier="DEV01-000124"), False),
        (replace(NUMBER, identifier=None), False),
        (replace(NUMBER, identifier=None, coverages=(), search=None), False),
        (replace(FAILED, identifier=REQUEST.identifier), True),
        (FAILED, True),
        (replace(FAILED, identifier="DEV01-000124"), False),
        (replace(FAILED, institution=None), False),
        (replace(FAILED, search=QUERY), False),
        (replace(FAILED, coverages=(HANAKO,)), False),
        (replace(FAILED, segment=SegmentOfResult.IN_PROGRESS), False),
        (replace(FAILED, segment=None), False),
    ],
)
def test_by_identifier_and_institution_and_without_a_person_by_institution(response: Confirmation, ours: bool) -> None:
    assert fits(response, ASKED) is ours


# ---- what it is worth ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [replace(QUERY, birth_date=date(1970, 1, 2)), replace(QUERY, number="4568"), replace(QUERY, insurer_number="1")],
)
def test_an_answer_about_somebody_else_is_worth_nothing(query: NumberQuery) -> None:
    answer = settled(NUMBER, Asked(replace(REQUEST, query=query), TODAY))
    assert answer == EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT)


def test_it_is_judged_by_what_was_asked_also_where_that_is_not_echoed() -> None:
    """The insurer answers with another number than was asked for: staff have to see it."""
    asked = Asked(replace(REQUEST, query=replace(QUERY, number="9999")), TODAY)
    assert EligibilityFlag.CONTRADICTION in settled(replace(NUMBER, search=None), asked).flags
    assert EligibilityFlag.CONTRADICTION not in settled(replace(NUMBER, search=None), ASKED).flags


def test_an_answer_without_a_day_is_believed() -> None:
    assert settled(replace(NUMBER, confirmed_on=None), ASKED).code is EligibilityCode.VALID


@pytest.mark.parametrize("days", [date(2026, 3, 31), date(2026, 4, 2)])
def test_an_answer_of_another_day_is_flagged_and_shows_nothing(days: date) -> None:
    answer = settled(replace(NUMBER, confirmed_on=days), ASKED)
    assert answer == EligibilityAnswer(EligibilityCode.CONTRADICTORY, flags=(EligibilityFlag.CONTRADICTION,))


@pytest.mark.parametrize(
    ("segment", "status", "validity", "code"),
    [
        (None, ProcessingStatus.NORMAL, Validity.VALID, EligibilityCode.CONTRADICTORY),
        (SegmentOfResult.NORMAL, None, Validity.VALID, EligibilityCode.CONTRADICTORY),
        (SegmentOfResult.NORMAL, ProcessingStatus.ERROR, None, EligibilityCode.PROCESSING_ERROR),
        (SegmentOfResult.IN_PROGRESS, None, None, EligibilityCode.PENDING),
        (SegmentOfResult.ABNORMAL, None, None, EligibilityCode.EXCHANGE_ERROR),
    ],
)
def test_a_message_says_how_exchange_and_processing_went(
    segment: SegmentOfResult | None, status: ProcessingStatus | None, validity: Validity | None, code: EligibilityCode
) -> None:
    results = () if validity is None else (HANAKO,)
    found = replace(NUMBER, segment=segment, status=status, validity=validity, coverages=results)
    assert settled(found, ASKED).code is code


@pytest.mark.parametrize("member", ["SegmentOfResult", "ProcessingResultStatus"])
def test_a_header_that_nobody_can_read_is_said(member: str) -> None:
    """Not the same as one that lacks it: it was said, and staff hear that it was not understood."""
    absent = {"SegmentOfResult": "segment", "ProcessingResultStatus": "status"}[member]
    found = replace(NUMBER, odd={member: "7"}, **{absent: None})  # type: ignore[arg-type]  # either may be absent
    answer = settled(found, ASKED)
    assert answer.code is EligibilityCode.CONTRADICTORY
    assert set(answer.flags) == {EligibilityFlag.CONTRADICTION, EligibilityFlag.UNKNOWN_CODE}


# ---- nobody is sure of the day -------------------------------------------------------------------------------------


def test_without_a_sure_day_the_answer_says_that_no_dates_were_checked() -> None:
    assert EligibilityFlag.DATES_NOT_CHECKED in settled(NUMBER, replace(ASKED, today=None)).flags
    assert EligibilityFlag.DATES_NOT_CHECKED not in settled(NUMBER, ASKED).flags


@pytest.mark.parametrize("code", list(EligibilityCode))
def test_only_who_is_eligible_is_flagged_for_it(code: EligibilityCode) -> None:
    before = EligibilityAnswer(code, flags=(EligibilityFlag.CONTRADICTION,))
    after = dates_not_checked(before)
    eligible = code in {"valid", "valid-several", "valid-unregistered"}
    assert (EligibilityFlag.DATES_NOT_CHECKED in after.flags) is eligible
    assert EligibilityFlag.CONTRADICTION in after.flags
    assert after.code is code


def test_flags_stand_once_and_in_their_order() -> None:
    flags = (EligibilityFlag.REPLACED_CHARACTER, EligibilityFlag.DATES_NOT_CHECKED, EligibilityFlag.CONTRADICTION)
    after = dates_not_checked(EligibilityAnswer(EligibilityCode.VALID, flags=flags))
    assert after.flags == tuple(flag for flag in EligibilityFlag if flag in flags)


# ---- out of a file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", list(Packing))
def test_a_response_is_read_packed_or_not(packing: Packing) -> None:
    found = decode(PLAIN, None)
    assert replace(found, character_code=None) == NUMBER
    assert decode(pack("a.xml", PLAIN, b"ABC-123", packing), b"ABC-123") == found


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a message", b"PK"])
def test_what_is_no_response_is_a_bad_file(data: bytes) -> None:
    with pytest.raises(DeviceError) as caught:
        decode(data, None)
    assert caught.value.code is FaultCode.TERMINAL_BAD_FILE
