"""Pictures of a person before the camera who follows prompts, and of somebody who holds up a print: `Rendered`.

They move as in the measured sequences (`actors`), but a real detector and a real embedder look at the pictures: a
portrait is laid over a head (`surface`) and seen by a camera with noise; the room behind is the portrait's and comes
nearer with the person. The print is a photograph of that same head looking straight, on paper.

This is for playing a visit, not for measuring: one face, one head, one light. What was seen all the same: flat prints
fail the challenge; by the landmarks alone some rolled to a radius of 45 to 150 mm would pass: more than among the
sequences of points, whose noise is that of a detector without prejudice, while YuNet has one on where noses are.

Any thread, one at a time. Pictures are BGR uint8 (height, width, 3); `at` in seconds, monotonic. Raises OSError for a
portrait that cannot be read. The portrait is fetched by `make setup` and is never part of this project.
"""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.sim.heads.actors import ORDINARY, Actor, Habit
from firmware.sim.heads.camera import Camera, Noise
from firmware.sim.heads.motion import BEND, State, state
from firmware.sim.heads.surface import EYES, Head, Sheet, seen

Picture = NDArray[np.uint8]
View = Callable[[State], Picture]

CAMERA: Final = Camera(focal=560.0, rate=12.0, dropped=0.0)
POINTS: Final = ((284.1, 212.3), (373.5, 213.2), (339.2, 260.8), (287.5, 305.3), (364.4, 309.0))
"""Of the face in `holder-2.jpg`, as YuNet finds them: right eye, left eye, nose, right and left end of the mouth."""
_WILLING: Final = replace(ORDINARY, turn=(21, 27), most=34, nearer=(1.25, 1.4), mistakes=0.0)
_HANDS: Final = replace(
    ORDINARY, turn=(22, 45), most=55, seconds=(0.4, 1.0), sideways=(0, 40), other_axes=0.3, mistakes=0.0, tremor=1.5
)
_STANDS: Final = CAMERA.focal * EYES / 85
"""Millimetres from the camera: the eyes are 85 pixels apart."""
_PAPER: Final = (60, 450, 165, 475)
"""What of the picture of a head is printed: top, bottom, left, right."""
_MARGIN: Final = 14
_NOISE: Final = 3.0
_SHIFTS: Final = 64
_ROOM: Final = (205, 150)
"""Grey of the wall behind a print, above and below."""


class Rendered:
    """One body and what it looks like. `view`: without noise."""

    def __init__(self, body: Actor, view: View, rng: random.Random) -> None:
        self._body, self._view, self._rng = body, view, rng
        height, width = CAMERA.height + _SHIFTS, CAMERA.width + _SHIFTS
        noise = np.random.default_rng(rng.getrandbits(32)).standard_normal((height, width, 3)) * _NOISE
        self._noise = noise.round().astype(np.int16)

    def tell(self, at: float, prompt: str) -> None:
        """What the screen asks for now (`actors`)."""
        self._body.tell(at, prompt)

    def frame(self, at: float) -> Picture:
        """What the camera sees."""
        clean = self._view(self._body.mover.at(at))
        top, left = self._rng.randrange(_SHIFTS), self._rng.randrange(_SHIFTS)
        noise = self._noise[top : top + CAMERA.height, left : left + CAMERA.width]
        return np.asarray(cv2.add(clean, noise, dtype=cv2.CV_8U), np.uint8)


def person(portrait: Path, rng: random.Random) -> Rendered:
    """The person of the portrait, who does what the screen says."""
    return Rendered(_mover(rng, _WILLING, state(z=_STANDS)), _head(portrait), rng)


def paper(portrait: Path, rng: random.Random, radius: float = math.inf) -> Rendered:
    """A print of the person, of life size, in hands that turn, tilt and move it. `radius`: mm it is rolled to."""
    photo = _head(portrait)(state(z=_STANDS))
    top, bottom, left, right = _PAPER
    around = (_MARGIN, _MARGIN, _MARGIN, _MARGIN)
    print_ = cv2.copyMakeBorder(photo[top:bottom, left:right], *around, cv2.BORDER_CONSTANT, value=(245, 245, 245))
    hands = _mover(rng, _HANDS, state(z=_STANDS, bend=1 / radius))
    return Rendered(hands, _sheet(np.asarray(print_, np.uint8)), rng)


def _mover(rng: random.Random, habit: Habit, rest: State) -> Actor:
    """An actor whose movements alone are of use: where its points are, the pictures show."""
    nowhere = np.zeros((5, 3)), np.zeros((5, 3))
    actor = Actor(rng, CAMERA, Noise(0.0, rng), lambda _: nowhere, habit)
    actor.rest = rest
    return actor


def _head(portrait: Path) -> View:
    picture = cv2.imread(str(portrait))
    if picture is None:
        raise OSError(f"no picture: {portrait.name}")
    head = Head(np.array(POINTS))

    def view(pose: State) -> Picture:
        across, down = seen(head, pose, CAMERA)
        return np.asarray(
            cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.uint8
        )

    return view


def _sheet(picture: Picture) -> View:
    height, width = picture.shape[:2]
    column = np.linspace(*_ROOM, CAMERA.height).astype(np.uint8)
    wall = np.repeat(np.repeat(column[:, np.newaxis, np.newaxis], CAMERA.width, axis=1), 3, axis=2)

    def view(pose: State) -> Picture:
        sheet = Sheet((width, height), _STANDS / CAMERA.focal, float(pose[BEND]))
        across, down = seen(sheet, pose, CAMERA)
        return np.asarray(
            cv2.remap(picture, across, down, cv2.INTER_LINEAR, dst=wall.copy(), borderMode=cv2.BORDER_TRANSPARENT),
            np.uint8,
        )

    return view
