"""The PIN of the next card (card.md 4.4): its P-384 key signs the challenge text with SHA-384, in DER."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from firmware.core.challenge import Challenge, ChallengePurpose
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.eligibility.http import HttpGateway
from firmware.ports import LookUpEvidence
from firmware.sim.gateway.people import SEED

from .conftest import SECONDS, VISIT, World
from .holders import Holder, RsaKeys

Key = ec.EllipticCurvePrivateKey
Sign = Callable[[Key, Challenge], bytes]


@pytest.fixture
async def card(world: World, rsa_keys: RsaKeys) -> Holder:
    made = Holder.issue(rsa_keys, "19721103", "1", auth=ec.generate_private_key(ec.SECP384R1()))
    await world.server.add_person(made.der, SEED["taro"])
    return made


async def refusal(client: HttpGateway, evidence: LookUpEvidence) -> str:
    with pytest.raises(DeviceError) as raised:
        await client.look_up(evidence, SECONDS)
    assert raised.value.code is FaultCode.GATEWAY_REFUSED
    return raised.value.detail


async def test_its_signature_settles_the_identity(client: HttpGateway, card: Holder) -> None:
    answer = await client.look_up(card.pin(client.take_challenge(VISIT)), SECONDS)
    assert answer.code is EligibilityCode.VALID


def _text(challenge: Challenge) -> bytes:
    return challenge.message(ChallengePurpose.PIN)


def _bare(key: Key, challenge: Challenge) -> bytes:
    r, s = decode_dss_signature(key.sign(_text(challenge), ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


@pytest.mark.parametrize(
    "sign",
    [
        _bare,
        lambda key, challenge: key.sign(_text(challenge), ec.ECDSA(hashes.SHA256())),
        lambda key, challenge: key.sign(challenge.digest(ChallengePurpose.PIN), ec.ECDSA(Prehashed(hashes.SHA256()))),
        lambda key, challenge: key.sign(challenge.message(ChallengePurpose.CHIP), ec.ECDSA(hashes.SHA384())),
        lambda _, challenge: ec.generate_private_key(ec.SECP384R1()).sign(_text(challenge), ec.ECDSA(hashes.SHA384())),
    ],
)
async def test_other_forms_and_keys_are_refused(client: HttpGateway, card: Holder, sign: Sign) -> None:
    challenge = client.take_challenge(VISIT)
    assert card.auth is not None
    evidence = replace(card.pin(challenge), pin_signature=sign(card.auth, challenge))
    assert "evidence-wrong" in await refusal(client, evidence)


async def test_an_rsa_signature_is_not_the_next_cards(client: HttpGateway, card: Holder) -> None:
    challenge = client.take_challenge(VISIT)
    evidence = replace(card.pin(challenge), pin_signature=replace(card, auth=None).pin(challenge).pin_signature)
    assert "evidence-wrong" in await refusal(client, evidence)


async def test_no_other_curve_is_known(client: HttpGateway, rsa_keys: RsaKeys) -> None:
    card = Holder.issue(rsa_keys, "19721103", "1", auth=ec.generate_private_key(ec.SECP256R1()))
    assert "certificate-refused" in await refusal(client, card.pin(client.take_challenge(VISIT)))
