"""Find cards in a picture: quadrilaterals of ID-1 shape, best first, any rotation, seen up to some 40 degrees aslant.

Inference lane; numpy over `picture.py`. Points are x and y in pixels, corners clockwise from the one before a long
side. Which long side is the upper one is not known here. Method: all quadrilaterals that the clearest straight edges of
a small picture enclose; a card's border is an edge all along and does not go on beyond its corners. The best ones are
fitted in a larger picture (`fit.py`). ID-1 is 85.60 x 53.98 mm with round corners (ISO/IEC 7810).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware.cardfront import picture as pic
from firmware.cardfront.edges import Lines, straight_edges
from firmware.cardfront.fit import fit_sides
from firmware.cardfront.picture import Points
from firmware.inference.pictures import Picture, wiped

LOOK = 480
"""Longer side of the picture that is searched for edges, pixels."""
FINE = 1280
"""Longer side of the picture that borders are fitted in, pixels."""

_SLANT = np.deg2rad(25)
"""Opposite sides of a card differ by so much at most."""
_UNEVEN = 0.5
"""And their lengths by so much: natural logarithm."""
_OUTSIDE = 0.06
"""Corners may lie outside the frame by this share of its longer side."""
_SAME = 0.015
"""Quadrilaterals whose corners all lie so close, of the long side, are one."""

Numbers = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FindLimits:
    """`area`: least share of the frame. `ratio`: long over short side as seen. `lines`: edges combined.

    `fitted`: borders tried. `support`: least share of a border that shows an edge. `candidates`: given back at most.
    """

    area: float = 0.06
    ratio: tuple[float, float] = (1.2, 2.2)
    lines: int = 36
    fitted: int = 6
    support: float = 0.6
    candidates: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class Quad:
    """`corners`: 4 x 2. `support`: share of the border with an edge along it, 0 to 1. `share`: of the frame's area."""

    corners: Points
    support: float
    share: float


def find_cards(frame: Picture, limits: FindLimits) -> list[Quad]:
    """Candidates, best first; corners in pixels of `frame`."""
    small, look = pic.shrunk(frame, LOOK)
    with wiped(small):
        rough = _rough_quads(small, limits)
    if not rough:
        return []
    fine, factor = pic.shrunk(frame, FINE)
    grey = pic.grey(fine)
    with wiped(fine, grey):
        across, down = pic.gradient(grey)
    size = (fine.shape[1], fine.shape[0])
    found: list[Quad] = []
    with wiped(across, down):
        for quad in rough:
            corners, support = fit_sides(quad * np.float32(factor / look), across, down) or (quad, 0.0)
            if support >= limits.support and _card_shaped(corners[np.newaxis].astype(np.float64), size, limits)[0]:
                share = pic.area(corners) / (size[0] * size[1])
                found.append(Quad(_ordered(corners) / np.float32(factor), support, share))
    found.sort(key=lambda quad: quad.support**4 * quad.share, reverse=True)
    kept = _apart([quad.corners for quad in found], limits.candidates)
    return [found[number] for number in kept]


def _rough_quads(small: Picture, limits: FindLimits) -> list[Points]:
    """Quadrilaterals that straight edges enclose, best first."""
    smooth = pic.blurred(small, 1.0)
    with wiped(smooth):
        lines = straight_edges(smooth, limits.lines)
    sides, corners = _enclosed(lines, (small.shape[1], small.shape[0]), limits)
    if not len(sides):
        return []
    scores = _support(lines, sides, corners) * np.sqrt(_areas(corners))
    order = np.argsort(-scores)[: 20 * limits.fitted]
    quads = [_ordered(corners[number].astype(np.float32)) for number in order]
    return [quads[number] for number in _apart(quads, limits.fitted)]


