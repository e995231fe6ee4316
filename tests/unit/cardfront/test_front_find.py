"""Finding a card's border, its side and its lines: on drawn pictures, and on frames whose truth is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware.cardfront import picture as pic
from firmware.cardfront.find import FindLimits, find_cards
from firmware.cardfront.layout import CODE, CODE_LINE, DATE_LINE, DATES, HEIGHT, SCALE, WIDTH
from firmware.cardfront.light import hint_for
from firmware.cardfront.lines import find_lines
from firmware.cardfront.sides import Side, codes_in, finder_patterns, has_stripe, look_at
from firmware.cardfront.sight import FrontHint
from firmware.sim.front import MODERATE, make_back, make_front

Picture = NDArray[np.uint8]


def off(corners: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Greatest distance of a corner from the true one, in millimetres of the card; half a turn does not count."""
    scale = float(np.linalg.norm(truth[1] - truth[0])) / 85.6
    return min(float(np.linalg.norm(np.roll(corners, turn, axis=0) - truth, axis=1).max()) / scale for turn in (0, 2))


@pytest.mark.parametrize("seed", range(5))
def test_a_card_is_found_whatever_its_turn_and_tilt(seed: int) -> None:
    scene = make_front(seed, MODERATE)
    found = find_cards(scene.frame, FindLimits())
    assert found
    assert min(off(quad.corners, scene.corners) for quad in found) < 0.6


def drawn(left: int, top: int, right: int, bottom: int) -> Picture:
    picture = np.full((480, 640, 3), 60, dtype=np.uint8)
    picture[top:bottom, left:right] = 210
    return picture


def test_a_plain_rectangle_of_the_right_shape_is_found_to_the_pixel() -> None:
    (quad,) = find_cards(drawn(120, 100, 520, 352), FindLimits())
    truth = np.array([[120, 100], [520, 100], [520, 352], [120, 352]])
    assert min(np.abs(np.roll(quad.corners, turn, axis=0) - truth).max() for turn in (0, 2)) < 1.0
    assert quad.support > 0.95
    assert quad.share == pytest.approx(400 * 252 / (640 * 480), rel=0.01)


@pytest.mark.parametrize(
    "box", [(200, 100, 440, 340), (20, 200, 620, 300), (300, 200, 380, 250)], ids=["square", "strip", "small"]
)
def test_other_rectangles_are_no_cards(box: tuple[int, int, int, int]) -> None:
    assert find_cards(drawn(*box), FindLimits()) == []


def test_a_card_that_stands_is_turned_so_that_a_long_side_comes_first() -> None:
    (quad,) = find_cards(drawn(200, 40, 452, 440), FindLimits())
    sides = np.linalg.norm(np.roll(quad.corners, -1, axis=0) - quad.corners, axis=1)
    assert sides[0] > sides[1]


def card(*dark: tuple[float, float, float, float], shade: int = 40) -> Picture:
    """A grey card with dark boxes (millimetres)."""
    made = np.full((HEIGHT, WIDTH), 205, dtype=np.uint8)
    for left, top, right, bottom in dark:
        made[round(top * SCALE) : round(bottom * SCALE), round(left * SCALE) : round(right * SCALE)] = shade
    return made


PHOTO = ((5.0, 16.0, 26.0, 30.0),)


def test_a_photo_speaks_for_the_front_and_tells_which_way_up() -> None:
    upright = card(*PHOTO)
    look = look_at(upright)
    assert (look.side, look.upside_down) == (Side.FRONT, False)
    assert look_at(np.ascontiguousarray(upright[::-1, ::-1])).upside_down
    assert look_at(card()).side is Side.NEITHER


def test_a_stripe_speaks_for_the_back_even_beside_a_photo() -> None:
    striped = card(*PHOTO, (0, 38.6, 85.6, 49.0))
    assert has_stripe(striped)
    assert look_at(striped).side is Side.BACK
    assert not has_stripe(card((0, 38.6, 40, 49.0)))
    assert not has_stripe(card((0, 38.6, 85.6, 41.0)))


def finder(size: int) -> Picture:
    """One corner mark, 7 modules of `size` pixels, with a light margin."""
    modules = np.array([[max(abs(x), abs(y)) for x in range(-5, 6)] for y in range(-5, 6)])
    dark = (modules <= 1) | (modules == 3)
    return np.kron(np.where(dark, 30, 215), np.ones((size, size))).astype(np.uint8)


def test_one_corner_mark_of_a_code_speaks_for_the_back() -> None:
    marked = card(*PHOTO)
    mark = finder(6)
    marked[200 : 200 + mark.shape[0], 800 : 800 + mark.shape[1]] = mark
    assert look_at(marked).side is Side.BACK


@pytest.mark.parametrize("turn", [0.0, 0.4, 0.785])
def test_corner_marks_are_seen_any_way_round(turn: float) -> None:
    around = np.full((200, 200, 3), 215, dtype=np.uint8)
    mark = finder(6)
    around[60 : 60 + mark.shape[0], 60 : 60 + mark.shape[1]] = mark[:, :, np.newaxis]
    way = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = (np.array([[-60, -60], [60, -60], [60, 60], [-60, 60]]) @ way + 93).astype(np.float32)
    turned = pic.grey(pic.rectified(around, corners, 120, 120))
    assert finder_patterns(turned, (20, 80))
    assert not finder_patterns(np.full((120, 120), 215, np.uint8), (20, 80))


def test_codes_of_a_frame_lie_on_the_back_that_shows_them() -> None:
    scene = make_back(1, MODERATE)
    assert scene.corners is not None
    codes = codes_in(scene.frame)
    assert codes
    assert all(pic.holds(scene.corners.astype(np.float32), code) for code in codes)


def test_lines_are_found_where_they_are_and_neighbours_are_told() -> None:
    birth, expiry, code, piece = (30, 17, 56, 19.4), (30, 22.5, 62, 24.9), (30, 39.5, 35.5, 41.5), (50, 34, 54, 36)
    marks = [*strokes(birth), *strokes(expiry), *strokes(code), *strokes(piece), *strokes((56, 34, 57.5, 36))]
    grey = card(*marks)
    dates = find_lines(grey, DATES, DATE_LINE)
    assert [(round(box.left / SCALE), round(box.top / SCALE)) for box in dates] == [(30, 17), (30, 22)]
    (lone,) = find_lines(grey, CODE, CODE_LINE)
    assert (round(lone.left / SCALE), round(lone.top / SCALE)) == (30, 39)


def strokes(box: tuple[float, float, float, float]) -> list[tuple[float, float, float, float]]:
    """A line of print: upright strokes of 0.4 mm, 1 mm apart."""
    left, top, right, bottom = box
    return [(x, top, x + 0.4, bottom) for x in np.arange(left, right - 0.3, 1.0)]


def test_a_shadow_is_no_line() -> None:
    grey = card()
    grey[250:] = grey[250:] // 2
    assert find_lines(grey, DATES, DATE_LINE) == []


def test_hints_say_what_could_be_better() -> None:
    assert hint_for(card(), share=0.05) is FrontHint.CLOSER
    assert hint_for(card(), share=0.5) is FrontHint.BLUR
    shining = card()
    shining[200:300, 400:700] = 255
    assert hint_for(shining, share=0.5) is FrontHint.GLARE
    printed = card(*(stroke for row in range(3, 50, 4) for stroke in strokes((3, row, 80, row + 2))))
    assert hint_for(printed, share=0.5) is FrontHint.HOLD_STILL
