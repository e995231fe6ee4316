"""Straight edges of a picture, and how much of each stretch of them is really there. Inference lane; numpy.

A Hough transform in which every edge pixel votes only for lines along its own edge: print votes in all directions, the
border of a card in one. Faint pixels vote like strong ones, so a white card on white paper still shows. A line is
x cos(angle) + y sin(angle) = distance, in pixels; angles 0 to pi.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware.cardfront import picture as pic
from firmware.inference.pictures import Picture, wiped

ANGLES = 180
SPREAD = 3
"""A pixel votes for its own angle and so many bins (degrees) on either side."""
NEAR = 1.5
"""Pixels: edge pixels so close to a line belong to it."""
ALONG = 0.2
"""Radians between an edge pixel's own direction and the line's."""
LEAST = 20
"""Votes of a line worth a look."""

Numbers = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """`normals`: n x 2, `distances`: n. `filled[i, t]`: edge pixels of line i before step t.

    A step is one pixel along the line, and step `reach` its point nearest to the origin.
    """

    normals: Numbers
    distances: Numbers
    filled: NDArray[np.int32]
    reach: int

    def steps(self, line: Ids, points: Numbers) -> Ids:
        """Where `points` (… x 2) lie along lines number `line`."""
        normals = self.normals[line]
        along = points[..., 1] * normals[..., 0] - points[..., 0] * normals[..., 1]
        return np.clip(np.rint(along), -self.reach, self.reach).astype(np.int64) + self.reach

    def share(self, line: Ids, start: Ids, end: Ids) -> Numbers:
        """Share of edge pixels between two steps, whichever comes first."""
        low, high = np.minimum(start, end), np.maximum(start, end)
        filled = self.filled[line, high] - self.filled[line, low]
        return np.asarray(filled / np.maximum(1, high - low))


def straight_edges(small: Picture, most: int) -> Lines:
    """The `most` best lines of a small picture."""
    mask, across, down = pic.ridges(small)
    with wiped(mask, across, down):
        y, x = np.nonzero(mask)
        pixels = Pixels(x, y, np.mod(np.arctan2(down[y, x], across[y, x]), np.pi))
    height, width = small.shape[:2]
    reach = int(np.hypot(width, height)) + 1
    theta, distances = _best_lines(pixels, reach, most)
    normals = np.column_stack([np.cos(theta), np.sin(theta)])
    filled = np.zeros((len(theta), 2 * reach + 2), dtype=np.int32)
    for number, (angle, distance) in enumerate(zip(theta.tolist(), distances.tolist(), strict=True)):
        filled[number, 1:] = _presence(pixels, angle, distance, reach)
    return Lines(normals, distances, filled, reach)


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """Edge pixels: places, and angle of the gradient, 0 to pi."""

    x: Ids
    y: Ids
    angles: Numbers

    def on(self, angle: float, distance: float, near: float) -> Ids:
        """Numbers of the pixels on a line, whose edge runs along it."""
        off = np.abs(self.x * np.cos(angle) + self.y * np.sin(angle) - distance)
        turn = np.abs(self.angles - angle)
        return np.flatnonzero((off <= near) & (np.minimum(turn, np.pi - turn) < ALONG))


def _best_lines(pixels: Pixels, reach: int, most: int) -> tuple[Numbers, Numbers]:
    """Angles and distances of the lines with most votes; the pixels of each one found vote no more."""
    span = 2 * reach + 2
    ballots = _ballots(pixels, reach)
    votes = np.bincount(ballots.ravel(), minlength=ANGLES * span)
    # A line falls between two distances, so each bin counts the one before as well.
    votes[1:] += votes[:-1].copy()
    found = []
    for _ in range(most):
        best = int(votes.argmax())
        if votes[best] < LEAST:
            break
        angle, distance = (best // span) * np.pi / ANGLES, best % span - reach - 0.5
        found.append((angle, distance))
        spent = ballots[:, pixels.on(angle, distance, 2 * NEAR)].ravel()
        np.subtract.at(votes, spent, 1)
        np.subtract.at(votes, spent + 1, 1)
        votes[best] = 0
    table = np.array(found, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _ballots(pixels: Pixels, reach: int) -> Ids:
    """What each pixel votes for, turns x pixels: angle times span plus distance. Each angle's last distance is free."""
    theta = np.arange(ANGLES) * np.pi / ANGLES
    cosines, sines = np.cos(theta), np.sin(theta)
    own = np.rint(pixels.angles * ANGLES / np.pi).astype(np.int64)
    angle = np.mod(own + np.arange(-SPREAD, SPREAD + 1)[:, np.newaxis], ANGLES)
    distance = np.rint(pixels.x * cosines[angle] + pixels.y * sines[angle]).astype(np.int64)
    return np.asarray(angle * (2 * reach + 2) + distance + reach)


def _presence(pixels: Pixels, angle: float, distance: float, reach: int) -> Ids:
    """Edge pixels of a line up to each step along it, at most one a step."""
    on = pixels.on(angle, distance, NEAR + 0.5)
    steps = np.rint(pixels.y[on] * np.cos(angle) - pixels.x[on] * np.sin(angle)).astype(np.int64) + reach
    present = np.zeros(2 * reach + 1, dtype=np.int64)
    # Slanting lines skip a step here and there.
    for shift in (-1, 0, 1):
        present[np.clip(steps + shift, 0, 2 * reach)] = 1
    return np.cumsum(present)
