"""The pure parsers behind one signature each: bytes in, whether they were accepted out.

A target lets through what its parser documents and nothing else, and looks at what was accepted: sizes within bounds,
and no proof that the valid card did not give. Used by the fuzzing by chance (`fuzz_parsers.py`) and the coverage-guided
one (`tools/fuzz`). Raises AssertionError for a wrong answer; any other exception is the parser's own.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from firmware.card import signatures
from firmware.card.apdu import ApduError, CommandApdu
from firmware.card.certificates import CertificateTrust, judge
from firmware.card.guard import Guard
from firmware.card.keys import read_certificate, read_key
from firmware.card.names import DIGEST_INFO_SHA256
from firmware.card.surface import HashInput, check_issuer, check_record, split_record
from firmware.card.tlv import Limits, Node, TlvError, by_tag, parse, read_header
from firmware.core.evidence import FaceRecord
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CertificateCheck, ClockState, IssuerCheck, RecordCheck
from tests.property.card.fuzz_corpus import (
    NOW,
    WHOLE_PHOTO,
    corpus,
    elliptic_certificate,
    elliptic_key,
    elliptic_signature,
)

_BELIEVED = frozenset(CertificateCheck) - {CertificateCheck.UNKNOWN_ISSUER, CertificateCheck.NOT_CHECKED}
"""Everything that is said only of a certificate whose signature was found right."""


@dataclass(frozen=True, slots=True)
class Target:
    """`seeds`: valid inputs, at least one of which is accepted."""

    name: str
    accepts: Callable[[bytes], bool]
    seeds: tuple[bytes, ...]


def read_tlv(data: bytes) -> bool:
    try:
        nodes = parse(data)
    except TlvError:
        return False
    assert b"".join(bytes(node.raw) for node in nodes) == data
    assert _count(nodes) <= Limits().objects
    with contextlib.suppress(TlvError):
        by_tag(nodes)
    return True


def _count(nodes: tuple[Node, ...]) -> int:
    return sum(1 + _count(node.children) for node in nodes)


def read_tlv_header(data: bytes) -> bool:
    try:
        header = read_header(data)
    except TlvError:
        return False
    assert 2 <= header.header_length <= min(len(data), 7)
    assert header.value_length < 1 << 24
    return True


def read_rsa_key(data: bytes) -> bool:
    try:
        key = read_key(data)
    except TlvError:
        return False
    assert 2_048 <= key.key_size <= 4_096
    return True


def read_face_certificate(data: bytes) -> bool:
    try:
        certificate = read_certificate(data)
    except TlvError:
        return False
    genuine = read_certificate(corpus(WHOLE_PHOTO).face_certificate)
    if check_issuer(certificate, corpus(WHOLE_PHOTO).face_issuers()) is IssuerCheck.VERIFIED:
        assert certificate.signed == genuine.signed
        assert certificate.key == genuine.key
    return True


def read_record(data: bytes) -> bool:
    """Both readings of what is signed; a record that counts as signed says what the genuine one says."""
    accepted = False
    for hash_input in HashInput:
        try:
            record = split_record(memoryview(data), hash_input)
        except TlvError:
            continue
        accepted = True
        certificate = read_certificate(corpus(WHOLE_PHOTO).face_certificate)
        if check_record(record, certificate, hash_input) is RecordCheck.SIGNED:
            assert said(record) in genuine_records()
        assert len(record.photo) < 32_768
    return accepted


def said(record: FaceRecord) -> tuple[bytes, ...]:
    """What the record's signature covers and the device uses."""
    return tuple(bytes(part.view()) for part in (record.birth_date, record.sex, record.chip_key, record.photo))


def split_whole(record: bytes) -> FaceRecord:
    return split_record(memoryview(record), HashInput.VALUES)


def judge_certificate(data: bytes) -> bool:
    genuine = corpus(WHOLE_PHOTO)
    try:
        judgement = judge(data, genuine.trust(), NOW, ClockState.SYNCED)
    except DeviceError as error:
        return _refused(error, FaultCode.CERTIFICATE_BROKEN)
    if judgement.check in _BELIEVED or judgement.issuer is not None:
        assert signed_part(data) in {signed_part(certificate) for certificate in _certificates()}
    if judgement.key is not None:
        _sign_like(judgement.key)
    return True


def signed_part(certificate: bytes) -> bytes:
    """What the CA's signature covers. A byte outside may differ: how many bits of the signature's last are unused."""
    return x509.load_der_x509_certificate(certificate).tbs_certificate_bytes


def _sign_like(key: signatures.CertificateKey) -> None:
    """A key that was accepted can be asked about any signature."""
    longest = signatures.longest_signature(key)
    assert longest <= 512
    for answer in (b"", b"\x30\x00", bytes(longest), b"\xff" * 96, b"\xff" * 512):
        assert not signatures.signs(key, answer, _MESSAGE)
        if not isinstance(key, EllipticCurvePublicKey):
            assert signatures.as_der(key, answer) == answer


