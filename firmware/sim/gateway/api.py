"""The paths of docs/gateway.yaml that belong to a visit. Loop thread.

Refusals are ProblemError, made into answers by `problems_middleware`. Nothing personal is logged: there is no log.
"""

import base64
import re
import secrets
from datetime import UTC, datetime
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from cryptography import x509

from firmware.sim.gateway import jws
from firmware.sim.gateway.claims import (
    ChallengeRequest,
    ConsentRequest,
    LookUp,
    LookUpRequest,
    RegistrationRequest,
    parsed,
)
from firmware.sim.gateway.desk import JAPAN, Desk, body_of, offered
from firmware.sim.gateway.evidence import check_certificate, check_evidence
from firmware.sim.gateway.faults import problem_response
from firmware.sim.gateway.insured import fingerprint
from firmware.sim.gateway.problems import ProblemError
from firmware.sim.gateway.registry import LookUpRow, Repeatable

MOST_BYTES: Final = 32 * 1024

_OFFLINE_SECONDS: Final = 600
_WAIT: Final = re.compile(r"wait=([0-9]{1,2})")


class Api:
    """Handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._config = desk.config
        self._registry = desk.registry

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/challenges", self._challenges),
            web.post("/v1/lookups", self._look_up),
            web.get("/v1/lookups/{id}", self._get),
            web.put("/v1/lookups/{id}/consent", self._consent),
            web.post("/v1/lookups/{id}/registration", self._register),
        ]

    # ---- handlers --------------------------------------------------------------------------------------------------

    async def _challenges(self, request: web.Request) -> web.Response:
        device = self._desk.device(request)
        body = await body_of(request, "application/json")
        wanted = parsed(ChallengeRequest, jws.json_object(body))
        if wanted.device != device:
            raise ProblemError("device-unknown", "TLS name")
        self._desk.check_env(wanted.env)
        now, seconds = self._desk.now(), self._config.challenge_seconds
        made = await self._desk.stored(self._registry.issue, device, wanted.count, now, seconds)
        return web.json_response({"env": self._config.env, "now": int(now), "challenges": made})

    async def _look_up(self, request: web.Request) -> web.Response:
        desk, device = self._desk, self._desk.device(request)
        body = await body_of(request, "application/jose")
        look_up = parsed(LookUpRequest, {"content": desk.opened(body, "lookup+jwt", device)}).content
        repeatable = desk.checked(request, look_up, device, body)
        known = await desk.stored(self._registry.repeated, repeatable)
        return await desk.state(known or await self._new(look_up, repeatable), device)

    async def _get(self, request: web.Request) -> web.Response:
        preferred = _WAIT.fullmatch(request.headers.get("Prefer", ""))
        wait = float(preferred[1]) if preferred else 0.0
        return await self._desk.state(request.match_info["id"], self._desk.device(request), wait)

    async def _consent(self, request: web.Request) -> web.Response:
        desk, device = self._desk, self._desk.device(request)
        body = await body_of(request, "application/jose")
        consent = parsed(ConsentRequest, desk.opened(body, "consent+jwt", device))
        desk.check_claims(consent, device)
        row = await desk.own(request.match_info["id"], consent, consent.lookup, device)
        await desk.stored(self._registry.put_consents, row.id, consent.consents)
        return web.json_response({"env": self._config.env, "id": row.id})

    async def _register(self, request: web.Request) -> web.Response:
        desk, device = self._desk, self._desk.device(request)
        body = await body_of(request, "application/jose")
        registration = parsed(RegistrationRequest, desk.opened(body, "registration+jwt", device))
        repeatable = desk.checked(request, registration, device, body)
        row = await desk.own(request.match_info["id"], registration, registration.lookup, device)
        if await desk.stored(self._registry.repeated, repeatable) is None:
            person = await desk.stored(self._registry.person, row.person)
            if row.ready > desk.now() or not offered(row, person):
                raise ProblemError("registration-not-offered")
            await desk.stored(self._registry.register, repeatable, row.id, desk.now() + desk.delay)
        return await desk.state(row.id, device)

    # ---- look-ups --------------------------------------------------------------------------------------------------

    async def _new(self, look_up: LookUp, repeatable: Repeatable) -> str:
        await self._use_challenge(look_up, repeatable)
        der = base64.b64decode(look_up.certificate)
        certificate = check_certificate(der, self._config.trust)
        check_evidence(look_up, certificate, self._config.trust)
        row = LookUpRow(
            id=secrets.token_hex(12),
            device=repeatable.device,
            visit=look_up.visit,
            person=fingerprint(der),
            method=look_up.method,
            ready=self._desk.now() + self._desk.delay,
            code=None if self._in_time(certificate) else "refused",
            registered=False,
        )
        return await self._desk.stored(self._registry.create, repeatable, row)

    async def _use_challenge(self, look_up: LookUp, repeatable: Repeatable) -> None:
        challenge, now = look_up.challenge, self._desk.now()
        if not challenge.offline:
            await self._desk.stored(self._registry.use, challenge, repeatable, now)
            return
        if not self._config.accept_offline:
            raise ProblemError("offline-challenge-refused")
        if look_up.clock != "unknown" and abs(challenge.taken - now) > _OFFLINE_SECONDS:
            raise ProblemError("challenge-expired")
        await self._desk.stored(self._registry.use_offline, challenge, repeatable, now + _OFFLINE_SECONDS)

    def _in_time(self, certificate: x509.Certificate) -> bool:
        """Begun, and not past the grace: the end of the third month after the month of expiry (eligibility.md 1.5)."""
        now = datetime.fromtimestamp(self._desk.now(), UTC)
        end = certificate.not_valid_after_utc.astimezone(JAPAN)
        year, month = divmod(end.year * 12 + end.month - 1 + 4, 12)
        return certificate.not_valid_before_utc <= now < datetime(year, month + 1, 1, tzinfo=JAPAN)


def problems_middleware(env: str) -> Middleware:
    """Refusals and aiohttp's own errors as problem documents."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ProblemError as problem:
            return problem_response(problem, env)
        except web.HTTPRequestEntityTooLarge:
            return problem_response(ProblemError("too-large"), env)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            return problem_response(ProblemError("not-found"), env)

    return answer
