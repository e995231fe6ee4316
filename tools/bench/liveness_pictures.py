"""Rendered people and prints of many kinds before the real detector, embedder, gates and judge (C4).

Portraits are laid over heads whose noses are drawn as in `firmware.sim.heads.people`, and over flat, rolled and folded
paper. Each sequence has a random source of its own made of species and seed, so it does not depend on the others.
Pictures come from `make setup` or from a folder of portraits; those that do not look straight are left out. Raises
OSError for a folder without a portrait.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.core.outcomes import UnsureReason
from firmware.face.align import align
from firmware.face.detect import Detector
from firmware.face.liveness_shape import as_points, aside, normal
from firmware.face.quality import QualityLimits, choose, facing, visible
from firmware.sim.heads.actors import KINDS, ORDINARY, Actor, Habit
from firmware.sim.heads.camera import Noise
from firmware.sim.heads.motion import BEND, State, state
from firmware.sim.heads.people import any_person
from firmware.sim.heads.rendered import CAMERA, Rendered, View
from firmware.sim.heads.surface import EYES, NOSE, Floats, Head, HeadShape, Map, Surface, seen

Picture = NDArray[np.uint8]
_HANDS: Final = replace(ORDINARY, turn=(17, 36), most=40, seconds=(0.4, 1.0), sideways=(0, 40), mistakes=0.0)
_HABITS: Final = ("ordinary", "slow", "small movements", "head tilted", "elderly, stiff neck")
_PHOTO: Final = (40, 470, 150, 490)
"""What of the picture of a head is printed: top, bottom, left, right."""
_PHOTO_EYES: Final = 85.0
_WALL: Final = 180
_ROOM: Final = (_WALL, _WALL, _WALL)
# A portrait whose nose stands further beside the middle does not look straight.
_STRAIGHT: Final = 0.06
_HALF: Final = 240
"""Millimetres to each side of the middle for which the depth of a head is worked out, one for one."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """`points`: in the detector's order."""

    picture: Picture
    points: NDArray[np.float64]


def portraits(files: Sequence[Path], detector: Detector) -> list[Portrait]:
    """Those with one face that looks straight, fit to be compared."""
    made: list[Portrait] = []
    for file in files:
        picture = cv2.imread(str(file))
        if picture is None:
            continue
        picture = np.asarray(picture, np.uint8)
        faces = detector.detect(picture)
        points = as_points(faces[0].points, 24.0) if len(faces) == 1 else None
        if points is not None and abs(aside(normal(points))) <= _STRAIGHT:
            portrait = Portrait(picture, points)
            if _fit(_photo(_over(Relief(points, NOSE), picture)), detector):
                made.append(portrait)
    if not made:
        raise OSError("no portrait that looks straight")
    return made


def _fit(picture: Picture, detector: Detector) -> bool:
    """Whether the device's own gates let the rendered head pass: a small portrait is blurred when it is enlarged."""
    limits = QualityLimits()
    face = choose(detector.detect(picture), (picture.shape[1], picture.shape[0]), limits)
    if isinstance(face, UnsureReason) or facing(face, limits.pose) is not None:
        return False
    return visible(picture, face, align(picture, face.points), limits) is None


# ---- surfaces ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Nosed(HeadShape):
    """A head whose nose stands out by `out` mm."""

    out: float = NOSE

    def depth(self, x: Floats, y: Floats) -> Floats:
        beside, below = (x - self.nose[0]) / self.width, y - self.nose[1]
        along = np.where(below < 0, below / self.ridge, below / self.wing)
        more = (self.out - NOSE) * np.exp(-(beside**2 + along**2) / 2)
        return np.asarray(HeadShape.depth(self, x, y) + more, np.float32)


