"""What every path of the gateway needs: who asks, whether it was signed, the state of a look-up and its answer.

Loop thread; the registry works on a thread of its own. Raises ProblemError. Source: docs/gateway.yaml.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeVar

from aiohttp import web

from firmware.sim.gateway import jws
from firmware.sim.gateway.claims import Claims
from firmware.sim.gateway.config import SimConfig
from firmware.sim.gateway.insured import Insured
from firmware.sim.gateway.problems import ProblemError
from firmware.sim.gateway.registry import LookUpRow, Registry, Repeatable

JAPAN: Final = timezone(timedelta(hours=9))

_VALIDITY: Final = {"valid": "1", "invalid": "2", "invalid-new-exists": "3", "none": "4", "several": "5"}

T = TypeVar("T")


class Desk:
    """`delay`: seconds until the next look-ups are answered."""

    def __init__(self, config: SimConfig, registry: Registry, store: Executor, now: Callable[[], float]) -> None:
        self.config = config
        self.registry = registry
        self.now = now
        self.delay = config.delay
        self._store = store

    async def stored(self, work: Callable[..., T], *arguments: object) -> T:
        """Run a registry method on the registry's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._store, work, *arguments)

    # ---- checks ----------------------------------------------------------------------------------------------------

    def device(self, request: web.Request) -> str:
        """The device that the client certificate names."""
        peer: dict[str, Any] = request.get_extra_info("peercert") or {}
        names = [value for group in peer.get("subject", ()) for kind, value in group if kind == "commonName"]
        if len(names) != 1 or names[0] not in self.config.devices:
            raise ProblemError("device-unknown", "TLS name")
        return str(names[0])

    def opened(self, body: bytes, typ: str, device: str) -> dict[str, object]:
        """The verified content of a body that this device signed."""
        try:
            token = body.decode("ascii")
        except UnicodeDecodeError as error:
            raise ProblemError("malformed", "JWS") from error
        return jws.opened(token, typ, self.config.devices[device])

    def check_env(self, env: str) -> None:
        if env != self.config.env:
            raise ProblemError("env-mismatch")

    def check_claims(self, claims: Claims, device: str) -> None:
        if claims.iss != device or claims.site != self.config.site:
            raise ProblemError("device-unknown", "iss, site")
        self.check_env(claims.env)

    def checked(self, request: web.Request, claims: Claims, device: str, body: bytes) -> Repeatable:
        """The name under which a repeat of this request is known."""
        self.check_claims(claims, device)
        if request.headers.get("Idempotency-Key") != claims.jti:
            raise ProblemError("malformed", "Idempotency-Key")
        return Repeatable(device, claims.jti, hashlib.sha256(body).hexdigest())

    async def own(self, identity: str, claims: Claims, named: str, device: str) -> LookUpRow:
        """The look-up that the path and the signed content both name."""
        row = await self.stored(self.registry.look_up, identity, device)
        if row.id != named or row.visit != claims.visit:
            raise ProblemError("lookup-unknown")
        return row

    # ---- answers ---------------------------------------------------------------------------------------------------

    async def state(self, identity: str, device: str, wait: float = 0.0) -> web.Response:
        """`Answer` or `Pending`; held for at most `wait` seconds while there is nothing final."""
        row = await self.stored(self.registry.look_up, identity, device)
        left = row.ready - self.now()
        if left > 0 and wait > 0:
            await asyncio.sleep(min(left, wait))
            left = row.ready - self.now()
        head = {"env": self.config.env, "id": row.id, "visit": row.visit}
        if left > 0:
            headers = {"Location": f"/v1/lookups/{row.id}", "Retry-After": str(min(int(left), 1))}
            return web.json_response(head | {"status": "pending"}, status=202, headers=headers)
        person = await self.stored(self.registry.person, row.person)
        return web.json_response(head | {"status": "final"} | self._answer(row, person))

    def _answer(self, row: LookUpRow, person: Insured | None) -> dict[str, object]:
        known = person or Insured("none")
        if row.code is not None:
            known = Insured(row.code)
        elif row.registered:
            known = Insured("valid", known.after_registration)
        answer: dict[str, object] = {"code": known.code, "registration_offered": offered(row, person)}
        result = self._result(known)
        return answer | ({"result": result} if result else {})

    def _result(self, known: Insured) -> dict[str, object]:
        if known.code not in _VALIDITY:
            return dict(known.members)
        today = datetime.fromtimestamp(self.now(), JAPAN)
        return {
            "QualificationConfirmationDate": f"{today:%Y%m%d}",
            "QualificationValidity": _VALIDITY[known.code],
            **known.members,
            "ResultList": list(known.coverages),
        }


def offered(row: LookUpRow, person: Insured | None) -> bool:
    """Only ever with the code not-registered, for a card that lay there, and only once."""
    if person is None or row.registered or row.code is not None or row.method not in {"face", "pin", "staff"}:
        return False
    return person.code == "not-registered" and bool(person.after_registration)


async def body_of(request: web.Request, media: str) -> bytes:
    if request.content_type != media or "Content-Encoding" in request.headers:
        raise ProblemError("unsupported-media-type", media)
    return await request.read()
