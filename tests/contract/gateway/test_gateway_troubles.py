"""A gateway that is away, slow, wrong or somebody else: each has its code, and one look-up stays one look-up."""

import asyncio
import ssl
from dataclasses import replace

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode, Env
from firmware.eligibility.http import HttpGateway
from firmware.sim.gateway.faults import Fault, FaultKind

from .conftest import PATIENCE, SECONDS, VISIT, World
from .servers import refusing, saying
from .site import Authority

LOOK_UPS = "/v1/lookups"


async def failed(world: World, client: HttpGateway, seconds: float = SECONDS) -> FaultCode:
    with pytest.raises(DeviceError) as raised:
        await client.look_up(world.face(client), seconds)
    return raised.value.code


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.DOWN, FaultCode.GATEWAY_UNREACHABLE),
        (FaultKind.INTERNAL, FaultCode.GATEWAY_ERROR),
        (FaultKind.UNAVAILABLE, FaultCode.GATEWAY_ERROR),
        (FaultKind.BUSY, FaultCode.GATEWAY_REFUSED),
        (FaultKind.DROP, FaultCode.GATEWAY_UNREACHABLE),
        (FaultKind.BAD_JSON, FaultCode.GATEWAY_BAD_ANSWER),
        (FaultKind.DEEP_JSON, FaultCode.GATEWAY_BAD_ANSWER),
        (FaultKind.TOO_LARGE, FaultCode.GATEWAY_BAD_ANSWER),
        (FaultKind.OTHER_VISIT, FaultCode.GATEWAY_BAD_ANSWER),
        (FaultKind.OTHER_ENV, FaultCode.GATEWAY_ENV_MISMATCH),
    ],
)
async def test_each_trouble_has_its_code(world: World, client: HttpGateway, kind: FaultKind, code: FaultCode) -> None:
    await world.server.fault(Fault(kind))
    assert await failed(world, client) is code
    await world.server.fault(None)
    assert await world.ask(client) is EligibilityCode.VALID, "the client goes on as if nothing had been"


@pytest.mark.parametrize("kind", [FaultKind.TIMEOUT, FaultKind.SLOW])
async def test_no_answer_in_time(world: World, client: HttpGateway, kind: FaultKind) -> None:
    await world.server.fault(Fault(kind))
    assert await failed(world, client, 0.3) is FaultCode.GATEWAY_TIMEOUT


async def test_one_exchange_has_a_deadline_of_its_own(world: World) -> None:
    client = world.client(patience=replace(PATIENCE, exchange=0.2))
    await world.server.fault(Fault(FaultKind.TIMEOUT, times=1))
    assert await world.ask(client) is EligibilityCode.VALID, "the second try is answered"


async def test_dropped_connection_gives_one_look_up(world: World, client: HttpGateway) -> None:
    await world.server.fault(Fault(FaultKind.DROP, LOOK_UPS, times=1))
    assert await world.ask(client) is EligibilityCode.VALID
    posts = [body for body, seen in zip(world.judge.requests, world.judge.seen, strict=True) if seen[1] == LOOK_UPS]
    assert len(posts) == 2
    assert posts[0] == posts[1]
    assert (await world.server.look_ups())["count"] == 1


@pytest.mark.parametrize("kind", [FaultKind.INTERNAL, FaultKind.UNAVAILABLE, FaultKind.BUSY])
async def test_passing_trouble_is_outlived(world: World, client: HttpGateway, kind: FaultKind) -> None:
    await world.server.fault(Fault(kind, times=2))
    assert await world.ask(client) is EligibilityCode.VALID


