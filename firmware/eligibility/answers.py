"""The gateway's final answer: from JSON members to values, judged, and compared with whom it was asked about.

Pure, any thread. Contract: docs/gateway.yaml, `Answer` ("code" and "QualificationValidity" have to agree); members by
model.py. Raises DeviceError GATEWAY_BAD_ANSWER; its detail names the member, never its value. An answer that
contradicts itself, or speaks of somebody else, is no exception but an outcome of which nothing is believed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from firmware.core.eligibility import EligibilityFlag
from firmware.core.outcomes import ClockState, EligibilityCode
from firmware.core.queries import NumberQuery
from firmware.core.result import Json
from firmware.eligibility.codes import ProcessingStatus, SegmentOfResult, Validity
from firmware.eligibility.fields import JAPAN, Member, Wire, bad_answer
from firmware.eligibility.model import Confirmation, Coverage, read_confirmation
from firmware.eligibility.outcome import answered, judge
from firmware.eligibility.parts import Consents
from firmware.eligibility.rules import ChipIdentity
from firmware.ports import Clock, EligibilityAnswer

_OF_VALIDITY: Final = MappingProxyType(
    {
        EligibilityCode.VALID: Validity.VALID,
        EligibilityCode.INVALID: Validity.INVALID,
        EligibilityCode.INVALID_NEW_EXISTS: Validity.INVALID_NEW_EXISTS,
        EligibilityCode.NONE: Validity.NONE,
        EligibilityCode.SEVERAL: Validity.SEVERAL,
    }
)
"""Codes that a national answer stands behind, and its 資格有効性 where the gateway left it out."""

_ALONE: Final = frozenset(
    {
        EligibilityCode.NOT_REGISTERED,
        EligibilityCode.PENDING,
        EligibilityCode.NOT_REACHABLE,
        EligibilityCode.REFUSED,
    }
)
"""Codes without a national answer: they stand on their own."""

CODES: Final = frozenset(_OF_VALIDITY) | _ALONE
"""What a gateway may say, a closed list; all others are the device's own words."""

_COARSE: Final = MappingProxyType(
    {
        EligibilityCode.VALID_SEVERAL: EligibilityCode.VALID,
        EligibilityCode.VALID_UNREGISTERED: EligibilityCode.VALID,
        EligibilityCode.EXCHANGE_ERROR: EligibilityCode.NOT_REACHABLE,
        EligibilityCode.PROCESSING_ERROR: EligibilityCode.NOT_REACHABLE,
    }
)
"""The gateway's code of each finer outcome that `judge` finds."""

_CONTRADICTORY: Final = EligibilityAnswer(EligibilityCode.CONTRADICTORY, flags=(EligibilityFlag.CONTRADICTION,))


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A final answer as it came. Personal: no repr."""

    code: EligibilityCode
    confirmation: Confirmation
    registration_offered: bool


def parse_answer(members: Mapping[str, Json]) -> Answer:
    """`Answer` of docs/gateway.yaml without its envelope (env, id, visit, status)."""
    code = members.get("code")
    if not isinstance(code, str) or code not in CODES:
        raise bad_answer("member code")
    offered = members.get("registration_offered")
    if not isinstance(offered, bool) or (offered and code != EligibilityCode.NOT_REGISTERED):
        raise bad_answer("member registration_offered")
    result = members.get("result", {})
    if not isinstance(result, dict):
        raise bad_answer("member result")
    return Answer(EligibilityCode(code), read_confirmation(_group(result)), offered)


def settled(
    answer: Answer, asked: ChipIdentity, today: date | None, query: NumberQuery | None = None
) -> EligibilityAnswer:
    """The outcome. `asked`: whom the question was about; `today`: in Japan, None with an unknown clock.

    `query`: what was asked by number; the answer is judged by it, whatever of it the gateway echoes.
    """
    if asked.conflicts(answer.confirmation.coverages):
        return EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT)
    confirmation = answer.confirmation
    if answer.code in _ALONE and (confirmation.coverages or _validity_told(confirmation)):
        return _CONTRADICTORY
    if answer.code in _ALONE and not (answer.code is EligibilityCode.NOT_REACHABLE and _national_error(confirmation)):
        return EligibilityAnswer(answer.code, registration_offered=answer.registration_offered)
    if not _validity_told(confirmation):
        confirmation = replace(confirmation, validity=_OF_VALIDITY.get(answer.code))
    judged = judge(confirmation if query is None else replace(confirmation, search=query), today)
    agrees = _COARSE.get(judged.code, judged.code) is answer.code
    if not agrees and judged.code is not EligibilityCode.CONTRADICTORY:
        return _CONTRADICTORY
    return answered(confirmation, judged)


def today_in_japan(clock: Clock) -> date | None:
    """None where the device does not know what day it is."""
    return None if clock.state() is ClockState.UNKNOWN else datetime.fromtimestamp(clock.now(), JAPAN).date()


def _validity_told(confirmation: Confirmation) -> bool:
    return confirmation.validity is not None or "QualificationValidity" in confirmation.odd


def _national_error(confirmation: Confirmation) -> bool:
    """The national system was reached and could not take the question, or not work it off."""
    return confirmation.segment is SegmentOfResult.ABNORMAL or confirmation.status is ProcessingStatus.ERROR


# ---- JSON to members -------------------------------------------------------------------------------------------


def _names(of: type[Any]) -> Iterator[str]:
    """Every name under which a member of `of` or of its groups is read."""
    for each in fields(of):
        wire: Wire | None = each.metadata.get("wire")
        if wire is not None:
            yield from (wire.name, *wire.others)
            if wire.item:
                yield wire.item
            if wire.group is not None:
                yield from _names(wire.group)


_NAMES: Final = frozenset(
    {"ResultList", "QualificationConfirmSearchInfo", *_names(Confirmation), *_names(Coverage), *_names(Consents)}
)


def _group(members: Mapping[str, Json]) -> dict[str, Member]:
    """National members are texts, groups and lists. Of a member that we know, nothing else is taken."""
    found = {name: _member(name, value) for name, value in members.items()}
    return {name: value for name, value in found.items() if value is not None}


def _member(name: str, value: Json) -> Member | None:
    """None: absent, or a number of a member that we do not know."""
    match value:
        case str():
            return value
        case dict():
            return _group(value)
        case list():
            return [each for each in (_member(name, item) for item in value) if each is not None]
        case None:
            return None
        case _:
            if name in _NAMES:
                raise bad_answer(f"member {name}")
            return None
