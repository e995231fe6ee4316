"""The geometry: a flat picture stays flat under every homography, a nose shows with the sine of the turn."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from firmware.face.liveness_shape import as_points, aside, averaged, eyes, height, normal, pose, proportion
from tests.unit.face.face_heads import FLAT, HEAD, Points, seen_from


def points_of(face: Points, yaw: float = 0.0, distance: float = 520.0, pitch: float = 0.0) -> Points:
    made = as_points(seen_from(face, yaw, distance, pitch), 1.0)
    assert made is not None
    return made


small = st.floats(-0.35, 0.35)


@given(st.tuples(small, small, small, small), st.tuples(small, small), st.floats(-200, 200))
@settings(max_examples=50, deadline=None)
def test_the_nose_of_a_flat_picture_stays_put_under_any_homography(
    linear: tuple[float, float, float, float], tilt: tuple[float, float], away: float
) -> None:
    a, b, c, d = linear
    matrix = np.array([[1 + a, b, away], [c, 1 + d, away / 2], [tilt[0] / 100, tilt[1] / 100, 1]])
    reference = normal(FLAT[:, :2] + 100)
    flat = np.column_stack([FLAT[:, :2], np.ones(5)]) @ matrix.T
    assume((flat[:, 2] > 0.2).all())
    seen = as_points(tuple((float(x), float(y)) for x, y in flat[:, :2] / flat[:, 2:]), 1.0)
    assume(seen is not None)
    assert seen is not None
    found = pose(reference, seen)
    assume(found is not None)
    assert found is not None
    assert abs(found.shift) < 1e-6


@pytest.mark.parametrize("yaw", [-40, -25, -16, 16, 25, 40])
def test_a_turned_head_shows_angle_and_depth(yaw: float) -> None:
    found = pose(normal(points_of(HEAD)), points_of(HEAD, yaw))
    assert found is not None
    assert math.degrees(math.asin(found.sine)) == pytest.approx(abs(yaw), abs=3)
    assert found.shift / found.sine * math.copysign(1, yaw) == pytest.approx(32 / 63, rel=0.15)


def test_a_nod_is_no_turn() -> None:
    found = pose(normal(points_of(HEAD)), points_of(HEAD, pitch=25))
    assert found is not None
    assert found.cosine < 0.93
    assert found.sine < 0.03
    assert abs(found.shift) < 0.01


def test_nearer_is_larger_and_not_turned() -> None:
    reference, near = points_of(HEAD), points_of(HEAD, distance=390)
    found = pose(normal(reference), near)
    assert found is not None
    assert found.scale / eyes(reference) == pytest.approx(520 / 390, rel=0.02)
    assert found.sine < 0.05


def test_normal_forgets_place_size_and_roll() -> None:
    shape = normal(FLAT[:, :2])
    turn = np.array([[math.cos(0.4), -math.sin(0.4)], [math.sin(0.4), math.cos(0.4)]])
    assert normal(FLAT[:, :2] @ turn.T * 3 + (50, -20)) == pytest.approx(shape)
    assert eyes(shape) == pytest.approx(1)
    assert shape[[0, 1, 3, 4]].mean(axis=0) == pytest.approx([0, 0])


def test_aside_says_to_which_side_the_nose_stands() -> None:
    assert aside(normal(points_of(HEAD))) == pytest.approx(0, abs=1e-9)
    assert aside(normal(points_of(HEAD, 10))) > 0.05
    assert aside(normal(points_of(HEAD, -10))) < -0.05


def test_height_is_what_a_photo_is_compared_by() -> None:
    assert proportion(seen_from(FLAT)) == pytest.approx(1.0)
    assert height(normal(FLAT[:, :2])) == pytest.approx(1.0)
    assert proportion(((0.0, 0.0),) * 5) is None


def test_averaging_leaves_out_a_slip() -> None:
    shape = normal(FLAT[:, :2])
    assert averaged([shape, shape, shape, shape + 5]) == pytest.approx(shape)
    assert averaged([shape, shape + 2]) == pytest.approx(shape + 1)


GOOD = seen_from(HEAD)


@pytest.mark.parametrize(
    "points",
    [
        (),
        GOOD[:4],
        (*GOOD, (0.0, 0.0)),
        ((math.nan, 0.0), *GOOD[1:]),
        (*GOOD[:4], (math.inf, 1.0)),
        ((-1e9, 0.0), *GOOD[1:]),
        (GOOD[1], GOOD[0], *GOOD[2:]),
        (*GOOD[:3], GOOD[4], GOOD[3]),
        ((3.0, 3.0),) * 5,
        tuple((x * 1e-3, y * 1e-3) for x, y in GOOD),
    ],
)
def test_what_is_no_face_has_no_points(points: tuple[tuple[float, float], ...]) -> None:
    assert as_points(points, 10.0) is None


def test_a_face_seen_edge_on_has_no_pose() -> None:
    thin = normal(points_of(HEAD)) * (0.05, 1) * 80
    assert pose(normal(points_of(HEAD)), thin) is None
