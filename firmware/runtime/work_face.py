"""Camera and face effects: the camera lane fills a size-1 mailbox, the inference lane takes from it.

No frame leaves the camera adapter before `OpenCamera.not_before`; a frame nobody takes is wiped.
"""

import time

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import MatchVerdict
from firmware.core.secret import Secret
from firmware.ports import Camera, Face, MatchLimits
from firmware.runtime.devices import Devices
from firmware.runtime.lane import Lane
from firmware.runtime.mailbox import FrameMailbox
from firmware.runtime.scope import Scope
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Post, fault_of, now, timed

FRAME_SECONDS = 2.0
"""A camera that gives no frame for so long has failed (design.md: frame deadline)."""
OPEN_SECONDS = 60.0
"""The camera is never open longer than this in one go."""


def pump(camera: Camera, not_before: float, mailbox: FrameMailbox, scope: Scope) -> None:
    """Camera lane: open, hand frames over until the mailbox is closed, close. Faults go through the mailbox."""
    ends = time.monotonic() + OPEN_SECONDS
    try:
        camera.open(not_before)
        while not mailbox.closed and not scope.closed and time.monotonic() < ends:
            mailbox.put(camera.read(FRAME_SECONDS + max(0.0, not_before - time.monotonic())))
    except DeviceError as error:
        mailbox.fail(error)
    finally:
        camera.close()


class FaceWorker:
    """Effects of camera and inference lane. Loop thread."""

    def __init__(self, devices: Devices, camera_lane: Lane, lane: Lane, post: Post, limits: MatchLimits) -> None:
        self._camera = devices.camera
        self._face = devices.face
        self._observe = devices.observe
        self._camera_lane = camera_lane
        self._lane = lane
        self._post = post
        self._limits = limits

    def open_camera(self, visit: OpenVisit, effect: fx.OpenCamera) -> None:
        """Start the camera; a failure shows when the first frame is taken."""
        visit.close_camera()
        visit.frames = FrameMailbox()
        if self._camera is None:
            visit.frames.fail(DeviceError(FaultCode.CAMERA_MISSING))
            return
        visit.card.spawn(self._pump(self._camera, effect.not_before, visit.frames, visit.card))

    async def _pump(self, camera: Camera, not_before: float, frames: FrameMailbox, scope: Scope) -> None:
        try:
            await self._camera_lane.run(lambda: pump(camera, not_before, frames, scope), OPEN_SECONDS + FRAME_SECONDS)
        except DeviceError as error:
            frames.fail(error)
        finally:
            frames.close()

    def compare(self, visit: OpenVisit) -> None:
        """One attempt of the comparison."""
        visit.card.spawn(self._compare(visit, visit.card))

    async def _compare(self, visit: OpenVisit, scope: Scope) -> None:
        event: ev.Event
        try:
            event = await self._verdict(visit, scope)
        except Exception as error:  # noqa: BLE001  (one place turns any failure of the comparison into an event)
            event = ev.FaceFailed(at=now(), visit=visit.id, fault=fault_of(error))
        self._post(event)

    async def _verdict(self, visit: OpenVisit, scope: Scope) -> ev.Event:
        record, frames, face = visit.vault.record, visit.frames, self._face
        if face is None:
            raise DeviceError(FaultCode.MODEL_MISSING)
        if record is None or frames is None:
            raise DeviceError(FaultCode.EFFECT_FAILED, "no photo or no camera")
        work = self._lane.run(
            lambda: _match(face, record.photo, frames, self._limits, scope), self._limits.seconds + 5.0
        )
        visit.verdict = verdict = await timed(self._observe, visit.id, "match", work)
        return ev.FaceCompared(at=now(), visit=visit.id, verdict=verdict)


def _match(face: Face, photo: Secret, frames: FrameMailbox, limits: MatchLimits, scope: Scope) -> MatchVerdict:
    return face.match(photo, frames.take, limits, lambda: scope.closed)
