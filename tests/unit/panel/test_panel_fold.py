"""Folding: what a reader sees instead of a character that the fonts lack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.panel.fold import GETA, VARIANTS, fold
from firmware.panel.glyphs import SIZES, typeface


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("髙橋", "高橋"),
        ("𠮷野家", "吉野家"),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "ヤマダ ハナコ"),
        ("ｶﾞｷﾞｸﾞ", "ガギグ"),
        ("か\u3099", "が"),
        ("ＡＢＣ０１２３", "ABC0123"),
        ("！（）", "！（）"),
        ("辻\U000e0100", "辻"),
        ("葛\ufe00城", "葛城"),
        ("a\u200bb\u00adc", "abc"),
        ("a\tb\nc", "a b c"),
        ("a\u00a0b", "a b"),
        ("あ\u3000い", "あ\u3000い"),
        ("😀", GETA),
        ("\u0f40", GETA),
        ("①②", "①②"),
    ],
)
def test_shown_as(size: int, text: str, shown: str) -> None:
    assert typeface(size).fold(text) == shown


def test_the_compatibility_form_of_saki_is_kept_where_the_font_has_it() -> None:
    assert typeface(16).fold("山﨑") == "山﨑"
    assert typeface(24).fold("山﨑") == "山崎"


def test_signs_that_only_the_large_font_lacks() -> None:
    assert typeface(16).fold("✓") == "✓"
    assert typeface(24).fold("✓ 1\u20112") == "○ 1-2"


def test_every_variant_is_needed_and_every_stand_in_can_be_drawn() -> None:
    for variant, common in VARIANTS.items():
        assert any(not typeface(size).has(variant) for size in SIZES), variant
        assert all(typeface(size).has(common) for size in SIZES), common


@given(st.text(max_size=30))
def test_never_blank_never_undrawable(text: str) -> None:
    face = typeface(16)
    folded = face.fold(text)
    assert all(char.isspace() or face.has(char) for char in folded)
    assert face.fold(folded) == folded
    visible = [char for char in text if not char.isspace() and char.isprintable() and char.isalpha()]
    if visible:
        assert folded.strip()


def test_a_font_without_anything_still_shows_that_there_is_text() -> None:
    assert fold("ab c", lambda _: False) == f"{GETA}{GETA} {GETA}"
