"""YuNet: finds faces and five points of each. Same answers as cv2.FaceDetectorYN (tested), on our own runtime.

Inference lane. Raises MODEL_FAILED. Source: face.md sections 1 and 4 (score 0.6: no miss on 13,233 pictures nor on as
many degraded ones).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from firmware.face.box import FaceBox
from firmware.face.pixels import letterbox, tensor
from firmware.inference.onnx import Session
from firmware.inference.pictures import Floats, Picture, wiped

_STRIDES = (8, 16, 32)
# More candidates than this come from noise; it bounds the quadratic part.
_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class DetectLimits:
    """`score`: faces below are not faces. `overlap`: boxes that share more of their union are one face."""

    score: float = 0.6
    overlap: float = 0.3


class Detector:
    """YuNet on a fixed input size; pictures of any size are fitted into it."""

    def __init__(self, session: Session, limits: DetectLimits | None = None) -> None:
        self._session = session
        self._limits = limits or DetectLimits()
        _, _, self._height, self._width = session.entry.input

    def detect(self, picture: Picture) -> list[FaceBox]:
        """Faces, most certain first, in pixels of `picture`."""
        canvas, factor = letterbox(picture, self._width, self._height)
        blob = tensor(canvas, rgb=False)
        with wiped(canvas, blob):
            outputs = self._session.run(blob)
        with wiped(*outputs):
            named = dict(zip(self._session.outputs, outputs, strict=True))
            faces = distinct(decode(named, self._width, self._limits.score), self._limits.overlap)
        return [face.scaled(1 / factor) for face in faces]


def decode(outputs: Mapping[str, Floats], width: int, least: float) -> list[FaceBox]:
    """Candidates with a score of at least `least`, most certain first. `width`: of the model's input."""
    faces: list[FaceBox] = []
    for stride in _STRIDES:
        certainty = np.clip(outputs[f"cls_{stride}"][0, :, 0], 0, 1) * np.clip(outputs[f"obj_{stride}"][0, :, 0], 0, 1)
        scores = np.sqrt(certainty)
        for cell in np.flatnonzero(scores >= least):
            row, column = divmod(int(cell), width // stride)
            box = outputs[f"bbox_{stride}"][0, cell]
            points = outputs[f"kps_{stride}"][0, cell]
            faces.append(_face(box, points, (column, row), stride, float(scores[cell])))
    faces.sort(key=lambda face: face.score, reverse=True)
    return faces[:_CANDIDATES]


def distinct(faces: list[FaceBox], overlap: float) -> list[FaceBox]:
    """Non-maximum suppression of faces sorted by score."""
    kept: list[FaceBox] = []
    for face in faces:
        if all(face.overlap(other) <= overlap for other in kept):
            kept.append(face)
    return kept


def _face(box: Floats, points: Floats, cell: tuple[int, int], stride: int, score: float) -> FaceBox:
    column, row = cell
    across, down = float(box[0] + column) * stride, float(box[1] + row) * stride
    width, height = (float(side) * stride for side in np.exp(np.clip(box[2:], -20, 20)))
    pairs = tuple(((float(x) + column) * stride, (float(y) + row) * stride) for x, y in points.reshape(5, 2))
    return FaceBox(across - width / 2, down - height / 2, width, height, score, pairs)
