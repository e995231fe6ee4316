"""Pictures of the holder's card for a simulated card camera: its front, in several takes, and its back.

Called off the loop: making them takes a second. The files are PNG in the world's private folder and show an invented
person. Raises FrontsError with one line that names what is missing.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2

from firmware.sim.card.person import Person
from firmware.sim.front import CLEAN, Distortion, Holder, make_back, make_front
from firmware.sim.front.fonts import FontMissingError

SIDES: Final = ("front", "back")
TAKES: Final = 3
_COUNTER: Final[Distortion] = replace(CLEAN, name="counter", tilt=6.0, blur=0.5, noise=4.0, slope=0.1, jpeg=85)
"""A camera above a tray: nearly straight, a little soft, a little noisy."""
_SEED: Final = 11
_PRINT: Final = 7


class FrontsError(Exception):
    """The pictures cannot be made."""


class Fronts:
    """Files in `folder`, which is made; `person` is whose card it is."""

    def __init__(self, folder: Path, person: Person) -> None:
        self._folder = folder
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
            frames = [make_front(_SEED, _COUNTER, holder=self._holder, take=take).frame for take in range(TAKES)]
            frames.append(make_back(_SEED, _COUNTER, holder=self._holder).frame)
        except FontMissingError as error:
            raise FrontsError(f"missing: {error}") from error
        for path, frame in zip([*self.files("front"), *self.files("back")], frames, strict=True):
            Path(path).write_bytes(cv2.imencode(".png", frame)[1].tobytes())
