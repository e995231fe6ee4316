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


class Screen:
    """Loop thread; the panel's calls run on `lane`. `first` is set after the first screen, drawn or failed."""

    def __init__(self, panel: Panel, lane: Lane, post: Post, scope: Scope) -> None:
        self._panel = panel
        self._lane = lane
        self._post = post
        self._scope = scope
        self._wanted: View | None = None
        self._failed = False
        self.first = asyncio.Event()

    def show(self, view: View) -> None:
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
        else:
            self._note_success()
        self.first.set()

    def _note_success(self) -> None:
        if self._failed:
            self._failed = False
            self._post(ev.PartRecovered(at=now(), part=Part.DISPLAY))

    def _note_failure(self, fault: FaultCode) -> None:
        if not self._failed:
            self._failed = True
            self._post(ev.PartFailed(at=now(), part=Part.DISPLAY, fault=fault))

    async def _play(self, tone: Tone) -> None:
        with contextlib.suppress(DeviceError):
            await self._lane.run(lambda: self._panel.play(tone), SHOW_SECONDS)

    async def close(self) -> None:
        with contextlib.suppress(DeviceError):
            await self._lane.run(self._panel.close, SHOW_SECONDS)
