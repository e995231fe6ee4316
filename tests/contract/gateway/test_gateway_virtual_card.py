"""The whole chain of evidence: simulated card, the device's card service, client, simulated gateway."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from firmware.card.certificates import load_trust
from firmware.card.service import CardService
from firmware.card.surface import HashInput
from firmware.core.challenge import Challenge, ChallengePurpose
from firmware.core.outcomes import ClockState, EligibilityCode, Method
from firmware.core.secret import Secret
from firmware.ports import LookUpEvidence
from firmware.sim.card.image import CardKeys
from firmware.sim.card.inprocess import InProcessReader
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers
from firmware.sim.card.keys import RecordForm, make_curve_key, make_key
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import Person, invented_person
from firmware.sim.gateway.evidence import Trust
from firmware.sim.gateway.people import SEED

from .conftest import SECONDS, VISIT, World
from .holders import VERDICT

AuthKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PHOTO = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"photo" * 200


@pytest.fixture(scope="module")
def issuers() -> TestIssuers:
    return create_issuers(datetime.now(UTC).date())


def read_face(service: CardService, person: Person, challenge: Challenge) -> LookUpEvidence:
    service.identify()
    service.unlock(Secret(person.number_b.encode()))
    record = service.read_record()
    chip = service.check_chip(record, challenge.digest(ChallengePurpose.CHIP))
    certificate = service.read_certificate(datetime.now(UTC).timestamp(), ClockState.SYNCED)
    return LookUpEvidence(VISIT, Method.FACE, challenge, certificate.der, record, chip, VERDICT)


def read_pin(service: CardService, person: Person, challenge: Challenge) -> LookUpEvidence:
    service.identify()
    certificate = service.read_certificate(datetime.now(UTC).timestamp(), ClockState.SYNCED)
    signature = service.sign_with_pin(Secret(person.pin.encode()), challenge.message(ChallengePurpose.PIN)).signature
    return LookUpEvidence(VISIT, Method.PIN, challenge, certificate.der, pin_signature=signature)


@pytest.mark.parametrize(
    ("form", "hash_input", "make_auth"),
    [
        (RecordForm.FACTS, HashInput.VALUES, make_key),
        (RecordForm.TEST_CARD, HashInput.TLV, make_key),
        (RecordForm.FACTS, HashInput.VALUES, make_curve_key),
    ],
)
async def test_card_read_by_the_device_convinces_the_gateway(
    world: World,
    issuers: TestIssuers,
    tmp_path: Path,
    form: RecordForm,
    hash_input: HashInput,
    make_auth: Callable[[], AuthKey],
) -> None:
    person = invented_person(datetime.now(UTC).date())
    keys = CardKeys(make_key(), make_auth())
    image = await asyncio.to_thread(issue_card, tmp_path, person, PHOTO, issuers, record_form=form, keys=keys)
    trust = Trust([issuers.auth.certificate], {}, [issuers.record_issuer_key], require_face_issuer=True)
    server = await world.start(trust=trust)
    await server.add_person(image.certificate, SEED["jiro"].born(f"{person.birth:%Y%m%d}", person.sex.value))
    reader = InProcessReader()
    reader.insert(VirtualCard(image))
    cas = load_trust([issuers.auth_ca_der], frozenset({issuers.auth_ca_sha256}))
    service = CardService(reader, cas, hash_input=hash_input)
    client = world.client()
    await client.refill()
    for read in (read_face, read_pin):
        evidence = await asyncio.to_thread(read, service, person, client.take_challenge(VISIT))
        assert (await client.look_up(evidence, SECONDS)).code is EligibilityCode.INVALID
