"""docs/gateway.yaml as a judge: aiohttp middleware that measures every exchange by its schemas."""

import asyncio
import base64
import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from jsonschema import Draft202012Validator

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[3] / "docs" / "gateway.yaml").read_text(encoding="utf-8")
)


@functools.cache
def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"components": DOCUMENT["components"], "$ref": f"#/components/schemas/{schema}"},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


_REQUESTS = {
    ("POST", "/v1/challenges"): "ChallengeRequest",
    ("POST", "/v1/lookups"): "LookUpRequest",
    ("PUT", "/v1/lookups/{id}/consent"): "ConsentRequest",
    ("POST", "/v1/lookups/{id}/registration"): "RegistrationRequest",
    ("POST", "/v1/number-lookups"): "NumberLookUpRequest",
    ("POST", "/v1/emergency-searches"): "EmergencySearchRequest",
}
_ASKING = {("POST", path) for path in ("/v1/lookups", "/v1/number-lookups", "/v1/emergency-searches")}
_ANSWERS = {
    ("POST", "/v1/challenges"): "ChallengeList",
    ("PUT", "/v1/lookups/{id}/consent"): "Acknowledgement",
}


class Judge:
    """Remembers what it saw. `objections`: what the document does not allow; `judging` off for rude requests.

    `on_look_up` is called when a look-up was worked on, before its answer leaves.
    """

    def __init__(self) -> None:
        self.objections: list[str] = []
        self.seen: list[tuple[str, str, int]] = []
        self.requests: list[bytes] = []
        self.judging = True
        self.look_up_asked = asyncio.Event()
        self.on_look_up: Callable[[], None] = lambda: None

    def count(self, method: str, path: str) -> int:
        return sum((each[0], each[1]) == (method, path) for each in self.seen)

    def middleware(self) -> Middleware:
        @web.middleware
        async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            body = b"" if response.status == 413 else await request.read()
            resource = request.match_info.route.resource
            place = request.method, resource.canonical if resource else request.path
            self.seen.append((*place, response.status))
            self.requests.append(body)
            if place in _ASKING:
                self.look_up_asked.set()
                self.on_look_up()
            self._measure("answer", _answer_schema(place, response.status), _json_of(response))
            if self.judging and place in _REQUESTS:
                self._measure("request", _REQUESTS[place], _content(body, request.content_type))
            if response.status == 202:
                self._measure_header(response.headers)
            return response

        return measure

    def _measure(self, what: str, schema: str, members: object) -> None:
        self.objections += [f"{what} {schema}: {error.json_path}" for error in validator(schema).iter_errors(members)]

    def _measure_header(self, headers: Mapping[str, str]) -> None:
        if not headers["Location"].startswith("/v1/lookups/") or not headers["Retry-After"].isdecimal():
            self.objections.append("headers of Pending")


def _answer_schema(place: tuple[str, str], status: int) -> str:
    if status >= 400:
        return "Problem"
    return "Pending" if status == 202 else _ANSWERS.get(place, "Answer")


def _json_of(response: web.StreamResponse) -> object:
    assert isinstance(response, web.Response)
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


def _content(body: bytes, media: str) -> object:
    if media == "application/jose":
        body = body.split(b".")[1]
        body = base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))
    return json.loads(body)
