"""The user-authentication certificate: issuer, profile and dates, at the edges of each."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.card.certificates import AUTH_POLICY, JPKI_AUTH_CA_SHA256, CertificateTrust, Judgement, judge, load_trust
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CertificateCheck, ClockState
from tests.unit.card.card_material import POLICY, HolderProfile, authority, holder, key, sha

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def trust(*names: str) -> CertificateTrust:
    ders = [authority(name) for name in names]
    return load_trust(ders, frozenset(sha(der).hex() for der in ders))


def judged(der: bytes, now: datetime = NOW, clock: ClockState = ClockState.SYNCED) -> Judgement:
    return judge(der, trust("other", "ca"), now.timestamp(), clock)


def check(profile: HolderProfile, now: datetime = NOW, clock: ClockState = ClockState.SYNCED) -> CertificateCheck:
    return judged(holder(profile), now, clock).check


def test_a_certificate_of_a_pinned_ca_is_valid() -> None:
    found = judged(holder())
    assert (found.check, found.expires_soon) == (CertificateCheck.VALID, False)
    assert found.key == key("holder").public_key()


def test_elliptic_keys_are_known() -> None:
    private = ec.generate_private_key(ec.SECP384R1())
    found = judged(holder(private=private))
    assert (found.check, found.key) == (CertificateCheck.VALID, private.public_key())


def test_an_unpinned_ca_is_no_issuer_even_with_the_right_name() -> None:
    assert judge(holder(), trust("other"), NOW.timestamp(), ClockState.SYNCED).check is CertificateCheck.UNKNOWN_ISSUER
    assert judge(holder(), trust(), NOW.timestamp(), ClockState.SYNCED).check is CertificateCheck.UNKNOWN_ISSUER


def test_a_changed_certificate_has_no_issuer() -> None:
    der = bytearray(holder())
    der[-1] ^= 1
    assert judged(bytes(der)).check is CertificateCheck.UNKNOWN_ISSUER


@pytest.mark.parametrize(
    "profile",
    [
        HolderProfile(policy="1.2.392.200149.8.5.1.1.20"),
        HolderProfile(policy=None),
        HolderProfile(client_auth=False),
        HolderProfile(client_auth=None),
        HolderProfile(digital_signature=False),
        HolderProfile(digital_signature=None),
    ],
)
def test_another_profile_is_wrong(profile: HolderProfile) -> None:
    assert check(profile) is CertificateCheck.WRONG_PROFILE


def test_a_site_may_trust_another_policy() -> None:
    der = authority()
    other = load_trust([der], frozenset({sha(der).hex().upper()}), policies=("1.2.3.5", "1.2.3.4"))
    profile = HolderProfile(policy="1.2.3.4")
    assert judge(holder(profile), other, NOW.timestamp(), ClockState.SYNCED).check is CertificateCheck.VALID
    assert judge(holder(), other, NOW.timestamp(), ClockState.SYNCED).check is CertificateCheck.WRONG_PROFILE


def test_small_keys_and_odd_curves_are_wrong() -> None:
    small, curve = key("small", 1024), ec.generate_private_key(ec.SECP256K1())
    for private in (small, curve):
        found = judged(holder(private=private))
        assert (found.check, found.key) == (CertificateCheck.WRONG_PROFILE, None)


def test_a_key_of_an_unknown_kind_is_no_exception() -> None:
    der = holder().replace(bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06092a864886f70d010177"))
    found = judged(der)
    assert (found.check, found.key) == (CertificateCheck.UNKNOWN_ISSUER, None)


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
    assert (found.check, found.expires_soon) == (expected, soon)


def test_the_month_of_expiry_is_japans() -> None:
    """23:59:59 of 31 October UTC is 1 November in Japan: grace runs to the end of February there."""
    profile = HolderProfile(end=datetime(2029, 10, 31, 23, 59, 59, tzinfo=UTC))
    assert check(profile, datetime(2030, 2, 28, 14, 59, tzinfo=UTC)) is CertificateCheck.GRACE
    assert check(profile, datetime(2030, 2, 28, 15, 0, tzinfo=UTC)) is CertificateCheck.EXPIRED


def test_the_warning_begins_on_the_last_day_of_a_shorter_month() -> None:
    profile = HolderProfile(end=datetime(2029, 5, 31, 14, 59, 59, tzinfo=UTC))
    assert not judged(holder(profile), datetime(2029, 2, 28, 14, 59, 58, tzinfo=UTC)).expires_soon
    assert judged(holder(profile), datetime(2029, 2, 28, 14, 59, 59, tzinfo=UTC)).expires_soon


def test_the_last_moment_of_the_calendar_is_no_error() -> None:
    profile = HolderProfile(end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    found = judged(holder(profile))
    assert (found.check, found.expires_soon) == (CertificateCheck.VALID, False)


def test_an_unknown_clock_checks_no_dates_but_everything_else() -> None:
    late = datetime(2040, 1, 1, tzinfo=UTC)
    found = judged(holder(), late, ClockState.UNKNOWN)
    assert (found.check, found.expires_soon) == (CertificateCheck.DATES_NOT_CHECKED, False)
    assert check(HolderProfile(policy=None), late, ClockState.UNKNOWN) is CertificateCheck.WRONG_PROFILE
    assert check(HolderProfile(signed_by="holder"), late, ClockState.UNKNOWN) is CertificateCheck.UNKNOWN_ISSUER


def test_holdover_is_trusted_enough_for_dates() -> None:
    assert check(HolderProfile(), datetime(2040, 1, 1, tzinfo=UTC), ClockState.HOLDOVER) is CertificateCheck.EXPIRED


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        b"\x30\x82\x06\x32" + bytes(0x632),
        holder()[:-1],
        holder() + b"\0",
        holder(HolderProfile(digital_signature=None, raw_usage=b"HOLDER")),
    ],
    ids=["empty", "empty sequence", "zeros", "cut off", "trailing byte", "broken extension"],
)
def test_what_is_no_certificate_is_broken(der: bytes) -> None:
    with pytest.raises(DeviceError) as caught:
        judged(der)
    assert caught.value.code is FaultCode.CERTIFICATE_BROKEN
    assert "HOLDER" not in str(caught.value)


def test_only_pinned_authorities_are_loaded() -> None:
    with pytest.raises(DeviceError) as caught:
        load_trust([authority()], JPKI_AUTH_CA_SHA256)
    assert caught.value.code is FaultCode.CERTIFICATE_UNTRUSTED
    broken = b"\x30\x00"
    with pytest.raises(DeviceError) as caught:
        load_trust([broken], frozenset({sha(broken).hex()}))
    assert caught.value.code is FaultCode.CERTIFICATE_BROKEN


def test_the_real_policy_and_pins() -> None:
    assert AUTH_POLICY == POLICY
    assert {len(bytes.fromhex(pin)) for pin in JPKI_AUTH_CA_SHA256} == {32}
    assert len(JPKI_AUTH_CA_SHA256) == 3
