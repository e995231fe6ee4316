"""Names on the card: applications, files, keys and the DigestInfo prefixes. Pure values.

Source: card.md 2.1, 2.3, 2.4, 2.6 and 3 (marks of certainty there).
"""

from enum import Enum, IntEnum


class Application(Enum):
    """The two applications this device knows; the value is the full AID."""

    SURFACE = bytes.fromhex("D3921000310001010402")
    JPKI = bytes.fromhex("D392F000260100000001")

    @property
    def label(self) -> str:
        return self.name.lower()


class SurfaceFile(IntEnum):
    """Card-face application."""

    RECORD = 0x0002
    CERTIFICATE = 0x0004
    NUMBER_B = 0x0012


class JpkiFile(IntEnum):
    """JPKI application, user-authentication half."""

    TOKEN = 0x0006
    CERTIFICATE = 0x000A
    AUTHORITY = 0x000B
    KEY = 0x0017
    PIN = 0x0018


DIGEST_INFO_SHA256 = bytes.fromhex("3031300D060960864801650304020105000420")
"""What stands before a SHA-256 in a PKCS#1 v1.5 signature (RFC 8017, 9.2)."""

DIGEST_INFO_RECORD = bytes.fromhex("3071300D060960864801650304020105000460")
"""The same with 96 bytes behind it: the three hashes of a card-face record (card.md 2.4)."""
