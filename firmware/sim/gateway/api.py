"""The paths of docs/gateway.yaml. Loop thread; the registry works on a thread of its own.

Refusals are ProblemError, made into answers by `problems_middleware`. Nothing personal is logged: there is no log.
"""

import asyncio
import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from cryptography import x509

from firmware.sim.gateway import jws
from firmware.sim.gateway.claims import (
    ChallengeRequest,
    Claims,
    ConsentRequest,
    LookUp,
    LookUpRequest,
    RegistrationRequest,
    parsed,
)
from firmware.sim.gateway.config import SimConfig
from firmware.sim.gateway.evidence import check_certificate, check_evidence
from firmware.sim.gateway.faults import problem_response
from firmware.sim.gateway.people import Insured, fingerprint
from firmware.sim.gateway.problems import ProblemError
from firmware.sim.gateway.registry import LookUpRow, Registry, Repeatable

MOST_BYTES: Final = 32 * 1024

_JAPAN: Final = timezone(timedelta(hours=9))
_OFFLINE_SECONDS: Final = 600
_VALIDITY: Final = {"valid": "1", "invalid": "2", "invalid-new-exists": "3", "none": "4", "several": "5"}
_WAIT: Final = re.compile(r"wait=([0-9]{1,2})")

T = TypeVar("T")


