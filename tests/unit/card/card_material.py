"""Keys, a card-face record and certificates for tests, made with an encoder and a signature of the tests' own.

The people are invented. Keys are made once per run (0.1 s each).
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

ISSUER_ID = b"6000023\x08\x05001" + bytes(4)
SUBJECT_ID = b"9920121\x08\x05000" + bytes(4)
POLICY = "1.2.392.200149.8.5.1.3.30"
BEGIN = datetime(2024, 6, 1, 3, tzinfo=UTC)
END = datetime(2029, 11, 2, 14, 59, 59, tzinfo=UTC)

HolderKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key per name: "chip", "signer", "issuer", "ca", "holder", "other"."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def tlv(tag: int, value: bytes) -> bytes:
    """As the card writes it: 82 xx xx above 127 bytes."""
    name = tag.to_bytes(2 if tag > 0xFF else 1, "big")
    length = bytes((len(value),)) if len(value) < 128 else b"\x82" + len(value).to_bytes(2, "big")
    return name + length + value


def key_value(private: rsa.RSAPrivateKey) -> bytes:
    numbers = private.public_key().public_numbers()
    return b"\x90\x82\x01\x00" + numbers.n.to_bytes(256, "big") + b"\x91\x03" + numbers.e.to_bytes(3, "big")


def rsa_block(private: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """Textbook PKCS#1 v1.5 type 1 with integers, independent of the library the product uses."""
    padded = b"\x00\x01" + b"\xff" * (253 - len(block)) + b"\x00" + block
    numbers = private.private_numbers()
    return pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


RECORD_PREFIX = bytes.fromhex("30 71 30 0D 06 09 60 86 48 01 65 03 04 02 01 05 00 04 60")
HASH_PREFIX = bytes.fromhex("30 31 30 0D 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20")


@dataclass(frozen=True)
class Face:
    """Contents of EF 0002; `whole`: the three hashes cover whole objects instead of values."""

    birth: bytes = b"19721103"
    sex: bytes = b"1"
    chip_key: bytes = b""
    photo: bytes = bytes.fromhex("0000000C6A5020200D0A870A") + bytes(range(256)) * 3
    expiry: bytes = b"20341103"
    whole: bool = False

    def values(self) -> dict[int, bytes]:
        values = {
            0xDF21: bytes(18),
            0xDF22: self.birth,
            0xDF23: self.sex,
            0xDF24: self.chip_key or key_value(key("chip")),
            0xDF25: b"name picture",
            0xDF26: b"address picture",
            0xDF27: self.photo,
        }
        parts = {tag: tlv(tag, value) for tag, value in values.items()} if self.whole else values
        groups = ((0xDF22, 0xDF23, 0xDF24), (0xDF25, 0xDF26), (0xDF27,))
        hashed = b"".join(sha(*(parts[tag] for tag in group)) for group in groups)
        values[0xDF28] = rsa_block(key("signer"), RECORD_PREFIX + hashed)
        values[0xDF29] = self.expiry
        values[0xDF2A] = b"code picture"
        return values

    def encode(self) -> bytes:
        return record(self.values())


def record(values: dict[int, bytes]) -> bytes:
    body = b"".join(tlv(tag, value) for tag, value in values.items())
    return b"\xff\x20\x82" + len(body).to_bytes(2, "big") + body


def face_certificate(signer: str = "signer", issuer: str = "issuer") -> bytes:
    """EF 0004: who signs records, certified by whom."""
    body = ISSUER_ID + SUBJECT_ID + key_value(key(signer))
    return tlv(0x7F21, tlv(0x5F4E, body) + tlv(0x5F37, rsa_block(key(issuer), HASH_PREFIX + sha(body))))


@dataclass(frozen=True)
class HolderProfile:
    """What a user-authentication certificate of the tests says."""

    policy: str | None = POLICY
    client_auth: bool | None = True
    digital_signature: bool | None = True
    begin: datetime = BEGIN
    end: datetime = END
    signed_by: str = "ca"
    raw_usage: bytes | None = None


def name_of(unit: str) -> x509.Name:
    parts = ((NameOID.COUNTRY_NAME, "JP"), (NameOID.ORGANIZATION_NAME, "JPKI-TEST"), (NameOID.COMMON_NAME, unit))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


@cache
def authority(name: str = "ca") -> bytes:
    """A CA certificate in DER. All have one and the same subject, as the generations of the real CA do."""
    builder = x509.CertificateBuilder(name_of("CA"), name_of("CA"), key(name).public_key(), 1, BEGIN, END)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(usage_of(digital_signature=False, authority=True), critical=True)
    own = x509.SubjectKeyIdentifier.from_public_key(key(name).public_key())
    return builder.add_extension(own, critical=False).sign(key(name), hashes.SHA256()).public_bytes(Encoding.DER)


def usage_of(*, digital_signature: bool, authority: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=not digital_signature and not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def holder(profile: HolderProfile = HolderProfile(), private: HolderKey | None = None) -> bytes:  # frozen
    """A user-authentication certificate in DER."""
    public = (private or key("holder")).public_key()
    builder = x509.CertificateBuilder(name_of("CA"), name_of("HOLDER"), public, 77, profile.begin, profile.end)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key(profile.signed_by).public_key())
    builder = builder.add_extension(issuer, critical=False)
    if profile.digital_signature is not None:
        builder = builder.add_extension(usage_of(digital_signature=profile.digital_signature), critical=True)
    if profile.raw_usage is not None:
        raw = x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, profile.raw_usage)
        builder = builder.add_extension(raw, critical=True)
    if profile.client_auth is not None:
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if profile.client_auth else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if profile.policy is not None:
        information = x509.PolicyInformation(x509.ObjectIdentifier(profile.policy), None)
        builder = builder.add_extension(x509.CertificatePolicies([information]), critical=True)
    return builder.sign(key(profile.signed_by), hashes.SHA256()).public_bytes(Encoding.DER)
