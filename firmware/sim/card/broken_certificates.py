"""Malformed and unacceptable certificates in EF 000A and 000B, by name.

Pure, any thread, a few milliseconds each and no key generation: large moduli are random odd numbers. Where a
certificate can be signed it is rightly signed by the CA, so that nothing but the named defect is wrong. Source: RFC
5280 4.1 and 4.2, card.md 4.1 and 4.2.
"""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from firmware.sim.card.certificates import make_authority
from firmware.sim.card.der import (
    EXTENSIONS,
    GENERALIZED_TIME,
    KEY,
    SERIAL,
    VALIDITY,
    children,
    integer,
    resigned,
    rsa_key_field,
    sequence,
    with_file,
)
from firmware.sim.card.image import CardImage
from firmware.sim.card.issuers import TestIssuers
from firmware.sim.card.tlv import tlv

Broken = Callable[[CardImage, TestIssuers], CardImage]
"""Makes a broken card from a good one and the issuers that made it."""

_HOLDER, _AUTHORITY = 0x000A, 0x000B
_UTC_TIME = 0x17
_NESTED = 60
_HUGE = 30_000


def _content(number: int, make: Callable[[bytes], bytes]) -> Broken:
    """A file of the JPKI application made from the certificate that lies in it."""

    def broken(image: CardImage, issuers: TestIssuers) -> CardImage:
        good = image.certificate if number == _HOLDER else issuers.auth_ca_der
        return with_file(image, number, make(good))

    return broken


def _field(place: int, make: Callable[[bytes], bytes | None]) -> Broken:
    """The holder's certificate with one field made from the good one, signed again."""

    def broken(image: CardImage, issuers: TestIssuers) -> CardImage:
        good = children(children(image.certificate)[0])[place]
        return with_file(image, _HOLDER, resigned(image.certificate, issuers.auth, {place: make(good)}))

    return broken


def _key(modulus: int, exponent: int = 65537) -> Broken:
    return _field(KEY, lambda _: rsa_key_field(modulus, exponent))


def _odd(bits: int) -> int:
    """A number of exactly `bits` bits, the same in every run; nobody knows its factors."""
    return random.Random(bits).getrandbits(bits) | 1 | 1 << (bits - 1)


def _other_algorithm(_: bytes) -> bytes:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _until(time: bytes, kind: int = GENERALIZED_TIME) -> Broken:
    """The same beginning with another end."""
    return _field(VALIDITY, lambda good: sequence(children(good)[0], tlv(kind, time)))


def _extensions(make: Callable[[list[bytes]], list[bytes]]) -> Broken:
    def field(good: bytes) -> bytes:
        return tlv(0xA3, sequence(*make(children(children(good)[0]))))

    return _field(EXTENSIONS, field)


def _unknown_critical(items: list[bytes]) -> list[bytes]:
    unknown = sequence(bytes.fromhex("06032a0304"), bytes.fromhex("0101ff"), tlv(0x04, b"\x05\x00"))
    return [*items, unknown]


def _inside(good: bytes) -> bytes:
    return sequence(*children(good), b"\x05\x00")


def _indefinite(good: bytes) -> bytes:
    return b"\x30\x80" + b"".join(children(good)) + b"\x00\x00"


def _nested(_: bytes) -> bytes:
    inner = b"\x05\x00"
    for _level in range(_NESTED):
        inner = sequence(inner)
    return inner


def _flipped_signature(good: bytes) -> bytes:
    return good[:-1] + bytes([good[-1] ^ 0x01])


def _own_authority(image: CardImage, issuers: TestIssuers) -> CardImage:
    since = issuers.auth.certificate.not_valid_before_utc
    own = make_authority(image.keys.chip, since).certificate
    return with_file(image, _AUTHORITY, own.public_bytes(Encoding.DER))


def _holder_as_authority(image: CardImage, _: TestIssuers) -> CardImage:
    return with_file(image, _AUTHORITY, image.certificate)


def _authority_as_holder(image: CardImage, issuers: TestIssuers) -> CardImage:
    return with_file(image, _HOLDER, issuers.auth_ca_der)