class Api:
    """Handlers. `delay`: seconds until the next look-ups are answered."""

    def __init__(self, config: SimConfig, registry: Registry, store: Executor, now: Callable[[], float]) -> None:
        self.delay = config.delay
        self._config = config
        self._registry = registry
        self._store = store
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/challenges", self._challenges),
            web.post("/v1/lookups", self._look_up),
            web.get("/v1/lookups/{id}", self._get),
            web.put("/v1/lookups/{id}/consent", self._consent),
            web.post("/v1/lookups/{id}/registration", self._register),
            web.post("/v1/number-lookups", self._number),
        ]

    async def stored(self, work: Callable[..., T], *arguments: object) -> T:
        """Run a registry method on the registry's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._store, work, *arguments)

    # ---- handlers --------------------------------------------------------------------------------------------------

    async def _challenges(self, request: web.Request) -> web.Response:
        device = self._device(request)
        body = await _body(request, "application/json")
        wanted = parsed(ChallengeRequest, jws.json_object(body))
        if wanted.device != device:
            raise ProblemError("device-unknown", "TLS name")
        self._check_env(wanted.env)
        now, seconds = self._now(), self._config.challenge_seconds
        made = await self.stored(self._registry.issue, device, wanted.count, now, seconds)
        return web.json_response({"env": self._config.env, "now": int(now), "challenges": made})

    async def _look_up(self, request: web.Request) -> web.Response:
        device = self._device(request)
        body = await _body(request, "application/jose")
        look_up = parsed(LookUpRequest, {"content": self._opened(body, "lookup+jwt", device)}).content
        repeatable = self._checked(request, look_up, device, body)
        known = await self.stored(self._registry.repeated, repeatable)
        return await self._state(known or await self._new(look_up, repeatable), device)

    async def _get(self, request: web.Request) -> web.Response:
        preferred = _WAIT.fullmatch(request.headers.get("Prefer", ""))
        wait = float(preferred[1]) if preferred else 0.0
        return await self._state(request.match_info["id"], self._device(request), wait)

    async def _consent(self, request: web.Request) -> web.Response:
        device = self._device(request)
        body = await _body(request, "application/jose")
        consent = parsed(ConsentRequest, self._opened(body, "consent+jwt", device))
        self._check_claims(consent, device)
        row = await self._own(request, consent.lookup, consent.visit, device)
        await self.stored(self._registry.put_consents, row.id, consent.consents)
        return web.json_response({"env": self._config.env, "id": row.id})

    async def _register(self, request: web.Request) -> web.Response:
        device = self._device(request)
        body = await _body(request, "application/jose")
        registration = parsed(RegistrationRequest, self._opened(body, "registration+jwt", device))
        repeatable = self._checked(request, registration, device, body)
        row = await self._own(request, registration.lookup, registration.visit, device)
        if await self.stored(self._registry.repeated, repeatable) is None:
            person = await self.stored(self._registry.person, row.certificate)
            if row.ready > self._now() or not _offered(row, person):
                raise ProblemError("registration-not-offered")
            await self.stored(self._registry.register, repeatable, row.id, self._now() + self.delay)
        return await self._state(row.id, device)

    async def _number(self, request: web.Request) -> web.Response:
        self._device(request)
        raise ProblemError("not-offered")

    # ---- checks ----------------------------------------------------------------------------------------------------

    def _device(self, request: web.Request) -> str:
        """The device that the client certificate names."""
        peer: dict[str, Any] = request.get_extra_info("peercert") or {}
        names = [value for group in peer.get("subject", ()) for kind, value in group if kind == "commonName"]
        if len(names) != 1 or names[0] not in self._config.devices:
            raise ProblemError("device-unknown", "TLS name")
        return str(names[0])

    def _opened(self, body: bytes, typ: str, device: str) -> dict[str, object]:
        try:
            token = body.decode("ascii")
        except UnicodeDecodeError as error:
            raise ProblemError("malformed", "JWS") from error
        return jws.opened(token, typ, self._config.devices[device])

    def _check_env(self, env: str) -> None:
        if env != self._config.env:
            raise ProblemError("env-mismatch")

    def _check_claims(self, claims: Claims, device: str) -> None:
        if claims.iss != device or claims.site != self._config.site:
            raise ProblemError("device-unknown", "iss, site")
        self._check_env(claims.env)

    def _checked(self, request: web.Request, claims: Claims, device: str, body: bytes) -> Repeatable:
        self._check_claims(claims, device)
        if request.headers.get("Idempotency-Key") != claims.jti:
            raise ProblemError("malformed", "Idempotency-Key")
        return Repeatable(device, claims.jti, hashlib.sha256(body).hexdigest())

    async def _own(self, request: web.Request, named: str, visit: str, device: str) -> LookUpRow:
        row = await self.stored(self._registry.look_up, request.match_info["id"], device)
        if row.id != named or row.visit != visit:
            raise ProblemError("lookup-unknown")
        return row

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
            certificate=fingerprint(der),
            method=look_up.method,
            ready=self._now() + self.delay,
            code=None if self._in_time(certificate) else "refused",
            registered=False,
        )
        return await self.stored(self._registry.create, repeatable, row)

    async def _use_challenge(self, look_up: LookUp, repeatable: Repeatable) -> None:
        challenge, now = look_up.challenge, self._now()
        if not challenge.offline:
            await self.stored(self._registry.use, challenge, repeatable, now)
            return
        if not self._config.accept_offline:
            raise ProblemError("offline-challenge-refused")
        if look_up.clock != "unknown" and abs(challenge.taken - now) > _OFFLINE_SECONDS:
            raise ProblemError("challenge-expired")
        await self.stored(self._registry.use_offline, challenge, repeatable, now + _OFFLINE_SECONDS)

    def _in_time(self, certificate: x509.Certificate) -> bool:
        """Begun, and not past the grace: the end of the third month after the month of expiry (eligibility.md 1.5)."""
        now = datetime.fromtimestamp(self._now(), UTC)
        end = certificate.not_valid_after_utc.astimezone(_JAPAN)
        year, month = divmod(end.year * 12 + end.month - 1 + 4, 12)
        return certificate.not_valid_before_utc <= now < datetime(year, month + 1, 1, tzinfo=_JAPAN)

    async def _state(self, identity: str, device: str, wait: float = 0.0) -> web.Response:
        row = await self.stored(self._registry.look_up, identity, device)
        left = row.ready - self._now()
        if left > 0 and wait > 0:
            await asyncio.sleep(min(left, wait))
            left = row.ready - self._now()
        head = {"env": self._config.env, "id": row.id, "visit": row.visit}
        if left > 0:
            headers = {"Location": f"/v1/lookups/{row.id}", "Retry-After": str(min(int(left), 1))}
            return web.json_response(head | {"status": "pending"}, status=202, headers=headers)
        person = await self.stored(self._registry.person, row.certificate)
        return web.json_response(head | {"status": "final"} | self._answer(row, person))

    def _answer(self, row: LookUpRow, person: Insured | None) -> dict[str, object]:
        known = person or Insured("none")
        code, coverages = row.code or known.code, known.coverages
        if row.registered:
            code, coverages = "valid", known.after_registration
        answer: dict[str, object] = {"code": code, "registration_offered": _offered(row, person)}
        if code in _VALIDITY:
            today = datetime.fromtimestamp(self._now(), _JAPAN)
            answer["result"] = {
                "QualificationConfirmationDate": f"{today:%Y%m%d}",
                "QualificationValidity": _VALIDITY[code],
                "ResultList": list(coverages),
            }
        return answer


def _offered(row: LookUpRow, person: Insured | None) -> bool:
    """Only ever with the code not-registered, and only once."""
    if person is None or row.registered or row.code is not None:
        return False
    return person.code == "not-registered" and bool(person.after_registration)


async def _body(request: web.Request, media: str) -> bytes:
    if request.content_type != media:
        raise ProblemError("unsupported-media-type", media)
    return await request.read()


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
