"""The site's own CA and the certificates it issues: EC P-256, ES256, X.509 v3.

Called by `make_site.py`; no network. Times are wall time; leaves live 400 days (messaging-and-security.md 3.3), the CA
ten years. Raises ValueError for a host that is neither an address nor a name.
"""

import datetime as dt
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LEAF_DAYS = 400
CA_DAYS = 3650


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Authority:
    """A CA for one site. Its key signs nothing but this site's certificates."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, site: str) -> "Authority":
        key = new_key()
        name = _name(f"Madoguchi site {site}")
        builder = _builder(name, name, key, CA_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(ca=True), critical=True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    def server(self, common_name: str, key: ec.EllipticCurvePrivateKey, hosts: Iterable[str]) -> bytes:
        """PEM of a TLS server's certificate for `hosts` (names or addresses)."""
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        return self._leaf(common_name, key, ExtendedKeyUsageOID.SERVER_AUTH, names)

    def client(self, common_name: str, key: ec.EllipticCurvePrivateKey) -> bytes:
        """PEM of a TLS client's certificate; the broker takes its common name as the user name."""
        names = x509.SubjectAlternativeName([x509.DNSName(common_name)])
        return self._leaf(common_name, key, ExtendedKeyUsageOID.CLIENT_AUTH, names)

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def _leaf(
        self,
        common_name: str,
        key: ec.EllipticCurvePrivateKey,
        purpose: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName,
    ) -> bytes:
        builder = _builder(_name(common_name), self.certificate.subject, key, LEAF_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(ca=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(names, critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    # One day back: the machines of a clinic do not agree on the time.
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
