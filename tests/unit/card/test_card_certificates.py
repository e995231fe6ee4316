"""The user-authentication certificate: profile and dates, one line of card.md 4.1 at a time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from firmware.card.certificates import AUTH_POLICY, JPKI_AUTH_CA_SHA256, judge, load_trust
from firmware.card.signatures import CertificateKey
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CertificateCheck, ClockState
from tests.unit.card.card_material import key, sha, tlv
from tests.unit.card.certificate_material import (
    ALGORITHM,
    BEGIN,
    END,
    NOW,
    POLICY,
    Extension,
    Holder,
    authority,
    curve_key,
    holder,
    judged,
    policies,
    purposes,
    resigned,
    rsa_numbers,
    usage,
)

DAY = timedelta(days=1)
SIGN_POLICY = "1.2.392.200149.8.5.1.1.20"


def check(profile: Holder, now: datetime = NOW, clock: ClockState = ClockState.SYNCED) -> CertificateCheck:
    return judged(profile.der(), now, clock).check


def test_a_right_certificate_is_valid() -> None:
    found = judged(holder())
    assert (found.check, found.expires_soon) == (CertificateCheck.VALID, False)
    assert found.key == key("holder").public_key()
    assert (found.issuer, found.ends) == (authority(), date(2029, 11, 2))
    assert "2029" not in repr(found)


@pytest.mark.parametrize(
    "public",
    [
        rsa_numbers(2048),
        rsa_numbers(3072),
        rsa_numbers(4096),
        rsa_numbers(2048, (1 << 32) - 1),
        curve_key("h").public_key(),
    ],
    ids=["2048", "3072", "4096", "largest exponent", "P-384"],
)
def test_these_keys_are_known(public: CertificateKey) -> None:
    found = judged(Holder(public).der())
    assert (found.check, found.key) == (CertificateCheck.VALID, public)


@pytest.mark.parametrize(
    "public",
    [
        rsa_numbers(512),
        rsa_numbers(1024),
        rsa_numbers(2047),
        rsa_numbers(4097),
        rsa_numbers(16_384),
        rsa_numbers(2048, 3),
        rsa_numbers(2048, (1 << 32) + 1),
        ec.generate_private_key(ec.SECP256R1()).public_key(),
        ec.generate_private_key(ec.SECP521R1()).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    ],
    ids=["512", "1024", "2047", "4097", "16384", "e=3", "e=2^32+1", "P-256", "P-521", "secp256k1", "Ed25519"],
)
def test_other_keys_are_wrong(public: CertificatePublicKeyTypes) -> None:
    found = judged(Holder(public).der())
    assert (found.check, found.key, found.ends) == (CertificateCheck.WRONG_PROFILE, None, None)


def flipped(mark: str, by: str) -> Callable[[bytes], bytes]:
    """The signed bytes with their one `mark` (hex) replaced."""

    def patch(signed: bytes) -> bytes:
        old, new = bytes.fromhex(mark), bytes.fromhex(by)
        assert (signed.count(old), len(old)) == (1, len(new))
        return signed.replace(old, new)

    return patch


def test_a_key_of_an_unknown_kind_is_wrong() -> None:
    found = judged(resigned(holder(), flipped("06092a864886f70d010101", "06092a864886f70d010177")))
    assert (found.check, found.key) == (CertificateCheck.WRONG_PROFILE, None)


def test_a_point_beside_the_curve_is_no_key() -> None:
    der = holder(curve_key("h"))
    point = curve_key("h").public_key().public_numbers()
    found = judged(resigned(der, flipped(f"{point.y:096x}", f"{point.y ^ 1:096x}")))
    assert (found.check, found.key) == (CertificateCheck.WRONG_PROFILE, None)


def changed(name: str, extension: x509.ExtensionType | None, *, critical: bool = True) -> Holder:
    changes: dict[str, Extension | None] = {name: None if extension is None else (extension, critical)}
    return Holder(changes=changes)


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
CONSTRAINTS = x509.NameConstraints([x509.DNSName("jpki-test.invalid")], None)
DEVIATIONS = {
    "no key usage": changed("usage", None),
    "key usage not critical": changed("usage", usage("digital_signature"), critical=False),
    "no digitalSignature": changed("usage", usage("key_encipherment")),
    "keyCertSign": changed("usage", usage("digital_signature", "key_cert_sign")),
    "cRLSign": changed("usage", usage("digital_signature", "crl_sign")),
    "nonRepudiation": changed("usage", usage("digital_signature", "content_commitment")),
    "no purposes": changed("purposes", None),
    "another purpose": changed("purposes", purposes(ExtendedKeyUsageOID.SERVER_AUTH)),
    "any purpose": changed("purposes", purposes(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)),
    "no policy": changed("policies", None),
    "another policy": changed("policies", policies(SIGN_POLICY)),
    "any policy": changed("policies", policies("2.5.29.32.0")),
    "policy not critical": changed("policies", policies(POLICY), critical=False),
    "a CA": changed("constraints", x509.BasicConstraints(ca=True, path_length=None)),
    "a CA, not critical": changed("constraints", x509.BasicConstraints(ca=True, path_length=0), critical=False),
    "unknown critical extension": changed("unknown", UNKNOWN),
    "name constraints": changed("names", CONSTRAINTS),
    "another hash": Holder(hash=hashes.SHA512()),
    "SHA-384 with RSA": Holder(hash=hashes.SHA384()),
    "never valid": Holder(begin=END, end=END),
    "longer than eleven years": Holder(end=BEGIN + 11 * 366 * DAY + timedelta(seconds=1)),
    "for ever": Holder(end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
}


@pytest.mark.parametrize("profile", DEVIATIONS.values(), ids=DEVIATIONS.keys())
def test_another_profile_is_wrong(profile: Holder) -> None:
    found = judged(profile.der())
    assert (found.check, found.expires_soon, found.ends) == (CertificateCheck.WRONG_PROFILE, False, None)
    assert (found.issuer, found.key) == (authority(), key("holder").public_key())


TOLERATED = {
    "two purposes": changed(
        "purposes", purposes(ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH)
    ),
    "critical purposes": changed("purposes", purposes(ExtendedKeyUsageOID.CLIENT_AUTH)),
    "two policies": changed("policies", policies("1.2.3", POLICY)),
    "says it is no CA": changed("constraints", x509.BasicConstraints(ca=False, path_length=None)),
    "unknown extension": changed("unknown", UNKNOWN, critical=False),
    "no issuerAltName": changed("issuer name", None),
    "no revocation list": changed("revocation", None),
    "no responder": changed("responder", None),
    "no own key id": changed("own key", None),
    "eleven years": Holder(end=BEGIN + 11 * 366 * DAY),
}


@pytest.mark.parametrize("profile", TOLERATED.values(), ids=TOLERATED.keys())
def test_what_nothing_depends_on_may_differ(profile: Holder) -> None:
    assert check(profile) is CertificateCheck.VALID


def padded_to(size: int) -> bytes:
    """The right certificate with an unknown extension that makes it `size` bytes long."""
    other = len(changed("unknown", x509.UnrecognizedExtension(UNKNOWN.oid, bytes(7_000)), critical=False).der()) - 7_000
    der = changed("unknown", x509.UnrecognizedExtension(UNKNOWN.oid, bytes(size - other)), critical=False).der()
    assert len(der) == size
    return der


def test_a_certificate_may_be_as_long_as_its_file() -> None:
    assert judged(padded_to(8_192)).check is CertificateCheck.VALID


def test_only_version_3_has_a_profile() -> None:
    version_1 = resigned(holder(), lambda signed: signed.removeprefix(bytes.fromhex("a003020102")))
    assert judged(version_1).check is CertificateCheck.WRONG_PROFILE


def test_a_site_may_trust_another_policy() -> None:
    der = authority()
    other = load_trust([der], frozenset({sha(der).hex().upper()}), policies=("1.2.3.5", "1.2.3.4"))
    profile = changed("policies", policies("1.2.3.4"))
    assert judge(profile.der(), other, NOW.timestamp(), ClockState.SYNCED).check is CertificateCheck.VALID
    assert judge(holder(), other, NOW.timestamp(), ClockState.SYNCED).check is CertificateCheck.WRONG_PROFILE


JST_MIDNIGHT = 15
"""Hour in UTC at which the next day begins in Japan."""


@pytest.mark.parametrize(
    ("now", "expected", "soon"),
    [
        (datetime(2024, 6, 1, 2, 59, 59, tzinfo=UTC), CertificateCheck.NOT_YET_VALID, False),
        (datetime(2024, 6, 1, 3, tzinfo=UTC), CertificateCheck.VALID, False),
        (datetime(2029, 8, 2, 14, 59, 58, tzinfo=UTC), CertificateCheck.VALID, False),
        (datetime(2029, 8, 2, 14, 59, 59, tzinfo=UTC), CertificateCheck.VALID, True),
        (datetime(2029, 11, 2, 14, 59, 59, tzinfo=UTC), CertificateCheck.VALID, True),
        (datetime(2029, 11, 2, JST_MIDNIGHT, tzinfo=UTC), CertificateCheck.GRACE, False),
        (datetime(2030, 2, 28, 14, 59, 59, tzinfo=UTC), CertificateCheck.GRACE, False),
        (datetime(2030, 2, 28, JST_MIDNIGHT, tzinfo=UTC), CertificateCheck.EXPIRED, False),
    ],
)
def test_dates(now: datetime, expected: CertificateCheck, *, soon: bool) -> None:
    found = judged(holder(), now)
    assert (found.check, found.expires_soon, found.ends) == (expected, soon, date(2029, 11, 2))


def test_the_month_of_expiry_is_japans() -> None:
    """23:59:59 of 31 October UTC is 1 November in Japan: grace runs to the end of February there."""
    profile = Holder(end=datetime(2029, 10, 31, 23, 59, 59, tzinfo=UTC))
    assert check(profile, datetime(2030, 2, 28, 14, 59, tzinfo=UTC)) is CertificateCheck.GRACE
    assert check(profile, datetime(2030, 2, 28, 15, 0, tzinfo=UTC)) is CertificateCheck.EXPIRED


@pytest.mark.parametrize(("second", "day"), [(-1, date(2029, 11, 2)), (0, date(2029, 11, 3))])
def test_the_last_day_is_japans(second: int, day: date) -> None:
    midnight = datetime(2029, 11, 2, JST_MIDNIGHT, tzinfo=UTC)
    assert judged(Holder(end=midnight + timedelta(seconds=second)).der()).ends == day


def test_the_warning_begins_on_the_last_day_of_a_shorter_month() -> None:
    der = Holder(end=datetime(2029, 5, 31, 14, 59, 59, tzinfo=UTC)).der()
    assert not judged(der, datetime(2029, 2, 28, 14, 59, 58, tzinfo=UTC)).expires_soon
    assert judged(der, datetime(2029, 2, 28, 14, 59, 59, tzinfo=UTC)).expires_soon


def test_the_last_moment_of_the_calendar_is_no_error() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    found = judged(Holder(begin=last - DAY, end=last).der())
    assert (found.check, found.ends) == (CertificateCheck.NOT_YET_VALID, last.date())


def test_an_unknown_clock_checks_no_dates_but_everything_else() -> None:
    late = datetime(2040, 1, 1, tzinfo=UTC)
    found = judged(holder(), late, ClockState.UNKNOWN)
    assert (found.check, found.expires_soon) == (CertificateCheck.DATES_NOT_CHECKED, False)
    assert found.ends == date(2029, 11, 2)
    assert check(DEVIATIONS["no policy"], late, ClockState.UNKNOWN) is CertificateCheck.WRONG_PROFILE
    assert check(Holder(signed_by=key("holder")), late, ClockState.UNKNOWN) is CertificateCheck.UNKNOWN_ISSUER


def test_holdover_is_trusted_enough_for_dates() -> None:
    assert check(Holder(), datetime(2040, 1, 1, tzinfo=UTC), ClockState.HOLDOVER) is CertificateCheck.EXPIRED


def test_the_first_thing_wrong_is_the_answer() -> None:
    late = datetime(2040, 1, 1, tzinfo=UTC)
    wrong = DEVIATIONS["no policy"]
    assert check(replace(wrong, signed_by=key("holder")), late) is CertificateCheck.UNKNOWN_ISSUER
    assert check(wrong, late) is CertificateCheck.WRONG_PROFILE


KEY_USAGE = bytes.fromhex("300e 0603551d0f 0101ff 0404 03020780")
"""The extension as the right certificate has it: critical, digitalSignature."""


def with_extension(extension: bytes) -> bytes:
    """The right certificate with one more extension, its DER given, in front of the others."""

    def patch(signed: bytes) -> bytes:
        first = signed.index(KEY_USAGE)
        headers = 8  # A3 82 xx xx 30 82 xx xx
        return signed[: first - headers] + tlv(0xA3, tlv(0x30, extension + signed[first:]))

    return resigned(holder(), patch)


BROKEN = {
    "empty": b"",
    "empty sequence": b"\x30\x00",
    "zeros": b"\x30\x82\x06\x32" + bytes(0x632),
    "cut off": holder()[:-1],
    "trailing byte": holder() + b"\0",
    "indefinite length": b"\x30\x80" + holder()[4:] + bytes(2),
    "not the shortest length": b"\x30\x83\0" + holder()[2:],
    "too long": padded_to(8_193),
    "extension of rubbish": changed("usage", x509.UnrecognizedExtension(x509.KeyUsage.oid, b"HOLDER")).der(),
    "extension twice": with_extension(KEY_USAGE),
    "version 2": resigned(holder(), flipped("a003020102", "a003020101")),
    "month 13": resigned(holder(), flipped(b"291102145959Z".hex(), b"291302145959Z".hex())),
    "no certificate": authority().replace(b"\x30", b"\x31", 1),
}


@pytest.mark.parametrize("der", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_certificate_is_broken(der: bytes) -> None:
    with pytest.raises(DeviceError) as caught:
        judged(der)
    assert caught.value.code is FaultCode.CERTIFICATE_BROKEN
    assert caught.value.detail in {"ValueError", "InvalidVersion", "DuplicateExtension", "too long"}


def test_the_bytes_below_the_library_are_right() -> None:
    """What `resigned` and `with_extension` make is a certificate: only the change itself makes it a wrong one."""
    harmless = tlv(0x30, bytes.fromhex("06032a0304") + tlv(0x04, b"\x05\x00"))
    for der in (resigned(holder(), lambda signed: signed), with_extension(harmless)):
        assert judged(der).check is CertificateCheck.VALID


def test_inner_and_outer_algorithm_must_agree() -> None:
    outer = ALGORITHM.replace(bytes.fromhex("01010b"), bytes.fromhex("01010c"))
    assert judged(resigned(holder(), lambda signed: signed, outer)).check is CertificateCheck.UNKNOWN_ISSUER


def test_the_real_policy_and_pins() -> None:
    assert AUTH_POLICY == POLICY
    assert {pin.upper() for pin in JPKI_AUTH_CA_SHA256} == {
        "4DCFC4CA0AAF9FB2A3081B3F0C991C320B3ACC008667A341EEAEC5AF1D58CA7D",
        "0D98DE47FC11B7F67126874B7028B6026A803D2638D6EDFE53176953961FADE6",
        "64114F29620C24ED2631D46476A040E7EE740D956089C00B036A6A8118C322B5",
    }
