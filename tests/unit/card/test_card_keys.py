"""Card-face keys, certificates and signatures, against integers and hand-written bytes."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from firmware.card.keys import read_certificate, read_key, signs_block, signs_digest, signs_message
from firmware.card.tlv import TlvError
from tests.unit.card.card_material import (
    HASH_PREFIX,
    ISSUER_ID,
    SUBJECT_ID,
    face_certificate,
    key,
    key_value,
    rsa_block,
    sha,
    tlv,
)


def test_a_key_in_both_readings() -> None:
    numbers = key("chip").public_key().public_numbers()
    usual = key_value(key("chip"))
    other = b"\x90\x03\x01\x00\x01\x91\x82\x01\x00" + numbers.n.to_bytes(256, "big")
    assert read_key(usual).public_numbers() == read_key(other).public_numbers() == numbers


def modulus(bits: int, *, even: bool = False) -> bytes:
    return (1 << bits - 1 | (0 if even else 1)).to_bytes((bits + 7) // 8, "big")


@pytest.mark.parametrize(
    "value",
    [
        b"",
        tlv(0x90, modulus(2048)),
        tlv(0x91, b"\1\0\1"),
        tlv(0x90, modulus(512)) + tlv(0x91, b"\1\0\1"),
        tlv(0x90, modulus(2047)) + tlv(0x91, b"\1\0\1"),
        tlv(0x90, modulus(16_384)) + tlv(0x91, b"\1\0\1"),
        tlv(0x90, modulus(2048, even=True)) + tlv(0x91, b"\1\0\1"),
        tlv(0x90, modulus(2048)) + tlv(0x91, b""),
        tlv(0x90, modulus(2048)) + tlv(0x91, b"\2"),
        tlv(0x90, modulus(2048)) + tlv(0x91, b"\1"),
        tlv(0x90, modulus(2048)) + tlv(0x91, bytes(5)),
        tlv(0x90, modulus(2048)) + tlv(0x91, b"\1\0\1") + b"\0",
        tlv(0x90, modulus(2048)) + tlv(0x90, b"\1\0\1"),
    ],
)
def test_unlikely_keys_are_refused(value: bytes) -> None:
    with pytest.raises(TlvError):
        read_key(value)


def test_larger_keys_are_read() -> None:
    assert read_key(tlv(0x90, modulus(4096)) + tlv(0x91, b"\1\0\1")).key_size == 4096


def test_a_certificate_is_split() -> None:
    raw = face_certificate()
    certificate = read_certificate(raw)
    assert (len(raw), certificate.issuer, certificate.subject) == (568, ISSUER_ID, SUBJECT_ID)
    assert certificate.key.public_numbers() == key("signer").public_key().public_numbers()
    assert signs_message(key("issuer").public_key(), certificate.signature, certificate.signed)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        face_certificate()[:-1],
        face_certificate() + b"\0",
        tlv(0x7F21, tlv(0x5F37, bytes(256))),
        tlv(0x7F21, tlv(0x5F4E, ISSUER_ID + SUBJECT_ID + key_value(key("signer")))),
        tlv(0x7F21, tlv(0x5F4E, ISSUER_ID) + tlv(0x5F37, bytes(256))),
        tlv(0x7F22, tlv(0x5F4E, ISSUER_ID) + tlv(0x5F37, bytes(256))),
        face_certificate() * 2,
    ],
)
def test_broken_certificates_are_refused(raw: bytes) -> None:
    with pytest.raises(TlvError):
        read_certificate(raw)


def test_signatures_made_with_integers_are_verified() -> None:
    public, digest = key("chip").public_key(), sha(b"challenge")
    signature = rsa_block(key("chip"), HASH_PREFIX + digest)
    assert signs_digest(public, signature, digest)
    assert signs_message(public, signature, b"challenge")
    assert signs_block(public, signature, HASH_PREFIX + digest)
    assert not signs_digest(public, signature, sha(b"other"))
    assert not signs_digest(key("other").public_key(), signature, digest)


@pytest.mark.parametrize("signature", [b"", b"\0", bytes(255), bytes(256), b"\xff" * 256, bytes(257), b"\1" * 512])
def test_what_is_no_signature_is_no_exception(signature: bytes) -> None:
    public = key("chip").public_key()
    assert not signs_digest(public, signature, sha(b""))
    assert not signs_block(public, signature, b"block")


def test_a_block_is_compared_whole() -> None:
    public = key("signer").public_key()
    signature = rsa_block(key("signer"), b"block and more")
    assert signs_block(public, signature, b"block and more")
    assert not signs_block(public, signature, b"block")
    assert not signs_block(public, signature, b"block and more and more")


def test_padding_of_another_type_is_no_signature() -> None:
    private = key("signer")
    numbers = private.private_numbers()
    block = b"\x00\x02" + b"\xff" * 240 + b"\x00" + b"twelve bytes!"
    forged = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
    assert isinstance(private, rsa.RSAPrivateKey)
    assert not signs_block(private.public_key(), forged, b"twelve bytes!")
