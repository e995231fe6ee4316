"""The processes of `make run`: world, device and reception, started and ended by the scenario runner.

Runs on the runner's loop and main thread. The device is the product's own entry, `madoguchi run --config …`; the
reception is `tools/reception`. Times in seconds. Raises CrewError with one line, and the end of the log of whoever
failed.
"""

import asyncio
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from firmware.sim.control import ControlClient, ControlError, Message
from firmware.sim.parts import tail
from firmware.sim.processes import CHECKOUT, Children, ProcessError, Start, clean_environment
from firmware.sim.scenario.inbox import Inbox
from firmware.sim.scenario.patient import CardFacts
from firmware.sim.scenario.plan import Away, Face, Plan, Question
from firmware.sim.world import EXIT_MISSING, remove_folder

__all__ = ["Crew", "CrewError", "CrewOptions", "Inbox"]

_UP: Final = 30.0
_QUESTION: Final = 40.0
_POLL: Final = 0.02
_RECEPTION_SOURCE: Final = CHECKOUT / "tools" / "reception" / "src"
_DEVICE: Final = (sys.executable, "-m", "firmware.app.entry", "run", "--config")
# Freed memory is overwritten, as the unit does it (design.md, "Secrets").
_DEVICE_MEMORY: Final = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0",
    "LD_BIND_NOW": "1",
    "MALLOC_ARENA_MAX": "2",
}


