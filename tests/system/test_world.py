"""The world process and the scenario runner leave nothing behind, whatever ends them.

Real pcscd, vpcd, mosquitto, gateway, reception; the device is `fake_device.py`. As root everything runs as an ordinary
user, which these tests look up in /proc.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.sim.control import ControlClient, ControlError
from firmware.sim.processes import CHECKOUT, OrdinaryUser, clean_environment, ordinary_user

pytestmark = pytest.mark.system

FAKE_DEVICE = f"{sys.executable} {Path(__file__).with_name('fake_device.py')}"


def _until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def _children(pid: int) -> dict[int, str]:
    """Living descendants of a process with their command lines."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: dict[int, str] = {}
    queue = [pid]
    while queue:
        for child in parents.get(queue.pop(), []):
            found[child] = _command(child)
            queue.append(child)
    return found


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def _alive(pid: int) -> bool:
    """Whether the process runs; one that was not waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _users(pids: dict[int, str]) -> set[int]:
    return {Path(f"/proc/{pid}").stat().st_uid for pid in pids}


def _mode(path: str) -> int:
    return Path(path).stat().st_mode & 0o777


def _traces(folder: str) -> list[str]:
    """Processes that name the folder, and the folder itself."""
    processes = [_command(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")]
    return [text for text in processes if folder in text] + ([folder] if Path(folder).exists() else [])


def _gone(pids: dict[int, str], folder: str) -> bool:
    return _until(lambda: not any(map(_alive, pids)) and not _traces(folder))


@pytest.fixture(scope="module")
def user() -> OrdinaryUser | None:
    return ordinary_user()


class World:
    """A started world process."""

    def __init__(self, user: OrdinaryUser | None) -> None:
        self.folder = f"{tempfile.gettempdir()}/madoguchi-{secrets.token_hex(6)}"
        command = [sys.executable, "-m", "firmware.sim.world", "--dir", self.folder, "--json"]
        self.process = subprocess.Popen(
            [*(user.prefix if user else ()), *command],
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env=clean_environment(),
        )

    def ready(self) -> dict[str, object]:
        assert self.process.stdout is not None
        about: dict[str, object] = json.loads(self.process.stdout.readline())
        return about

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def worlds(user: OrdinaryUser | None) -> Iterator[Callable[[], World]]:
    made: list[World] = []

    def make() -> World:
        made.append(World(user))
        return made[-1]

    yield make
    for world in made:
        if world.process.poll() is None:
            world.end()
        if world.process.stdout is not None:
            world.process.stdout.close()


async def test_two_worlds_do_not_touch_each_other(worlds: Callable[[], World], user: OrdinaryUser | None) -> None:
    first, second = worlds(), worlds()
    first.ready()
    about = second.ready()
    pids = _children(first.process.pid)
    assert {name for name in ("pcscd", "mosquitto", "gateway") if any(name in text for text in pids.values())} == {
        "pcscd",
        "mosquitto",
        "gateway",
    }
    assert _users(pids) == {user.uid if user else os.getuid()}
    assert _mode(first.folder) == 0o700
    assert first.end() == 0
    assert _gone(pids, first.folder)
    client = await ControlClient.connect(Path(str(about["control"])))
    for kind in ("holder", "forged"):
        await client.call("insert", kind=kind)
        with pytest.raises(ControlError, match="not free"):
            await client.call("insert", kind=kind)
        await client.call("swap", kind="holder")
        await client.call("remove")
    for part in ("gateway", "broker", "pcscd"):
        await client.call(part, do="stop")
        await client.call(part, do="start")
    await client.call("gateway", do="tell", command={"cmd": "delay", "seconds": 1})
    assert (await client.call("card-log"))["violations"] == []
    with pytest.raises(ControlError, match="no such card"):
        await client.call("insert", kind="credit")
    with pytest.raises(ControlError, match="bad arguments"):
        await client.call("broker", do="dance")
    pids = _children(second.process.pid)
    await client.call("end")
    await client.close()
    assert second.process.wait(20) == 0
    assert _gone(pids, second.folder)


def test_a_folder_that_exists_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    command = [sys.executable, "-m", "firmware.sim.world", "--dir", str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, env=clean_environment(), capture_output=True, check=False, text=True)
    assert done.returncode == 3
    assert "File exists" in done.stderr
    assert (tmp_path / "precious").exists()


def test_a_world_without_its_programs_says_what_to_install(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from firmware.sim import parts, world; parts.missing_parts = lambda: ",
    ]
    command[-1] += f"['pcscd']; sys.exit(world.main(['--dir', '{tmp_path / 'w'}']))"
    done = subprocess.run(command, cwd=CHECKOUT, env=clean_environment(), capture_output=True, check=False, text=True)
    assert done.returncode == 3
    assert "pcscd (apt install pcscd)" in done.stderr
    assert not (tmp_path / "w").exists()


class Run:
    """A started scenario runner with the fake device."""

    def __init__(self, film: Path, *more: str) -> None:
        command = [sys.executable, "-m", "firmware.sim", "--device-command", FAKE_DEVICE, "--film", str(film)]
        self.process = subprocess.Popen(
            [*command, *more],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def folder(self) -> str:
        """The run folder, from the world's command line; waits until there is one."""
        found: list[str] = []

        def look() -> bool:
            texts = [text for text in _children(self.process.pid).values() if " --dir " in text]
            found[:] = [text.split(" --dir ")[1].split()[0] for text in texts]
            return bool(found)

        assert _until(look)
        return found[0]


