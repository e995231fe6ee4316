"""`CardService` on the hand-written fake: sequences, try rules, faults in the middle."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA384

from firmware.card.certificates import load_trust
from firmware.card.service import CardService
from firmware.core.evidence import TryResult
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CertificateCheck, ChipCheck, ClockState, IssuerCheck, RecordCheck, TryCode
from firmware.core.secret import Secret
from firmware.ports import Card
from tests.unit.card.card_fakes import JPKI, SURFACE, FakeCard
from tests.unit.card.card_material import HASH_PREFIX, Face, authority, face_certificate, holder, key, rsa_block, sha

NUMBER_B, WRONG_B = b"47110320344817", b"47110320344818"
PIN, WRONG_PIN = b"2963", b"0000"
MESSAGE = b"challenge"
DIGEST = sha(MESSAGE)
NOW = 1_795_000_000.0


def fake_card(**options: object) -> FakeCard:
    token = b"JPKIAPICCTOKEN2".ljust(80) + b"0000000099201001" + bytes(64)
    card = FakeCard(
        files={
            (SURFACE, 2): Face().encode() + b"\xff" * 50,
            (SURFACE, 4): face_certificate() + b"\xff" * 50,
            (JPKI, 6): token,
            (JPKI, 0xA): holder() + b"\xff" * 50,
        },
        secrets={(SURFACE, 0x12): [NUMBER_B, 10], (JPKI, 0x18): [PIN, 3]},
        signers={
            0x00: lambda block: rsa_block(key("chip"), block),
            0x80: lambda block: rsa_block(key("holder"), block),
        },
    )
    for name, value in options.items():
        setattr(card, name, value)
    return card


def service_on(card: FakeCard) -> CardService:
    der = authority()
    return CardService(card, load_trust([der], frozenset({sha(der).hex()})))


def identified(card: FakeCard) -> CardService:
    service = service_on(card)
    service.identify()
    return service


def fault_of(call: Callable[[], object]) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        call()
    return caught.value.code


def sign(service: CardService, pin: bytes) -> TryResult:
    return service.sign_with_pin(Secret(pin), MESSAGE)


def test_it_is_the_port() -> None:
    port: Card = service_on(fake_card())
    port.release()


def test_the_face_path() -> None:
    card = fake_card()
    service = identified(card)
    assert service.unlock(Secret(NUMBER_B)).code is TryCode.ACCEPTED
    record = service.read_record()
    evidence = service.check_chip(record, DIGEST)
    assert (evidence.chip, evidence.record, evidence.issuer) == (
        ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.UNKNOWN,
    )  # fmt: skip
    certificate = service.read_certificate(NOW, ClockState.SYNCED)
    assert (certificate.check, bytes(certificate.der.view())) == (CertificateCheck.VALID, holder())
    selects = [apdu for apdu in card.sent if apdu[1:3] == b"\xa4\x04"]
    assert [apdu[5:] for apdu in selects] == [JPKI, SURFACE, JPKI]


def test_the_pin_path() -> None:
    card = fake_card()
    service = identified(card)
    assert service.pin_tries() == 3
    result = sign(service, PIN)
    assert (result.code, result.signature) == (TryCode.ACCEPTED, rsa_block(key("holder"), HASH_PREFIX + DIGEST))
    assert result.counter == 3
    assert service.read_certificate(NOW, ClockState.SYNCED).check is CertificateCheck.VALID
    assert service.pin_tries() == 3


def test_the_counter_is_read_before_every_verify() -> None:
    card = fake_card()
    service = identified(card)
    service.unlock(Secret(WRONG_B))
    service.unlock(Secret(NUMBER_B))
    sign(service, WRONG_PIN)
    sign(service, PIN)
    verifies = [index for index, apdu in enumerate(card.sent) if apdu[1] == 0x20 and len(apdu) > 4]
    assert len(verifies) == 4
    assert all(card.sent[index - 1].hex() == "00200080" for index in verifies)


def test_a_wrong_number_b_is_not_sent_twice_in_a_visit() -> None:
    card = fake_card()
    service = identified(card)
    assert service.unlock(Secret(WRONG_B)) == TryResult(TryCode.WRONG, 4, counter=9)
    sent = len(card.sent)
    assert service.unlock(Secret(WRONG_B)) == TryResult(TryCode.REPEATED, 4, counter=9)
    assert len(card.sent) == sent
    service.identify()
    assert service.unlock(Secret(WRONG_B)).code is TryCode.REPEATED
    assert service.unlock(Secret(NUMBER_B)).code is TryCode.ACCEPTED
    assert card.verifies() == [WRONG_B, NUMBER_B]
    service.release()
    service.identify()
    assert service.unlock(Secret(WRONG_B)).code is TryCode.WRONG


@pytest.mark.parametrize(
    ("left", "code", "allowed", "sent", "counter"),
    [
        (10, TryCode.WRONG, 4, 1, 9),
        (7, TryCode.WRONG, 1, 1, 6),
        (6, TryCode.STOPPED, 0, 1, 5),
        (5, TryCode.STOPPED, 0, 0, 5),
        (1, TryCode.STOPPED, 0, 0, 1),
        (0, TryCode.BLOCKED, 0, 0, 0),
    ],
)
def test_number_b_stops_with_five_left(left: int, code: TryCode, allowed: int, sent: int, counter: int) -> None:
    """Told with the refusal that leaves five: nobody types 14 digits in vain. Staff learn the card's own count."""
    card = fake_card()
    card.secrets[SURFACE, 0x12][1] = left
    result = identified(card).unlock(Secret(WRONG_B))
    assert (result.code, result.tries_left, result.counter) == (code, allowed, counter)
    assert len(card.verifies()) == sent


