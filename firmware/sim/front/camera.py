"""A camera over a card: where the card appears in the frame, and what light, lens, sensor and JPEG do to the frame.

Any thread. Frames are BGR uint8 (height, width, 3); places in frames are pixels (x, y), on cards millimetres. The
camera is a pinhole: in-plane turn, tilt about any axis, distance (which sets how strong the perspective is), zoom to
fill the frame. All chance comes from the generator that is passed in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.sim.front.distortion import REFERENCE_WIDTH, Distortion

Frame = NDArray[np.uint8]
Points = NDArray[np.float64]
Gains = NDArray[np.float32]

_NOISE_TILE = (320, 320)
_MAP = 8
_GLARE_MAP = 4
_GLARE_TRIES = 12
_GLARE_ON_TEXT = 20.0
"""Grey levels of glare that a line may get where text has to stay free."""


@dataclass(frozen=True, slots=True)
class Shot:
    """The faults of one frame as drawn from a `Distortion`; angles in degrees, blur in pixels of this frame."""

    turn: float
    tilt: float
    tilt_axis: float
    distance: float
    fill: float
    offset: tuple[float, float]
    defocus: float
    motion: float
    motion_angle: float
    noise: float
    jpeg: int


def draw_shot(level: Distortion, width: int, rng: np.random.Generator) -> Shot:
    """`distance` in millimetres. Defocus and motion share the level's blur: squares add up."""
    blur = rng.uniform(0, level.blur) * width / REFERENCE_WIDTH
    moved = rng.uniform(0.3, 0.9) if rng.random() < 0.4 else 0.0
    off_x, off_y = (rng.uniform(-1, 1, 2) * level.off_centre).tolist()
    return Shot(
        turn=float(rng.uniform(-level.turn, level.turn)),
        tilt=float(rng.uniform(0, level.tilt)),
        tilt_axis=float(rng.uniform(0, 360)),
        distance=float(rng.uniform(140, 400)),
        fill=float(rng.uniform(*level.fill)),
        offset=(off_x, off_y),
        defocus=float(blur * math.sqrt(1 - moved**2)),
        motion=float(blur * moved),
        motion_angle=float(rng.uniform(0, 180)),
        noise=float(rng.uniform(0, level.noise)),
        jpeg=int(rng.integers(level.jpeg, 101)),
    )


def nudge(shot: Shot, level: Distortion, width: int, rng: np.random.Generator) -> Shot:
    """The next frame of a card that lies still or nearly so: within the level's bounds, with blur of its own."""
    other = draw_shot(level, width, rng)
    bound = level.off_centre
    off_x, off_y = (float(np.clip(value + rng.normal(0, 0.02), -bound, bound)) for value in shot.offset)
    return replace(
        shot,
        turn=float(np.clip(shot.turn + rng.normal(0, 0.5), -level.turn, level.turn)),
        tilt=float(np.clip(shot.tilt + rng.normal(0, 0.3), 0, level.tilt)),
        offset=(off_x, off_y),
        defocus=other.defocus,
        motion=other.motion,
        motion_angle=other.motion_angle,
    )


def project(matrix: Points, points: Points) -> Points:
    """Millimetres to pixels: (n, 2) to (n, 2)."""
    spread = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(spread[:, :2] / spread[:, 2:], np.float64)


def view(card: tuple[float, float], frame: tuple[int, int], shot: Shot) -> Points:
    """The 3x3 matrix from millimetres on a thing of size `card` to pixels of a frame (width, height)."""
    turn, tilt, axis = math.radians(shot.turn), math.radians(shot.tilt), math.radians(shot.tilt_axis)
    centred = np.array([[1, 0, -card[0] / 2], [0, 1, -card[1] / 2], [0, 0, 1]], float)
    turned = _rotation(turn - axis)
    cos, sin = math.cos(tilt), math.sin(tilt)
    tilted = np.array([[1, 0, 0], [0, cos, 0], [0, sin / shot.distance, 1]], float)
    seen = _rotation(axis) @ tilted @ turned @ centred
    corners = project(seen, np.array([[0, 0], [card[0], 0], [card[0], card[1]], [0, card[1]]], float))
    low, high = corners.min(axis=0), corners.max(axis=0)
    size = np.asarray(frame, float)
    zoom = shot.fill * float(np.min(size / (high - low)))
    free = np.maximum(size - zoom * (high - low), 0) / 2
    middle = size / 2 + free * np.asarray(shot.offset) - zoom * (low + high) / 2
    return np.asarray(np.array([[zoom, 0, middle[0]], [0, zoom, middle[1]], [0, 0, 1]]) @ seen, np.float64)


def _rotation(angle: float) -> Points:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], float)


def _grid(frame: Frame, step: int) -> tuple[Gains, Gains]:
    height, width = frame.shape[0] // step, frame.shape[1] // step
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * step
    return x, y


def light(frame: Frame, level: Distortion, rng: np.random.Generator) -> Frame:
    """Exposure, colour cast, slope from side to side, dark corners, and the edge of somebody's shadow."""
    x, y = _grid(frame, _MAP)
    height, width = frame.shape[:2]
    across, down = x / width * 2 - 1, y / height * 2 - 1
    angle = rng.uniform(0, 2 * np.pi)
    ahead = across * np.cos(angle) + down * np.sin(angle)
    gain = 1 - rng.uniform(0, level.vignette) * (across**2 + down**2) / 2
    gain *= 1 - rng.uniform(0, level.slope) * (ahead + 1.4) / 2.8
    if level.shadow and rng.random() < 0.6:
        side = rng.uniform(0, 2 * np.pi)
        past = across * np.cos(side) + down * np.sin(side) - rng.uniform(-0.6, 0.6)
        gain *= 1 - rng.uniform(0, level.shadow) * np.clip(past / rng.uniform(0.02, 0.3) + 0.5, 0, 1)
    gain *= 2 ** rng.uniform(-level.exposure, level.exposure)
    cast = 1 - rng.uniform(0, level.cast, 3)
    coloured = cv2.resize((gain[..., None] * cast).astype(np.float32), (width, height))
    return np.asarray(cv2.multiply(frame, coloured, dtype=cv2.CV_8U), np.uint8)


