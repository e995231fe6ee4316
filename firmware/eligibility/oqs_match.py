"""Is a response the answer to our question, and what is it worth? Pure, any thread, no exceptions of its own.

A response answers a question by its file name (looked at before), by the identifier that only this question carries
and by the institution code. Where no person's data are in it (the exchange failed, so nothing was found to echo), name
and institution are enough. Of an answer that speaks of somebody else nothing is believed. `settled` is the WebAPI's
too: the same message without a file. Personal throughout.
Source: eligibility.md 2.4, 2.5, 2.10.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility.codes import SegmentOfResult
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_message import NumberRequest
from firmware.eligibility.oqs_xml import MOST_BYTES, read_answer
from firmware.eligibility.oqs_zip import MAGIC, unpack
from firmware.eligibility.outcome import ELIGIBLE, answered, judge
from firmware.eligibility.rules import of_somebody_else
from firmware.ports import EligibilityAnswer

_NOT_BELIEVED: Final = EligibilityAnswer(EligibilityCode.CONTRADICTORY, flags=(EligibilityFlag.CONTRADICTION,))


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """One question. `today`: the day in Japan where device and folder can be sure of it."""

    request: NumberRequest
    today: date | None


def decode(data: bytes, password: bytes | None) -> Confirmation:
    """A response file, packed or not, whatever its ending says. Raises DeviceError TERMINAL_BAD_FILE."""
    return read_answer(unpack(data, password, MOST_BYTES) if data.startswith(MAGIC) else data)


def fits(confirmation: Confirmation, asked: Asked) -> bool:
    """Whether it answers this question."""
    if confirmation.institution != asked.request.institution:
        return False
    if confirmation.identifier == asked.request.identifier:
        return True
    impersonal = confirmation.search is None and not confirmation.coverages
    return confirmation.identifier is None and confirmation.segment is SegmentOfResult.ABNORMAL and impersonal


def settled(confirmation: Confirmation, asked: Asked) -> EligibilityAnswer:
    """The outcome of an answer that fits. It is judged by the query that was asked, whether or not that is echoed."""
    query = asked.request.query
    if of_somebody_else(confirmation, query):
        return EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT)
    if confirmation.confirmed_on not in {None, asked.request.confirmed_on}:
        return _NOT_BELIEVED
    answer = judged(replace(confirmation, search=query), asked.today)
    return answer if asked.today is not None else dates_not_checked(answer)


def judged(confirmation: Confirmation, today: date | None) -> EligibilityAnswer:
    """What a whole message means, header included: the terminal's and the WebAPI's."""
    return _NOT_BELIEVED if _headless(confirmation) else answered(confirmation, judge(confirmation, today))


def _headless(confirmation: Confirmation) -> bool:
    """A message that does not say how exchange and processing went: a validity alone is not believed."""
    if confirmation.segment is None and "SegmentOfResult" not in confirmation.odd:
        return True
    worked_off = confirmation.segment is SegmentOfResult.NORMAL
    return worked_off and confirmation.status is None and "ProcessingResultStatus" not in confirmation.odd


def dates_not_checked(answer: EligibilityAnswer) -> EligibilityAnswer:
    """The same, flagged: it was checked by the day it speaks of, and nobody here knows that this day is today."""
    if answer.code not in ELIGIBLE:
        return answer
    flags = {*answer.flags, EligibilityFlag.DATES_NOT_CHECKED}
    return replace(answer, flags=tuple(flag for flag in EligibilityFlag if flag in flags))
