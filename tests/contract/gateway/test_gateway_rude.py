"""Answers that docs/gateway.yaml does not allow: each ends in its fault, in time, and nothing of it is believed."""

import asyncio
import contextlib
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode

from .conftest import PATIENCE, SECONDS, VISIT, World
from .document import DOCUMENT
from .servers import saying
from .test_gateway_troubles import failed, http, server_context

JSON = "Content-Type: application/json"
ANSWER: dict[str, Any] = {
    "env": "sim",
    "id": "x1",
    "visit": VISIT,
    "status": "final",
    "code": "none",
    "registration_offered": False,
}
GOOD = json.dumps(ANSWER).encode()
BAD = FaultCode.GATEWAY_BAD_ANSWER


def saying_also(members: str) -> bytes:
    """The good answer with `members` before its own."""
    return b"{" + members.encode() + b"," + GOOD[1:]


async def outcome(world: World, answer: bytes) -> EligibilityCode:
    async with saying(server_context(world), answer) as url:
        return await world.ask(world.client(url=url))


@pytest.mark.parametrize(
    "body",
    [
        saying_also('"env":"production"'),
        saying_also('"code":"valid"'),
        saying_also('"result":{"QualificationValidity":"1","QualificationValidity":"4"}'),
        saying_also('"later":NaN'),
        saying_also('"later":-Infinity'),
        saying_also('"later":' + "9" * 5000),
        saying_also('"later":' + "[" * 40 + "]" * 40),
        GOOD.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + GOOD,
        GOOD + GOOD,
        GOOD[:-1],
        gzip.compress(GOOD),
        b"",
    ],
)
async def test_body_that_is_no_json_object_of_the_document(world: World, body: bytes) -> None:
    async with saying(server_context(world), http("200 OK", JSON, body=body)) as url:
        assert await failed(world, world.client(url=url)) is BAD


@pytest.mark.parametrize(
    "answer",
    [
        http("200 OK", "Content-Type: text/plain", body=GOOD),
        http("200 OK", "Content-Type: application/problem+json", body=GOOD),
        http("200 OK", "Content-Type: application", body=GOOD),
        http("200 OK", body=GOOD),
        http("200 OK", JSON, "Content-Encoding: gzip", body=gzip.compress(GOOD[:-1] + b" " * 10_000_000 + b"}")),
        http("201 Created", JSON, "Location: /v1/lookups/x1", body=GOOD),
        http("307 Temporary Redirect", JSON, "Location: /v1/lookups/x1", body=GOOD),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 5000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
    ids=["text", "problem", "no-type", "untyped", "bomb", "201", "307", "204", "headers", "header"],
)
async def test_answer_in_another_dress(world: World, answer: bytes) -> None:
    async with saying(server_context(world), answer) as url:
        assert await failed(world, world.client(url=url)) is BAD


@pytest.mark.parametrize(
    "answer",
    [
        http("200 OK", JSON, body=GOOD),
        http("200 OK", "Content-Type: Application/JSON; charset=utf-8", body=GOOD),
        http("200 OK", JSON, "Content-Encoding: identity", body=GOOD),
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + GOOD,
        b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + http("200 OK", JSON, body=GOOD),
        http("200 OK", JSON, body=saying_also('"later":1e400')),
    ],
    ids=["plain", "parameters", "identity", "HTTP/1.0", "103", "large-number"],
)
async def test_answer_that_differs_in_nothing_that_counts(world: World, answer: bytes) -> None:
    assert await outcome(world, answer) is EligibilityCode.NONE


@pytest.mark.parametrize("cut", [20, 60, -1], ids=["in-the-status-line", "in-the-headers", "in-the-body"])
async def test_connection_reset_on_the_way(world: World, cut: int) -> None:
    async with saying(server_context(world), http("200 OK", JSON, body=GOOD)[:cut], reset=True) as url:
        assert await failed(world, world.client(url=url)) is FaultCode.GATEWAY_UNREACHABLE


async def test_answer_that_never_gets_done(world: World) -> None:
    client_patience = replace(PATIENCE, exchange=0.2, attempts=2)
    async with saying(server_context(world), http("200 OK", JSON, body=GOOD), pause=0.05) as url:
        assert await failed(world, world.client(url=url, patience=client_patience)) is FaultCode.GATEWAY_TIMEOUT


async def test_provisional_answers_without_end(world: World) -> None:
    client_patience = replace(PATIENCE, exchange=0.2, attempts=1)
    async with saying(server_context(world), b"HTTP/1.1 100 Continue\r\n\r\n" * 2000, pause=0.0001) as url:
        assert await failed(world, world.client(url=url, patience=client_patience)) is FaultCode.GATEWAY_TIMEOUT


# ---- trust -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [(-9, -1), (1, 9)], ids=["expired", "not-yet-valid"])
async def test_gateway_certificate_out_of_its_time(world: World, days: tuple[int, int]) -> None:
    await world.start(files=world.authority.server_of_days(*days))
    assert await failed(world, world.client()) is FaultCode.GATEWAY_UNTRUSTED
    assert world.judge.seen == []


async def test_common_name_is_no_host_name(world: World) -> None:
    """Else a device registered as `localhost` could answer for a gateway of that name."""
    await world.start(files=world.authority.server_by_common_name("localhost"))
    client = world.client(url=world.server.url.replace("127.0.0.1", "localhost"))
    assert await failed(world, client) is FaultCode.GATEWAY_UNTRUSTED
    assert world.judge.seen == []


# ---- many at once ----------------------------------------------------------------------------------------------


async def test_questions_that_the_gateway_holds_leave_room_for_others(world: World) -> None:
    patience = replace(PATIENCE, connect=0.2, attempts=1)
    client = world.client(patience=patience, pool_size=10)
    await client.refill()
    world.server.desk.delay = 0.6
    visits = [VisitId(f"{number:032x}") for number in range(10)]
    asked = [world.holders["taro"].face(client.take_challenge(visit)) for visit in visits]
    answers = await asyncio.gather(*(client.look_up(each, SECONDS) for each in asked))
    assert {each.code for each in answers} == {EligibilityCode.VALID}


# ---- problems --------------------------------------------------------------------------------------------------


def problems() -> Iterator[tuple[str, int, str]]:
    """Type, status and fault of each row of the document's table."""
    for line in DOCUMENT["components"]["schemas"]["ProblemType"]["description"].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        with contextlib.suppress(ValueError, IndexError):
            yield cells[0], int(cells[1]), cells[3]


@pytest.mark.parametrize(("kind", "status", "fault"), list(problems()))
async def test_each_problem_of_the_document_has_its_fault(world: World, kind: str, status: int, fault: str) -> None:
    members = {"type": f"/problems/{kind}", "title": kind, "status": status, "env": "sim"}
    answer = http(f"{status} X", "Content-Type: application/problem+json", body=json.dumps(members).encode())
    async with saying(server_context(world), answer) as url:
        assert (await failed(world, world.client(url=url))).value == fault


def test_every_problem_is_in_that_table() -> None:
    types = DOCUMENT["components"]["schemas"]["ProblemType"]["enum"]
    assert [f"/problems/{kind}" for kind, _, _ in problems()] == types
