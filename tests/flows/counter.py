"""A counter device with the real runtime and hand-written ports, told what patient, staff and reception do.

Every method waits until the device has come so far; a device that does not get there fails the test.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import TypeVar

from firmware.core.events import Button, CardPresence, Part
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import Env
from firmware.core.result import Json, RecordKind, VisitRecord
from firmware.core.views import (
    ConsentView,
    IdleView,
    NoticeView,
    NumberBView,
    PinView,
    RemoveCardView,
    ResultView,
    StaffView,
    View,
)
from firmware.ports import StaffRequest
from firmware.runtime.devices import Devices
from firmware.runtime.journal import Journal
from firmware.runtime.loop import Runtime
from firmware.session.model import VisitState
from firmware.session.policy import Policy
from tests.unit.runtime.fakes import FakeClock, FakeGateway, FakeInputs, FakePanel, FakePublisher
from tests.unit.runtime.fakes_card import NUMBER_B, PIN, FakeCard, FakeReader
from tests.unit.runtime.fakes_face import FakeCamera, FakeFace, FakeFront

V = TypeVar("V", bound=View)

QUICK = Policy(env=Env.SIM, notice_seconds=0.0, absence_seconds=0.05, show_seconds=0.02, glance_seconds=0.02)
PATIENCE = 5.0


class Counter:
    """The device and its surroundings."""

    def __init__(self, policy: Policy = QUICK, journal: Journal | None = None) -> None:
        self.reader, self.card, self.panel = FakeReader(), FakeCard(), FakePanel()
        self.inputs, self.camera, self.face = FakeInputs(), FakeCamera(), FakeFace()
        self.gateway, self.publisher, self.clock = FakeGateway(), FakePublisher(), FakeClock()
        self.observed: list[dict[str, Json]] = []
        self.devices = Devices(
            reader=self.reader,
            card=self.card,
            panel=self.panel,
            inputs=self.inputs,
            camera=self.camera,
            face=self.face,
            gateway=self.gateway,
            publisher=self.publisher,
            clock=self.clock,
            observe=self.observed.append,
        )
        self._policy, self._journal = policy, journal
        self.ready = asyncio.Event()

    def without(self, part: Part, fault: FaultCode) -> "Counter":
        """A part that could not be composed."""
        missing = (*self.devices.missing, (part, fault))
        self.devices = replace(self.devices, missing=missing)
        match part:
            case Part.FACE_CAMERA:
                self.devices = replace(self.devices, camera=None)
            case Part.INFERENCE:
                self.devices = replace(self.devices, face=None)
            case Part.KEYPAD:
                self.devices = replace(self.devices, inputs=None)
            case _:
                raise ValueError(part)
        return self

    def reads_fronts(self, front: FakeFront, card_camera: FakeCamera | None = None) -> "Counter":
        """With a reader for the card's front, at a camera of its own or the face camera."""
        self.devices = replace(self.devices, card_front=front, card_camera=card_camera or self.camera)
        return self

    @contextlib.asynccontextmanager
    async def running(self, *, provisioned: bool = True, strict: bool = True) -> AsyncIterator["Counter"]:
        """The device from power-on to shut-down. What it raises comes out here."""
        self.runtime = Runtime(self.devices, self._policy, journal=self._journal, strict=strict)
        self.task = asyncio.ensure_future(self.runtime.run(provisioned=provisioned, on_ready=self.ready.set))
        try:
            await self.until(lambda: self.ready.is_set() or self.task.done())
            yield self
        finally:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task

    # ---- waiting -----------------------------------------------------------------------------------------------

    async def until(self, done: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not done():  # noqa: ASYNC110  (the state is of many fakes, most of them on other threads)
                await asyncio.sleep(0.001)

    async def sees(self, kind: type[V], **members: object) -> V:
        """The patient sees a view of `kind` with these members."""
        await self.until(lambda: self._is_shown(kind, members))
        view = self.panel.views[-1]
        assert isinstance(view, kind)
        return view

    def _is_shown(self, kind: type[View], members: dict[str, object]) -> bool:
        view = self.panel.views[-1] if self.panel.views else None
        return isinstance(view, kind) and all(getattr(view, name) == value for name, value in members.items())

    def shown_soon(self, view: View) -> bool:
        """Whether exactly this comes onto the screen; for a port's own thread."""
        ends = time.monotonic() + PATIENCE
        while view not in self.panel.views and time.monotonic() < ends:
            time.sleep(0.001)
        return view in self.panel.views

    async def result(self) -> VisitRecord:
        """The newest visit's one result."""
        await self.until(lambda: self.publisher.of_kind(RecordKind.RESULT))
        return self.publisher.of_kind(RecordKind.RESULT)[-1]

    async def late(self) -> VisitRecord:
        """The one amendment."""
        await self.until(lambda: self.publisher.of_kind(RecordKind.LATE))
        return self.publisher.of_kind(RecordKind.LATE)[-1]

    @property
    def visit(self) -> VisitId:
        assert isinstance(self.runtime.state, VisitState)
        return self.runtime.state.visit.id

    # ---- what people do ----------------------------------------------------------------------------------------

    def place(self) -> None:
        self.reader.report(CardPresence.PRESENT)

    def lift(self) -> None:
        self.reader.report(CardPresence.ABSENT)

    async def place_and_choose(self, button: Button) -> None:
        await self.sees(IdleView)
        self.place()
        await self.sees(NoticeView)
        self.inputs.press(button)

    async def type(self, digits: bytes) -> None:
        await self.until(lambda: self.inputs.sink is not None)
        self.inputs.type(digits)

    async def by_face(self) -> None:
        """To the question of consent, by face."""
        await self.place_and_choose(Button.LEFT)
        await self.sees(NumberBView)
        await self.type(NUMBER_B)
        await self.sees(ConsentView)

    async def by_pin(self) -> None:
        """To the question of consent, by PIN."""
        await self.place_and_choose(Button.MIDDLE)
        await self.sees(PinView)
        await self.type(PIN)
        await self.sees(ConsentView)

    async def by_staff(self, *, approved: bool = True) -> None:
        await self.place_and_choose(Button.RIGHT)
        await self.sees(StaffView)
        self.request("staff-check", approved=approved)

    def request(self, verb: str, *, approved: bool = True, visit: VisitId | None = None) -> None:
        """A verified request of the reception."""
        assert self.publisher.callbacks is not None
        self.publisher.callbacks.request(StaffRequest(visit or self.visit, verb, approved, "signed-request"))

    async def consent(self, button: Button = Button.LEFT) -> ResultView:
        self.inputs.press(button)
        return await self.sees(ResultView)

    async def leave(self) -> None:
        """The card is taken at the end."""
        await self.sees(RemoveCardView)
        self.lift()
        await self.sees(IdleView)
