"""Cameras and the challenge: what a site may write of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import LivenessMode
from firmware.settings.load import load, parse
from firmware.settings.schema import Settings

Write = Callable[[str, str], Path]

FACE = 'adapter = "files"\nfiles = ["one.jpg", "/two.jpg"]'
"""The face camera of the site that loads."""


def with_cameras(site: Path, face: str, card: str) -> Settings:
    return parse(site.read_text().replace(FACE, face) + f"[card_camera]\n{card}\n", site.parent)


def test_without_the_table_the_front_is_typed(settings: Settings) -> None:
    assert settings.card_camera.adapter == "none"


@pytest.mark.parametrize(
    ("face", "card", "adapter"),
    [
        ('adapter = "picamera"', 'adapter = "picamera"', "picamera"),
        ('adapter = "picamera"', 'adapter = "v4l2"\ndevice = "/dev/video0"\nrotation = 90', "v4l2"),
        ('adapter = "v4l2"\ndevice = "/dev/a"', 'adapter = "v4l2"\ndevice = "/dev/b"', "v4l2"),
        ('adapter = "v4l2"\ndevice = "/dev/a"', 'adapter = "face"', "face"),
        (FACE, 'adapter = "files"\nfiles = ["front.png"]', "files"),
        ('adapter = "none"', 'adapter = "none"', "none"),
    ],
)
def test_a_camera_for_the_front(site: Path, face: str, card: str, adapter: str) -> None:
    section = with_cameras(site, face, card).card_camera
    assert section.adapter == adapter
    assert section.files == ((site.parent / "front.png",) if adapter == "files" else ())


@pytest.mark.parametrize(
    ("face", "card", "detail"),
    [
        (FACE, 'adapter = "files"', "card_camera: `files` needs adapter"),
        (FACE, 'files = ["front.png"]', "card_camera: `files` needs adapter"),
        ('adapter = "v4l2"\nfiles = ["one.jpg"]', "", "face_camera: `files` needs adapter"),
        ('adapter = "none"', 'adapter = "face"', "there is no face camera"),
        ('adapter = "picamera"', 'adapter = "picamera"\ndevice = "0"', "are one device"),
        ('adapter = "v4l2"\ndevice = "/dev/a"', 'adapter = "v4l2"\ndevice = "/dev/a"', "are one device"),
        (FACE, 'adapter = "v4l2"\nrotation = 45', "card_camera.rotation"),
        (FACE, 'adapter = "web"', "card_camera.adapter"),
        (FACE, "devise = 1", "card_camera.devise: unknown key (did you mean device?)"),
    ],
)
def test_cameras_that_do_not_fit(site: Path, face: str, card: str, detail: str) -> None:
    with pytest.raises(DeviceError) as caught:
        with_cameras(site, face, card)
    assert caught.value.code is FaultCode.SETTINGS_INVALID
    assert detail in caught.value.detail


def test_no_challenge_unless_the_site_demands_one(settings: Settings) -> None:
    assert settings.policy.liveness is LivenessMode.OFF


@pytest.mark.parametrize("mode", list(LivenessMode))
def test_a_site_chooses_the_challenge(edit: Write, mode: LivenessMode) -> None:
    lines = f'liveness = "{mode}"\nliveness_seconds = 18\nfront_read_seconds = 8\n'
    policy = load(edit("[policy]\n", f"[policy]\n{lines}")).policy
    assert policy.liveness is mode
    assert (policy.liveness_seconds, policy.front_read_seconds) == (18.0, 8.0)


def test_another_word_is_no_challenge(edit: Write) -> None:
    with pytest.raises(DeviceError, match=r"policy\.liveness"):
        load(edit("[policy]\n", '[policy]\nliveness = "passive"\n'))
