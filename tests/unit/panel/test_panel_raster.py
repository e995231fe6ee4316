"""Pictures as bytes and as terminal text."""

import pytest
from PIL import Image

from firmware.panel.raster import blocks, from_rows, to_rows


def picture(lit: set[tuple[int, int]], width: int = 16, height: int = 8) -> Image.Image:
    image = Image.new("1", (width, height))
    for place in lit:
        image.putpixel(place, 1)
    return image


def test_rows_are_most_significant_bit_left() -> None:
    assert to_rows(picture({(0, 0), (9, 0), (15, 1)})) == bytes((0x80, 0x40, 0x00, 0x01)) + bytes(12)


def test_there_and_back() -> None:
    rows = bytes(range(16))
    assert to_rows(from_rows(rows, 16, 8)) == rows


@pytest.mark.parametrize("image", [Image.new("L", (16, 8)), Image.new("1", (12, 8))])
def test_other_pictures_are_refused(image: Image.Image) -> None:
    with pytest.raises(ValueError, match="1-bit"):
        to_rows(image)


def test_braille_dots_stand_where_the_pixels_are() -> None:
    assert blocks(picture({(0, 0)}, 2, 4)) == "⠁"
    assert blocks(picture({(1, 3)}, 2, 4)) == "⢀"
    assert blocks(picture({(x, y) for x in range(2) for y in range(4)}, 2, 4)) == "⣿"
    lines = blocks(Image.new("1", (256, 64))).split("\n")
    assert [len(line) for line in lines] == [128] * 16
    assert set("".join(lines)) == {"⠀"}


def test_a_size_that_is_no_multiple_of_a_cell() -> None:
    assert blocks(picture({(2, 4)}, 3, 5)) == "⠀⠀\n⠀⠁"
