"""Versions and time: a newer gateway, an older one, an answer that contradicts itself, one that comes late."""

import asyncio
import json
from typing import Any

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode
from firmware.core.result import Json
from firmware.eligibility.evidence import Kind, Signer
from firmware.eligibility.http import HttpGateway
from firmware.eligibility.transport import Request, Transport
from firmware.ports import LookUpEvidence
from firmware.sim.gateway.faults import Fault, FaultKind
from firmware.sim.gateway.people import SEED

from .conftest import PATIENCE, SECONDS, VISIT, World
from .servers import saying
from .test_gateway_troubles import http, server_context

NEXT_VISIT = VisitId("00000000000000000000000000000002")
JSON = "Content-Type: application/json"
ANSWER: dict[str, Any] = {"env": "sim", "id": "x1", "visit": VISIT, "status": "final", "registration_offered": False}


async def asked(world: World, answer: bytes) -> EligibilityCode:
    async with saying(server_context(world), answer) as url:
        return await world.ask(world.client(url=url))


def said(**members: Any) -> bytes:
    return http("200 OK", JSON, body=json.dumps({**ANSWER, **members}).encode())


# ---- versions --------------------------------------------------------------------------------------------------


async def test_members_of_a_newer_minor_version_are_ignored(world: World) -> None:
    [coverage] = SEED["taro"].coverages
    result = {"ResultList": [{**coverage, "FutureInfo": {"Level": 3}}], "FutureFlag": True, "FutureList": [1, [2]]}
    answer = said(code="valid", result=result, future={"a": [None]}, version="1.9")
    assert await asked(world, answer) is EligibilityCode.VALID


async def test_answer_of_the_first_version_is_enough(world: World) -> None:
    [coverage] = SEED["taro"].coverages
    assert await asked(world, said(code="valid", result={"ResultList": [coverage]})) is EligibilityCode.VALID
    assert await asked(world, said(code="none")) is EligibilityCode.NONE


@pytest.mark.parametrize("code", ["valid-several", "exchange-error", "contradictory", "asleep"])
async def test_code_list_is_closed(world: World, code: str) -> None:
    with pytest.raises(DeviceError) as raised:
        await asked(world, said(code=code))
    assert raised.value.code is FaultCode.GATEWAY_BAD_ANSWER


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ("403 Forbidden", FaultCode.GATEWAY_REFUSED),
        ("418 I'm a teapot", FaultCode.GATEWAY_REFUSED),
        ("507 Insufficient Storage", FaultCode.GATEWAY_ERROR),
    ],
)
async def test_problem_type_nobody_knows_goes_by_its_status(world: World, status: str, fault: FaultCode) -> None:
    document = {"type": "/problems/solar-flare", "title": "?", "status": int(status[:3]), "env": "sim"}
    body = json.dumps(document).encode()
    with pytest.raises(DeviceError) as raised:
        await asked(world, http(status, "Content-Type: application/problem+json", body=body))
    assert raised.value.code is fault
    assert raised.value.detail == f"{status[:3]} solar-flare"


@pytest.mark.parametrize("item", ["bundle", "infection", "item-of-a-later-version"])
async def test_consent_items_are_an_open_list(world: World, client: HttpGateway, item: str) -> None:
    await world.ask(client)
    identity = await client._visits.of(VISIT).id()
    signer, transport = Signer(world.settings()), Transport(world.server.url, world.tls, PATIENCE)
    members: dict[str, Json] = {"lookup": identity, "consents": [{"item": item, "given": True, "at": 1}]}
    body = signer.sign(Kind.CONSENT, VISIT, members).body
    reply = await transport.exchange(Request("PUT", f"/v1/lookups/{identity}/consent", body, "application/jose"))
    await transport.close()
    assert reply.status == 200
    assert await world.server.consents() == {"given": 1, "refused": 0}


# ---- contradictions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["taro", "jiro", "shiro", "tooru", "nozomi"])
async def test_code_and_national_answer_that_differ(world: World, client: HttpGateway, name: str) -> None:
    await world.server.fault(Fault(FaultKind.OTHER_VALIDITY))
    answer = await client.look_up(world.face(client, name), SECONDS)
    assert (answer.code, answer.detail) == (EligibilityCode.CONTRADICTORY, None)


async def test_contradiction_is_no_reason_to_ask_again(world: World, client: HttpGateway) -> None:
    assert await world.ask(client, "mujun") is EligibilityCode.CONTRADICTORY
    assert world.judge.count("POST", "/v1/lookups") == 1


# ---- late ------------------------------------------------------------------------------------------------------


async def test_late_answer_is_its_own_visit_s_though_the_next_one_began(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 0.4
    evidence = world.face(client, "jiro")
    late = asyncio.create_task(client.look_up(evidence, SECONDS))
    await world.judge.look_up_asked.wait()
    wipe(evidence)
    world.server.desk.delay = 0.0
    following = world.holders["hanako"].face(client.take_challenge(NEXT_VISIT))
    assert (await client.look_up(following, SECONDS)).code is EligibilityCode.VALID
    assert not late.done()
    answer = await late
    assert answer.code is EligibilityCode.INVALID
    assert answer.detail is not None
    assert answer.detail["ResultList"] == [dict(each) for each in SEED["jiro"].coverages]


async def test_late_answer_about_somebody_else_is_a_conflict_after_the_wipe(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 0.2
    await world.server.fault(Fault(FaultKind.OTHER_BIRTH_DATE, "/v1/lookups/"))
    evidence = world.face(client)
    late = asyncio.create_task(client.look_up(evidence, SECONDS))
    await world.judge.look_up_asked.wait()
    wipe(evidence)
    assert (await late).code is EligibilityCode.IDENTITY_CONFLICT


async def test_cancelled_look_up_leaves_the_client_usable(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 30.0
    asking = asyncio.create_task(client.look_up(world.face(client), SECONDS))
    await world.judge.look_up_asked.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    world.server.desk.delay = 0.0
    assert await world.ask(client) is EligibilityCode.VALID


def wipe(evidence: LookUpEvidence) -> None:
    """As the end of the visit does."""
    assert evidence.record is not None
    for secret in (evidence.record.birth_date, evidence.record.sex, evidence.certificate):
        secret.wipe()
