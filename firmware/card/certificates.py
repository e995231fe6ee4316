"""The user-authentication certificate (EF 000A): issuer, profile, dates with grace and warning. Pure (`cryptography`).

Only pinned CA certificates are trusted, never the one a card brings (card.md 4.2). Months are counted in JST: a
certificate is in grace until the end of the third month after the month it expired in, and `expires_soon` begins three
months before its end (eligibility rules, design.md "certificate"). Wall time is seconds since 1970 UTC. Outcomes are
values; only bytes that are no certificate raise, with CERTIFICATE_BROKEN. Issue B completes the profile of card.md 4.1.
"""

import calendar
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

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

_GRACE_MONTHS = 3
_WARNING_MONTHS = 3
_JST = timezone(timedelta(hours=9))
_RSA_BITS = range(2_048, 8_193)

CertificateKey = RSAPublicKey | EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class CertificateTrust:
    """The CAs a holder's certificate may come from, and the policies of which it must name one."""

    authorities: tuple[x509.Certificate, ...]
    policies: frozenset[x509.ObjectIdentifier]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the check ended, and the holder's public key where it is of a kind we know."""

    check: CertificateCheck
    expires_soon: bool
    key: CertificateKey | None


def load_trust(
    ders: Iterable[bytes], allowed: frozenset[str], policies: Iterable[str] = (AUTH_POLICY,)
) -> CertificateTrust:
    """CA certificates in DER whose SHA-256 (hex) is pinned. Raises CERTIFICATE_UNTRUSTED, CERTIFICATE_BROKEN."""
    pins = {pin.lower() for pin in allowed}
    authorities = []
    for der in ders:
        if hashlib.sha256(der).hexdigest() not in pins:
            raise DeviceError(FaultCode.CERTIFICATE_UNTRUSTED, "a CA certificate is not pinned")
        authorities.append(_load(der))
    return CertificateTrust(tuple(authorities), frozenset(x509.ObjectIdentifier(policy) for policy in policies))


def judge(der: bytes, trust: CertificateTrust, wall: float, clock: ClockState) -> Judgement:
    """Issuer first, then profile, then dates: the first thing wrong is the answer."""
    certificate = _load(der)
    try:
        key = _known_key(certificate)
        if not any(_issued_by(certificate, authority) for authority in trust.authorities):
            return Judgement(CertificateCheck.UNKNOWN_ISSUER, expires_soon=False, key=key)
        fits = key is not None and _fits_profile(certificate.extensions, trust.policies)
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise _broken(error) from error
    if not fits:
        return Judgement(CertificateCheck.WRONG_PROFILE, expires_soon=False, key=key)
    check, soon = _judge_dates(begin, end, wall, clock)
    return Judgement(check, soon, key)


def _load(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion) as error:
        raise _broken(error) from error


def _broken(error: Exception) -> DeviceError:
    """Only the error's class: the parser's text may quote the certificate."""
    return DeviceError(FaultCode.CERTIFICATE_BROKEN, type(error).__name__)


def _known_key(certificate: x509.Certificate) -> CertificateKey | None:
    """The holder's key; size and curve are read from it, nothing is assumed (card.md 4.4)."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return None
    match key:
        case RSAPublicKey() if key.key_size in _RSA_BITS:
            return key
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1 | SECP384R1):
            return key
        case _:
            return None


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """By name and signature. All generations of the CA share one name, so each is tried (card.md 4.2)."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _fits_profile(extensions: x509.Extensions, accepted: frozenset[x509.ObjectIdentifier]) -> bool:
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return False
    named = any(information.policy_identifier in accepted for information in policies)
    return usage.digital_signature and ExtendedKeyUsageOID.CLIENT_AUTH in extended and named


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
