"""The bounds of a packed response exactly: what just fits is opened, one more is refused (oqs_zip.py)."""

import io
import zipfile

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.eligibility.oqs_zip import unpack

CONTENT = "<XmlMsg>例</XmlMsg>".encode()
ENTRY = 46
"""Bytes of a directory's entry without its texts (APPNOTE.TXT 4.3.12)."""


def packed(name: str = "a.xml", comment: int = 0, note: int = 0, method: int = zipfile.ZIP_STORED) -> bytes:
    """One member. `comment`: length of the archive's; `note`: of the member's, which stands in the directory."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression=method) as opened:
        info = zipfile.ZipInfo(name)
        info.comment = b"n" * note
        info.compress_type = method
        opened.writestr(info, CONTENT)
        opened.comment = b"c" * comment
    return made.getvalue()


def refusal(archive: bytes, most: int = 1000) -> str:
    """Why it is refused; empty if it is opened."""
    try:
        assert unpack(archive, None, most) == CONTENT
    except DeviceError as error:
        return error.detail if error.code is FaultCode.TERMINAL_BAD_FILE else str(error)
    return ""


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_content_may_be_as_long_as_allowed(method: int) -> None:
    assert refusal(packed(method=method), len(CONTENT)) == ""
    assert refusal(packed(method=method), len(CONTENT) - 1) == "archive with an odd member"


def test_the_comment_of_an_archive() -> None:
    assert refusal(packed(comment=1)) == ""
    assert refusal(packed(comment=1024)) == ""
    assert refusal(packed(comment=1025)) == "archive without an end"


def test_the_size_of_a_directory() -> None:
    name = "a.xml"
    room = 1024 - ENTRY - len(name)
    assert refusal(packed(name, note=room)) == ""
    assert refusal(packed(name, note=room + 1)) == "archive with other than one member"


def test_the_length_of_a_name() -> None:
    assert refusal(packed("a")) == ""
    assert refusal(packed("a" * 255)) == ""
    assert refusal(packed("a" * 256)) == "archive with an odd member"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "C:b"])
def test_a_name_that_leads_elsewhere(name: str) -> None:
    assert refusal(packed(name)) == "archive with an odd member"


def test_an_archive_that_was_cut_within_its_end() -> None:
    whole = packed()
    for length in range(len(whole)):
        assert refusal(whole[:length]) != "", length
    assert refusal(whole[:-1]) == "archive without an end"