async def test_trouble_during_polling_is_outlived(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 0.1
    await world.server.fault(Fault(FaultKind.DROP, LOOK_UPS + "/", times=1))
    assert await world.ask(client) is EligibilityCode.VALID


async def test_gateway_restarted_between_question_and_answer(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 0.2
    asking = asyncio.create_task(client.look_up(world.face(client), SECONDS))
    await world.judge.look_up_asked.wait()
    await world.server.fault(Fault(FaultKind.DOWN))
    await world.server.fault(None)
    assert (await asking).code is EligibilityCode.VALID


async def test_refill_that_fails_leaves_an_offline_challenge(world: World) -> None:
    client = world.client()
    await world.server.fault(Fault(FaultKind.DOWN))
    with pytest.raises(DeviceError) as raised:
        await client.refill()
    assert raised.value.code is FaultCode.GATEWAY_UNREACHABLE
    assert client.take_challenge(VISIT).offline


# ---- trust -----------------------------------------------------------------------------------------------------


async def test_server_certificate_of_another_ca(world: World, other_authority: Authority) -> None:
    await world.start(files=other_authority.server(client_ca=world.authority.ca))
    assert await failed(world, world.client()) is FaultCode.GATEWAY_UNTRUSTED
    assert world.judge.seen == []


async def test_server_certificate_for_another_host(world: World) -> None:
    await world.start(files=world.authority.server(host="gateway.example"))
    assert await failed(world, world.client()) is FaultCode.GATEWAY_UNTRUSTED


def server_context(world: World) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = world.authority.server()
    context.load_cert_chain(files.certificate, files.key)
    return context


async def test_our_certificate_refused_by_the_server(world: World, other_authority: Authority) -> None:
    context = server_context(world)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(other_authority.ca)
    with refusing(context) as url:
        assert await failed(world, world.client(url=url)) is FaultCode.GATEWAY_UNTRUSTED


async def test_simulator_lets_only_the_site_s_devices_in(world: World, other_authority: Authority) -> None:
    client = world.client(tls=other_authority.client("counter-1", ca=world.authority.ca))
    await failed(world, client)
    assert world.judge.seen == []


async def test_server_with_tls_1_2_only(world: World) -> None:
    context = server_context(world)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with refusing(context) as url:
        assert await failed(world, world.client(url=url)) is FaultCode.GATEWAY_UNTRUSTED


async def test_server_without_tls(world: World) -> None:
    async with saying(None, b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        assert await failed(world, world.client(url=url)) is FaultCode.GATEWAY_UNTRUSTED


async def test_name_that_is_not_found(world: World) -> None:
    client = world.client(url="https://gateway.invalid:8443")
    assert await failed(world, client) is FaultCode.GATEWAY_UNREACHABLE


async def test_missing_or_broken_tls_files(world: World) -> None:
    with pytest.raises(DeviceError) as raised:
        world.client(tls=replace(world.tls, key=world.tls.certificate))
    assert raised.value.code is FaultCode.KEYS_MISSING
    with pytest.raises(DeviceError) as raised:
        world.client(tls=replace(world.tls, ca=world.tls.ca.with_name("absent.pem")))
    assert raised.value.code is FaultCode.KEYS_MISSING


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://user@host", "https://host/path", "https://h?x"])
async def test_only_a_plain_https_address_is_taken(world: World, url: str) -> None:
    with pytest.raises(DeviceError) as raised:
        world.client(url=url)
    assert raised.value.code is FaultCode.SETTINGS_INVALID


async def test_device_of_another_env(world: World) -> None:
    client = world.client(env=Env.TEST)
    assert await failed(world, client) is FaultCode.GATEWAY_ENV_MISMATCH


# ---- answers of a rude server ----------------------------------------------------------------------------------


def http(status: str, *headers: str, body: bytes = b"{}") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers))
    return head.encode() + b"\r\n\r\n" + body


FINAL = b'{"env":"sim","id":"x1","visit":"%s","status":"final","code":"none","registration_offered":false}'
PENDING = b'{"env":"sim","id":"x1","visit":"%s","status":"pending"}'
JSON = "Content-Type: application/json"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"SSH-2.0-surprise\r\n\r\n", FaultCode.GATEWAY_BAD_ANSWER),
        (http("302 Found", "Location: https://elsewhere.example/"), FaultCode.GATEWAY_BAD_ANSWER),
        (http("200 OK", "Content-Type: text/html"), FaultCode.GATEWAY_BAD_ANSWER),
        (http("200 OK", JSON, "Content-Encoding: gzip"), FaultCode.GATEWAY_BAD_ANSWER),
        (http("200 OK", JSON, body=PENDING % VISIT.encode()), FaultCode.GATEWAY_BAD_ANSWER),
        (http("202 Accepted", JSON, body=FINAL % VISIT.encode()), FaultCode.GATEWAY_BAD_ANSWER),
        (
            http("202 Accepted", JSON, "Location: /v1/lookups/x2", body=PENDING % VISIT.encode()),
            FaultCode.GATEWAY_BAD_ANSWER,
        ),
        (http("404 Not Found", "Content-Type: text/html", body=b"<p>"), FaultCode.GATEWAY_REFUSED),
        (http("501 Not Implemented", "Content-Type: text/html", body=b"<p>"), FaultCode.GATEWAY_ERROR),
        (http("200 OK", JSON)[:-1], FaultCode.GATEWAY_UNREACHABLE),
    ],
)
async def test_rude_answers(world: World, answer: bytes, code: FaultCode) -> None:
    async with saying(server_context(world), answer) as url:
        assert await failed(world, world.client(url=url)) is code
