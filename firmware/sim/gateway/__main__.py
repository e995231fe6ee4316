"""The gateway simulator as a process: prints one line `ready URL` and runs until SIGTERM or SIGINT.

Control socket (firmware.sim.control), commands: `fault` (value: a kind or null; path, times), `delay` (seconds),
`consents`, `lookups`, `disaster` (seconds that disaster mode lasts from now, null ends it). Exit code 0, or 2 with one
line when settings or address are no good.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from firmware.sim.control import ControlError, ControlServer, Message
from firmware.sim.gateway.config import SimConfig, load
from firmware.sim.gateway.faults import Fault, FaultKind
from firmware.sim.gateway.server import GatewayServer
from firmware.sim.serving import serve

_LONGEST_DISASTER = 30 * 86400


def register_commands(control: ControlServer, server: GatewayServer) -> None:
    """Let `control` command `server`."""

    async def fault(message: Message) -> Message:
        value, times = message["value"], message.get("times")
        if times is not None and not isinstance(times, int):
            raise TypeError("times")
        wanted = None if value is None else Fault(FaultKind(str(value)), str(message.get("path", "/v1/")), times)
        await server.fault(wanted)
        return {}

    def delay(message: Message) -> Message:
        seconds = message["seconds"]
        if not isinstance(seconds, int | float) or not 0 <= seconds <= 3600:
            raise ValueError("seconds")
        server.desk.delay = float(seconds)
        return {}

    def disaster(message: Message) -> Message:
        seconds = message["seconds"]
        if seconds is None:
            server.queries.disaster_until = None
            return {}
        if not isinstance(seconds, int | float) or not 0 <= seconds <= _LONGEST_DISASTER:
            raise ValueError("seconds")
        server.queries.disaster_until = server.desk.now() + seconds
        return {}

    async def consents(_message: Message) -> Message:
        return dict(await server.consents())

    async def lookups(_message: Message) -> Message:
        return dict(await server.look_ups())

    control.on("fault", fault)
    control.on("delay", delay)
    control.on("disaster", disaster)
    control.on("consents", consents)
    control.on("lookups", lookups)


async def _run(config: SimConfig, control_path: Path | None) -> None:
    server = GatewayServer(config)
    await serve(server, control_path, lambda control: register_commands(control, server), lambda: server.url)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware.sim.gateway", description="Simulated gateway.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="gateway.toml")
    parser.add_argument("--control", type=Path, metavar="SOCKET", help="unix socket for commands")
    arguments = parser.parse_args()
    try:
        asyncio.run(_run(load(arguments.config), arguments.control))
    except (ValueError, OSError, ControlError) as error:
        print(f"gateway: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
