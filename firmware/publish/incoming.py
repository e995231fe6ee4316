"""Checks of everything that comes in: requests, acknowledgements, presence. Any thread (paho's, in practice).

Time of requests: `exp` must lie ahead, at most 120 s (and 30 s for clocks apart). With an unknown clock that cannot be
told, so then a request passes only if its own window is at most 120 s, its `jti` was never used, and the visit it names
is running now: a visit's id is random and young, so nobody can have signed it earlier than the visit began. `ping` and
`replay` name no visit; repeating them does no harm; queries are refused then (`queries.py`). A `jti` is noted durably
before the request has any effect.

Raises DeviceError: REQUEST_…, RECEPTION_ENV_MISMATCH, ACK_INVALID, and the outbox's codes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, Env
from firmware.core.result import Json
from firmware.ports import Clock
from firmware.publish.contract_read import Ack, Presence, Request, Stage
from firmware.publish.outbox import Outbox
from firmware.publish.seal import MAX_INBOUND, PublicEcKey, TokenType, claimed_issuer, verify
from firmware.publish.topics import ABOUT_A_VISIT, ANSWERS, QUERIES, Verb

WINDOW = 120
LEEWAY = 30
FORGET_AFTER = 600

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets verified messages through. `signers`: signing keys of the site's receptions."""

    device: str
    env: Env
    signers: Mapping[str, PublicEcKey]
    clock: Clock
    outbox: Outbox

    def request(self, verb: str, payload: bytes, running: Callable[[str], bool]) -> tuple[Request, str]:
        """The checked request and its token. Noted as used when this returns."""
        token = _ascii(payload)
        issuer = claimed_issuer(token)
        if issuer is None:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "no issuer")
        if (signer := self.signers.get(issuer)) is None:
            raise DeviceError(FaultCode.REQUEST_BAD_SIGNATURE, "unknown reception")
        request = _parsed(Request, verify(token, signer, TokenType.REQUEST))
        self._check_address(request, verb)
        self._check_time(request, running)
        if not self.outbox.first_use(request.iss, request.jti, request.exp):
            raise DeviceError(FaultCode.REQUEST_REPLAYED, request.verb)
        return request, token

    def _check_address(self, request: Request, verb: str) -> None:
        if request.aud != self.device:
            raise DeviceError(FaultCode.REQUEST_BAD_SIGNATURE, "signed for another device")
        if request.env is not self.env:
            raise DeviceError(FaultCode.RECEPTION_ENV_MISMATCH, f"request of env {request.env}")
        if request.verb != verb or verb not in set(Verb):
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "verb")
        if verb in ABOUT_A_VISIT and request.visit is None:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "no visit")
        if verb in ANSWERS and request.approved is None:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "no answer")
        if verb in QUERIES and request.sealed is None:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "no sealed query")

    def _check_time(self, request: Request, running: Callable[[str], bool]) -> None:
        if not 0 < request.exp - request.iat <= WINDOW:
            raise DeviceError(FaultCode.REQUEST_EXPIRED, "window")
        if self.clock.state() is ClockState.UNKNOWN:
            if request.visit is not None and not running(request.visit):
                raise DeviceError(FaultCode.REQUEST_EXPIRED, "no such visit, and no clock")
        elif not 0 <= request.exp - self.clock.now() <= WINDOW + LEEWAY:
            raise DeviceError(FaultCode.REQUEST_EXPIRED, "exp")

    def ack(self, reception: str, payload: bytes) -> Ack:
        """A verified acknowledgement that may act on the message with its hash: reject, or (same env, named) delete."""
        if (signer := self.signers.get(reception)) is None:
            raise DeviceError(FaultCode.ACK_INVALID, "unknown reception")
        try:
            ack = _parsed(Ack, verify(_ascii(payload), signer, TokenType.ACK))
        except DeviceError as error:
            raise DeviceError(FaultCode.ACK_INVALID, error.detail) from error
        if ack.iss != reception or ack.aud != self.device:
            raise DeviceError(FaultCode.ACK_INVALID, "issuer or audience")
        if ack.stage is not Stage.REJECTED:
            if ack.env is not self.env:
                raise DeviceError(FaultCode.RECEPTION_ENV_MISMATCH, f"acknowledgement of env {ack.env}")
            if ack.msg is None or ack.seq is None:
                raise DeviceError(FaultCode.ACK_INVALID, "names no message")
        return ack

    def presence(self, payload: bytes) -> Presence:
        """A reception's state; not signed, so it only decides when to send again."""
        if len(payload) > MAX_INBOUND:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "presence too long")
        try:
            return Presence.model_validate_json(payload)
        except ValidationError as error:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "presence") from error

    def refusal_to(self, payload: bytes) -> tuple[str, str] | None:
        """Reception and `jti` to answer a refused request to: only a known reception, only a sound `jti`."""
        token = payload[: MAX_INBOUND + 1].decode("ascii", "replace")
        issuer = claimed_issuer(token)
        if issuer is None or (signer := self.signers.get(issuer)) is None:
            return None
        try:
            return issuer, _parsed(Request, verify(token, signer, TokenType.REQUEST)).jti
        except DeviceError:
            return None


def _ascii(payload: bytes) -> str:
    if len(payload) > MAX_INBOUND:
        raise DeviceError(FaultCode.REQUEST_MALFORMED, f"{len(payload)} bytes")
    try:
        return payload.decode("ascii")
    except UnicodeDecodeError as error:
        raise DeviceError(FaultCode.REQUEST_MALFORMED, "not ASCII") from error


def _parsed(model: type[Model], claims: dict[str, Json]) -> Model:
    try:
        return model.model_validate_json(json.dumps(claims))
    except ValidationError as error:
        where = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
        raise DeviceError(FaultCode.REQUEST_MALFORMED, where[:80]) from error
