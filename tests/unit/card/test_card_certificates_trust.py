"""Whose signature counts: pinned CAs, learnt from files or cards, chosen by key identifier (card.md 4.2)."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.card.certificates import JPKI_AUTH_CA_SHA256, CertificateTrust, Judgement, judge, load_trust
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import CertificateCheck, ClockState
from tests.unit.card.card_material import key, sha
from tests.unit.card.certificate_material import (
    NOW,
    Authority,
    Extension,
    Holder,
    authority,
    curve_key,
    holder,
    issuer_key,
    judged,
    trust_in,
    usage,
)

UNKNOWN = CertificateCheck.UNKNOWN_ISSUER


def pins(*ders: bytes) -> frozenset[str]:
    return frozenset(sha(der).hex() for der in ders)


def ask(der: bytes, trust: CertificateTrust) -> Judgement:
    return judge(der, trust, NOW.timestamp(), ClockState.SYNCED)


def with_issuer_key(value: x509.AuthorityKeyIdentifier | None) -> bytes:
    changes: dict[str, Extension | None] = {"issuer key": None if value is None else (value, False)}
    return Holder(changes=changes).der()


def with_own_key(signer: str, key_id: bytes, serial: int) -> bytes:
    changes: dict[str, Extension | None] = {"own key": (x509.SubjectKeyIdentifier(key_id), False)}
    return Authority(key(signer), serial=serial, changes=changes).der()


@pytest.mark.parametrize("name", ["ca", "other"])
def test_generations_with_one_name_are_told_apart(name: str) -> None:
    found = judged(Holder(signed_by=key(name)).der())
    assert (found.check, found.issuer) == (CertificateCheck.VALID, authority(name))


def test_elliptic_generations_work_beside_rsa() -> None:
    curve = Authority(curve_key("ca")).der()
    trust = trust_in(authority(), curve)
    mixed = [
        (Holder(curve_key("h").public_key(), signed_by=curve_key("ca")).der(), curve),
        (Holder(signed_by=curve_key("ca")).der(), curve),
        (holder(curve_key("h")), authority()),
    ]
    for der, issuer in mixed:
        found = ask(der, trust)
        assert (found.check, found.issuer) == (CertificateCheck.VALID, issuer)


STRANGERS = {
    "a known CA named, another known one signed": Holder(signed_by=key("other"), named=key("ca")).der(),
    "a known CA named, a stranger signed": Holder(signed_by=key("holder"), named=key("ca")).der(),
    "another known CA named than signed": Holder(named=key("other")).der(),
    "nobody known named": Holder(named=key("holder")).der(),
    "a P-384 signature under an RSA key's id": Holder(signed_by=curve_key("ca"), named=key("ca")).der(),
    "the name of another CA": Holder(issuer="JPKI for digital signature").der(),
    "no key id of the issuer": with_issuer_key(None),
    "issuer named by serial only": with_issuer_key(
        x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(x509.Name([]))], 0x06D18006),
    ),
    "empty key id": with_issuer_key(x509.AuthorityKeyIdentifier(b"", None, None)),
    "the CA's own certificate under another key": Authority(key("ca"), signed_by=key("holder")).der(),
}


@pytest.mark.parametrize("der", STRANGERS.values(), ids=STRANGERS.keys())
def test_who_is_not_signed_by_the_ca_it_names_has_no_issuer(der: bytes) -> None:
    found = judged(der)
    assert (found.check, found.expires_soon, found.issuer, found.ends) == (UNKNOWN, False, None, None)


def test_a_changed_certificate_has_no_issuer() -> None:
    for at in (-1, len(holder()) // 2):
        der = bytearray(holder())
        der[at] ^= 1
        assert judged(bytes(der)).check is UNKNOWN


def test_the_key_of_a_stranger_is_told_but_proves_nothing() -> None:
    """The PIN signature can be compared with it; only an issuer makes it the holder's."""
    assert judged(Holder(signed_by=key("holder")).der()).key == key("holder").public_key()


