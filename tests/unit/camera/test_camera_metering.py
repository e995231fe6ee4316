"""How many stops, by hand and on a model of a camera with a gamma curve; and how a UVC camera is told."""

import math

import cv2
import numpy as np
import pytest

from firmware.camera.frames import Picture
from firmware.camera.metering import MOST, Metering, brightness
from firmware.camera.v4l2 import Cv2Capture, V4l2Config
from firmware.ports import Region

FACE = Region(0.25, 0.25, 0.5, 0.5)


def scene(face: float, around: float) -> Picture:
    picture = np.full((48, 64, 3), around, np.uint8)
    picture[12:36, 16:48] = face
    return picture


def follow(metering: Metering, face: float, frames: int) -> list[float]:
    """Stops that were set while a face of this brightness was before a window, with a delay of two frames."""
    done, shown = [0.0], [0.0] * 3
    for _ in range(frames):
        level = min(255.0, face * 2 ** (shown.pop(0) / 2.2))
        stops = metering.follow(scene(level, 250))
        if stops is not None:
            done.append(stops)
        shown.append(done[-1])
    return done[1:]


def test_nothing_is_set_without_a_wish() -> None:
    assert follow(Metering(), 20, 30) == []


def test_a_dark_face_becomes_bright_enough_and_stays() -> None:
    metering = Metering()
    metering.wish(FACE)
    stops = follow(metering, 75, 60)
    assert stops == sorted(stops)
    assert 115 * 2 ** (-0.4 / 2.2) <= 75 * 2 ** (stops[-1] / 2.2) <= 115 * 2 ** (0.4 / 2.2)


@pytest.mark.parametrize(("face", "end"), [(5.0, MOST), (0.0, MOST), (254.0, -MOST)])
def test_it_goes_only_so_far(face: float, end: float) -> None:
    metering = Metering()
    metering.wish(FACE)
    for _ in range(60):
        metering.follow(scene(face, 128))
    assert metering._stops == end


def test_it_waits_for_what_it_did_to_show() -> None:
    metering = Metering()
    metering.wish(FACE)
    answers = [metering.follow(scene(20, 250)) for _ in range(11)]
    assert answers == [0.5, None, None, None, None, 1.0, None, None, None, None, 1.5]


def test_a_wish_taken_back_is_done_at_once_and_a_reset_silently() -> None:
    metering = Metering()
    metering.wish(FACE)
    assert metering.follow(scene(20, 250)) == 0.5
    metering.wish(None)
    assert metering.follow(scene(20, 250)) == 0.0
    assert metering.follow(scene(20, 250)) is None
    metering.wish(FACE)
    metering.reset()
    assert metering.follow(scene(20, 250)) is None


def test_brightness_of_the_region() -> None:
    assert brightness(scene(40, 250), FACE) == 40
    assert brightness(scene(40, 250), Region(0.0, 0.0, 0.2, 0.2)) == 250
    assert brightness(scene(40, 250), Region(-3.0, -3.0, 9.0, 9.0)) == pytest.approx(200, abs=5)


@pytest.mark.parametrize(
    "region",
    [
        Region(math.nan, 0, 1, 1),
        Region(0, 0, math.inf, 1),
        Region(0.5, 0.5, 0, 0),
        Region(2, 2, 1, 1),
        Region(1, 0, -1, 1),
    ],
)
def test_regions_that_are_none(region: Region) -> None:
    assert brightness(scene(40, 250), region) is None
    metering = Metering()
    metering.wish(region)
    assert metering.follow(scene(40, 250)) is None


# ---- a UVC camera through OpenCV ------------------------------------------------------------------------------------


class VideoCapture:
    """The few methods of cv2.VideoCapture that the adapter calls, with an exposure of 10 ms."""

    def __init__(self, *, obeys: bool = True, exposure: float = 100.0) -> None:
        self.obeys = obeys
        self.exposure = exposure
        self.set_to: list[tuple[int, float]] = []

    def __call__(self, _device: str, _api: int) -> "VideoCapture":
        return self

    def isOpened(self) -> bool:  # noqa: N802  # OpenCV's name
        return True

    def set(self, name: int, value: float) -> bool:
        if name in {cv2.CAP_PROP_AUTO_EXPOSURE, cv2.CAP_PROP_EXPOSURE}:
            self.set_to.append((name, value))
        return self.obeys

    def get(self, name: int) -> float:
        assert name == cv2.CAP_PROP_EXPOSURE
        return self.exposure

    def release(self) -> None:
        pass


AUTO, MANUAL = (cv2.CAP_PROP_AUTO_EXPOSURE, 3), (cv2.CAP_PROP_AUTO_EXPOSURE, 1)


def test_uvc_exposure_is_taken_over_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    device = VideoCapture()
    monkeypatch.setattr(cv2, "VideoCapture", device)
    capture = Cv2Capture(V4l2Config(fps=15.0))
    assert device.set_to == [AUTO], "whoever was cut off may have left it"
    for stops in (0.5, 1.0, 3.0, -9.0, 0.0, 1.0):
        capture.expose(stops)
    exposures = [(cv2.CAP_PROP_EXPOSURE, value) for value in (141, 200, 667, 1)]
    assert device.set_to[1:] == [MANUAL, *exposures, AUTO, MANUAL, (cv2.CAP_PROP_EXPOSURE, 200)]
    capture.close()
    assert device.set_to[-1] == AUTO


@pytest.mark.parametrize("device", [VideoCapture(obeys=False), VideoCapture(exposure=0.0), VideoCapture(exposure=-7.0)])
def test_uvc_camera_that_refuses_keeps_its_own_choice(monkeypatch: pytest.MonkeyPatch, device: VideoCapture) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", device)
    capture = Cv2Capture(V4l2Config())
    capture.expose(1.0)
    capture.close()
    assert cv2.CAP_PROP_EXPOSURE not in {name for name, _ in device.set_to}
