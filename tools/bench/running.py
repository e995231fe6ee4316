"""What both benches do around their work: signals, exit codes, progress.

Main thread. Exit codes: 0 measured, 1 a visit went wrong, 2 wrong arguments, 3 something is missing or did not start,
130 interrupted. Ctrl-C ends everything in order, once; a second one does not cut the way down short.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Final

from firmware.sim.control import ControlError
from firmware.sim.processes import ProcessError
from firmware.sim.scenario.crew import CrewError

EXIT_WRONG: Final = 1
EXIT_MISSING: Final = 3
EXIT_INTERRUPTED: Final = 130
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class WrongVisitError(Exception):
    """A visit did not end as it had to, so its times say nothing."""


def run(name: str, work: Callable[[], Coroutine[None, None, None]]) -> int:
    """Run `work` to its end; the exit code."""
    try:
        return asyncio.run(_interruptible(work()))
    except WrongVisitError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return EXIT_WRONG
    except (CrewError, ControlError, ProcessError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return EXIT_MISSING


async def _interruptible(work: Coroutine[None, None, None]) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    asked = False

    def cancel() -> None:
        nonlocal asked
        if not asked:
            asked = True
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, cancel)
    try:
        await task
    except asyncio.CancelledError:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


def progress(text: str) -> None:
    """A line on standard error, so that `--json` stays one document."""
    print(text, file=sys.stderr, flush=True)


def count(text: str) -> int:
    """A number of visits: at least one."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
