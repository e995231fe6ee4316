"""The user-authentication certificate (EF 000A): issuer, profile, dates with grace and warning (`cryptography`).

Trust is a list of pinned SHA-256 values (card.md 4.2). The CA certificate itself may come from a file or from EF 000B
of any card: what is not pinned is not taken. The issuer is chosen by key identifier, since every generation of the CA
has one and the same name, and proved by its signature before anything else of the certificate is believed. The pin also
stands for the CA's dates: a CA is trusted for as long as it is pinned.

Months are counted in JST: a certificate is in grace until the end of the third month after the month it expired in, and
`expires_soon` begins three months before its end (eligibility rules, design.md "certificate"). Wall time is seconds
since 1970 UTC. Outcomes are values; only bytes that are no certificate raise, with CERTIFICATE_BROKEN. Card lane only:
`CertificateTrust` learns. What card.md 4.1 lists but nothing depends on is not judged: subject, issuerAltName, CRL and
OCSP addresses.
"""

import calendar
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, SignatureAlgorithmOID

from firmware.card.signatures import CertificateKey
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CertificateCheck, ClockState

AUTH_POLICY = "1.2.392.200149.8.5.1.3.30"
"""Policy of user-authentication certificates on the plastic card (card.md 4.1)."""

JPKI_AUTH_CA_SHA256 = frozenset(
    {
        "4dcfc4ca0aaf9fb2a3081b3f0c991c320b3acc008667a341eeaec5af1d58ca7d",
        "0d98de47fc11b7f67126874b7028b6026a803d2638d6edfe53176953961fade6",
        "64114f29620c24ed2631d46476a040e7ee740d956089c00b036a6a8118c322b5",
    },
)
"""SHA-256 over the DER of the CA certificates of 2015, 2019 and 2023 (card.md 4.2)."""

_LONGEST_DER = 8_192
"""Bytes. Real ones have up to 1,600 (card.md 6)."""
_LONGEST_VALIDITY = timedelta(days=11 * 366)
"""Next-generation certificates run ten years (card.md 4.4), to a birthday."""
_SIGNATURE_ALGORITHMS = frozenset({SignatureAlgorithmOID.RSA_WITH_SHA256, SignatureAlgorithmOID.ECDSA_WITH_SHA384})
"""Today's cards and the next generation (card.md 4.1, 4.4)."""
_RSA_BITS = range(2_048, 4_097)
_RSA_EXPONENTS = range(65_537, 1 << 32, 2)
_SERIALS_END = 1 << 159
"""Positive and at most 20 bytes (RFC 5280, 4.1.2.2)."""
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    },
)
"""Extensions that are judged here: any other must not be critical (RFC 5280, 4.2)."""

_UNREADABLE = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for bytes that are no certificate (TypeError: a BIT STRING as part of a name)."""

_GRACE_MONTHS = 3
_WARNING_MONTHS = 3
_JST = timezone(timedelta(hours=9))

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True, repr=False)
class Judgement:
    """How the check ended.

    `key`: the holder's public key where it is of a kind we know; proved only with an `issuer`.
    `issuer`: the CA certificate (DER) that signed, None where none did.
    `ends`: last day of validity in Japan (a birthday of the holder), None unless issuer and profile are right.
    """

    check: CertificateCheck
    expires_soon: bool
    key: CertificateKey | None
    issuer: bytes | None = None
    ends: date | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ParsedCertificate:
    """A certificate all of whose parts could be read; the library itself reads them late."""

    certificate: x509.Certificate
    extensions: x509.Extensions
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class _Authority:
    der: bytes
    certificate: x509.Certificate
    key_id: bytes


class CertificateTrust:
    """The CAs a holder's certificate may come from, and the policies of which it must name one.

    `pins`: SHA-256 (hex) of CA certificates. Nothing is known of a CA until its certificate was learnt.
    """

    def __init__(self, pins: Iterable[str], policies: Iterable[str] = (AUTH_POLICY,)) -> None:
        self.pins = frozenset(pin.lower() for pin in pins)
        self.policies = frozenset(x509.ObjectIdentifier(policy) for policy in policies)
        self._authorities: dict[str, _Authority] = {}

    def learn(self, der: bytes) -> bool:
        """Take a CA certificate (EF 000B) if it is pinned and fits card.md 4.2; whether it is known now."""
        fingerprint = _fingerprint(der)
        if fingerprint not in self.pins:
            return False
        if fingerprint not in self._authorities:
            authority = _read_authority(der)
            if authority is None:
                return False
            self._authorities[fingerprint] = authority
        return True

    def knows_issuer_of(self, der: bytes) -> bool:
        """Whether a CA with the key id that this certificate names was learnt. Raises CERTIFICATE_BROKEN."""
        return bool(self._named_by(_parse(der)))

    def _named_by(self, parsed: ParsedCertificate) -> list[_Authority]:
        """Normally one; two only where a CA's certificate was renewed for the same key."""
        named = _find(parsed.extensions, x509.AuthorityKeyIdentifier)
        if named is None:
            return []
        return [known for known in self._authorities.values() if known.key_id == named.value.key_identifier]

    def issuer_of(self, parsed: ParsedCertificate) -> bytes | None:
        """DER of the CA whose key id and name the certificate gives and whose key signed it."""
        for authority in self._named_by(parsed):
            if _signed_by(parsed.certificate, authority.certificate):
                return authority.der
        return None


