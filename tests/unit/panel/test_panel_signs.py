"""Signs: they point where they say, stay in their square, and differ from each other."""

from itertools import pairwise

import pytest
from PIL import Image

from firmware.panel.page import Page, Sign
from firmware.panel.render import BENCH, FULL, STRIP, Format, render
from firmware.panel.signs import draw_sign

SIDES = (23, 48)


def drawn(sign: Sign, side: int) -> Image.Image:
    image = Image.new("1", (side, side))
    draw_sign(image, (0, 0), side, sign)
    return image


def lit_rows(image: Image.Image, x: int) -> int:
    return sum(bool(image.getpixel((x, y))) for y in range(image.height))


@pytest.mark.parametrize("side", SIDES)
def test_an_arrow_grows_from_its_tip(side: int) -> None:
    left, right = drawn(Sign.LEFT, side), drawn(Sign.RIGHT, side)
    head = [lit_rows(left, x) for x in range(side // 3)]
    assert 0 < head[0] <= 3
    assert all(before <= after for before, after in pairwise(head))
    mirrored = [lit_rows(right, side - 1 - x) for x in range(side // 3)]
    assert all(abs(one - other) <= 1 for one, other in zip(head, mirrored, strict=True))  # rounding of a slope


@pytest.mark.parametrize("side", SIDES)
def test_signs_differ_and_stay_in_their_square(side: int) -> None:
    pictures = [drawn(sign, side).tobytes() for sign in Sign]
    assert len(set(pictures)) == len(pictures)
    for sign in Sign:
        image = Image.new("1", (3 * side, 3 * side))
        draw_sign(image, (side, side), side, sign)
        left, top, right, bottom = image.getbbox() or (0, 0, 0, 0)
        assert side <= left < right <= 2 * side, sign
        assert side <= top < bottom <= 2 * side, sign


@pytest.mark.parametrize("form", [FULL, BENCH])
@pytest.mark.parametrize("sign", [Sign.LEFT, Sign.RIGHT])
def test_words_and_sign_stand_beside_each_other(form: Format, sign: Sign) -> None:
    shown = render(Page(("A",), sign=sign), form)
    assert not shown.overflow
    plain = render(Page((" ",), sign=sign), form).image.getbbox()
    assert plain is not None
    at_the_left = plain[0] == 0
    assert at_the_left == (sign is Sign.LEFT)
    assert plain[2] <= form.width - STRIP
