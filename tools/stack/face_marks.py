"""Marks of faces: what photo, camera pictures and everything made of them look like in memory.

Made with the device's own face code, for an embedding is a mark only if it is the very same numbers. Blocking, about a
second for the models. Raises what reading the pictures raises. Pictures are uint8, BGR; tensors float32, planes.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from firmware.camera.files import read_picture
from firmware.face.align import align
from firmware.face.detect import Detector
from firmware.face.embed import Embedder
from firmware.face.matcher import DETECTOR, EMBEDDER
from firmware.face.pixels import bgr, letterbox, tensor
from firmware.inference.models import ModelStore
from firmware.inference.onnx import Session
from firmware.inference.pictures import Floats, Picture
from firmware.sim.processes import CHECKOUT
from tools.stack.marks import CHUNKS, Mark, telling

FACES: Final = CHECKOUT / ".cache" / "faces"
LIVE: Final = ("holder-1.jpg", "holder-2.jpg")
FRAME: Final = (640, 480)
FACE_KINDS: Final = frozenset(
    {
        "photo (pixels)",
        "photo (aligned face)",
        "photo (tensors)",
        "live frame",
        "live face (aligned)",
        "live face (tensors)",
        "embedding",
        "embedding (live)",
    }
)
_PIXELS: Final = 48
"""Bytes of one row of a picture in one mark."""
_VALUES: Final = 16
"""Pixels of one row of a tensor in one mark: 64 bytes."""
_FLOATS: Final = 4
"""Numbers of an embedding in one mark: 16 bytes. Twice as many marks as a buffer of 128 has room for them overlap."""
_STEP: Final = 2

Pixels = NDArray[Any]


def faces(photo: bytes) -> list[Mark]:
    """What the device derives from chip photo (JP2) and camera."""
    grey, chip, frames = pictures(photo)
    models = ModelStore(CHECKOUT / "models")
    session, detecting = Session(models, EMBEDDER), Session(models, DETECTOR)
    detector = Detector(detecting)
    _, _, height, width = detecting.entry.input
    aligned = [align(picture, _points(detector, picture)) for picture in (chip, *frames)]
    fitted = [letterbox(picture, width, height)[0] for picture in (chip, *frames)]
    raw = [session.run(tensor(picture, rgb=True))[0][0].copy() for picture in aligned]
    units = [Embedder(session).embed(picture) for picture in aligned]
    return [
        Mark("photo (pixels)", _marks([grey, chip, fitted[0]], pixel_rows)),
        Mark("photo (aligned face)", _marks([aligned[0], _grey(aligned[0])], pixel_rows)),
        Mark("photo (tensors)", _marks([_planes(aligned[0]), _planes(fitted[0])], value_rows)),
        Mark("live frame", _marks([*frames, *fitted[1:], *map(_grey, frames)], pixel_rows)),
        Mark("live face (aligned)", _marks([*aligned[1:], *map(_grey, aligned[1:])], pixel_rows)),
        Mark("live face (tensors)", _marks([*map(_planes, aligned[1:]), *map(_planes, fitted[1:])], value_rows)),
        Mark("embedding", _marks([units[0], raw[0]], numbers)),
        Mark("embedding (live)", _marks([*units[1:], *raw[1:]], numbers)),
    ]


def pictures(photo: bytes) -> tuple[Picture, Picture, list[Picture]]:
    """The photo as decoded (grey), the same as BGR, and what the camera shows."""
    with Image.open(io.BytesIO(photo)) as image:
        grey = np.ascontiguousarray(np.asarray(image), dtype=np.uint8)
    return grey, bgr(grey), [read_picture(FACES / name, FRAME) for name in LIVE]


def _marks(arrays: Iterable[Pixels], made: Callable[[Pixels], Iterator[bytes]]) -> tuple[bytes, ...]:
    return tuple(each for array in arrays for each in made(array))


def _points(detector: Detector, picture: Picture) -> Sequence[tuple[float, float]]:
    return max(detector.detect(picture), key=lambda face: face.width).points


def _grey(picture: Picture) -> Pixels:
    grey: Pixels = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return grey


def _planes(picture: Picture) -> Floats:
    """All rows of all three planes, as a model gets them; the order of the planes does not matter here."""
    planes = tensor(picture, rgb=False)[0]
    rows: Floats = planes.reshape(-1, planes.shape[2])
    return rows


def pixel_rows(picture: Pixels) -> Iterator[bytes]:
    """Of a picture, pieces of eight rows where it is liveliest."""
    height = picture.shape[0]
    for row in range(height // 5, height * 4 // 5, max(1, height * 3 // 5 // CHUNKS)):
        line = picture[row].tobytes()
        pieces = [line[at : at + _PIXELS] for at in range(len(line) - _PIXELS)]
        yield from sorted(filter(telling, pieces), key=lambda each: len(set(each)))[-1:]


def value_rows(planes: Pixels) -> Iterator[bytes]:
    """Of a tensor's rows, the liveliest pieces of three times eight.

    A mark begins in the middle of a number: whole numbers as float32 begin with two zeros, as half of all memory does.
    """
    for row in range(0, planes.shape[0], max(1, planes.shape[0] // (3 * CHUNKS))):
        line = planes[row]
        starts = range(0, line.size - _VALUES, _FLOATS)
        best = max(starts, key=lambda start: len(set(line[start : start + _VALUES].tolist())))
        piece = line[best : best + _VALUES]
        if len(set(piece.tolist())) >= _VALUES * 3 // 4:
            yield piece.tobytes()[2:]


def numbers(embedding: Pixels) -> Iterator[bytes]:
    """Four numbers each, as float32 in the machine's own order, from all of the embedding."""
    for start in range(0, embedding.size - _FLOATS + 1, _STEP):
        yield embedding[start : start + _FLOATS].tobytes()