def _enclosed(lines: Lines, size: tuple[int, int], limits: FindLimits) -> tuple[Ids, Numbers]:
    """Numbers of four lines (n x 4, in order around) and their crossings (n x 4 x 2) of everything card-shaped."""
    count = len(lines.distances)
    first, second = np.triu_indices(count, k=1)
    angles = np.arctan2(lines.normals[:, 1], lines.normals[:, 0])
    between = np.abs(angles[first] - angles[second])
    between = np.minimum(between, np.pi - between)
    pairs = np.column_stack([first, second])[between < _SLANT]
    if not len(pairs):
        return np.empty((0, 4), np.int64), np.empty((0, 4, 2))
    one, other = np.triu_indices(len(pairs), k=1)
    across = np.abs(angles[pairs[one, 0]] - angles[pairs[other, 0]])
    square = np.minimum(across, np.pi - across) > np.pi / 2 - 2 * _SLANT
    one, other = one[square], other[square]
    sides = np.column_stack([pairs[one, 0], pairs[other, 0], pairs[one, 1], pairs[other, 1]])
    corners = np.stack([_crossings(lines, sides[:, number - 1], sides[:, number]) for number in range(4)], axis=1)
    fits = _card_shaped(corners, size, limits)
    return sides[fits], corners[fits]


def _crossings(lines: Lines, one: Ids, other: Ids) -> Numbers:
    """Crossings, n x 2; far away where lines are nearly parallel."""
    (a, b), (c, d) = lines.normals[one].T, lines.normals[other].T
    p, q = lines.distances[one], lines.distances[other]
    cross = a * d - b * c
    cross = np.where(np.abs(cross) < 1e-3, 1e-3, cross)
    return np.column_stack([(p * d - b * q) / cross, (a * q - p * c) / cross])


def _card_shaped(corners: Numbers, size: tuple[int, int], limits: FindLimits) -> NDArray[np.bool_]:
    """Which of n quadrilaterals could be a card: inside the frame, large enough, in proportion, sides alike."""
    outside = _OUTSIDE * max(size)
    inside = ((corners > -outside) & (corners < np.array(size) + outside)).all(axis=(1, 2))
    sides = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    sides = np.maximum(sides, 1e-3)
    ways = sides[:, :2] + sides[:, 2:]
    ratio = ways.max(axis=1) / ways.min(axis=1)
    uneven = np.abs(np.log(sides[:, :2] / sides[:, 2:])).max(axis=1)
    large = ways.prod(axis=1) / 4 > limits.area * size[0] * size[1]
    return np.asarray(inside & (ratio > limits.ratio[0]) & (ratio < limits.ratio[1]) & (uneven < _UNEVEN) & large)


def _areas(corners: Numbers) -> Numbers:
    ahead = np.roll(corners, -1, axis=1)
    return np.asarray(np.abs((corners[:, :, 0] * ahead[:, :, 1] - corners[:, :, 1] * ahead[:, :, 0]).sum(axis=1)) / 2)


def _support(lines: Lines, sides: Ids, corners: Numbers) -> Numbers:
    """How much of each border is edge, less what goes on beyond the corners, where a card has none."""
    found, beyond = [], []
    for number in range(4):
        line, start = sides[:, number], corners[:, number]
        way = corners[:, (number + 1) % 4] - start
        before, first, last, after, inner, outer = (
            lines.steps(line, start + share * way) for share in (-0.16, -0.02, 1.02, 1.16, 0.07, 0.93)
        )
        found.append(lines.share(line, inner, outer))
        beyond += [lines.share(line, before, first), lines.share(line, last, after)]
    supports = np.sort(np.array(found), axis=0)
    return np.asarray(0.4 * supports[0] + 0.2 * supports[1:].sum(axis=0) - 0.25 * np.mean(beyond, axis=0))


def _ordered(quad: Points) -> Points:
    """Clockwise on the screen (y downwards), beginning before a long side."""
    ahead, back = quad[1] - quad[0], quad[-1] - quad[0]
    if ahead[0] * back[1] - ahead[1] * back[0] < 0:
        quad = quad[::-1]
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    if sides[0] + sides[2] < sides[1] + sides[3]:
        quad = np.roll(quad, -1, axis=0)
    return np.ascontiguousarray(quad, dtype=np.float32)


def _apart(quads: list[Points], most: int) -> list[int]:
    """Numbers of the first `most` that are not the same as one before."""
    kept: list[int] = []
    for number, quad in enumerate(quads):
        if len(kept) == most:
            break
        if not any(_same(quad, quads[other]) for other in kept):
            kept.append(number)
    return kept


def _same(one: Points, other: Points) -> bool:
    """Whether the corners lie close together, whichever long side comes first."""
    bound = _SAME * float(np.linalg.norm(one[1] - one[0]))
    return any(float(np.linalg.norm(each - other, axis=1).max()) < bound for each in (one, np.roll(one, 2, axis=0)))