def _future_authority(image: CardImage, _: TestIssuers) -> CardImage:
    later = make_authority(image.keys.chip, datetime(2200, 1, 1, tzinfo=UTC)).certificate
    return with_file(image, _AUTHORITY, later.public_bytes(Encoding.DER))


BROKEN_CERTIFICATES: Final[Mapping[str, Broken]] = {
    "certificate-not-der": _content(_HOLDER, lambda good: b"-----BEGIN CERTIFICATE-----".ljust(len(good))),
    "certificate-noise": _content(_HOLDER, lambda good: b"\x30\x82\x05\x00" + b"\xa5" * (len(good) - 4)),
    "certificate-empty": _content(_HOLDER, lambda _: b""),
    "certificate-zero-length": _content(_HOLDER, lambda _: b"\x30\x00"),
    "certificate-longer-than-file": _content(_HOLDER, lambda good: b"\x30\x82\x7f\xff" + good[4:]),
    "certificate-longer-than-cards": _content(_HOLDER, lambda good: b"\x30\x84\x7f\xff\xff\xff" + good[4:]),
    "certificate-cut": _content(_HOLDER, lambda good: b"\x30\x82\x02\x00" + good[4 : 4 + 0x200]),
    "certificate-huge": _content(_HOLDER, lambda _: tlv(0x30, bytes(_HUGE))),
    "certificate-nested": _content(_HOLDER, _nested),
    "certificate-indefinite-length": _content(_HOLDER, _indefinite),
    "certificate-trailing-inside": _content(_HOLDER, _inside),
    "certificate-trailing-behind": _content(_HOLDER, lambda good: good + bytes.fromhex("3003020100")),
    "certificate-wrong-signature": _content(_HOLDER, _flipped_signature),
    "certificate-is-the-authority": _authority_as_holder,
    "serial-zero": _field(SERIAL, lambda _: integer(0)),
    "serial-negative": _field(SERIAL, lambda _: bytes.fromhex("020180")),
    "serial-huge": _field(SERIAL, lambda _: integer(1 << 2000)),
    "year-9999": _until(b"99991231235959Z"),
    "year-0": _until(b"00000101000000Z"),
    "no-such-day": _until(b"20290231145959Z"),
    "no-time": _until(b"soon", _UTC_TIME),
    "ends-before-it-begins": _until(b"19990101000000Z"),
    "no-end": _field(VALIDITY, lambda good: sequence(children(good)[0])),
    "key-512": _key(_odd(512)),
    "key-1024": _key(_odd(1024)),
    "key-16384": _key(_odd(16_384)),
    "key-even-modulus": _key(_odd(2048) - 1),
    "key-exponent-1": _key(_odd(2048), 1),
    "key-exponent-even": _key(_odd(2048), 65536),
    "key-exponent-huge": _key(_odd(2048), _odd(2040)),
    "key-modulus-zero": _key(0),
    "key-of-another-kind": _field(KEY, _other_algorithm),
    "key-not-der": _field(KEY, lambda good: sequence(children(good)[0], b"\x03\x03\x00\x41\x41")),
    "no-extensions": _field(EXTENSIONS, lambda _: None),
    "extension-twice": _extensions(lambda items: [*items, items[0]]),
    "extension-unknown-critical": _extensions(_unknown_critical),
    "extension-not-der": _extensions(lambda items: [*items[1:], b"\x30\x05\x06\x03\x55\x1d\x0f"]),
    "no-key-usage": _extensions(lambda items: items[1:]),
    "no-policy": _extensions(lambda items: items[:2] + items[3:]),
    "authority-not-der": _content(_AUTHORITY, lambda good: b"x" * len(good)),
    "authority-empty": _content(_AUTHORITY, lambda _: b""),
    "authority-zero-length": _content(_AUTHORITY, lambda _: b"\x30\x00"),
    "authority-huge": _content(_AUTHORITY, lambda _: tlv(0x30, bytes(_HUGE))),
    "authority-longer-than-file": _content(_AUTHORITY, lambda good: b"\x30\x82\x7f\xff" + good[4:]),
    "authority-is-no-authority": _holder_as_authority,
    "authority-of-its-own": _own_authority,
    "authority-of-the-future": _future_authority,
}