@pytest.mark.parametrize(
    ("left", "code", "sent"), [(3, TryCode.WRONG, 1), (1, TryCode.BLOCKED, 1), (0, TryCode.BLOCKED, 0)]
)
def test_the_pin_is_tried_down_to_the_last(left: int, code: TryCode, sent: int) -> None:
    card = fake_card()
    card.secrets[JPKI, 0x18][1] = left
    assert sign(identified(card), WRONG_PIN) == TryResult(code, max(left - 1, 0), counter=max(left - 1, 0))
    assert len(card.verifies()) == sent


@pytest.mark.parametrize("sw", [0x6983, 0x6984, 0x63C0])
def test_a_key_that_blocks_in_the_middle(sw: int) -> None:
    card = fake_card(script={7: (b"", sw)})
    assert identified(card).unlock(Secret(WRONG_B)) == TryResult(TryCode.BLOCKED, 0, counter=0)


@pytest.mark.parametrize("sw", [0x6700, 0x6A88, 0x6982])
def test_an_answer_that_is_none_to_a_verify_is_garbage(sw: int) -> None:
    service = identified(fake_card(script={7: (b"", sw)}))
    assert fault_of(lambda: service.unlock(Secret(WRONG_B))) is FaultCode.CARD_GARBAGE


def test_wrong_without_a_count() -> None:
    card = fake_card(script={7: (b"", 0x6300)})
    service = identified(card)
    assert service.unlock(Secret(WRONG_B)) == TryResult(TryCode.WRONG, None)
    assert service.unlock(Secret(WRONG_B)) == TryResult(TryCode.REPEATED, None)


@pytest.mark.parametrize("fault", [FaultCode.CARD_GONE, FaultCode.CARD_SILENT, FaultCode.PCSC_DOWN])
def test_a_verify_that_was_cut_off_is_never_sent_again_by_itself(fault: FaultCode) -> None:
    card = fake_card(script={7: DeviceError(fault)})
    service = identified(card)
    assert fault_of(lambda: service.unlock(Secret(NUMBER_B))) is fault
    assert len(card.verifies()) == 1
    assert fault_of(lambda: service.unlock(Secret(NUMBER_B))) is FaultCode.CARD_GONE
    assert fault_of(service.read_record) is FaultCode.CARD_GONE
    assert len(card.verifies()) == 1
    service.identify()
    assert service.unlock(Secret(NUMBER_B)).code is TryCode.ACCEPTED


