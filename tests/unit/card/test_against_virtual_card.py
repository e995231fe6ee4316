"""`CardService` against the simulator's virtual card, which has its own encoder, try counters and RSA keys."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from firmware.card.certificates import load_trust
from firmware.card.keys import FaceIssuer
from firmware.card.service import CardService
from firmware.card.surface import HashInput
from firmware.core.evidence import TryResult
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CardKind, CertificateCheck, ChipCheck, ClockState, IssuerCheck, RecordCheck, TryCode
from firmware.core.secret import Secret
from firmware.sim.card.faults import FaultScript, FaultyCard
from firmware.sim.card.files import TokenLabel
from firmware.sim.card.image import CardImage, CardKeys
from firmware.sim.card.inprocess import InProcessReader
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers
from firmware.sim.card.keys import RecordForm
from firmware.sim.card.machine import Interface, VirtualCard
from firmware.sim.card.person import invented_person
from firmware.sim.card.pictures import stand_in_photo
from tests.unit.card.card_material import key, sha

TODAY = date(2026, 1, 10)
NOW = datetime(2026, 1, 10, tzinfo=UTC).timestamp()
PERSON = invented_person(TODAY)
PHOTO = stand_in_photo()
NUMBER_B, PIN = PERSON.number_b.encode(), PERSON.pin.encode()
DIGEST = sha(b"challenge")


@pytest.fixture(scope="module")
def issuers() -> TestIssuers:
    return create_issuers(TODAY)


@pytest.fixture(scope="module")
def keys() -> CardKeys:
    return CardKeys(key("chip"), key("holder"))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, issuers: TestIssuers, keys: CardKeys) -> CardImage:
    return issue_card(tmp_path_factory.mktemp("card"), PERSON, PHOTO, issuers, keys=keys)


def placed(card: VirtualCard | FaultyCard, silence: float = 5.0) -> InProcessReader:
    reader = InProcessReader(silence)
    reader.insert(card)
    return reader


def service_on(
    reader: InProcessReader, issuers: TestIssuers, hash_input: HashInput = HashInput.VALUES, *, short: bool = False
) -> CardService:
    trust = load_trust([issuers.auth_ca_der], frozenset({issuers.auth_ca_sha256}))
    keys = [FaceIssuer(issuers.record_issuer_id, issuers.record_issuer_key)]
    return CardService(reader, trust, keys, hash_input, short_apdus=short)


def checks(service: CardService) -> tuple[ChipCheck, RecordCheck, IssuerCheck]:
    service.identify()
    assert service.unlock(Secret(NUMBER_B)).code is TryCode.ACCEPTED
    evidence = service.check_chip(service.read_record(), DIGEST)
    return evidence.chip, evidence.record, evidence.issuer


GENUINE = (ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.VERIFIED)


@pytest.mark.parametrize("interface", list(Interface))
def test_a_whole_visit_stays_inside_the_allow_list(
    image: CardImage, issuers: TestIssuers, interface: Interface
) -> None:
    card = VirtualCard(image, interface)
    service = service_on(placed(card), issuers)
    assert service.identify().token == Secret(PERSON.token_serial.encode())
    assert service.unlock(Secret(NUMBER_B)).code is TryCode.ACCEPTED
    record = service.read_record()
    assert bytes(record.photo.view()) == PHOTO
    assert bytes(record.birth_date.view()) == f"{PERSON.birth:%Y%m%d}".encode()
    evidence = service.check_chip(record, DIGEST)
    assert (evidence.chip, evidence.record, evidence.issuer) == GENUINE
    certificate = service.read_certificate(NOW, ClockState.SYNCED)
    assert certificate.check is CertificateCheck.VALID
    assert bytes(certificate.der.view()) == image.certificate
    assert service.sign_with_pin(Secret(PIN), DIGEST).code is TryCode.ACCEPTED
    service.release()
    assert card.violations() == []
    ours = [(line.header, line.sent, line.received, line.sw) for line in service.log]
    assert ours == [(entry.header, entry.sent, entry.received, entry.status) for entry in card.log.entries]


def test_the_other_reading_of_the_record(tmp_path: Path, issuers: TestIssuers, keys: CardKeys) -> None:
    image = issue_card(tmp_path, PERSON, PHOTO, issuers, keys=keys, record_form=RecordForm.TEST_CARD)
    assert checks(service_on(placed(VirtualCard(image)), issuers, HashInput.TLV)) == GENUINE
    wrong = (ChipCheck.PROVED, RecordCheck.WRONG, IssuerCheck.VERIFIED)
    assert checks(service_on(placed(VirtualCard(image)), issuers)) == wrong


def test_a_forged_chip(tmp_path: Path, issuers: TestIssuers, image: CardImage, keys: CardKeys) -> None:
    forged = issue_card(tmp_path, PERSON, PHOTO, issuers, forged=True, copy_certificate_of=image, keys=keys)
    service = service_on(placed(VirtualCard(forged)), issuers)
    assert checks(service) == (ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.UNKNOWN)
    assert service.read_certificate(NOW, ClockState.SYNCED).check is CertificateCheck.VALID


def test_a_copied_certificate_cannot_sign(tmp_path: Path, issuers: TestIssuers, image: CardImage) -> None:
    own = CardKeys(key("chip"), key("other"))
    forged = issue_card(tmp_path, PERSON, PHOTO, issuers, forged=True, copy_certificate_of=image, keys=own)
    service = service_on(placed(VirtualCard(forged)), issuers)
    service.identify()
    service.read_certificate(NOW, ClockState.SYNCED)
    with pytest.raises(DeviceError) as caught:
        service.sign_with_pin(Secret(PIN), DIGEST)
    assert caught.value.code is FaultCode.CARD_NOT_GENUINE


def test_wrong_keys_on_the_card(tmp_path: Path, issuers: TestIssuers, keys: CardKeys) -> None:
    copied = issue_card(tmp_path / "a", PERSON, PHOTO, issuers, keys=keys, wrong_chip_key=True)
    assert checks(service_on(placed(VirtualCard(copied)), issuers))[0] is ChipCheck.WRONG
    unsigned = issue_card(tmp_path / "b", PERSON, PHOTO, issuers, keys=keys, wrong_record_signature=True)
    assert checks(service_on(placed(VirtualCard(unsigned)), issuers))[:2] == (ChipCheck.PROVED, RecordCheck.WRONG)


def test_number_b_stops_with_five_left_on_the_real_counter(image: CardImage, issuers: TestIssuers) -> None:
    card = VirtualCard(image)
    service = service_on(placed(card), issuers)
    service.identify()
    results = [service.unlock(Secret(b"9" * 13 + str(digit).encode())) for digit in range(6)]
    assert [(result.code, result.tries_left) for result in results] == [
        *((TryCode.WRONG, left) for left in (4, 3, 2, 1)), (TryCode.STOPPED, 0), (TryCode.STOPPED, 0),
    ]  # fmt: skip
    assert card.tries("card-face", 0x12) == 5


def test_the_pin_down_to_blocked(image: CardImage, issuers: TestIssuers) -> None:
    card = VirtualCard(image)
    service = service_on(placed(card), issuers)
    service.identify()
    codes = [service.sign_with_pin(Secret(b"000" + str(digit).encode()), DIGEST).code for digit in range(4)]
    assert codes == [TryCode.WRONG, TryCode.WRONG, TryCode.BLOCKED, TryCode.BLOCKED]
    assert service.pin_tries() == 0
    assert service.sign_with_pin(Secret(PIN), DIGEST) == TryResult(TryCode.BLOCKED, 0, counter=0)


def test_blocked_from_birth(tmp_path: Path, issuers: TestIssuers, keys: CardKeys) -> None:
    blocked = issue_card(tmp_path, PERSON, PHOTO, issuers, keys=keys, number_b_blocked=True, pin_blocked=True)
    service = service_on(placed(VirtualCard(blocked)), issuers)
    service.identify()
    assert service.pin_tries() == 0
    assert service.unlock(Secret(NUMBER_B)) == TryResult(TryCode.BLOCKED, 0, counter=0)


def test_switching_the_application_loses_the_verified_state(image: CardImage, issuers: TestIssuers) -> None:
    service = service_on(placed(VirtualCard(image)), issuers)
    service.identify()
    service.unlock(Secret(NUMBER_B))
    service.pin_tries()
    with pytest.raises(DeviceError, match="6982"):
        service.read_record()


def test_an_expired_certificate_and_an_unknown_issuer(tmp_path: Path, issuers: TestIssuers, keys: CardKeys) -> None:
    old = datetime(2025, 10, 31, 14, 59, 59, tzinfo=UTC)
    expired = issue_card(tmp_path, PERSON, PHOTO, issuers, keys=keys, not_after=old)
    service = service_on(placed(VirtualCard(expired)), issuers)
    service.identify()
    for when, check in ((date(2026, 1, 31), CertificateCheck.GRACE), (date(2026, 2, 1), CertificateCheck.EXPIRED)):
        noon = datetime(when.year, when.month, when.day, 3, tzinfo=UTC).timestamp()
        assert service.read_certificate(noon, ClockState.SYNCED).check is check
    stranger = service_on(placed(VirtualCard(expired)), create_issuers(TODAY))
    stranger.identify()
    assert stranger.read_certificate(NOW, ClockState.SYNCED).check is CertificateCheck.UNKNOWN_ISSUER


def test_other_labels_are_identified(tmp_path: Path, issuers: TestIssuers, keys: CardKeys) -> None:
    android = issue_card(tmp_path, PERSON, PHOTO, issuers, keys=keys, token_label=TokenLabel.ANDROID)
    assert service_on(placed(VirtualCard(android)), issuers).identify().kind is CardKind.PHONE


def run_all(service: CardService) -> None:
    service.identify()
    assert service.unlock(Secret(NUMBER_B)).code is TryCode.ACCEPTED
    service.check_chip(service.read_record(), DIGEST)
    service.read_certificate(NOW, ClockState.SYNCED)
    assert service.sign_with_pin(Secret(PIN), DIGEST).code is TryCode.ACCEPTED


@pytest.mark.parametrize("at", [1, 3, 5, 6, 7, 9, 20, 30, 40, 46, 48])
@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (lambda at: FaultScript(pull_at=at), FaultCode.CARD_GONE),
        (lambda at: FaultScript(silent_from=at), FaultCode.CARD_SILENT),
        (lambda at: FaultScript(garbage={at: b"\x90"}), FaultCode.CARD_GARBAGE),
    ],
    ids=["pull", "silent", "garbage"],
)
def test_faults_at_any_command_and_a_good_visit_after(
    image: CardImage, issuers: TestIssuers, script: Callable[[int], FaultScript], fault: FaultCode, at: int
) -> None:
    card = VirtualCard(image)
    reader = placed(FaultyCard(card, script(at)), silence=0.01)
    service = service_on(reader, issuers, short=True)
    with pytest.raises(DeviceError) as caught:
        run_all(service)
    assert caught.value.code is fault
    reader.remove()
    reader.insert(card)
    run_all(service)
    assert card.violations() == []
    assert (card.tries("card-face", 0x12), card.tries("jpki", 0x18)) == (10, 3)
