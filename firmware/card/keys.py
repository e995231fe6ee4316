"""RSA keys, signatures and card-verifiable certificates of the card face. Pure (with `cryptography`).

A key is `90 82 0100 modulus ‖ 91 03 exponent` (card.md 2.4); another reading has the two tags the other way round, so
the longer number is taken for the modulus. EF 0004 is `7F21 { 5F4E: issuer id 16 ‖ subject id 16 ‖ key, 5F37:
signature }` (card.md 2.3). What 5F37 signs has no public source: see `CERTIFICATE_SIGNATURE_COVERS`.
Raises `TlvError` for everything malformed.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from firmware.card.tlv import Bytes, Node, TlvError, by_tag, parse

CERTIFICATE_SIGNATURE_COVERS = 0x5F4E
"""Our assumption: 5F37 is PKCS#1 v1.5 with SHA-256, by the issuer's key, over the value of this object."""

_CERTIFICATE, _BODY, _SIGNATURE = 0x7F21, 0x5F4E, 0x5F37
_NUMBERS = (0x90, 0x91)
_IDENTIFIER_LENGTH = 16
_MODULUS_BITS = range(2_048, 4_097)
_EXPONENT_BYTES = range(1, 5)


@dataclass(frozen=True, slots=True)
class FaceIssuer:
    """An installed issuer of card-face certificates: its 16-byte id (None: whatever id is named) and its key."""

    identifier: bytes | None
    key: RSAPublicKey


@dataclass(frozen=True, slots=True)
class FaceCertificate:
    """EF 0004, split."""

    issuer: bytes
    subject: bytes
    key: RSAPublicKey
    signed: bytes
    signature: bytes


def read_key(data: Bytes) -> RSAPublicKey:
    """The public key in `data`; sizes outside 2048 to 4096 bits are refused."""
    parts = by_tag(parse(data))
    exponent, modulus = sorted((require(parts, tag).value for tag in _NUMBERS), key=len)
    if len(exponent) not in _EXPONENT_BYTES or len(modulus) > _MODULUS_BITS.stop // 8:
        raise TlvError("key of an unlikely size")
    n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    if n.bit_length() not in _MODULUS_BITS or n % 2 == 0:
        raise TlvError("key of an unlikely size")
    try:
        return RSAPublicNumbers(e, n).public_key()
    except ValueError as error:
        raise TlvError("not an RSA key") from error


def read_certificate(data: Bytes) -> FaceCertificate:
    """EF 0004 as read from the card."""
    inner = by_tag(require(by_tag(parse(data)), _CERTIFICATE).children)
    body, signature = require(inner, _BODY).value, require(inner, _SIGNATURE).value
    key_at = 2 * _IDENTIFIER_LENGTH
    return FaceCertificate(
        issuer=bytes(body[:_IDENTIFIER_LENGTH]),
        subject=bytes(body[_IDENTIFIER_LENGTH:key_at]),
        key=read_key(body[key_at:]),
        signed=bytes(require(inner, CERTIFICATE_SIGNATURE_COVERS).value),
        signature=bytes(signature),
    )


def require(nodes: dict[int, Node], tag: int) -> Node:
    node = nodes.get(tag)
    if node is None:
        raise TlvError(f"no object {tag:X}")
    return node


def signs_digest(key: RSAPublicKey, signature: bytes, digest: bytes) -> bool:
    """PKCS#1 v1.5 over a ready SHA-256."""
    try:
        key.verify(signature, digest, PKCS1v15(), Prehashed(SHA256()))
    except InvalidSignature:
        return False
    return True


def signs_message(key: RSAPublicKey, signature: bytes, message: bytes) -> bool:
    """PKCS#1 v1.5 with SHA-256 over `message`."""
    return signs_digest(key, signature, hashlib.sha256(message).digest())


def signs_block(key: RSAPublicKey, signature: bytes, block: bytes) -> bool:
    """PKCS#1 v1.5 over exactly `block` (a DigestInfo of our own making), compared whole."""
    try:
        recovered = key.recover_data_from_signature(signature, PKCS1v15(), None)
    except InvalidSignature:
        return False
    return hmac.compare_digest(recovered, block)
