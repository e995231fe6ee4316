"""One world, one reception and one device for many different visits, with everything around the device movable.

`tools.bench.rig` with further hands: which card lies in the tray, who sits before the camera, which part is away, a
reception of another env, and kill -9. Runs on the loop. Times in seconds. Raises CrewError or ControlError.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, cast

from firmware.sim.control import Message
from firmware.sim.pcsc.listening import listening_ports
from firmware.sim.processes import Start
from firmware.sim.scenario.crew import CrewError, CrewOptions, Inbox
from firmware.sim.scenario.plan import Away, Face, Plan, Way
from firmware.sim.scenario.story import Story
from tools.bench.memory import children
from tools.bench.rig import UNIT, BenchCrew, Rig
from tools.bench.unit_file import read

QUICK: Final = (
    *("--set", "policy.notice_seconds=0.1"),
    *("--set", "policy.show_seconds=0.5"),
    *("--set", "policy.absence_seconds=0.5"),
    *("--set", "policy.front_seconds=1.0"),
)
"""People and reminders are quick; everything else is as on a site."""
NO_CAMERA: Final = ("--set", 'face_camera.adapter="none"', "--set", "face_camera.files=[]")
FOREIGN: Final = "foreign"
_VISIT: Final = 60.0
_POLL: Final = 0.05


class StackCrew(BenchCrew):
    """The crew of one stack."""

    def __init__(self, plan: Plan, options: CrewOptions) -> None:
        super().__init__(plan, options)
        self.card_kind = "holder"
        self.foreign = Inbox()

    async def tell(self, cmd: str, **arguments: object) -> Message:
        """A command for the world."""
        return await self._tell(cmd, **arguments)

    async def insert_card(self) -> None:
        await self._tell("insert", kind=self.card_kind)

    async def camera(self, who: str) -> None:
        """Who sits before the camera from now on."""
        files = (await self._tell("pictures", who=who))["files"]
        await self._ask_device({"cmd": "camera", "files": files})

    async def stop_reception(self) -> None:
        """End the reception. Idempotent."""
        await self._children.stop("reception")

    def reception_config(self) -> Path:
        return Path(cast("dict[str, str]", self._about["reception"])["config"])

    def foreign_config(self) -> Path:
        """The reception's configuration for another env, with a database of its own."""
        text = self.reception_config().read_text(encoding="utf-8")
        changed = text.replace('env = "sim"', 'env = "test"').replace("reception.sqlite", "foreign.sqlite")
        if changed.count("test") == text.count("test"):
            raise CrewError("the reception's env stands elsewhere than thought")
        path = self.reception_config().with_name("foreign.toml")
        path.write_text(changed, encoding="utf-8")
        return path

    async def start_foreign(self) -> None:
        """The same reception, configured for another env, in the place of the right one."""
        await self.stop_reception()
        argv = list(self._reception("run"))
        argv[argv.index("--config") + 1] = str(self.foreign_config())
        start = Start(FOREIGN, argv, self._log(FOREIGN), self._reception_environment(), pipe=True)
        process = await self._children.start(start)
        self._listening_foreign = asyncio.create_task(
            self._read_foreign(cast("asyncio.StreamReader", process.stdout))  # ends with the process
        )

    async def stop_foreign(self) -> None:
        await self._children.stop(FOREIGN)

    async def _read_foreign(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self.foreign.take(line)

    async def kill_device(self) -> None:
        """As a power cut would, at once; then tidy up behind it."""
        os.kill(self.device_pid(), signal.SIGKILL)
        await self._children.kill("device")
        if self._device is not None:
            await self._device.close()
            self._device = None
        # The simulator's control socket is a file that nobody was left to remove.
        await asyncio.to_thread(self._control_socket().unlink, missing_ok=True)

    def _control_socket(self) -> Path:
        return Path(cast("dict[str, str]", self._about["device"])["control"])

    def reader_environment(self) -> dict[str, str]:
        """What lets a PC/SC program see the private reader."""
        return cast("dict[str, dict[str, str]]", self._about["device"])["environment"]

    def listening(self) -> dict[str, set[tuple[str, int]]]:
        """TCP sockets that this crew's processes listen on, by command line."""
        found: dict[str, set[tuple[str, int]]] = {}
        for pid in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if ports := listening_ports(pid):
                    found[command] = ports
        return found


def descendants(pid: int) -> list[int]:
    """Children, their children, and so on, that live now."""
    found, queue = [], [pid]
    while queue:
        with contextlib.suppress(OSError):
            more = children(queue.pop())
            found += more
            queue += more
    return found


class Stack(Rig):
    """`async with Stack() as stack: await stack.begin()`, then `played(plan)` as often as wanted."""

    def __init__(self, world: tuple[str, ...] = QUICK) -> None:
        super().__init__(world)
        self.hands = StackCrew(Plan(), CrewOptions(world=world))
        self.crew = self.hands

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.hands.folder

    async def begin(self, *, hygiene: bool = True) -> None:
        """Start the device with the unit's environment, or with a plain Python."""
        full = read(UNIT)
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        plain = {name: value for name, value in full.items() if hygiene or name.startswith(("PYTHOND", "PYTHONU"))}
        await self.start({**plain, "TMPDIR": str(temporary)}, bytecode=False)
        await self.rest()

    async def kill(self) -> None:
        """The device is gone without a word."""
        listening, self._listening = self._listening, None
        await self.hands.kill_device()
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        self._state = ""

    async def seen(self, seconds: float = 15.0) -> bool:
        """Whether the reception knows that the device is there."""
        inbox = self.hands.inbox
        return await inbox.until(lambda: bool({"ready", "degraded"} & set(inbox.statuses)), seconds)

    async def take_away(self, away: frozenset[Away]) -> None:
        for part in (Away.GATEWAY, Away.BROKER):
            if part in away:
                await self.hands.tell(part, do="stop")
        if Away.RECEPTION in away:
            await self.hands.stop_reception()

    async def bring_back(self, away: frozenset[Away]) -> None:
        for part in (Away.GATEWAY, Away.BROKER):
            if part in away:
                await self.hands.tell(part, do="start")
        if Away.RECEPTION in away:
            await self.hands.start_reception()

    async def prepare(self, plan: Plan) -> None:
        """World and camera as the plan wants them."""
        self.hands.card_kind = "forged" if plan.forged else "holder"
        if plan.way is Way.FACE:
            who = {Face.HOLDER: "holder", Face.IMPOSTOR: "impostor", Face.NOBODY: "nobody"}[plan.face]
            await self.hands.camera(who)
        delay = {"cmd": "delay", "seconds": plan.slow_look_up}
        if Away.GATEWAY not in plan.away:
            await self.hands.tell("gateway", do="tell", command=delay)
        await self.take_away(plan.away)

    async def visit_until(self, plan: Plan, view: str, act: Callable[[], Awaitable[None]]) -> Story:
        """A visit that `act` ends as soon as the device has drawn `view`."""
        task = asyncio.create_task(self.visit(plan))
        await asyncio.sleep(0)  # now there is a visit
        begun = self._visit
        if begun is None:
            raise CrewError("no visit began")
        try:
            async with asyncio.timeout(_VISIT):
                while view not in begun.story.views and not task.done():
                    self._changed.clear()
                    await self._changed.wait()
            await act()
        except TimeoutError as error:
            raise CrewError(f"no {view} within {_VISIT:.0f} s") from error
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return begun.story

    async def until_true(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Poll something that lies on the disk. TimeoutError."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.crew.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} within {seconds:.0f} s")
            await asyncio.sleep(_POLL)


def sockets_beyond_loopback(listening: dict[str, set[tuple[str, int]]]) -> Sequence[str]:
    """Every socket that another machine could reach."""
    return [
        f"{address}:{port} {command}"
        for command, ports in listening.items()
        for address, port in sorted(ports)
        if address != "127.0.0.1"
    ]