class CrewError(Exception):
    """A process could not be started or ended by itself."""

    def __init__(self, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class CrewOptions:
    """`world`: further arguments of the world process. `device_command`: before the settings file's path."""

    keep: bool = False
    world: tuple[str, ...] = ()
    device_command: tuple[str, ...] = _DEVICE


class Crew:
    """Start with `start`, end with `stop`; in between it is the patient's hands (`patient.Hands`)."""

    def __init__(self, plan: Plan, options: CrewOptions) -> None:
        self._plan = plan
        self._options = options
        self._children = Children(self._died)
        self._world: ControlClient | None = None
        self._device: ControlClient | None = None
        self._about: Message = {}
        self._reading: asyncio.Task[None] | None = None
        self._end: str | None = None
        self._person: list[str] = []
        # The world makes the folder: a name nobody can have guessed, and refused if it exists.
        self.folder = Path(tempfile.gettempdir()) / f"madoguchi-{secrets.token_hex(6)}"
        self.inbox = Inbox()
        self.shown: Path | None = None
        """What a camera was shown last."""

    # ---- start and end -----------------------------------------------------------------------------------------

    async def start_world(self) -> None:
        """World up, parts that have to be away taken away, reception started."""
        argv = [
            sys.executable,
            "-m",
            "firmware.sim.world",
            "--dir",
            str(self.folder),
            "--json",
            *_world_arguments(self._plan, self._who),
            *(["--keep"] if self._options.keep else []),
            *self._options.world,
        ]
        try:
            process = await self._children.start(Start("world", argv, death="TERM", pipe=True))
            async with asyncio.timeout(_UP):
                line = await cast("asyncio.StreamReader", process.stdout).readline()
            if not line:
                missing = await process.wait() == EXIT_MISSING
                raise CrewError("the world did not come up", missing=missing)
            self._about = json.loads(line)
            self._world = await ControlClient.connect(self.folder / "world.sock")
        except (ProcessError, TimeoutError, ControlError) as error:
            raise CrewError(f"world: {error}") from error
        for part in self._plan.away & {Away.GATEWAY, Away.BROKER}:
            await self._tell(part, do="stop")
        if Away.RECEPTION not in self._plan.away:
            await self.start_reception()

    async def start_reception(self) -> None:
        """The reception software, its reports into `inbox`."""
        process = await self._children.start(
            Start("reception", self._reception("run"), self._log("reception"), self._reception_environment(), pipe=True)
        )
        self._reading = asyncio.create_task(self._read(cast("asyncio.StreamReader", process.stdout)))

    async def start_device(self) -> ControlClient:
        """The device process; its control socket, connected."""
        device = cast("dict[str, object]", self._about["device"])
        extra = cast("dict[str, str]", device["environment"])
        environment = clean_environment(**_DEVICE_MEMORY, **extra)
        argv = [*self._options.device_command, str(device["config"])]
        await self._children.start(Start("device", argv, self._log("device"), environment))
        control = Path(str(device["control"]))
        deadline = asyncio.get_running_loop().time() + _UP
        while self._children.running("device") and asyncio.get_running_loop().time() < deadline:
            try:
                self._device = await ControlClient.connect(control)
            except ControlError:
                await asyncio.sleep(_POLL)
            else:
                return self._device
        raise CrewError("the device did not come up" + tail(self._log("device")))

    async def bring_back(self) -> None:
        """End the absence of what was away."""
        if Away.BROKER in self._plan.away:
            await self._tell("broker", do="start")
        if Away.RECEPTION in self._plan.away:
            await self.start_reception()

    async def stop(self) -> None:
        """End everything, the world last; it removes the folder. Idempotent."""
        for client in (self._device, self._world):
            if client is not None:
                await client.close()
        for name in ("device", "reception"):
            await self._children.stop(name)
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._children.stop("world", seconds=15.0)
        await self._children.stop_all()
        if not self._options.keep:
            await asyncio.to_thread(remove_folder, self.folder)

    # ---- hands -------------------------------------------------------------------------------------------------

    async def press(self, button: str) -> None:
        await self._ask_device({"cmd": "button", "button": button})

    async def type_digits(self, digits: str, *, confirm: bool) -> bool:
        try:
            await self._ask_device({"cmd": "digits", "value": digits, "confirm": confirm})
        except ControlError as error:
            if "nobody listens" in str(error):
                return False
            raise
        return True

    async def insert_card(self) -> None:
        """Put the plan's card into the reader."""
        await self._tell("insert", kind="forged" if self._plan.forged else "holder")

    async def remove_card(self) -> None:
        await self._tell("remove")

    async def turn_card_over(self) -> None:
        """Show the camera that reads the card its front."""
        await self._show_side("front")

    async def show_card(self) -> None:
        """Take the card out and hold it before the face camera, with its back first if the plan says so."""
        await self.remove_card()
        await self._show_side("back" if self._plan.back_first else "front")

    async def put_card_back(self) -> None:
        """The face camera sees the person again, the reader the card."""
        if not self._person:
            self._person = cast("list[str]", (await self._tell("pictures", who=self._who))["files"])
        await self.show_person(self._person)
        await self.insert_card()

    async def show_person(self, files: Sequence[str]) -> None:
        """Show the face camera these pictures."""
        self._person = list(files)
        await self._show("camera", self._person)

    async def portrait(self) -> Path:
        """A picture of the holder."""
        return Path(cast("list[str]", (await self._tell("pictures", who="holder"))["files"])[-1])

    async def _show_side(self, side: str) -> None:
        files = cast("list[str]", (await self._tell("card-pictures", side=side))["files"])
        await self._show("camera" if self._plan.one_camera else "card-camera", files)

    async def _show(self, camera: str, files: Sequence[str]) -> None:
        await self._ask_device({"cmd": camera, "files": list(files)})
        self.shown = Path(files[0])

    async def staff_answer(self, visit: str, *, approved: bool) -> None:
        await self._say("staff-check", visit, "--approve" if approved else "--deny")

    # ---- staff -------------------------------------------------------------------------------------------------

    async def confirm_result(self, visit: str) -> None:
        """The official reader's result is this patient's."""
        await self._say("confirm-result", visit, "--approve")

    async def _say(self, verb: str, visit: str, answer: str) -> None:
        argv = self._reception(verb, "--visit", visit, answer)
        name = f"staff-{secrets.token_hex(2)}"
        process = await self._children.start(Start(name, argv, self._log("staff"), self._reception_environment()))
        if await process.wait() != 0:
            raise CrewError(f"the device took no {verb}" + tail(self._log("staff")))

    async def leave_result(self, who: str, *, namesake: bool = False) -> None:
        """The official reader leaves its result about one of the invented people. `namesake`: under another number."""
        await self._tell("terminal", do="tell", command={"cmd": "face", "who": who, "namesake": namesake})

    async def ask(self, verb: str, seconds: float = _QUESTION) -> Inbox:
        """Ask the device about the holder without a card, as a process of its own that goes after `seconds`."""
        question = cast("dict[str, str]", self._about["questions"])[verb]
        argv = self._reception(verb, "--input", question, "--timeout", str(seconds))
        start = Start(
            f"question-{secrets.token_hex(2)}", argv, self._log("question"), self._reception_environment(), pipe=True
        )
        stream, asked = cast("asyncio.StreamReader", (await self._children.start(start)).stdout), Inbox()
        while line := await stream.readline():
            asked.take(line)
        return asked

    # ---- what happened -----------------------------------------------------------------------------------------

    @property
    def card(self) -> CardFacts:
        """What the holder knows of the card."""
        facts = cast("dict[str, str]", self._about["card"])
        return CardFacts(facts["number_b"], facts["pin"])

    @property
    def real(self) -> list[str]:
        """Parts that are no stand-ins."""
        return cast("list[str]", self._about["real"])

    async def violations(self) -> list[str]:
        """What the card was asked for against the rules."""
        return cast("list[str]", (await self._tell("card-log"))["violations"])

    def check(self) -> None:
        """CrewError when a process ended that should run."""
        if self._end is not None:
            raise CrewError(self._end)

    def _died(self, name: str, code: int) -> None:
        if name in {"world", "device", "reception"} and self._end is None:
            self._end = f"{name} ended with {code}" + (tail(self._log(name)) if name != "world" else "")
            self.inbox.changed.set()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self.inbox.take(line)

    async def _tell(self, cmd: str, **arguments: object) -> Message:
        if self._world is None:
            raise CrewError("the world is not up")
        return await self._world.call(cmd, **arguments)

    async def _ask_device(self, command: Message) -> None:
        if self._device is None:
            raise CrewError("the device is not up")
        await self._device.ask(command)

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def _reception(self, verb: str, *more: str) -> Sequence[str]:
        config = str(cast("dict[str, str]", self._about["reception"])["config"])
        return [sys.executable, "-m", "madoguchi_reception.cli", verb, "--config", config, "--json", *more]

    def _reception_environment(self) -> dict[str, str]:
        return clean_environment(PYTHONPATH=os.pathsep.join([str(_RECEPTION_SOURCE)]))

    @property
    def _who(self) -> str:
        """Whom the world shows to the face camera at first."""
        return {Face.IMPOSTOR: "impostor", Face.NOBODY: "nobody"}.get(self._plan.face, "holder")


def _world_arguments(plan: Plan, who: str) -> list[str]:
    """What the world process has to be told of a plan. `who`: is seen by the face camera at first."""
    arguments = ["--camera", who, "--answer", plan.insured, "--gateway-delay", str(plan.slow_look_up)]
    if plan.front:
        lying = "back" if plan.back_first else "front"
        arguments += ["--card-front", "held" if plan.one_camera else lying]
    if plan.terminal:
        arguments.append("--terminal")
    if plan.pick_up:
        arguments += ["--set", "terminal.pick_up_faces=true"]
    if plan.question is Question.PERSON:
        arguments.append("--disaster")
    if plan.liveness:
        arguments += ["--set", 'policy.liveness="challenge"']
    if plan.accept_unknown_issuer:
        arguments += ["--set", 'policy.face_without_issuer="accept"']
    if plan.pull_at == "ReadingFront":
        # The patient may lift the card there for a while before it counts as taken.
        arguments += ["--set", "policy.front_seconds=2.0"]
    return arguments
