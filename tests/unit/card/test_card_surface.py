"""EF 0002 and EF 0004 from hand-made bytes: splitting, hashes, proofs, and one changed byte at a time."""

from dataclasses import replace

import pytest

from firmware.card.channel import CardChannel
from firmware.card.keys import FaceIssuer, read_certificate
from firmware.card.surface import HashInput, check_chip, check_issuer, check_record, read_record, split_record
from firmware.card.tlv import TlvError
from firmware.core.evidence import ChipEvidence, FaceRecord
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ChipCheck, IssuerCheck, RecordCheck
from firmware.core.secret import Secret
from tests.unit.card.card_fakes import SURFACE, FakeCard
from tests.unit.card.card_material import (
    HASH_PREFIX,
    ISSUER_ID,
    Face,
    face_certificate,
    key,
    key_value,
    record,
    rsa_block,
    sha,
)

DIGEST = sha(b"challenge")


def split(face: Face, hash_input: HashInput = HashInput.VALUES) -> FaceRecord:
    return split_record(memoryview(face.encode()), hash_input)


def card_with(face: bytes, certificate: bytes) -> FakeCard:
    return FakeCard(
        files={(SURFACE, 2): face + b"\xff" * 100, (SURFACE, 4): certificate + b"\xff" * 100},
        signers={0: lambda block: rsa_block(key("chip"), block)},
    )


def test_a_record_is_split() -> None:
    face = Face()
    parts = split(face)
    assert bytes(parts.photo.view()) == face.photo
    assert bytes(parts.birth_date.view()) == b"19721103"
    assert bytes(parts.sex.view()) == b"1"
    assert bytes(parts.chip_key.view()) == key_value(key("chip"))
    assert bytes(parts.expiry.view()) == b"20341103"
    assert parts.text_hash == sha(b"name picture", b"address picture")
    assert parts.photo_hash == sha(face.photo)
    assert len(parts.signature) == 256


@pytest.mark.parametrize("missing", [0xDF22, 0xDF23, 0xDF24, 0xDF25, 0xDF26, 0xDF27, 0xDF28, 0xDF29])
def test_every_object_is_needed(missing: int) -> None:
    values = Face().values()
    del values[missing]
    with pytest.raises(TlvError):
        split_record(memoryview(record(values)), HashInput.VALUES)


@pytest.mark.parametrize("missing", [0xDF21, 0xDF2A])
def test_offset_table_and_code_picture_are_not(missing: int) -> None:
    values = Face().values()
    del values[missing]
    assert bytes(split_record(memoryview(record(values)), HashInput.VALUES).sex.view()) == b"1"


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0xDF22, b"1972110"), (0xDF22, b"197211030"), (0xDF22, b"1972110A"), (0xDF22, b""), (0xDF23, b""),
        (0xDF23, b"11"), (0xDF23, b"M"), (0xDF29, b"2034-11-3"), (0xDF29, b"203411"), (0xDF24, bytes(265)),
    ],
)  # fmt: skip
def test_objects_of_another_form_are_refused(tag: int, value: bytes) -> None:
    values = Face().values() | {tag: value}
    with pytest.raises(TlvError):
        split_record(memoryview(record(values)), HashInput.VALUES)


def test_duplicates_are_refused() -> None:
    body = Face().encode()[5:] + b"\xdf\x23\x01\x32"
    with pytest.raises(TlvError, match="twice"):
        split_record(memoryview(b"\xff\x20\x82" + len(body).to_bytes(2, "big") + body), HashInput.VALUES)


def fault(face: bytes) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        read_record(CardChannel(card_with(face, b"")), HashInput.VALUES)
    return caught.value


def test_the_record_is_read_from_the_card() -> None:
    parts = read_record(CardChannel(card_with(b"\0\0" + Face().encode(), b"")), HashInput.VALUES)
    assert bytes(parts.birth_date.view()) == b"19721103"


def test_a_30_kilobyte_photo_is_read() -> None:
    face = Face(photo=bytes(30_000))
    parts = read_record(CardChannel(card_with(face.encode(), b"")), HashInput.VALUES)
    assert len(parts.photo) == 30_000


def test_a_photo_beyond_the_file_is_too_large() -> None:
    assert fault(Face(photo=bytes(32_600)).encode()).code is FaultCode.PHOTO_TOO_LARGE


@pytest.mark.parametrize(
    "face",
    [
        b"\xff" * 600,
        b"\xff\x20\x80" + bytes(600),
        Face().encode().replace(b"\xdf\x27\x82", b"\xdf\x27\x83"),
        Face().encode()[:5] + b"\xdf\x22\x82\x7f\xff" + Face().encode()[10:],
    ],
)
def test_lies_about_lengths_are_garbage(face: bytes) -> None:
    assert fault(face).code is FaultCode.CARD_GARBAGE


def test_faults_tell_nothing_of_the_record() -> None:
    error = fault(record(Face().values() | {0xDF22: b"19721103999"}))
    assert error.code is FaultCode.CARD_GARBAGE
    assert "1972" not in str(error)


