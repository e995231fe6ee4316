"""Move the four sides of a roughly placed card onto its edges. Inference lane; numpy over `picture.py`.

Points are x and y in pixels, corners clockwise (y downwards). Along each side the strongest change of brightness across
it is looked for at many places, and the line that most of those places agree on becomes the side; where the card meets
paper of its own colour, or a reflection or a thumb, the rest of the side decides.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from firmware.cardfront import picture as pic
from firmware.cardfront.picture import Points
from firmware.inference.pictures import Floats

_REACH = 0.012
"""How far from the rough place an edge is looked for, of the long side's length."""
_NEAREST = 5.0
"""And never less far, pixels: a blurred edge is wide, and has to stand out from what lies beside it."""
_SAMPLES, _STEPS = 48, 25
_ENDS = 0.08
"""Share of a side left out at each end: corners are round (3.18 mm, ISO/IEC 7810)."""
_CLEAR = 90.0
"""Least derivative (Scharr) of an edge: some 3 grey levels."""
_FEWEST = 6

Numbers = NDArray[np.float64]
Side = tuple[Numbers, Numbers]
"""A point and a direction."""


def fit_sides(quad: Points, across: Floats, down: Floats) -> tuple[Points, float] | None:
    """The corners once each side lies on the edge near it, and the share of the border that shows an edge.

    `across`, `down`: derivatives of the grey picture. None if two sides do not cross.
    """
    reach = max(_NEAREST, _REACH * float(np.linalg.norm(quad[1] - quad[0])))
    support = 0.0
    for _ in range(2):
        fits = [_side(quad[number], quad[(number + 1) % 4], across, down, reach) for number in range(4)]
        sides = [side for side, _ in fits]
        corners = [_crossing(before, after) for before, after in pairwise([sides[-1], *sides])]
        if any(corner is None for corner in corners):
            return None
        quad = np.array(corners, dtype=np.float32)
        shares = [share for _, share in fits]
        support = (min(shares) + sum(shares) / 4) / 2
        reach = max(_NEAREST, 0.4 * reach)
    return quad, support


def _side(start: Points, end: Points, across: Floats, down: Floats, reach: float) -> tuple[Side, float]:
    """The edge near a side, and the share of places that lie on it."""
    along = (end - start).astype(np.float64)
    normal = np.array([along[1], -along[0]]) / max(1e-6, float(np.linalg.norm(along)))
    shares = np.linspace(_ENDS, 1 - _ENDS, _SAMPLES)
    offsets = np.linspace(-reach, reach, _STEPS)
    places = start + shares[:, np.newaxis] * along
    grid = (places[:, np.newaxis, :] + offsets[np.newaxis, :, np.newaxis] * normal).astype(np.float32)
    strength = np.abs(pic.sampled(across, grid) * normal[0] + pic.sampled(down, grid) * normal[1])
    clear = strength.max(axis=1) > np.maximum(_CLEAR, 2.0 * np.quantile(strength, 0.2, axis=1))
    slope, shift, near = _common_line(shares - 0.5, offsets[strength.argmax(axis=1)], clear, reach)
    return ((start + end) / 2 + shift * normal, along + slope * normal), float(near.mean())


def _common_line(
    places: Numbers, found: Numbers, clear: NDArray[np.bool_], reach: float
) -> tuple[float, float, NDArray[np.bool_]]:
    """Slope and shift of the line, of all through two clear places, that most of them lie near; and those that do."""
    nowhere = 0.0, 0.0, np.zeros_like(clear)
    chosen = np.flatnonzero(clear)
    if len(chosen) < _FEWEST:
        return nowhere
    sparse = chosen[:: max(1, len(chosen) // 14)]
    first, second = np.triu_indices(len(sparse), k=3)
    if len(first) == 0:
        return nowhere
    left, right = sparse[first], sparse[second]
    slopes = (found[right] - found[left]) / (places[right] - places[left])
    shifts = found[left] - slopes * places[left]
    bound = max(1.5, 0.08 * reach)
    misses = np.abs(found[chosen] - slopes[:, np.newaxis] * places[chosen] - shifts[:, np.newaxis])
    best = int((misses < bound).sum(axis=1).argmax())
    near = clear & (np.abs(found - slopes[best] * places - shifts[best]) < bound)
    if near.sum() < _FEWEST:
        return float(slopes[best]), float(shifts[best]), near
    slope, shift = np.polyfit(places[near], found[near], 1)
    return float(slope), float(shift), near


def _crossing(one: Side, other: Side) -> Numbers | None:
    """Where two lines meet; None if nearly parallel."""
    (start, ahead), (beside, away) = one, other
    cross = float(ahead[0] * away[1] - ahead[1] * away[0])
    if abs(cross) < 0.2 * float(np.linalg.norm(ahead) * np.linalg.norm(away)):
        return None
    gap = beside - start
    return np.asarray(start + ahead * ((gap[0] * away[1] - gap[1] * away[0]) / cross))
