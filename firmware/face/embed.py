"""SFace: a 112x112 face to 128 numbers of length 1, so that a scalar product is the cosine.

Inference lane. Raises MODEL_FAILED (also when the model gives no usable numbers). An embedding is personal: whoever
asks for one wipes it.
"""

import numpy as np

from firmware.core.faults import DeviceError, FaultCode
from firmware.face.pixels import tensor
from firmware.inference.onnx import Session
from firmware.inference.pictures import Floats, Picture, wiped


class Embedder:
    """SFace on aligned faces."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def embed(self, chip: Picture) -> Floats:
        """The normalised embedding of an aligned face."""
        blob = tensor(chip, rgb=True)
        with wiped(blob):
            (raw,) = self._session.run(blob)
        with wiped(raw):
            length = float(np.linalg.norm(raw))
            if not np.isfinite(length) or length == 0:
                raise DeviceError(FaultCode.MODEL_FAILED, "embedding without direction")
            unit: Floats = raw[0] / np.float32(length)
            return unit


def cosine(left: Floats, right: Floats) -> float:
    """Similarity of two normalised embeddings, -1 to 1."""
    return float(left @ right)
