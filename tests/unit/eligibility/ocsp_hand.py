"""OCSP answers written byte by byte (RFC 6960, 4.2.1), so that no parser's own encoder stands on both sides."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

SHA1 = "06052b0e03021a"
SHA256 = "0609608648016503040201"
NONCE = "06092b0601050507300102"
NOBODY_KNOWS = "06032a0304"
BASIC = "06092b0601050507300101"
ALGORITHMS = {
    "rsa-sha1": ("06092a864886f70d010105", hashes.SHA1()),  # noqa: S303  (to be refused)
    "rsa-sha256": ("06092a864886f70d01010b", hashes.SHA256()),
    "rsa-sha512": ("06092a864886f70d01010d", hashes.SHA512()),
    "ec-sha1": ("06072a8648ce3d0401", hashes.SHA1()),  # noqa: S303  (to be refused)
    "ec-sha256": ("06082a8648ce3d040302", hashes.SHA256()),
    "ec-sha384": ("06082a8648ce3d040303", hashes.SHA384()),
}
GOOD, REVOKED, UNKNOWN = "8000", "a111180f32303236313132313030303030305a", "8200"
"""CertStatus; revoked since 2026-11-21."""


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def moment(at: datetime) -> bytes:
    return der(0x18, f"{at:%Y%m%d%H%M%SZ}".encode())


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return der(0x30, bytes.fromhex(oid), b"\x01\x01\xff" if critical else b"", der(0x04, value))


def key_bits(certificate: x509.Certificate) -> bytes:
    """Content of the BIT STRING in SubjectPublicKeyInfo."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(frozen=True)
class Party:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def sign(self, data: bytes, algorithm: str) -> bytes:
        digest = ALGORITHMS[algorithm][1]
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), digest)
        return self.key.sign(data, ec.ECDSA(digest))


@dataclass(frozen=True)
class Profile:
    """What a test wants different in a certificate."""

    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.OCSP_SIGNING,)
    digital_signature: bool | None = None
    begin: datetime = NOW - timedelta(days=30)
    end: datetime = NOW + timedelta(days=30)
    strange: bool = False


def issue(name: str, key: Key, issuer: Party | None = None, profile: Profile = Profile()) -> Party:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(profile.begin)
        .not_valid_after(profile.end)
    )
    if profile.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(profile.purposes), critical=False)
    if profile.digital_signature is not None:
        usage = [profile.digital_signature, not profile.digital_signature, *[False] * 7]
        builder = builder.add_extension(x509.KeyUsage(*usage), critical=True)
    if profile.strange:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=True)
    return Party(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


@dataclass(frozen=True)
class Answer:
    """What a responder says; each member can be made wrong."""

    issuer: Party
    subject: Party
    nonce: bytes | None = None
    status: str = GOOD
    signer: Party | None = None
    named: Party | None = None
    by_key: bool = False
    algorithm: str = "rsa-sha256"
    produced: datetime = NOW
    begin: datetime = NOW
    end: datetime | None = NOW + timedelta(hours=1)
    hash_oid: str = SHA1
    said_hash_oid: str | None = None
    serial: int | None = None
    certificates: tuple[bytes, ...] = ()
    extensions: tuple[bytes, ...] = ()
    single_extensions: tuple[bytes, ...] = ()
    repeated: int = 1
    code: int = 0
    spoilt: bool = False

    def encoded(self) -> bytes:
        if self.code:
            return der(0x30, bytes([0x0A, 1, self.code]))
        signer = self.signer or self.issuer
        content = self._content(self.named or signer)
        signature = signer.sign(content + bytes(self.spoilt), self.algorithm)
        oid = bytes.fromhex(ALGORITHMS[self.algorithm][0])
        null = b"\x05\x00" if self.algorithm.startswith("rsa") else b""
        certificates = der(0xA0, der(0x30, *self.certificates)) if self.certificates else b""
        basic = der(0x30, content, der(0x30, oid, null), der(0x03, b"\x00", signature), certificates)
        return der(0x30, b"\x0a\x01\x00", der(0xA0, der(0x30, bytes.fromhex(BASIC), der(0x04, basic))))

    def _content(self, named: Party) -> bytes:
        if self.by_key:
            responder = der(0xA2, der(0x04, hashlib.sha1(key_bits(named.certificate), usedforsecurity=False).digest()))
        else:
            responder = der(0xA1, named.certificate.subject.public_bytes())
        nonce = () if self.nonce is None else (extension(NONCE, der(0x04, self.nonce)),)
        extensions = (*nonce, *self.extensions)
        return der(
            0x30,
            responder,
            moment(self.produced),
            der(0x30, *[self._single()] * self.repeated),
            der(0xA1, der(0x30, *extensions)) if extensions else b"",
        )

    def _single(self) -> bytes:
        return der(
            0x30,
            self._certificate_id(),
            bytes.fromhex(self.status),
            moment(self.begin),
            b"" if self.end is None else der(0xA0, moment(self.end)),
            der(0xA1, der(0x30, *self.single_extensions)) if self.single_extensions else b"",
        )

    def _certificate_id(self) -> bytes:
        name = "sha1" if self.hash_oid == SHA1 else "sha256"
        issuer = self.issuer.certificate
        serial = self.subject.certificate.serial_number if self.serial is None else self.serial
        return der(
            0x30,
            der(0x30, bytes.fromhex(self.said_hash_oid or self.hash_oid), b"\x05\x00"),
            der(0x04, hashlib.new(name, issuer.subject.public_bytes()).digest()),
            der(0x04, hashlib.new(name, key_bits(issuer)).digest()),
            der(0x02, serial.to_bytes(serial.bit_length() // 8 + 1, "big")),
        )
