"""What the simulator's own processes (gateway, terminal) have in common: serve until signalled, commands beside.

Loop thread. Prints one line `ready …` when it runs; SIGTERM and SIGINT end it in order.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from firmware.sim.control import ControlServer


class Served(Protocol):
    """A part that runs in a process of its own."""

    async def start(self) -> None:
        """Takes work when this returns."""

    async def stop(self) -> None:
        """Idempotent."""


async def serve(
    part: Served, control_path: Path | None, register: Callable[[ControlServer], None], where: Callable[[], object]
) -> None:
    """Run `part` until a signal. `register`: puts its commands on the control socket; `where`: told when ready."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(part.stop)
        await part.start()
        if control_path is not None:
            control = ControlServer(control_path)
            register(control)
            await control.start()
            stack.push_async_callback(control.close)
        print(f"ready {where()}", flush=True)
        await stopped.wait()
