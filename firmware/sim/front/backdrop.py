"""What lies under and around the card: desks, cloth, trays, papers, pens; and hands.

Any thread. Frames are BGR uint8. Textures are made at a quarter of the size, fine grain is the camera's noise anyway.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.sim.front.camera import Frame, Points

_COARSE = 4


def _smooth(rng: np.random.Generator, size: tuple[int, int], sigma: tuple[float, float]) -> NDArray[np.float32]:
    """Noise of unit deviation, correlated over `sigma` (x, y) coarse pixels."""
    raw = rng.standard_normal((size[1], size[0]), np.float32)
    soft = np.asarray(cv2.GaussianBlur(raw, (0, 0), sigmaX=sigma[0], sigmaY=sigma[1]), np.float32)
    return soft / max(float(soft.std()), 1e-6)


def desk(frame_size: tuple[int, int], rng: np.random.Generator) -> Frame:
    """One of several surfaces, light to dark: (width, height) pixels."""
    size = (frame_size[0] // _COARSE, frame_size[1] // _COARSE)
    kind = int(rng.integers(5))
    if kind == 0:
        colour, grain = np.array((80, 125, 175)) * rng.uniform(0.5, 1.25), _smooth(rng, size, (40, 1.2)) * 9
        grain += _smooth(rng, size, (60, 12)) * 6
    elif kind == 1:
        colour, grain = np.full(3, rng.uniform(190, 250)) - rng.uniform(0, 12, 3), _smooth(rng, size, (30, 30)) * 3
    elif kind == 2:
        colour, grain = np.full(3, rng.uniform(70, 180)) + rng.uniform(-12, 12, 3), _smooth(rng, size, (0.8, 0.8)) * 10
    elif kind == 3:
        colour, grain = rng.uniform(40, 200, 3), _smooth(rng, size, (2, 2)) * 4
        grain += np.indices((size[1], size[0])).sum(axis=0) % 4 * 3.0
    else:
        colour, grain = np.full(3, rng.uniform(15, 60)), _smooth(rng, size, (25, 25)) * 2
    if rng.random() < 0.5:
        grain = grain[:, ::-1]
    coarse = np.clip(colour + grain[..., None], 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, frame_size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _box(frame: Frame, rng: np.random.Generator, share: tuple[float, float]) -> Points:
    """A turned rectangle somewhere in the frame, sides as a share of its width."""
    height, width = frame.shape[:2]
    sides = rng.uniform(*share, 2) * width
    centre = (rng.uniform(0, width), rng.uniform(0, height))
    return np.asarray(cv2.boxPoints((centre, tuple(sides.tolist()), float(rng.uniform(0, 90)))), np.float64)


def _paper(frame: Frame, rng: np.random.Generator) -> None:
    """A sheet with a soft edge and lines that might be writing."""
    quad = _box(frame, rng, (0.3, 1.1))
    bright = int(rng.integers(200, 252))
    cv2.fillPoly(frame, [(quad + 5).astype(np.int32)], tuple((frame[::16, ::16].mean(axis=(0, 1)) * 0.6).tolist()))
    cv2.fillPoly(frame, [quad.astype(np.int32)], (bright - 4, bright, bright))
    across, down = quad[1] - quad[0], quad[3] - quad[0]
    pitch = rng.uniform(0.04, 0.1)
    for row in np.arange(0.1, 0.95, pitch):
        start, end = quad[0] + across * 0.08 + down * row, quad[0] + across * rng.uniform(0.4, 0.95) + down * row
        for way in np.arange(0.0, 1.0, 0.05):
            if rng.random() < 0.7:
                ends = start + (end - start) * way, start + (end - start) * (way + 0.035)
                first, last = (tuple(int(value) for value in point) for point in ends)
                cv2.line(frame, first, last, (90, 85, 85), 3, cv2.LINE_AA)


def _pen(frame: Frame, rng: np.random.Generator) -> None:
    height, width = frame.shape[:2]
    start = rng.uniform(0, 1, 2) * (width, height)
    angle = rng.uniform(0, 2 * np.pi)
    end = start + np.array((np.cos(angle), np.sin(angle))) * width * rng.uniform(0.3, 0.6)
    first, last = tuple(start.astype(int).tolist()), tuple(end.astype(int).tolist())
    colour = tuple(int(value) for value in rng.integers(0, 200, 3))
    cv2.line(frame, first, last, colour, max(4, width // 55), cv2.LINE_AA)
    cv2.line(frame, first, last, tuple(min(255, value + 60) for value in colour), max(1, width // 220), cv2.LINE_AA)


def _coin(frame: Frame, rng: np.random.Generator) -> None:
    height, width = frame.shape[:2]
    centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
    colour = ((150, 160, 165), (90, 140, 190), (110, 180, 205))[int(rng.integers(3))]
    cv2.circle(frame, centre, width // 28, colour, -1, cv2.LINE_AA)
    cv2.circle(frame, centre, width // 33, tuple(value - 40 for value in colour), 2, cv2.LINE_AA)


def strew(frame: Frame, most: int, rng: np.random.Generator) -> None:
    """Up to `most` things on the desk, in place."""
    for _ in range(int(rng.integers(0, most + 1)) if most else 0):
        (_paper, _pen, _coin)[int(rng.integers(3))](frame, rng)


def lay_code(frame: Frame, modules: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """A QR code on the desk near an edge of the frame, in place."""
    height, width = frame.shape[:2]
    side = width * rng.uniform(0.1, 0.2)
    centre = (rng.choice((0.08, 0.92)) * width, rng.choice((0.1, 0.9)) * height)
    quad = cv2.boxPoints((centre, (side, side), float(rng.uniform(0, 90)))).astype(np.float32)
    count = modules.shape[0]
    source = np.array([[0, 0], [count, 0], [count, count], [0, count]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, quad)
    code = cv2.cvtColor(modules, cv2.COLOR_GRAY2BGR)
    cv2.warpPerspective(
        code, matrix, (width, height), dst=frame, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_TRANSPARENT
    )


def _limb(frame: Frame, start: Points, end: Points, thick: int, skin: tuple[int, ...]) -> None:
    first, last = tuple(start.astype(int).tolist()), tuple(end.astype(int).tolist())
    cv2.line(frame, first, last, tuple(int(value * 0.78) for value in skin), thick + max(2, thick // 12), cv2.LINE_AA)
    cv2.line(frame, first, last, skin, thick, cv2.LINE_AA)


def _skin(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(value) for value in np.array((140, 170, 215)) * rng.uniform(0.6, 1.08))


def thumb(frame: Frame, edge: Points, inwards: Points, rng: np.random.Generator) -> None:
    """A thumb that holds the card at `edge` (pixels) and reaches a little `inwards` (unit vector), in place."""
    width = frame.shape[1]
    _limb(frame, edge - inwards * width, edge + inwards * width * 0.02, int(width * rng.uniform(0.07, 0.1)), _skin(rng))


def hand(frame: Frame, rng: np.random.Generator) -> None:
    """A palm with four fingers and a thumb, reaching in from an edge, in place."""
    height, width = frame.shape[:2]
    skin = _skin(rng)
    towards = rng.uniform(0, 2 * np.pi)
    ahead = np.array((np.cos(towards), np.sin(towards)))
    beside = np.array((-ahead[1], ahead[0]))
    palm = np.array((width, height)) / 2 + rng.uniform(-0.1, 0.1, 2) * width - ahead * width * 0.12
    size = width * rng.uniform(0.2, 0.28)
    _limb(frame, palm - ahead * width, palm - ahead * size * 0.3, int(size * 0.7), skin)
    for finger, long in zip((-0.38, -0.13, 0.13, 0.38), (0.8, 1.0, 0.95, 0.72), strict=True):
        base = palm + beside * size * finger
        _limb(frame, base, base + (ahead + beside * finger * 0.4) * size * long, int(size * 0.22), skin)
    _limb(frame, palm + beside * size * 0.3, palm + beside * size * 0.85 + ahead * size * 0.35, int(size * 0.25), skin)
    cv2.circle(frame, tuple(palm.astype(int).tolist()), int(size * 0.5), skin, -1, cv2.LINE_AA)
