"""Signatures of the user-authentication key: what the card is sent, how long the answer may be, and the check. Pure.

Kind and size are read from the holder's certificate (card.md 4.4): today's cards have RSA-2048 and sign a DigestInfo of
SHA-256 as PKCS#1 v1.5 (card.md 3), the next generation has EC P-384 with SHA-384. Nobody outside has seen such a card
yet. Two things about it are therefore our assumption: that it is sent the bare hash, and that it answers in DER or as
r and s laid end to end; both forms are understood here. Lengths are in bytes. Nothing here raises.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from firmware.card.names import DIGEST_INFO_SHA256

CertificateKey = RSAPublicKey | EllipticCurvePublicKey
"""A holder's key. `certificates.judge` lets RSA of 2048 to 4096 bits and P-384 through, nothing else."""

_RSA_2048 = 256
_DER_OVERHEAD = 2 + 2 * 3
"""SEQUENCE header, and for r and s each an INTEGER header and the zero byte that keeps the number positive."""


def to_sign(key: CertificateKey | None, message: bytes) -> bytes:
    """The data field of PSO: COMPUTE DIGITAL SIGNATURE; for a key nobody has seen yet, today's cards' form."""
    if isinstance(key, EllipticCurvePublicKey):
        return hashlib.sha384(message).digest()
    return DIGEST_INFO_SHA256 + hashlib.sha256(message).digest()


def longest_signature(key: CertificateKey | None) -> int:
    """How many bytes to ask for: no signature by `key` is longer."""
    match key:
        case None:
            return _RSA_2048
        case EllipticCurvePublicKey():
            return 2 * _number_length(key) + _DER_OVERHEAD
        case _:
            return _number_length(key)


def signs(key: CertificateKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is by `key` over `message`; whatever a card sends, the answer is yes or no."""
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(as_der(key, signature), message, ECDSA(SHA384()))
        else:
            key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def as_der(key: CertificateKey | None, signature: bytes) -> bytes:
    """R and s laid end to end become DER, the form that X.509 and the gateway know; all else stays as it is.

    What reads as DER is DER: that r and s of a P-384 signature look like it has odds of 2 to the -40.
    """
    if not isinstance(key, EllipticCurvePublicKey) or len(signature) != 2 * _number_length(key):
        return signature
    try:
        decode_dss_signature(signature)
    except ValueError:
        half = _number_length(key)
        return encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
    return signature


def _number_length(key: CertificateKey) -> int:
    return (key.key_size + 7) // 8