def check_signature(data: bytes) -> bool:
    """An answer of the next generation's key, in DER or as r and s; (r, -s) is the same signature by definition."""
    key = elliptic_key().public_key()
    der = signatures.as_der(key, data)
    if not signatures.signs(key, data, _MESSAGE):
        return False
    genuine, found = decode_dss_signature(_signature()), decode_dss_signature(der)
    assert genuine[0] == found[0]
    assert found[1] in {genuine[1], _P384_ORDER - genuine[1]}
    return True


_MESSAGE = b"message"
_P384_ORDER = (1 << 384) - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D
"""NIST SP 800-186, 3.2.1.4."""


@cache
def _signature() -> bytes:
    return elliptic_signature(_MESSAGE)


def _plain_signature() -> bytes:
    return b"".join(number.to_bytes(48, "big") for number in decode_dss_signature(_signature()))


def learn_authority(data: bytes) -> bool:
    genuine = corpus(WHOLE_PHOTO)
    trust = CertificateTrust([genuine.issuers.auth_ca_sha256])
    learnt = trust.learn(data)
    assert learnt == (data == genuine.issuers.auth_ca_der)
    return learnt


def learn_pinned(data: bytes) -> bool:
    """Whatever bytes are pinned: a wrong pin in a site's settings must not end in a crash at the counter."""
    return CertificateTrust([hashlib.sha256(data).hexdigest()]).learn(data)


def parse_apdu(data: bytes) -> bool:
    try:
        command = CommandApdu.parse(data)
    except ApduError:
        return False
    assert command.encode() == data
    return True


def pass_guard(data: bytes) -> bool:
    """The guard behind a selected number B, with the forbidden 12-digit VERIFY among the inputs."""
    guard = Guard()
    for opened in _OPENED:
        guard.check(opened)
        guard.settle(0x9000)
    try:
        guard.check(data)
    except DeviceError as error:
        return _refused(error, FaultCode.GUARD_REFUSED)
    assert data[:2] in {b"\x00\xa4", b"\x00\x20", b"\x80\x2a"}
    assert data[1] != 0x20 or len(data) in {4, 5 + 14}
    return True


_OPENED = tuple(bytes.fromhex(text) for text in ("00A4040C0AD3921000310001010402", "00A4020C020012"))


def _refused(error: DeviceError, code: FaultCode) -> bool:
    assert error.code is code
    return False


@cache
def genuine_records() -> tuple[tuple[bytes, ...], ...]:
    """What all records say that the issuer of the corpus ever signed."""
    return tuple(said(split_whole(record)) for record in _records())


@cache
def _records() -> tuple[bytes, ...]:
    return corpus(WHOLE_PHOTO).record, corpus().record


@cache
def _certificates() -> tuple[bytes, ...]:
    """All that the CA of the corpus ever signed."""
    valid = corpus(WHOLE_PHOTO)
    return valid.certificate, elliptic_certificate(valid), valid.issuers.auth_ca_der


@cache
def targets() -> dict[str, Target]:
    """By name."""
    valid = corpus(WHOLE_PHOTO)
    files = (valid.record, valid.face_certificate)
    key = _chip_key(valid.record)
    commands = tuple(_commands())
    made = (
        Target("tlv", read_tlv, (*files, key, _nested())),
        Target("header", read_tlv_header, tuple(file[:7] for file in (*files, valid.certificate))),
        Target("key", read_rsa_key, (key,)),
        Target("face-certificate", read_face_certificate, (valid.face_certificate,)),
        Target("record", read_record, _records()),
        Target(
            "certificate",
            judge_certificate,
            (valid.certificate, elliptic_certificate(valid), valid.issuers.auth_ca_der),
        ),
        Target("authority", learn_authority, (valid.issuers.auth_ca_der,)),
        Target("pinned", learn_pinned, (valid.issuers.auth_ca_der, valid.certificate)),
        Target("signature", check_signature, (_signature(), _plain_signature())),
        Target("apdu", parse_apdu, commands),
        Target("guard", pass_guard, commands),
    )
    return {target.name: target for target in made}


def _chip_key(record: bytes) -> bytes:
    return bytes(split_whole(record).chip_key.view())


def _nested() -> bytes:
    """As deep as is allowed, with primitive objects beside each level."""
    inner = b"\x5a\x01\x00"
    for tag in ("FF20", "7F21", "30"):
        inner = bytes.fromhex(tag) + bytes((len(inner) + 3,)) + b"\x90\x01\x00" + inner
    return inner


def _commands() -> Iterator[bytes]:
    """Allowed and forbidden ones, all forms of length."""
    digest = DIGEST_INFO_SHA256 + bytes(32)
    for digits in (b"", b"0" * 4, b"0" * 12, b"0" * 14):
        yield CommandApdu(0, 0x20, 0, 0x80, digits).encode()
        yield CommandApdu(0, 0x20, 0, 0x80, digits, extended=True).encode()
    yield from _OPENED
    yield bytes.fromhex("00A4020C020013")
    yield bytes.fromhex("00A4040C0AD3921000310001010408")
    yield CommandApdu(0x80, 0x2A, 0, 0, digest, 256).encode()
    yield CommandApdu(0x80, 0x2A, 0, 0, digest, 512, extended=True).encode()
    for expected in (1, 256, 65_536):
        yield CommandApdu(0, 0xB0, 0, 0, b"", expected, extended=expected > 256).encode()
