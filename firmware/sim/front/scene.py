"""Whole frames with their truth: a card front, a back, or something else on a counter, seen by a camera.

Any thread; state is kept in caches only. Frames are BGR uint8 (height, width, 3), corners (4, 2) pixels in the order
upper left, upper right, lower right, lower left of the card *as printed*, without the rounding. Everything is drawn
from the seed. Raises FontMissingError, and ValueError for a frame size that no camera has. Issue C, item 1
and "Bad input".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware.sim.front import backdrop, others
from firmware.sim.front.camera import Frame, Points, Shot, draw_shot, expose, light, nudge, project, shine, view
from firmware.sim.front.distortion import MODERATE, Distortion
from firmware.sim.front.ink import MmBox
from firmware.sim.front.layout import PX
from firmware.sim.front.people import Holder, invented_people
from firmware.sim.front.printing import Print, front_print

FULL = (1280, 960)
POOL = 400
"""Holders that `make_front` chooses from when none is given."""


class Kind(Enum):
    """What a patient may lay down that is no front."""

    BACK = "back"
    LICENCE = "licence"
    INSURANCE = "insurance"
    BLANK = "blank"
    COPY = "copy"
    HAND = "hand"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, repr=False)
class FrontScene:
    """A frame of a front. `fields`: quads (4, 2) in pixels around the ink of "birth", "expiry" and "code"."""

    frame: Frame
    corners: Points
    holder: Holder
    number_b: str
    fields: Mapping[str, Points]
    matrix: Points
    shot: Shot


@dataclass(frozen=True, slots=True, repr=False)
class OtherScene:
    """A frame of something else. `corners` are None where no card or sheet is; `holder` is whose card it is, if any."""

    frame: Frame
    kind: Kind
    corners: Points | None
    holder: Holder | None


@lru_cache(maxsize=4)
def _shape(width: int, height: int, radius: int) -> NDArray[np.uint8]:
    """255 inside a card with rounded corners."""
    mask = np.zeros((height, width), np.uint8)
    cv2.rectangle(mask, (radius, 0), (width - radius - 1, height - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - radius - 1), 255, -1)
    for x in (radius, width - radius - 1):
        for y in (radius, height - radius - 1):
            cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
    return mask


def _quad(box: MmBox) -> Points:
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def _millimetres(picture: Frame) -> tuple[float, float]:
    return picture.shape[1] / PX, picture.shape[0] / PX


def _lay(frame: Frame, flat: Print, matrix: Points) -> Frame:
    """The flat print on the desk under `matrix`, with the shadow of its edge."""
    height, width = frame.shape[:2]
    long, high = _millimetres(flat.picture)
    corners = project(matrix, _quad((0, 0, long, high)))
    scale = float(np.linalg.norm(corners[1] - corners[0])) / long / PX
    picture, mask = (
        cv2.cvtColor(flat.picture, cv2.COLOR_RGB2BGR),
        _shape(*flat.picture.shape[1::-1], round(flat.radius * PX)),
    )
    small = min(1.0, scale * 1.25)
    size = (round(mask.shape[1] * small), round(mask.shape[0] * small))
    if small < 1.0:
        picture, mask = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (picture, mask))
    pitch = (long / mask.shape[1], high / mask.shape[0])
    pixel_centres = np.array([[pitch[0], 0, pitch[0] / 2], [0, pitch[1], pitch[1] / 2], [0, 0, 1]])
    centres = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]]) @ matrix @ pixel_centres
    outline = cv2.warpPerspective(mask, centres, (width, height), flags=cv2.INTER_LINEAR)
    paper = cv2.warpPerspective(picture, centres, (width, height), flags=cv2.INTER_LINEAR)
    shade = cv2.GaussianBlur(cv2.resize(outline, (width // 4, height // 4)), (0, 0), width / 800)
    left = cv2.multiply(255 - outline, 255 - cv2.resize(shade // 3, (width, height)), scale=1 / 255)
    over = cv2.multiply(paper, cv2.merge([outline] * 3), scale=1 / 255)
    return np.asarray(cv2.add(over, cv2.multiply(frame, cv2.merge([left] * 3), scale=1 / 255)), np.uint8)


def _surroundings(size: tuple[int, int], level: Distortion, rng: np.random.Generator) -> Frame:
    if not (160 <= size[0] <= 4096 and 120 <= size[1] <= 4096):
        raise ValueError("a frame is 160x120 to 4096x4096 pixels")
    frame = backdrop.desk(size, rng)
    backdrop.strew(frame, level.clutter, rng)
    if rng.random() < level.qr_beside:
        backdrop.lay_code(frame, others.qr_modules(f"https://desk.invalid/{rng.integers(10**6)}"), rng)
    return frame


def _hold(frame: Frame, corners: Points, level: Distortion, rng: np.random.Generator) -> None:
    if rng.random() < level.thumb:
        side = int(rng.integers(4))
        edge = corners[side] + (corners[(side + 1) % 4] - corners[side]) * rng.uniform(0.2, 0.8)
        inwards = corners.mean(axis=0) - edge
        backdrop.thumb(frame, edge, inwards / np.linalg.norm(inwards), rng)


def make_front(
    seed: int,
    level: Distortion = MODERATE,
    size: tuple[int, int] = FULL,
    holder: Holder | None = None,
    take: int = 0,
) -> FrontScene:
    """A frame of `holder`'s card, or of somebody's out of the pool.

    Other seeds lay the card elsewhere, under other light. Other takes are further frames of the same lying card: it
    moved by a hair, blur and noise are new, light and reflections stay where they were.
    """
    rng, fresh = np.random.default_rng((seed, 0xF207)), np.random.default_rng((seed, 0x7A4E, take))
    pool = invented_people(POOL)
    chosen = pool[int(rng.integers(len(pool)))]
    holder = holder or chosen
    flat = front_print(holder)
    shot = draw_shot(level, size[0], rng)
    if take:
        shot = nudge(shot, level, size[0], fresh)
    card = _millimetres(flat.picture)
    matrix = view(card, size, shot)
    corners = project(matrix, _quad((0, 0, *card)))
    fields = {name: project(matrix, _quad(box)) for name, box in flat.fields.items()}
    frame = _lay(_surroundings(size, level, rng), flat, matrix)
    _hold(frame, corners, level, rng)
    frame = light(frame, level, rng)
    frame = shine(frame, corners, () if level.glare_over_text else tuple(fields.values()), level, rng)
    return FrontScene(expose(frame, shot, fresh), corners, holder, holder.number_b, fields, matrix, shot)


def _other_print(kind: Kind, holder: Holder, rng: np.random.Generator) -> Print | None:
    match kind:
        case Kind.BACK:
            return others.back_print(holder)
        case Kind.LICENCE:
            return others.licence_print(holder, rng)
        case Kind.INSURANCE:
            return others.insurance_print(holder, rng)
        case Kind.BLANK:
            return others.blank_print(rng)
        case Kind.COPY:
            return others.copy_print(holder, rng)
        case Kind.HAND | Kind.NOTHING:
            return None


def make_other(
    seed: int, kind: Kind, level: Distortion = MODERATE, size: tuple[int, int] = FULL, holder: Holder | None = None
) -> OtherScene:
    """A frame of `kind`; `holder` as for `make_front`."""
    rng = np.random.default_rng((seed, 0x07E2, list(Kind).index(kind)))
    pool = invented_people(POOL)
    chosen = pool[int(rng.integers(len(pool)))]
    holder = holder or chosen
    shot = draw_shot(level, size[0], rng)
    frame = _surroundings(size, level, rng)
    flat = _other_print(kind, holder, rng)
    if flat is None:
        if kind is Kind.HAND:
            backdrop.hand(frame, rng)
        area = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float64)
        return OtherScene(expose(shine(light(frame, level, rng), area, (), level, rng), shot, rng), kind, None, None)
    card = _millimetres(flat.picture)
    matrix = view(card, size, shot)
    corners = project(matrix, _quad((0, 0, *card)))
    frame = _lay(frame, flat, matrix)
    _hold(frame, corners, level, rng)
    frame = shine(light(frame, level, rng), corners, (), level, rng)
    return OtherScene(expose(frame, shot, rng), kind, corners, None if kind is Kind.BLANK else holder)


def make_back(
    seed: int, level: Distortion = MODERATE, size: tuple[int, int] = FULL, holder: Holder | None = None
) -> OtherScene:
    """A frame of a card's back."""
    return make_other(seed, Kind.BACK, level, size, holder)
