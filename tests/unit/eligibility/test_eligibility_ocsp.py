"""What an OCSP answer proves: right ones count, everything else is "unknown", and nothing is raised."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.core.outcomes import Revocation
from firmware.eligibility.ocsp_answer import Question, proved, question
from tests.unit.eligibility.ocsp_hand import (
    GOOD,
    NOBODY_KNOWS,
    NOW,
    REVOKED,
    SHA256,
    UNKNOWN,
    Answer,
    Key,
    Party,
    Profile,
    der,
    extension,
    issue,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def p256() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def ca() -> Party:
    return issue("CA", rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="module")
def holder(ca: Party) -> Party:
    return issue("card", p256(), ca)


@pytest.fixture(scope="module")
def asked(ca: Party, holder: Party) -> Question:
    return question(holder.der, ca.der)


@pytest.fixture(scope="module")
def right(ca: Party, holder: Party, asked: Question) -> Answer:
    return Answer(ca, holder, asked.nonce)


def said(answer: Answer, asked: Question) -> Revocation:
    return proved(answer.encoded(), asked, NOW)


def test_the_question_names_the_certificate_and_carries_a_fresh_nonce(ca: Party, holder: Party) -> None:
    first, second = question(holder.der, ca.der), question(holder.der, ca.der)
    request = ocsp.load_der_ocsp_request(first.body)
    assert request.serial_number == holder.certificate.serial_number
    assert request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == first.nonce
    assert len(first.nonce) == 32
    assert first.nonce != second.nonce
    assert str(holder.certificate.serial_number) not in repr(first)


@pytest.mark.parametrize(
    ("status", "revocation"),
    [(GOOD, Revocation.GOOD), (REVOKED, Revocation.REVOKED), (UNKNOWN, Revocation.UNKNOWN)],
)
def test_each_status_of_a_right_answer(right: Answer, asked: Question, status: str, revocation: Revocation) -> None:
    assert said(replace(right, status=status), asked) is revocation


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": None},
        {"by_key": True},
        {"algorithm": "rsa-sha512"},
        {"extensions": (extension(NOBODY_KNOWS, b"\x05\x00"),)},
        {"begin": NOW + 4 * MINUTE, "produced": NOW + 4 * MINUTE},
        {"begin": NOW - DAY, "end": NOW - 4 * MINUTE},
        {"begin": NOW - DAY, "end": None},
        {"end": NOW.replace(year=9999, month=12, day=31, hour=23, minute=59)},
    ],
)
def test_what_may_differ(right: Answer, asked: Question, changes: dict[str, Any]) -> None:
    assert said(replace(right, **changes), asked) is Revocation.GOOD


@pytest.mark.parametrize(
    "changes",
    [
        {"serial": 1},
        {"hash_oid": SHA256},
        {"said_hash_oid": SHA256},
        {"nonce": bytes(32)},
        {"nonce": b""},
        {"repeated": 2},
        {"repeated": 0},
        {"spoilt": True},
        {"algorithm": "rsa-sha1"},
        {"extensions": (extension(NOBODY_KNOWS, b"\x05\x00", critical=True),)},
        {"single_extensions": (extension(NOBODY_KNOWS, b"\x05\x00", critical=True),)},
        {"produced": NOW + 6 * MINUTE},
        {"begin": NOW + 6 * MINUTE},
        {"begin": NOW - DAY, "end": NOW - 6 * MINUTE},
        {"begin": NOW - DAY - 6 * MINUTE, "end": None},
        {"begin": NOW + MINUTE, "end": NOW},
        *({"code": code} for code in (1, 2, 3, 5, 6)),
    ],
)
@pytest.mark.parametrize("status", [GOOD, REVOKED])
def test_what_proves_nothing(right: Answer, asked: Question, status: str, changes: dict[str, Any]) -> None:
    assert said(replace(right, status=status, **changes), asked) is Revocation.UNKNOWN


def test_an_answer_of_the_issuer_in_another_name(right: Answer, asked: Question, holder: Party) -> None:
    for by_key in (False, True):
        assert said(replace(right, named=holder, by_key=by_key), asked) is Revocation.UNKNOWN


def test_an_answer_about_a_certificate_of_another_ca(ca: Party, holder: Party, asked: Question) -> None:
    for other in (issue("CA", p256()), issue("other CA", ca.key)):
        signed = Answer(other, holder, asked.nonce, signer=ca)
        assert said(signed, asked) is Revocation.UNKNOWN


@pytest.mark.parametrize(
    ("curve", "algorithm", "revocation"),
    [
        (ec.SECP256R1(), "ec-sha256", Revocation.GOOD),
        (ec.SECP384R1(), "ec-sha384", Revocation.GOOD),
        (ec.SECP256K1(), "ec-sha256", Revocation.UNKNOWN),
        (ec.SECP256R1(), "ec-sha1", Revocation.UNKNOWN),
    ],
)
def test_an_issuer_with_a_key_on_a_curve(
    holder: Party, curve: ec.EllipticCurve, algorithm: str, revocation: Revocation
) -> None:
    ca = issue("CA", ec.generate_private_key(curve))
    asked = question(holder.der, ca.der)
    assert said(Answer(ca, holder, asked.nonce, algorithm=algorithm), asked) is revocation


def test_the_algorithm_must_be_the_keys(right: Answer, asked: Question) -> None:
    data = right.encoded()
    rsa_oid, ec_oid = bytes.fromhex("06092a864886f70d01010b0500"), bytes.fromhex("06082a8648ce3d0403020201" + "00")
    assert data.count(rsa_oid) == 1
    assert proved(data.replace(rsa_oid, ec_oid), asked, NOW) is Revocation.UNKNOWN


# ---- delegated responders --------------------------------------------------------------------------------------


def delegated(right: Answer, responder: Party, **changes: Any) -> Answer:
    algorithm = "rsa-sha256" if isinstance(responder.key, rsa.RSAPrivateKey) else "ec-sha256"
    made = replace(right, signer=responder, certificates=(responder.der,), algorithm=algorithm)
    return replace(made, **changes)


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize("profile", [Profile(), Profile(digital_signature=True), Profile(end=NOW - 4 * MINUTE)])
def test_a_responder_with_the_issuers_word(
    right: Answer, asked: Question, ca: Party, profile: Profile, by_key: bool
) -> None:
    responder = issue("responder", p256(), ca, profile)
    others = (issue("stranger", p256(), ca).der, responder.der)
    assert said(delegated(right, responder, by_key=by_key, certificates=others), asked) is Revocation.GOOD
    revoked = delegated(right, responder, by_key=by_key, status=REVOKED)
    assert said(revoked, asked) is Revocation.REVOKED


@pytest.mark.parametrize(
    "profile",
    [
        Profile(purposes=()),
        Profile(purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,)),
        Profile(digital_signature=False),
        Profile(begin=NOW + 6 * MINUTE),
        Profile(end=NOW - 6 * MINUTE),
        Profile(strange=True),
    ],
)
def test_a_responder_without_the_right_to_answer(right: Answer, asked: Question, ca: Party, profile: Profile) -> None:
    assert said(delegated(right, issue("responder", p256(), ca, profile)), asked) is Revocation.UNKNOWN


def test_a_responder_of_somebody_else(right: Answer, asked: Question, ca: Party, holder: Party) -> None:
    same_name = issue("CA", p256())
    assert said(delegated(right, issue("responder", p256(), same_name)), asked) is Revocation.UNKNOWN
    assert said(delegated(right, same_name), asked) is Revocation.UNKNOWN, "only the name is the issuer's"
    assert said(delegated(right, holder), asked) is Revocation.GOOD, "issued with the right, by the test's own CA"
    below = issue("below", p256(), issue("responder", p256(), ca))
    assert said(delegated(right, below), asked) is Revocation.UNKNOWN, "the right is not handed on"


def test_a_responder_that_hides_behind_another_name(right: Answer, asked: Question, ca: Party, holder: Party) -> None:
    responder = issue("responder", p256(), ca)
    assert said(delegated(right, responder, named=ca), asked) is Revocation.UNKNOWN
    assert said(delegated(right, responder, named=holder, by_key=True), asked) is Revocation.UNKNOWN
    assert said(delegated(right, responder, certificates=()), asked) is Revocation.UNKNOWN


def test_a_responder_with_a_short_key(right: Answer, asked: Question, ca: Party) -> None:
    responder = issue("responder", rsa.generate_private_key(65537, 1024), ca)  # noqa: S505  (to be refused)
    assert said(delegated(right, responder), asked) is Revocation.UNKNOWN


def test_only_the_first_few_certificates_are_looked_at(right: Answer, asked: Question, ca: Party) -> None:
    responder = issue("responder", p256(), ca)
    many = (issue("stranger", p256(), ca).der,) * 8
    assert said(delegated(right, responder, certificates=(*many, responder.der)), asked) is Revocation.UNKNOWN
    assert said(delegated(right, responder, certificates=(b"\x30\x00", responder.der)), asked) is Revocation.UNKNOWN


# ---- hostile bytes ---------------------------------------------------------------------------------------------


def test_each_cut_and_each_changed_byte(right: Answer, asked: Question) -> None:
    """A revoked card never becomes a good one; "unused bits: 1" before an even signature says the same again."""
    data = replace(right, status=REVOKED).encoded()
    assert {proved(data[:size], asked, NOW) for size in range(len(data))} == {Revocation.UNKNOWN}
    assert proved(data + b"\x00", asked, NOW) is Revocation.UNKNOWN
    unused_bits = len(data) - 256 - 1
    for place in range(len(data)):
        for bit in (0x01, 0x80):
            changed = bytearray(data)
            changed[place] ^= bit
            allowed = {Revocation.UNKNOWN, Revocation.REVOKED} if place == unused_bits else {Revocation.UNKNOWN}
            assert proved(bytes(changed), asked, NOW) in allowed, place


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_raise(right: Answer, asked: Question, ca: Party, data: st.DataObject) -> None:
    whole = bytearray(delegated(right, ca).encoded())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
        if not whole:
            break
    assert proved(bytes(whole), asked, NOW) in {Revocation.UNKNOWN, Revocation.GOOD}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
def test_no_noise_raises(asked: Question, data: bytes) -> None:
    assert proved(data, asked, NOW) is Revocation.UNKNOWN
    basic = der(0xA0, der(0x30, bytes.fromhex("06092b0601050507300101"), der(0x04, data)))
    assert proved(der(0x30, b"\x0a\x01\x00", basic), asked, NOW) is Revocation.UNKNOWN
