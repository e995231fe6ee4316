"""V4L2 and Pi adapters on doubles of the open device: freshness, time-outs, rotation, faults, release."""

import sys
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from firmware.camera.frames import Picture
from firmware.camera.picamera import PiCamera, PiCameraConfig
from firmware.camera.v4l2 import Capture, Time, V4l2Camera, V4l2Config
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import Camera, Region

PERIOD = 0.1


class Device:
    """A V4L2 device with a queue of old frames; each grab of a new one takes a period."""

    def __init__(self, *, stamps: bool = True, queued: int = 0) -> None:
        self.now = 50.0
        self.stamps = stamps
        self.queued = [self.now - 3 + number * PERIOD for number in range(queued)]
        self.dead = False
        self.closed = 0
        self.taken = 0.0
        self.level = 200
        self.given = 0
        self.stops: list[float] = []

    def grab(self) -> float | None:
        if self.dead:
            return None
        if self.queued:
            self.taken = self.queued.pop(0)
        else:
            self.now += PERIOD
            self.taken = self.now
        return self.taken if self.stamps else 0.0

    def retrieve(self) -> Picture | None:
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[:, :32] = self.level
        # A living sensor never gives one picture twice.
        self.given += 1
        picture[-1, -1] = self.given % 2
        return picture

    def expose(self, stops: float) -> None:
        self.stops.append(stops)

    def close(self) -> None:
        self.closed += 1

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def v4l2(device: Device, rotation: Any = 0) -> Camera:
    def opener(_config: V4l2Config) -> Capture:
        return device

    config = V4l2Config(fps=1 / PERIOD, rotation=rotation)
    return V4l2Camera(config, opener, Time(lambda: device.now, device.sleep))


@pytest.mark.parametrize("stamps", [True, False])
def test_what_the_driver_queued_is_not_the_newest(*, stamps: bool) -> None:
    device = Device(stamps=stamps, queued=4)
    camera = v4l2(device)
    camera.open(0.0)
    asked = device.now
    frame = camera.read(2.0)
    assert device.taken > asked
    assert frame.at <= device.taken


@pytest.mark.parametrize("stamps", [True, False])
def test_no_frame_whose_light_is_older_than_the_notice(*, stamps: bool) -> None:
    device = Device(stamps=stamps)
    camera = v4l2(device)
    notice = device.now + 0.75
    camera.open(notice)
    frame = camera.read(5.0)
    assert frame.at >= notice
    assert device.taken - PERIOD >= notice - 1e-9


def test_each_frame_is_new() -> None:
    device = Device()
    camera = v4l2(device)
    camera.open(0.0)
    times = [camera.read(1.0).at for _ in range(3)]
    assert times == sorted(set(times))


def test_a_device_that_stopped_times_out() -> None:
    device = Device()
    camera = v4l2(device)
    camera.open(0.0)
    device.dead = True
    before = device.now
    with pytest.raises(DeviceError) as caught:
        camera.read(1.0)
    assert caught.value.code is FaultCode.CAMERA_NO_FRAME
    assert before + 1.0 <= device.now <= before + 1.1


def test_turned_closed_and_not_open() -> None:
    device = Device()
    camera = v4l2(device, rotation=90)
    camera.open(0.0)
    frame = camera.read(1.0)
    assert (frame.width, frame.height) == (48, 64)
    assert frame.pixels[0] == 200
    assert frame.pixels[-1] == 0
    camera.close()
    camera.close()
    assert device.closed == 1
    with pytest.raises(DeviceError) as caught:
        camera.read(1.0)
    assert caught.value.code is FaultCode.CAMERA_MISSING


def test_a_v4l2_device_that_is_not_there() -> None:
    with pytest.raises(DeviceError) as caught:
        V4l2Camera(V4l2Config(device="/dev/video250")).open(0.0)
    assert caught.value.code is FaultCode.CAMERA_MISSING


FACE = Region(0.1, 0.2, 0.3, 0.5)


def test_v4l2_device_follows_a_wish_until_it_is_taken_back() -> None:
    device = Device()
    device.level = 30
    camera = v4l2(device)
    camera.open(0.0)
    camera.read(1.0)
    assert device.stops == []
    camera.meter(FACE)
    for _ in range(40):
        camera.read(1.0)
    assert device.stops == [0.5, 1.0, 1.5, 2.0], "small steps, bounded"
    camera.meter(None)
    camera.read(1.0)
    assert device.stops[4:] == [0.0]


def test_v4l2_the_wish_is_for_the_upright_picture() -> None:
    device = Device()
    device.level = 30
    camera = v4l2(device, rotation=180)
    camera.open(0.0)
    camera.meter(Region(0.6, 0.2, 0.3, 0.5))
    camera.read(1.0)
    assert device.stops == [0.5], "turned, the lit half lies on the right; the black one would be no darker"
    device.level = 115
    for _ in range(20):
        camera.read(1.0)
    assert device.stops == [0.5]


