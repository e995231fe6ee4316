"""Who answers eligibility in a simulated world: the gateway's process, or the official terminal's; and their questions.

Runs on the world process's loop. Both processes are commanded over control sockets of their own. Times in seconds.
Raises WorldError with one line; ControlError when a command is refused. Source: eligibility.md 1.8, 2.3, 2.6.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from firmware.sim.control import ControlClient, Message
from firmware.sim.gateway.people import Insured, Members
from firmware.sim.processes import Children, Start

INSTITUTION: Final = "1319999999"
DISASTER_SECONDS: Final = 3600
_UP: Final = 15.0
_POLL: Final = 0.03
_TERMINAL_DELAY: Final = ("0.5", "1.0")
"""A real one takes some seconds; nobody wants to wait for a simulated one."""


class WorldError(Exception):
    """The world cannot be made; the text is for the person at the terminal."""


def tail(log: Path, size: int = 600) -> str:
    """The end of a log, to put behind a message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return f":\n{text[-size:]}" if text else ""


class Answerer:
    """One process, `gateway` or `terminal`: started, commanded, ended. `is_up`: whether it takes questions."""

    def __init__(self, name: str, argv: tuple[str, ...], folder: Path, children: Children) -> None:
        self._name = name
        self._socket = folder / f"{name}.sock"
        self._argv = (sys.executable, "-m", f"firmware.sim.{name}", *argv, "--control", str(self._socket))
        self._log = folder / "logs" / f"{name}.log"
        self._children = children

    async def start(self, is_up: Callable[[], bool]) -> None:
        """Start the process and wait until it is up. Idempotent."""
        if self._children.running(self._name):
            return
        self._socket.unlink(missing_ok=True)
        await self._children.start(Start(name=self._name, argv=self._argv, log=self._log))
        deadline = asyncio.get_running_loop().time() + _UP
        while self._children.running(self._name) and asyncio.get_running_loop().time() < deadline:
            if is_up():
                return
            await asyncio.sleep(_POLL)
        raise WorldError(f"the {self._name} did not come up" + tail(self._log))

    async def stop(self) -> None:
        """End the process. Idempotent."""
        await self._children.stop(self._name)

    async def tell(self, command: Message) -> None:
        """Pass a command on to the process's own control socket."""
        client = await ControlClient.connect(self._socket)
        try:
            await client.ask(command)
        finally:
            await client.close()

    def is_listening(self) -> bool:
        """Whether it takes commands; its control socket is the last that comes up."""
        return self._socket.exists()

    @property
    def pid(self) -> int | None:
        """Process id while it lives."""
        return self._children.pid(self._name)


def gateway(site: Path, folder: Path, children: Children) -> Answerer:
    """The site's gateway."""
    return Answerer("gateway", ("--config", str(site / "gateway" / "gateway.toml")), folder, children)


def terminal(root: Path, folder: Path, children: Children) -> Answerer:
    """The official terminal, on the folders below `root`."""
    argv = ("--root", str(root), "--institution", INSTITUTION, "--delay", *_TERMINAL_DELAY)
    return Answerer("terminal", argv, folder, children)


def terminal_settings(root: Path) -> tuple[str, ...]:
    """The device's settings for that terminal, as tools/site takes them."""
    folders = {"requests": root / "req", "responses": root / "res", "faces": root / "face"}
    return (
        *(f"terminal.{name}={json.dumps(str(path))}" for name, path in folders.items()),
        f'terminal.institution="{INSTITUTION}"',
    )


def disaster_settings() -> tuple[str, ...]:
    """Disaster mode of the device, for as long as the gateway's."""
    until = datetime.now(UTC) + timedelta(seconds=DISASTER_SECONDS)
    return (f'disaster.until="{until.isoformat(timespec="seconds")}"',)


def questions(person: Insured) -> dict[str, dict[str, str]]:
    """What a reception may ask about somebody without a card, by verb; nothing about who has no coverage."""
    if not person.coverages:
        return {}
    coverage: Members = person.coverages[0]
    number = {
        name: str(coverage[name])
        for name in ("InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber")
        if name in coverage
    }
    born = {"Birthdate": str(coverage["Birthdate"])}
    # A name with a character that could not be delivered is asked for by its kana.
    name = str(coverage["NameKana" if "●" in str(coverage["Name"]) else "Name"])
    data = {"Name": name, **born, "Sex1": str(coverage["Sex1"]), "Address": str(coverage["Address"])}
    return {
        "lookup": {**number, **born, "LimitApplicationCertificateRelatedConsFlg": "0"},
        "emergency-search": data,
    }
