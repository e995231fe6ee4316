"""The world process: everything around one simulated device, with a control socket of its own.

`python -m firmware.sim.world --dir FOLDER --json` makes FOLDER with cards, private pcscd, site, mosquitto and gateway,
prints one line of JSON when they run, and serves commands on `FOLDER/world.sock` until it is told to end, is signalled,
or its parent dies (who starts it through `processes.Children` asks the kernel for that). At its end nothing is left: it
removes FOLDER, unless `--keep`. Exit code 3: something it needs is not installed, or does not start.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from firmware.sim.broker import BrokerError
from firmware.sim.cards import CardsError
from firmware.sim.control import Answer, ControlError, ControlServer, Message
from firmware.sim.fronts import FrontsError
from firmware.sim.parts import RECEPTION, Parts, WorldError, WorldOptions, check_parts
from firmware.sim.pcsc.parts import PcscdError
from firmware.sim.processes import Children, ProcessError

EXIT_MISSING: Final = 3
_REMOVE_ATTEMPTS: Final = 50
_REMOVE_PAUSE: Final = 0.1


class World:
    """The parts, and the commands that change them."""

    def __init__(self, folder: Path, options: WorldOptions) -> None:
        self._folder = folder
        self._children = Children(self._died)
        self._parts = Parts(folder, options, self._children)
        self._server = ControlServer(folder / "world.sock")
        self._lock = asyncio.Lock()
        self.ended = asyncio.Event()

    async def start(self) -> None:
        """Everything up, the control socket last."""
        await self._parts.start()
        commands: dict[str, Callable[[Message], Awaitable[Answer] | Answer]] = {
            "insert": self._card_command(self._parts.cards.insert),
            "swap": self._card_command(self._parts.cards.swap),
            "remove": self._remove,
            "card-log": self._card_log,
            "gateway": self._gateway,
            "terminal": self._terminal,
            "broker": self._broker,
            "pcscd": self._pcscd,
            "card-pictures": lambda message: {"files": self._parts.card_pictures(str(message["side"]))},
            "pictures": lambda message: {"files": self._parts.pictures(str(message["who"]))},
            "status": lambda _: {"pids": self._parts.pids()},
            "end": self._end,
        }
        for name, handler in commands.items():
            self._server.on(name, self._guarded(handler))
        await self._server.start()

    async def stop(self) -> None:
        """Everything down. Idempotent."""
        await self._server.close()
        await self._parts.stop()

    def description(self) -> Message:
        """What a scenario has to know; one line of JSON."""
        person = self._parts.cards.person
        site = self._parts.site
        return {
            "ready": True,
            "control": str(self._folder / "world.sock"),
            "device": {
                "config": str(site / "device" / "madoguchi.toml"),
                "control": str(self._parts.device_control),
                "environment": self._parts.device_environment(),
            },
            "reception": {"config": str(site / f"reception-{RECEPTION}" / "reception.toml")},
            "card": {"number_b": person.number_b, "pin": person.pin},
            "questions": self._parts.questions(),
            "pids": self._parts.pids(),
            "real": ["pcscd", "vpcd", "mosquitto (TLS 1.3, client certificates)", self._parts.link],
        }

    # ---- commands ----------------------------------------------------------------------------------------------

    def _guarded(
        self, handler: Callable[[Message], Awaitable[Answer] | Answer]
    ) -> Callable[[Message], Awaitable[Answer]]:
        """One command at a time, and the parts' errors as answers."""

        async def run(message: Message) -> Answer:
            async with self._lock:
                try:
                    answer = handler(message)
                    return await answer if isinstance(answer, Awaitable) else answer
                except (WorldError, CardsError, FrontsError, PcscdError, BrokerError, ProcessError) as error:
                    raise ControlError(str(error)) from error

        return run

    def _card_command(self, action: Callable[[str], None]) -> Callable[[Message], Awaitable[Answer]]:
        async def run(message: Message) -> Answer:
            await asyncio.to_thread(action, str(message["kind"]))
            return {"at": time.monotonic()}

        return run

    async def _remove(self, _: Message) -> Answer:
        await asyncio.to_thread(self._parts.cards.remove)
        return {"at": time.monotonic()}

    def _card_log(self, _: Message) -> Answer:
        return {"commands": self._parts.cards.commands(), "violations": self._parts.cards.violations()[:50]}

    async def _gateway(self, message: Message) -> Answer:
        match message["do"]:
            case "start":
                await self._parts.start_gateway()
            case "stop":
                await self._parts.gateway.stop()
            case "tell":
                await self._parts.gateway.tell(_command(message))
            case _:
                raise ValueError("do")
        return {}

    async def _terminal(self, message: Message) -> Answer:
        if message["do"] != "tell":
            raise ValueError("do")
        await self._parts.terminal.tell(_command(message))
        return {}

    def _broker(self, message: Message) -> Answer:
        match message["do"]:
            case "start":
                self._parts.start_broker()
            case "stop":
                self._parts.stop_broker()
            case "cut":
                self._parts.stop_broker(cut=True)
            case _:
                raise ValueError("do")
        return {}

    def _pcscd(self, message: Message) -> Answer:
        match message["do"]:
            case "start":
                self._parts.start_pcscd()
            case "stop":
                self._parts.stop_pcscd()
            case _:
                raise ValueError("do")
        return {"pids": self._parts.pids()}

    def _end(self, _: Message) -> Answer:
        self.ended.set()
        return {}

    def _died(self, name: str, code: int) -> None:
        if name != "site":
            self._server.broadcast({"event": "died", "name": name, "code": code})


