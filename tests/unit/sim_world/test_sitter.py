"""Who is before the face camera: obeys what the screen says, and is seen only while a camera may look."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware.sim.control import ControlError, Message
from firmware.sim.heads.rendered import Picture
from firmware.sim.scenario.sitter import Sitter
from firmware.sim.scenario.story import Story


class FakeBody:
    """Writes down the prompts it was told; each frame is of another grey."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.frames = 0

    def tell(self, at: float, prompt: str) -> None:
        assert at > 0
        if not self.told or self.told[-1] != prompt:
            self.told.append(prompt)

    def frame(self, at: float) -> Picture:
        assert at > 0
        self.frames += 1
        return np.full((48, 64, 3), self.frames, np.uint8)


class Seat:
    """A sitter before a fake camera, which reads each file at once as the device does."""

    def __init__(self, folder: Path, rate: float = 1e6) -> None:
        self.body, self.shown, self.fails = FakeBody(), list[int](), False
        self.story = Story(tell=lambda _: None)
        self.sitter = Sitter(self.body, folder / "sitter", self.show, self.story, rate=rate)

    async def show(self, files: Sequence[str]) -> None:
        if self.fails:
            raise ControlError("camera: gone")
        (path,) = files
        self.shown.append(int(np.asarray(cv2.imread(path))[0, 0, 0]))

    async def until_told(self, prompt: str) -> None:
        async with asyncio.timeout(5):
            while self.body.told[-1] != prompt:  # noqa: ASYNC110 - the fake has no events
                await asyncio.sleep(0.001)


def _asks(prompt: str | None) -> Message:
    return {"event": "screen", "view": "FaceView", "asks": prompt}


def _state(name: str) -> Message:
    return {"event": "state", "state": name}


async def test_the_person_is_seen_before_the_visit_and_then_only_while_looked_at(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    await seat.sitter.sit_down()
    assert seat.shown == [1]
    assert (tmp_path / "sitter").stat().st_mode & 0o777 == 0o700
    task = asyncio.create_task(seat.sitter.keep_sitting())
    shown: Message = {"event": "screen", "view": "NumberBView", "asks": "show-card"}
    for message in (_state("ReadingFront"), shown):
        seat.sitter.notice(message)
        await asyncio.sleep(0.01)
    assert seat.shown == [1]
    seat.sitter.notice(_state("Matching"))
    for prompt in ("look-straight", "turn-left", "hold", "come-closer"):
        seat.sitter.notice(_asks(prompt))
        await seat.until_told(prompt)
    seat.sitter.notice(_state("Consenting"))
    await asyncio.sleep(0.02)
    before = len(seat.shown)
    await asyncio.sleep(0.02)
    assert len(seat.shown) == before
    assert seat.shown == list(range(1, before + 1))
    task.cancel()


async def test_a_word_about_the_picture_moves_nobody_and_a_new_attempt_is_begun_straight(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    await seat.sitter.sit_down()
    task = asyncio.create_task(seat.sitter.keep_sitting())
    for message in (_state("Matching"), _asks("turn-right"), _asks("blurred"), _asks("turn-right")):
        seat.sitter.notice(message)
    await seat.until_told("turn-right")
    seat.sitter.notice(_asks(None))
    await seat.until_told("look-straight")
    assert [line.what for line in seat.story.lines] == ["turns to the right", "looks straight"]
    task.cancel()


async def test_a_camera_that_cannot_be_told_ends_the_sitting(tmp_path: Path) -> None:
    seat = Seat(tmp_path)
    await seat.sitter.sit_down()
    seat.fails = True
    seat.sitter.notice(_state("Unlocking"))
    with pytest.raises(ControlError):
        await asyncio.wait_for(seat.sitter.keep_sitting(), 5)
