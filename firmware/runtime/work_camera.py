"""The cameras: a camera's lane fills a size-1 mailbox, and a dead camera is told and looked after.

No frame leaves the camera adapter before the effect's `not_before`; a frame nobody takes is wiped. A camera that gives
no frame is opened again and again while the mailbox is open; the part counts as failed from the first fault until a
frame comes, so that the next patient is not offered what needs it. As nobody opens the camera then, a probe at Idle
does.
"""

import asyncio
import random
import time
from collections.abc import Callable

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import Camera
from firmware.runtime.lane import Lane
from firmware.runtime.mailbox import FrameMailbox
from firmware.runtime.scope import Scope
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Post, Soon, fault_of, now

FRAME_SECONDS = 2.0
"""A camera that gives no frame for so long has failed (design.md: frame deadline)."""
OPEN_SECONDS = 60.0
"""The camera is never open longer than this in one go."""
REOPEN_SECONDS = 0.2
"""Between two attempts to open a camera that is gone."""
PROBE_SECONDS = 30.0
PROBE_DEADLINE = 15.0

Tell = Callable[[FaultCode | None], None]
"""Told of each fault of the camera, and with None of a frame. Any thread."""


class _Feed:
    """One stretch of frames. Camera lane."""

    def __init__(self, camera: Camera, not_before: float, mailbox: FrameMailbox, scope: Scope) -> None:
        self._camera = camera
        self._not_before = not_before
        self._mailbox = mailbox
        self._scope = scope
        self._ends = time.monotonic() + OPEN_SECONDS

    def wanted(self) -> bool:
        return not self._mailbox.closed and not self._scope.closed and time.monotonic() < self._ends

    def stream(self, tell: Tell) -> None:
        """Hand frames over as long as they come."""
        try:
            self._camera.open(self._not_before)
            while self.wanted():
                patience = FRAME_SECONDS + max(0.0, self._not_before - time.monotonic())
                self._mailbox.put(self._camera.read(patience))
                tell(None)
        finally:
            self._camera.close()


def pump(camera: Camera, not_before: float, mailbox: FrameMailbox, scope: Scope, tell: Tell) -> None:
    """Camera lane: frames until the mailbox is closed. Without a camera at the start the mailbox is told at once."""
    feed, had_camera = _Feed(camera, not_before, mailbox, scope), False
    while feed.wanted():
        try:
            feed.stream(tell)
        except DeviceError as error:
            tell(error.code)
            had_camera = had_camera or error.code is FaultCode.CAMERA_NO_FRAME
            if not had_camera:
                mailbox.fail(error)
                return
            time.sleep(REOPEN_SECONDS)


def probe(camera: Camera) -> None:
    """Camera lane: whether a frame comes. Raises DeviceError.

    Nobody was shown a notice, so no frame may leave the adapter's lane: this one is wiped here, at once, unseen, and
    never handed on.
    """
    try:
        camera.open(time.monotonic())
        camera.read(FRAME_SECONDS).wipe()
    finally:
        camera.close()


class CameraWorker:
    """Opens one camera for visits, tells the session when `part` fails and works again. Loop thread.

    Faults and frames are noticed on the camera's lane. On that lane one stretch of frames begins after the other has
    ended, so that a camera which two workers use is never open twice.
    """

    def __init__(
        self, camera: Camera | None, lane: Lane, post: Post, soon: Soon, part: Part = Part.FACE_CAMERA
    ) -> None:
        self._camera = camera
        self._part = part
        self._lane = lane
        self._post = post
        self._soon = soon
        self._failed = False

    def open(self, visit: OpenVisit, effect: fx.OpenCamera) -> None:
        """Start the face camera; a failure shows when the first frame is taken."""
        visit.close_camera()
        visit.frames = self.stream(effect.not_before, visit.card)

    def stream(self, not_before: float, scope: Scope) -> FrameMailbox:
        """Start; frames come until the mailbox is closed or `scope` ends."""
        frames = FrameMailbox()
        if self._camera is None:
            frames.fail(DeviceError(FaultCode.CAMERA_MISSING))
        else:
            scope.spawn(self._pump(self._camera, not_before, frames, scope))
        return frames

    async def _pump(self, camera: Camera, not_before: float, frames: FrameMailbox, scope: Scope) -> None:
        def work() -> None:
            pump(camera, not_before, frames, scope, self._tell)

        try:
            await self._lane.run(work, OPEN_SECONDS + FRAME_SECONDS)
        except Exception as error:  # noqa: BLE001  (one place turns any failure of the camera into an event)
            fault = fault_of(error)
            frames.fail(DeviceError(fault))
            self._note(fault)
        finally:
            frames.close()

    def _tell(self, fault: FaultCode | None) -> None:
        """Camera lane, for each frame: only news cross over to the loop."""
        if self._failed is (fault is None):
            self._soon(lambda: self._note(fault))

    def _note(self, fault: FaultCode | None) -> None:
        if self._failed is (fault is not None):
            return
        self._failed = fault is not None
        if fault is None:
            self._post(ev.PartRecovered(at=now(), part=self._part))
        else:
            self._post(ev.PartFailed(at=now(), part=self._part, fault=fault))

    async def keep_probing(self, idle: Callable[[], bool]) -> None:
        """Standing task: try a failed camera between visits, until it gives a frame."""
        camera = self._camera
        if camera is None:
            return
        while True:
            await asyncio.sleep(PROBE_SECONDS * random.uniform(0.75, 1.25))  # noqa: S311  (jitter, not a secret)
            if self._failed and idle():
                await self._probe(camera)

    async def _probe(self, camera: Camera) -> None:
        try:
            await self._lane.run(lambda: probe(camera), PROBE_DEADLINE)
        except Exception as error:  # noqa: BLE001  (whatever it was: the camera does not work yet)
            fault_of(error)
        else:
            self._note(None)
