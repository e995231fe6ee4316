"""Signatures of the holder's key: RSA PKCS#1 v1.5 and P-384, against OpenSSL playing the card."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.card.signatures import CertificateKey, as_der, longest_signature, signs, to_sign
from tests.unit.card.card_material import HASH_PREFIX, key, rsa_block
from tests.unit.card.certificate_material import PrivateKey, curve_key, rsa_numbers

MESSAGE = b"madoguchi-challenge-v1\npin"
RSA, CURVE = key("holder"), curve_key("holder")
BOTH = pytest.mark.parametrize("private", [RSA, CURVE], ids=["RSA", "P-384"])


def plain(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


def signed(private: PrivateKey, message: bytes = MESSAGE) -> bytes:
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(message, PKCS1v15(), hashes.SHA256())
    return private.sign(message, ec.ECDSA(hashes.SHA384()))


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False, timeout=20)


def test_an_rsa_card_is_sent_a_digest_info() -> None:
    body = HASH_PREFIX + hashlib.sha256(MESSAGE).digest()
    assert len(body) == 0x33
    for public in (RSA.public_key(), rsa_numbers(4096), None):
        assert to_sign(public, MESSAGE) == body
    assert signs(RSA.public_key(), rsa_block(RSA, body), MESSAGE)


def test_a_curve_card_is_sent_the_bare_hash() -> None:
    assert to_sign(CURVE.public_key(), MESSAGE) == hashlib.sha384(MESSAGE).digest()


@pytest.mark.parametrize(
    ("public", "length"),
    [
        (RSA.public_key(), 256),
        (rsa_numbers(3072), 384),
        (rsa_numbers(2049), 257),
        (CURVE.public_key(), 104),
        (None, 256),
    ],
    ids=["2048", "3072", "2049", "P-384", "unknown"],
)
def test_the_longest_signature(public: CertificateKey | None, length: int) -> None:
    assert longest_signature(public) == length


def test_no_der_form_is_longer() -> None:
    """Both numbers at their largest: a byte of sign in front of each."""
    assert len(as_der(CURVE.public_key(), b"\xff" * 96)) == longest_signature(CURVE.public_key())


@BOTH
def test_openssl_as_the_card(private: PrivateKey, tmp_path: Path) -> None:
    """It signs exactly the bytes it is sent, as the card does (`pkeyutl` without a digest)."""
    (tmp_path / "key.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "body").write_bytes(to_sign(private.public_key(), MESSAGE))
    answer = openssl(tmp_path, "pkeyutl", "-sign", "-inkey", "key.pem", "-in", "body").stdout
    assert 0 < len(answer) <= longest_signature(private.public_key())
    assert signs(private.public_key(), answer, MESSAGE)
    assert not signs(private.public_key(), answer, MESSAGE + b"\0")


def test_openssl_accepts_the_der_form(tmp_path: Path) -> None:
    public = CURVE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(public)
    (tmp_path / "message").write_bytes(MESSAGE)
    (tmp_path / "signature").write_bytes(as_der(CURVE.public_key(), plain(signed(CURVE))))
    checked = openssl(tmp_path, "dgst", "-sha384", "-verify", "key.pem", "-signature", "signature", "message")
    assert checked.stdout.strip() == b"Verified OK"


@pytest.mark.parametrize("number", range(8))
def test_both_forms_of_a_curve_signature(number: int) -> None:
    message = MESSAGE + bytes((number,))
    der = signed(CURVE, message)
    public = CURVE.public_key()
    assert signs(public, der, message)
    assert signs(public, plain(der), message)
    assert as_der(public, plain(der)) == as_der(public, der) == der


def test_all_else_stays_as_it_is() -> None:
    odd = bytes.fromhex("305e022d") + b"\x01" * 45 + bytes.fromhex("022d") + b"\x01" * 45
    assert len(odd) == 96
    assert as_der(CURVE.public_key(), odd) == odd
    for public in (RSA.public_key(), None):
        assert as_der(public, b"\x01" * 96) == b"\x01" * 96
    assert as_der(CURVE.public_key(), b"\x01" * 95) == b"\x01" * 95


@BOTH
def test_another_key_message_or_kind_does_not_sign(private: PrivateKey) -> None:
    public, signature = private.public_key(), signed(private)
    assert signs(public, signature, MESSAGE)
    assert not signs(public, signature, b"")
    for other in (key("other").public_key(), curve_key("other").public_key()):
        assert not signs(other, signature, MESSAGE)
    for at in (0, len(signature) // 2, len(signature) - 1):
        wrong = bytearray(signature)
        wrong[at] ^= 1
        assert not signs(public, bytes(wrong), MESSAGE)


def test_other_hashes_and_paddings_do_not_sign() -> None:
    public = RSA.public_key()
    pss = RSA.sign(MESSAGE, PSS(MGF1(hashes.SHA256()), 32), hashes.SHA256())
    for signature in (RSA.sign(MESSAGE, PKCS1v15(), hashes.SHA384()), pss):
        assert not signs(public, signature, MESSAGE)
    assert not signs(public, rsa_block(RSA, hashlib.sha256(MESSAGE).digest()), MESSAGE)
    assert not signs(CURVE.public_key(), CURVE.sign(MESSAGE, ec.ECDSA(hashes.SHA256())), MESSAGE)


GARBAGE = [
    b"",
    b"\0",
    bytes(96),
    b"\xff" * 96,
    bytes(256),
    b"\xff" * 256,
    bytes(104),
    b"\x30\x80" + bytes(94),
    bytes(65_536),
]


@BOTH
def test_garbage_is_no_signature(private: PrivateKey) -> None:
    for signature in GARBAGE:
        assert signs(private.public_key(), signature, MESSAGE) is False


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(min_size=96, max_size=96)), st.sampled_from([RSA, CURVE]))
def test_no_answer_of_a_card_is_an_error(signature: bytes, private: PrivateKey) -> None:
    public = private.public_key()
    assert not signs(public, signature, MESSAGE)
    assert len(as_der(public, signature)) <= max(len(signature), longest_signature(public))