def test_a_device_that_sends_nothing_fails_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path / "film.png", "--json", "--reception-down")
    folder = run.folder()
    out, errors = run.process.communicate(timeout=60)
    assert run.process.returncode == 1, errors
    told = json.loads(out)
    assert "the reception opened 0 results, not 1" in told["wrong"]
    assert told["states"] == ["Idle", "ChoosingMethod", "RemoveCard", "Idle"]
    assert [line["what"] for line in told["story"] if line["who"] == "patient"] == [
        "places the card",
        "chooses: face",
        "takes the card",
    ]
    assert told["user"] != "root"
    assert (tmp_path / "film.png").stat().st_size > 1000
    assert _gone({}, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]


@pytest.mark.parametrize("moment", ["start", "site", "device"])
def test_an_interrupt_at_any_moment_leaves_nothing(tmp_path: Path, moment: str) -> None:
    run = Run(tmp_path / "film.png", "--quiet")
    folder = run.folder()
    marks = {"start": "sim.world", "site": "mosquitto", "device": "fake_device.py /"}
    assert _until(lambda: any(marks[moment] in text for text in _children(run.process.pid).values()))
    pids = _children(run.process.pid)
    # As a terminal does it: to the whole foreground group, twice.
    os.killpg(run.process.pid, signal.SIGINT)
    os.killpg(run.process.pid, signal.SIGINT)
    run.process.communicate(timeout=30)
    assert run.process.returncode == 130
    assert _gone(pids, folder)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seconds", [0.3, 0.8])
def test_an_interrupt_while_libraries_are_loaded_is_silent(tmp_path: Path, seconds: float) -> None:
    run = Run(tmp_path / "film.png", "--quiet")
    time.sleep(seconds)
    os.killpg(run.process.pid, signal.SIGINT)
    _, errors = run.process.communicate(timeout=30)
    assert run.process.returncode in {-signal.SIGINT, 130}
    assert "Traceback" not in errors
    assert not list(tmp_path.iterdir())


def test_a_killed_runner_takes_everything_with_it(tmp_path: Path) -> None:
    run = Run(tmp_path / "film.png", "--quiet")
    folder = run.folder()
    assert _until(lambda: any("fake_device.py /" in text for text in _children(run.process.pid).values()))
    pids = _children(run.process.pid)
    run.process.kill()
    run.process.communicate(timeout=30)
    assert _gone(pids, folder)


def test_flags_that_contradict_each_other_are_refused_at_once() -> None:
    command = [sys.executable, "-m", "firmware.sim", "--pin", "--staff"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=False, text=True)
    assert done.returncode == 2
    assert "two ways" in done.stderr
