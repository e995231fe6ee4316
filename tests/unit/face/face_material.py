"""Pictures that `make setup` makes, and frames and a camera made of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from firmware.core.faults import DeviceError, FaultCode
from firmware.inference.pictures import Picture
from firmware.ports import Frame

ROOT = Path(__file__).resolve().parents[3]
MODELS = ROOT / "models"
FACES = ROOT / ".cache" / "faces"


def picture(name: str) -> Picture:
    """A live picture, BGR."""
    with Image.open(FACES / name) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def frame(pixels: Picture, at: float = 0.0) -> Frame:
    height, width = pixels.shape[:2]
    return Frame(bytearray(pixels.tobytes()), width, height, at)


class FrameSource:
    """Hands out frames of these pictures, then CAMERA_NO_FRAME; keeps what it handed out."""

    def __init__(self, pictures: Sequence[Picture | FaultCode]) -> None:
        self.left = list(pictures)
        self.given: list[Frame] = []

    def __call__(self, _timeout: float) -> Frame:
        if not self.left:
            raise DeviceError(FaultCode.CAMERA_NO_FRAME)
        following = self.left.pop(0)
        if isinstance(following, FaultCode):
            raise DeviceError(following)
        self.given.append(frame(following))
        return self.given[-1]
