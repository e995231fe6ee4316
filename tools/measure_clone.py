"""Measures A1 and A7: a fresh clone with empty caches runs, tests and checks itself. `python tools/measure_clone.py`.

Clones HEAD into a temporary folder and gives it caches of its own, so that every library, font, model and portrait is
fetched and built anew. System packages are as they are: what was already installed is said. Writes the records "A1-…"
and "A7"; exit code 0 only if everything passed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.measure import record  # noqa: E402  # started as a script

COMMAND = "make measure-clone"
AIMS = {"A1-run-cold": 120.0, "A1-test-cold": 360.0, "A1-run-warm": None, "A1-test-warm": 120.0}
WHAT = {
    "A1-run-cold": "make run in a fresh clone with empty caches (system packages installed before)",
    "A1-test-cold": "make test in that clone, first time",
    "A1-run-warm": "make run, everything set up",
    "A1-test-warm": "make test, everything set up",
}


def timed(folder: Path, environment: dict[str, str], target: str) -> tuple[float, bool]:
    """Seconds of `make target`, and whether it passed; its output goes to a log beside the clone."""
    print(f"make {target} …", end=" ", flush=True)
    start = time.monotonic()
    with (folder.parent / f"{target}.log").open("ab") as log:
        command = ["make", target] if target != "run" else ["make", "run", "ARGS=--quiet"]
        code = subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log, check=False).returncode
    seconds = time.monotonic() - start
    print(f"{seconds:.0f} s, {'passed' if code == 0 else 'FAILED'}", flush=True)
    if code != 0:
        print((folder.parent / f"{target}.log").read_text(errors="replace")[-4000:])
    return seconds, code == 0


def note(name: str, seconds: float, *, passed: bool) -> None:
    aim = AIMS[name]
    goal = "passes" if aim is None else f"passes, <= {aim:.0f}"
    met = passed and (aim is None or seconds <= aim)
    record(id=name, what=WHAT[name], figure=round(seconds), unit="s", goal=goal, met=met, command=COMMAND)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["check"], help="only A7")
    only_check = parser.parse_args().only == "check"
    good = True
    with tempfile.TemporaryDirectory(prefix="madoguchi-clone-") as scratch:
        clone, caches = Path(scratch) / "madoguchi", Path(scratch) / "caches"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        Path(scratch).chmod(0o755)
        environment = {**os.environ, "XDG_CACHE_HOME": str(caches), "UV_CACHE_DIR": str(caches / "uv")}
        environment |= {"PIP_CACHE_DIR": str(caches / "pip"), "PYTHONPYCACHEPREFIX": ""}
        environment.pop("PYTHONPYCACHEPREFIX")
        for name, target in (
            ("A1-run-cold", "run"),
            ("A1-test-cold", "test"),
            ("A1-run-warm", "run"),
            ("A1-test-warm", "test"),
        )[: 0 if only_check else 4]:
            seconds, passed = timed(clone, environment, target)
            note(name, seconds, passed=passed)
            good = good and passed
        seconds, passed = timed(clone, environment, "check")
        what = "make check: ruff, mypy strict, layers, budgets, coverage gate, mutation sample"
        record(
            id="A7",
            what=what,
            figure="passed" if passed else "failed",
            unit="",
            goal="all green",
            met=passed,
            command=COMMAND,
        )
    return 0 if good and passed else 1


if __name__ == "__main__":
    sys.exit(main())
