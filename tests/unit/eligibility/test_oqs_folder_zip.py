"""Packed responses: both encryptions, and everything that an archive must not be."""

import io
import shutil
import struct
import subprocess
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.eligibility.oqs_zip import unpack
from firmware.sim.terminal.archive import Packing, pack

MOST = 4 * 1024 * 1024
PASSWORD = b"ABC-123"
CONTENT = "<XmlMsg>例</XmlMsg>".encode() * 50


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression=method) as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one name twice
        for name, content in members:
            opened.writestr(name, content)
    return made.getvalue()


def refused(data: bytes, password: bytes | None = PASSWORD) -> str:
    with pytest.raises(DeviceError) as caught:
        unpack(data, password, MOST)
    assert caught.value.code is FaultCode.TERMINAL_BAD_FILE
    return caught.value.detail


@pytest.mark.parametrize("packing", list(Packing))
def test_both_encryptions_are_opened(packing: Packing) -> None:
    assert unpack(pack("a.xml", CONTENT, PASSWORD, packing), PASSWORD, MOST) == CONTENT


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_plain_archive_is_opened(method: int) -> None:
    assert unpack(archive(("a.xml", CONTENT), method=method), None, MOST) == CONTENT


@pytest.mark.skipif(shutil.which("zip") is None, reason="Info-ZIP is not installed")
def test_an_archive_of_info_zip_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(CONTENT)
    subprocess.run(["zip", "-q", "-P", PASSWORD.decode(), "a.zip", "a.xml"], cwd=tmp_path, check=True)
    assert unpack((tmp_path / "a.zip").read_bytes(), PASSWORD, MOST) == CONTENT


@pytest.mark.parametrize("packing", list(Packing))
@pytest.mark.parametrize("password", [None, b"", b"wrong"])
def test_without_the_password_nothing_comes_out(packing: Packing, password: bytes | None) -> None:
    refused(pack("a.xml", CONTENT, PASSWORD, packing), password)


@pytest.mark.parametrize("name", ["../a.xml", "/a.xml", "x/a.xml", "..\\a.xml", "C:a.xml", "x/", ".."])
def test_a_name_with_a_way_in_it_is_refused(name: str) -> None:
    assert refused(archive((name, CONTENT))) == "archive with an odd member"


def test_one_member_only() -> None:
    assert "one member" in refused(archive())
    assert "one member" in refused(archive(("a.xml", CONTENT), ("b.xml", CONTENT)))
    assert "one member" in refused(archive(("a.xml", CONTENT), ("a.xml", CONTENT)))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_refused(method: int) -> None:
    assert refused(archive(("a.xml", CONTENT), method=method)) == "archive with an odd member"


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    bomb = archive(("a.xml", bytes(40 * 1024 * 1024)))
    tracemalloc.start()
    refused(bomb)
    assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    tracemalloc.stop()


def test_a_bomb_that_lies_about_its_size_stops_at_the_bound() -> None:
    bomb = bytearray(archive(("a.xml", bytes(20 * 1024 * 1024))))
    for sign, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", bomb, bomb.find(sign) + at, 1000)
    tracemalloc.start()
    refused(bytes(bomb))
    assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    tracemalloc.stop()


@pytest.mark.parametrize(("packing", "step"), [(Packing.ZIPCRYPTO, 1), (Packing.AES, 7)])
def test_damage_anywhere_is_a_bad_file_or_harmless(packing: Packing, step: int) -> None:
    good = pack("a.xml", CONTENT, PASSWORD, packing)
    for at in range(0, len(good), step):  # AES takes some milliseconds for each password
        damaged = bytearray(good)
        damaged[at] ^= 0x5A
        refused(good[:at])
        try:
            found = unpack(bytes(damaged), PASSWORD, MOST)
        except DeviceError as error:
            assert error.code is FaultCode.TERMINAL_BAD_FILE  # noqa: PT017  (either is right)
        else:
            assert CONTENT.startswith(found), "a smaller size cuts it off, and cut XML is no XML"
