"""The device process: compose, run, tell systemd, end cleanly on SIGTERM and SIGINT.

The watchdog is fed while the loop runs and every lane answers; a dead lane stops it only outside visits, a hung loop at
once.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from pathlib import Path

from firmware.app.compose import Composed, compose
from firmware.health.memory import seal_process
from firmware.health.watchdog import Notifier
from firmware.runtime.loop import Runtime
from firmware.settings.load import load

log = logging.getLogger("madoguchi.daemon")

KEEP_CLOCK_SECONDS = 600.0
EX_SOFTWARE = 70


def run(path: Path) -> None:
    """Run the device of the settings file `path` until told to stop. Raises DeviceError before the loop starts."""
    _seal(readable=True)
    settings = load(path)
    composed = compose(settings)
    if composed.simulated is None:
        _seal(readable=False)
    journal = composed.journal(settings)
    runtime = Runtime(composed.devices, composed.policy, journal=journal, limits=composed.limits)
    asyncio.run(_serve(composed, runtime))


def _seal(*, readable: bool) -> None:
    """No core dumps from the start on; a real device lets nobody of its user look in either."""
    refused = seal_process(readable=readable)
    if refused:
        log.warning("the kernel refused %s: this process could be dumped", ", ".join(refused))


async def _serve(composed: Composed, runtime: Runtime) -> None:
    notifier = Notifier()
    threading.excepthook = _end_process
    if composed.simulated is not None:
        await composed.simulated.server.start()
    device = asyncio.ensure_future(runtime.run(on_ready=lambda: _ready(notifier)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, device.cancel)
    background = [
        asyncio.ensure_future(_feed_watchdog(notifier, runtime)),
        asyncio.ensure_future(_keep_clock(composed)),
    ]
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await device
    finally:
        notifier.stopping()
        for task in background:
            task.cancel()
        if composed.simulated is not None:
            await composed.simulated.server.close()


def _end_process(failure: threading.ExceptHookArgs) -> None:
    """A library's thread died of something nobody foresaw: systemd starts the device anew. Only the type is logged."""
    log.critical("thread %s died of %s", failure.thread.name if failure.thread else "?", failure.exc_type.__name__)
    os._exit(EX_SOFTWARE)


def _ready(notifier: Notifier) -> None:
    notifier.ready("serving")
    log.info("ready")


async def _feed_watchdog(notifier: Notifier, runtime: Runtime) -> None:
    interval = notifier.interval()
    if interval is None:
        return
    while True:
        await asyncio.sleep(interval / 2)
        # In this order: within a visit a lane may be busy for longer than WatchdogSec, and that is no fault.
        if runtime.in_visit or await runtime.healthy():
            notifier.alive()


async def _keep_clock(composed: Composed) -> None:
    """Move the clock's floor on now and then; a full disk keeps the old one."""
    while True:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(composed.clock.keep)
        await asyncio.sleep(KEEP_CLOCK_SECONDS)
