"""Keys and certificates made on the fly, and small doubles that the publish tests share."""

import datetime as dt
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import (
    Assurance,
    CardChecks,
    CertificateCheck,
    ChipCheck,
    ClockState,
    ConsentAnswer,
    EligibilityCode,
    IssuerCheck,
    MatchBand,
    MatchCode,
    MatchVerdict,
    Method,
    RecordCheck,
    StaffHint,
    VisitOutcome,
    VisitSummary,
)
from firmware.core.queries import ReceptionQuery
from firmware.core.result import ConsentTimes, RecordKind, VisitRecord
from firmware.ports import PublisherCallbacks, StaffRequest
from firmware.publish.seal import ReceptionKeys

NOW = 1_790_000_000.0
VISIT = VisitId("0123456789abcdef0123456789abcdef")


@dataclass
class FixedClock:
    """A clock that stands where the test puts it."""

    at: float = NOW
    trust: ClockState = ClockState.SYNCED

    def now(self) -> float:
        return self.at

    def state(self) -> ClockState:
        return self.trust

    def wall(self, at: float) -> float:
        return self.at + at


@dataclass
class Recorder:
    """Everything the publisher reports, in order."""

    requests: list[StaffRequest] = field(default_factory=list)
    parts: list[tuple[Part, FaultCode | None]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    queries: list[ReceptionQuery] = field(default_factory=list)

    def callbacks(self) -> PublisherCallbacks:
        return PublisherCallbacks(
            request=self.requests.append,
            part_failed=lambda part, fault: self.parts.append((part, fault)),
            part_recovered=lambda part: self.parts.append((part, None)),
            held=self.held.append,
            query=self.queries.append,
        )

    def last(self, part: Part) -> FaultCode | str | None:
        said = [fault for name, fault in self.parts if name is part]
        return (said[-1] or "ok") if said else None


def new_key() -> ECKey:
    return ECKey.generate_key("P-256")


def public_jwk(key: ECKey) -> dict[str, str]:
    return {name: str(value) for name, value in key.as_dict(private=False).items()}


def reception_keys(name: str, encryption: ECKey, signing: ECKey) -> ReceptionKeys:
    return ReceptionKeys(name, public_jwk(encryption), public_jwk(signing))


def record(visit: VisitId = VISIT, kind: RecordKind = RecordKind.RESULT, **changed: object) -> VisitRecord:
    """A full record of an invented person."""
    summary = VisitSummary(
        outcome=VisitOutcome.IDENTIFIED,
        started_at=1.0,
        method=Method.FACE,
        assurance=Assurance.FACE_ISSUER_VERIFIED,
        match=MatchVerdict(MatchCode.MATCH, None, MatchBand.STRICT, "accept", "ab" * 32),
        checks=CardChecks(ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.VERIFIED, CertificateCheck.VALID),
        eligibility=EligibilityCode.VALID,
        consent=ConsentAnswer.GIVEN,
        consented_at=5.0,
        hints=(StaffHint.GO_ON,),
    )
    values: dict[str, object] = {
        "visit": visit,
        "kind": kind,
        "summary": summary,
        "started": NOW - 20,
        "ended": NOW,
        "clock": ClockState.SYNCED,
        "consent_times": ConsentTimes(NOW - 3, NOW + 86397),
        "eligibility": {"InsurerNumber": "06130017", "Name": "架空 花子"},
    }
    return VisitRecord(**(values | changed))  # type: ignore[arg-type]  # members are chosen by name


class Authority:
    """A CA that writes PEM files into a folder."""

    def __init__(self, folder: Path, name: str = "test-ca") -> None:
        self.folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._own = self._built(self._name, self._key.public_key(), ca=True)
        self.certificate = folder / f"{name}.pem"
        self.certificate.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))

    def issue(self, common_name: str) -> tuple[Path, Path]:
        """Certificate and key of one party (also valid for 127.0.0.1)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        made = self._built(subject, key.public_key(), ca=False)
        certificate, private = self.folder / f"{common_name}.pem", self.folder / f"{common_name}.key"
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(pem(key))
        return certificate, private

    def _built(self, subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if ca:
            builder = builder.add_extension(_ca_usage(), critical=True)
        else:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _ca_usage() -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in {"key_cert_sign", "crl_sign"} for name in (*names, *more)})


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8 without a password."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())