def _command(message: Message) -> Message:
    command = message["command"]
    if not isinstance(command, dict):
        raise TypeError("command")
    return command


async def run(folder: Path, options: WorldOptions, *, as_json: bool) -> None:
    """Serve until the end; whatever happens, everything is down afterwards."""
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()
    world = World(folder, options)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Once is enough: the way down is bounded, and a second signal must not cut it short.
        loop.add_signal_handler(number, _cancel_once(main))
    try:
        await world.start()
        description = world.description()
        print(json.dumps(description) if as_json else f"world ready: {description['control']}", flush=True)
        await world.ended.wait()
    except asyncio.CancelledError:
        return
    finally:
        await world.stop()


def _cancel_once(task: "asyncio.Task[None] | None") -> Callable[[], None]:
    asked = False

    def cancel() -> None:
        nonlocal asked
        if not asked and task is not None:
            asked = True
            task.cancel()

    return cancel


def remove_folder(folder: Path) -> None:
    """Remove a run folder; a process that is just ending may still write into it, so try for a while."""
    for _ in range(_REMOVE_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_REMOVE_PAUSE)


def parser() -> argparse.ArgumentParser:
    """Arguments of the world process."""
    made = argparse.ArgumentParser(prog="python -m firmware.sim.world", description="Everything around one device.")
    made.add_argument(
        "--dir", type=Path, required=True, metavar="FOLDER", help="private folder that belongs to the world"
    )
    made.add_argument("--json", action="store_true", help="print what a scenario has to know as one line of JSON")
    made.add_argument("--keep", action="store_true", help="leave FOLDER behind")
    made.add_argument("--camera", default="holder", choices=["holder", "impostor", "nobody"], help="who is seen")
    made.add_argument(
        "--card-front",
        default="none",
        choices=["none", "front", "back", "held"],
        help="what a card camera sees first; held: up to the face camera",
    )
    made.add_argument("--answer", default="taro", metavar="NAME", help="what is said of the holder's eligibility")
    made.add_argument("--terminal", action="store_true", help="the official terminal's folders instead of a gateway")
    made.add_argument("--disaster", action="store_true", help="gateway and device in disaster mode")
    made.add_argument("--gateway-delay", type=float, default=0.0, metavar="SECONDS")
    made.add_argument("--contactless", action="store_true", help="the card answers as slowly as over the air")
    made.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="device setting")
    return made


def main(words: list[str] | None = None) -> int:
    """Entry of the world process."""
    arguments = parser().parse_args(words)
    folder: Path = arguments.dir
    options = WorldOptions(
        camera=arguments.camera,
        card_front=arguments.card_front,
        answer=arguments.answer,
        gateway_delay=arguments.gateway_delay,
        settings=tuple(arguments.set),
        contactless=arguments.contactless,
        terminal=arguments.terminal,
        disaster=arguments.disaster,
    )
    try:
        check_parts()
        # Under root pcscd and mosquitto run as `nobody`, who has to pass through, not to look.
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700)
    except (WorldError, OSError) as error:
        print(f"world: {error}", file=sys.stderr)
        return EXIT_MISSING
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(run(folder, options, as_json=arguments.json))
    except (WorldError, CardsError, FrontsError, ControlError, ProcessError) as error:
        print(f"world: {error}", file=sys.stderr)
        return EXIT_MISSING
    finally:
        if not arguments.keep:
            remove_folder(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
