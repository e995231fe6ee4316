"""Password ZIP as the terminal makes it: ZipCrypto, written here from its description, or AES by pyzipper.

Not the device's code: that only reads. Pure, any thread, no exceptions. Source: APPNOTE.TXT 4.3 (headers), 6.1
(traditional PKWARE encryption).
"""

import io
import os
import struct
import zlib
from enum import StrEnum
from typing import Final

import pyzipper

_DOS_TIME: Final = 0x4A00
_DOS_DATE: Final = 0x5C81
"""2026-04-01 09:16:00"""


class Packing(StrEnum):
    """How responses are packed."""

    ZIPCRYPTO = "zipcrypto"
    AES = "aes"


def pack(name: str, content: bytes, password: bytes, packing: Packing) -> bytes:
    """An archive with the one file `name`."""
    return _aes(name, content, password) if packing is Packing.AES else _zipcrypto(name, content, password)


def _aes(name: str, content: bytes, password: bytes) -> bytes:
    made = io.BytesIO()
    with pyzipper.AESZipFile(made, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password)
        archive.writestr(name, content)
    return made.getvalue()


def _zipcrypto(name: str, content: bytes, password: bytes) -> bytes:
    check = zlib.crc32(content)
    squeezer = zlib.compressobj(wbits=-15)
    packed = squeezer.compress(content) + squeezer.flush()
    # The last byte of the 12 before the data lets a reader notice a wrong password.
    data = _Keys(password).encrypt(os.urandom(11) + bytes([check >> 24]) + packed)
    raw = name.encode("ascii")
    common = struct.pack("<HHHHHIIIHH", 20, 1, 8, _DOS_TIME, _DOS_DATE, check, len(data), len(content), len(raw), 0)
    local = b"PK\x03\x04" + common + raw + data
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + raw
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


class _Keys:
    """The three running keys."""

    def __init__(self, password: bytes) -> None:
        self._one, self._two, self._three = 0x12345678, 0x23456789, 0x34567890
        for byte in password:
            self._update(byte)

    def encrypt(self, plain: bytes) -> bytes:
        made = bytearray()
        for byte in plain:
            key = self._three | 2
            made.append(byte ^ ((key * (key ^ 1) >> 8) & 0xFF))
            self._update(byte)
        return bytes(made)

    def _update(self, byte: int) -> None:
        self._one = _crc(self._one, byte)
        self._two = ((self._two + (self._one & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        self._three = _crc(self._three, self._two >> 24)


def _crc(value: int, byte: int) -> int:
    """One step of CRC-32 without the inversions at its ends, which zlib makes."""
    return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
