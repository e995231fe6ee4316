"""X.509 certificates of the test hierarchy: a JPKI-like CA and the holder's user-authentication certificate.

Pure, any thread. Times are aware datetimes in UTC. Source: facts card.md 4.1, 4.2, 4.4. The OCSP address is invented
(`.invalid`), so that nothing ever asks the real responder about a test certificate.
"""

import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from firmware.sim.card.keys import PrivateKey, PublicKey
from firmware.sim.card.person import Municipality

TEST_ORGANISATION = "JPKI-TEST"
AUTH_UNIT = "JPKI for user authentication"
SIGN_UNIT = "JPKI for digital signature"
AUTH_POLICY = "1.2.392.200149.8.5.1.3.30"
_AGENCY = "Japan Agency for Local Authority Information Systems"
_CA_YEARS = timedelta(days=3652)
_SUBJECT_SHAPE = "999999A99AAAAA"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certification authority: its certificate and the key behind it."""

    certificate: x509.Certificate
    key: PrivateKey


def signature_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """SHA-256 beside RSA, SHA-384 beside P-384 (card.md 4.1, 4.4)."""
    return hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey) else hashes.SHA384()


def _name(*units: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")
    return x509.Name([country, *(x509.NameAttribute(kind, text) for kind, text in units)])


def _ca_name(organisation: str, unit: str) -> x509.Name:
    return _name(
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, _AGENCY),
    )


def _key_usage(*, signature: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signature,
        crl_sign=not signature,
        encipher_only=False,
        decipher_only=False,
    )


def _serial(size: int) -> int:
    """A positive serial number that takes exactly `size` bytes in DER."""
    return secrets.randbits(8 * size - 2) | 1 << (8 * size - 2)


def make_authority(
    key: PrivateKey, since: datetime, *, organisation: str = TEST_ORGANISATION, unit: str = AUTH_UNIT
) -> Authority:
    """A self-signed CA, valid for ten years from `since`."""
    name = _ca_name(organisation, unit)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(_serial(3))
        .not_valid_before(since)
        .not_valid_after(since + _CA_YEARS)
        .add_extension(_key_usage(signature=False), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, signature_hash(key))
    )
    return Authority(certificate, key)


def _subject_cn(municipality: str) -> str:
    """23 characters that say nothing about the holder except where the card was issued."""
    pools = {"9": string.digits, "A": string.ascii_uppercase}
    return "".join(secrets.choice(pools[kind]) for kind in _SUBJECT_SHAPE) + municipality + "003A"


def _policies() -> x509.CertificatePolicies:
    policy = x509.ObjectIdentifier(AUTH_POLICY)
    return x509.CertificatePolicies([x509.PolicyInformation(policy, ["http://www.jpki.go.jp/cps.html"])])


def _issuer_alternative_name() -> x509.IssuerAlternativeName:
    name = _name(
        (NameOID.ORGANIZATION_NAME, "公的個人認証サービス"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "公的個人認証サービス利用者証明用"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "地方公共団体情報システム機構"),
    )
    return x509.IssuerAlternativeName([x509.DirectoryName(name)])


def _revocation_list(organisation: str, municipality: Municipality) -> x509.CRLDistributionPoints:
    place = _name(
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, AUTH_UNIT),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "CRL Distribution Points"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, municipality.prefecture),
        (NameOID.COMMON_NAME, f"{municipality.name} CRLDP"),
    )
    point = x509.DistributionPoint([x509.DirectoryName(place)], None, None, None)
    return x509.CRLDistributionPoints([point])


def _responder() -> x509.AuthorityInformationAccess:
    address = x509.UniformResourceIdentifier("http://ocspauthnorm.jpki-test.invalid")
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address)])


def _authority_key(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Key id, issuer and serial: all three, since every generation of the CA has the same name."""
    own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier(own.digest, [x509.DirectoryName(authority.issuer)], authority.serial_number)


def make_holder_certificate(
    authority: Authority, key: PublicKey, place: Municipality, since: datetime, until: datetime
) -> bytes:
    """DER of a user-authentication certificate with the profile of card.md 4.1, extensions in its order."""
    organisation = authority.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name((NameOID.COMMON_NAME, _subject_cn(place.code))))
        .issuer_name(authority.certificate.subject)
        .public_key(key)
        .serial_number(_serial(4))
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(_key_usage(signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(_policies(), critical=True)
        .add_extension(_issuer_alternative_name(), critical=False)
        .add_extension(_revocation_list(str(organisation), place), critical=False)
        .add_extension(_responder(), critical=False)
        .add_extension(_authority_key(authority.certificate), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    return builder.sign(authority.key, signature_hash(authority.key)).public_bytes(Encoding.DER)
