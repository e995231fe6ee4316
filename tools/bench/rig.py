"""World, reception and device for a bench: started once, visited many times, ended without a trace.

Runs on the loop of the bench's process. Times in seconds, monotonic. The device is the product's own entry with the
environment of its systemd unit; Python's bytecode lies in a private folder, as a package has it installed, because the
unit forbids the device to write any. Raises CrewError or ControlError when a process fails.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self, cast

from firmware.sim.control import ControlClient, ControlError, Message
from firmware.sim.processes import CHECKOUT, Start, clean_environment
from firmware.sim.scenario.crew import Crew, CrewError, CrewOptions
from firmware.sim.scenario.patient import Pace, Patient
from firmware.sim.scenario.plan import Plan
from firmware.sim.scenario.story import Story
from tools.bench.critical import Interval
from tools.bench.notify import Notification, NotifySocket

UNIT: Final = CHECKOUT / "systemd" / "madoguchi.service"
_DEVICE: Final = (sys.executable, "-m", "firmware.app.entry", "run", "--config")
_WATCHDOG: Final = "20000000"
"""Microseconds, as `WatchdogSec=` of the unit: the pings are part of an idle device."""
_READY: Final = 60.0
_VISIT: Final = 60.0
_INSTANT: Final = Pace(retry=0.005, retries=4000)
_NEXT_PATIENT: Final = 0.8
"""Seconds until the next card: longer than the absence that the bench's policy takes for a flutter."""
_RESTING: Final = frozenset({"Idle", "OutOfService"})


class Hands:
    """The crew's hands, with a note of when a person was awaited: from the screen that asks to the answered command.

    Where the keypad took no digits yet, the person is awaited from the last refusal at the earliest.
    """

    def __init__(self, crew: "BenchCrew") -> None:
        self._crew = crew
        self._refused = 0.0
        self.drawn = 0.0
        self.awaited: list[Interval] = []
        self.card_taken = False

    async def press(self, button: str) -> None:
        since = self.drawn
        await self._crew.press(button)
        self.awaited.append((since, time.monotonic()))

    async def type_digits(self, digits: str, *, confirm: bool) -> bool:
        since = max(self.drawn, self._refused)
        taken = await self._crew.type_digits(digits, confirm=confirm)
        if taken:
            self.awaited.append((since, time.monotonic()))
        else:
            self._refused = time.monotonic()
        return taken

    async def remove_card(self) -> None:
        self.card_taken = True
        await self._crew.remove_card()

    async def turn_card_over(self) -> None:
        await self._crew.turn_card_over()

    async def show_card(self) -> None:
        await self._crew.show_card()

    async def put_card_back(self) -> None:
        await self._crew.put_card_back()

    async def staff_answer(self, visit: str, *, approved: bool) -> None:
        await self._crew.staff_answer(visit, approved=approved)


@dataclass(slots=True)
class Visit:
    """One visit as it went. `present`, `absent`: when the reader's watch thread reported the card."""

    plan: Plan
    story: Story
    awaited: list[Interval]
    present: float = 0.0
    absent: float = 0.0
    state_at: dict[str, float] = field(default_factory=dict)
    """When each state was entered, the first time."""


class BenchCrew(Crew):
    """World and reception of `make run`; the device's environment is the bench's, and it can be started again."""

    async def launch(self, environment: Mapping[str, str]) -> ControlClient:
        """Start the device and connect to its control socket."""
        about = cast("dict[str, object]", self._about["device"])
        extra = cast("dict[str, str]", about["environment"])
        argv = [*_DEVICE, str(about["config"])]
        env = clean_environment(**environment, **extra)
        await self._children.start(Start("device", argv, self._log("device"), env))
        deadline = time.monotonic() + _READY
        while self._children.running("device") and time.monotonic() < deadline:
            try:
                self._device = await ControlClient.connect(Path(str(about["control"])))
            except ControlError:
                await asyncio.sleep(0.01)
            else:
                return self._device
        self.check()
        raise CrewError("the device did not come up")

    async def end_device(self) -> None:
        """End the device as systemd does. Idempotent."""
        if self._device is not None:
            await self._device.close()
            self._device = None
        await self._children.stop("device", seconds=10.0)

    def device_pid(self) -> int:
        """Process id of the running device."""
        pid = self._children.pid("device")
        if pid is None:
            raise CrewError("the device does not run")
        return pid


