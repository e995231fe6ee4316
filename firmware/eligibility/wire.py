"""Bytes of the gateway to values and fault codes: JSON within bounds, challenges, look-up states, problems.

Pure, any thread. Contract: docs/gateway.yaml. Raises DeviceError with GATEWAY_BAD_ANSWER, GATEWAY_ENV_MISMATCH or the
fault of a problem document; details name members and problem types, never values.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import Env
from firmware.core.result import Json
from firmware.eligibility.answers import Answer, parse_answer
from firmware.eligibility.fields import bad_answer

MOST_BYTES: Final = 64 * 1024
_MOST_DEPTH: Final = 12
MOST_CHALLENGES: Final = 16
_LONGEST_LIFE: Final = 3600

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_PROBLEM: Final = re.compile(r"/problems/([a-z-]{1,40})")
_TOKEN: Final = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)

_FAULT_OF_PROBLEM: Final = {
    "env-mismatch": FaultCode.GATEWAY_ENV_MISMATCH,
    "challenge-unknown": FaultCode.CHALLENGE_REFUSED,
    "challenge-used": FaultCode.CHALLENGE_REFUSED,
    "challenge-expired": FaultCode.CHALLENGE_REFUSED,
    "offline-challenge-refused": FaultCode.CHALLENGE_REFUSED,
    "not-offered": FaultCode.QUERY_NOT_OFFERED,
    "not-found": FaultCode.QUERY_NOT_OFFERED,  # what a gateway of an older version says of a path that it does not know
    "disaster-mode-off": FaultCode.DISASTER_MODE_OFF,
}
"""Every other type goes by its status: 4xx GATEWAY_REFUSED, 5xx GATEWAY_ERROR."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A challenge from the gateway; `life`: seconds it still lived when the gateway sent it."""

    id: str
    nonce: str
    life: float


@dataclass(frozen=True, slots=True)
class Pending:
    """The look-up has no final answer yet."""

    id: str


@dataclass(frozen=True, slots=True, repr=False)
class Settled:
    """The look-up's final answer."""

    id: str
    answer: Answer


def _depth(data: bytes) -> int:
    """Deepest nesting, in one linear pass: json's own recursion limit is not ours to rely on."""
    deepest = depth = 0
    quoted = False
    for token in _TOKEN.findall(data):
        if token == b'"':
            quoted = not quoted
        elif not quoted and token in {b"[", b"{"}:
            depth += 1
            deepest = max(deepest, depth)
        elif not quoted and token in {b"]", b"}"}:
            depth -= 1
    return deepest


def _no_constant(_name: str) -> Json:
    raise ValueError("NaN or Infinity")


def _once_each(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Of a member that is said twice nobody knows which one was meant (RFC 8259, 4)."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def parse_object(data: bytes) -> dict[str, Json]:
    """One JSON object of bounded size and depth."""
    if len(data) > MOST_BYTES:
        raise bad_answer("too large")
    if _depth(data) > _MOST_DEPTH:
        raise bad_answer("nested too deep")
    try:
        members = json.loads(data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once_each)
    except ValueError:
        # from None: the error's text and context would quote the answer
        raise bad_answer("not JSON") from None
    if not isinstance(members, dict):
        raise bad_answer("not an object")
    return members


def check_env(members: Mapping[str, Json], env: Env) -> None:
    """Refuse an answer of another env before anything else in it is read."""
    claimed = members.get("env")
    if not isinstance(claimed, str):
        raise bad_answer("member env")
    if claimed != env:
        raise DeviceError(FaultCode.GATEWAY_ENV_MISMATCH, f"device {env}")


def _id(members: Mapping[str, Json]) -> str:
    value = members.get("id")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise bad_answer("member id")
    return value


def _time(members: Mapping[str, Json], name: str) -> int:
    value = members.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**11:
        raise bad_answer(f"member {name}")
    return value


def parse_challenges(members: Mapping[str, Json]) -> list[Issued]:
    """`ChallengeList`."""
    now = _time(members, "now")
    challenges = members.get("challenges")
    if not isinstance(challenges, list) or not 1 <= len(challenges) <= MOST_CHALLENGES:
        raise bad_answer("member challenges")
    issued = []
    for each in challenges:
        if not isinstance(each, dict):
            raise bad_answer("member challenges")
        nonce = each.get("nonce")
        if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
            raise bad_answer("member nonce")
        life = min(_time(each, "expires") - now, _LONGEST_LIFE)
        issued.append(Issued(_id(each), nonce, life))
    return issued


def parse_state(members: Mapping[str, Json], visit: VisitId) -> Pending | Settled:
    """`Pending` or `Answer`; one that names another visit is not ours."""
    look_up = _id(members)
    if members.get("visit") != visit:
        raise bad_answer("another visit")
    status = members.get("status")
    if status == "pending":
        return Pending(look_up)
    if status != "final":
        raise bad_answer("member status")
    return Settled(look_up, parse_answer(members))


def parse_acknowledgement(members: Mapping[str, Json], look_up: str) -> None:
    """`Acknowledgement` of a consent."""
    if _id(members) != look_up:
        raise bad_answer("another look-up")


def fault_of(status: int, data: bytes, env: Env) -> DeviceError:
    """What a status outside 200 and 202 means, by its problem document if there is one."""
    try:
        members = parse_object(data)
    except DeviceError:
        members = {}  # a proxy's own page, say: the status still tells
    claimed = members.get("env")
    if isinstance(claimed, str) and claimed != env:
        return DeviceError(FaultCode.GATEWAY_ENV_MISMATCH, f"device {env}")
    kind = members.get("type")
    found = _PROBLEM.fullmatch(kind) if isinstance(kind, str) else None
    name = found.group(1) if found else "no problem type"
    return DeviceError(_FAULT_OF_PROBLEM.get(name) or _fault_of_status(status), f"{status} {name}")


def _fault_of_status(status: int) -> FaultCode:
    if 400 <= status < 500:
        return FaultCode.GATEWAY_REFUSED
    return FaultCode.GATEWAY_ERROR if status >= 500 else FaultCode.GATEWAY_BAD_ANSWER
