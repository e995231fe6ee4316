"""What a camera sees of a head and of a sheet: the head's nose leaves the plane of eyes and mouth, a sheet's does not.

The judge's own formula for the nose against the plane of eyes and mouth is the independent witness here.
"""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware.face.liveness_shape import Points, normal
from firmware.face.liveness_shape import pose as posed
from firmware.sim.heads.camera import Camera
from firmware.sim.heads.motion import State, placed, state
from firmware.sim.heads.surface import EYES, NOSE, Head, Map, Sheet, Surface, seen

CAMERA = Camera(focal=560.0, rate=12.0, dropped=0.0)
AWAY = CAMERA.focal * EYES / 85
# A portrait that looks straight, and one that looks a little aside and holds the head a little slanted.
STRAIGHT = np.array([[280.0, 210], [366, 210], [323, 255], [291, 298], [355, 298]])
ASIDE = np.array([[284.1, 212.3], [373.5, 213.2], [339.2, 260.8], [287.5, 305.3], [364.4, 309.0]])


def _found(shown: Map, points: NDArray[np.float64]) -> Points:
    """Where in the frame these pixels of the picture are seen."""
    away = [(shown[0] - x) ** 2 + (shown[1] - y) ** 2 for x, y in points]
    rows_and_columns = [np.unravel_index(int(np.argmin(each)), each.shape) for each in away]
    return np.array([(float(column), float(row)) for row, column in rows_and_columns])


def _shift(surface: Surface, points: NDArray[np.float64], turned: State) -> tuple[float, float]:
    """Sine and shift of a pose against looking straight, as the liveness judge measures them."""
    bend = float(turned[6])
    reference = _found(seen(surface, state(z=AWAY, bend=bend), CAMERA), points)
    measured = posed(normal(reference), _found(seen(surface, turned, CAMERA), points))
    assert measured is not None
    return measured.sine, measured.shift


@pytest.mark.parametrize("portrait", [STRAIGHT, ASIDE])
@pytest.mark.parametrize("degrees", [-25, -15, 15, 25])
def test_the_nose_of_a_head_leaves_the_plane_of_eyes_and_mouth(portrait: Points, degrees: float) -> None:
    sine, shift = _shift(Head(portrait), portrait, state(z=AWAY, yaw=math.radians(degrees)))
    assert shift * degrees > 0
    # More than from afar: the nose is nearer to the camera.
    assert 1.0 < abs(shift) / (NOSE / EYES * abs(math.sin(math.radians(degrees)))) < 1.5
    assert abs(shift) / sine > 0.45


@pytest.mark.parametrize("yaw", [-30, 30])
@pytest.mark.parametrize("pitch", [0, 15])
def test_the_nose_of_a_flat_print_stays_in_it(yaw: float, pitch: float) -> None:
    pose = state(z=AWAY, yaw=math.radians(yaw), pitch=math.radians(pitch))
    sine, shift = _shift(Sheet((640, 480), EYES / 85), STRAIGHT, pose)
    assert sine == pytest.approx(0.5, abs=0.09)
    assert abs(shift) < 0.03


def test_the_nose_of_a_rolled_print_stands_out_less_than_that_of_a_head() -> None:
    rolled = Sheet((640, 480), EYES / 85, curve=1 / 60)
    sine, shift = _shift(rolled, STRAIGHT, state(z=AWAY, yaw=math.radians(20), bend=1 / 60))
    assert 0.02 < shift / sine < 0.3


def test_a_head_turns_about_its_neck_and_comes_nearer_as_points_in_space_do() -> None:
    head, pose = Head(STRAIGHT), state(z=AWAY / 1.3, yaw=0.3, x=12.0)
    eyes = np.array([[-EYES / 2, 0, 0], [EYES / 2, 0, 0]])
    expected = CAMERA.project(placed(pose, eyes, 90.0))
    assert _found(seen(head, pose, CAMERA), STRAIGHT)[:2] == pytest.approx(expected, abs=4.0)


def test_the_room_does_not_turn_with_the_head() -> None:
    straight, turned = (seen(Head(STRAIGHT), state(z=AWAY, yaw=yaw), CAMERA) for yaw in (0.0, 0.4))
    for row, column in ((20, 20), (460, 620), (240, 15)):
        assert turned[0][row, column] == pytest.approx(straight[0][row, column], abs=0.5)
        assert turned[1][row, column] == pytest.approx(straight[1][row, column], abs=0.5)


def test_a_portrait_that_looks_aside_is_turned_to_the_front() -> None:
    straight = normal(_found(seen(Head(ASIDE), state(z=AWAY), CAMERA), ASIDE))
    assert abs(straight[2, 0]) < 0.04
    assert abs(normal(ASIDE)[2, 0]) > 0.1
