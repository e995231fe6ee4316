"""Child processes: ended in order, by force, with their parent; and what the reception reports."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.sim.processes import CHECKOUT, Children, ProcessError, Start, clean_environment
from firmware.sim.scenario.crew import Inbox

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
)


async def _started(children: Children, name: str, argv: tuple[str, ...]) -> asyncio.subprocess.Process:
    process = await children.start(Start(name, argv, pipe=True))
    assert process.stdout is not None
    async with asyncio.timeout(10):
        assert await process.stdout.readline() == b"up\n"
    return process


async def test_children_are_ended_the_last_one_first() -> None:
    died: list[str] = []
    children = Children(lambda name, _: died.append(name))
    first = await _started(children, "first", SLEEP)
    second = await _started(children, "second", SLEEP)
    assert children.pid("first") == first.pid
    await children.stop_all()
    assert (first.returncode, second.returncode) == (-signal.SIGTERM, -signal.SIGTERM)
    assert not children.running("first")
    assert died == []
    await children.stop("first")


async def test_a_child_that_does_not_listen_is_killed() -> None:
    children = Children()
    process = await _started(children, "deaf", STUBBORN)
    await children.stop("deaf", seconds=0.1)
    assert process.returncode == -signal.SIGKILL


async def test_a_power_cut_does_not_ask() -> None:
    children = Children()
    process = await _started(children, "cut", STUBBORN)
    await children.kill("cut")
    assert process.returncode == -signal.SIGKILL


async def test_who_dies_alone_is_reported(tmp_path: Path) -> None:
    died: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
    children = Children(lambda name, code: died.set_result((name, code)))
    argv = (sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(4)")
    await children.start(Start("short", argv, tmp_path / "log"))
    async with asyncio.timeout(10):
        assert await died == ("short", 4)
    assert sorted((tmp_path / "log").read_text().split()) == ["err", "out"]
    assert not children.running("short")


async def test_a_name_is_taken_once() -> None:
    children = Children()
    await _started(children, "one", SLEEP)
    with pytest.raises(ProcessError, match="runs already"):
        await children.start(Start("one", SLEEP))
    await children.stop_all()


def test_the_kernel_ends_the_child_of_a_killed_parent() -> None:
    text = (
        "import asyncio, sys; from firmware.sim.processes import Children, Start\n"
        "async def main():\n"
        "    child = await Children().start(Start('x', [sys.executable, '-c', 'import time; time.sleep(60)']))\n"
        "    print(child.pid, flush=True); await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT, env=clean_environment()
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        # The request to the kernel is made by `setpriv`, just before it becomes the program.
        _wait(lambda: "time.sleep" in _command(child))
        parent.kill()
    _wait(lambda: not _lives(child))
    assert not _lives(child)


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not condition():
        time.sleep(0.01)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_children_get_only_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADOGUCHI_MARKER", "secret")
    environment = clean_environment(EXTRA="1")
    assert "MADOGUCHI_MARKER" not in environment
    assert environment["EXTRA"] == "1"
    assert environment["PATH"] == os.environ["PATH"]


async def test_the_inbox_sorts_what_the_reception_says() -> None:
    inbox = Inbox()
    for line in (
        b"rubbish\n",
        b"[1]\n",
        b'{"event": "link"}\n',
        b'{"event": "device", "status": "ready", "held": 2}\n',
        b'{"event": "message", "typ": "result"}\n',
        b'{"event": "refused", "why": "wrong-env"}\n',
    ):
        inbox.take(line)
    assert inbox.statuses == ["ready"]
    assert inbox.held == 2
    assert [message["typ"] for message in inbox.messages] == ["result"]
    assert [message["why"] for message in inbox.refused] == ["wrong-env"]
    assert await inbox.until(lambda: len(inbox.messages) == 1, 1.0)
    assert not await inbox.until(lambda: len(inbox.messages) == 2, 0.02)
    asyncio.get_running_loop().call_later(0.02, inbox.take, b'{"event": "message"}\n')
    assert await inbox.until(lambda: len(inbox.messages) == 2, 5.0)
