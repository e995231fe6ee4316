"""How far the nose of a turned face stands out, measured from pixels: `Parallax`. Inference lane.

    parallax.keep(picture, points)             # looks straight
    relief = parallax.look(picture, points)    # each frame of the turn after it; None where nothing can be measured

YuNet has a prejudice on where noses are: it sees the nose of a rolled print nearly where a head's would be. So its
points only say about where eyes and mouth are. The turned face is brought onto the straight one by the affine map of
the four corners, which is corrected until the pictures of eyes and mouth coincide; then everything in their plane
coincides, and a patch with the nose is followed from frame to frame by normalised correlation. Two lengths come of it:

`nose`: from where the plane has the nose. `ridge`: from where the bridge between the eyes and the middle of the mouth
have gone, by their heights. Whatever is bent or creased along an upright line through the nose takes these two with it:
it may have a `nose`, but no `ridge`. What is bent along a level line has a small one of both.

Pictures are uint8, height x width x 3, BGR; points as in `FaceBox`; lengths and sines as in `Pose`. Of each face a grey
copy of 128 x 128 is kept until the next one or `wipe`. Raises nothing. Source: face.md section 6.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from firmware.face.align import similarity
from firmware.face.box import Point
from firmware.face.liveness_model import Relief
from firmware.face.liveness_shape import as_points
from firmware.face.pixels import green, warp
from firmware.inference.pictures import Floats, Picture, wiped

Matrix = NDArray[np.float64]
_SIDE: Final = 128
_EYES: Final = 48.0
_UPRIGHT: Final = ((40.0, 40.0), (88.0, 40.0))
"""Where the eyes of the straight face are put."""

_EYE, _MOUTH_END, _NOSE, _BRIDGE, _MOUTH = (10, 7), (7, 7), (9, 9), (13, 6), (8, 6)
"""Half sides of the patches, without the middle."""

_REACHES: Final = ((4, 4), (2, 2))
"""How far the corners are looked for, in the first and in the second correction."""

_NOSE_REACH, _RIDGE_REACH = (4, 3), (6, 3)
# A nose goes up and down by a nod only; further it was lost to something else.
_NOD: Final = 3
_LEAST_WEIGHT: Final = 0.05
# Below, a patch was not found again: hidden, blurred, or a smooth skin.
_ANCHORED: Final = 0.4
_FOLLOWED: Final = 0.6
# Grey levels: patches of less contrast are noise.
_PLAIN: Final = 1.5


@dataclass(frozen=True, slots=True)
class _Patch:
    """A piece of the straight face about (`x`, `y`); `values` have no mean and length one."""

    x: int
    y: int
    values: Floats


@dataclass(frozen=True, slots=True)
class _Found:
    """How far a patch has moved, in pixels of the upright face; `likeness`: 1 is the same picture."""

    x: float
    y: float
    likeness: float


@dataclass(frozen=True, slots=True)
class _Straight:
    """`corners`: 4 x 2, eyes and mouth. `height`: of the nose, 0 at the eyes, 1 at the mouth."""

    corners: Matrix
    height: float
    anchors: tuple[_Patch, ...]
    nose: _Patch
    bridge: _Patch
    mouth: _Patch

    def wipe(self) -> None:
        for patch in (*self.anchors, self.nose, self.bridge, self.mouth):
            patch.values.fill(0)


class Parallax:
    """Of one face, against its last straight look."""

    def __init__(self) -> None:
        self._straight: _Straight | None = None
        self._nose = (0.0, 0.0)

    def keep(self, picture: Picture, points: Sequence[Point]) -> None:
        """The face looks straight: the reference from now on."""
        self.wipe()
        if as_points(points, 1.0) is None:
            return
        matrix = similarity(points[:2], _UPRIGHT)
        chip = _chip(picture, matrix)
        with wiped(chip):
            self._straight = _straight(chip, np.array(points) @ matrix[:, :2].T + matrix[:, 2])

    def look(self, picture: Picture, points: Sequence[Point]) -> Relief | None:
        """The face is turned, or about to turn."""
        straight, there = self._straight, as_points(points, 1.0)
        if straight is None or there is None:
            return None
        matrix = _fitted(picture, straight, _affine(straight.corners, there[[0, 1, 3, 4]], np.ones(4)))
        if matrix is None or (inverse := _inverse(matrix)) is None:
            return None
        chip = _chip(picture, inverse)
        with wiped(chip):
            nose = _find(straight.nose, chip, _NOSE_REACH, self._nose)
            bridge = _find(straight.bridge, chip, _RIDGE_REACH)
            mouth = _find(straight.mouth, chip, _RIDGE_REACH)
        if nose is None or bridge is None or mouth is None or nose.likeness < _FOLLOWED:
            return None
        self._nose = nose.x, min(max(nose.y, -_NOD), _NOD)
        between = (1 - straight.height) * bridge.x + straight.height * mouth.x
        sine, along = _turned(matrix)
        return Relief(sine, nose.x * along / _EYES, (nose.x - between) * along / _EYES)

    def wipe(self) -> None:
        """Forget the face."""
        if self._straight is not None:
            self._straight.wipe()
        self._straight, self._nose = None, (0.0, 0.0)


def _straight(chip: Floats, points: Matrix) -> _Straight | None:
    right, left, nose, mouth_right, mouth_left = points
    bridge, mouth = (right + left) / 2, (mouth_right + mouth_left) / 2
    sides = ((right, _EYE), (left, _EYE), (mouth_right, _MOUTH_END), (mouth_left, _MOUTH_END))
    wanted = (*sides, (nose, _NOSE), (bridge, _BRIDGE), (mouth, _MOUTH))
    patches = [patch for place, half in wanted if (patch := _patch(chip, place, half)) is not None]
    if len(patches) < len(wanted) or mouth[1] - bridge[1] < 1:
        return None
    height = float((nose[1] - bridge[1]) / (mouth[1] - bridge[1]))
    return _Straight(points[[0, 1, 3, 4]], height, tuple(patches[:4]), *patches[4:])


def _patch(chip: Floats, place: Matrix, half: tuple[int, int]) -> _Patch | None:
    """None if it is not wholly in the chip, or plain."""
    x, y = round(float(place[0])), round(float(place[1]))
    if not (half[0] <= x < _SIDE - half[0] and half[1] <= y < _SIDE - half[1]):
        return None
    values = chip[y - half[1] : y + half[1] + 1, x - half[0] : x + half[0] + 1].copy()
    values -= values.mean()
    length = float(np.sqrt(np.sum(values * values)))
    if length < _PLAIN * math.sqrt(values.size):
        return None
    values /= length
    return _Patch(x, y, values)


def _fitted(picture: Picture, straight: _Straight, matrix: Matrix) -> Matrix | None:
    """The map from the upright face to the picture, corrected; None where eyes and mouth are not found again."""
    least = 0.0
    for reach in _REACHES:
        inverse = _inverse(matrix)
        if inverse is None:
            return None
        chip = _chip(picture, inverse)
        with wiped(chip):
            found = [_find(patch, chip, reach) for patch in straight.anchors]
        moves = [each for each in found if each is not None]
        if len(moves) < len(found):
            return None
        weights = np.array([max(each.likeness, _LEAST_WEIGHT) for each in moves])
        moved = straight.corners + np.array([(each.x, each.y) for each in moves])
        matrix = _affine(straight.corners, moved @ matrix[:, :2].T + matrix[:, 2], weights)
        least = float(weights.min())
    return matrix if least >= _ANCHORED else None


def _find(
    patch: _Patch, chip: Floats, reach: tuple[int, int], start: tuple[float, float] = (0.0, 0.0)
) -> _Found | None:
    """Where in `chip` a patch is, at most `reach` pixels from `start`; None if that leaves the chip."""
    rows, columns = patch.values.shape
    first_x, first_y = round(start[0]) - reach[0], round(start[1]) - reach[1]
    left, top = patch.x - columns // 2 + first_x, patch.y - rows // 2 + first_y
    right, bottom = left + columns + 2 * reach[0], top + rows + 2 * reach[1]
    if left < 0 or top < 0 or right > _SIDE or bottom > _SIDE:
        return None
    window = chip[top:bottom, left:right] - chip[top:bottom, left:right].mean()
    squared = window * window
    with wiped(window, squared):
        views = sliding_window_view(window, (rows, columns))
        sums, squares = views.sum(axis=(2, 3)), sliding_window_view(squared, (rows, columns)).sum(axis=(2, 3))
        spread = np.sqrt(np.maximum(squares - sums * sums / patch.values.size, 1.0))
        likeness = np.einsum("ijkl,kl->ij", views, patch.values) / spread
    row, column = divmod(int(likeness.argmax()), likeness.shape[1])
    x, y = _peak(likeness[row], column), _peak(likeness[:, column], row)
    return _Found(first_x + x, first_y + y, float(likeness[row, column]))


def _peak(line: Floats, place: int) -> float:
    """The top of the parabola through the greatest number and its neighbours."""
    if not 0 < place < len(line) - 1:
        return float(place)
    before, here, after = (float(number) for number in line[place - 1 : place + 2])
    bend = before - 2 * here + after
    return place if bend >= 0 else place + (before - after) / (2 * bend)


def _chip(picture: Picture, matrix: Matrix) -> Floats:
    """The grey face, smoothed by about a pixel. The caller wipes it."""
    colours = warp(picture, matrix, _SIDE)
    with wiped(colours):
        chip = green(colours)
    for _ in range(2):
        chip[1:-1] = (chip[:-2] + 2 * chip[1:-1] + chip[2:]) / 4
        chip[:, 1:-1] = (chip[:, :-2] + 2 * chip[:, 1:-1] + chip[:, 2:]) / 4
    return chip


def _affine(source: Matrix, target: Matrix, weights: Matrix) -> Matrix:
    """The 2 x 3 matrix that takes `source` to `target` (both n x 2) with least squares."""
    given = np.column_stack([source, np.ones(len(source))]) * weights[:, np.newaxis]
    return np.asarray(np.linalg.lstsq(given, target * weights[:, np.newaxis], rcond=None)[0].T, np.float64)


def _inverse(matrix: Matrix) -> Matrix | None:
    """The map back; None if there is none, or the face would be nothing but a line."""
    (a, b, x), (c, d, y) = matrix.tolist()
    whole = a * d - b * c
    if not (math.isfinite(whole) and whole > 1e-3 * (a * a + b * b + c * c + d * d) > 0):
        return None
    return np.asarray(np.array([[d, -b, b * y - d * x], [-c, a, c * x - a * y]]) / whole, np.float64)


def _turned(matrix: Matrix) -> tuple[float, float]:
    """As in `pose`: the sine of the turn, and how much of a length across the face is still seen."""
    (a, b, _), (c, d, _) = matrix.tolist()
    one, other, mixed = a * a + c * c, b * b + d * d, a * b + c * d
    apart = math.hypot((one - other) / 2, mixed)
    larger = (one + other) / 2 + apart
    return math.sqrt(max(0.0, apart - (one - other) / 2) / larger), math.sqrt(one / larger)