def load_trust(
    ders: Iterable[bytes], allowed: frozenset[str], policies: Iterable[str] = (AUTH_POLICY,)
) -> CertificateTrust:
    """Trust in the pinned CAs, those in `ders` known from the start; the others come from cards.

    Raises CERTIFICATE_UNTRUSTED for a file that is not pinned, CERTIFICATE_BROKEN for one that is no CA certificate.
    """
    trust = CertificateTrust(allowed, policies)
    for der in ders:
        if _fingerprint(der) not in trust.pins:
            raise DeviceError(FaultCode.CERTIFICATE_UNTRUSTED, "a CA certificate is not pinned")
        if not trust.learn(der):
            raise DeviceError(FaultCode.CERTIFICATE_BROKEN, "a pinned file is no CA certificate")
    return trust


def judge(der: bytes, trust: CertificateTrust, wall: float, clock: ClockState) -> Judgement:
    """Issuer first, then profile, then dates: the first thing wrong is the answer. Raises CERTIFICATE_BROKEN."""
    parsed = _parse(der)
    key = _known_key(parsed.certificate)
    issuer = trust.issuer_of(parsed)
    if issuer is None:
        return Judgement(CertificateCheck.UNKNOWN_ISSUER, expires_soon=False, key=key)
    if key is None or not _fits_profile(parsed, trust.policies):
        return Judgement(CertificateCheck.WRONG_PROFILE, expires_soon=False, key=key, issuer=issuer)
    check, soon = _judge_dates(parsed.begin, parsed.end, wall, clock)
    return Judgement(check, soon, key, issuer, _local(parsed.end).date())


def _fingerprint(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def _parse(der: bytes) -> ParsedCertificate:
    """Only the error's class is told: the parser's text may quote the certificate."""
    if len(der) > _LONGEST_DER:
        raise DeviceError(FaultCode.CERTIFICATE_BROKEN, "too long")
    try:
        certificate = x509.load_der_x509_certificate(der)
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        parsed = ParsedCertificate(certificate, certificate.extensions, begin, end)
    except _UNREADABLE as error:
        raise DeviceError(FaultCode.CERTIFICATE_BROKEN, type(error).__name__) from None
    if not der.endswith(b"\0" + certificate.signature):
        # The one byte that the library lets differ: unused bits of the signature, where it happens to end in zeros.
        raise DeviceError(FaultCode.CERTIFICATE_BROKEN, "unused bits")
    return parsed


def _find(extensions: x509.Extensions, kind: type[_Kind]) -> x509.Extension[_Kind] | None:
    try:
        return extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _known_key(certificate: x509.Certificate) -> CertificateKey | None:
    """The certified key, if of a kind and size that a card may have (card.md 4.1, 4.4)."""
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return None
    match key:
        case RSAPublicKey() if _is_sane(key):
            return key
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP384R1):
            return key
        case _:
            return None


