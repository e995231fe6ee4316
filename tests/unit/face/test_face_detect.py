"""Detection and alignment against OpenCV's own, on the same models and pictures."""

import cv2
import numpy as np
import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.face.align import TARGET, align, similarity
from firmware.face.box import FaceBox
from firmware.face.detect import Detector, decode, distinct
from firmware.face.embed import Embedder, cosine
from firmware.face.pixels import letterbox
from firmware.inference.pictures import Floats, Picture
from tests.unit.face.face_material import MODELS, picture

LIVE = ("holder-1.jpg", "holder-2.jpg", "impostor.jpg")


@pytest.mark.parametrize("name", LIVE)
def test_detector_agrees_with_opencv(detector: Detector, name: str) -> None:
    canvas, factor = letterbox(picture(name), 320, 256)
    reference = cv2.FaceDetectorYN.create(str(MODELS / "yunet_2023mar_320x256.onnx"), "", (320, 256), 0.6, 0.3)
    _, rows = reference.detect(canvas)
    (found,) = [face.scaled(factor) for face in detector.detect(picture(name))]
    assert rows.shape[0] == 1
    ours = [found.x, found.y, found.width, found.height, *np.ravel(found.points), found.score]
    assert np.allclose(ours, rows[0], atol=0.01)


@pytest.mark.parametrize("name", LIVE)
def test_alignment_and_embedding_agree_with_opencv(detector: Detector, embedder: Embedder, name: str) -> None:
    recognizer = cv2.FaceRecognizerSF.create(str(MODELS / "sface_2021dec.onnx"), "")
    live = picture(name)
    face = detector.detect(live)[0]
    row = np.array([[face.x, face.y, face.width, face.height, *np.ravel(face.points), face.score]], np.float32)
    theirs = recognizer.alignCrop(live, row)
    ours = align(live, face.points)
    assert np.abs(theirs.astype(int) - ours.astype(int)).max() <= 2
    feature = recognizer.feature(theirs)[0]
    assert cosine(embedder.embed(ours), feature / np.linalg.norm(feature)) > 0.9999


def test_faces_are_found_in_the_pixels_of_the_picture_given(detector: Detector) -> None:
    live = picture("holder-2.jpg")
    large = np.ascontiguousarray(live.repeat(2, axis=0).repeat(2, axis=1))
    small, big = detector.detect(live)[0], detector.detect(large)[0]
    assert big.width == pytest.approx(2 * small.width, rel=0.03)
    assert np.allclose(np.array(big.points), 2 * np.array(small.points), atol=6)


@pytest.mark.parametrize("shape", [(480, 640, 3), (1, 1, 3), (2000, 3, 3)])
def test_no_face_in_noise_or_odd_shapes(detector: Detector, shape: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)
    assert detector.detect(noise) == []


def outputs(width: int, height: int) -> dict[str, Floats]:
    """Empty answers of YuNet for an input of this size."""
    empty: dict[str, Floats] = {}
    for stride in (8, 16, 32):
        cells = (width // stride) * (height // stride)
        for name, values in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            empty[f"{name}_{stride}"] = np.zeros((1, cells, values), np.float32)
    return empty


def test_decode_by_hand() -> None:
    # Stride 16, row 2, column 3 of 20: centre moved by (0.5, -0.25) cells, e times and 2 times a cell large.
    answer = outputs(320, 256)
    cell = 2 * 20 + 3
    answer["cls_16"][0, cell] = 0.9
    answer["obj_16"][0, cell] = 1.6  # clipped to 1
    answer["bbox_16"][0, cell] = (0.5, -0.25, 1.0, np.log(2.0))
    answer["kps_16"][0, cell] = (0, 0, 1, 1, 2, 2, -1, 0.5, 0, 3)
    (face,) = decode(answer, 320, 0.6)
    assert face.score == pytest.approx(np.sqrt(0.9))
    assert (face.width, face.height) == pytest.approx((16 * np.e, 32.0))
    assert (face.x + face.width / 2, face.y + face.height / 2) == pytest.approx((56.0, 28.0))
    assert face.points == ((48.0, 32.0), (64.0, 48.0), (80.0, 64.0), (32.0, 40.0), (48.0, 80.0))
    assert decode(answer, 320, 0.95) == []


def test_decode_is_bounded_whatever_the_model_says() -> None:
    answer = outputs(320, 256)
    for name, values in answer.items():
        values.fill(1e30 if name.startswith("bbox") else 1.0)
    faces = decode(answer, 320, 0.6)
    assert len(faces) == 200
    assert all(np.isfinite(face.width) for face in faces)


def box(x: float, score: float) -> FaceBox:
    return FaceBox(x, 0, 10, 10, score, ((0.0, 0.0),) * 5)


def test_overlapping_boxes_are_one_face() -> None:
    best, same, beside, apart = box(0, 0.9), box(3, 0.8), box(6, 0.7), box(16, 0.6)
    assert best.overlap(same) == pytest.approx(7 / 13)
    assert beside.overlap(apart) == 0
    assert distinct([best, same, beside, apart], 0.3) == [best, beside, apart]


def test_similarity_undoes_a_turn_a_scale_and_a_shift() -> None:
    turn = 1.7 * np.exp(0.4j)
    moved = [complex(x, y) * turn + complex(30, -12) for x, y in TARGET]
    matrix = similarity([(point.real, point.imag) for point in moved], TARGET)
    back = [matrix @ (point.real, point.imag, 1) for point in moved]
    assert np.allclose(back, TARGET)
    assert np.isfinite(similarity([(5.0, 5.0)] * 5, TARGET)).all()


class Broken:
    """A session that answers something without direction."""

    def __init__(self, value: float) -> None:
        self._value = value

    def run(self, _tensor: Floats) -> list[Floats]:
        return [np.full((1, 128), self._value, np.float32)]


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_an_embedding_without_direction_is_a_fault(value: float) -> None:
    face: Picture = np.zeros((112, 112, 3), np.uint8)
    with pytest.raises(DeviceError) as caught:
        Embedder(Broken(value)).embed(face)  # type: ignore[arg-type]  # a double of the one method used
    assert caught.value.code is FaultCode.MODEL_FAILED
