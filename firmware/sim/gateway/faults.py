"""Troubles that the simulated gateway makes on demand. Loop thread. Source: issue A, "Bad input".

"down" is the server's own affair (it stops listening); everything else happens here, around a request.
"""

import asyncio
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from firmware.sim.gateway.problems import ProblemError

_TOO_LARGE: Final = 80 * 1024
_TRICKLE: Final = 0.2


class FaultKind(StrEnum):
    """What goes wrong."""

    DOWN = "down"
    """Nobody listens."""
    INTERNAL = "500"
    UNAVAILABLE = "503"
    BUSY = "429"
    TIMEOUT = "timeout"
    """The request is taken, no answer comes."""
    SLOW = "slow"
    """The answer comes byte by byte."""
    DROP = "drop"
    """The request is worked on, then the connection is cut instead of an answer."""
    BAD_JSON = "bad-json"
    DEEP_JSON = "deep-json"
    TOO_LARGE = "too-large"
    OTHER_ENV = "other-env"
    OTHER_VISIT = "other-visit"
    OTHER_BIRTH_DATE = "wrong-birth-date"
    OTHER_SEX = "wrong-sex"
    OTHER_NUMBER = "wrong-number"
    OTHER_VALIDITY = "wrong-validity"
    """The national member says something else than the code."""


_PROBLEMS: Final = {
    FaultKind.INTERNAL: ("internal", None),
    FaultKind.UNAVAILABLE: ("unavailable", 0),
    FaultKind.BUSY: ("rate-limited", 0),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`path`: start of the paths it strikes. `times`: how often, None for ever."""

    kind: FaultKind
    path: str = "/v1/"
    times: int | None = None


class Faults:
    """The fault in force, as aiohttp middleware. `released` ends requests that are being kept waiting."""

    def __init__(self, env: str) -> None:
        self._env = env
        self._fault: Fault | None = None
        self._left: int | None = None
        self._released = asyncio.Event()

    def set(self, fault: Fault | None) -> None:
        """Replace the fault in force."""
        self._fault = fault
        self._left = fault.times if fault else None
        self._released.set()
        self._released = asyncio.Event()

    def _due(self, path: str) -> FaultKind | None:
        fault = self._fault
        if fault is None or not path.startswith(fault.path) or self._left == 0:
            return None
        if self._left is not None:
            self._left -= 1
        return fault.kind

    def middleware(self) -> Middleware:
        @web.middleware
        async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
            kind = self._due(request.path)
            if kind is None:
                return await handler(request)
            if kind in _PROBLEMS:
                problem, retry_after = _PROBLEMS[kind]
                return problem_response(ProblemError(problem, "on demand", retry_after), self._env)
            if kind is FaultKind.TIMEOUT:
                await self._released.wait()
                return _cut(request)
            if kind is FaultKind.DOWN:
                return _cut(request)
            return await self._spoilt(kind, request, await handler(request))

        return strike

    async def _spoilt(self, kind: FaultKind, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        body = response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
        match kind:
            case FaultKind.DROP:
                return _cut(request)
            case FaultKind.SLOW:
                return await self._trickled(request, response, body)
            case FaultKind.BAD_JSON:
                body = body[: len(body) // 2]
            case FaultKind.DEEP_JSON:
                body = b"[" * 20_000 + b"]" * 20_000
            case FaultKind.TOO_LARGE:
                body = body[:-1] + b" " * _TOO_LARGE + body[-1:]
            case _:
                body = _falsified(kind, body)
        headers = {name: response.headers[name] for name in ("Location", "Retry-After") if name in response.headers}
        return web.Response(status=response.status, body=body, content_type=response.content_type, headers=headers)

    async def _trickled(self, request: web.Request, response: web.StreamResponse, body: bytes) -> web.StreamResponse:
        released = self._released
        slow = web.StreamResponse(status=response.status)
        slow.content_type = response.content_type
        slow.content_length = len(body)
        try:
            await slow.prepare(request)
            for each in body:
                await slow.write(bytes([each]))
                if released.is_set():
                    break
                await asyncio.sleep(_TRICKLE)
        except ConnectionError:
            pass  # the client lost patience, as it should
        return _cut(request)


def problem_response(problem: ProblemError, env: str) -> web.Response:
    """A problem document as answer."""
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    return web.json_response(
        problem.document(env), status=problem.status, content_type="application/problem+json", headers=headers
    )


def _cut(request: web.Request) -> web.Response:
    """Break the connection; what is returned then goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _falsified(kind: FaultKind, body: bytes) -> bytes:
    members = json.loads(body)
    match kind:
        case FaultKind.OTHER_ENV:
            members["env"] = "production" if members.get("env") != "production" else "test"
        case FaultKind.OTHER_VISIT:
            members["visit"] = "0" * 32
        case FaultKind.OTHER_VALIDITY:
            told = members.setdefault("result", {})
            told["QualificationValidity"] = "2" if told.get("QualificationValidity") == "1" else "1"
        case _:
            for coverage in members.get("result", {}).get("ResultList", []):
                coverage.update(_other_person(kind, coverage))
    return json.dumps(members, ensure_ascii=False).encode()


def _other_person(kind: FaultKind, coverage: dict[str, str]) -> dict[str, str]:
    match kind:
        case FaultKind.OTHER_SEX:
            return {"Sex1": "2" if coverage.get("Sex1") == "1" else "1"}
        case FaultKind.OTHER_NUMBER:
            return {"InsuredIdentificationNumber": "990099"}
        case _:
            return {"Birthdate": "19010203"}