class Request:
    """A completed request of picamera2."""

    def __init__(self, camera: "Picamera2", taken: float) -> None:
        self.camera = camera
        self.taken = taken

    def get_metadata(self) -> dict[str, Any]:
        boot = self.taken + time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
        return {"SensorTimestamp": int(boot * 1e9), "ExposureTime": 10_000}

    def make_array(self, name: str) -> Picture:
        assert name == "main"
        return np.full((48, 64, 3), 7, np.uint8)

    def release(self) -> None:
        self.camera.out -= 1


class Picamera2:
    """The few methods of picamera2.Picamera2 that the adapter calls."""

    last: "Picamera2"

    def __init__(self, index: int) -> None:
        if index:
            raise IndexError(index)
        Picamera2.last = self
        self.ages = [0.0]
        self.calls: list[str] = []
        self.out = 0
        self.camera_controls: dict[str, tuple[float, float, float]] = {"ExposureValue": (-8.0, 8.0, 0.0)}
        self.set: list[dict[str, float]] = []

    def set_controls(self, controls: dict[str, float]) -> None:
        self.set.append(controls)

    def create_video_configuration(self, **settings: Any) -> dict[str, Any]:
        assert settings["main"]["format"] == "RGB888"
        return settings

    def configure(self, _configuration: dict[str, Any]) -> None:
        self.calls.append("configure")

    def start(self) -> None:
        self.calls.append("start")

    def capture_request(self, wait: float) -> Request:
        assert wait > 0
        if not self.ages:
            raise TimeoutError
        self.out += 1
        return Request(self, time.monotonic() - self.ages.pop(0))

    def cancel_all_and_flush(self) -> None:
        self.calls.append("flush")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch) -> Iterator[PiCamera]:
    module = ModuleType("picamera2")
    module.__dict__["Picamera2"] = Picamera2
    monkeypatch.setitem(sys.modules, "picamera2", module)
    camera = PiCamera(PiCameraConfig())
    yield camera
    camera.close()


def test_pi_camera_skips_old_requests_and_releases_all(pi: PiCamera) -> None:
    notice = time.monotonic() - 1.0
    pi.open(notice)
    # The second one was read out 5 ms after the notice, but its 10 ms of exposure began before.
    Picamera2.last.ages = [5.0, 0.995, 0.1]
    frame = pi.read(1.0)
    assert time.monotonic() - frame.at < 1.0
    assert frame.at > notice + 0.5
    assert (frame.width, frame.height, frame.pixels[0]) == (64, 48, 7)
    assert Picamera2.last.out == 0
    with pytest.raises(DeviceError) as caught:
        pi.read(1.0)
    assert caught.value.code is FaultCode.CAMERA_NO_FRAME
    assert Picamera2.last.calls[-1] == "flush"
    pi.close()
    pi.close()
    assert Picamera2.last.calls[-2:] == ["stop", "close"]
    with pytest.raises(DeviceError) as not_open:
        pi.read(1.0)
    assert not_open.value.code is FaultCode.CAMERA_MISSING


def test_pi_camera_is_made_brighter_for_a_region_and_put_back(pi: PiCamera) -> None:
    pi.meter(FACE)
    pi.open(0.0)
    assert Picamera2.last.set == [], "a new camera starts with its own choice"
    pi.meter(FACE)
    Picamera2.last.ages = [0.5, 0.4, 0.3]
    pi.read(1.0)
    pi.read(1.0)
    assert Picamera2.last.set == [{"ExposureValue": 0.5}]
    pi.meter(None)
    pi.read(1.0)
    assert Picamera2.last.set[1:] == [{"ExposureValue": 0.0}]


def test_pi_camera_without_that_control_is_left_alone(pi: PiCamera) -> None:
    pi.open(0.0)
    Picamera2.last.camera_controls.clear()
    pi.meter(FACE)
    Picamera2.last.ages = [0.3]
    pi.read(1.0)
    assert Picamera2.last.set == []


def test_pi_camera_that_is_not_there(pi: PiCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceError) as no_index:
        PiCamera(PiCameraConfig(index=1)).open(0.0)
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(DeviceError) as no_package:
        pi.open(0.0)
    assert {no_index.value.code, no_package.value.code} == {FaultCode.CAMERA_MISSING}


def test_pi_camera_that_does_not_start_is_closed(pi: PiCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_self: Picamera2) -> None:
        raise RuntimeError

    monkeypatch.setattr(Picamera2, "start", failing)
    with pytest.raises(DeviceError) as caught:
        pi.open(0.0)
    assert caught.value.code is FaultCode.CAMERA_MISSING
    assert Picamera2.last.calls[-1] == "close"
