"""Broken cards: each differs from the good one by the defect in its name, and can be put on a reader."""

from dataclasses import fields

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from firmware.sim.card.broken import BROKEN
from firmware.sim.card.broken_certificates import BROKEN_CERTIFICATES
from firmware.sim.card.der import children
from firmware.sim.card.image import CardImage
from firmware.sim.card.issuers import TestIssuers
from firmware.sim.card.machine import VirtualCard

SIGNED_AGAIN = [name for name in BROKEN_CERTIFICATES if not name.startswith(("certificate-", "authority-"))]


def made(name: str, image: CardImage, issuers: TestIssuers) -> CardImage:
    return BROKEN[name](image, issuers)


@pytest.mark.parametrize("name", BROKEN)
def test_one_file_differs_and_the_card_still_answers(name: str, image: CardImage, issuers: TestIssuers) -> None:
    broken = made(name, image, issuers)
    changed = [
        (group, number)
        for group in ("surface", "jpki")
        for number, content in getattr(broken, group).items()
        if content != getattr(image, group)[number]
    ]
    assert len(changed) == 1
    assert all(len(content) <= 0x10000 for content in {**broken.surface, **broken.jpki}.values())
    same = {item.name for item in fields(CardImage)} - {"surface", "jpki", "certificate"}
    assert all(getattr(broken, item) == getattr(image, item) for item in same)
    card = VirtualCard(broken)
    assert card.process(bytes.fromhex("00A4040C0AD392F000260100000001")) == b"\x90\x00"


@pytest.mark.parametrize("name", SIGNED_AGAIN)
def test_only_the_named_field_is_wrong(name: str, image: CardImage, issuers: TestIssuers) -> None:
    body, _, signature = children(made(name, image, issuers).certificate)
    issuer = issuers.auth.certificate.public_key()
    assert isinstance(issuer, rsa.RSAPublicKey)
    issuer.verify(signature[5:], body, padding.PKCS1v15(), SHA256())
    good = children(children(image.certificate)[0])
    left = [part for part in good if part not in children(body)]
    assert len(left) == 1, "one field was changed"


def test_the_issuer_did_not_sign_a_flipped_signature(image: CardImage, issuers: TestIssuers) -> None:
    broken = x509.load_der_x509_certificate(made("certificate-wrong-signature", image, issuers).certificate)
    with pytest.raises(InvalidSignature):
        broken.verify_directly_issued_by(issuers.auth.certificate)


@pytest.mark.parametrize(("name", "bits"), [("key-1024", 1024), ("key-16384", 16_384), ("key-512", 512)])
def test_sizes_of_strange_keys(name: str, bits: int, image: CardImage, issuers: TestIssuers) -> None:
    field = children(children(made(name, image, issuers).certificate)[0])[6]
    key = children(field)[1]
    start = key.index(b"\x00\x30")
    number = children(key[start + 1 :])[0]
    header = 2 if number[1] < 0x80 else 2 + number[1] - 0x80
    value = int.from_bytes(number[header:], "big")
    assert (value.bit_length(), value % 2) == (bits, 1)


def test_an_even_modulus(image: CardImage, issuers: TestIssuers) -> None:
    good, broken = image.surface[0x0002], made("chip-key-even-modulus", image, issuers).surface[0x0002]
    differ = [at for at in range(len(good)) if good[at] != broken[at]]
    assert differ == [0x29 + 5 + 4 + 255]
    assert broken[differ[0]] % 2 == 0


def test_a_certificate_until_the_end_of_days(image: CardImage, issuers: TestIssuers) -> None:
    parsed = x509.load_der_x509_certificate(made("year-9999", image, issuers).certificate)
    assert parsed.not_valid_after_utc.year == 9999


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("record-indefinite-length", "ff2080df21"),
        ("record-longer-than-file", "ff20827ff0df21"),
        ("record-zero-length", "ff2000ffff"),
        ("record-three-stray-bytes", "000000ff2082"),
    ],
)
def test_beginnings_of_records(name: str, start: str, image: CardImage, issuers: TestIssuers) -> None:
    assert made(name, image, issuers).surface[0x0002].hex().startswith(start)


def test_objects_twice_missing_and_empty(image: CardImage, issuers: TestIssuers) -> None:
    birth = bytes.fromhex("df2208") + b"19721103"
    assert birth * 2 in made("birth-twice", image, issuers).surface[0x0002]
    assert birth not in made("birth-missing", image, issuers).surface[0x0002]
    assert bytes.fromhex("df2700df28") in made("photo-zero-length", image, issuers).surface[0x0002]
    assert bytes.fromhex("df2782ffff") in made("photo-longer-than-file", image, issuers).surface[0x0002]
