"""Child processes of the simulator: started, watched, and certain to end with whoever started them.

Every child is started through util-linux `setpriv`, which asks the kernel to end it when its parent dies
(PR_SET_PDEATHSIG) and, where wanted, changes the user; it has a session of its own, so that Ctrl-C reaches only the
scenario runner, which ends all others in order. Output goes to one log file per child, or to a pipe. Runs on the loop
of the starting process's main thread (the kernel's parent is a thread). Times in seconds. Raises ProcessError.
Source: setpriv(1), prctl(2).
"""

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
"""The folder that holds `firmware` and `tools`."""

_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "TERM", "TMPDIR")
_READ_ALL: Final = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")


class ProcessError(Exception):
    """A child could not be started or ended before it should."""


@dataclass(frozen=True, slots=True)
class Start:
    """How to start a child: `pipe` makes its standard output readable, else it goes to the log like its errors.

    Without a log its errors go where ours go. `death`: what the kernel sends it when this process dies. `stdin`: an
    open file or socket to inherit.
    """

    name: str
    argv: Sequence[str]
    log: Path | None = None
    env: Mapping[str, str] | None = None
    death: str = "KILL"
    pipe: bool = False
    stdin: int | IO[bytes] = subprocess.DEVNULL


def clean_environment(**more: str) -> dict[str, str]:
    """What children get of ours: the search path and the language; nothing that changes Python's behaviour."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **more}


class Children:
    """The children of this process, ended in reverse order of their start."""

    def __init__(self, on_death: Callable[[str, int], None] | None = None) -> None:
        self._on_death = on_death
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}

    async def start(self, start: Start) -> asyncio.subprocess.Process:
        """Start a child. ProcessError when the program is missing or the name is taken."""
        if start.name in self._running:
            raise ProcessError(f"{start.name} runs already")
        guard = ("setpriv", "--pdeathsig", start.death, "--")
        with contextlib.ExitStack() as opened:
            try:
                log = opened.enter_context(start.log.open("ab")) if start.log is not None else None
                process = await asyncio.create_subprocess_exec(
                    *guard,
                    *start.argv,
                    env=dict(start.env) if start.env is not None else clean_environment(),
                    stdin=start.stdin,
                    stdout=asyncio.subprocess.PIPE if start.pipe else log,
                    stderr=log,
                    limit=1024 * 1024,
                    cwd=CHECKOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProcessError(f"{start.name}: {error.strerror}") from error
        self._running[start.name] = process
        self._watchers[start.name] = asyncio.create_task(self._watch(start.name, process))
        return process

    def running(self, name: str) -> bool:
        """Whether the child of that name lives."""
        return name in self._running

    def pid(self, name: str) -> int | None:
        """Process id of a living child."""
        process = self._running.get(name)
        return process.pid if process else None

    async def stop(self, name: str, seconds: float = 3.0) -> None:
        """Ask the child to end, then make it. Idempotent."""
        process = self._running.pop(name, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(seconds):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        finally:
            await asyncio.gather(self._watchers.pop(name), return_exceptions=True)

    async def kill(self, name: str) -> None:
        """End the child without asking (a power cut). Idempotent."""
        process = self._running.get(name)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await self.stop(name)

    async def stop_all(self) -> None:
        """End everything, the last one started first."""
        for name in reversed(tuple(self._running)):
            await self.stop(name)

    async def _watch(self, name: str, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        # `stop` takes the name out first: what is still there has died by itself.
        if self._running.get(name) is process:
            del self._running[name]
            del self._watchers[name]
            if self._on_death is not None:
                self._on_death(name, code)


@dataclass(frozen=True, slots=True)
class OrdinaryUser:
    """Whom root becomes. `prefix`: the command before the command that does it."""

    name: str
    uid: int
    gid: int
    prefix: tuple[str, ...]


def ordinary_user() -> OrdinaryUser | None:
    """Whom to become when started as root, None when not root or when no other user can read this checkout.

    The user of sudo or the checkout's owner comes before `nobody`. Where folders above the checkout or the
    interpreter are closed to others (a checkout below /root), the user gets the one capability to read past that.
    """
    if os.geteuid() != 0:
        return None
    for entry in _candidates():
        for extra in ((), _READ_ALL):
            prefix = (
                *("setpriv", "--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--clear-groups"),
                *("--pdeathsig", "TERM", *extra, "--"),
            )
            if _can_run(prefix):
                return OrdinaryUser(entry.pw_name, entry.pw_uid, entry.pw_gid, prefix)
    return None


def _candidates() -> list[pwd.struct_passwd]:
    ids = [os.environ.get("SUDO_UID", "0"), str(CHECKOUT.stat().st_uid)]
    found = []
    for number in ids:
        with contextlib.suppress(KeyError, ValueError):
            found.append(pwd.getpwuid(int(number)))
    with contextlib.suppress(KeyError):
        found.append(pwd.getpwnam("nobody"))
    return [entry for entry in found if entry.pw_uid != 0]


def _can_run(prefix: Sequence[str]) -> bool:
    """Whether that user starts this very Python with this very checkout (a wrong one may start instead)."""
    question = "import sys, ssl, firmware; print(sys.base_prefix, firmware.__file__)"
    wanted = f"{sys.base_prefix} {CHECKOUT / 'firmware' / '__init__.py'}"
    try:
        answer = subprocess.run(
            [*prefix, sys.executable, "-c", question],
            capture_output=True,
            check=False,
            cwd=CHECKOUT,
            env=clean_environment(),
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == wanted
