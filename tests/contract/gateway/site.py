"""A small site for these tests: a CA of EC keys, certificates for server and device on 127.0.0.1."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from firmware.eligibility.config import TlsFiles
from firmware.sim.gateway.config import ServerFiles


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Authority:
    """A CA and the folder its files go to."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        folder.mkdir(parents=True)
        key = new_key()
        authority = cls(folder, key, _issue(key, "site", key, "site", ca=True))
        (folder / "ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
        return authority

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def _pair(self, name: str, host: str | None, days: tuple[int, int] = (-1, 1)) -> tuple[Path, Path]:
        key = new_key()
        certificate = _issue(key, name, self.key, "site", host=host, days=days)
        paths = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return paths

    def server(self, client_ca: Path | None = None, host: str = "127.0.0.1") -> ServerFiles:
        return ServerFiles(*self._pair(f"server-{host}", host), client_ca or self.ca)

    def server_of_days(self, begin: int, end: int) -> ServerFiles:
        """A server whose certificate is good from one day to another, reckoned from today."""
        return ServerFiles(*self._pair(f"server{begin}{end}", "127.0.0.1", (begin, end)), self.ca)

    def server_by_common_name(self, host: str) -> ServerFiles:
        """A server whose certificate has its host name where a person's or a device's name stands."""
        return ServerFiles(*self._pair(host, None), self.ca)

    def client(self, name: str, ca: Path | None = None) -> TlsFiles:
        return TlsFiles(ca or self.ca, *self._pair(name, None))


def _issue(
    key: ec.EllipticCurvePrivateKey,
    name: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    issuer: str,
    *,
    ca: bool = False,
    host: str | None = None,
    days: tuple[int, int] = (-1, 1),
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if host is not None:
        address = x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