class Rig:
    """`async with Rig(...)`: world and reception up. Then `start` the device, `visit` it, `stop` it, ever again.

    `world`: further arguments of the world process. `look_up`: seconds that the gateway takes.
    """

    def __init__(self, world: tuple[str, ...] = (), look_up: float = 0.0) -> None:
        self._plan = Plan(slow_look_up=look_up)
        self._private = Path(tempfile.mkdtemp(prefix="madoguchi-bench-"))
        self._private.chmod(0o711)
        self._notify = NotifySocket(self._private / "notify")
        self._listening: asyncio.Task[None] | None = None
        self._visit: Visit | None = None
        self._hands: Hands | None = None
        self._patient: Patient | None = None
        self._state = ""
        self._changed = asyncio.Event()
        self.crew = BenchCrew(self._plan, CrewOptions(world=world))

    async def __aenter__(self) -> Self:
        try:
            await self.crew.start_world()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Everything down, nothing left. Idempotent."""
        try:
            await self.stop()
            await self.crew.stop()
        finally:
            self._notify.close()
            await asyncio.to_thread(shutil.rmtree, self._private, ignore_errors=True)

    # ---- device ------------------------------------------------------------------------------------------------

    async def start(self, environment: Mapping[str, str], *, bytecode: bool = True) -> tuple[float, Notification]:
        """Start the device, wait until it says READY; when it was started, and what it said."""
        extra = {"NOTIFY_SOCKET": str(self._private / "notify"), "WATCHDOG_USEC": _WATCHDOG}
        if bytecode:
            extra["PYTHONPYCACHEPREFIX"] = str(self._private / "bytecode")
        started = time.monotonic()
        hearing = asyncio.create_task(self._notify.ready(_READY))
        try:
            client = await self.crew.launch({**environment, **extra})
            self._listening = asyncio.create_task(self._listen(client))
            return started, await hearing
        except TimeoutError as error:
            raise CrewError("the device did not say READY") from error
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def compile(self, environment: Mapping[str, str]) -> None:
        """One start and one visit that write the bytecode of everything the device imports."""
        # Python takes an empty value as unset: this one start may write.
        await self.start({**environment, "PYTHONDONTWRITEBYTECODE": ""})
        await self.rest()
        await self.visit(Plan())
        await self.stop()

    async def stop(self) -> None:
        """End the device. Idempotent."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            self._listening = None
        self._state = ""
        await self.crew.end_device()

    async def rest(self, seconds: float = 30.0) -> None:
        """Wait until the device is idle."""
        await self._until(lambda: self._state == "Idle", seconds, "the device does not come to rest")

    # ---- visits ------------------------------------------------------------------------------------------------

    async def visit(self, plan: Plan, *, hurry: bool = False) -> Visit:
        """One visit. `hurry`: do not wait until the device rests again after a result; the next patient need not."""
        story = Story(tell=lambda _: None, draw=False)
        hands = Hands(self.crew)
        visit = Visit(plan, story, hands.awaited)
        patient = Patient(plan, hands, story, self.crew.card, _INSTANT)
        self._visit, self._hands, self._patient = visit, hands, patient
        try:
            story.begin()
            await self.crew.insert_card()
            await self._until(lambda: self._over(visit, hands, patient, hurry=hurry), _VISIT, "the visit does not end")
            await patient.finish()
            if hurry:
                await asyncio.sleep(_NEXT_PATIENT)
        finally:
            self._visit = self._hands = self._patient = None
        return visit

    def _over(self, visit: Visit, hands: Hands, patient: Patient, *, hurry: bool) -> bool:
        if not (hands.card_taken and visit.absent):
            return False
        return self._state in _RESTING or patient.over.is_set() or (hurry and self._state == "Showing")

    async def _until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self.crew.check()
                    if self._listening is not None and self._listening.done():
                        raise CrewError("the device's control socket was closed")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            self.crew.check()
            raise CrewError(f"{what} within {seconds:.0f} s") from error

    async def _listen(self, client: ControlClient) -> None:
        try:
            while (message := await client.event()) is not None:
                self._take(message)
        finally:
            self._changed.set()

    def _take(self, message: Message) -> None:
        kind, at = message.get("event"), message.get("at")
        when = at if isinstance(at, float) else time.monotonic()
        if kind == "state":
            self._state = str(message.get("state"))
        visit, hands, patient = self._visit, self._hands, self._patient
        if visit is not None and hands is not None and patient is not None:
            _note(visit, hands, message, when)
            visit.story.take(message)
            patient.notice(message)
        self._changed.set()


def _note(visit: Visit, hands: Hands, message: Message, when: float) -> None:
    match message.get("event"):
        case "presence" if message.get("presence") == "present":
            visit.present = visit.present or when
        case "presence" if message.get("presence") == "absent" and hands.card_taken:
            visit.absent = visit.absent or when
        case "screen":
            hands.drawn = when
        case "state":
            visit.state_at.setdefault(str(message.get("state")), when)
        case _:
            pass
