"""Is this picture fit to be compared: exactly one face in front, large enough, wholly in the picture. Pure.

Thin on purpose: pose, sharpness, light and liveness join in a later issue. Pixels of the camera's picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from firmware.core.outcomes import UnsureReason
from firmware.face.box import FaceBox


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """`width`: least width of the face. `border`: share of the face's width that must be free on every side.

    `second`: another face of at least this share of the first one's width is a second person at the counter; smaller
    ones are people behind and do not disturb.
    """

    width: float = 80.0
    border: float = 0.05
    second: float = 0.6


def choose(faces: Sequence[FaceBox], size: tuple[int, int], limits: QualityLimits) -> FaceBox | UnsureReason:
    """The face to compare in a picture of `size` (width, height), or why there is none."""
    if not faces:
        return UnsureReason.NO_FACE
    first, *others = sorted(faces, key=lambda face: face.width, reverse=True)
    if any(other.width >= limits.second * first.width for other in others):
        return UnsureReason.TWO_FACES
    if first.width < limits.width:
        return UnsureReason.TOO_SMALL
    free = limits.border * first.width
    right, bottom = size[0] - free, size[1] - free
    if first.x < free or first.y < free or first.x + first.width > right or first.y + first.height > bottom:
        return UnsureReason.AT_BORDER
    return first
