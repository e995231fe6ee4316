"""The fonts: coverage, widths, and files that are missing or damaged."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from firmware.core.faults import DeviceError, FaultCode
from firmware.panel.glyphs import FONT_FOLDER, SIZES, BitmapFont, Typeface, typeface


def jis_x_0208() -> list[str]:
    pairs = (bytes((row, cell)) for row in range(0xA1, 0xFF) for cell in range(0xA1, 0xFF))
    chars = (pair.decode("euc_jp", "ignore") for pair in pairs)
    return [char for char in chars if char and not char.isspace()]


@pytest.mark.parametrize("size", SIZES)
def test_ascii_and_all_japanese_standard_characters_can_be_drawn(size: int) -> None:
    face = typeface(size)
    chars = jis_x_0208()
    assert len(chars) > 6800
    assert [char for char in chars if not face.has(char)] == []
    assert [chr(code) for code in range(0x21, 0x7F) if not face.has(chr(code))] == []


@pytest.mark.parametrize("size", SIZES)
def test_the_grid(size: int) -> None:
    face = typeface(size)
    assert face.width("漢字") == 2 * size
    assert face.width("ab 1") == 4 * size // 2
    assert face.width("●○") == 2 * size
    assert face.width("é\\") == size


@pytest.mark.parametrize("char", "永gＡ●カ1")
@pytest.mark.parametrize("size", SIZES)
def test_glyphs_are_those_of_freetype(size: int, char: str) -> None:
    """FreeType reads the same files with code of its own."""
    name = "h" if char.isascii() else "f"
    font = ImageFont.truetype(FONT_FOLDER / f"{name}{size}.pcf", size, layout_engine=ImageFont.Layout.BASIC)
    mask = font.getmask(char, "1")
    ours = BitmapFont(FONT_FOLDER / f"{name}{size}.pcf", size if name == "f" else size // 2, size).glyph(char)
    assert ours is not None
    box = ours.getbbox()
    theirs = Image.frombytes("L", mask.size, bytes(mask))
    assert ours.crop(box).convert("L").tobytes() == theirs.crop(theirs.getbbox()).tobytes()


def test_what_is_missing_is_named() -> None:
    assert typeface(16).missing("漢😀字〓") == "😀"


def test_clip_keeps_whole_characters() -> None:
    assert typeface(10).clip("暗証番号", 35) == "暗証番"
    assert typeface(10).clip("PIN", 35) == "PIN"


def copy(folder: Path, data: bytes | None = None) -> Path:
    for name in ("f10.pcf", "h10.pcf"):
        (folder / name).write_bytes((FONT_FOLDER / name).read_bytes())
    if data is not None:
        (folder / "f10.pcf").write_bytes(data)
    return folder


def test_a_missing_font_is_a_display_fault(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        Typeface(10, tmp_path)
    assert caught.value.code is FaultCode.DISPLAY_FAILED
    assert "f10.pcf" in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\x01fcp", b"not a font at all", b"\x01fcp\xff\xff\xff\xff" + bytes(64)])
def test_a_file_that_is_no_font_is_a_display_fault(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DeviceError) as caught:
        Typeface(10, copy(tmp_path, data))
    assert caught.value.code is FaultCode.DISPLAY_FAILED


def test_a_glyph_that_points_behind_the_bitmaps_is_not_drawn(tmp_path: Path) -> None:
    path = tmp_path / "h10.pcf"
    path.write_bytes((FONT_FOLDER / "h10.pcf").read_bytes())
    font = BitmapFont(path, 5, 10)
    index = struct.unpack_from(">H", font._data, font._encodings + 2 * ord("A"))[0]
    damaged = bytearray(path.read_bytes())
    struct.pack_into(">I", damaged, font._offsets + 4 * index, len(damaged) - font._bitmaps - 3)
    font.close()
    path.write_bytes(damaged)
    font = BitmapFont(path, 5, 10)
    assert font.glyph("A") is None
    assert font.glyph("B") is not None


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_font_is_a_fault_or_still_safe_to_draw(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = (FONT_FOLDER / "h10.pcf").read_bytes()
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    damaged = bytearray(whole[:cut])
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, 200))
        if place + 4 <= len(damaged):
            struct.pack_into(">I", damaged, place, data.draw(st.integers(0, 2**32 - 1)))
    path = tmp_path_factory.mktemp("font") / "h10.pcf"
    path.write_bytes(damaged)
    try:
        font = BitmapFont(path, 5, 10)
    except DeviceError:
        return
    for code in range(0x20, 0x7F):
        font.glyph(chr(code))
    font.close()
