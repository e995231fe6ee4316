"""Who is before the face camera during a challenge and obeys the screen: a rendered person, or hands with a print.

The person moves like one (`heads.actors`); each picture is rendered in a thread, written to a private folder and shown
to the device's camera. Runs on the runner's loop. Times in seconds, monotonic. Raises what `show` raises; OSError.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import cv2

from firmware.sim.control import Message
from firmware.sim.heads.actors import CLOSER, HOLD, LEFT, RIGHT, STRAIGHT
from firmware.sim.heads.rendered import CAMERA, Picture
from firmware.sim.scenario.story import Story

_LOOKED_AT: Final = frozenset({"Unlocking", "Matching"})
"""States in which a camera may look at the person."""
_WORDS: Final = {
    STRAIGHT: "looks straight",
    LEFT: "turns to the left",
    RIGHT: "turns to the right",
    CLOSER: "comes closer",
    HOLD: "holds still",
}
_QUALITY: Final = 95

Show = Callable[[Sequence[str]], Awaitable[None]]
"""Shows these picture files to the device's face camera."""


class Body(Protocol):
    """`heads.rendered.Rendered`, or a test's own."""

    def tell(self, at: float, prompt: str, /) -> None: ...

    def frame(self, at: float, /) -> Picture: ...


class Sitter:
    """Feed it every event of the control socket. `who`: in words. `rate`: pictures in a second, if it can keep up."""

    def __init__(
        self, body: Body, folder: Path, show: Show, story: Story, who: str = "patient", rate: float = CAMERA.rate
    ) -> None:
        self._body = body
        self._folder = folder
        self._rate = rate
        self._show = show
        self._story = story
        self._who = who
        self._prompt = STRAIGHT
        self._looked_at = asyncio.Event()
        self._number = 0

    async def sit_down(self) -> None:
        """Be seen once, before the visit."""
        await asyncio.to_thread(self._folder.mkdir, mode=0o700)
        await self._be_seen()

    def notice(self, message: Message) -> None:
        """React to one event."""
        match message.get("event"):
            case "state" if str(message.get("state")) in _LOOKED_AT:
                self._looked_at.set()
            case "state":
                self._looked_at.clear()
                self._prompt = STRAIGHT
            case "screen" if message.get("view") == "FaceView":
                self._obey(message.get("asks"))
            case _:
                pass

    async def keep_sitting(self) -> None:
        """Move and be seen for as long as a camera may look; until cancelled."""
        while True:
            await self._looked_at.wait()
            begun = time.monotonic()
            await self._be_seen()
            await asyncio.sleep(max(0.0, begun + 1 / self._rate - time.monotonic()))

    def _obey(self, asks: object) -> None:
        """What does not ask for a movement says what is wrong with the picture: stay."""
        prompt = STRAIGHT if asks is None else str(asks)
        if prompt in _WORDS and prompt != self._prompt:
            self._prompt = prompt
            self._story.say(self._who, _WORDS[prompt])

    async def _be_seen(self) -> None:
        self._body.tell(time.monotonic(), self._prompt)
        path = await asyncio.to_thread(self._picture)
        await self._show([str(path)])

    def _picture(self) -> Path:
        """The camera has read the last picture when it is asked to show the next: two files are enough."""
        self._number += 1
        frame = self._body.frame(time.monotonic())
        data = cv2.imencode(".jpg", frame, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))[1]
        path = self._folder / f"{self._number % 2}.jpg"
        path.write_bytes(data.tobytes())
        return path
