"""BER-TLV and DER fragments as the card writes them. Encoder only: the device has its own decoder, on purpose.

Pure functions, any thread. Lengths are bytes. Raises ValueError for lengths the card's files cannot have.
Source: facts card.md 2.4, ISO/IEC 7816-4 annex on BER-TLV.
"""

import hashlib
from collections.abc import Iterable

_SHA256_ALGORITHM = bytes.fromhex("300d06096086480165030402010500")


def length(size: int) -> bytes:
    """Definite length in the shortest form: one byte, 81 xx or 82 xx xx."""
    if size < 0x80:
        return bytes([size])
    if size < 0x100:
        return bytes([0x81, size])
    if size < 0x10000:
        return b"\x82" + size.to_bytes(2, "big")
    raise ValueError("longer than a card's file")


def long_length(size: int) -> bytes:
    """Length in the form 82 xx xx whatever the size, as the card's outer templates have it."""
    if size >= 0x10000:
        raise ValueError("longer than a card's file")
    return b"\x82" + size.to_bytes(2, "big")


def tag_bytes(tag: int) -> bytes:
    return tag.to_bytes(2 if tag > 0xFF else 1, "big")


def tlv(tag: int, value: bytes) -> bytes:
    return tag_bytes(tag) + length(len(value)) + value


def template(tag: int, value: bytes) -> bytes:
    return tag_bytes(tag) + long_length(len(value)) + value


def digest_info(digests: Iterable[bytes]) -> bytes:
    """DigestInfo for SHA-256 over one digest, or over several laid end to end (card.md 2.4, record signature)."""
    joined = b"".join(digests)
    inner = _SHA256_ALGORITHM + tlv(0x04, joined)
    return tlv(0x30, inner)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
