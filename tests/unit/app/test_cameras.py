"""Cameras and the reader of the card's front, as composed from settings (firmware/app/cameras.py)."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from firmware.app.cameras import FACE_SIZE, FRONT_SIZE, Missing, ReadsFront, build_cameras, build_card_front
from firmware.app.compose import compose, policy
from firmware.app.environment import derived_env
from firmware.app.observed import Simulated
from firmware.camera.files import FileCamera
from firmware.cardfront.reader import FrontCode, FrontConfig, FrontReader, FrontReading
from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Env, FrontHint, LivenessMode, Method
from firmware.core.secret import Secret
from firmware.ports import Camera, Frame
from firmware.settings.schema import Settings
from firmware.sim.control import ControlClient


def _with(settings: Settings, **tables: Any) -> Settings:
    changes = {name: getattr(settings, name).model_copy(update=members) for name, members in tables.items()}
    return settings.model_copy(update=changes)


@pytest.fixture
def front(settings: Settings, tmp_path: Path) -> Settings:
    """A simulated site with a card camera."""
    picture = tmp_path / "front.png"
    Image.new("RGB", (64, 48), (200, 200, 200)).save(picture)
    return _with(settings, card_camera={"adapter": "files", "files": (picture,)})


def _size(camera: Camera | None) -> tuple[int, int]:
    assert camera is not None
    camera.open(time.monotonic())
    try:
        frame = camera.read(1.0)
        return frame.width, frame.height
    finally:
        camera.close()


def test_a_card_camera_is_built_beside_the_face_camera(front: Settings) -> None:
    composed = compose(front)
    devices = composed.devices
    assert isinstance(devices.card_front, ReadsFront)
    assert isinstance(devices.card_camera, FileCamera)
    assert devices.card_camera is not devices.camera
    assert (_size(devices.camera), _size(devices.card_camera)) == (FACE_SIZE, FRONT_SIZE)
    assert (composed.policy.front_camera, composed.policy.front_lifted) == (True, False)
    assert devices.missing == ()


def test_one_camera_for_both_sees_enough_for_the_front(settings: Settings) -> None:
    composed = compose(_with(settings, card_camera={"adapter": "face"}))
    assert composed.devices.card_camera is composed.devices.camera
    assert _size(composed.devices.camera) == FRONT_SIZE
    assert (composed.policy.front_camera, composed.policy.front_lifted) == (True, True)


def test_without_a_card_camera_number_b_is_typed(settings: Settings) -> None:
    composed = compose(settings)
    assert composed.devices.card_front is None
    assert composed.devices.card_camera is None
    assert (composed.policy.front_camera, composed.policy.front_lifted) == (False, False)


@pytest.mark.parametrize("broken", ["face_camera", "card_camera"])
def test_a_camera_that_cannot_be_built_is_missing_by_its_own_name(front: Settings, broken: str) -> None:
    missing: Missing = []
    settings = _with(front, **{broken: {"adapter": "picamera", "device": "no number", "files": ()}})
    cameras = build_cameras(settings, None, missing)
    assert missing == [(Part(broken.replace("_", "-")), FaultCode.CAMERA_MISSING)]
    assert [camera is None for camera in cameras] == [broken == "face_camera", broken == "card_camera"]


def test_a_missing_camera_that_both_use_is_missing_once(settings: Settings) -> None:
    missing: Missing = []
    both = _with(
        settings, card_camera={"adapter": "face"}, face_camera={"adapter": "picamera", "device": "x", "files": ()}
    )
    assert build_cameras(both, None, missing) == (None, None)
    assert missing == [(Part.FACE_CAMERA, FaultCode.CAMERA_MISSING)]


def test_a_card_camera_of_files_makes_a_simulated_device(front: Settings) -> None:
    hardware = _with(
        front, face_camera={"adapter": "v4l2", "files": ()}, display={"adapter": "none"}, inputs={"adapter": "gpio"}
    )
    assert derived_env(hardware) is Env.SIM
    assert derived_env(_with(hardware, card_camera={"adapter": "face", "files": ()})) is not Env.SIM


@pytest.mark.parametrize(
    ("adapter", "methods"),
    [("face", (Method.FACE, Method.STAFF)), ("v4l2", (Method.FACE, Method.STAFF)), ("none", (Method.STAFF,))],
)
def test_a_camera_stands_in_for_the_keypad(settings: Settings, adapter: str, methods: tuple[Method, ...]) -> None:
    site = _with(settings, inputs={"adapter": "gpio"}, card_camera={"adapter": adapter})
    rules = policy(site, Env.SIM)
    assert (rules.methods, rules.keypad) == (methods, False)
    assert policy(settings, Env.SIM).keypad


@pytest.mark.parametrize("mode", list(LivenessMode))
def test_a_challenge_takes_its_time_on_top(settings: Settings, mode: LivenessMode) -> None:
    composed = compose(_with(settings, policy={"liveness": mode, "match_seconds": 6.0, "liveness_seconds": 9.0}))
    assert composed.policy.liveness is composed.limits.liveness is mode
    assert composed.limits.seconds == (6.0 if mode is LivenessMode.OFF else 15.0)


async def test_each_camera_is_told_by_its_own_command_what_it_sees(front: Settings, tmp_path: Path) -> None:
    pictures = {}
    for name, shade in (("camera", 40), ("card-camera", 90)):
        pictures[name] = tmp_path / f"{name}.png"
        Image.new("RGB", (64, 48), (shade, shade, shade)).save(pictures[name])
    simulated = Simulated(tmp_path / "control.sock")
    face, card = build_cameras(front, simulated, [])
    await simulated.server.start()
    client = await ControlClient.connect(tmp_path / "control.sock")
    try:
        for name, path in pictures.items():
            await client.call(name, files=[str(path)])
    finally:
        await client.close()
        await simulated.server.close()
    assert [await asyncio.to_thread(_shade, camera) for camera in (face, card)] == [40, 90]


def _shade(camera: Camera | None) -> int:
    assert camera is not None
    camera.open(time.monotonic())
    try:
        frame = camera.read(1.0)
        return frame.pixels[len(frame.pixels) // 2]
    finally:
        camera.close()


class Reader(FrontReader):
    """Hints once, takes a frame, and then has read or has not."""

    def __init__(self, reading: FrontReading) -> None:
        super().__init__(FrontConfig(Path("models-of-nobody")))
        self._reading = reading

    def load(self) -> None:
        """Nothing to load."""

    def read(
        self,
        frames: Callable[[float], Frame],
        seconds: float,
        cancelled: Callable[[], bool],
        hint: Callable[[Any], None],
    ) -> FrontReading:
        assert seconds == 3.0
        assert not cancelled()
        assert frames(seconds).width == 1
        hint(FrontHint.GLARE)
        return self._reading


@pytest.mark.parametrize("code", list(FrontCode))
def test_the_port_gives_digits_or_none(code: FrontCode) -> None:
    digits = Secret(b"47110320354817") if code is FrontCode.AGREED else None
    hints: list[FrontHint] = []
    port = ReadsFront(Reader(FrontReading(code, digits)))
    port.load()
    assert port.read(lambda _: Frame(bytearray(3), 1, 1, 0.0), 3.0, lambda: False, hints.append) is digits
    assert hints == [FrontHint.GLARE]
    port.close()


def test_a_front_reader_without_its_library_is_missing(front: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "firmware.cardfront.reader", None)
    missing: Missing = []
    assert build_card_front(front, missing) is None
    assert missing == [(Part.CARD_FRONT, FaultCode.MODEL_FAILED)]