def test_a_ca_does_not_pass_for_a_holder() -> None:
    changes: dict[str, Extension | None] = {"issuer key": (issuer_key(key("ca")), False)}
    der = Authority(key("ca"), changes=changes).der()
    assert ask(der, trust_in(authority())).check is CertificateCheck.WRONG_PROFILE


def test_a_pinned_ca_is_learnt_from_a_card() -> None:
    trust = load_trust([], pins(authority(), authority("other")))
    assert not trust.knows_issuer_of(holder())
    assert ask(holder(), trust).check is UNKNOWN
    assert not trust.learn(Authority(key("ca"), serial=2).der())
    assert trust.learn(authority())
    assert trust.learn(authority())
    assert trust.knows_issuer_of(holder())
    assert ask(holder(), trust).check is CertificateCheck.VALID
    assert not trust.knows_issuer_of(Holder(signed_by=key("other")).der())


def test_nobody_is_learnt_without_a_pin() -> None:
    trust = load_trust([], JPKI_AUTH_CA_SHA256)
    for der in (authority(), holder(), b"", b"\xff" * 1319):
        assert trust.learn(der) is False
    assert ask(holder(), trust).check is UNKNOWN


def test_whoever_names_no_issuer_has_no_known_one() -> None:
    assert not trust_in(authority()).knows_issuer_of(with_issuer_key(None))


def test_asking_for_the_issuer_of_rubbish_is_a_fault() -> None:
    with pytest.raises(DeviceError) as caught:
        trust_in(authority()).knows_issuer_of(holder()[:-1])
    assert caught.value.code is FaultCode.CERTIFICATE_BROKEN


def test_two_cas_with_one_key_id_are_both_tried() -> None:
    same = bytes(20)
    first, second = with_own_key("other", same, 1), with_own_key("ca", same, 2)
    der = with_issuer_key(x509.AuthorityKeyIdentifier(same, None, None))
    found = ask(der, trust_in(first, second))
    assert (found.check, found.issuer) == (CertificateCheck.VALID, second)


def ca_with(name: str, extension: x509.ExtensionType | None, *, critical: bool = True) -> bytes:
    changes: dict[str, Extension | None] = {name: None if extension is None else (extension, critical)}
    return Authority(key("ca"), changes=changes).der()


SMALL = key("small", 1024)
P_256 = ec.generate_private_key(ec.SECP256R1())
NO_AUTHORITIES = {
    "no basicConstraints": ca_with("constraints", None),
    "not a CA": ca_with("constraints", x509.BasicConstraints(ca=False, path_length=None)),
    "basicConstraints not critical": ca_with(
        "constraints", x509.BasicConstraints(ca=True, path_length=None), critical=False
    ),
    "no key usage": ca_with("usage", None),
    "may not sign certificates": ca_with("usage", usage("crl_sign")),
    "no key id": ca_with("own key", None),
    "small key": Authority(SMALL).der(),
    "another curve": Authority(P_256).der(),
    "another hash": Authority(key("ca"), hash=hashes.SHA512()).der(),
    "signed by another": Authority(key("ca"), signed_by=key("other")).der(),
    "named after another": Authority(key("ca"), issuer="JPKI bridge").der(),
    "a holder's certificate": holder(),
    "no certificate": b"\x30\x00",
}


@pytest.mark.parametrize("der", NO_AUTHORITIES.values(), ids=NO_AUTHORITIES.keys())
def test_a_pin_alone_makes_no_ca(der: bytes) -> None:
    trust = load_trust([], pins(der))
    assert [trust.learn(der), trust.learn(der)] == [False, False]
    with pytest.raises(DeviceError) as caught:
        load_trust([der], pins(der))
    assert caught.value.code is FaultCode.CERTIFICATE_BROKEN


def test_only_pinned_files_are_loaded() -> None:
    with pytest.raises(DeviceError) as caught:
        load_trust([authority()], JPKI_AUTH_CA_SHA256)
    assert caught.value.code is FaultCode.CERTIFICATE_UNTRUSTED
