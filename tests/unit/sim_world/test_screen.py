"""The screen in the terminal and on the film strip."""

from pathlib import Path

import pytest
from PIL import Image

from firmware.sim.scenario.screen import Film, Picture, as_text


def _picture(*pixels: tuple[int, int], width: int = 8, height: int = 8) -> Picture:
    rows = bytearray(width * height // 8)
    for x, y in pixels:
        rows[(y * width + x) // 8] |= 0x80 >> (x % 8)
    return Picture(bytes(rows), width, height)


def test_each_pixel_is_its_own_braille_dot() -> None:
    dots = {
        (0, 0): 0x01,
        (1, 0): 0x08,
        (0, 1): 0x02,
        (1, 1): 0x10,
        (0, 2): 0x04,
        (1, 2): 0x20,
        (0, 3): 0x40,
        (1, 3): 0x80,
    }
    for (x, y), bit in dots.items():
        lines = as_text(_picture((x, y)))
        assert lines[1] == "│" + chr(0x2800 + bit) + "\u2800" * 3 + "│"
        assert as_text(_picture((x + 6, y + 4)))[2] == "│" + "\u2800" * 3 + chr(0x2800 + bit) + "│"


def test_ascii_shows_upper_lower_both() -> None:
    lines = as_text(_picture((0, 0), (3, 1), (4, 2), (5, 3)), braille=False)
    assert lines[1:3] == ["|'.  |", "|  : |"]
    assert lines[0] == lines[-1] == "+----+"
    assert all(line.isascii() for line in lines)


def test_a_picture_that_does_not_fit_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        Picture(b"123", 8, 8)


def test_the_film_holds_every_picture_enlarged(tmp_path: Path) -> None:
    film = Film()
    film.add("first", _picture((0, 0), width=16))
    film.add("second", _picture((15, 7), width=16))
    film.save(tmp_path / "film.png")
    with Image.open(tmp_path / "film.png") as image:
        colours = [image.getpixel((x, y)) for x in range(image.width) for y in range(image.height)]
    assert colours.count((255, 208, 96)) == 2 * 9
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]


def test_what_a_camera_saw_stands_beside_its_screen(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), (0, 200, 0)).save(tmp_path / "seen.png")
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff")
    film = Film()
    film.add("none", _picture((0, 0), width=16))
    film.add("seen", _picture((0, 0), width=16), tmp_path / "seen.png")
    film.add("unreadable", _picture((0, 0), width=16), tmp_path / "half.jpg")
    film.add("gone", _picture((0, 0), width=16), tmp_path / "gone.jpg")
    assert {number: image.size for number, image in film.seen.items()} == {1: (32, 24)}
    film.save(tmp_path / "film.png")
    with Image.open(tmp_path / "film.png") as image:
        columns = [x for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == (0, 200, 0)]
    assert len(columns) == 32 * 24
    assert min(columns) >= 12 + 16 * 3


def test_a_film_without_pictures_can_be_saved(tmp_path: Path) -> None:
    Film().save(tmp_path / "film.png")
    assert (tmp_path / "film.png").stat().st_size > 0


def test_a_film_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "film.png").mkdir()
    with pytest.raises(OSError, match="directory"):
        Film().save(tmp_path / "film.png")
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]