class Relief(Head):
    """A portrait over such a head. Its depths are looked up: they are asked for thirty times a picture."""

    def __init__(self, points: NDArray[np.float64], out: float) -> None:
        super().__init__(points)
        across = np.arange(-_HALF, _HALF + 1, dtype=np.float32)
        x, y = np.meshgrid(across, across)
        self._depths = _Nosed(nose=self._shape.nose, out=out).depth(x, y)

    def depth(self, x: Floats, y: Floats) -> Floats:
        found = cv2.remap(
            self._depths,
            (x + _HALF).reshape(1, -1),
            (y + _HALF).reshape(1, -1),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(found.reshape(x.shape), np.float32)


@dataclass(frozen=True, slots=True)
class Paper:
    """A print: rolled by `curve` (1 / mm) or creased by `fold` radians, about an axis `slant` off the upright one.

    `pitch`: mm in a pixel. `wider`: printed so many times as wide.
    """

    size: tuple[int, int]
    pitch: float
    curve: float = 0.0
    fold: float = 0.0
    slant: float = 0.0
    wider: float = 1.0

    pivot = (0.0, 0.0, 0.0)

    def depth(self, x: Floats, y: Floats) -> Floats:
        across = x * math.cos(self.slant) + y * math.sin(self.slant)
        if self.fold:
            return np.asarray(-np.abs(across) * math.tan(self.fold), np.float32)
        if not self.curve:
            return np.zeros_like(x)
        round_ = np.sqrt(np.maximum(1 - (across * self.curve) ** 2, 0))
        return np.asarray((round_ - 1) / self.curve, np.float32)

    def picture(self, x: Floats, y: Floats, depth: Floats) -> Map:
        del depth
        cosine, sine = math.cos(self.slant), math.sin(self.slant)
        across, along = x * cosine + y * sine, y * cosine - x * sine
        if self.fold:
            across = across / np.float32(math.cos(self.fold) * self.wider)
        elif self.curve:
            within = np.clip(across * self.curve, -1, 1)
            across = np.arcsin(within) / self.curve + (across - within / self.curve)
        return (
            np.asarray((across * cosine - along * sine) / self.pitch + (self.size[0] - 1) / 2, np.float32),
            np.asarray((across * sine + along * cosine) / self.pitch + (self.size[1] - 1) / 2, np.float32),
        )

    def turned(self, x: Floats, y: Floats) -> Floats:
        del y
        return np.ones_like(x)


# ---- who stands there ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scene:
    """`straight`: a picture of the head that looks straight, such as a card has."""

    body: Rendered
    straight: Picture


Maker = Callable[[Portrait, random.Random], Scene]


def _nose(rng: random.Random) -> float:
    """Millimetres, for eyes `EYES` apart."""
    points = any_person(rng).array
    return float(EYES * points[2, 2] / (points[1, 0] - points[0, 0]))


def _flatter(rng: random.Random) -> float:
    """As `actors.real` has it."""
    return EYES * max(0.36, rng.gauss(0.45, 0.04))


def person(portrait: Portrait, rng: random.Random, nose: Callable[[random.Random], float] = _nose) -> Scene:
    """Somebody who does what is asked, in one of several ways."""
    view, kind = _over(Relief(portrait.points, nose(rng)), portrait.picture), rng.choice(_HABITS)
    tilt = math.radians(rng.choice((-1, 1)) * rng.uniform(8, 16)) if kind == "head tilted" else 0.0
    actor = _actor(rng, replace(KINDS[kind], mistakes=0.0), 1.0, state(roll=tilt))
    return Scene(Rendered(actor, view, rng), _photo(view))


def flatter(portrait: Portrait, rng: random.Random) -> Scene:
    """The same with a flatter nose."""
    return person(portrait, rng, _flatter)


def flat(portrait: Portrait, rng: random.Random) -> Scene:
    """A flat print, turned about any axis."""
    habit = replace(_HANDS, turn=(18, 50), most=60, other_axes=rng.choice((0.1, 0.4)), tremor=rng.uniform(0.5, 2.5))
    return _print(portrait, rng, lambda paper, _: paper, habit)


def bent(portrait: Portrait, rng: random.Random, axis: float = 0.0) -> Scene:
    """Rolled to a radius of 32 to 400 mm about a nearly upright axis: always, or only while turned."""
    curve = 1 / math.exp(rng.uniform(math.log(32), math.log(400)))
    slant, always = axis + rng.gauss(0, math.radians(10)), rng.random() < 0.5
    return _print(
        portrait,
        rng,
        lambda paper, pose: replace(paper, curve=float(pose[BEND]), slant=slant),
        replace(_HANDS, bend=curve),
        rest=state(bend=curve if always else 0.0),
    )


def level(portrait: Portrait, rng: random.Random) -> Scene:
    """As `bent`, about a nearly level axis."""
    return bent(portrait, rng, math.pi / 2)


def folded(portrait: Portrait, rng: random.Random, *, wider: bool = False) -> Scene:
    """Creased through the nose, both halves bent back by 10 to 50 degrees."""
    angle = math.radians(rng.uniform(10, 50))
    factor = 1 / math.cos(angle) if wider else 1.0
    return _print(portrait, rng, lambda paper, _: replace(paper, fold=angle, wider=factor), _HANDS)


def widened(portrait: Portrait, rng: random.Random) -> Scene:
    """As `folded`, and printed wider so that the proportions are right again."""
    return folded(portrait, rng, wider=True)


SPECIES: dict[str, tuple[bool, Maker]] = {
    "people": (True, person),
    "people, flatter nose": (True, flatter),
    "print flat": (False, flat),
    "print bent, upright axis": (False, bent),
    "print bent, level axis": (False, level),
    "print folded": (False, folded),
    "print folded, widened": (False, widened),
}
"""Whether it is a person, and what makes it."""


def _actor(rng: random.Random, habit: Habit, scale: float, rest: State) -> Actor:
    """An actor whose movements alone are of use. `scale`: of a print."""
    nowhere = np.zeros((5, 3)), np.zeros((5, 3))
    actor = Actor(rng, CAMERA, Noise(0.0, rng), lambda _: nowhere, habit)
    actor.rest = rest + state(
        yaw=rng.gauss(0, 0.035),
        pitch=rng.gauss(0, 0.05),
        roll=rng.gauss(0, 0.05),
        x=rng.gauss(0, 20),
        y=rng.gauss(0, 12),
        z=scale * CAMERA.focal * EYES / rng.uniform(55, 85),
    )
    return actor


def _print(
    portrait: Portrait,
    rng: random.Random,
    shaped: Callable[[Paper, State], Paper],
    habit: Habit,
    *,
    rest: State | None = None,
) -> Scene:
    photo = _photo(_over(Relief(portrait.points, _nose(rng)), portrait.picture))
    top, bottom, left, right = _PHOTO
    sheet = np.ascontiguousarray(photo[top:bottom, left:right])
    scale = rng.uniform(0.8, 1.3)
    paper = Paper((sheet.shape[1], sheet.shape[0]), scale * EYES / _PHOTO_EYES)
    wall = np.full((CAMERA.height, CAMERA.width, 3), _WALL, np.uint8)

    def view(pose: State) -> Picture:
        across, down = seen(shaped(paper, pose), pose, CAMERA)
        shown = cv2.remap(sheet, across, down, cv2.INTER_LINEAR, dst=wall.copy(), borderMode=cv2.BORDER_TRANSPARENT)
        return np.asarray(shown, np.uint8)

    actor = _actor(rng, habit, scale, state() if rest is None else rest)
    return Scene(Rendered(actor, view, rng), photo)


def _over(surface: Surface, picture: Picture) -> View:
    def view(pose: State) -> Picture:
        across, down = seen(surface, pose, CAMERA)
        # Not mirrored beyond its border: that would show further faces.
        shown = cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=_ROOM)
        return np.asarray(shown, np.uint8)

    return view


def _photo(view: View) -> Picture:
    return view(state(z=CAMERA.focal * EYES / _PHOTO_EYES))
