"""Pose, light and sharpness gates: by hand on points, and on the three portraits spoilt in every way."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from firmware.core.outcomes import UnsureReason
from firmware.face.align import align
from firmware.face.box import FaceBox, Point
from firmware.face.detect import Detector
from firmware.face.quality import QualityLimits, emptiness, facing, visible
from firmware.inference.pictures import Picture
from tests.unit.face.face_material import picture
from tests.unit.face.face_stage import STRAIGHT, face_at

LIMITS = QualityLimits()
PORTRAITS = ("holder-1.jpg", "holder-2.jpg", "impostor.jpg")
EYES = 60.0

Spoil = Callable[[Picture, FaceBox], Picture]


def judged(detector: Detector, live: Picture, *, turned: bool = False) -> UnsureReason | None:
    """All gates on the largest face of this picture."""
    face = max(detector.detect(live), key=lambda each: each.width)
    reason = visible(live, face, align(live, face.points), LIMITS, turned=turned)
    return facing(face, LIMITS.pose) or reason


# ---- pose ----------------------------------------------------------------------------------------------------------


def points(nose: Point = (0.0, 0.0), roll: float = 0.0) -> FaceBox:
    """The straight face with its nose moved by shares of the eyes' distance, rolled by degrees."""
    moved = [complex(x, y) for x, y in STRAIGHT]
    moved[2] += complex(*nose) * EYES
    turn = complex(math.cos(math.radians(roll)), math.sin(math.radians(roll)))
    rolled = tuple(((point * turn).real + 200, (point * turn).imag + 200) for point in moved)
    return FaceBox(200, 200, 150, 180, 0.9, rolled)


@pytest.mark.parametrize("roll", [-19.0, 0.0, 19.0])
@pytest.mark.parametrize("nose", [(0.0, 0.0), (0.35, 0.0), (-0.35, 0.0), (0.0, 0.2), (0.0, -0.18)])
def test_faces_that_look_into_the_camera(nose: Point, roll: float) -> None:
    assert facing(points(nose, roll), LIMITS.pose) is None


@pytest.mark.parametrize(
    ("nose", "roll", "reason"),
    [
        ((0.37, 0.0), 0.0, UnsureReason.TURNED),
        ((-0.37, 0.0), 0.0, UnsureReason.TURNED),
        ((0.37, 0.0), 15.0, UnsureReason.TURNED),
        ((0.0, 0.3), 0.0, UnsureReason.TILTED),
        ((0.0, -0.3), 0.0, UnsureReason.TILTED),
        ((0.0, 0.0), 21.0, UnsureReason.TILTED),
        ((0.0, 0.0), -21.0, UnsureReason.TILTED),
        ((0.0, 0.0), 180.0, UnsureReason.TILTED),
    ],
)
def test_faces_that_do_not(nose: Point, roll: float, reason: UnsureReason) -> None:
    assert facing(points(nose, roll), LIMITS.pose) is reason


@pytest.mark.parametrize("bad", [((5.0, 5.0),) * 5, ((math.nan, 0.0),) * 5, STRAIGHT[:4]])
def test_points_that_are_no_face(bad: tuple[Point, ...]) -> None:
    assert facing(FaceBox(0, 0, 100, 100, 0.9, bad), LIMITS.pose) is UnsureReason.TURNED


# ---- portraits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PORTRAITS)
def test_portraits_pass(detector: Detector, name: str) -> None:
    assert judged(detector, picture(name)) is None


def times(factor: float) -> Spoil:
    return lambda live, _face: np.clip(live * factor, 0, 255).astype(np.uint8)


def blurred(sigma: float) -> Spoil:
    def spoil(live: Picture, face: FaceBox) -> Picture:
        smeared: Picture = cv2.GaussianBlur(live, (0, 0), sigma * face.width / 200).astype(np.uint8)
        return smeared

    return spoil


def moved_along(axis: int) -> Spoil:
    """Everything moved by an eighth of the face's width while the picture was taken."""

    def spoil(live: Picture, face: FaceBox) -> Picture:
        length = round(face.width / 8)
        smeared: Picture = cv2.blur(live, (length, 1) if axis else (1, length)).astype(np.uint8)
        return smeared

    return spoil


