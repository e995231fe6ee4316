"""Who stands before the camera and obeys the prompts, well or badly: `Actor`, and people of many kinds.

Prompts are the texts of the device's own prompts ("turn-left" and so on): the contract between screen and patient.
An embedding is imitated by a number: about 0.6 for the same person, less when turned, about 0.08 for another one.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from firmware.sim.heads.camera import Camera, Noise, Seen
from firmware.sim.heads.motion import BEND, PITCH, ROLL, YAW, Mover, State, X, Z, faced, placed, state
from firmware.sim.heads.people import Person, visible

Points = NDArray[np.float64]
Surface = Callable[[State], tuple[Points, Points]]
"""Points and normals in face axes, for a state (its bend)."""

STRAIGHT, LEFT, RIGHT, CLOSER, HOLD = "look-straight", "turn-left", "turn-right", "come-closer", "hold"
_FARTHEST_TURN = math.radians(62)
_IMPATIENT = 2.2


@dataclass(frozen=True, slots=True)
class Habit:
    """How prompts are followed. Pairs are ranges; angles in degrees, seconds, `nearer` a factor, `sideways` mm.

    `bend`: while turned. `mistakes`: share of turns to the wrong side. `tremor`: times the ordinary sway.
    """

    turn: tuple[float, float] = (22, 40)
    reaction: tuple[float, float] = (0.35, 0.9)
    seconds: tuple[float, float] = (0.5, 1.1)
    nearer: tuple[float, float] = (1.3, 1.6)
    sideways: tuple[float, float] = (0, 0)
    other_axes: float = 0.15
    bend: float | None = None
    mistakes: float = 0.005
    tremor: float = 1.0
    most: float = 45.0


class Body(Protocol):
    """Anything a sequence can be played with."""

    camera: Camera

    def tell(self, at: float, prompt: str) -> None: ...

    def see(self, at: float) -> Seen: ...


class Actor:
    """One face, real or not, whose movements follow the prompts."""

    def __init__(self, rng: random.Random, camera: Camera, noise: Noise, surface: Surface, habit: Habit) -> None:
        self.camera = camera
        self.neck = 0.0
        self.likeness = 0.6
        self._rng, self._noise, self._surface, self._habit = rng, noise, surface, habit
        self._rest = _rest(rng, camera)
        start = self._rest + state(yaw=rng.gauss(0, 0.12), pitch=rng.gauss(0, 0.08))
        self.mover = Mover(rng, start - _facing(start), habit.tremor)
        self._near: float | None = None
        self._prompt, self._since, self._pushed = "", 0.0, False

    @property
    def rest(self) -> State:
        return self._rest

    @rest.setter
    def rest(self, value: State) -> None:
        self._rest = value
        self.mover = Mover(self._rng, value - _facing(value), self._habit.tremor)

    def tell(self, at: float, prompt: str) -> None:
        """What the screen shows now; a new prompt is followed after a while, one that stays is followed harder."""
        fresh = prompt != self._prompt
        if fresh:
            self._prompt, self._since, self._pushed = prompt, at, False
        elif self._pushed or at - self._since < _IMPATIENT:
            return
        else:
            self._pushed = True
        if prompt != HOLD:
            harder = 1.0 if fresh else 1.3
            self.mover.go(
                at,
                at + self._rng.uniform(*self._habit.reaction),
                self._goal(prompt, harder),
                self._rng.uniform(*self._habit.seconds),
            )

    def _goal(self, prompt: str, harder: float) -> State:
        rng, habit, goal = self._rng, self._habit, self._rest.copy()
        if prompt == CLOSER:
            goal[Z] /= rng.uniform(*habit.nearer) * harder
            self._near = goal[Z] if rng.random() < 0.6 else None
        elif self._near is not None:
            goal[Z] = self._near
        if prompt in {LEFT, RIGHT}:
            side = (1.0 if prompt == LEFT else -1.0) * (-1.0 if rng.random() < habit.mistakes else 1.0)
            angle = math.radians(min(habit.most, rng.uniform(*habit.turn) * harder))
            goal[YAW] += side * angle
            goal[PITCH] += rng.gauss(0, habit.other_axes) * angle
            goal[ROLL] += rng.gauss(0, habit.other_axes) * angle
            goal[X] += side * rng.uniform(*habit.sideways)
            if habit.bend is not None:
                goal[BEND] = habit.bend
        return goal - _facing(goal)

    def flat_points(self, at: float) -> Points | None:
        """Exact pixels of the points; None where a detector would find no face."""
        return self._flat_points(self.mover.at(at))

    def _flat_points(self, pose: State) -> Points | None:
        points, normals = self._surface(pose)
        there = placed(pose, points, self.neck)
        if abs(pose[YAW]) > _FARTHEST_TURN or there[:, 2].min() < 80 or not visible(there, faced(pose, normals)):
            return None
        return self.camera.project(there)

    def see(self, at: float) -> Seen:
        pose, size = self.mover.at(at), (self.camera.width, self.camera.height)
        exact = self._flat_points(pose)
        if exact is None:
            return Seen(at, size, None, (), 0.0, 0)
        box = self._noise.box(exact)
        if not self.camera.whole(box):
            return Seen(at, size, None, (), 0.0, 0)
        noisy = self._noise.points(exact)
        turned = abs(math.degrees(pose[YAW]))
        similarity = self.likeness - 0.004 * turned * (self.likeness > 0.3) + self._rng.gauss(0, 0.07)
        return Seen(at, size, box, tuple((x, y) for x, y in noisy.tolist()), similarity)


def _facing(pose: State) -> State:
    """What to turn away from the camera's axis so as to face the camera."""
    return state(yaw=math.atan2(pose[X], pose[Z]))


