"""Pictures of the holder's card for a simulated camera: its front, in several takes, and its back.

It lies below a card camera, or is held up to the camera that otherwise sees the person, who is then behind it.

Called off the loop: making them takes a second. The files are PNG in the world's private folder and show an invented
person. Raises FrontsError with one line that names what is missing.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from firmware.sim.card.person import Person
from firmware.sim.front import CLEAN, Distortion, FrontScene, Holder, OtherScene, make_back, make_front
from firmware.sim.front.camera import Frame
from firmware.sim.front.fonts import FontMissingError

SIDES: Final = ("front", "back")
TAKES: Final = 3
_COUNTER: Final[Distortion] = replace(CLEAN, name="counter", tilt=6.0, blur=0.5, noise=4.0, slope=0.1, jpeg=85)
"""A camera above a tray: nearly straight, a little soft, a little noisy."""
_HELD: Final[Distortion] = replace(
    CLEAN, name="held", fill=(0.72, 0.8), tilt=10.0, blur=0.7, noise=5.0, slope=0.2, jpeg=85
)
"""Held up by hand: farther away, less straight, softer."""
_FAR: Final = 7.0
"""How unsharp, in pixels, what stands behind is while the camera looks at the card."""
_SEED: Final = 11
_PRINT: Final = 7


class FrontsError(Exception):
    """The pictures cannot be made."""


class Fronts:
    """Files in `folder`, which is made; `person` is whose card it is. `behind`: before whom it is held up."""

    def __init__(self, folder: Path, person: Person, behind: Path | None = None) -> None:
        self._folder = folder
        self._behind = behind
        self._level = _COUNTER if behind is None else _HELD
        self._holder = Holder(person, "窓口 試", "真戸県景色市窓口町1丁目2番3号", "景色市", _PRINT)

    def files(self, side: str) -> list[str]:
        """Where the pictures of `side` are, or will be."""
        if side not in SIDES:
            raise FrontsError(f"a card has no {side}; one of {', '.join(SIDES)}")
        return [str(self._folder / f"{side}-{take}.png") for take in range(TAKES if side == "front" else 1)]

    def make(self) -> None:
        """Write all of them."""
        self._folder.mkdir(mode=0o700)
        try:
            scenes: list[FrontScene | OtherScene] = [
                make_front(_SEED, self._level, holder=self._holder, take=take) for take in range(TAKES)
            ]
            scenes.append(make_back(_SEED, self._level, holder=self._holder))
        except FontMissingError as error:
            raise FrontsError(f"missing: {error}") from error
        for path, scene in zip([*self.files("front"), *self.files("back")], scenes, strict=True):
            Path(path).write_bytes(cv2.imencode(".png", self._before(scene))[1].tobytes())

    def _before(self, scene: FrontScene | OtherScene) -> Frame:
        """The card of the scene, with what it is held before in place of the desk."""
        if self._behind is None or scene.corners is None:
            return scene.frame
        height, width = scene.frame.shape[:2]
        person = cv2.imread(str(self._behind))
        if person is None:
            raise FrontsError(f"no picture: {self._behind.name}")
        far = cv2.GaussianBlur(cv2.resize(person, (width, height)), (0, 0), _FAR)
        card = cv2.fillConvexPoly(np.zeros((height, width), np.uint8), scene.corners.round().astype(np.int32), 255)
        return np.where(card[..., np.newaxis] > 0, scene.frame, far)
