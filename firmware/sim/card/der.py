"""Certificates taken apart and put together again, so that single fields can be made wrong.

Pure, any thread. Knows just enough DER for certificates that this simulator made itself: one-byte tags, definite
lengths. Raises ValueError or IndexError for anything else. Source: RFC 5280 4.1, X.690.
"""

from collections.abc import Mapping
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from firmware.sim.card.certificates import Authority, signature_hash
from firmware.sim.card.files import with_filler
from firmware.sim.card.image import CardImage
from firmware.sim.card.tlv import tlv

SEQUENCE, BIT_STRING, INTEGER, GENERALIZED_TIME = 0x30, 0x03, 0x02, 0x18
# Fields of the part of a certificate that is signed, by their place.
SERIAL, VALIDITY, KEY, EXTENSIONS = 1, 4, 6, 7
_LONG_FORM = 0x80
_RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")


def children(der: bytes) -> list[bytes]:
    """The whole elements inside one constructed element."""
    at, found = _header_size(der), []
    while at < len(der):
        size = _whole_size(der[at:])
        found.append(der[at : at + size])
        at += size
    return found


def _header_size(der: bytes) -> int:
    return 2 if der[1] < _LONG_FORM else 2 + der[1] - _LONG_FORM


def _whole_size(der: bytes) -> int:
    header = _header_size(der)
    return header + (der[1] if header == 2 else int.from_bytes(der[2:header], "big"))


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    """A positive number."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def rsa_key_field(modulus: int, exponent: int = 65537) -> bytes:
    """SubjectPublicKeyInfo of numbers that no key maker would give out."""
    return sequence(_RSA_ALGORITHM, tlv(BIT_STRING, b"\x00" + sequence(integer(modulus), integer(exponent))))


def resigned(certificate: bytes, authority: Authority, fields: Mapping[int, bytes | None]) -> bytes:
    """The certificate with other fields (None: left out), rightly signed by its issuer."""
    body, algorithm, _ = children(certificate)
    parts: list[bytes | None] = list(children(body))
    for place, content in fields.items():
        parts[place] = content
    changed = sequence(*(part for part in parts if part is not None))
    return sequence(changed, algorithm, tlv(BIT_STRING, b"\x00" + _signature(authority, changed)))


def _signature(authority: Authority, body: bytes) -> bytes:
    key = authority.key
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(body, padding.PKCS1v15(), signature_hash(key))
    return key.sign(body, ec.ECDSA(signature_hash(key)))


def with_file(image: CardImage, number: int, content: bytes) -> CardImage:
    """The card with another content in a file of the JPKI application; of 000A the certificate goes along."""
    jpki = {**image.jpki, number: with_filler(content)}
    certificate = content if number == 0x000A else image.certificate
    return replace(image, jpki=jpki, certificate=certificate)
