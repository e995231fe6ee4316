"""Pages as pictures: type size, overflow, marks."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.panel.page import Dots, Page
from firmware.panel.render import BENCH, FULL, STRIP, Format, render, wrap

PAGE = Page(("題",), ("本文",))


def box(page: Page, form: Format = FULL) -> tuple[int, int, int, int]:
    found = render(page, form).image.getbbox()
    assert found is not None
    return found


def test_short_messages_are_large() -> None:
    left, top, right, bottom = box(Page(("永永永永永永永永永永",)))
    assert right - left > 9 * 24
    assert bottom - top > 20
    _, top, _, bottom = box(Page(("永" * 11,)))
    assert bottom - top <= 16


@pytest.mark.parametrize(
    "page",
    [
        Page(("永" * 16,)),
        Page(("題",), ("永" * 21,)),
        Page(("題",), ("一", "二", "三", "四", "五")),
        Page(("題",), buttons=("永" * 7, "", "")),
        Page(("題",), note="永" * 21),
        Page(("題",), note="永" * 14, buttons=("左", "", "")),
        Page(("題",), note="注", buttons=("", "中", "")),
    ],
)
def test_what_does_not_fit_is_reported(page: Page) -> None:
    assert render(page).overflow
    assert not render(page, BENCH).overflow


def test_missing_characters_are_reported() -> None:
    assert set(render(replace(PAGE, body=("😀",))).missing) == {"😀"}
    assert render(PAGE).missing == ""


@pytest.mark.parametrize("form", [FULL, BENCH])
def test_the_mark_fills_the_strip_and_moves_nothing(form: Format) -> None:
    plain, marked = render(PAGE, form).image, render(PAGE, form, "SIM").image
    content = (0, 0, form.width - STRIP, form.height)
    assert plain.crop(content).tobytes() == marked.crop(content).tobytes()
    strip = (form.width - STRIP, 0, form.width, form.height)
    assert plain.crop(strip).getbbox() is None
    lit = sum(marked.crop(strip).convert("L").tobytes()) // 255
    assert lit > STRIP * form.height * 0.8
    assert render(PAGE, form, "TEST").image.tobytes() != marked.tobytes()


@pytest.mark.parametrize("groups", [(4,), (6, 4, 4)])
def test_each_typed_digit_lights_another_dot(groups: tuple[int, ...]) -> None:
    images = [render(Page(("題",), dots=Dots(filled, groups))).image for filled in range(sum(groups) + 1)]
    lit = [sum(image.convert("L").tobytes()) for image in images]
    assert lit == sorted(set(lit))


def test_a_narrow_screen_counts_instead_of_dots() -> None:
    counts = [render(Page(("題",), dots=Dots(filled, (6, 4, 4))), BENCH).image for filled in range(15)]
    assert len({image.tobytes() for image in counts}) == 15
    assert all((image.getbbox() or ())[2:] <= (BENCH.width - STRIP, BENCH.height) for image in counts)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Unplug the cable and plug it in", ["Unplug the cable", "and plug it in"]),
        ("ケーブルを差し直してください", ["ケーブルを差し直", "してください"]),
        ("一二三四五六七八。九", ["一二三四五六七", "八。九"]),
        ("短い", ["短い"]),
        ("", []),
    ],
)
def test_lines_end_between_words_and_never_before_a_full_stop(text: str, lines: list[str]) -> None:
    assert wrap(text, 12, 8 * 12) == lines


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(max_size=40), max_size=4),
    st.lists(st.text(max_size=40), max_size=6),
    st.tuples(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9)),
    st.text(max_size=30),
)
def test_any_text_gives_a_picture(title: list[str], body: list[str], buttons: tuple[str, str, str], note: str) -> None:
    page = Page(tuple(title), tuple(body), buttons=buttons, note=note)
    for form in (FULL, BENCH):
        image = render(page, form, "SIM").image
        assert (image.mode, image.size) == ("1", (form.width, form.height))
