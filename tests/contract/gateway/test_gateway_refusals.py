"""The simulated gateway believes nothing: forged, tampered, misdirected and malformed requests are refused by type."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from firmware.core.evidence import ChipEvidence, FaceRecord
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode, Liveness, Method
from firmware.core.secret import Secret
from firmware.eligibility.evidence import Kind, look_up_members
from firmware.eligibility.http import HttpGateway
from firmware.eligibility.transport import Request, Transport
from firmware.ports import LookUpEvidence
from firmware.sim.gateway.evidence import Trust

from .conftest import DEVICE, PATIENCE, SECONDS, VISIT, World
from .hand import Hand
from .holders import RsaKeys, signed_request
from .site import new_key

Change = Callable[[FaceRecord, ChipEvidence], tuple[FaceRecord, ChipEvidence]]


async def refusal(client: HttpGateway, evidence: LookUpEvidence) -> str:
    with pytest.raises(DeviceError) as raised:
        await client.look_up(evidence, SECONDS)
    assert raised.value.code is FaultCode.GATEWAY_REFUSED
    return raised.value.detail


# ---- evidence --------------------------------------------------------------------------------------------------


def _flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


@pytest.mark.parametrize(
    "change",
    [
        lambda record, chip: (record, replace(chip, signature=_flipped(chip.signature))),
        lambda record, chip: (record, replace(chip, certificate=chip.certificate[:100])),
        lambda record, chip: (record, replace(chip, certificate=b"\xff" * 568)),
        lambda record, chip: (replace(record, signature=_flipped(record.signature)), chip),
        lambda record, chip: (replace(record, text_hash=bytes(32)), chip),
        lambda record, chip: (replace(record, photo_hash=bytes(32)), chip),
        lambda record, chip: (replace(record, sex=Secret(b"2")), chip),
        lambda record, chip: (replace(record, chip_key=Secret(b"\x90\x02\x01\x01\x91\x01\x03")), chip),
    ],
)
async def test_tampered_face_evidence(world: World, client: HttpGateway, change: Change) -> None:
    evidence = world.face(client)
    assert evidence.record is not None
    assert evidence.chip is not None
    record, chip = change(evidence.record, evidence.chip)
    assert "evidence-wrong" in await refusal(client, replace(evidence, record=record, chip=chip))


@pytest.mark.parametrize("liveness", [Liveness.OFF, Liveness.PASSED])
async def test_a_match_with_or_without_a_passed_challenge_is_evidence(
    world: World, client: HttpGateway, liveness: Liveness
) -> None:
    evidence = world.face(client)
    assert evidence.verdict is not None
    alive = replace(evidence, verdict=replace(evidence.verdict, liveness=liveness))
    assert (await client.look_up(alive, SECONDS)).code is EligibilityCode.VALID
    members = look_up_members(alive)["evidence"]
    assert isinstance(members, dict)
    assert members["liveness"] == liveness.value


@pytest.mark.parametrize("liveness", [Liveness.FAILED, Liveness.UNSURE])
async def test_a_match_whose_challenge_was_not_passed_is_never_sent(
    world: World, client: HttpGateway, liveness: Liveness
) -> None:
    evidence = world.face(client)
    assert evidence.verdict is not None
    with pytest.raises(ValueError, match="liveness"):
        look_up_members(replace(evidence, verdict=replace(evidence.verdict, liveness=liveness)))


async def test_chip_proof_is_no_pin_signature(world: World, client: HttpGateway) -> None:
    card = world.holders["taro"]
    challenge = client.take_challenge(VISIT)
    same_key = replace(card, keys=replace(card.keys, chip=card.keys.auth))
    proof = same_key.chip_evidence(challenge).signature
    assert "evidence-wrong" in await refusal(client, replace(card.pin(challenge), pin_signature=proof))


async def test_pin_signature_of_another_card(world: World, client: HttpGateway, rsa_keys: RsaKeys) -> None:
    card = world.holders["taro"]
    other = replace(card, keys=replace(rsa_keys, auth=rsa_keys.chip))
    assert "evidence-wrong" in await refusal(client, other.pin(client.take_challenge(VISIT)))


async def test_signature_over_another_visit(world: World, client: HttpGateway) -> None:
    evidence = world.holders["taro"].pin(replace(client.take_challenge(VISIT), visit=VisitId("f" * 32)))
    assert "evidence-wrong" in await refusal(client, replace(evidence, visit=VISIT))


@pytest.mark.parametrize(
    "change",
    [
        {"visit": "0" * 32},
        {"env": "test"},
        {"aud": "counter-2"},
        {"iss": "other"},
        {"approved": False},
        {"verb": "ping"},
    ],
)
async def test_staff_request_for_something_else(world: World, client: HttpGateway, change: dict[str, object]) -> None:
    request = world.staff_request(**change)
    evidence = world.holders["taro"].staff(client.take_challenge(VISIT), request)
    assert "evidence-wrong" in await refusal(client, evidence)


async def test_staff_request_signed_by_somebody_else(world: World, client: HttpGateway) -> None:
    payload = world.staff_request().split(".")[1]
    members = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    forged = signed_request(new_key(), members)
    evidence = world.holders["taro"].staff(client.take_challenge(VISIT), forged)
    assert "evidence-wrong" in await refusal(client, evidence)


async def test_certificate_of_an_unknown_issuer(world: World, client: HttpGateway, rsa_keys: RsaKeys) -> None:
    card = world.holders["taro"].with_other_ca(rsa_keys.chip)
    assert "certificate-refused" in await refusal(client, card.pin(client.take_challenge(VISIT)))


async def test_certificate_that_is_none(world: World, client: HttpGateway) -> None:
    evidence = replace(world.face(client), certificate=Secret(b"\x30\x03abc"))
    assert "certificate-refused" in await refusal(client, evidence)


async def test_record_issuer_is_demanded_by_policy(world: World, rsa_keys: RsaKeys) -> None:
    trust = world.config.trust
    for issuer, accepted in ((rsa_keys.issuer, True), (rsa_keys.chip, False)):
        await world.start(trust=Trust(trust.jpki, trust.receptions, [issuer.public_key()], require_face_issuer=True))
        client = world.client()
        if accepted:
            await client.look_up(world.face(client), SECONDS)
        else:
            assert "evidence-wrong" in await refusal(client, world.face(client))


async def test_evidence_that_lacks_its_part_is_a_programming_error(world: World, client: HttpGateway) -> None:
    for method in Method:
        bare = LookUpEvidence(VISIT, method, client.take_challenge(VISIT), Secret(world.holders["taro"].der))
        with pytest.raises(ValueError, match="evidence"):
            await client.look_up(bare, SECONDS)


async def test_evidence_too_large_for_the_gateway(world: World, client: HttpGateway) -> None:
    evidence = world.face(client)
    assert evidence.chip is not None
    large = replace(evidence, chip=replace(evidence.chip, certificate=bytes(40_000)))
    with pytest.raises(DeviceError) as raised:
        await client.look_up(large, SECONDS)
    assert raised.value.code is FaultCode.MESSAGE_TOO_LARGE


# ---- requests by hand ------------------------------------------------------------------------------------------


@pytest.fixture
async def hand(world: World) -> AsyncIterator[Hand]:
    made = Hand(world)
    yield made
    await made.transport.close()


async def test_proper_request_by_hand_is_answered(hand: Hand) -> None:
    assert await hand.post_claims() == (200, "")


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"iss": "counter-2"}, (403, "device-unknown")),
        ({"site": "elsewhere"}, (403, "device-unknown")),
        ({"env": "production"}, (403, "env-mismatch")),
        ({"env": "moon"}, (400, "malformed")),
        ({"aud": "reception"}, (400, "malformed")),
        ({"jti": "another"}, (400, "malformed")),
        ({"method": "guess"}, (400, "malformed")),
        ({"method": "face"}, (400, "malformed")),
        ({"certificate": "?"}, (400, "malformed")),
        ({"certificate": "AAAA"}, (403, "certificate-refused")),
        ({"visit": "x"}, (400, "malformed")),
    ],
)
async def test_claims_out_of_bounds(hand: Hand, changes: dict[str, object], answer: tuple[int, str]) -> None:
    assert await hand.post_claims(**changes) == answer


async def test_tampered_and_mistyped_tokens(hand: Hand) -> None:
    signed = hand.signer.sign(Kind.LOOK_UP, VISIT, hand.members())
    head, content, signature = signed.body.decode().split(".")
    other = base64.urlsafe_b64encode(b'{"iss":"counter-1"}').rstrip(b"=").decode()
    assert await hand.post(f"{head}.{other}.{signature}".encode(), signed.jti) == (403, "signature-wrong")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"lookup+jwt"}').rstrip(b"=").decode()
    assert await hand.post(f"{none}.{content}.".encode(), signed.jti) == (400, "malformed")
    assert await hand.post(f"{none}.{content}.{signature}".encode(), signed.jti) == (400, "malformed")
    consent = hand.signer.sign(Kind.CONSENT, VISIT, hand.members())
    assert await hand.post(consent.body, consent.jti) == (400, "malformed")
    assert await hand.post("形".encode(), "k") == (400, "malformed")


async def test_same_key_with_other_bytes(hand: Hand) -> None:
    assert (await hand.post_claims())[0] == 200
    assert await hand.post_claims() == (422, "idempotency-key-reused")


async def test_media_type_size_and_path(hand: Hand) -> None:
    json_request = Request("POST", "/v1/lookups", b"{}", "application/json")
    assert await hand.send(json_request) == (415, "unsupported-media-type")
    large = Request("POST", "/v1/lookups", b"x" * 40_000, "application/jose")
    assert await hand.send(large) == (413, "too-large")
    assert await hand.send(Request("GET", "/v2/lookups")) == (404, "not-found")
    assert await hand.send(Request("DELETE", "/v1/lookups")) == (404, "not-found")


async def test_challenges_for_another_device_or_env(hand: Hand) -> None:
    async def ask(**members: object) -> tuple[int, str]:
        body = json.dumps({"env": "sim", "device": DEVICE, "count": 1, **members}).encode()
        return await hand.send(Request("POST", "/v1/challenges", body, "application/json"))

    assert await ask() == (200, "")
    assert await ask(device="counter-2") == (403, "device-unknown")
    assert await ask(env="test") == (403, "env-mismatch")
    assert await ask(count=0) == (400, "malformed")


async def test_look_up_of_another_device_or_visit_is_unknown(world: World, hand: Hand) -> None:
    await world.start(devices={**world.config.devices, "counter-2": world.device_key.public_key()})
    client = world.client()
    await client.look_up(world.face(client), SECONDS)
    found = client._visits.of(VISIT)
    identity = await found.id()
    other = Transport(world.server.url, world.authority.client("counter-2"), PATIENCE)
    reply = await other.exchange(Request("GET", f"/v1/lookups/{identity}"))
    await other.close()
    assert reply.status == 404
    consent = hand.signer.sign(
        Kind.CONSENT, VisitId("e" * 32), {"lookup": identity, "consents": [{"item": "bundle", "given": True, "at": 1}]}
    )
    own = Transport(world.server.url, world.tls, PATIENCE)
    reply = await own.exchange(Request("PUT", f"/v1/lookups/{identity}/consent", consent.body, "application/jose"))
    await own.close()
    assert reply.status == 404
    assert await world.server.consents() == {"given": 0, "refused": 0}


async def test_name_in_the_client_certificate_counts(world: World) -> None:
    client = world.client(tls=world.authority.client("counter-9"))
    detail = await refusal(client, world.face(client))
    assert "device-unknown" in detail
