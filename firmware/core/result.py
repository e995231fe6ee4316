"""`VisitRecord`: what the runtime hands to the publisher. Its JSON form is fixed in `publish/contract.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from firmware.core.eligibility import EligibilityFlag
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, VisitSummary
from firmware.core.queries import ReceptionQuery

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A JSON value."""


class RecordKind(StrEnum):
    """`result` is published once per visit, `late` at most once after it (look-up answered after the card left)."""

    RESULT = "result"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class ConsentTimes:
    """Wall times (seconds since 1970, UTC) of the bundled consent; `expires` is None with an unknown clock."""

    given: float
    expires: float | None


@dataclass(frozen=True, slots=True, repr=False)
class VisitRecord:
    """One outcome of one visit with its personal part. No repr: it must not reach a log.

    `started`, `ended`: wall time in seconds since 1970 UTC. `eligibility`: the look-up's answer as JSON members of the
    message (eligibility.md 2.7 names), or None.
    """

    visit: VisitId
    kind: RecordKind
    summary: VisitSummary
    started: float
    ended: float
    clock: ClockState
    consent_times: ConsentTimes | None
    eligibility: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True, repr=False)
class QueryRecord:
    """The answer to a reception's own query, for that reception only. No repr: it must not reach a log.

    `asked`, `answered`: wall time in seconds since 1970 UTC. `detail`: as `VisitRecord.eligibility`.
    """

    query: ReceptionQuery
    code: EligibilityCode
    flags: tuple[EligibilityFlag, ...]
    detail: Mapping[str, Json] | None
    asked: float
    answered: float
    clock: ClockState
