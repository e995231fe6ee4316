"""Every screen as it will be seen, compared with the pictures that were looked at and approved.

After a wanted change: `python -m tests.screens.update`, look at docs/screens.png, commit.
"""

import pytest
from PIL import Image

from firmware.core.outcomes import Env
from firmware.panel.layout import layout
from firmware.panel.render import BENCH, render
from firmware.panel.texts import LANGUAGES
from tests.screens.pictures import GOLDEN, WORDS, expected_files, golden, picture
from tests.screens.samples import SAMPLES, variations

CASES = [(name, language) for language in LANGUAGES for name in SAMPLES]


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_screen_is_as_approved(name: str, language: str) -> None:
    with Image.open(golden(name, language)) as approved:
        assert approved.mode == "1"
        assert approved.tobytes() == picture(name, language).image.tobytes(), f"{name} in {language} looks different"


def test_no_picture_is_missing_or_left_over() -> None:
    assert set(GOLDEN.rglob("*.png")) == expected_files().keys()


@pytest.mark.parametrize(("name", "language"), CASES)
def test_all_words_fit_and_can_be_drawn(name: str, language: str) -> None:
    shown = picture(name, language)
    assert not shown.overflow
    assert not shown.missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_words_of_every_variation_fit(language: str) -> None:
    for view in variations():
        shown = render(layout(view, WORDS[language]))
        assert not shown.overflow, view
        assert not shown.missing, view


@pytest.mark.parametrize(("name", "language"), CASES)
def test_the_bench_display_shows_the_title_whole(name: str, language: str) -> None:
    shown = picture(name, language, BENCH, Env.SIM)
    assert shown.image.getbbox() is not None
    assert not shown.missing


def test_screens_can_be_told_apart() -> None:
    """Two situations that look the same would leave the patient without an answer."""
    for language in LANGUAGES:
        pictures: dict[bytes, str] = {}
        for name in SAMPLES:
            rows = picture(name, language).image.tobytes()
            assert rows not in pictures, f"{name} looks like {pictures.get(rows)}"
            pictures[rows] = name
