"""Certificate, CA and card face of one card: where the CA comes from, and whether both are of one person."""

from datetime import UTC, datetime

import pytest

from firmware.card.certificates import load_trust
from firmware.card.service import CardService
from firmware.core.outcomes import CertificateCheck, ClockState, HolderCheck
from firmware.core.secret import Secret
from tests.unit.card.card_fakes import JPKI, FakeCard
from tests.unit.card.card_material import HolderProfile, authority, holder, sha
from tests.unit.card.test_card_service import DIGEST, NOW, NUMBER_B, fake_card, identified


def own_authority(card: FakeCard, *pins: bytes) -> CardService:
    card.files[JPKI, 0xB] = authority() + b"\xff" * 50
    return CardService(card, load_trust([], frozenset(sha(der).hex() for der in pins)))


def authority_reads(card: FakeCard) -> int:
    return sum(apdu.hex() == "00a4020c02000b" for apdu in card.sent)


def test_the_ca_is_taken_from_the_card_once_per_issuer() -> None:
    card = fake_card()
    service = own_authority(card, authority())
    for _ in range(3):
        service.identify()
        evidence = service.read_certificate(NOW, ClockState.SYNCED)
        assert (evidence.check, evidence.issuer) == (CertificateCheck.VALID, authority())
        service.release()
    assert authority_reads(card) == 1


def test_a_ca_that_is_not_pinned_is_worth_nothing() -> None:
    card = fake_card()
    service = own_authority(card, b"another")
    for _ in range(2):
        service.identify()
        evidence = service.read_certificate(NOW, ClockState.SYNCED)
        assert (evidence.check, evidence.issuer) == (CertificateCheck.UNKNOWN_ISSUER, None)
    assert authority_reads(card) == 2


@pytest.mark.parametrize("certificate_first", [True, False])
@pytest.mark.parametrize(("month", "expected"), [(11, HolderCheck.SAME), (5, HolderCheck.OTHER)])
def test_certificate_and_card_face_are_compared_whichever_comes_first(
    *, certificate_first: bool, month: int, expected: HolderCheck
) -> None:
    card = fake_card()
    card.files[JPKI, 0xA] = holder(HolderProfile(end=datetime(2028, month, 3, 14, 59, 59, tzinfo=UTC)))
    service = identified(card)
    if certificate_first:
        assert service.read_certificate(NOW, ClockState.SYNCED).holder is HolderCheck.NOT_CHECKED
    service.unlock(Secret(NUMBER_B))
    chip = service.check_chip(service.read_record(), DIGEST)
    assert chip.holder is (expected if certificate_first else HolderCheck.NOT_CHECKED)
    assert service.read_certificate(NOW, ClockState.SYNCED).holder is expected
    service.identify()
    assert service.read_certificate(NOW, ClockState.SYNCED).holder is HolderCheck.NOT_CHECKED


def test_nothing_of_an_unsigned_certificate_is_compared() -> None:
    card = fake_card()
    service = own_authority(card, b"another")
    service.identify()
    service.unlock(Secret(NUMBER_B))
    service.read_record()
    assert service.read_certificate(NOW, ClockState.SYNCED).holder is HolderCheck.NOT_CHECKED