def _is_sane(key: RSAPublicKey) -> bool:
    numbers = key.public_numbers()
    return key.key_size in _RSA_BITS and numbers.e in _RSA_EXPONENTS and numbers.n % 2 == 1


def _signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """The authority's name as issuer, and a signature by its key."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _read_authority(der: bytes) -> _Authority | None:
    """A CA certificate as card.md 4.2 has it: a self-signed root with a key identifier."""
    try:
        parsed = _parse(der)
    except DeviceError:
        return None
    constraints = _find(parsed.extensions, x509.BasicConstraints)
    usage = _find(parsed.extensions, x509.KeyUsage)
    own = _find(parsed.extensions, x509.SubjectKeyIdentifier)
    if constraints is None or usage is None or own is None:
        return None
    fits = (
        constraints.critical
        and constraints.value.ca
        and usage.value.key_cert_sign
        and parsed.certificate.signature_algorithm_oid in _SIGNATURE_ALGORITHMS
        and _known_key(parsed.certificate) is not None
        and _signed_by(parsed.certificate, parsed.certificate)
    )
    return _Authority(der, parsed.certificate, own.value.key_identifier) if fits else None


def _fits_profile(parsed: ParsedCertificate, accepted: frozenset[x509.ObjectIdentifier]) -> bool:
    """The lines of card.md 4.1 besides the key and the issuer."""
    return (
        parsed.certificate.version is x509.Version.v3
        and parsed.certificate.signature_algorithm_oid in _SIGNATURE_ALGORITHMS
        and 0 < parsed.certificate.serial_number < _SERIALS_END
        and timedelta() < parsed.end - parsed.begin <= _LONGEST_VALIDITY
        and all(extension.oid in _UNDERSTOOD for extension in parsed.extensions if extension.critical)
        and _is_for_authentication(parsed.extensions)
        and _names_policy(parsed.extensions, accepted)
        and not _is_authority(parsed.extensions)
    )


def _is_for_authentication(extensions: x509.Extensions) -> bool:
    """Uses: digitalSignature, clientAuth. nonRepudiation marks the card's other certificate, which signs documents."""
    usage = _find(extensions, x509.KeyUsage)
    purposes = _find(extensions, x509.ExtendedKeyUsage)
    if usage is None or purposes is None:
        return False
    allowed = usage.value
    other = allowed.content_commitment or allowed.key_cert_sign or allowed.crl_sign
    authenticates = usage.critical and allowed.digital_signature and not other
    return authenticates and ExtendedKeyUsageOID.CLIENT_AUTH in purposes.value


def _names_policy(extensions: x509.Extensions, accepted: frozenset[x509.ObjectIdentifier]) -> bool:
    policies = _find(extensions, x509.CertificatePolicies)
    if policies is None or not policies.critical:
        return False
    return any(information.policy_identifier in accepted for information in policies.value)


def _is_authority(extensions: x509.Extensions) -> bool:
    constraints = _find(extensions, x509.BasicConstraints)
    return constraints is not None and constraints.value.ca


def _judge_dates(begin: datetime, end: datetime, wall: float, clock: ClockState) -> tuple[CertificateCheck, bool]:
    if clock is ClockState.UNKNOWN:
        return CertificateCheck.DATES_NOT_CHECKED, False
    now = datetime.fromtimestamp(wall, UTC)
    if now < begin:
        return CertificateCheck.NOT_YET_VALID, False
    if now <= end:
        return CertificateCheck.VALID, _local(now) >= _months_before(_local(end), _WARNING_MONTHS)
    in_grace = _month(_local(now)) <= _month(_local(end)) + _GRACE_MONTHS
    return (CertificateCheck.GRACE if in_grace else CertificateCheck.EXPIRED), False


def _local(moment: datetime) -> datetime:
    """Japanese wall-clock time; the last hours of year 9999 stay what they are (there is no year 10000)."""
    try:
        return moment.astimezone(_JST)
    except OverflowError:
        return moment.replace(tzinfo=_JST)


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _months_before(moment: datetime, months: int) -> datetime:
    """The same day and time `months` earlier, or that month's last day."""
    year, month = divmod(_month(moment) - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
