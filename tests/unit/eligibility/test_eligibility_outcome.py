"""The outcome matrix of eligibility.md 2.10, row by row (D1), and answers that contradict themselves."""

from datetime import date
from itertools import product
from typing import Any

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility.model import read_confirmation
from firmware.eligibility.outcome import Judged, answered, judge
from tests.unit.eligibility.coverages import DAY, ECHO, GOOD, HEADER, confirmation

TODAY = date(2026, 4, 1)

ROWS = {
    # segment, status, validity, results: outcome
    "exchange error": ("9", "", "", 0, "exchange-error"),
    "in progress": ("2", "", "", 0, "pending"),
    "processing error": ("1", "2", "", 0, "processing-error"),
    "valid": ("1", "1", "1", 1, "valid"),
    "valid, two results": ("1", "1", "1", 2, "valid-several"),
    "valid, eight results": ("1", "1", "1", 8, "valid-several"),
    "invalid": ("1", "1", "2", 0, "invalid"),
    "invalid with the lost one": ("1", "1", "2", 1, "invalid"),
    "invalid with lost ones": ("1", "1", "2", 3, "invalid"),
    "newer one exists": ("1", "1", "3", 0, "invalid-new-exists"),
    "newer one exists, with the lost one": ("1", "1", "3", 1, "invalid-new-exists"),
    "newer one exists, with lost ones": ("1", "1", "3", 2, "invalid-new-exists"),
    "none": ("1", "1", "4", 0, "none"),
    "several": ("1", "1", "5", 0, "several"),
    "unregistered": ("1", "1", "6", 1, "valid-unregistered"),
    "unregistered, two results": ("1", "1", "6", 2, "valid-unregistered"),
    "gateway: valid": ("", "", "1", 1, "valid"),
    "gateway: invalid": ("", "", "2", 0, "invalid"),
    "gateway: none": ("", "", "4", 0, "none"),
}
"""Written from the facts. A text is empty where the member is absent."""


def answer(segment: str, status: str, validity: str, results: int, **members: Any) -> Judged:
    own = {"SegmentOfResult": segment, "ProcessingResultStatus": status, "QualificationValidity": validity}
    return judge(confirmation(*[GOOD] * results, **own, **members), TODAY)


@pytest.mark.parametrize(("segment", "status", "validity", "results", "code"), ROWS.values(), ids=ROWS)
def test_row(segment: str, status: str, validity: str, results: int, code: str) -> None:
    assert answer(segment, status, validity, results).code == code


def expected(segment: str, status: str, validity: str, results: int) -> str:
    """The same matrix once more, as a person would go through it."""
    if segment in {"9", "2"} or status == "2":
        code = {"9": "exchange-error", "2": "pending"}.get(segment, "processing-error")
        return "contradictory" if validity or results else code
    match validity:
        case "1":
            return ("contradictory", "valid", "valid-several")[results]
        case "2":
            return "invalid"
        case "3":
            return "invalid-new-exists"
        case "4" | "5":
            return "contradictory" if results else {"4": "none", "5": "several"}[validity]
        case "6":
            return "valid-unregistered" if results else "contradictory"
        case _:
            return "contradictory"


def test_every_combination_has_one_outcome() -> None:
    combinations = product(("", "1", "2", "9"), ("", "1", "2"), ("", *"123456"), (0, 1, 2))
    wrong = [each for each in combinations if answer(*each).code != expected(*each)]
    assert wrong == []


@pytest.mark.parametrize("member", ["SegmentOfResult", "ProcessingResultStatus", "QualificationValidity"])
@pytest.mark.parametrize("value", ["0", "7", "01", "有効"])
def test_what_nobody_knows_how_to_read_is_never_a_decision(member: str, value: str) -> None:
    judged = judge(confirmation(GOOD, **{member: value}), TODAY)
    assert judged.code is EligibilityCode.CONTRADICTORY
    assert set(judged.flags) == {EligibilityFlag.CONTRADICTION, EligibilityFlag.UNKNOWN_CODE}


@pytest.mark.parametrize(
    "failed", [{"SegmentOfResult": "9"}, {"SegmentOfResult": "2"}, {"ProcessingResultStatus": "2"}]
)
def test_what_failed_says_no_validity_not_even_an_unknown_one(failed: dict[str, str]) -> None:
    assert judge(confirmation(QualificationValidity="7", **failed), TODAY).code is EligibilityCode.CONTRADICTORY


