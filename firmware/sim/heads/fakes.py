"""Attacks on the challenge, each by somebody who can read the prompts and obeys them as well as the thing allows.

Every maker returns a `Body`. Who holds a picture turns it to the asked side, moves it as a head would move, brings it
nearer, and may bend it more while turning. None of this shows pixels: paper grain, moiré and glare are not judged here.
"""

import math
import random
from dataclasses import replace

import numpy as np

from firmware.sim.heads.actors import CLOSER, LEFT, ORDINARY, RIGHT, STRAIGHT, Actor, Points, real
from firmware.sim.heads.camera import Camera, Noise, Seen
from firmware.sim.heads.motion import BEND, State, Z, state
from firmware.sim.heads.people import Person, any_person, flat, folded, portrait, rolled, widened, with_nose

_HAND = replace(ORDINARY, turn=(18, 50), most=60, seconds=(0.35, 1.0), sideways=(0, 60), mistakes=0.0)

# Turned further, a bent picture hides one eye.
_CAREFUL = replace(_HAND, turn=(17, 32), most=36)


def _printed(rng: random.Random, person: Person) -> Points:
    return portrait(person) * rng.uniform(0.8, 1.3)


def print_flat(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Actor:
    """Hand-held, turned about any axis."""
    picture = _printed(rng, person)
    habit = replace(_HAND, other_axes=rng.choice((0.1, 0.4, 0.8)), tremor=rng.uniform(0.5, 2.5))
    surface = flat(picture)
    return Actor(rng, camera, noise, lambda _: surface, habit)


def print_bent(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Actor:
    """Rolled about a nearly upright axis, radius 32 to 250 mm of life size: always, or only while turned."""
    picture = _printed(rng, person)
    curve = 1 / math.exp(rng.uniform(math.log(32), math.log(250)))
    slant = rng.gauss(0, math.radians(10))
    always = rng.random() < 0.5
    actor = Actor(rng, camera, noise, lambda pose: rolled(picture, pose[BEND], slant), replace(_CAREFUL, bend=curve))
    if always:
        actor.rest = actor.rest + state(bend=curve)
    return actor


def print_mask(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Actor:
    """A picture of life size round a real head, turned by the neck."""
    picture, curve = portrait(person), 1 / rng.uniform(65, 95)
    actor = Actor(rng, camera, noise, lambda pose: rolled(picture, pose[BEND], 0.0), replace(ORDINARY, mistakes=0.0))
    actor.neck = person.neck
    actor.rest = actor.rest + state(bend=curve)
    return actor


def _folded(rng: random.Random, person: Person, camera: Camera, noise: Noise, *, made_up: bool) -> Actor:
    angle = math.radians(rng.uniform(10, 50))
    picture = widened(_printed(rng, person), 1 / math.cos(angle) if made_up else 1.0)
    surface = folded(picture, angle)
    return Actor(rng, camera, noise, lambda _: surface, _CAREFUL)


def print_folded(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Actor:
    """Creased through the nose, both halves bent back by 10 to 50 degrees."""
    return _folded(rng, person, camera, noise, made_up=False)


def print_relief(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Actor:
    """As `print_folded`, and printed wider so that the proportions are right again."""
    return _folded(rng, person, camera, noise, made_up=True)


def print_nose(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Actor:
    """The nose cut round and bent forward by 5 to 35 mm."""
    picture, height = _printed(rng, person), rng.uniform(5, 35)
    surface = with_nose(picture, height)
    return Actor(rng, camera, noise, lambda _: surface, _HAND)


class Screen:
    """A screen that shows a recording of `inner`, held before the camera by `holder`.

    `obeys`: an operator plays the right piece at each prompt; otherwise the person moves in an order of their own.
    """

    def __init__(self, rng: random.Random, inner: Actor, camera: Camera, noise: Noise, *, obeys: bool) -> None:
        self.camera = camera
        self._rng, self._inner, self._obeys = rng, inner, obeys
        self._size = rng.uniform(38, 66)
        self._shown: Points | None = None
        self._next, self._playing = 0.0, STRAIGHT
        held = replace(_HAND, tremor=rng.choice((0.0, 0.5, 1.0)))
        self._holder = Actor(rng, camera, noise, self._picture, held)
        self._holder.rest = self._holder.rest * [0.5, 0.5, 0.5, 1, 1, self._size / 63, 1]
        self._eyes: float | None = None

    def tell(self, at: float, prompt: str) -> None:
        if self._obeys:
            self._inner.tell(at, prompt)
        elif at >= self._next:
            moving = (LEFT, RIGHT, CLOSER) if self._playing == STRAIGHT else (STRAIGHT,)
            self._playing = self._rng.choice(moving)
            self._next = at + self._rng.uniform(1.2, 2.6)
        if not self._obeys:
            self._inner.tell(at, self._playing)

    def see(self, at: float) -> Seen:
        self._shown = self._inner.flat_points(at)
        if self._shown is None:
            return Seen(at, (self.camera.width, self.camera.height), None, (), 0.0, 0)
        return self._holder.see(at)

    def _picture(self, _: State) -> tuple[Points, Points]:
        shown = self._shown
        if shown is None:
            return flat(np.zeros((5, 2)))
        eyes = self._eyes = self._eyes or float(np.hypot(*(shown[1] - shown[0])))
        middle = (self.camera.width / 2, self.camera.height / 2)
        return flat((shown - middle) * (self._size / eyes))


def screen_still(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Actor:
    """A screen with one picture, moved by hand."""
    picture = portrait(person) * rng.uniform(0.55, 1.1)
    surface = flat(picture)
    actor = Actor(rng, camera, noise, lambda _: surface, _HAND)
    rest = actor.rest.copy()
    rest[Z] *= 0.8
    actor.rest = rest
    return actor


def screen_any_order(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Screen:
    """A recording of the person's own movements in an order that knows nothing of the prompts."""
    return Screen(rng, real("ordinary", rng, person, camera, noise), camera, noise, obeys=False)


def screen_matching(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Screen:
    """Recordings of the person's own movements, each played at its prompt."""
    inner = real("ordinary", rng, person, camera, noise)
    return Screen(rng, inner, camera, noise, obeys=True)


class Swap:
    """The right person looks straight; as soon as there is something to do, somebody else steps in."""

    def __init__(self, rng: random.Random, right: Actor, other: Actor) -> None:
        self.camera = right.camera
        self._rng, self._right, self._other = rng, right, other
        self._seamless = rng.random() < 0.5
        other.likeness = 0.08
        other.rest = right.rest + state(x=rng.uniform(-25, 25) if self._seamless else rng.choice((-90, 90)))
        self._from: float | None = None

    def tell(self, at: float, prompt: str) -> None:
        self._right.tell(at, prompt)
        self._other.tell(at, prompt)
        if prompt not in {STRAIGHT, ""} and self._from is None:
            self._from = at + (0.0 if self._seamless else self._rng.uniform(0.2, 1.2))

    def see(self, at: float) -> Seen:
        if self._from is None:
            return self._right.see(at)
        if at < self._from:
            return Seen(at, (self.camera.width, self.camera.height), None, (), 0.0, 0)
        return self._other.see(at)


def two_people(rng: random.Random, person: Person, camera: Camera, noise: Noise) -> Swap:
    """Swapping places during the challenge."""
    other = any_person(rng)
    return Swap(rng, real("ordinary", rng, person, camera, noise), real("ordinary", rng, other, camera, noise))
