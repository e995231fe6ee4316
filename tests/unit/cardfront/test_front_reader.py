"""The reader on whole frames: fronts, backs that must never be read, hostile frames, and the loop over a camera."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from firmware.cardfront.reader import FrontCode, FrontConfig, FrontReader
from firmware.cardfront.recognise import LineReader
from firmware.cardfront.sight import FrontHint, SightCode
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.ports import Frame
from firmware.sim.front import HARD, MODERATE, Kind, make_back, make_front, make_other
from firmware.sim.front.camera import Frame as Pixels

MODELS = Path(__file__).resolve().parents[3] / "models"


@pytest.fixture(scope="module")
def reader() -> FrontReader:
    made = FrontReader(FrontConfig(MODELS))
    made.load()
    return made


@pytest.fixture
def no_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a line, whoever asks for it, fails the test."""

    def read(*_: object) -> None:
        pytest.fail("a line was read")

    monkeypatch.setattr(LineReader, "read", read)


def frame_of(picture: Pixels, at: float = 0.0) -> Frame:
    return Frame(bytearray(picture.tobytes()), picture.shape[1], picture.shape[0], at)


@pytest.mark.parametrize("seed", [1, 2])
def test_reads_the_front(reader: FrontReader, seed: int) -> None:
    scene = make_front(seed, MODERATE)
    sight = reader.look(frame_of(scene.frame))
    assert sight.code is SightCode.READ
    assert sight.digits == Secret(scene.number_b.encode())
    assert len(sight.confidences) == 14
    assert all(0.9 <= sure <= 1.0 for sure in sight.confidences)
    assert scene.number_b not in repr(sight)


def test_a_card_turned_by_half_gives_the_same(reader: FrontReader) -> None:
    scene = make_front(1, MODERATE)
    turned = np.ascontiguousarray(scene.frame[::-1, ::-1])
    assert reader.look(frame_of(turned)).digits == Secret(scene.number_b.encode())


@pytest.mark.usefixtures("no_ocr")
@pytest.mark.parametrize("seed", range(4))
def test_a_back_is_told_and_never_read(reader: FrontReader, seed: int) -> None:
    sight = reader.look(frame_of(make_back(seed, MODERATE).frame))
    assert (sight.code, sight.hint) == (SightCode.BACK, FrontHint.TURN_OVER)
    assert sight.digits is None


@pytest.mark.usefixtures("no_ocr")
@pytest.mark.parametrize("seed", [37, 67, 9, 3])
def test_a_back_that_can_hardly_be_seen_is_not_read_either(reader: FrontReader, seed: int) -> None:
    """Seeds whose border is found wrongly, or whose QR code is blurred or under a thumb."""
    assert reader.look(frame_of(make_back(seed, HARD).frame)).code is not SightCode.READ


@pytest.mark.parametrize("kind", [Kind.LICENCE, Kind.INSURANCE, Kind.BLANK, Kind.HAND, Kind.NOTHING])
def test_other_things_give_nothing(reader: FrontReader, kind: Kind) -> None:
    sight = reader.look(frame_of(make_other(0, kind).frame))
    assert sight.code in {SightCode.NO_CARD, SightCode.UNSURE, SightCode.BACK}
    assert sight.hint is not None


