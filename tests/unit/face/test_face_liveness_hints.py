"""Passive hints on drawn pictures: they show where they should, and never on a smooth face before a soft wall."""

import numpy as np
import pytest

from firmware.face.box import FaceBox
from firmware.face.liveness_hints import Hint, hints
from firmware.inference.pictures import Picture

FACE = FaceBox(240, 140, 160, 200, 0.9, ())


def scene(seed: int = 1) -> Picture:
    """A soft oval before a soft wall, with a little camera noise."""
    rows, columns = np.mgrid[0:480, 0:640]
    oval = np.clip(1.4 - ((columns - 320) / 90) ** 2 - ((rows - 240) / 115) ** 2, 0, 1)
    grey = 90 + 0.05 * columns + 70 * oval + np.random.default_rng(seed).normal(0, 3, (480, 640))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


def test_a_soft_scene_gives_no_hint() -> None:
    assert all(hints(scene(seed), FACE) == frozenset() for seed in range(5))


def test_a_fine_grid_over_the_face_is_moire() -> None:
    picture = scene().astype(np.float64)
    columns = np.arange(640)
    picture += 12 * np.sin(columns * 1.7)[np.newaxis, :, np.newaxis]
    assert hints(np.clip(picture, 0, 255).astype(np.uint8), FACE) == {Hint.MOIRE}


def test_a_sheet_held_up_has_a_border() -> None:
    picture = scene()
    sheet = picture.copy()
    sheet[:] = np.clip(picture.astype(int) - 50, 0, 255).astype(np.uint8)
    sheet[100:390, 190:450] = np.clip(picture[100:390, 190:450].astype(int) + 60, 0, 255).astype(np.uint8)
    assert Hint.BORDER in hints(sheet, FACE)


def test_one_door_frame_is_no_border() -> None:
    picture = scene()
    picture[:, 200:] += 50
    assert Hint.BORDER not in hints(picture, FACE)


def test_a_blurred_face_in_sharp_surroundings_is_unlike() -> None:
    picture = scene()
    rough = np.random.default_rng(3).integers(0, 120, picture.shape, dtype=np.uint8)
    rough[140:340, 240:400] = picture[140:340, 240:400]
    assert Hint.SHARPNESS in hints(rough, FACE)


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 10, 10),
        (240, 140, -5, 200),
        (np.nan, 140, 160, 200),
        (240, 140, np.inf, 200),
        (5000, 5000, 160, 200),
        (-1e30, 0, 1e30, 100),
    ],
)
def test_a_box_of_no_use_gives_no_hint(box: tuple[float, float, float, float]) -> None:
    assert hints(scene(), FaceBox(*box, 0.9, ())) == frozenset()


def test_the_picture_is_left_as_it_was() -> None:
    picture = scene()
    before = picture.copy()
    hints(picture, FACE)
    assert (picture == before).all()


def test_a_blank_picture_gives_no_hint() -> None:
    assert hints(np.full((480, 640, 3), 128, dtype=np.uint8), FACE) == frozenset()
