"""Certificates of a JPKI-like hierarchy for tests: right ones, and right ones with one thing changed.

`authority` and `holder` give DER; what they change is named by their arguments. Extensions are replaced by name (None
leaves one out). `resigned` goes below what the library can build: it patches the signed bytes and signs them again.
The people are invented, addresses end in `.invalid`.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from firmware.card.certificates import CertificateTrust, Judgement, judge, load_trust
from firmware.core.outcomes import ClockState
from tests.unit.card.card_material import key, sha, tlv

POLICY = "1.2.392.200149.8.5.1.3.30"
CA_BEGIN, CA_END = datetime(2023, 7, 16, 1, 1, 4, tzinfo=UTC), datetime(2033, 7, 15, 14, 59, 59, tzinfo=UTC)
BEGIN, END = datetime(2024, 6, 1, 3, tzinfo=UTC), datetime(2029, 11, 2, 14, 59, 59, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CA_NAME = "JPKI for user authentication"

Extension = tuple[x509.ExtensionType, bool]
"""With its criticality."""
Changes = Mapping[str, Extension | None]
Hash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def curve_key(name: str) -> ec.EllipticCurvePrivateKey:
    """One P-384 key per name."""
    assert name
    return ec.generate_private_key(ec.SECP384R1())


def rsa_numbers(bits: int, exponent: int = 65_537) -> rsa.RSAPublicKey:
    """A public key of any size without the minutes a real one takes: nobody holds its private half."""
    return rsa.RSAPublicNumbers(exponent, secrets.randbits(bits) | 1 << (bits - 1) | 1).public_key()


def name_of(*parts: str) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")
    return x509.Name([country, *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, part) for part in parts)])


USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def usage(*allowed: str) -> x509.KeyUsage:
    assert set(allowed) <= set(USAGES)
    return x509.KeyUsage(**{name: name in allowed for name in USAGES})


def purposes(*oids: x509.ObjectIdentifier) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage(list(oids))


def policies(*oids: str) -> x509.CertificatePolicies:
    place = ["http://www.jpki-test.invalid/cps.html"]
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), place) for oid in oids])


def key_id(public: CertificatePublicKeyTypes) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(public).digest


def issuer_key(private: PrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(key_id(private.public_key()), None, None)


def hash_of(private: PrivateKey) -> Hash:
    return hashes.SHA256() if isinstance(private, rsa.RSAPrivateKey) else hashes.SHA384()


@dataclass(frozen=True)
class Authority:
    """A CA certificate as in card.md 4.2. All have one name, as the generations of the real CA do."""

    key: PrivateKey
    signed_by: PrivateKey | None = None
    issuer: str = CA_NAME
    hash: Hash | None = None
    serial: int = 0x06D18006
    changes: Changes = field(default_factory=dict)

    def der(self) -> bytes:
        extensions: dict[str, Extension | None] = {
            "usage": (usage("key_cert_sign", "crl_sign"), True),
            "constraints": (x509.BasicConstraints(ca=True, path_length=None), True),
            "own key": (x509.SubjectKeyIdentifier(key_id(self.key.public_key())), False),
        }
        names = (name_of(self.issuer), name_of(CA_NAME))
        builder = x509.CertificateBuilder(*names, self.key.public_key(), self.serial, CA_BEGIN, CA_END)
        return _signed(builder, extensions | dict(self.changes), self.signed_by or self.key, self.hash)


@dataclass(frozen=True)
class Holder:
    """A user-authentication certificate as in card.md 4.1, extensions in its order."""

    key: CertificatePublicKeyTypes | None = None
    signed_by: PrivateKey | None = None
    named: PrivateKey | None = None
    issuer: str = CA_NAME
    hash: Hash | None = None
    begin: datetime = BEGIN
    end: datetime = END
    changes: Changes = field(default_factory=dict)

    def der(self) -> bytes:
        """`named`: whose key identifier is given, where it is not the signer's."""
        public = self.key or key("holder").public_key()
        signer = self.signed_by or key("ca")
        place = x509.DistributionPoint([x509.DirectoryName(name_of("Test City CRLDP"))], None, None, None)
        address = x509.UniformResourceIdentifier("http://ocsp.jpki-test.invalid")
        extensions: dict[str, Extension | None] = {
            "usage": (usage("digital_signature"), True),
            "purposes": (purposes(ExtendedKeyUsageOID.CLIENT_AUTH), False),
            "policies": (policies(POLICY), True),
            "issuer name": (x509.IssuerAlternativeName([x509.DirectoryName(name_of("公的個人認証サービス"))]), False),
            "revocation": (x509.CRLDistributionPoints([place]), False),
            "responder": (
                x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address)]),
                False,
            ),
            "issuer key": (issuer_key(self.named or signer), False),
            "own key": (x509.SubjectKeyIdentifier(key_id(public)), False),
        }
        names = (name_of(self.issuer), name_of("HOLDER"))
        builder = x509.CertificateBuilder(*names, public, 77, self.begin, self.end)
        return _signed(builder, extensions | dict(self.changes), signer, self.hash)


def _signed(
    builder: x509.CertificateBuilder,
    extensions: Changes,
    signer: PrivateKey,
    digest: Hash | None,
) -> bytes:
    for extension in extensions.values():
        if extension is not None:
            builder = builder.add_extension(*extension)
    return builder.sign(signer, digest or hash_of(signer)).public_bytes(Encoding.DER)


@cache
def authority(name: str = "ca") -> bytes:
    """The right CA certificate over `key(name)`."""
    return Authority(key(name)).der()


@cache
def holder(private: PrivateKey | None = None) -> bytes:
    """The right certificate of `private` (default: `key("holder")`), issued by `key("ca")`."""
    return Holder(private.public_key() if private else None).der()


ALGORITHM = bytes.fromhex("300d06092a864886f70d01010b0500")
"""sha256WithRSAEncryption with its NULL."""


def resigned(der: bytes, patch: Callable[[bytes], bytes], outer: bytes = ALGORITHM) -> bytes:
    """A certificate whose signed bytes (content of the TBSCertificate) went through `patch`, signed by `key("ca")`."""
    signed = tlv(0x30, patch(x509.load_der_x509_certificate(der).tbs_certificate_bytes[4:]))
    signature = key("ca").sign(signed, PKCS1v15(), hashes.SHA256())
    return tlv(0x30, signed + outer + tlv(0x03, b"\0" + signature))


def trust_in(*ders: bytes) -> CertificateTrust:
    return load_trust(ders, frozenset(sha(der).hex() for der in ders))


def judged(der: bytes, now: datetime = NOW, clock: ClockState = ClockState.SYNCED) -> Judgement:
    """By a device that knows two generations of the CA."""
    return judge(der, trust_in(authority("other"), authority()), now.timestamp(), clock)