def hostile() -> dict[str, Frame]:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    stripes = np.zeros((480, 640, 3), np.uint8)
    stripes[:, ::8] = 255
    squares = (np.indices((480, 640)).sum(axis=0) // 16 % 2 * 255).astype(np.uint8)
    return {
        "zeros": Frame(bytearray(640 * 480 * 3), 640, 480, 0.0),
        "white": Frame(bytearray(b"\xff" * (640 * 480 * 3)), 640, 480, 0.0),
        "noise": frame_of(noise),
        "stripes": frame_of(stripes),
        "squares": frame_of(np.repeat(squares[:, :, np.newaxis], 3, axis=2)),
        "one pixel": Frame(bytearray(3), 1, 1, 0.0),
        "nothing": Frame(bytearray(), 0, 0, 0.0),
        "a line": Frame(bytearray(8000 * 3), 8000, 1, 0.0),
        "huge": Frame(bytearray(3), 100_000, 100_000, 0.0),
        "negative": Frame(bytearray(3), -640, -480, 0.0),
        "too few pixels": Frame(bytearray(100), 640, 480, 0.0),
        "too many pixels": Frame(bytearray(640 * 480 * 3 + 1), 640, 480, 0.0),
    }


@pytest.mark.usefixtures("no_ocr")
@pytest.mark.parametrize("name", hostile())
def test_hostile_frames_are_no_card(reader: FrontReader, name: str) -> None:
    assert reader.look(hostile()[name]).code in {SightCode.NO_CARD, SightCode.UNSURE}


def camera(*frames: Frame) -> Callable[[float], Frame]:
    """Hands out each frame once, then none."""
    waiting = list(frames)

    def read(timeout: float) -> Frame:
        if not waiting:
            raise DeviceError(FaultCode.CAMERA_NO_FRAME)
        return waiting.pop(0)

    return read


def never() -> bool:
    return False


def test_two_frames_of_a_card_agree(reader: FrontReader) -> None:
    scene = make_front(1, MODERATE)
    again = make_front(1_000_001, MODERATE, holder=scene.holder)
    frames = [frame_of(make_back(0).frame, 1.0), frame_of(scene.frame, 2.0), frame_of(again.frame, 3.0)]
    hints: list[FrontHint] = []
    reading = reader.read(camera(*frames), 60.0, never, hints.append)
    assert reading.code is FrontCode.AGREED
    assert reading.digits == Secret(scene.number_b.encode())
    assert reading.frames == 3
    assert hints == [FrontHint.TURN_OVER]
    assert not any(any(frame.pixels) for frame in frames)
    assert scene.number_b not in repr(reading)


def test_one_picture_handed_out_twice_with_one_time_is_one_reading(reader: FrontReader) -> None:
    scene = make_front(1, MODERATE)
    reading = reader.read(camera(frame_of(scene.frame, 1.0), frame_of(scene.frame, 1.0)), 1.5, never, print)
    assert (reading.code, reading.digits) == (FrontCode.TIMEOUT, None)


def test_ends_when_cancelled_and_looks_at_nothing(reader: FrontReader) -> None:
    reading = reader.read(camera(), 30.0, lambda: True, print)
    assert (reading.code, reading.frames) == (FrontCode.CANCELLED, 0)


def test_a_camera_without_frames_ends_in_time(reader: FrontReader) -> None:
    assert reader.read(camera(), 0.1, never, print).code is FrontCode.TIMEOUT


def test_a_dropped_reader_is_loaded_again_while_the_camera_opens() -> None:
    made = FrontReader(FrontConfig(MODELS))
    made.close()
    loaded: list[bool] = []

    def opening(seconds: float) -> Frame:
        loaded.append(made._lines is not None)
        raise DeviceError(FaultCode.CAMERA_NO_FRAME)

    made.read(opening, 30.0, lambda: bool(loaded), print)
    assert loaded[0]
    made.close()
    assert made._lines is None


def test_a_broken_camera_is_reported(reader: FrontReader) -> None:
    def gone(timeout: float) -> Frame:
        raise DeviceError(FaultCode.CAMERA_MISSING)

    with pytest.raises(DeviceError) as caught:
        reader.read(gone, 1.0, never, print)
    assert caught.value.code is FaultCode.CAMERA_MISSING


def test_without_the_model_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        FrontReader(FrontConfig(tmp_path)).load()
    assert caught.value.code is FaultCode.MODEL_MISSING


def test_frames_are_wiped_even_when_the_model_fails(reader: FrontReader, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DeviceError(FaultCode.MODEL_FAILED)

    monkeypatch.setattr(LineReader, "read", fail)
    frame = frame_of(make_front(1, MODERATE).frame, 1.0)
    with pytest.raises(DeviceError):
        reader.read(camera(frame), 3.0, never, print)
    assert not any(frame.pixels)
