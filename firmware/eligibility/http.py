"""`HttpGateway`: the eligibility gateway over HTTPS, by docs/gateway.yaml.

Loop thread; never blocks it. Every wait is bounded by the caller's seconds; within them a broken exchange is repeated
with the same bytes and the same Idempotency-Key, so the gateway makes one look-up of it. Raises DeviceError:
GATEWAY_…, CHALLENGE_REFUSED (docs/gateway.yaml, `ProblemType`), MESSAGE_TOO_LARGE, and KEYS_MISSING or SETTINGS_INVALID
from the constructor. Nothing is logged here.
"""

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from firmware.core.challenge import Challenge
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode
from firmware.core.result import Json
from firmware.eligibility import wire
from firmware.eligibility.config import GatewayConfig, Patience, TlsFiles
from firmware.eligibility.evidence import Kind, Signed, Signer, consent_members, look_up_members
from firmware.eligibility.model import Answer, bad_answer
from firmware.eligibility.pool import ChallengePool
from firmware.eligibility.rules import ChipIdentity
from firmware.eligibility.transport import Reply, Request, Transport
from firmware.eligibility.visits import VisitLookUp, VisitLookUps
from firmware.ports import EligibilityAnswer, LookUpEvidence

__all__ = ["GatewayConfig", "HttpGateway", "Patience", "TlsFiles"]

_URL: Final = re.compile(r"https://[A-Za-z0-9.\-\[\]:]{1,255}/?")
_LONGEST_POLL_PAUSE: Final = 30.0
_JITTER: Final = 0.1
_JOSE: Final = "application/jose"
_WORTH_REPEATING: Final = frozenset({FaultCode.GATEWAY_UNREACHABLE, FaultCode.GATEWAY_TIMEOUT})
_REPEATED_STATUSES: Final = frozenset({429, 500, 502, 503, 504})