@pytest.mark.parametrize("digits", [b"", b"1" * 12, b"1" * 13, b"1" * 15, b"4711032034481X", b"2963"])
def test_what_is_no_number_b_never_leaves(digits: bytes) -> None:
    card = fake_card()
    service = identified(card)
    assert fault_of(lambda: service.unlock(Secret(digits))) is FaultCode.GUARD_REFUSED
    assert card.verifies() == []


@pytest.mark.parametrize("pin", [b"", b"123", b"12345", b"12 4", b"1" * 12])
def test_what_is_no_pin_never_leaves(pin: bytes) -> None:
    card = fake_card()
    assert fault_of(lambda: sign(identified(card), pin)) is FaultCode.GUARD_REFUSED
    assert card.verifies() == []


@pytest.mark.parametrize("pin_first", [True, False])
def test_a_pin_signature_by_another_key_than_the_certificates_is_a_fake(*, pin_first: bool) -> None:
    card = fake_card()
    card.signers[0x80] = lambda block: rsa_block(key("other"), block)
    service = identified(card)
    calls: list[Callable[[], object]] = [
        lambda: sign(service, PIN),
        lambda: service.read_certificate(NOW, ClockState.SYNCED),
    ]
    first, second = calls if pin_first else reversed(calls)
    first()
    assert fault_of(second) is FaultCode.CARD_NOT_GENUINE


def test_elliptic_keys_sign_too() -> None:
    private = ec.generate_private_key(ec.SECP384R1())
    card = fake_card()
    card.files[JPKI, 0xA] = holder(private=private)
    card.signers[0x80] = lambda block: private.sign(block, ec.ECDSA(Prehashed(SHA384())))
    service = identified(card)
    assert service.read_certificate(NOW, ClockState.SYNCED).check is CertificateCheck.VALID
    result = sign(service, PIN)
    private.public_key().verify(result.signature or b"", MESSAGE, ec.ECDSA(SHA384()))
    card.signers[0x80] = lambda _: private.sign(bytes(48), ec.ECDSA(Prehashed(SHA384())))
    assert fault_of(lambda: sign(service, PIN)) is FaultCode.CARD_NOT_GENUINE


def test_a_refused_signature_is_garbage() -> None:
    service = identified(fake_card(script={10: (b"", 0x6982)}))
    assert fault_of(lambda: sign(service, PIN)) is FaultCode.CARD_GARBAGE
    service = identified(fake_card(script={10: (b"", 0x9000)}))
    assert fault_of(lambda: sign(service, PIN)) is FaultCode.CARD_GARBAGE


@pytest.mark.parametrize(
    "content", [b"\x31\x82\x01\x00" + bytes(300), b"\x30\x80\x00\x00" + bytes(300), b"\x30\x82\x7f\xff"]
)
def test_a_certificate_file_that_holds_none_is_broken(content: bytes) -> None:
    card = fake_card()
    card.files[JPKI, 0xA] = content
    service = identified(card)
    assert fault_of(lambda: service.read_certificate(NOW, ClockState.SYNCED)) is FaultCode.CERTIFICATE_BROKEN


def test_nothing_is_sent_without_identification_or_after_release() -> None:
    card = fake_card()
    service = service_on(card)
    assert fault_of(lambda: sign(service, PIN)) is FaultCode.CARD_GONE
    service.identify()
    sent = len(card.sent)
    service.release()
    service.release()
    assert fault_of(service.pin_tries) is FaultCode.CARD_GONE
    assert len(card.sent) == sent


def test_cancel_reaches_the_transport_and_the_next_call_works() -> None:
    card = fake_card()
    service = identified(card)
    service.cancel()
    assert card.cancels == 1
    assert service.pin_tries() == 3


def test_the_log_is_there_for_the_report() -> None:
    service = identified(fake_card())
    assert [line.target for line in service.log] == ["jpki", "jpki/0006", "jpki/0006", "surface"]


def test_no_value_is_kept() -> None:
    service = identified(fake_card())
    service.unlock(Secret(WRONG_B))
    kept = repr(vars(service._tries))
    assert WRONG_B.decode() not in kept
    assert sha(WRONG_B).hex() not in kept
    assert repr(sha(WRONG_B))[2:-1] not in kept
