"""Certificates made to hurt: whatever the bytes, a judgement or CERTIFICATE_BROKEN, at no more than a small cost."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.card.certificates import AUTH_POLICY, CertificateTrust, judge, load_trust
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CertificateCheck, ClockState
from tests.unit.card.card_material import sha
from tests.unit.card.certificate_material import (
    NOW,
    Authority,
    Extension,
    Holder,
    authority,
    curve_key,
    holder,
    resigned,
    rsa_numbers,
    trust_in,
)

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
TRUST = trust_in(authority(), Authority(curve_key("ca")).der())
SEEDS = (
    holder(),
    authority(),
    Holder(curve_key("h").public_key(), signed_by=curve_key("ca")).der(),
    Authority(curve_key("ca")).der(),
)


def mutate(draw: st.DrawFn, der: bytearray) -> bytes:
    """Up to four cuts, insertions, changed bytes or doubled stretches."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(der)))
        to = min(len(der), at + draw(st.integers(0, 40)))
        match draw(st.sampled_from(("change", "insert", "cut", "double"))):
            case "change":
                der[at : at + 1] = bytes((draw(st.integers(0, 255)),))
            case "insert":
                der[at:at] = draw(st.binary(max_size=8))
            case "cut":
                del der[at:to]
            case _:
                der[at:at] = der[at:to]
    return bytes(der)


DETAILS = {
    "ValueError",
    "TypeError",
    "InvalidVersion",
    "DuplicateExtension",
    "UnsupportedGeneralNameType",
    "too long",
    "unused bits",
}


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A right certificate, spoilt."""
    return mutate(draw, bytearray(draw(st.sampled_from(SEEDS))))


@st.composite
def signed_nonsense(draw: st.DrawFn) -> bytes:
    """A right certificate, spoilt and then signed by the CA: what stands behind the signature check is reached too."""
    seed = draw(st.sampled_from((holder(), holder(curve_key("h")))))
    return resigned(seed, lambda signed: mutate(draw, bytearray(signed)))


def ask(der: bytes, trust: CertificateTrust = TRUST) -> CertificateCheck | None:
    """The judgement, None for what is no certificate. Any other exception fails the test."""
    try:
        named = trust.knows_issuer_of(der)
        check = judge(der, trust, NOW.timestamp(), ClockState.SYNCED).check
    except DeviceError as error:
        fault = error
    else:
        assert named or check is CertificateCheck.UNKNOWN_ISSUER
        return check
    assert fault.code is FaultCode.CERTIFICATE_BROKEN
    assert fault.detail in DETAILS
    return None


@settings(max_examples=400, deadline=None)
@given(st.one_of(mutated(), st.binary(max_size=200)))
def test_no_bytes_are_an_error(der: bytes) -> None:
    if der not in SEEDS:
        assert ask(der) in {None, CertificateCheck.UNKNOWN_ISSUER}


def even_signature() -> bytes:
    """A right certificate whose signature ends in a zero bit."""
    ends = (Holder(begin=NOW - timedelta(seconds=number)).der() for number in range(200))
    return next(der for der in ends if not der[-1] & 1)


def test_a_second_encoding_of_a_certificate_is_none() -> None:
    der = even_signature()
    assert ask(der) is CertificateCheck.VALID
    bits = len(der) - 256 - 1
    assert ask(der[:bits] + b"\1" + der[bits + 1 :]) is None


TAGS = (0x00, 0x03, 0x05, 0x13, 0x30, 0x80)


@pytest.mark.parametrize("tag", TAGS, ids=hex)
def test_no_changed_type_is_an_error(tag: int) -> None:
    """Every byte in turn: among them each name's type, where the library's errors differ from all others."""
    der = holder()
    for at in range(len(der)):
        spoilt = der[:at] + bytes((tag,)) + der[at + 1 :]
        assert spoilt == der or ask(spoilt) in {None, CertificateCheck.UNKNOWN_ISSUER}


@settings(max_examples=150, deadline=None)
@given(signed_nonsense())
def test_nothing_that_a_ca_signs_is_an_error(der: bytes) -> None:
    ask(der)


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_no_pinned_bytes_are_an_error(der: bytes) -> None:
    """A site that pinned a spoilt file: not taken, and start-up says so."""
    if der not in SEEDS:
        assert not load_trust([], frozenset({sha(der).hex()})).learn(der)


def stuffed(*extensions: x509.ExtensionType) -> bytes:
    changes: dict[str, Extension | None] = {str(number): (value, False) for number, value in enumerate(extensions)}
    return Holder(changes=changes).der()


def naming(*policies: str) -> bytes:
    information = [x509.PolicyInformation(x509.ObjectIdentifier(policy), None) for policy in policies]
    return Holder(changes={"policies": (x509.CertificatePolicies(information), True)}).der()


MANY = [f"1.2.{number % 100}" for number in range(1_100)]
HOSTILE: dict[str, tuple[Callable[[], bytes], CertificateCheck | None]] = {
    "RSA 16384": (lambda: Holder(rsa_numbers(16_384)).der(), CertificateCheck.WRONG_PROFILE),
    "huge exponent": (lambda: Holder(rsa_numbers(16_384, (1 << 16_000) | 1)).der(), CertificateCheck.WRONG_PROFILE),
    "slow exponent": (lambda: Holder(rsa_numbers(3_072, (1 << 3_000) | 1)).der(), CertificateCheck.WRONG_PROFILE),
    "policies": (lambda: naming(*MANY), CertificateCheck.WRONG_PROFILE),
    "the right policy last": (lambda: naming(*MANY, AUTH_POLICY), CertificateCheck.VALID),
    "a long policy": (lambda: naming(".".join(["1.2", *["9"] * 50])), CertificateCheck.WRONG_PROFILE),
    "extensions": (
        lambda: stuffed(*(x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.{n}"), b"") for n in range(600))),
        CertificateCheck.VALID,
    ),
    "a large extension": (
        lambda: stuffed(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes(7_000))),
        CertificateCheck.VALID,
    ),
    "alternative names": (
        lambda: stuffed(x509.SubjectAlternativeName([x509.DNSName("a")] * 2_200)),
        CertificateCheck.VALID,
    ),
    "64 KB": (lambda: b"\x30\x82\xff\xfb" + bytes(65_531), None),
    "nested": (lambda: b"\x30\x80" * 4_000, None),
}


def measured(der: bytes) -> float:
    """CPU seconds of this thread: what else the machine does is not counted."""
    begun = time.thread_time()
    ask(der)
    return time.thread_time() - begun


@pytest.mark.parametrize(("make", "expected"), HOSTILE.values(), ids=HOSTILE.keys())
def test_no_certificate_costs_much_more_than_a_right_one(
    make: Callable[[], bytes], expected: CertificateCheck | None
) -> None:
    der = make()
    assert ask(der) is expected
    right = min(measured(holder()) for _ in range(5))
    assert min(measured(der) for _ in range(5)) < 50 * right


@pytest.mark.parametrize("year", [0, 1, 1949, 1950, 2049, 2050, 9999])
@pytest.mark.parametrize("digits", [b"20500101", b"20510201"], ids=["begin", "end"])
def test_any_year_can_be_judged(year: int, digits: bytes) -> None:
    """Years that the library would not write are put in by hand."""
    der = Holder(begin=datetime(2050, 1, 1, tzinfo=UTC), end=datetime(2051, 2, 1, tzinfo=UTC)).der()
    other = resigned(der, lambda signed: signed.replace(digits, b"%04d" % year + digits[4:]))
    assert ask(other) in {None, CertificateCheck.WRONG_PROFILE, CertificateCheck.NOT_YET_VALID}
