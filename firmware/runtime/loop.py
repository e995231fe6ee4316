"""The runtime: one loop, one inbox; each event goes through `step`, each effect to its worker.

Vendor callbacks and lanes hand over with `call_soon_threadsafe` and nothing else. Personal data stay in the visit's
vault. Source: design.md, "Concurrency and processes".
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable

from firmware.core import events as ev
from firmware.core.events import CardPresence, Event, Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState
from firmware.ports import MatchLimits, PublisherCallbacks
from firmware.runtime.devices import Devices
from firmware.runtime.effects import Effects
from firmware.runtime.journal import Journal
from firmware.runtime.lane import Lane
from firmware.runtime.parts import Parts
from firmware.runtime.work import fault_of, log, now
from firmware.session.handlers import UndefinedPairError
from firmware.session.model import Device, Idle, OutOfService, Showing, Starting, State, Unprovisioned, VisitState
from firmware.session.policy import Policy
from firmware.session.rescue import rescue
from firmware.session.step import step

MAX_INBOX = 1000
LOAD_SECONDS = 60.0
STORE_SECONDS = 10.0
REFILL_SECONDS = 60.0
PING_SECONDS = 5.0
CLOCK_SECONDS = 5.0


class InboxFullError(Exception):
    """The loop is so far behind that an event would be lost: the process ends and is started again."""


class Runtime:
    """Runs one device. `strict`: an undefined pair raises (tests) instead of ending the visit (production)."""

    def __init__(
        self,
        devices: Devices,
        policy: Policy,
        *,
        journal: Journal | None = None,
        limits: MatchLimits | None = None,
        strict: bool = False,
    ) -> None:
        self._devices = devices
        self._policy = policy
        self._journal = journal
        self._limits = limits or MatchLimits(policy.attempt_seconds, liveness=policy.liveness)
        self._strict = strict
        self.state: State = Starting(Device())
        self._gateway_failed = False

    async def run(self, *, provisioned: bool = True, on_ready: Callable[[], None] = lambda: None) -> None:
        """Serve until cancelled. `on_ready` is called after the first screen."""
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Event] = asyncio.Queue(MAX_INBOX)
        self._overflow = asyncio.Event()
        self.lanes = {
            "card": Lane("card", self._devices.card.cancel),
            "camera": Lane("camera"),
            "inference": Lane("inference"),
            "display": Lane("display"),
            "store": Lane("store"),
        }
        if self._has_card_camera():
            self.lanes["card-camera"] = Lane("card-camera")
        self.effects = Effects(self._devices, self.lanes, self._put, self._soon, self._limits)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._serve())
                group.create_task(self._end_on_overflow())
                group.create_task(self._begin(provisioned=provisioned, on_ready=on_ready))
                group.create_task(self._load_models())
                group.create_task(self._keep_challenges())
                group.create_task(self._watch_clock())
                for camera in {self.effects.camera, self.effects.card_camera}:
                    group.create_task(camera.keep_probing(lambda: isinstance(self.state, Idle)))
        finally:
            await self._end()

    def _has_card_camera(self) -> bool:
        """Of its own. A camera for both is used on one lane, so that it is never open twice."""
        return self._devices.card_camera is not None and self._devices.card_camera is not self._devices.camera

    async def _begin(self, *, provisioned: bool, on_ready: Callable[[], None]) -> None:
        """Start the parts; what is missing is told to the session, nothing is waited for."""
        parts = Parts(self._put, self.effects.outlives)
        self._devices.reports.connect(lambda part, fault: self._soon(lambda: parts.note(part, fault)))
        for part, fault in self._devices.missing:
            parts.note(part, fault)
        publisher, inputs = self._devices.publisher, self._devices.inputs
        if provisioned:
            await parts.start(Part.OUTBOX, self.lanes["store"], lambda: publisher.start(self._publisher_callbacks()))
        if inputs is not None:
            await parts.start(Part.KEYPAD, self.lanes["display"], lambda: inputs.start(self._on_button))
        self._put(ev.DeviceStarted(at=now(), provisioned=provisioned))
        if provisioned:
            await parts.start(Part.READER, self.lanes["card"], lambda: self._devices.reader.watch(self._on_presence))
        await self.effects.screen.first.wait()
        on_ready()

    async def _end(self) -> None:
        devices = self._devices
        self._handle(ev.DeviceStopping(at=now()))
        with contextlib.suppress(DeviceError):
            await self.lanes["card"].run(devices.reader.stop, STORE_SECONDS)
        await self.effects.close()
        if devices.inputs is not None:
            devices.inputs.close()
        for model in (devices.face, devices.card_front):
            if model is not None:
                with contextlib.suppress(DeviceError):
                    await self.lanes["inference"].run(model.close, STORE_SECONDS)
        await devices.gateway.close()
        if devices.queries is not None:
            await devices.queries.close()
        if devices.revocation is not None:
            await devices.revocation.close()
        with contextlib.suppress(DeviceError):
            await self.lanes["store"].run(devices.publisher.close, STORE_SECONDS)
        for lane in self.lanes.values():
            lane.close()
        if self._journal is not None:
            await asyncio.to_thread(self._journal.close)

    # ---- inbox -------------------------------------------------------------------------------------------------

    def _put(self, event: Event) -> None:
        """Loop thread. An event that finds the inbox full ends the process: losing it would leave a visit hanging."""
        try:
            self._inbox.put_nowait(event)
        except asyncio.QueueFull:
            self._overflow.set()

    async def _end_on_overflow(self) -> None:
        """Posts come from callbacks and tasks of which nobody sees an exception, so a task of the group raises it."""
        await self._overflow.wait()
        raise InboxFullError(FaultCode.INBOX_FULL)

    def _soon(self, work: Callable[[], None]) -> None:
        """Any thread; silently nothing after the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(work)

    def _post(self, event: Callable[[], Event]) -> None:
        self._soon(lambda: self._put(event()))

    async def _serve(self) -> None:
        while True:
            self._handle(await self._inbox.get())

    def _handle(self, event: Event) -> None:
        before = self.state
        try:
            result = step(before, event, self._policy)
        except UndefinedPairError:
            if self._strict:
                raise
            log.error("fault %s", FaultCode.SESSION_UNDEFINED)
            result = rescue(before, self._policy)
        self.state = result.state
        if self._journal is not None:
            self._journal.note(event, self.state)
        for effect in result.effects:
            self.effects.apply(effect)
        if type(before) is not type(self.state):
            self._state_changed(before)

    def _state_changed(self, before: State) -> None:
        visit = self.state.visit.id if isinstance(self.state, VisitState) else None
        self._devices.observe({"event": "state", "state": type(self.state).__name__, "visit": visit, "at": now()})
        state = _published_state(self.state)
        if isinstance(before, Starting) or state != _published_state(before):
            self._devices.publisher.state(state)
        # At Idle, and behind a result: with one patient right after the other the device is never idle.
        if isinstance(self.state, Idle | Showing) and not isinstance(before, Starting):
            self.effects.outlives.spawn(self._refill())

    # ---- callbacks of adapters, from any thread ----------------------------------------------------------------

    def _on_presence(self, presence: CardPresence) -> None:
        self._devices.observe({"event": "presence", "presence": presence.value, "at": time.monotonic()})
        match presence:
            case CardPresence.PRESENT:
                self._post(lambda: ev.CardPlaced(at=now(), visit=VisitId(uuid.uuid4().hex)))
            case CardPresence.ABSENT:
                self._post(lambda: ev.CardRemoved(at=now()))
            case CardPresence.READER_LOST:
                fault = self._devices.reader.reader_fault
                self._post(lambda: ev.PartFailed(at=now(), part=Part.READER, fault=fault))
            case CardPresence.READER_BACK:
                self._post(lambda: ev.PartRecovered(at=now(), part=Part.READER))

    def _on_button(self, button: ev.Button, held: bool) -> None:
        self._post(lambda: ev.ButtonPressed(at=now(), button=button, held=held))

    def _publisher_callbacks(self) -> PublisherCallbacks:
        return PublisherCallbacks(
            request=lambda request: self._soon(lambda: self.effects.request(request)),
            part_failed=lambda part, fault: self._post(lambda: ev.PartFailed(at=now(), part=part, fault=fault)),
            part_recovered=lambda part: self._post(lambda: ev.PartRecovered(at=now(), part=part)),
            query=lambda query: self._soon(lambda: self.effects.queries.ask(query)),
            held=lambda held: self._post(lambda: ev.HeldChanged(at=now(), held=held)),
        )

    # ---- standing tasks ----------------------------------------------------------------------------------------

    async def _load_models(self) -> None:
        """Load the models while the first card may already be read; the face's first (facts/face.md: SFace first)."""
        face, front = self._devices.face, self._devices.card_front
        if face is not None:
            await self._load(Part.INFERENCE, face.load)
        if front is not None:
            await self._load(Part.CARD_FRONT, front.load)
            self.effects.front.rest()

    async def _load(self, part: Part, load: Callable[[], None]) -> None:
        try:
            await self.lanes["inference"].run(load, LOAD_SECONDS)
        except Exception as error:  # noqa: BLE001  (a failure nobody foresaw must not end the device either)
            self._put(ev.PartFailed(at=now(), part=part, fault=fault_of(error)))

    async def _keep_challenges(self) -> None:
        """Keep the pool filled, and notice when who answers goes away or comes back."""
        while True:
            if not isinstance(self.state, VisitState):
                await self._refill()
            await asyncio.sleep(REFILL_SECONDS)

    async def _watch_clock(self) -> None:
        """Tell when the time is not known, and when it is again."""
        unknown = False
        while True:
            if (self._devices.clock.state() is ClockState.UNKNOWN) is not unknown:
                unknown = not unknown
                if unknown:
                    self._put(ev.PartFailed(at=now(), part=Part.CLOCK, fault=FaultCode.CLOCK_UNKNOWN))
                else:
                    self._put(ev.PartRecovered(at=now(), part=Part.CLOCK))
            await asyncio.sleep(CLOCK_SECONDS)

    async def _refill(self) -> None:
        try:
            await self._devices.gateway.refill()
            if self._devices.queries is not None:
                await self._devices.queries.check()
        except Exception as error:  # noqa: BLE001  (a failure nobody foresaw must not end the device either)
            self._gateway_failed = True
            self._put(ev.PartFailed(at=now(), part=Part.GATEWAY, fault=fault_of(error)))
        else:
            if self._gateway_failed:
                self._put(ev.PartRecovered(at=now(), part=Part.GATEWAY))
            self._gateway_failed = False

    @property
    def in_visit(self) -> bool:
        return isinstance(self.state, VisitState)

    async def healthy(self) -> bool:
        """Whether every lane answers: what the watchdog is fed by."""
        return all(await asyncio.gather(*(lane.ping(PING_SECONDS) for lane in self.lanes.values())))


def _published_state(state: State) -> str:
    """The device's state on MQTT."""
    if isinstance(state, Starting):
        return "init"
    if isinstance(state, Unprovisioned | OutOfService):
        return "degraded"
    return "busy" if isinstance(state, VisitState) else "ready"
