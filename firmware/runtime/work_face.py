"""The face comparison on the inference lane; its frames come out of the mailbox that the camera lane fills.

What the patient should do is told to the session when it changes, and the exposure wished for goes to the camera.
"""

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import FacePrompt, MatchVerdict, UnsureReason
from firmware.core.secret import Secret
from firmware.ports import Face, MatchLimits, Region, Sitting
from firmware.runtime.devices import Devices
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Post, Soon, fault_of, now, on_change, timed


class FaceWorker:
    """Effects of the inference lane. Loop thread."""

    def __init__(self, devices: Devices, lane: Lane, post: Post, soon: Soon, limits: MatchLimits) -> None:
        self._face = devices.face
        self._meter = _no_meter if devices.camera is None else devices.camera.meter
        self._observe = devices.observe
        self._lane = lane
        self._post = post
        self._soon = soon
        self._limits = limits

    def compare(self, visit: OpenVisit, effect: fx.CompareFace) -> None:
        """One attempt of the comparison."""
        visit.card.spawn(self._compare(visit, visit.card, effect.attempt))

    async def _compare(self, visit: OpenVisit, scope: Scope, attempt: int) -> None:
        event: ev.Event
        try:
            event = await self._verdict(visit, scope, attempt)
        except Exception as error:  # noqa: BLE001  (one place turns any failure of the comparison into an event)
            event = ev.FaceFailed(at=now(), visit=visit.id, attempt=attempt, fault=fault_of(error))
        self._post(event)

    async def _verdict(self, visit: OpenVisit, scope: Scope, attempt: int) -> ev.Event:
        record, frames, face = visit.vault.record, visit.frames, self._face
        if face is None:
            raise DeviceError(FaultCode.MODEL_MISSING)
        if record is None or frames is None:
            raise DeviceError(FaultCode.EFFECT_FAILED, "no photo or no camera")
        sitting = Sitting(
            frames.take,
            cancelled=lambda: scope.closed or frames.closed,
            prompt=on_change(lambda prompt: self._soon(lambda: self._prompted(visit, scope, attempt, prompt))),
            meter=self._meter,
        )
        work = self._lane.run(lambda: _match(face, record.photo, sitting, self._limits), self._limits.seconds + 5.0)
        visit.verdict = verdict = await timed(self._observe, visit.id, "match", work)
        return ev.FaceCompared(at=now(), visit=visit.id, attempt=attempt, verdict=verdict)

    def _prompted(self, visit: OpenVisit, scope: Scope, attempt: int, prompt: FacePrompt | UnsureReason) -> None:
        if not scope.closed:
            self._post(ev.FacePrompted(at=now(), visit=visit.id, attempt=attempt, prompt=prompt))


def _match(face: Face, photo: Secret, sitting: Sitting, limits: MatchLimits) -> MatchVerdict:
    return face.match(photo, sitting, limits)


def _no_meter(_region: Region | None) -> None:
    """Without a camera there is no exposure."""