@pytest.mark.parametrize(("hash_input", "whole"), [(HashInput.VALUES, False), (HashInput.TLV, True)])
def test_the_record_signature_by_values_or_whole_objects(hash_input: HashInput, *, whole: bool) -> None:
    certificate = read_certificate(face_certificate())
    assert check_record(split(Face(whole=whole), hash_input), certificate, hash_input) is RecordCheck.SIGNED
    assert check_record(split(Face(whole=not whole), hash_input), certificate, hash_input) is RecordCheck.WRONG


@pytest.mark.parametrize("tag", [0xDF22, 0xDF23, 0xDF24, 0xDF25, 0xDF26, 0xDF27, 0xDF28])
def test_one_changed_byte_is_found(tag: int) -> None:
    values = Face().values()
    changed = bytearray(values[tag])
    changed[-1] ^= 0x02 if tag == 0xDF24 else 0x01
    values[tag] = bytes(changed)
    parts = split_record(memoryview(record(values)), HashInput.VALUES)
    assert check_record(parts, read_certificate(face_certificate()), HashInput.VALUES) is RecordCheck.WRONG


def test_a_signature_by_an_uncertified_key_is_found() -> None:
    certificate = read_certificate(face_certificate(signer="other"))
    assert check_record(split(Face()), certificate, HashInput.VALUES) is RecordCheck.WRONG


ISSUER = FaceIssuer(ISSUER_ID, key("issuer").public_key())
OTHER_ID = FaceIssuer(bytes(16), key("issuer").public_key())
OTHER_KEY = FaceIssuer(ISSUER_ID, key("other").public_key())


@pytest.mark.parametrize(
    ("issuers", "expected"),
    [
        ([], IssuerCheck.UNKNOWN),
        ([ISSUER], IssuerCheck.VERIFIED),
        ([OTHER_ID], IssuerCheck.UNKNOWN),
        ([FaceIssuer(None, key("issuer").public_key())], IssuerCheck.VERIFIED),
        ([FaceIssuer(None, key("other").public_key())], IssuerCheck.UNKNOWN),
        ([OTHER_KEY], IssuerCheck.UNKNOWN),
        ([OTHER_KEY, OTHER_ID, ISSUER], IssuerCheck.VERIFIED),
    ],
)
def test_issuers(issuers: list[FaceIssuer], expected: IssuerCheck) -> None:
    assert check_issuer(read_certificate(face_certificate()), issuers) is expected


def test_a_certificate_changed_in_one_byte_has_no_issuer() -> None:
    certificate = read_certificate(face_certificate())
    changed = replace(certificate, signed=certificate.signed[:-1] + b"\x03")
    assert check_issuer(changed, [ISSUER]) is IssuerCheck.UNKNOWN


def evidence(card: FakeCard, parts: FaceRecord) -> ChipEvidence:
    return check_chip(CardChannel(card), parts, DIGEST, [ISSUER], HashInput.VALUES)


def test_a_genuine_chip() -> None:
    found = evidence(card_with(Face().encode(), face_certificate()), split(Face()))
    assert (found.chip, found.record, found.issuer) == (ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.VERIFIED)
    assert found.signature == rsa_block(key("chip"), HASH_PREFIX + DIGEST)
    assert found.certificate == face_certificate()


def test_a_copied_record_on_another_chip_is_found() -> None:
    card = card_with(Face().encode(), face_certificate())
    card.signers[0] = lambda block: rsa_block(key("other"), block)
    found = evidence(card, split(Face()))
    assert (found.chip, found.record) == (ChipCheck.WRONG, RecordCheck.SIGNED)


@pytest.mark.parametrize(
    "answer", [(b"", 0x6D00), (b"", 0x6985), (b"", 0x9000), (bytes(256), 0x9000), (bytes(9), 0x9000)]
)
def test_a_chip_that_will_not_prove_itself_is_wrong(answer: tuple[bytes, int]) -> None:
    card = card_with(Face().encode(), face_certificate())
    card.script[2] = answer
    assert evidence(card, split(Face())).chip is ChipCheck.WRONG


def test_a_right_proof_with_an_error_status_is_wrong() -> None:
    card = card_with(Face().encode(), face_certificate())
    card.script[2] = (rsa_block(key("chip"), HASH_PREFIX + DIGEST), 0x6282)
    assert evidence(card, split(Face())).chip is ChipCheck.WRONG


def test_a_broken_certificate_is_garbage() -> None:
    with pytest.raises(DeviceError) as caught:
        evidence(card_with(Face().encode(), b"\x7f\x21\x82\x02\x33" + bytes(600)), split(Face()))
    assert caught.value.code is FaultCode.CARD_GARBAGE


def test_a_record_of_our_own_caller_with_a_broken_key_is_garbage() -> None:
    parts = replace(split(Face()), chip_key=Secret(b"nothing"))
    with pytest.raises(DeviceError) as caught:
        evidence(card_with(Face().encode(), face_certificate()), parts)
    assert caught.value.code is FaultCode.CARD_GARBAGE