@pytest.mark.parametrize("row", ROWS)
def test_an_answer_to_believe_comes_with_its_detail(row: str) -> None:
    segment, status, validity, results, code = ROWS[row]
    own = {"SegmentOfResult": segment, "ProcessingResultStatus": status, "QualificationValidity": validity}
    found = confirmation(*[GOOD] * results, **own, ErrorMessage="話" if segment == "9" else "")
    made = answered(found, judge(found, TODAY))
    assert made.code == code
    if made.code is EligibilityCode.PENDING:
        assert made.detail is None
    else:
        assert made.detail is not None
        assert made.detail.get("ResultList", []) == [GOOD] * results
        assert made.detail["QualificationConfirmationDate"] == DAY
        assert made.detail.get("ErrorMessage") == ("話" if segment == "9" else None)


# ---- a response that validates but contradicts itself ---------------------------------------------------------------

CHILD = {**GOOD, "Birthdate": "20210403", "QualificationDate": "20210403"}
CONTRADICTORY: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "valid without a result": ([], {}),
    "error with a validity": ([], {"SegmentOfResult": "9"}),
    "error with results": ([GOOD], {"SegmentOfResult": "9", "QualificationValidity": ""}),
    "in progress with results": ([GOOD], {"SegmentOfResult": "2"}),
    "processing error with results": ([GOOD], {"ProcessingResultStatus": "2"}),
    "none with a result": ([GOOD], {"QualificationValidity": "4"}),
    "several with results": ([GOOD, GOOD], {"QualificationValidity": "5"}),
    "no validity": ([GOOD], {"QualificationValidity": ""}),
    "nothing at all": ([], {"QualificationValidity": "", "QualificationConfirmationDate": ""}),
    "two birth dates": ([GOOD, {**GOOD, "Birthdate": "19721104"}], {}),
    "two sexes": ([GOOD, {**GOOD, "Sex1": "2"}], {}),
    "two people's lost ones": ([GOOD, {**GOOD, "Birthdate": "19801103"}], {"QualificationValidity": "2"}),
    "asked for another birth date": ([GOOD], {"QualificationConfirmSearchInfo": ECHO | {"Birthdate": "19721104"}}),
}


@pytest.mark.parametrize("why", CONTRADICTORY)
def test_nothing_of_it_is_believed(why: str) -> None:
    people, members = CONTRADICTORY[why]
    found = confirmation(*people, **members)
    judged = judge(found, TODAY)
    assert judged == Judged(EligibilityCode.CONTRADICTORY, (EligibilityFlag.CONTRADICTION,))
    assert answered(found, judged).detail is None


ELDERLY = {"ElderlyRecipientValidStartDate": "20260401", "ElderlyRecipientValidEndDate": "20260331"}
TICKET = {"MedicalTicketValidDate": "20260401", "MedicalTicketExpirationDate": "20260331"}
FLAGGED: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "ended by its own day": ([{**GOOD, "DisqualificationDate": DAY}], {}),
    "all ended by its own day": ([{**GOOD, "DisqualificationDate": DAY}] * 2, {}),
    "reason of loss without a loss": ([{**GOOD, "ReasonOfLoss": "01"}], {}),
    "lost before it began": ([{**GOOD, "DisqualificationDate": "20240331"}], {"QualificationValidity": "2"}),
    "began before birth": ([{**GOOD, "QualificationDate": "19721102"}], {}),
    "one of two began before birth": ([GOOD, {**GOOD, "QualificationDate": "19721102"}], {}),
    "card ends before it begins": (
        [{**GOOD, "InsuredCardValidDate": "20260402", "InsuredCardExpirationDate": "20260401"}],
        {},
    ),
    "elderly recipient's turned round": ([{**GOOD, "ElderlyRecipientCertificateInfo": ELDERLY}], {}),
    "ticket's turned round": ([{**GOOD, "PublicExpenseResultList": [TICKET]}], {}),
    "an adult before school": ([{**GOOD, "PreschoolClassification": "1"}], {}),
    "an error code without an error": ([GOOD], {"ErrorCode": "E1"}),
    "another number": ([GOOD], {"QualificationConfirmSearchInfo": ECHO | {"InsuredIdentificationNumber": "100002"}}),
    "unregistered twice": ([GOOD, GOOD], {"QualificationValidity": "6"}),
}


