"""The one file out of a response that the terminal packed (パスワード付き ZIP: ZipCrypto or AES). Pure, any thread.

The only file that imports pyzipper. An archive holds exactly one file without a folder in its name, stored or
deflated; nothing is ever unpacked onto a disk. Sizes in bytes. Raises DeviceError TERMINAL_BAD_FILE, its detail
without names. Source: eligibility.md 2.3 (encrypt.conf), 2.4; APPNOTE.TXT 4.3 (end of central directory).
"""

import io
import struct
import zlib
from typing import Final

import pyzipper

from firmware.core.faults import DeviceError, FaultCode

MAGIC: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_MOST_DIRECTORY: Final = 1024
_MOST_COMMENT: Final = 1024
_METHODS: Final = (pyzipper.ZIP_STORED, pyzipper.ZIP_DEFLATED)
_BROKEN: Final = (
    pyzipper.BadZipFile,
    pyzipper.LargeZipFile,
    NotImplementedError,
    RuntimeError,  # no password, or the wrong one
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    OSError,
    struct.error,
    zlib.error,
)
"""What pyzipper was seen to raise over damaged archives."""


def unpack(archive: bytes, password: bytes | None, most: int) -> bytes:
    """The content of the only file in `archive`, at most `most` bytes of it."""
    _check_directory(archive)
    try:
        with pyzipper.AESZipFile(io.BytesIO(archive)) as opened:
            (member,) = opened.infolist()
            if not _plain(member.filename) or member.compress_type not in _METHODS or member.file_size > most:
                raise _bad("archive with an odd member")
            with opened.open(member, pwd=password) as stream:
                data: bytes = stream.read(most)
    except _BROKEN as error:
        raise _bad(f"archive: {type(error).__name__}") from None
    return data


def _check_directory(archive: bytes) -> None:
    """Before the library makes an object of each entry that a directory claims."""
    at = archive.rfind(_END, max(0, len(archive) - _END_BYTES - _MOST_COMMENT))
    if at < 0 or at + _END_BYTES > len(archive):
        raise _bad("archive without an end")
    here, entries, size = struct.unpack_from("<HHI", archive, at + 8)
    if (here, entries) != (1, 1) or size > _MOST_DIRECTORY:
        raise _bad("archive with other than one member")


def _plain(name: str) -> bool:
    return 0 < len(name) <= 255 and name not in {".", ".."} and not any(sign in name for sign in "/\\:\0")


def _bad(what: str) -> DeviceError:
    return DeviceError(FaultCode.TERMINAL_BAD_FILE, what)
