"""Screen and sound on the display lane: only the newest view is drawn, a failing display never stops a visit."""

import asyncio
import contextlib

from firmware.core import events as ev
from firmware.core.effects import Tone
from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.views import View
from firmware.ports import Panel
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.work import Post, fault_of, now

SHOW_SECONDS = 3.0
RETRY_SECONDS = 2.0
MOST_RETRY_SECONDS = 30.0


class Screen:
    """Loop thread; the panel's calls run on `lane`. `first` is set after the first screen, drawn or failed."""

    def __init__(self, panel: Panel, lane: Lane, post: Post, scope: Scope) -> None:
        self._panel = panel
        self._lane = lane
        self._post = post
        self._scope = scope
        self._wanted: View | None = None
        self._failed = False
        self._pause = RETRY_SECONDS
        self._again: asyncio.TimerHandle | None = None
        self.first = asyncio.Event()

    def show(self, view: View) -> None:
        self._forget_retry()
        drawing = self._wanted is not None
        self._wanted = view
        if not drawing:
            self._scope.spawn(self._draw())

    def play(self, tone: Tone) -> None:
        self._scope.spawn(self._play(tone))

    async def _draw(self) -> None:
        while (view := self._wanted) is not None:
            await self._draw_one(view)
            if self._wanted is view:
                self._wanted = None

    async def _draw_one(self, view: View) -> None:
        try:
            await self._lane.run(lambda: self._panel.show(view), SHOW_SECONDS)
        except Exception as error:  # noqa: BLE001  (one place turns any failure to draw into an event)
            self._note_failure(fault_of(error))
            self._retry_later(view)
        else:
            self._note_success()
        self.first.set()

    def _retry_later(self, view: View) -> None:
        """A display that comes back must not stay dark until the next view, which may be hours away at Idle."""
        self._forget_retry()
        self._again = asyncio.get_running_loop().call_later(self._pause, self.show, view)
        self._pause = min(2 * self._pause, MOST_RETRY_SECONDS)

    def _forget_retry(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _note_success(self) -> None:
        self._pause = RETRY_SECONDS
        if self._failed:
            self._failed = False
            self._post(ev.PartRecovered(at=now(), part=Part.DISPLAY))

    def _note_failure(self, fault: FaultCode) -> None:
        if not self._failed:
            self._failed = True
            self._post(ev.PartFailed(at=now(), part=Part.DISPLAY, fault=fault))

    async def _play(self, tone: Tone) -> None:
        try:
            await self._lane.run(lambda: self._panel.play(tone), SHOW_SECONDS)
        except Exception as error:  # noqa: BLE001  (a sound that fails is no more than a line in the log)
            fault_of(error)

    async def close(self) -> None:
        self._forget_retry()
        with contextlib.suppress(DeviceError):
            await self._lane.run(self._panel.close, SHOW_SECONDS)
