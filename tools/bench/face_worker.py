"""A contestant of `make bench-face`: `face_worker.py device MODELS`, or `face_worker.py opencv DETECTOR EMBEDDER`.

`device` is the firmware's own Detector, align and Embedder on its own Session, the memory given back after loading as
the matcher does. `opencv` is cv2.FaceDetectorYN and cv2.FaceRecognizerSF. Both fit the picture into the detector's
input with the same function, use the same score and overlap limits, take the widest face, align from the full picture,
and have one thread.
"""

import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
import cv2  # noqa: E402

from firmware.face.align import align  # noqa: E402
from firmware.face.detect import DetectLimits, Detector  # noqa: E402
from firmware.face.embed import Embedder  # noqa: E402
from firmware.face.matcher import DETECTOR, EMBEDDER  # noqa: E402
from firmware.face.pixels import letterbox  # noqa: E402
from firmware.inference.models import ModelStore  # noqa: E402
from firmware.inference.onnx import Session, trim  # noqa: E402
from firmware.inference.pictures import wiped  # noqa: E402
from tools.bench.face_serve import Box, Look, Picture, serve  # noqa: E402

WIDTH: Final = 320
HEIGHT: Final = 256
_MOST_FACES: Final = 200


def device(models: Path) -> Look:
    """The firmware's pipeline, loaded in the matcher's order."""
    store = ModelStore(models)
    embedder = Embedder(Session(store, EMBEDDER))
    detector = Detector(Session(store, DETECTOR))
    if store.entry(DETECTOR).input[2:] != (HEIGHT, WIDTH):
        raise ValueError("the detector has another input size than OpenCV gets here")
    trim()

    def look(picture: Picture) -> tuple[list[Box], list[float]]:
        faces = sorted(detector.detect(picture), key=lambda each: each.width, reverse=True)
        if not faces:
            return [], []
        chip = align(picture, faces[0].points)
        with wiped(chip):
            embedding: list[float] = embedder.embed(chip).tolist()
        return [(face.x, face.y, face.width, face.height) for face in faces], embedding

    return look


def opencv(detector_file: str, embedder_file: str) -> Look:
    """OpenCV's own classes, used as its samples do."""
    cv2.setNumThreads(1)
    limits = DetectLimits()
    detector: Any = cv2.FaceDetectorYN.create(
        detector_file, "", (WIDTH, HEIGHT), limits.score, limits.overlap, _MOST_FACES
    )
    embedder: Any = cv2.FaceRecognizerSF.create(embedder_file, "")

    def look(picture: Picture) -> tuple[list[Box], list[float]]:
        canvas, factor = letterbox(picture, WIDTH, HEIGHT)
        _, faces = detector.detect(canvas)
        if faces is None:
            return [], []
        faces = faces[faces[:, 2].argsort()[::-1]]
        faces[:, :14] /= factor
        raw = embedder.feature(embedder.alignCrop(picture, faces[0]))[0]
        return [(x, y, width, height) for x, y, width, height in faces[:, :4].tolist()], (raw / cv2.norm(raw)).tolist()

    return look


def main(kind: str, *files: str) -> None:
    serve(device(Path(*files)) if kind == "device" else opencv(*files))


if __name__ == "__main__":
    main(*sys.argv[1:])
