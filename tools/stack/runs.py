"""Whole runs of `make run` beside each other: issue 2, A3 (nobody touches anybody) and A5 (who is accepted).

Each run is a process of its own, started as a person would start it. Runs on the caller's loop; looking at processes
takes milliseconds. Times in seconds. `Runs` ends what still runs, whatever happens.
"""

import asyncio
import contextlib
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self

from firmware.sim.pcsc.listening import listening_ports
from firmware.sim.processes import CHECKOUT, ordinary_user
from tools.stack.stack import descendants

_LONGEST: Final = 150.0
_LOOK: Final = 0.2
_GONE: Final = 10.0
PASSED: Final = "PASSED"


@dataclass(slots=True)
class Run:
    """A run that was started. `listening`: sockets that its processes were seen to listen on; `users`: of whom."""

    words: tuple[str, ...]
    process: subprocess.Popen[bytes]
    out: IO[bytes]
    film: Path
    began: float
    seconds: float = 0.0
    code: int | None = None
    listening: set[tuple[str, int]] = field(default_factory=set)
    users: set[int] = field(default_factory=set)
    seen: dict[int, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        self.out.seek(0)
        return self.out.read().decode(errors="replace")

    @property
    def document(self) -> dict[str, Any]:
        """What `--json` said."""
        told: dict[str, Any] = json.loads(self.text)
        return told

    def folders(self) -> set[str]:
        """Run folders named by its processes."""
        words = [text.split("\0") for text in self.seen.values()]
        return {each[each.index("--dir") + 1] for each in words if "--dir" in each}

    def look(self) -> None:
        """Note what its processes are and where they listen."""
        for pid in descendants(self.process.pid):
            with contextlib.suppress(OSError):
                self.seen[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
                self.users.add(Path(f"/proc/{pid}").stat().st_uid)
                self.listening |= listening_ports(pid)

    def left_over(self) -> list[str]:
        """Processes and folders that are still there."""
        folders = self.folders()
        found = [folder for folder in folders if Path(folder).exists()]
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                if any(folder in command for folder in folders):
                    found.append(command.replace("\0", " "))
        return found


class Runs:
    """`with Runs() as runs: runs.start("--quiet"); …; runs.wait()`."""

    def __init__(self) -> None:
        self.started: list[Run] = []
        self._films = Path(tempfile.mkdtemp(prefix="madoguchi-films-"))
        self.user = ordinary_user()
        if self.user is not None:
            os.chown(self._films, self.user.uid, self.user.gid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for run in self.started:
            if run.process.poll() is None:
                run.process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.process.wait(30)
            run.out.close()
        for film in self._films.glob("*"):
            film.unlink()
        self._films.rmdir()

    def start(self, *words: str, ordinary: bool = False) -> Run:
        """One run; `ordinary`: as the ordinary user that root becomes anyway, from the first instruction on."""
        prefix = self.user.prefix if ordinary and self.user is not None else ()
        film = self._films / f"{len(self.started)}.png"
        out = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the run
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "firmware.sim", *words, "--film", str(film)],
            cwd=CHECKOUT,
            stdout=out,
            stderr=subprocess.STDOUT if "--json" not in words else subprocess.DEVNULL,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            # A Ctrl-C at the terminal goes to us; we pass it on once.
            start_new_session=True,
        )
        self.started.append(Run(words, process, out, film, time.monotonic()))
        return self.started[-1]

    async def wait(self) -> Sequence[Run]:
        """Until all have ended, looking at them meanwhile. TimeoutError."""
        deadline = time.monotonic() + _LONGEST
        while waiting := [run for run in self.started if run.code is None]:
            for run in waiting:
                run.look()
                run.code = run.process.poll()
                run.seconds = time.monotonic() - run.began
            if time.monotonic() > deadline:
                raise TimeoutError("a run does not end")
            await asyncio.sleep(_LOOK)
        return self.started


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two runs at once. `wrong`: everything that is not as it has to be."""

    seconds: float
    users: tuple[str, ...]
    ports: int
    wrong: tuple[str, ...]


async def side_by_side() -> SideBySide:
    """One started as whoever we are (root becomes an ordinary user), one as an ordinary user."""
    with Runs() as runs:
        pair = [runs.start("--quiet"), runs.start("--quiet", ordinary=True)]
        await runs.wait()
        wrong = [f"run {index} ended with {run.code}" for index, run in enumerate(pair) if run.code]
        wrong += [f"run {index} did not pass" for index, run in enumerate(pair) if PASSED not in run.text]
        wrong += [f"listens on {where}:{port}" for run in pair for where, port in run.listening if where != "127.0.0.1"]
        if any(len(run.folders()) != 1 for run in pair) or pair[0].folders() & pair[1].folders():
            wrong.append("the runs do not have a folder each")
        if pair[0].listening & pair[1].listening:
            wrong.append("the runs share a socket")
        if any(len(run.listening) < _DAEMONS for run in pair):
            wrong.append("fewer sockets were seen than there are daemons")
        wrong += await _left_over(pair)
        users = tuple(sorted({_who(uid) for run in pair for uid in run.users if uid or os.geteuid() == 0}))
        ports = sum(len(run.listening) for run in pair)
        return SideBySide(max(run.seconds for run in pair), users, ports, tuple(wrong))


_DAEMONS: Final = 3
"""vpcd, mosquitto and the gateway listen on TCP."""


async def _left_over(pair: Sequence[Run]) -> list[str]:
    deadline = time.monotonic() + _GONE
    while time.monotonic() < deadline:
        if not any(run.left_over() for run in pair):
            return []
        await asyncio.sleep(_LOOK)
    return [f"left behind: {each}" for run in pair for each in run.left_over()]


def _who(uid: int) -> str:
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return str(uid)


ASSURED: Final = {
    "--json": ("identified", "face-issuer-verified"),
    "--impostor --json": ("not identified", "none"),
    "--forged-chip --accept-unknown-issuer --json": ("identified", "face-issuer-unknown"),
    "--forged-chip --json": ("not identified", "none"),
}
"""Flags, and what has to come of them: the outcome in short, and the assurance."""


async def assured() -> dict[str, list[str]]:
    """A5: by flags, everything that is not as it has to be. Two runs at a time."""
    told: dict[str, list[str]] = {}
    flags = list(ASSURED)
    for pair in (flags[:2], flags[2:]):
        with Runs() as runs:
            for words in pair:
                runs.start(*words.split())
            for run in await runs.wait():
                flags_of_run = " ".join(run.words)
                told[flags_of_run] = (
                    assurance_wrong(flags_of_run, run.document)
                    if run.text
                    else [f"ended with {run.code}, said nothing"]
                )
    return told


def assurance_wrong(flags: str, told: dict[str, Any]) -> list[str]:
    """What a run's document says otherwise than A5 demands."""
    wrong = list(told["wrong"])
    outcome, assurance = ASSURED[flags]
    bodies = [message["body"] for message in told["reception"] if message["typ"] == "result"]
    if len(bodies) != 1:
        return [*wrong, f"{len(bodies)} results"]
    (body,) = bodies
    accepted = body["outcome"] == "identified"
    if accepted is not (outcome == "identified") or body.get("assurance") != assurance:
        wrong.append(f"outcome {body['outcome']}, assurance {body.get('assurance')}")
    if accepted is not ("Consenting" in told["states"]):
        wrong.append("the states do not fit the outcome")
    if flags == "--impostor --json" and body["match"]["code"] == "match":
        wrong.append("the impostor's face matched")
    if flags == "--forged-chip --json" and "AwaitingStaff" not in told["states"]:
        wrong.append("no staff check was asked for")
    return wrong
