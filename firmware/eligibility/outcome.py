"""What an answer of the national system means: the matrix of eligibility.md 2.10, and what contradicts itself.

Pure, any thread, no exceptions. The device never finds somebody "not eligible" by its own thinking: an answer of no row
is `contradictory` (could not check), and what only looks wrong in a valid one is a flag for staff.

| what contradicts itself | decided as |
|---|---|
| error or in progress, with a validity or results | contradictory: no row |
| worked off, without validity | contradictory: no row |
| valid or valid-unregistered, without a result | contradictory: no row |
| none or several, with results | contradictory: no row |
| unknown code of segment, status or validity | contradictory, and unknown-code: nobody knows what was said |
| results of persons of different birth date or sex | contradictory: whose answer is it? |
| the query's echo has another birth date than a result | contradictory: whose answer is it? |
| valid-unregistered with more than one result | its row, flag: the person is eligible all the same |
| valid, but every result ended by the answer's own day | its row, flag: the system's word stands |
| valid, but a reason of loss without a loss | its row, flag |
| days turned round (lost before qualified, qualified before born, certificates) | its row, flag |
| preschool mark on somebody of school age, by the answer's own day | its row, flag |
| an error code though the exchange went well | its row, flag |
| another insured number of the same insurer than was asked for | its row, flag: numbers are compared as a hint only |
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility.checks import check, not_understood
from firmware.eligibility.codes import ProcessingStatus, SegmentOfResult, Sex, Validity
from firmware.eligibility.model import Confirmation, to_detail
from firmware.ports import EligibilityAnswer


@dataclass(frozen=True, slots=True)
class Judged:
    """What the answer means, and what staff should look at."""

    code: EligibilityCode
    flags: tuple[EligibilityFlag, ...] = ()


class Row(NamedTuple):
    """One row of the matrix. `status` None: whatever it is. `validity` None: there must be none."""

    segment: SegmentOfResult
    status: ProcessingStatus | None
    validity: Validity | None
    results: str
    code: EligibilityCode


_BAD, _BUSY, _DONE = SegmentOfResult.ABNORMAL, SegmentOfResult.IN_PROGRESS, SegmentOfResult.NORMAL
_OK, _ERROR = ProcessingStatus.NORMAL, ProcessingStatus.ERROR
_NO, _ONE, _MORE, _SOME, _ANY = "0", "1", "n", "1n", "01n"
"""Numbers of results: none, one, more than one."""

MATRIX: Final = (
    #   segment status  validity                     results code
    Row(_BAD, None, None, _NO, EligibilityCode.EXCHANGE_ERROR),
    Row(_BUSY, None, None, _NO, EligibilityCode.PENDING),
    Row(_DONE, _ERROR, None, _NO, EligibilityCode.PROCESSING_ERROR),
    Row(_DONE, _OK, Validity.VALID, _ONE, EligibilityCode.VALID),
    Row(_DONE, _OK, Validity.VALID, _MORE, EligibilityCode.VALID_SEVERAL),
    Row(_DONE, _OK, Validity.INVALID, _ANY, EligibilityCode.INVALID),
    Row(_DONE, _OK, Validity.INVALID_NEW_EXISTS, _ANY, EligibilityCode.INVALID_NEW_EXISTS),
    Row(_DONE, _OK, Validity.NONE, _NO, EligibilityCode.NONE),
    Row(_DONE, _OK, Validity.SEVERAL, _NO, EligibilityCode.SEVERAL),
    Row(_DONE, _OK, Validity.VALID_UNREGISTERED, _SOME, EligibilityCode.VALID_UNREGISTERED),
)
"""eligibility.md 2.10. What fits no row contradicts itself."""

ELIGIBLE: Final = frozenset({EligibilityCode.VALID, EligibilityCode.VALID_SEVERAL, EligibilityCode.VALID_UNREGISTERED})
_NOT_BELIEVED: Final = frozenset({EligibilityCode.CONTRADICTORY, EligibilityCode.PENDING})
_DECISIVE: Final = frozenset({"SegmentOfResult", "ProcessingResultStatus", "QualificationValidity"})


def judge(confirmation: Confirmation, today: date | None) -> Judged:
    """Outcome and flags. `today` in Japan, None with an unknown clock. Absent segment and status (gateway): normal."""
    code = _code(confirmation)
    if code is EligibilityCode.CONTRADICTORY:
        found = {EligibilityFlag.CONTRADICTION, *not_understood(confirmation)}
        return Judged(code, tuple(flag for flag in EligibilityFlag if flag in found))
    flags = check(confirmation, today, eligible=code in ELIGIBLE)
    if code is EligibilityCode.VALID_UNREGISTERED and len(confirmation.coverages) > 1:
        found = {EligibilityFlag.CONTRADICTION, *flags}
        flags = tuple(flag for flag in EligibilityFlag if flag in found)
    return Judged(code, flags)


def answered(confirmation: Confirmation, judged: Judged) -> EligibilityAnswer:
    """For the runtime; without detail where nothing of it may be believed."""
    detail = None if judged.code in _NOT_BELIEVED else to_detail(confirmation)
    return EligibilityAnswer(judged.code, detail, flags=judged.flags)


def _code(confirmation: Confirmation) -> EligibilityCode:
    if not _DECISIVE.isdisjoint(confirmation.odd) or not _of_one_person(confirmation):
        return EligibilityCode.CONTRADICTORY
    return next((row.code for row in MATRIX if _fits(row, confirmation)), EligibilityCode.CONTRADICTORY)


def _fits(row: Row, confirmation: Confirmation) -> bool:
    segment = confirmation.segment or SegmentOfResult.NORMAL
    status = confirmation.status or ProcessingStatus.NORMAL
    number = len(confirmation.coverages)
    return (
        row.segment is segment
        and row.status in {None, status}
        and row.validity is confirmation.validity
        and (str(number) if number < 2 else _MORE) in row.results
    )


def _of_one_person(confirmation: Confirmation) -> bool:
    """All results, and the query's echo, can be of one person. Names may differ: 氏名 may be that of before."""
    births = {each.birth_date for each in confirmation.coverages}
    if confirmation.search is not None:
        births.add(confirmation.search.birth_date)
    sexes = {each.sex for each in confirmation.coverages} - {Sex.NOT_SET}
    return len(births) <= 1 and len(sexes) <= 1