def backlit(live: Picture, face: FaceBox) -> Picture:
    """The person at a third of the light, before a bright window."""
    mask = np.zeros(live.shape[:2], np.uint8)
    x, y, width, height = (round(each) for each in (face.x, face.y, face.width, face.height))
    cv2.ellipse(
        mask, (x + width // 2, y + height // 2), (round(width * 0.6), round(height * 0.7)), 0, 0, 360, 1, cv2.FILLED
    )
    mask[y + height :, max(0, x - width // 2) : x + width * 3 // 2] = 1
    bright = np.clip(live * 1.2 + 110.0, 0, 255)
    return np.where(mask[:, :, np.newaxis] == 1, live * 0.35, bright).astype(np.uint8)


def masked(live: Picture, face: FaceBox) -> Picture:
    """A smooth blue mask from nose to chin."""
    nose, mouth = np.array(face.points[2]), np.array(face.points[3:]).mean(axis=0)
    eyes = math.dist(face.points[0], face.points[1])
    upper = nose + np.array([(-0.9, 0.0), (0.0, -0.2), (0.9, 0.0)]) * eyes
    lower = mouth + np.array([(0.8, 0.5), (0.0, 0.9), (-0.8, 0.5)]) * eyes
    corners = np.concatenate([upper, lower]).astype(np.int32)
    covered = live.copy()
    cv2.fillPoly(covered, [corners], (210, 170, 120))
    return drawn(covered)


def dark_glasses(live: Picture, face: FaceBox) -> Picture:
    covered, eyes = live.copy(), math.dist(face.points[0], face.points[1])
    for x, y in face.points[:2]:
        axes = (round(0.42 * eyes), round(0.33 * eyes))
        cv2.ellipse(covered, (round(x), round(y)), axes, 0, 0, 360, (20, 20, 20), cv2.FILLED)
    return drawn(covered)


def drawn(covered: Picture) -> Picture:
    """With the edges and the noise of a camera."""
    noise = np.random.default_rng(4).normal(0, 2.5, covered.shape)
    shown: Picture = np.clip(cv2.GaussianBlur(covered, (0, 0), 1) + noise, 0, 255).astype(np.uint8)
    return shown


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (times(0.25), UnsureReason.TOO_DARK),
        (times(3.0), UnsureReason.TOO_BRIGHT),
        (backlit, UnsureReason.BACKLIT),
        (blurred(6.0), UnsureReason.BLURRED),
        (moved_along(0), UnsureReason.BLURRED),
        (moved_along(1), UnsureReason.BLURRED),
        (masked, UnsureReason.COVERED),
        (dark_glasses, UnsureReason.COVERED),
    ],
    ids=["dark", "bright", "backlit", "blurred", "moved down", "moved across", "mask", "glasses"],
)
def test_portraits_that_were_spoilt(detector: Detector, name: str, spoil: Spoil, reason: UnsureReason) -> None:
    live = picture(name)
    spoilt = spoil(live, detector.detect(live)[0])
    face = max(detector.detect(spoilt), key=lambda each: each.width)
    chip = align(spoilt, face.points)
    assert visible(spoilt, face, chip, LIMITS) is reason
    assert visible(spoilt, face, chip, LIMITS, turned=True) is (None if reason is UnsureReason.COVERED else reason)


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("spoil", [times(0.7), times(1.3), blurred(1.5)])
def test_a_little_less_does_not_matter(detector: Detector, name: str, spoil: Spoil) -> None:
    live = picture(name)
    assert judged(detector, spoil(live, detector.detect(live)[0])) is None


def test_a_face_that_fills_the_picture_has_no_surroundings() -> None:
    noise = np.random.default_rng(1).integers(0, 50, (180, 150, 3)).astype(np.uint8)
    face = face_at(0.0, 0.0)
    assert visible(noise, face, align(noise, face.points), LIMITS) is UnsureReason.TOO_DARK


@pytest.mark.parametrize(("x", "y"), [(-1000.0, 0.0), (0.0, 5000.0), (1e9, 1e9)])
def test_a_box_outside_the_picture_breaks_nothing(x: float, y: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    face = face_at(x, y)
    assert visible(noise, face, align(noise, face.points), LIMITS) is UnsureReason.TOO_DARK


@pytest.mark.parametrize(
    ("level", "reason"), [(10, UnsureReason.TOO_DARK), (100, UnsureReason.NO_FACE), (245, UnsureReason.TOO_BRIGHT)]
)
def test_why_there_is_no_face(level: int, reason: UnsureReason) -> None:
    assert emptiness(np.full((480, 640, 3), level, np.uint8), LIMITS.light) is reason
