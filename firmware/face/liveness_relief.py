"""What the pixels of all turns say together: `relief_of`. Pure; lengths and sines as in `Pose`.

Within a turn `nose` and `ridge` of a frame are a depth times its sine; the depth is what fits the frames best (least
squares). As with the landmarks (`depth_of`), a reference that was not quite straight makes one side deeper and the
other flatter, so all turns together have stricter limits than each. Refuses, and never makes anybody live.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from firmware.face.liveness_model import Relief, ReliefLimits, Spoof, SpoofReason, Undecided, UnsureCause


@dataclass(frozen=True, slots=True, repr=False)
class Side:
    """The frames of one turn that were of use: sums of sine times sine, and of lengths times sine."""

    frames: int
    squares: float
    nose: float
    ridge: float


def side_of(seen: Sequence[Relief], sign: float, limits: ReliefLimits) -> Side:
    """Of one turn. `sign`: 1 to the person's left, -1 to the right."""
    low, high = limits.sines
    used = [each for each in seen if low <= each.sine <= high and math.isfinite(each.nose + each.ridge)]
    return Side(
        len(used),
        math.fsum(each.sine * each.sine for each in used),
        math.fsum(sign * each.nose * each.sine for each in used),
        math.fsum(sign * each.ridge * each.sine for each in used),
    )


def relief_of(sides: Sequence[Side], limits: ReliefLimits) -> Spoof | Undecided | None:
    """Why the turns are not those of a head; None if they may be."""
    if not sides or any(side.frames < limits.frames for side in sides):
        return Undecided(UnsureCause.UNCLEAR)
    if any(
        side.nose < limits.nose_each * side.squares or side.ridge < limits.ridge_each * side.squares for side in sides
    ):
        return Spoof(SpoofReason.FLAT)
    squares = math.fsum(side.squares for side in sides)
    nose, ridge = math.fsum(side.nose for side in sides), math.fsum(side.ridge for side in sides)
    if nose < limits.nose * squares or ridge < limits.ridge * squares:
        return Spoof(SpoofReason.FLAT)
    return Spoof(SpoofReason.DEPTH) if ridge > limits.share * nose else None
