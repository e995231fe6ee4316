"""`HttpGateway`: the eligibility gateway over HTTPS for visits, by docs/gateway.yaml.

Loop thread; never blocks it. Every wait is bounded by the caller's seconds; what is repeated within them: exchange.py.
Raises DeviceError: GATEWAY_…, CHALLENGE_REFUSED (docs/gateway.yaml, `ProblemType`), MESSAGE_TOO_LARGE, and KEYS_MISSING
or SETTINGS_INVALID from the constructor. Nothing is logged here.
"""

import asyncio
import json
import time
from collections.abc import Callable

from firmware.core.challenge import Challenge
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode
from firmware.core.result import Json
from firmware.eligibility import wire
from firmware.eligibility.answers import Answer, settled, today_in_japan
from firmware.eligibility.config import GatewayConfig, Patience, TlsFiles
from firmware.eligibility.evidence import Kind, Signer, consent_members, look_up_members
from firmware.eligibility.exchange import JOSE, Exchange, deadline
from firmware.eligibility.fields import bad_answer
from firmware.eligibility.pool import ChallengePool
from firmware.eligibility.rules import ChipIdentity
from firmware.eligibility.transport import Request
from firmware.eligibility.visits import VisitLookUp, VisitLookUps
from firmware.ports import EligibilityAnswer, LookUpEvidence

__all__ = ["GatewayConfig", "HttpGateway", "Patience", "TlsFiles"]


class HttpGateway:
    """Implements `ports.Gateway`. `monotonic` is the clock of the challenges' life."""

    def __init__(self, config: GatewayConfig, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._monotonic = monotonic
        self._exchange = Exchange(config)
        self._signer = Signer(config)
        self._pool = ChallengePool(config.device, config.pool_size, monotonic)
        self._refilling = asyncio.Lock()
        self._visits = VisitLookUps()

    async def refill(self) -> None:
        """One refill at a time: who comes second finds the pool full."""
        async with self._refilling, deadline(self._config.patience.exchange):
            while (missing := self._pool.missing()) > 0:
                count = min(missing, wire.MOST_CHALLENGES)
                wanted: dict[str, Json] = {"env": self._config.env, "device": self._config.device, "count": count}
                request = Request("POST", "/v1/challenges", json.dumps(wanted).encode(), "application/json")
                asked_at = self._monotonic()
                issued = wire.parse_challenges(await self._exchange.members(request))
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
            async with deadline(seconds):
                answer = await self._exchange.answer("/v1/lookups", signed, evidence.visit, look_up.learn)
            return self._settled(answer, look_up)
        except DeviceError as error:
            failed = error.code
            raise
        finally:
            look_up.give_up(failed)

    async def register(self, visit: VisitId, seconds: float) -> EligibilityAnswer:
        async with deadline(seconds):
            look_up = self._visits.of(visit)
            known = await look_up.id()
            signed = self._signer.sign(Kind.REGISTRATION, visit, {"lookup": known})
            path = f"/v1/lookups/{known}/registration"
            return self._settled(await self._exchange.answer(path, signed, visit, look_up.learn), look_up)

    async def send_consent(self, visit: VisitId, given: bool, at: float, expires: float | None) -> None:
        """Waits for the look-up's id, at most `Patience.consent` seconds in all; repeating it is harmless."""
        async with deadline(self._config.patience.consent):
            known = await self._visits.of(visit).id()
            members = consent_members(known, given=given, at=at, expires=expires)
            signed = self._signer.sign(Kind.CONSENT, visit, members)
            request = Request("PUT", f"/v1/lookups/{known}/consent", signed.body, JOSE)
            wire.parse_acknowledgement(await self._exchange.members(request), known)

    def confirm(self, visit: VisitId, approved: bool) -> None:
        """The certificate names the person: there is no candidate to confirm."""

    async def close(self) -> None:
        await self._exchange.close()

    def _settled(self, answer: Answer, look_up: VisitLookUp) -> EligibilityAnswer:
        found = settled(answer, look_up.chip, today_in_japan(self._config.clock))
        if found.code is EligibilityCode.IDENTITY_CONFLICT:
            look_up.forbid(FaultCode.IDENTITY_CONFLICT)
        return found


def _chip_identity(evidence: LookUpEvidence) -> ChipIdentity:
    record = evidence.record
    if record is None:
        return ChipIdentity()
    return ChipIdentity(record.birth_date.view(), record.sex.view())
