"""Keys of cards and issuers: making, storing, the card's own public-key field, and raw signatures.

Any thread; making a 2048-bit key takes about 0.1 s (4096 bits: seconds), so callers keep keys in a private folder.
Raises ValueError for a file that is no PEM key, TypeError for a key of another kind. Source: facts card.md 2.4, 4.4.
"""

import os
from enum import Enum
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

from firmware.sim.card.tlv import tlv

KEY_BITS = 2048
KEY_FIELD_SIZE = 265
_EXPONENT = 65537

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class RecordForm(Enum):
    """Two readings of the card-face record; no official text is public (card.md 2.4).

    FACTS: public keys are 90 modulus, 91 exponent; DF28 covers hashes of the objects' values.
    TEST_CARD: 90 exponent, 91 modulus; DF28 covers hashes of whole objects (tag, length, value). So says the only
    public source whose tests run on files of JPKI test cards, and the offsets a second source hashes between.
    """

    FACTS = "facts"
    TEST_CARD = "test-card"


def make_key(bits: int = KEY_BITS) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=_EXPONENT, key_size=bits)


def make_curve_key() -> ec.EllipticCurvePrivateKey:
    """A key on P-384, as the next generation of cards is said to have."""
    return ec.generate_private_key(ec.SECP384R1())


def key_field(key: rsa.RSAPublicKey, form: RecordForm) -> bytes:
    """A public key as DF24 and the card-verifiable certificate hold it, 265 bytes."""
    numbers = key.public_numbers()
    modulus = numbers.n.to_bytes(KEY_BITS // 8, "big")
    exponent = numbers.e.to_bytes(3, "big")
    first, second = (modulus, exponent) if form is RecordForm.FACTS else (exponent, modulus)
    return tlv(0x90, first) + tlv(0x91, second)


def sign_block(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """PKCS#1 type 1 padding around `block` as it is, then RSA: what the card's 80 2A does with its data."""
    return key.sign(block, padding.PKCS1v15(), NoDigestInfo())


def write_private(path: Path, content: bytes) -> None:
    """Create or replace a file that only its owner can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(content)


def save_key(path: Path, key: PrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(path, pem)


def load_key(path: Path) -> rsa.RSAPrivateKey:
    key = load_any_key(path)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path.name} holds no RSA key")
    return key


def load_any_key(path: Path) -> PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} holds neither an RSA key nor one on a curve")
    return key
