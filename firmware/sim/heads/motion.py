"""How a head or a hand moves: `Mover` follows goals smoothly and sways meanwhile. Radians, millimetres, seconds.

A state is a vector: yaw (to the person's left positive), pitch (down positive), roll, then x, y, z in camera axes, then
how far a picture is bent. Movements have minimum jerk, as people's reaching movements do.
"""

import math
import random
from dataclasses import dataclass
from math import cos, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

State = NDArray[np.float64]
YAW, PITCH, ROLL, X, Y, Z, BEND = range(7)
_SWAY: Final = (math.radians(1.0), math.radians(0.8), math.radians(0.6), 2.5, 2.0, 4.0, 0.0)
# The axis of turning lies lower than the eyes.
_NECK_DOWN: Final = 40.0
# A face looks towards the camera, whose axis leads away from it.
_AWAY: Final = np.array([1.0, 1.0, -1.0])


def state(**values: float) -> State:
    """A state by names, such as `state(yaw=0.3, z=500)`."""
    made = np.zeros(7)
    for name, value in values.items():
        made[("yaw", "pitch", "roll", "x", "y", "z", "bend").index(name)] = value
    return made


@dataclass(frozen=True, slots=True)
class _Move:
    begin: float
    seconds: float
    origin: State
    goal: State


class Mover:
    """Where the goals lead. `sway`: as many times the ordinary sway."""

    def __init__(self, rng: random.Random, start: State, sway: float = 1.0) -> None:
        self._start = start
        self._moves: list[_Move] = []
        self._sway = [
            [(rng.gauss(0, 0.7) * sway * size, rng.uniform(0.15, 0.9), rng.uniform(0, 7)) for _ in range(2)]
            for size in _SWAY
        ]

    @property
    def goal(self) -> State:
        """Where the last movement ends."""
        return self._moves[-1].goal if self._moves else self._start

    def go(self, decided: float, begin: float, goal: State, seconds: float) -> None:
        """Move to `goal` from `begin` on, whatever is under way; what was to begin after `decided` is given up."""
        self._moves = [move for move in self._moves if move.begin <= decided]
        self._moves.append(_Move(begin, seconds, self._planned(begin), goal))

    def at(self, moment: float) -> State:
        """The state, sway included."""
        turned = 6.283 * moment
        swayed = [
            size * sin(rate * turned + phase) + other_size * sin(other_rate * turned + other_phase)
            for (size, rate, phase), (other_size, other_rate, other_phase) in self._sway
        ]
        swaying: State = self._planned(moment) + np.array(swayed)
        return swaying

    def _planned(self, moment: float) -> State:
        for move in reversed(self._moves):
            if move.begin <= moment:
                share = min(1.0, (moment - move.begin) / move.seconds)
                smooth = share * share * share * (10 - 15 * share + 6 * share * share)
                reached: State = move.origin + (move.goal - move.origin) * smooth
                return reached
        return self._start


def rotation(pose: State) -> NDArray[np.float64]:
    """Of face axes: yaw first, then pitch, then roll."""
    yaw, pitch, roll = pose[:3].tolist()
    cy, sy, cp, sp, cr, sr = cos(yaw), sin(yaw), cos(pitch), sin(pitch), cos(roll), sin(roll)
    return np.array(
        [
            [cr * cy + sr * sp * sy, -sr * cp, cr * sy - sr * sp * cy],
            [sr * cy - cr * sp * sy, cr * cp, sr * sy + cr * sp * cy],
            [-cp * sy, -sp, cp * cy],
        ]
    )


def placed(pose: State, points: NDArray[np.float64], neck: float) -> NDArray[np.float64]:
    """Points of a face in camera axes, turned about an axis `neck` mm behind the eyes (0: about the eyes)."""
    pivot = np.array([0.0, _NECK_DOWN if neck else 0.0, -neck])
    turned = (points - pivot) @ rotation(pose).T + pivot
    return np.asarray(turned * _AWAY + pose[X : Z + 1])


def faced(pose: State, normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normals of a face in camera axes."""
    return np.asarray(normals @ rotation(pose).T * _AWAY)
