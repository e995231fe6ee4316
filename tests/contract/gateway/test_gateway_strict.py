"""The simulator takes nothing that docs/gateway.yaml does not allow, so that no device gets used to leniency."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from firmware.core.outcomes import ClockState
from firmware.eligibility.evidence import Kind, look_up_members
from firmware.eligibility.transport import Request
from firmware.sim.gateway.api import MOST_BYTES

from .conftest import DEVICE, SECONDS, VISIT, World
from .hand import Hand
from .holders import signed_request
from .site import new_key

CHALLENGES = b'{"env":"sim","device":"counter-1","count":1}'


@pytest.fixture
async def hand(world: World) -> AsyncIterator[Hand]:
    made = Hand(world)
    yield made
    await made.transport.close()


# ---- header of a signed body -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ({}, (200, "")),
        ({"later": 1}, (200, "")),
        ({"kid": None}, (400, "malformed")),
        ({"kid": 7}, (400, "malformed")),
        ({"kid": "A" * 43}, (403, "signature-wrong")),
        ({"typ": None}, (400, "malformed")),
        ({"typ": "JWT"}, (400, "malformed")),
        ({"alg": "none"}, (400, "malformed")),
        ({"crit": ["later"], "later": 1}, (400, "malformed")),
    ],
)
async def test_header_says_what_was_signed_and_by_which_key(
    hand: Hand, header: dict[str, object], answer: tuple[int, str]
) -> None:
    assert await hand.post(hand.token({}, header).encode(), "by-hand") == answer


async def test_key_of_another_device_is_not_this_one_s(world: World, hand: Hand) -> None:
    other = new_key()
    await world.start(devices={**world.config.devices, "counter-2": other.public_key()})
    moved = Hand(world)
    token = signed_request(other, {"iss": DEVICE}, "lookup+jwt")
    assert await moved.post(token.encode(), "k") == (403, "signature-wrong")
    await moved.transport.close()


# ---- bodies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (CHALLENGES + b" " * (MOST_BYTES - len(CHALLENGES)), (200, "")),
        (CHALLENGES + b" " * (MOST_BYTES - len(CHALLENGES) + 1), (413, "too-large")),
        (b'{"env":"test",' + CHALLENGES[1:], (400, "malformed")),
        (b'{"later":NaN,' + CHALLENGES[1:], (400, "malformed")),
        (b'{"later":null,' + CHALLENGES[1:], (200, "")),
        (CHALLENGES.decode().encode("utf-16"), (400, "malformed")),
        (b"\xef\xbb\xbf" + CHALLENGES, (400, "malformed")),
        (CHALLENGES * 2, (400, "malformed")),
    ],
)
async def test_json_is_one_object_said_once(hand: Hand, body: bytes, answer: tuple[int, str]) -> None:
    assert await hand.send(Request("POST", "/v1/challenges", body, "application/json")) == answer


async def test_compressed_request_is_refused(hand: Hand) -> None:
    packed = {"Content-Encoding": "gzip"}
    request = Request("POST", "/v1/challenges", gzip.compress(CHALLENGES), "application/json", packed)
    assert await hand.send(request) == (415, "unsupported-media-type")


# ---- one challenge, one request --------------------------------------------------------------------------------


@pytest.mark.parametrize("pooled", [True, False], ids=["of-the-gateway", "offline"])
async def test_key_of_a_refused_request_opens_no_second_try(world: World, hand: Hand, pooled: bool) -> None:
    client = world.client()
    if pooled:
        await client.refill()
    good = world.holders["taro"].pin(client.take_challenge(VISIT))
    wrong = replace(good, pin_signature=bytes(256))
    assert await hand.post_claims(**look_up_members(wrong)) == (403, "evidence-wrong")
    assert await hand.post_claims(**look_up_members(good)) == (403, "challenge-used")


async def test_repeat_of_a_refused_request_is_refused_for_the_same_reason(world: World, hand: Hand) -> None:
    client = world.client()
    await client.refill()
    good = world.holders["taro"].pin(client.take_challenge(VISIT))
    token = hand.token(look_up_members(replace(good, pin_signature=bytes(256)))).encode()
    assert [await hand.post(token, "by-hand") for _ in range(2)] == [(403, "evidence-wrong")] * 2


async def test_offline_challenge_is_remembered_though_no_clock_says_how_old_it_is(world: World, hand: Hand) -> None:
    world.clock.trust = ClockState.UNKNOWN
    evidence = world.face(world.client())
    first, second = (hand.signer.sign(Kind.LOOK_UP, VISIT, look_up_members(evidence)) for _ in range(2))
    assert await hand.post(first.body, first.jti) == (200, "")
    world.now_ahead = 7200.0
    await world.client().refill()
    assert await hand.post(second.body, second.jti) == (403, "challenge-used")


async def test_sendings_that_arrive_at_once_are_one_request(world: World, hand: Hand) -> None:
    client = world.client()
    await client.refill()
    signed = hand.signer.sign(Kind.LOOK_UP, VISIT, look_up_members(world.face(client, "nozomi")))
    asked = await asyncio.gather(*(hand.post(signed.body, signed.jti) for _ in range(6)))
    assert asked == [(200, "")] * 6
    assert (await world.server.look_ups())["count"] == 1
    reply = await hand.transport.exchange(
        Request("POST", "/v1/lookups", signed.body, "application/jose", {"Idempotency-Key": signed.jti})
    )
    known = json.loads(reply.body)["id"]
    signed = hand.signer.sign(Kind.REGISTRATION, VISIT, {"lookup": known})
    path = f"/v1/lookups/{known}/registration"
    registered = await asyncio.gather(*(hand.post(signed.body, signed.jti, path) for _ in range(6)))
    assert registered == [(200, "")] * 6
    assert (await world.server.look_ups())["registered"] == 1


# ---- consents --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consents", "status", "counts"),
    [
        ([{"item": "bundle", "given": True, "at": 1, "expires": None}], 400, (0, 0)),
        ([{"item": "bundle", "given": None, "at": 1}], 400, (0, 0)),
        ([{"item": "test", "given": True, "at": 1}, {"item": "test", "given": False, "at": 2}], 200, (0, 1)),
    ],
)
async def test_consents(
    world: World, hand: Hand, consents: list[dict[str, object]], status: int, counts: tuple[int, int]
) -> None:
    client = world.client()
    await client.refill()
    await client.look_up(world.face(client), SECONDS)
    identity = await client._visits.of(VISIT).id()
    body = hand.signer.sign(Kind.CONSENT, VISIT, json.loads(json.dumps({"lookup": identity, "consents": consents})))
    path = f"/v1/lookups/{identity}/consent"
    assert (await hand.send(Request("PUT", path, body.body, "application/jose")))[0] == status
    assert await world.server.consents() == dict(zip(("given", "refused"), counts, strict=True))


async def test_consent_of_another_look_up_than_the_path_s(world: World, hand: Hand) -> None:
    client = world.client()
    await client.refill()
    await client.look_up(world.face(client), SECONDS)
    identity = await client._visits.of(VISIT).id()
    members = {"lookup": "another", "consents": [{"item": "bundle", "given": True, "at": 1}]}
    body = hand.signer.sign(Kind.CONSENT, VISIT, json.loads(json.dumps(members)))
    request = Request("PUT", f"/v1/lookups/{identity}/consent", body.body, "application/jose")
    assert await hand.send(request) == (404, "lookup-unknown")
