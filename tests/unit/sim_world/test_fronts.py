"""Pictures of the holder's card for a simulated card camera."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from firmware.sim import fronts
from firmware.sim.card.person import invented_person
from firmware.sim.front import FrontScene, make_front
from firmware.sim.front.fonts import FOLDER, FontMissingError
from firmware.sim.fronts import TAKES, Fronts, FrontsError

PERSON = replace(invented_person(date(2026, 11, 22)), security_code="5920")
INSTALLED = any(FOLDER.rglob("ipag.ttf")) and any(FOLDER.rglob("ipam.ttf"))


@pytest.mark.skipif(not INSTALLED, reason="apt install fonts-ipafont-gothic fonts-ipafont-mincho")
def test_the_files_show_this_persons_card_and_no_take_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def spy(*arguments: Any, **more: Any) -> FrontScene:
        scene = make_front(*arguments, **more)
        shown.append(scene.number_b)
        return scene

    monkeypatch.setattr(fronts, "make_front", spy)
    made = Fronts(tmp_path / "fronts", PERSON)
    made.make()
    assert shown == [PERSON.number_b] * TAKES
    files = [*made.files("front"), *made.files("back")]
    assert {str(path) for path in (tmp_path / "fronts").iterdir()} == set(files)
    assert (tmp_path / "fronts").stat().st_mode & 0o777 == 0o700
    pictures = [np.asarray(cv2.imread(path)) for path in files]
    assert {picture.shape for picture in pictures} == {(960, 1280, 3)}
    assert len({picture.tobytes() for picture in pictures}) == TAKES + 1


@pytest.mark.skipif(not INSTALLED, reason="apt install fonts-ipafont-gothic fonts-ipafont-mincho")
def test_a_card_held_up_hides_who_is_behind_it(tmp_path: Path) -> None:
    green = tmp_path / "person.png"
    cv2.imwrite(str(green), np.full((480, 640, 3), (0, 200, 0), np.uint8))
    made = Fronts(tmp_path / "fronts", PERSON, behind=green)
    made.make()
    for path in (*made.files("front"), *made.files("back")):
        picture = np.asarray(cv2.imread(path))
        behind = (picture == (0, 200, 0)).all(axis=2)
        assert behind[:40].all()
        assert not behind[460:500, 500:780].any()
        assert 0.3 < behind.mean() < 0.75


def test_a_person_whose_picture_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrontsError, match=r"no picture: gone\.png"):
        Fronts(tmp_path / "fronts", PERSON, behind=tmp_path / "gone.png").make()


def test_a_missing_font_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_fonts(*_: object, **__: object) -> FrontScene:
        raise FontMissingError("ipag.ttf not found: apt-get install fonts-ipafont-gothic")

    monkeypatch.setattr(fronts, "make_front", without_fonts)
    with pytest.raises(FrontsError, match="apt-get install fonts-ipafont-gothic"):
        Fronts(tmp_path / "fronts", PERSON).make()


def test_a_card_has_two_sides(tmp_path: Path) -> None:
    with pytest.raises(FrontsError, match="edge"):
        Fronts(tmp_path, PERSON).files("edge")
