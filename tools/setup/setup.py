"""Make a clone ready to run: system packages, `.venv`, libraries, models, fonts, pictures. Run through `make setup`.

Standard library only, because it runs before anything is installed. Each step has a stamp under `.cache/stamps` that
holds a digest of its inputs and a listing of its outputs: a step whose stamp still fits is skipped, so that a ready
clone costs a fraction of a second and no network. Exit code 0, 1 with one line that says what to do, 130 after Ctrl-C.
"""

import argparse
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.setup import system_packages  # noqa: E402  # nothing is installed yet, so the root is put on the path first

STAMPS = ROOT / ".cache" / "stamps"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
START = time.monotonic()


class SetupError(Exception):
    """One line for the person at the terminal."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> bool:
    """Run a program with its output shown; whether it succeeded. Ctrl-C reaches it too, and is waited for."""
    process = subprocess.Popen([str(word) for word in command], cwd=ROOT, env={**os.environ, **(env or {})})
    try:
        return process.wait() == 0
    except KeyboardInterrupt:
        process.wait()
        raise


@dataclass(frozen=True)
class Step:
    """`inputs`: files whose content decides; `outputs`: globs below the root whose files must stay as they were."""

    name: str
    what: str
    inputs: Sequence[Path]
    outputs: Sequence[str]
    action: Callable[[], None]

    def stamp(self) -> str:
        digest = hashlib.sha256(f"{sys.version_info[:3]} {ROOT}".encode())
        for path in self.inputs:
            digest.update(f"\n{path.name} ".encode() + (path.read_bytes() if path.exists() else b"-"))
        for pattern in self.outputs:
            found = [f"{path.relative_to(ROOT)} {path.stat().st_size}" for path in ROOT.glob(pattern) if path.is_file()]
            digest.update(("\n" + pattern + ": " + ", ".join(sorted(found))).encode())
            if not found:
                return f"nothing at {pattern}"
        return digest.hexdigest()

    def bring_up(self) -> bool:
        """Do the step if its stamp no longer fits; whether anything was done."""
        file = STAMPS / self.name
        if file.exists() and file.read_text() == self.stamp():
            return False
        say(f"{self.name}: {self.what} …")
        file.unlink(missing_ok=True)
        self.action()
        file.write_text(self.stamp())
        return True


def make_venv() -> None:
    if run_quietly(PYTHON, "-c", f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"):
        return
    if not run(sys.executable, "-m", "venv", "--clear", VENV):
        raise SetupError("python -m venv failed; on Debian and Ubuntu it needs the package python3-venv")


def run_quietly(*command: str | Path) -> bool:
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install_uv() -> None:
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    if not run(*pip, "--require-hashes", "--requirement", ROOT / "locks" / "bootstrap.txt"):
        raise SetupError("uv could not be installed; is a package index reachable?")


def install_libraries() -> None:
    options = ("--require-hashes", "--build-constraints", ROOT / "build-constraints.txt", "--python", PYTHON)
    # Bytecode now: the simulator's processes run as a user who cannot write it, and would compile at every start.
    sync = (VENV / "bin" / "uv", "pip", "sync", "--quiet", "--compile-bytecode")
    if not run(*sync, *options, ROOT / "requirements.lock"):
        raise SetupError("libraries could not be installed; pyscard needs gcc, python3-dev and libpcsclite-dev")


def projects() -> list[Path]:
    return [folder for folder in (ROOT, ROOT / "tools" / "reception") if (folder / "pyproject.toml").exists()]


def install_projects() -> None:
    editable = [word for folder in projects() for word in ("--editable", str(folder))]
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--python", PYTHON)
    if not run(VENV / "bin" / "uv", "pip", "install", *options, *editable, env={"UV_OFFLINE": "1"}):
        raise SetupError("the project itself could not be installed into .venv")


def builder(script: Path) -> Callable[[], None]:
    def build() -> None:
        if not run(PYTHON, script):
            raise SetupError(f"{script.relative_to(ROOT)} failed (see above)")

    return build


def built(name: str, what: str, inputs: Iterable[Path], outputs: Sequence[str]) -> list[Step]:
    """A step for `tools/build/<name>.py`, which makes things out of hash-pinned packages."""
    folder = ROOT / "tools" / "build"
    script = folder / f"{name}.py"
    sources = [script, *sorted(folder.glob(f"{name}_*.py")), *inputs]
    return [Step(name, what, sources, outputs, builder(script))] if script.exists() else []


def steps() -> list[Step]:
    locks = [ROOT / "requirements.lock", ROOT / "build-constraints.txt"]
    editable = [folder / "pyproject.toml" for folder in projects()]
    made = [
        Step("venv", "making .venv", [], [".venv/pyvenv.cfg", ".venv/bin/python"], make_venv),
        Step("uv", "installing uv", [ROOT / "locks" / "bootstrap.txt"], [".venv/bin/uv"], install_uv),
        Step("libraries", "installing the locked libraries", locks, [".venv/bin/pytest"], install_libraries),
        # The lock is an input here as well: a sync removes what is not in it.
        Step(
            "project", "installing madoguchi into .venv", [*locks, *editable], [".venv/bin/madoguchi"], install_projects
        ),
    ]
    made += built("fonts", "building the fonts", [], ["firmware/panel/fonts/*.pcf*"])
    made += built("models", "building the models", [ROOT / "models" / "manifest.toml"], ["models/*.onnx"])
    made += built("faces", "fetching the portraits of the simulator", [], [".cache/faces/*"])
    return made


def bring_up(*, retry: bool) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    with (STAMPS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        system_packages.bring_up(STAMPS / "system-packages", say, run, retry=retry)
        done = [step.bring_up() for step in steps()]
        run_quietly(PYTHON, "-m", "compileall", "-q", ROOT / "firmware", ROOT / "tools" / "reception" / "src")
    if any(done) or retry:
        say("ready")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make this clone ready to run.")
    parser.add_argument("--retry", action="store_true", help="ask again for system packages that could not be had")
    arguments = parser.parse_args()
    try:
        bring_up(retry=arguments.retry)
    except KeyboardInterrupt:
        print("\nsetup: stopped; run it again to go on", file=sys.stderr)
        return 130
    except (SetupError, OSError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