@pytest.mark.parametrize("why", FLAGGED)
def test_what_only_looks_wrong_is_for_staff_to_see(why: str) -> None:
    people, members = FLAGGED[why]
    found = confirmation(*people, **members)
    judged = judge(found, TODAY)
    assert judged.code is not EligibilityCode.CONTRADICTORY
    assert EligibilityFlag.CONTRADICTION in judged.flags
    assert answered(found, judged).detail is not None


@pytest.mark.parametrize("validity", ["1", "6"])
def test_whoever_is_eligible_is_checked_by_the_day(validity: str) -> None:
    early = confirmation({**GOOD, "QualificationDate": "20260402"}, QualificationValidity=validity)
    assert judge(early, TODAY).flags == (EligibilityFlag.NOT_YET_QUALIFIED,)


def test_unregistered_twice_adds_its_flag_to_those_that_are_there() -> None:
    twice = confirmation(GOOD, {**GOOD, "Name": "●"}, QualificationValidity="6")
    assert set(judge(twice, TODAY).flags) == {EligibilityFlag.CONTRADICTION, EligibilityFlag.REPLACED_CHARACTER}


FINE: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "plain": ([GOOD], {}),
    "lost and regained on one day": (
        [{**GOOD, "DisqualificationDate": "20240401", "ReasonOfLoss": "99"}],
        {"QualificationValidity": "2"},
    ),
    "lost for a reason, without the day": ([{**GOOD, "ReasonOfLoss": "01"}], {"QualificationValidity": "2"}),
    "will end": ([{**GOOD, "DisqualificationDate": "20260402", "ReasonOfLoss": "99"}], {}),
    "one of two ended": ([GOOD, {**GOOD, "DisqualificationDate": "20260331"}], {}),
    "sex not set": ([GOOD, {**GOOD, "Sex1": "3"}], {}),
    "the other name on the card's sex": ([{**GOOD, "Sex2": "2"}], {}),
    "a child before school": ([{**CHILD, "PreschoolClassification": "1"}], {}),
    "born on the day": ([{**GOOD, "QualificationDate": "19721103"}], {}),
    "number in another width": ([GOOD], {"QualificationConfirmSearchInfo": ECHO}),
    "assistance beside the insurance that was asked for": (
        [
            GOOD,
            {
                **GOOD,
                "InsuredCardClassification": "A1",
                "InsurerNumber": "12130019",
                "InsuredIdentificationNumber": "7",
            },
        ],
        {"QualificationConfirmSearchInfo": ECHO},
    ),
    "unregistered once": ([GOOD], {"QualificationValidity": "6"}),
    "a message without an error": ([GOOD], {"ProcessingResultMessage": "済"}),
}


@pytest.mark.parametrize("why", FINE)
def test_what_is_no_contradiction(why: str) -> None:
    people, members = FINE[why]
    judged = judge(confirmation(*people, **members), TODAY)
    assert judged.code is not EligibilityCode.CONTRADICTORY
    assert EligibilityFlag.CONTRADICTION not in judged.flags


def test_ended_by_our_clock_only_contradicts_nothing() -> None:
    found = confirmation({**GOOD, "DisqualificationDate": DAY}, QualificationConfirmationDate="")
    assert judge(found, TODAY) == Judged(EligibilityCode.VALID, (EligibilityFlag.QUALIFICATION_ENDED,))


def test_the_device_never_says_not_eligible_by_itself() -> None:
    """Valid with everything wrong that local checks know stays valid."""
    worst = {
        **GOOD,
        "Name": "●髙",
        "InsurerNumber": "12345678",
        "QualificationDate": "20260402",
        "DisqualificationDate": "20260401",
        "InsuredCardExpirationDate": "20200331",
        "InsuredPartialContributionRatio": "",
        "ReasonOfLoss": "01",
        "PreschoolClassification": "9",
    }
    judged = judge(confirmation(worst), TODAY)
    assert judged.code is EligibilityCode.VALID
    assert len(judged.flags) > 7


def test_an_answer_of_the_terminal_whole() -> None:
    found = read_confirmation(
        HEADER | {"ProcessingResultStatus": "1", "QualificationValidity": "1", "ResultList": [GOOD]}
    )
    assert judge(found, TODAY) == Judged(EligibilityCode.VALID, ())
