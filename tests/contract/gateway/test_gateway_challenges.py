"""Challenges: single use, ten minutes, bound to the device; the device's own nonce by the gateway's policy only."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, EligibilityCode
from firmware.eligibility.http import HttpGateway
from firmware.ports import LookUpEvidence

from .conftest import SECONDS, VISIT, World

ISSUE = ("POST", "/v1/challenges")


async def refused(client: HttpGateway, evidence: LookUpEvidence) -> DeviceError:
    with pytest.raises(DeviceError) as raised:
        await client.look_up(evidence, SECONDS)
    return raised.value


async def test_pool_is_filled_once_however_many_ask(world: World) -> None:
    client = world.client()
    await asyncio.gather(*(client.refill() for _ in range(5)))
    assert world.judge.count(*ISSUE) == 1
    taken = [client.take_challenge(VISIT) for _ in range(5)]
    assert [each.offline for each in taken] == [False] * 4 + [True]
    assert len({each.nonce for each in taken}) == 5


async def test_refill_asks_only_for_what_is_missing(world: World, client: HttpGateway) -> None:
    client.take_challenge(VISIT)
    await client.refill()
    assert b'"count": 1}' in world.judge.requests[-1]


async def test_large_pool_is_filled_in_portions(world: World) -> None:
    client = world.client(pool_size=40)
    await client.refill()
    assert world.judge.count(*ISSUE) == 3
    assert not any(client.take_challenge(VISIT).offline for _ in range(40))


async def test_greedy_device_is_told_to_wait(world: World) -> None:
    client = world.client(pool_size=64)
    for _ in range(4):
        await client.refill()
        while not client.take_challenge(VISIT).offline:
            pass
    with pytest.raises(DeviceError) as raised:
        await client.refill()
    assert raised.value.code is FaultCode.GATEWAY_REFUSED, "a minute is too long to wait for it"


async def test_challenge_serves_once(world: World, client: HttpGateway) -> None:
    challenge = client.take_challenge(VISIT)
    card = world.holders["taro"]
    assert (await client.look_up(card.face(challenge), SECONDS)).code is EligibilityCode.VALID
    error = await refused(client, card.face(challenge))
    assert error.code is FaultCode.CHALLENGE_REFUSED
    assert "challenge-used" in error.detail


async def test_refused_evidence_uses_the_challenge_up(world: World, client: HttpGateway) -> None:
    challenge = client.take_challenge(VISIT)
    card = world.holders["taro"]
    wrong = replace(card.pin(challenge), pin_signature=bytes(256))
    assert (await refused(client, wrong)).code is FaultCode.GATEWAY_REFUSED
    assert (await refused(client, card.pin(challenge))).code is FaultCode.CHALLENGE_REFUSED


async def test_challenge_of_ten_minutes_ago_is_refused(world: World, client: HttpGateway) -> None:
    evidence = world.face(client)
    world.now_ahead = 601.0
    error = await refused(client, evidence)
    assert error.code is FaultCode.CHALLENGE_REFUSED
    assert "challenge-expired" in error.detail


async def test_pool_drops_challenges_before_they_expire(world: World) -> None:
    await world.start(challenge_seconds=200)
    client = world.client()
    with pytest.raises(DeviceError) as raised:
        await client.refill()
    assert raised.value.code is FaultCode.GATEWAY_BAD_ANSWER
    assert client.take_challenge(VISIT).offline


@pytest.mark.parametrize("change", [{"nonce": "A" * 43}, {"id": "c-0000000000000000"}])
async def test_challenge_that_was_never_issued_is_refused(
    world: World, client: HttpGateway, change: dict[str, Any]
) -> None:
    evidence = world.holders["taro"].face(replace(client.take_challenge(VISIT), **change))
    error = await refused(client, evidence)
    assert error.code is FaultCode.CHALLENGE_REFUSED
    assert "challenge-unknown" in error.detail


async def test_challenge_of_another_device_is_refused(world: World, client: HttpGateway) -> None:
    await world.start(devices={**world.config.devices, "counter-2": world.device_key.public_key()})
    client = world.client()
    await client.refill()
    stolen = replace(client.take_challenge(VISIT), device="counter-2")
    other = world.client(device="counter-2", tls=world.authority.client("counter-2"))
    assert (await refused(other, world.holders["taro"].face(stolen))).code is FaultCode.CHALLENGE_REFUSED


async def test_empty_pool_gives_an_offline_challenge_that_may_be_accepted(world: World) -> None:
    client = world.client()
    assert await world.ask(client) is EligibilityCode.VALID
    assert world.judge.count(*ISSUE) == 0


async def test_offline_challenge_serves_once_too(world: World) -> None:
    client = world.client()
    evidence = world.face(client)
    await client.look_up(evidence, SECONDS)
    assert (await refused(client, evidence)).code is FaultCode.CHALLENGE_REFUSED


async def test_offline_challenge_is_refused_by_policy(world: World) -> None:
    await world.start(accept_offline=False)
    client = world.client()
    error = await refused(client, world.face(client))
    assert error.code is FaultCode.CHALLENGE_REFUSED
    assert "offline-challenge-refused" in error.detail


@pytest.mark.parametrize("trust", [ClockState.SYNCED, ClockState.UNKNOWN])
async def test_old_offline_challenge_is_refused_unless_the_clock_is_unknown(world: World, trust: ClockState) -> None:
    world.clock.trust, world.clock.ahead = trust, -3600.0
    client = world.client()
    evidence = world.face(client)
    if trust is ClockState.SYNCED:
        assert (await refused(client, evidence)).code is FaultCode.CHALLENGE_REFUSED
    else:
        assert (await client.look_up(evidence, SECONDS)).code is EligibilityCode.VALID