def _rest(rng: random.Random, camera: Camera) -> State:
    """Where somebody stands who looks at the camera: eyes 50 to 85 px apart, not quite in front."""
    distance = camera.focal * 63 / rng.uniform(50, 85)
    return state(
        yaw=rng.gauss(0, math.radians(2.0)),
        pitch=rng.gauss(0, math.radians(5.0)),
        roll=rng.gauss(0, math.radians(3.0)),
        x=rng.gauss(0, 25),
        y=rng.gauss(-15, 15),
        z=distance,
    )


ORDINARY = Habit()
KINDS: dict[str, Habit] = {
    "ordinary": ORDINARY,
    "slow": replace(ORDINARY, reaction=(0.8, 1.8), seconds=(1.2, 2.0), turn=(20, 34)),
    "small movements": replace(ORDINARY, turn=(17, 24), nearer=(1.24, 1.35)),
    "flatter nose": ORDINARY,
    "glasses": ORDINARY,
    "head tilted": ORDINARY,
    "elderly, stiff neck": replace(
        ORDINARY, turn=(16, 24), most=27, reaction=(0.7, 1.6), seconds=(1.0, 1.8), tremor=1.6, nearer=(1.24, 1.4)
    ),
}
"""Real people, by kind."""


def real(kind: str, rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Actor:
    """A person of one of the `KINDS`; glasses make the points less certain.

    The mean nose was measured mostly on people of European descent; "flatter nose" is what it would be for others: 0.45
    of the distance between the eyes, and 0.36 at least, which is our guess.
    """
    if kind == "glasses":
        noise.sigma *= 1.4
    points = person.array
    if kind == "flatter nose":
        points[2, 2] = max(0.36, rng.gauss(0.45, 0.04)) * (points[1, 0] - points[0, 0])
    normals = np.tile([0.0, 0.0, 1.0], (5, 1))
    actor = Actor(rng, camera, noise, lambda _: (points, normals), KINDS[kind])
    actor.neck = person.neck
    if kind == "head tilted":
        actor.rest = actor.rest + state(
            roll=rng.choice((-1, 1)) * math.radians(rng.uniform(8, 18)), pitch=math.radians(rng.uniform(-10, 10))
        )
    return actor