class HttpGateway:
    """Implements `ports.Gateway`. `monotonic` is the clock of the challenges' life."""

    def __init__(self, config: GatewayConfig, monotonic: Callable[[], float] = time.monotonic) -> None:
        if not _URL.fullmatch(config.url):
            raise DeviceError(FaultCode.SETTINGS_INVALID, "gateway url")
        self._config = config
        self._monotonic = monotonic
        self._transport = Transport(config.url, config.tls, config.patience)
        self._signer = Signer(config)
        self._pool = ChallengePool(config.device, config.pool_size, monotonic)
        self._refilling = asyncio.Lock()
        self._visits = VisitLookUps()

    async def refill(self) -> None:
        """One refill at a time: who comes second finds the pool full."""
        async with self._refilling, _deadline(self._config.patience.exchange):
            while (missing := self._pool.missing()) > 0:
                count = min(missing, wire.MOST_CHALLENGES)
                wanted: dict[str, Json] = {"env": self._config.env, "device": self._config.device, "count": count}
                request = Request("POST", "/v1/challenges", json.dumps(wanted).encode(), "application/json")
                asked_at = self._monotonic()
                issued = wire.parse_challenges(self._members(await self._send(request)))
                if not self._pool.add(issued, asked_at):
                    raise bad_answer("challenges that do not live long enough")

    def take_challenge(self, visit: VisitId) -> Challenge:
        return self._pool.take(visit, self._config.clock.now())

    async def look_up(self, evidence: LookUpEvidence, seconds: float) -> EligibilityAnswer:
        """Compares the answer with the chip: IDENTITY_CONFLICT carries nothing of the answer."""
        look_up = self._visits.begin(evidence.visit)
        failed = FaultCode.GATEWAY_TIMEOUT
        try:
            look_up.chip = _chip_identity(evidence)
            signed = self._signer.sign(Kind.LOOK_UP, evidence.visit, look_up_members(evidence))
            async with _deadline(seconds):
                reply = await self._send(_posted("/v1/lookups", signed))
                return await self._settle(reply, evidence.visit, look_up)
        except DeviceError as error:
            failed = error.code
            raise
        finally:
            look_up.give_up(failed)

    async def register(self, visit: VisitId, seconds: float) -> EligibilityAnswer:
        async with _deadline(seconds):
            look_up = self._visits.of(visit)
            known = await look_up.id()
            signed = self._signer.sign(Kind.REGISTRATION, visit, {"lookup": known})
            reply = await self._send(_posted(f"/v1/lookups/{known}/registration", signed))
            return await self._settle(reply, visit, look_up)

    async def send_consent(self, visit: VisitId, given: bool, at: float, expires: float | None) -> None:
        """Waits for the look-up's id, at most `Patience.consent` seconds in all; repeating it is harmless."""
        async with _deadline(self._config.patience.consent):
            known = await self._visits.of(visit).id()
            members = consent_members(known, given=given, at=at, expires=expires)
            signed = self._signer.sign(Kind.CONSENT, visit, members)
            reply = await self._send(Request("PUT", f"/v1/lookups/{known}/consent", signed.body, _JOSE))
            wire.parse_acknowledgement(self._members(reply), known)

    async def close(self) -> None:
        await self._transport.close()

    async def _settle(self, reply: Reply, visit: VisitId, look_up: VisitLookUp) -> EligibilityAnswer:
        """Ask until the answer is final."""
        while True:
            state = self._state(reply, visit)
            look_up.learn(state.id)
            if isinstance(state, wire.Settled):
                return _compared(state.answer, look_up)
            await asyncio.sleep(self._poll_pause(reply))
            headers = {"Prefer": f"wait={self._config.patience.held()}"}
            reply = await self._send(Request("GET", f"/v1/lookups/{state.id}", headers=headers))

    def _poll_pause(self, reply: Reply) -> float:
        pause = min(reply.retry_after or 0, _LONGEST_POLL_PAUSE)
        return _with_jitter(max(pause, self._config.patience.poll_pause))

    async def _send(self, request: Request) -> Reply:
        """Exchange, repeated with growing pauses after a broken one or a passing trouble of the gateway."""
        patience = self._config.patience
        pause = patience.back_off
        for left in range(patience.attempts - 1, -1, -1):
            wanted = pause
            try:
                reply = await self._transport.exchange(request)
            except DeviceError as error:
                if not left or error.code not in _WORTH_REPEATING:
                    raise
            else:
                wanted = max(pause, reply.retry_after or 0)
                if not left or reply.status not in _REPEATED_STATUSES or wanted > patience.exchange:
                    return reply
            await asyncio.sleep(_with_jitter(wanted))
            pause *= 2
        raise DeviceError(FaultCode.SETTINGS_INVALID, "gateway attempts")

    def _members(self, reply: Reply) -> dict[str, Json]:
        """The answer's JSON members, after status, media type and env were found good."""
        if reply.status not in {200, 202}:
            raise wire.fault_of(reply.status, reply.body, self._config.env)
        if reply.media != "application/json":
            raise bad_answer("media type")
        members = wire.parse_object(reply.body)
        wire.check_env(members, self._config.env)
        return members

    def _state(self, reply: Reply, visit: VisitId) -> wire.Pending | wire.Settled:
        state = wire.parse_state(self._members(reply), visit)
        if isinstance(state, wire.Pending) != (reply.status == 202):
            raise bad_answer("status and state differ")
        if reply.status == 202 and reply.location != f"/v1/lookups/{state.id}":
            raise bad_answer("header Location")
        return state


def _posted(path: str, signed: Signed) -> Request:
    return Request("POST", path, signed.body, _JOSE, {"Idempotency-Key": signed.jti})


def _chip_identity(evidence: LookUpEvidence) -> ChipIdentity:
    record = evidence.record
    if record is None:
        return ChipIdentity()
    return ChipIdentity(record.birth_date.view(), record.sex.view())


def _compared(answer: Answer, look_up: VisitLookUp) -> EligibilityAnswer:
    """The answer for the runtime, or the bare code when it speaks of somebody else."""
    if look_up.chip.conflicts(answer):
        look_up.forbid(FaultCode.IDENTITY_CONFLICT)
        return EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT)
    first = answer.coverages[0] if answer.coverages else None
    return EligibilityAnswer(
        code=answer.code,
        detail=answer.to_detail(),
        birth_date=first.birth_date if first else None,
        sex=first.sex if first else None,
        registration_offered=answer.registration_offered,
    )


def _with_jitter(seconds: float) -> float:
    """Never earlier than asked; spreads the devices of a site."""
    return seconds * (1 + random.random() * _JITTER)  # noqa: S311 - spreading load, not a secret


@asynccontextmanager
async def _deadline(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise DeviceError(FaultCode.GATEWAY_TIMEOUT, f"{seconds:g} s") from error
