"""`Exchange`: one conversation with the gateway: send, repeat what broke, ask until the answer is final.

Loop thread; never blocks it. Within the caller's deadline a broken exchange is repeated with the same bytes and the
same Idempotency-Key, so the gateway makes one look-up of it. Raises DeviceError: GATEWAY_…, CHALLENGE_REFUSED,
QUERY_NOT_OFFERED, DISASTER_MODE_OFF (docs/gateway.yaml, `ProblemType`), and KEYS_MISSING or SETTINGS_INVALID from the
constructor. Nothing is logged here.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.result import Json
from firmware.eligibility import wire
from firmware.eligibility.answers import Answer
from firmware.eligibility.config import GatewayConfig
from firmware.eligibility.evidence import Signed
from firmware.eligibility.fields import bad_answer
from firmware.eligibility.transport import Reply, Request, Transport

JOSE: Final = "application/jose"

_URL: Final = re.compile(r"https://[A-Za-z0-9.\-\[\]:]{1,255}/?")
_LONGEST_POLL_PAUSE: Final = 60.0
_JITTER: Final = 0.1
_WORTH_REPEATING: Final = frozenset({FaultCode.GATEWAY_UNREACHABLE, FaultCode.GATEWAY_TIMEOUT})
_REPEATED_STATUSES: Final = frozenset({429, 500, 502, 503, 504})


class Exchange:
    """Keeps its connections open until `close`."""

    def __init__(self, config: GatewayConfig) -> None:
        if not _URL.fullmatch(config.url):
            raise DeviceError(FaultCode.SETTINGS_INVALID, "gateway url")
        self._env = config.env
        self._patience = config.patience
        self._transport = Transport(config.url, config.tls, config.patience)

    async def members(self, request: Request) -> dict[str, Json]:
        """The answer's JSON members, after status, media type and env were found good."""
        return self._members(await self._send(request))

    async def answer(self, path: str, signed: Signed, visit: VisitId, learn: Callable[[str], None]) -> Answer:
        """Post, then ask until the answer is final. `learn` is told the look-up's id with every state."""
        reply = await self._send(Request("POST", path, signed.body, JOSE, {"Idempotency-Key": signed.jti}))
        while True:
            state = self._state(reply, visit)
            learn(state.id)
            if isinstance(state, wire.Settled):
                return state.answer
            await asyncio.sleep(self._poll_pause(reply))
            headers = {"Prefer": f"wait={self._patience.held()}"}
            reply = await self._send(Request("GET", f"/v1/lookups/{state.id}", headers=headers))

    async def close(self) -> None:
        """Idempotent."""
        await self._transport.close()

    def _poll_pause(self, reply: Reply) -> float:
        pause = min(reply.retry_after or 0, _LONGEST_POLL_PAUSE)
        return _with_jitter(max(pause, self._patience.poll_pause))

    async def _send(self, request: Request) -> Reply:
        """Exchange, repeated with growing pauses after a broken one or a passing trouble of the gateway."""
        patience = self._patience
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
        if reply.status not in {200, 202}:
            raise wire.fault_of(reply.status, reply.body, self._env)
        if reply.media != "application/json":
            raise bad_answer("media type")
        members = wire.parse_object(reply.body)
        wire.check_env(members, self._env)
        return members

    def _state(self, reply: Reply, visit: VisitId) -> wire.Pending | wire.Settled:
        state = wire.parse_state(self._members(reply), visit)
        if isinstance(state, wire.Pending) != (reply.status == 202):
            raise bad_answer("status and state differ")
        if reply.status == 202 and reply.location != f"/v1/lookups/{state.id}":
            raise bad_answer("header Location")
        return state


def _with_jitter(seconds: float) -> float:
    """Never earlier than asked; spreads the devices of a site."""
    return seconds * (1 + random.random() * _JITTER)  # noqa: S311 - spreading load, not a secret


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """GATEWAY_TIMEOUT after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise DeviceError(FaultCode.GATEWAY_TIMEOUT, f"{seconds:g} s") from error