@dataclass(frozen=True, slots=True)
class Glare:
    """A lamp's reflection: an ellipse with soft edge, radii in pixels."""

    x: float
    y: float
    radii: tuple[float, float]
    angle: float
    strength: float

    def at(self, x: Gains | Points, y: Gains | Points) -> NDArray[np.floating]:
        """Grey levels that it adds."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        along = ((x - self.x) * cos + (y - self.y) * sin) / self.radii[0]
        beside = ((y - self.y) * cos - (x - self.x) * sin) / self.radii[1]
        return np.asarray(self.strength * np.exp(-((along**2 + beside**2) ** 1.5)))


def _some_glare(area: Points, rng: np.random.Generator) -> Glare:
    """Somewhere over `area`, a quad of pixels."""
    weights = rng.dirichlet(np.ones(len(area)))
    x, y = (weights @ area).tolist()
    length = float(np.linalg.norm(area[1] - area[0]))
    radii = (length * rng.uniform(0.04, 0.16), length * rng.uniform(0.02, 0.08))
    return Glare(x, y, radii, float(rng.uniform(0, math.pi)), float(rng.uniform(120, 330)))


def _samples(quad: Points) -> Points:
    """A grid of points over a quad."""
    down = np.linspace(-0.15, 1.15, 5)[:, None, None]
    across = np.linspace(-0.05, 1.05, 15)[:, None]
    left, right = quad[0] + (quad[3] - quad[0]) * down, quad[1] + (quad[2] - quad[1]) * down
    return np.asarray((left + (right - left) * across).reshape(-1, 2), np.float64)


def shine(
    frame: Frame, area: Points, keep_free: Sequence[Points], level: Distortion, rng: np.random.Generator
) -> Frame:
    """Adds up to `level.glare` reflections over the card; the quads in `keep_free` stay legible."""
    free = np.concatenate([_samples(quad) for quad in keep_free]) if keep_free else np.zeros((0, 2))
    spots: list[Glare] = []
    for _ in range(int(rng.integers(0, level.glare + 1)) if level.glare else 0):
        for _try in range(_GLARE_TRIES):
            spot = _some_glare(area, rng)
            if not len(free) or float(spot.at(free[:, 0], free[:, 1]).max()) * max(1, level.glare) < _GLARE_ON_TEXT:
                spots.append(spot)
                break
    if not spots:
        return frame
    x, y = _grid(frame, _GLARE_MAP)
    total = np.sum([spot.at(x, y) for spot in spots], axis=0)
    added = cv2.resize(np.clip(total, 0, 255).astype(np.uint8), (frame.shape[1], frame.shape[0]))
    return np.asarray(cv2.add(frame, cv2.merge([added, added, added])), np.uint8)


def _motion_kernel(sigma: float, angle: float) -> NDArray[np.float32]:
    """A straight, even movement whose standard deviation along its way is `sigma`."""
    length = sigma * math.sqrt(12)
    reach = math.ceil(length / 2) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for way in np.linspace(-length / 2, length / 2, 65):
        x, y = reach + way * math.cos(math.radians(angle)), reach + way * math.sin(math.radians(angle))
        left, top = math.floor(x), math.floor(y)
        for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
            kernel[row, column] += (1 - abs(x - column)) * (1 - abs(y - row))
    return np.asarray(kernel / kernel.sum(), np.float32)


def expose(frame: Frame, shot: Shot, rng: np.random.Generator) -> Frame:
    """Lens blur, movement, sensor noise and JPEG, in this order."""
    if shot.defocus > 0.2:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), shot.defocus), np.uint8)
    if shot.motion > 0.2:
        frame = np.asarray(cv2.filter2D(frame, -1, _motion_kernel(shot.motion, shot.motion_angle)), np.uint8)
    if shot.noise > 0.3:
        frame = np.asarray(cv2.add(frame, _noise(frame, shot.noise, rng), dtype=cv2.CV_8U), np.uint8)
    _, packed = cv2.imencode(".jpg", frame, (cv2.IMWRITE_JPEG_QUALITY, shot.jpeg))
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def _noise(frame: Frame, sigma: float, rng: np.random.Generator) -> NDArray[np.int16]:
    """Normal noise, most of it common to the channels; one tile, rolled and repeated, since drawing it is slow."""
    grey = rng.standard_normal(_NOISE_TILE, np.float32)[..., None] * 0.8
    colour = np.repeat(rng.standard_normal((_NOISE_TILE[0], _NOISE_TILE[1] // 2, 3), np.float32), 2, axis=1) * 0.6
    tile = ((grey + colour) * sigma).round().astype(np.int16)
    rows, columns = (-(-frame.shape[axis] // _NOISE_TILE[axis]) for axis in (0, 1))
    return np.ascontiguousarray(np.tile(tile, (rows, columns, 1))[: frame.shape[0], : frame.shape[1]])
