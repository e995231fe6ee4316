"""What the liveness challenge is told and what it answers, and its limits. Pure.

Directions are the person's own: `LEFT` is their left hand's side, which an unmirrored camera shows on its right.
Lengths are shares of the distance between the eyes unless said otherwise, angles are sines or cosines, seconds are
monotonic. Source: face.md sections 1 and 6.

Not claimed: conformity to ISO 30107-3, any level of iBeta, or protection against a mask in three dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from firmware.face.box import FaceBox


class Step(StrEnum):
    """One thing to do."""

    LEFT = "left"
    RIGHT = "right"
    CLOSER = "closer"


class Prompt(StrEnum):
    """What the screen says now. `HOLD`: stay so for a moment."""

    LOOK_STRAIGHT = "look-straight"
    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    COME_CLOSER = "come-closer"
    HOLD = "hold"


class SpoofReason(StrEnum):
    """`FLAT`: turned, but the nose stayed in the plane of eyes and mouth, or stood out less than any nose.

    `DEPTH`: it stood out further than any nose, or differently to the left and to the right.
    """

    FLAT = "flat"
    DEPTH = "depth"


class UnsureCause(StrEnum):
    """Why a challenge ended without an answer. None of them accuses anybody."""

    TIMEOUT = "timeout"
    LOST_FACE = "lost-face"
    TWO_FACES = "two-faces"
    SWAPPED = "swapped"
    JUMPED = "jumped"
    WRONG_MOVE = "wrong-move"
    TOO_SOON = "too-soon"
    PROPORTIONS = "proportions"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Live:
    """Moved as asked, as something with a nose does."""


@dataclass(frozen=True, slots=True)
class Spoof:
    """Moved as no head does."""

    reason: SpoofReason


@dataclass(frozen=True, slots=True)
class Undecided:
    """Neither; try again, or take the way without head movement (PIN, staff)."""

    cause: UnsureCause


Verdict = Live | Spoof | Undecided


@dataclass(frozen=True, slots=True, repr=False)
class Relief:
    """What the pixels of a turned face say (`liveness_parallax`), against the last straight look.

    `sine`: of the turn. `nose`, `ridge`: how far the nose moved against the plane of eyes and mouth, and against the
    middle line above and below it; to the person's left positive.
    """

    sine: float
    nose: float
    ridge: float


@dataclass(frozen=True, slots=True, repr=False)
class Observation:
    """One frame. `face` None: none was found. `faces`: how many people stand before the camera.

    `frame_size`: width, height. `similarity`: cosine with the reference (the chip's photo), where it was computed.
    `relief`: where it was measured.
    """

    at: float
    face: FaceBox | None
    frame_size: tuple[int, int]
    similarity: float | None = None
    faces: int = 1
    relief: Relief | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """`step`: how many are done. `compare`: the next frame should come with a similarity. `verdict`: None while on."""

    step: int
    prompt: Prompt
    compare: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class TrackLimits:
    """When it is still the same face. Speeds are widths of the face, or growth in logarithms, in a second.

    `eyes`: least distance in pixels. `slack_*`: what the detector's own noise adds. `strays`: as many frames in a row
    that do not fit are a jump, fewer are a slip of the detector. `companions`: likewise for a second face.
    """

    eyes: float = 24.0
    lost: float = 0.9
    speed: float = 4.0
    slack_speed: float = 0.2
    growth: float = 1.5
    slack_growth: float = 0.12
    strays: int = 2
    companions: int = 2


@dataclass(frozen=True, slots=True)
class StraightLimits:
    """`first_frames`, later `frames` in a row make the reference, with up to `kept` former ones.

    `aside`: how far the nose may stand beside the middle; `back`: or from where the reference has it. `drift`,
    `growth`: how far the points may wander, and the face come nearer (in logarithms), between their halves.
    `proportions`: share by which the height from eyes to mouth may differ from the chip's photo, where that was given:
    a folded or tightly rolled picture is narrower.
    """

    first_frames: int = 12
    frames: int = 8
    kept: int = 24
    aside: float = 0.12
    back: float = 0.12
    drift: float = 0.07
    growth: float = 0.05
    proportions: float = 0.16
    seconds: float = 8.0


@dataclass(frozen=True, slots=True)
class MoveLimits:
    """One step. `sine` of the least turn (0.26: 15 degrees), `keep` while holding.

    `shift`: the nose's least movement against the plane in the asked direction; `wrong`: in the other one that ends
    the challenge; `flat_sine`, `flat_shift`: turned so far with so little movement is a picture. `growth`: how much
    nearer. `soon`: seconds after the prompt in which nobody has moved yet. `window`, `frames`: averaged on the way, and
    for the depth.
    """

    sine: float = 0.26
    keep: float = 0.19
    flat_sine: float = 0.5
    flat_shift: float = 0.05
    shift: float = 0.075
    wrong: float = 0.12
    growth: float = 1.2
    keep_growth: float = 1.14
    wrong_growth: float = 1.5
    soon: float = 0.25
    window: int = 4
    frames: int = 7
    seconds: float = 6.0


@dataclass(frozen=True, slots=True)
class DepthLimits:
    """How far the nose stands out of the plane of eyes and mouth; people 0.54 on average, a rolled print up to 0.25.

    `least`: in each turn; `mean`, `most`: in all together. `apart`: a turn's shift from what all together say.
    """

    least: float = 0.12
    mean: float = 0.33
    most: float = 1.1
    apart: float = 0.18


@dataclass(frozen=True, slots=True)
class ReliefLimits:
    """What the pixels must show beside. `sines`: turns in which they are asked; in each turn at least `frames` such.

    `nose`, `ridge`: least depths of all turns together, `nose_each`, `ridge_each` of each of them; `share`: most ridge
    by nose, since bridge and mouth of a head stand before the plane, and those of a sheet bent about a level line do
    not. Rendered heads: nose 0.3 to 0.7, ridge 0.15 to 0.55, share 0.55 to 0.92; prints bent about an upright line: no
    ridge (up to 0.03); about a level line: both up to 0.25, share mostly above 0.9.
    """

    sines: tuple[float, float] = (0.15, 0.6)
    frames: int = 2
    nose: float = 0.2
    nose_each: float = 0.12
    ridge: float = 0.1
    ridge_each: float = 0.05
    share: float = 0.95


@dataclass(frozen=True, slots=True)
class LivenessLimits:
    """`same`: least cosine that is still the same person in a turned face. `seconds`: for the whole challenge.

    `relief`: None asks the landmarks alone, which a real detector's prejudice on noses lets rolled prints pass.
    """

    same: float = 0.32
    seconds: float = 40.0
    track: TrackLimits = field(default_factory=TrackLimits)
    straight: StraightLimits = field(default_factory=StraightLimits)
    move: MoveLimits = field(default_factory=MoveLimits)
    depth: DepthLimits = field(default_factory=DepthLimits)
    relief: ReliefLimits | None = None


class Chance(Protocol):
    """The random source: `secrets.SystemRandom()` on a device, `random.Random(seed)` in a test."""

    def choice(self, seq: Sequence[tuple[Step, ...]], /) -> tuple[Step, ...]: ...


_L, _R, _C = Step.LEFT, Step.RIGHT, Step.CLOSER
SEQUENCES: dict[int, tuple[tuple[Step, ...], ...]] = {
    2: ((_L, _R), (_R, _L), (_L, _C), (_R, _C), (_C, _L), (_C, _R)),
    3: (
        (_L, _R, _C),
        (_L, _C, _R),
        (_C, _L, _R),
        (_R, _L, _C),
        (_R, _C, _L),
        (_C, _R, _L),
        (_L, _R, _L),
        (_R, _L, _R),
    ),
}
"""All sequences by length. An approach alone shows no depth, so each has a turn; of three steps both are turns."""


def random_steps(chance: Chance, count: int = 3) -> tuple[Step, ...]:
    """Two or three steps. Raises ValueError for another number."""
    if count not in SEQUENCES:
        raise ValueError("a challenge has two or three steps")
    return chance.choice(SEQUENCES[count])
