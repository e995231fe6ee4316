"""Signatures of every kind, checked by the library's verifying side under the certificate or DF24."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from firmware.sim.card.broken import BROKEN
from firmware.sim.card.certificates import make_holder_certificate
from firmware.sim.card.image import CardImage, CardKeys, load_image
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers, load_issuers, save_issuers
from firmware.sim.card.keys import load_key, make_curve_key, make_key, save_key
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import Municipality, Person

Send = Callable[[str], tuple[bytes, int]]
NewSender = Callable[[VirtualCard], Send]
SURFACE = "00 A4 04 0C 0A D3921000310001010402"
JPKI = "00 A4 04 0C 0A D392F000260100000001"
MESSAGE = b"a message of any length"
DIGEST = hashlib.sha256(MESSAGE).digest()
DIGEST_384 = hashlib.sha384(MESSAGE).digest()
PKCS1 = padding.PKCS1v15()
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


def opened(send: Send, image: CardImage, key: str = "0017") -> Send:
    """PIN given, a key selected."""
    pin = image.secrets.pin.encode()
    for command in (JPKI, "00 A4 02 0C 02 0018", f"00 20 00 80 04 {pin.hex()}", f"00 A4 02 0C 02 {key}"):
        assert send(command)[1] == 0x9000
    return send


def sign(send: Send, p1: str, p2: str, data: bytes) -> tuple[bytes, int]:
    return send(f"80 2A {p1} {p2} {len(data):02X} {data.hex()} 00")


def recovered(key: rsa.RSAPublicKey, signature: bytes) -> bytes:
    return key.recover_data_from_signature(signature, PKCS1, None)


@pytest.fixture
def public(image: CardImage) -> rsa.RSAPublicKey:
    key = x509.load_der_x509_certificate(image.certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def test_rsa_variants(send: Send, image: CardImage, public: rsa.RSAPublicKey) -> None:
    opened(send, image)
    assert recovered(public, sign(send, "00", "80", b"as it is")[0]) == b"as it is"
    assert recovered(public, sign(send, "01", "80", MESSAGE)[0]) == DIGEST
    public.verify(sign(send, "02", "80", DIGEST)[0], MESSAGE, PKCS1, hashes.SHA256())
    public.verify(sign(send, "03", "80", MESSAGE)[0], MESSAGE, PKCS1, hashes.SHA256())
    public.verify(sign(send, "04", "80", DIGEST)[0], MESSAGE, PSS, hashes.SHA256())
    public.verify(sign(send, "05", "80", MESSAGE)[0], MESSAGE, PSS, hashes.SHA256())
    assert sign(send, "02", "80", MESSAGE)[1] == sign(send, "04", "80", MESSAGE)[1] == 0x6700


def test_keys_by_short_id(send: Send, image: CardImage, public: rsa.RSAPublicKey) -> None:
    opened(send, image, "000A")
    assert recovered(public, sign(send, "00", "97", b"user")[0]) == b"user"
    assert sign(send, "00", "80", b"user")[1] == 0x6981
    assert sign(send, "00", "9A", b"signing")[1] == 0x6982, "another password opens this key"
    password = image.secrets.signing_password
    assert send(f"00 20 00 9B {len(password):02X} {password.encode().hex()}")[1] == 0x9000
    assert sign(send, "00", "9A", b"signing")[1] == 0x9000
    assert sign(send, "00", "98", b"no key")[1] == 0x6A86
    send(SURFACE)
    assert sign(send, "00", "97", b"not here")[1] == 0x6A88


def test_chip_proof_with_pss(send: Send, image: CardImage) -> None:
    send(SURFACE)
    signature, sw = sign(send, "05", "00", MESSAGE)
    assert sw == 0x9000
    image.keys.chip.public_key().verify(signature, MESSAGE, PSS, hashes.SHA256())


def made(folder: Path, image: CardImage, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> CardImage:
    """The good card with another user-authentication key, without a certificate for it."""
    changed = replace(image, keys=CardKeys(image.keys.chip, key))
    changed.save(folder)
    return load_image(folder)


def test_a_longer_rsa_signature_wants_an_extended_le(folder: Path, image: CardImage, new_sender: NewSender) -> None:
    key = make_key(3072)
    send = opened(new_sender(VirtualCard(made(folder, image, key))), image)
    assert send("80 2A 00 80 01 41 00") == (b"", 0x6700)
    assert send("80 2A 00 80 00 00 01 41 01 7F") == (b"", 0x6700)
    signature, sw = send("80 2A 00 80 00 00 01 41 01 80")
    assert (sw, len(signature)) == (0x9000, 384)
    assert recovered(key.public_key(), signature) == b"A"


def test_a_card_of_the_next_generation(
    folder: Path, image: CardImage, person: Person, photo: bytes, new_sender: NewSender, issuers: TestIssuers
) -> None:
    key = make_curve_key()
    curve = create_issuers_for_curve(issuers)
    made_card = issue_card(folder, person, photo, curve, keys=CardKeys(image.keys.chip, key))
    certificate = x509.load_der_x509_certificate(made_card.certificate)
    certificate.verify_directly_issued_by(curve.auth.certificate)
    assert certificate.signature_algorithm_oid.dotted_string == "1.2.840.10045.4.3.3"
    shown = certificate.public_key()
    assert isinstance(shown, ec.EllipticCurvePublicKey)
    send = opened(new_sender(VirtualCard(load_image(folder))), image)
    signature, sw = sign(send, "00", "80", DIGEST_384)
    assert sw == 0x9000
    shown.verify(signature, DIGEST_384, ec.ECDSA(Prehashed(hashes.SHA384())))
    shown.verify(sign(send, "03", "80", MESSAGE)[0], MESSAGE, ec.ECDSA(hashes.SHA384()))
    assert [sign(send, "00", "80", DIGEST)[1], sign(send, "04", "80", DIGEST_384)[1]] == [0x6700, 0x6A86]
    assert send(f"80 2A 00 80 30 {DIGEST_384.hex()} 67")[1] == 0x6700, "no room for the longest signature"


def create_issuers_for_curve(issuers: TestIssuers) -> TestIssuers:
    """A CA on P-384 beside the record issuers that exist already."""
    made_issuers = create_issuers(date(2026, 1, 10), curve=True)
    return replace(made_issuers, record_issuer=issuers.record_issuer, record_signer=issuers.record_signer)


def test_a_broken_certificate_of_a_ca_on_a_curve_is_rightly_signed(image: CardImage, issuers: TestIssuers) -> None:
    curve = create_issuers_for_curve(issuers)
    until = datetime(2029, 11, 3, 14, 59, 59, tzinfo=UTC)
    since = curve.auth.certificate.not_valid_before_utc
    key = image.keys.auth.public_key()
    good = make_holder_certificate(curve.auth, key, Municipality(), since, until)
    broken = BROKEN["year-9999"](replace(image, certificate=good), curve)
    certificate = x509.load_der_x509_certificate(broken.certificate)
    certificate.verify_directly_issued_by(curve.auth.certificate)
    assert (certificate.not_valid_after_utc.year, certificate.public_key()) == (9999, key)


def test_issuers_with_a_curve_are_kept(tmp_path: Path, issuers: TestIssuers) -> None:
    curve = create_issuers_for_curve(issuers)
    save_issuers(tmp_path / "issuers", curve)
    again = load_issuers(tmp_path / "issuers")
    assert isinstance(again.auth.key, ec.EllipticCurvePrivateKey)
    assert again.auth_ca_sha256 == curve.auth_ca_sha256


def test_key_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    save_key(tmp_path / "key.pem", make_curve_key())
    with pytest.raises(TypeError, match="no RSA key"):
        load_key(tmp_path / "key.pem")
