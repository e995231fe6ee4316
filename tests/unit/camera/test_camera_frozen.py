"""A camera that hands out one picture again and again, one that gives two a second, one of another size."""

import numpy as np
import pytest

from firmware.camera.frames import FROZEN_FRAMES, Stillness
from firmware.core.faults import DeviceError, FaultCode
from tests.unit.camera.test_camera_devices import Device, v4l2


class Living(Device):
    """A sensor with noise, until `frozen`; `size` is what it gives, whatever was asked for."""

    def __init__(self, size: tuple[int, int] = (64, 48)) -> None:
        super().__init__()
        self.size = size
        self.frozen = False
        self._noise = np.random.default_rng(7)
        self._picture = self._next()

    def _next(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
        return self._noise.integers(0, 255, (self.size[1], self.size[0], 3), dtype=np.uint8)

    def retrieve(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
        if not self.frozen:
            self._picture = self._next()
        return self._picture.copy()


def test_a_frozen_camera_is_one_without_frames_until_it_is_opened_again() -> None:
    device = Living()
    camera = v4l2(device)
    camera.open(device.now)
    for _ in range(2 * FROZEN_FRAMES):
        camera.read(1.0)
    device.frozen = True
    # The picture it froze at was given once while it still lived.
    for _ in range(FROZEN_FRAMES - 2):
        camera.read(1.0)
    with pytest.raises(DeviceError) as caught:
        camera.read(1.0)
    assert (caught.value.code, caught.value.detail) == (FaultCode.CAMERA_NO_FRAME, "frozen")
    device.frozen = False
    camera.open(device.now)
    assert camera.read(1.0).width == 64


def test_a_slow_camera_is_no_frozen_one() -> None:
    device = Living()
    camera = v4l2(device)
    camera.open(device.now)
    for _ in range(4):
        device.now += 0.5
        assert camera.read(2.0).at <= device.now


@pytest.mark.parametrize("size", [(64, 48), (1920, 1080), (33, 17)])
def test_a_camera_of_another_size_says_what_it_gives(size: tuple[int, int]) -> None:
    device = Living(size)
    camera = v4l2(device)
    camera.open(device.now)
    frame = camera.read(1.0)
    assert (frame.width, frame.height, len(frame.pixels)) == (*size, size[0] * size[1] * 3)


def test_what_changes_by_one_bit_is_alive() -> None:
    stillness, picture = Stillness(), np.zeros((4, 4, 3), np.uint8)
    for number in range(3 * FROZEN_FRAMES):
        picture[0, 0, 0] = number % 2
        assert not stillness.frozen(picture)
