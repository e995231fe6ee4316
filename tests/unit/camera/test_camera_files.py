"""The file camera: pace, times, size, rotation, faults, hostile files. Its clock is a double: nothing waits."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.camera.files import LARGEST_FILE, CameraFault, FileCamera, FileCameraConfig
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import Camera, Frame, Region

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def save(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def camera(clock: Clock, *pictures: Path, **settings: object) -> FileCamera:
    values = {"size": (64, 48), "fps": 10.0} | settings
    return FileCamera(FileCameraConfig(pictures, **values), clock, clock.sleep)  # type: ignore[arg-type]  # mixed values


def centre(frame: Frame) -> tuple[int, int, int]:
    """Colour in the middle, as RGB."""
    start = (frame.height // 2 * frame.width + frame.width // 2) * 3
    blue, green, red = frame.pixels[start : start + 3]
    return red, green, blue


def colours(shown: FileCamera, count: int) -> list[tuple[int, int, int]]:
    return [centre(shown.read(1.0)) for _ in range(count)]


def test_pictures_in_turn_at_the_set_pace(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED), save(tmp_path / "b.png", BLUE))
    port: Camera = shown
    port.open(not_before=0.0)
    frames = [port.read(1.0) for _ in range(4)]
    assert [centre(frame) for frame in frames] == [RED, BLUE, RED, BLUE]
    assert [frame.at for frame in frames] == pytest.approx([100.0, 100.1, 100.2, 100.3])
    assert {(frame.width, frame.height, len(frame.pixels)) for frame in frames} == {(64, 48, 64 * 48 * 3)}
    assert clock.now == pytest.approx(frames[-1].at)


def test_a_slow_reader_gets_the_newest_frame(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED))
    shown.open(0.0)
    shown.read(1.0)
    clock.now += 5.05
    assert shown.read(1.0).at == pytest.approx(105.0)


def test_no_frame_from_before_the_notice(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED))
    shown.open(not_before=103.0)
    with pytest.raises(DeviceError) as caught:
        shown.read(1.0)
    assert caught.value.code is FaultCode.CAMERA_NO_FRAME
    assert shown.read(5.0).at >= 103.0


def test_frames_do_not_share_memory(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED))
    shown.open(0.0)
    first = shown.read(1.0)
    first.wipe()
    assert not any(first.pixels)
    assert centre(shown.read(1.0)) == RED


def test_another_source_while_it_runs(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED))
    shown.open(0.0)
    assert colours(shown, 1) == [RED]
    shown.set_source([save(tmp_path / "b.png", GREEN)])
    assert colours(shown, 1) == [GREEN]
    shown.set_source([])
    assert colours(shown, 1) == [(0, 0, 0)]


def test_faults_and_their_end(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED), save(tmp_path / "b.png", BLUE))
    shown.open(0.0)
    assert colours(shown, 2) == [RED, BLUE]
    shown.set_fault(CameraFault.FROZEN)
    assert colours(shown, 3) == [BLUE, BLUE, BLUE]
    shown.set_fault(CameraFault.BLACK)
    assert colours(shown, 2) == [(0, 0, 0)] * 2
    shown.set_fault(CameraFault.NONE)
    before = clock.now
    with pytest.raises(DeviceError) as caught:
        shown.read(0.5)
    assert caught.value.code is FaultCode.CAMERA_NO_FRAME
    assert clock.now == pytest.approx(before + 0.5)
    shown.set_fault(None)
    assert set(colours(shown, 2)) == {RED, BLUE}


def test_closed_and_opened_again(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED))
    for _ in range(2):
        shown.close()
        with pytest.raises(DeviceError) as caught:
            shown.read(1.0)
        assert caught.value.code is FaultCode.CAMERA_MISSING
    shown.open(0.0)
    assert colours(shown, 1) == [RED]


def test_a_wish_for_other_light_changes_nothing(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED))
    shown.open(0.0)
    shown.meter(Region(0.2, 0.2, 0.5, 0.5))
    assert colours(shown, 3) == [RED] * 3


def left_half_red(path: Path, orientation: int) -> Path:
    """A landscape picture, left half red, that says how it must be turned."""
    image = Image.new("RGB", (64, 48), BLUE)
    image.paste(RED, (0, 0, 32, 48))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(path, exif=exif, quality=95)
    return path


def corners(frame: Frame) -> list[str]:
    """Upper left, upper right, lower right, lower left: "r", "b", or "-" for the black beside a fitted picture."""
    pixels = np.frombuffer(frame.pixels, np.uint8).reshape(frame.height, frame.width, 3)
    rows, columns = np.nonzero(pixels.max(axis=2) > 128)
    top, bottom, left, right = rows.min() + 2, rows.max() - 2, columns.min() + 2, columns.max() - 2
    places = ((top, left), (top, right), (bottom, right), (bottom, left))
    return ["rb"[int(pixels[place][0] > pixels[place][2])] for place in places]


@pytest.mark.parametrize(
    ("orientation", "seen"), [(1, "rbbr"), (3, "brrb"), (6, "rrbb"), (8, "bbrr")], ids=["upright", "180", "90", "270"]
)
def test_the_rotation_in_the_file_comes_first(clock: Clock, tmp_path: Path, orientation: int, seen: str) -> None:
    shown = camera(clock, left_half_red(tmp_path / "a.jpg", orientation))
    shown.open(0.0)
    assert "".join(corners(shown.read(1.0))) == seen


@pytest.mark.parametrize(("rotation", "seen"), [(0, "rbbr"), (90, "rrbb"), (180, "brrb"), (270, "bbrr")])
def test_the_set_rotation_turns_clockwise(clock: Clock, tmp_path: Path, rotation: int, seen: str) -> None:
    shown = camera(clock, left_half_red(tmp_path / "a.jpg", 1), rotation=rotation)
    shown.open(0.0)
    frame = shown.read(1.0)
    assert "".join(corners(frame)) == seen
    assert (frame.width, frame.height) == ((64, 48) if rotation in {0, 180} else (48, 64))
    shown.set_fault(CameraFault.BLACK)
    black = shown.read(1.0)
    assert (black.width, black.height) == (frame.width, frame.height)


def test_a_picture_of_another_shape_is_fitted(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED, size=(300, 900)))
    shown.open(0.0)
    pixels = np.frombuffer(shown.read(1.0).pixels, np.uint8).reshape(48, 64, 3)
    lit = np.flatnonzero(pixels[24].any(axis=1))
    assert (lit.min(), lit.max()) == (24, 39)
    assert pixels[:, 32].any(axis=1).all()


def hostile(kind: str) -> bytes:
    data = BytesIO()
    if kind == "gif":
        Image.new("RGB", (8, 8)).save(data, "GIF")
    elif kind == "wide":
        Image.new("1", (8193, 1)).save(data, "PNG")
    elif kind == "truncated":
        Image.effect_noise((64, 64), 50).save(data, "JPEG")
        return data.getvalue()[:400]
    elif kind == "long":
        return bytes(LARGEST_FILE + 1)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["gif", "wide", "truncated", "long", "empty"])
def test_files_that_are_no_pictures(clock: Clock, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(hostile(kind))
    with pytest.raises(DeviceError) as caught:
        camera(clock, path)
    assert caught.value.code is FaultCode.CAMERA_MISSING
    assert str(tmp_path) not in caught.value.detail


def test_a_bad_new_source_leaves_the_old_one(clock: Clock, tmp_path: Path) -> None:
    shown = camera(clock, save(tmp_path / "a.png", RED))
    shown.open(0.0)
    with pytest.raises(DeviceError):
        shown.set_source([tmp_path / "missing.png"])
    assert colours(shown, 1) == [RED]
