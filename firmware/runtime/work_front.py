"""Reading number B off the card's front: frames of the card's camera, read on the inference lane.

It outlives a lifted card, and a removal prolongs it. Digits go into the vault where typed ones lie, unless some were
typed meanwhile: those count. A reading that was stopped answers nothing, and what it read is wiped. A reader that fails
is told, and loaded once more; a camera that fails is told by its own worker.

A reader that has not been needed for a while gives its memory back, 13 MB. Loading it anew takes 0.12 s of processor
time (x86-64), while the camera of the next reading opens: a site whose patients all lay down cards waits for nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import FrontHint
from firmware.core.secret import Secret
from firmware.ports import CardFront
from firmware.runtime.devices import Devices
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.vault import ENTRY
from firmware.runtime.visits import FrontReading, OpenVisit
from firmware.runtime.work import Post, Soon, fault_of, now, on_change, timed
from firmware.runtime.work_camera import CameraWorker

LATE_SECONDS = 5.0
"""A reading may end so long after its time: one frame is still being looked at, or another call before it."""
LOAD_SECONDS = 60.0
IDLE_SECONDS = 30.0
"""From the end of a reading until the reader is dropped, if no other one begins."""

_OF_CAMERA = frozenset({FaultCode.CAMERA_MISSING, FaultCode.CAMERA_NO_FRAME})


class FrontWorker:
    """Effects of the card's front. Loop thread."""

    def __init__(self, devices: Devices, camera: CameraWorker, lane: Lane, post: Post, soon: Soon) -> None:
        self._front = devices.card_front
        self._observe = devices.observe
        self._camera = camera
        self._lane = lane
        self._post = post
        self._soon = soon
        self._repairs = Scope()
        self._idle = Scope()

    def read(self, visit: OpenVisit, effect: fx.ReadFront) -> None:
        """Begin, or prolong what is under way; what has ended has its answer on the way to the session."""
        ends = now() + effect.seconds
        if effect.prolong:
            if visit.front is not None:
                visit.front.ends = max(visit.front.ends, ends)
            return
        self._idle.cancel()
        visit.stop_front()
        visit.vault.wipe_entry()
        visit.front = FrontReading(effect.number, self._camera.stream(effect.not_before, visit.rest), ends)
        visit.rest.spawn(self._read(visit, visit.front))

    async def _read(self, visit: OpenVisit, reading: FrontReading) -> None:
        digits: Secret | None = None
        try:
            digits = await timed(self._observe, visit.id, "read-front", self._digits(visit, reading))
        except Exception as error:  # noqa: BLE001  (one place turns any failure of the reading into an event)
            self._failed(fault_of(error))
        finally:
            reading.frames.close()
            self.rest()
        self._answer(visit, reading, digits)

    async def _digits(self, visit: OpenVisit, reading: FrontReading) -> Secret | None:
        """Read to the end, and on if that was put off meanwhile."""
        front = self._front
        if front is None:
            raise DeviceError(FaultCode.MODEL_MISSING)

        def tell(hint: FrontHint) -> None:
            self._soon(lambda: self._hinted(visit, reading, hint))

        changed = on_change(tell)
        while True:
            ends = reading.ends
            digits = await self._attempt(front, reading, ends - now(), changed)
            if digits is not None or reading.ends <= ends or reading.frames.closed:
                return digits

    async def _attempt(
        self, front: CardFront, reading: FrontReading, seconds: float, hint: Callable[[FrontHint], None]
    ) -> Secret | None:
        frames = reading.frames

        def work() -> Secret | None:
            return front.read(frames.take, seconds, lambda: frames.closed, hint)

        return await self._lane.run(work, seconds + LATE_SECONDS, _wipe)

    def _hinted(self, visit: OpenVisit, reading: FrontReading, hint: FrontHint) -> None:
        if visit.front is reading:
            self._post(ev.FrontHinted(at=now(), visit=visit.id, hint=hint))

    def _answer(self, visit: OpenVisit, reading: FrontReading, digits: Secret | None) -> None:
        """A stopped reading has no answer; digits beside typed ones are not wanted."""
        stopped = visit.front is not reading
        if stopped or visit.vault.entry is not None:
            _wipe(digits)
            digits = None
        if stopped:
            return
        if digits is not None:
            visit.vault.entry = reading.digits = digits
        entry = None if digits is None else ENTRY
        self._post(ev.FrontRead(at=now(), visit=visit.id, number=reading.number, entry=entry))

    def _failed(self, fault: FaultCode) -> None:
        if fault in _OF_CAMERA:
            return
        self._post(ev.PartFailed(at=now(), part=Part.CARD_FRONT, fault=fault))
        if self._front is not None:
            self._repairs.spawn(self._repair(self._front))

    async def _repair(self, front: CardFront) -> None:
        """Load once more: a failure on one picture must not cost the device the camera for good."""
        try:
            await self._lane.run(front.load, LOAD_SECONDS)
        except Exception as error:  # noqa: BLE001  (whatever it was: the reader does not work)
            fault_of(error)
        else:
            self._post(ev.PartRecovered(at=now(), part=Part.CARD_FRONT))

    def rest(self) -> None:
        """Nothing is being read: drop the reader, unless it is needed again before long."""
        self._idle.cancel()
        if self._front is not None and not self._repairs.closed:
            self._idle = Scope()
            self._idle.spawn(self._drop(self._front))

    async def _drop(self, front: CardFront) -> None:
        await asyncio.sleep(IDLE_SECONDS)
        # A lane that is stuck has its own way of telling.
        with contextlib.suppress(DeviceError):
            await self._lane.run(front.close, LATE_SECONDS)

    def close(self) -> None:
        """At the end of the process."""
        self._repairs.cancel()
        self._idle.cancel()


def _wipe(digits: Secret | None) -> None:
    if digits is not None:
        digits.wipe()
