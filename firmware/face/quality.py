"""Is this picture fit to be compared, and if not, what should the person do about it. Pure.

Place: exactly one face in front, large enough, wholly in the picture (`choose`). Pose from the five points (`facing`).
Light, sharpness and what covers eyes or mouth from pixels (`visible`): of the aligned face, so that size and roll do
not count, and of a sparse copy of what lies round it. Brightness is the green channel, 0 to 255.

The limits were set on 160 portraits of the LFW set and on three others, drawn upon: blurred, darkened, lit from behind,
masked (limits lie outside what those portraits show). What they do not tell: five points are always found, also behind
a mask, so `COVERED` goes by missing contrast. Smooth masks, hands and dark glasses are found; a mask with a pattern or
with folds, tinted or reflecting glasses and a scarf may pass, and then the similarity decides. Sensor noise looks like
sharpness. Source: face.md section 1 (score of turned faces).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from firmware.core.outcomes import UnsureReason
from firmware.face.align import SIDE, TARGET
from firmware.face.box import FaceBox
from firmware.face.liveness_shape import as_points, aside, normal
from firmware.face.pixels import green
from firmware.inference.pictures import Floats, Picture, wiped

# Of the aligned face: eyebrows to chin, cheek to cheek; a cheek beside each nostril. (left, top, right, bottom)
_FACE = (20, 28, 92, 104)
_CHEEKS = ((31, 71, 42, 80), (71, 71, 82, 80))
_EYE_SIDES, _MOUTH_SIDES = (9, 5), (17, 7)
# Beside the face, in its widths and heights: to the sides, above, below.
_BESIDE, _ABOVE, _BELOW = 0.6, 0.4, 0.1
# One pixel of so many is enough for the brightness of surroundings.
_SPARSE = 4
# A flat patch has no contrast to be told from noise: added to the face's own.
_FLOOR = 5.0


@dataclass(frozen=True, slots=True)
class PoseLimits:
    """`yaw`: nose beside the middle, in distances between the eyes (0.36: about 35 degrees). `roll`: degrees.

    `up`, `down`: least and most share of the way from eyes to mouth at which the nose stands (0.2: about 20 degrees).
    """

    yaw: float = 0.36
    up: float = 0.33
    down: float = 0.72
    roll: float = 20.0


@dataclass(frozen=True, slots=True)
class LightLimits:
    """`dark`: least mean of the face. `blown`: share of it that may be white. `empty_*`: why there may be no face.

    Back-light: the face below `shade`, its surroundings above `glare` and above `times` the face.
    """

    dark: float = 40.0
    blown: float = 0.3
    shade: float = 60.0
    glare: float = 120.0
    times: float = 2.2
    empty_dark: float = 25.0
    empty_bright: float = 235.0


@dataclass(frozen=True, slots=True)
class DetailLimits:
    """`sharpness`: variance of the second difference, the weaker direction, by the face's variance.

    `contrast`: of eyes or mouth by the face's. `eyes`: least brightness of the brighter eye by the cheeks'.
    """

    sharpness: float = 0.006
    contrast: float = 0.15
    eyes: float = 0.3


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """`width`: least width of the face in pixels. `border`: share of the face's width that must be free on every side.

    `second`: another face of at least this share of the first one's width is a second person at the counter; smaller
    ones are people behind and do not disturb.
    """

    width: float = 80.0
    border: float = 0.05
    second: float = 0.6
    pose: PoseLimits = field(default_factory=PoseLimits)
    light: LightLimits = field(default_factory=LightLimits)
    detail: DetailLimits = field(default_factory=DetailLimits)


# ---- place ---------------------------------------------------------------------------------------------------------


def people(faces: Sequence[FaceBox], limits: QualityLimits) -> list[FaceBox]:
    """The faces of people at the counter, the nearest first."""
    if not faces:
        return []
    ordered = sorted(faces, key=lambda face: face.width, reverse=True)
    return [face for face in ordered if face.width >= limits.second * ordered[0].width]


def choose(faces: Sequence[FaceBox], size: tuple[int, int], limits: QualityLimits) -> FaceBox | UnsureReason:
    """The face to compare in a picture of `size` (width, height), or why there is none."""
    found = people(faces, limits)
    if not found:
        return UnsureReason.NO_FACE
    if len(found) > 1:
        return UnsureReason.TWO_FACES
    first = found[0]
    if first.width < limits.width:
        return UnsureReason.TOO_SMALL
    free = limits.border * first.width
    right, bottom = size[0] - free, size[1] - free
    if first.x < free or first.y < free or first.x + first.width > right or first.y + first.height > bottom:
        return UnsureReason.AT_BORDER
    return first


def emptiness(picture: Picture, limits: LightLimits) -> UnsureReason:
    """Why a picture shows no face: too dark, too bright, or there is none."""
    brightness = green(picture[::_SPARSE, ::_SPARSE])
    with wiped(brightness):
        mean = float(brightness.mean())
    if mean < limits.empty_dark:
        return UnsureReason.TOO_DARK
    return UnsureReason.TOO_BRIGHT if mean > limits.empty_bright else UnsureReason.NO_FACE


# ---- pose ----------------------------------------------------------------------------------------------------------


def facing(face: FaceBox, limits: PoseLimits) -> UnsureReason | None:
    """Why these points are not those of a face that looks into the camera."""
    points = as_points(face.points, 1.0)
    if points is None:
        return UnsureReason.TURNED
    (right_x, right_y), (left_x, left_y) = face.points[:2]
    if abs(math.degrees(math.atan2(left_y - right_y, left_x - right_x))) > limits.roll:
        return UnsureReason.TILTED
    shape = normal(points)
    if abs(aside(shape)) > limits.yaw:
        return UnsureReason.TURNED
    eyes, nose, mouth = shape[:2].mean(axis=0), shape[2], shape[3:].mean(axis=0)
    share = float((nose - eyes) @ (mouth - eyes)) / float((mouth - eyes) @ (mouth - eyes))
    return None if limits.up <= share <= limits.down else UnsureReason.TILTED


# ---- pixels --------------------------------------------------------------------------------------------------------


def visible(
    picture: Picture, face: FaceBox, chip: Picture, limits: QualityLimits, *, turned: bool = False
) -> UnsureReason | None:
    """Why the pixels of this face are not fit. `chip`: it aligned. `turned`: eyes and mouth need not be seen."""
    whole = green(chip)
    around = green(_window(picture, face))
    with wiped(whole, around):
        reason = _light(whole, _surroundings(around, face, picture), limits.light)
        if reason is None and _sharpness(_part(whole, _FACE)) < limits.detail.sharpness:
            reason = UnsureReason.BLURRED
        if reason is None and not turned and _covered(whole, limits.detail):
            reason = UnsureReason.COVERED
    return reason


def _light(chip: Floats, around: float, limits: LightLimits) -> UnsureReason | None:
    face = _part(chip, _FACE)
    mean = float(face.mean())
    if mean < limits.shade and around > max(limits.glare, limits.times * mean):
        return UnsureReason.BACKLIT
    if mean < limits.dark:
        return UnsureReason.TOO_DARK
    return UnsureReason.TOO_BRIGHT if float((face >= 250).mean()) > limits.blown else None


def _sharpness(face: Floats) -> float:
    """Movement blurs one direction only: the weaker one counts."""
    across = face[:, 2:] - 2 * face[:, 1:-1] + face[:, :-2]
    down = face[2:] - 2 * face[1:-1] + face[:-2]
    with wiped(across, down):
        return min(float(across.var()), float(down.var())) / (float(face.var()) + _FLOOR**2)


def _covered(chip: Floats, limits: DetailLimits) -> bool:
    """Flat where eyes or mouth should be, or both eyes much darker than the cheeks."""
    contrast = float(_part(chip, _FACE).std()) + _FLOOR
    eyes = [_round(chip, TARGET[place], _EYE_SIDES) for place in (0, 1)]
    mouth = _round(chip, ((TARGET[3][0] + TARGET[4][0]) / 2, TARGET[3][1]), _MOUTH_SIDES)
    if min(float(part.std()) for part in (*eyes, mouth)) < limits.contrast * contrast:
        return True
    cheeks = sum(float(_part(chip, cheek).mean()) for cheek in _CHEEKS) / len(_CHEEKS)
    return max(float(eye.mean()) for eye in eyes) < limits.eyes * cheeks


def _part(chip: Floats, area: tuple[int, int, int, int]) -> Floats:
    left, top, right, bottom = area
    return chip[top:bottom, left:right]


def _round(chip: Floats, centre: tuple[float, float], sides: tuple[int, int]) -> Floats:
    x, y = (min(max(round(place), side), SIDE - 1 - side) for place, side in zip(centre, sides, strict=True))
    return chip[y - sides[1] : y + sides[1] + 1, x - sides[0] : x + sides[0] + 1]


def _bounds(face: FaceBox, picture: Picture, wider: tuple[float, float, float]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the face, made wider by these shares, as far as it lies in the picture."""
    rows, columns = picture.shape[:2]
    beside, above, below = wider
    left, right = face.x - beside * face.width, face.x + (1 + beside) * face.width
    top, bottom = face.y - above * face.height, face.y + (1 + below) * face.height
    return (
        min(max(int(left), 0), columns),
        min(max(int(top), 0), rows),
        min(max(int(right), 0), columns),
        min(max(int(bottom), 0), rows),
    )


def _window(picture: Picture, face: FaceBox) -> Picture:
    left, top, right, bottom = _bounds(face, picture, (_BESIDE, _ABOVE, _BELOW))
    return picture[top:bottom:_SPARSE, left:right:_SPARSE]


def _surroundings(around: Floats, face: FaceBox, picture: Picture) -> float:
    """Mean of the window without the face; 0 where nothing is left."""
    left, top, *_ = _bounds(face, picture, (_BESIDE, _ABOVE, _BELOW))
    inner = _bounds(face, picture, (0.0, 0.0, 0.0))
    columns = slice((inner[0] - left) // _SPARSE, (inner[2] - left) // _SPARSE)
    rows = slice((inner[1] - top) // _SPARSE, (inner[3] - top) // _SPARSE)
    covered = around[rows, columns]
    left_over = around.size - covered.size
    total = float(np.sum(around, dtype=np.float64)) - float(np.sum(covered, dtype=np.float64))
    return total / left_over if left_over > 0 else 0.0
