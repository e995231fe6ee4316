"""The checks behind `make check`, `make test` and `make test-long`: all are run, the result says which failed.

`check`: ruff, mypy, mutation sample, unit tests with the coverage gate (layers and budgets are among them). `test`: the
same with every test but those marked `long`. `long`: every test and the whole mutation sample. Tracks run side by side:
tests that compute beside tests that wait for daemons. What fails shows its output; further words go to pytest
alone. The last line counts the tests. Exit code 0 only if everything passed.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PYTHON_FOLDERS = ("firmware", "tools", "tests")
COMPUTING = ("tests/unit", "tests/property", "tests/contract", "tests/screens")
WAITING = ("tests/flows", "tests/faults")
SYSTEM = ("tests/system",)
FEW_MUTANTS = 12
MANY_MUTANTS = 200
_COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|skipped)\b")


@dataclass(frozen=True)
class Job:
    """One check. `counts`: pytest, whose closing line is counted."""

    name: str
    command: Sequence[str | Path]
    counts: bool = False


def pytest_job(name: str, folders: Sequence[str], marks: str, *more: str) -> Job:
    present = [folder for folder in folders if (ROOT / folder).exists()]
    return Job(name, (sys.executable, "-m", "pytest", "-m", marks, "--durations=5", *more, *present), counts=True)


def tracks(kind: str) -> tuple[list[Job], ...]:
    """What is run side by side."""
    marks = "" if kind == "long" else "not long"
    gate = ("-p", "tools.check.coverage_plugin")
    sample = MANY_MUTANTS if kind == "long" else FEW_MUTANTS
    static = [
        Job("ruff check", (BIN / "ruff", "check", "--quiet", ".")),
        Job("ruff format", (BIN / "ruff", "format", "--check", "--quiet", ".")),
        Job("mypy", (BIN / "mypy", "--no-error-summary", *PYTHON_FOLDERS)),
    ]
    mutants = Job("mutation sample", (sys.executable, "tools/check/mutants.py", "--sample", str(sample)))
    if kind == "check":
        return [pytest_job("unit tests", COMPUTING[:1], marks, *gate)], [*static, mutants]
    return (
        [*static, pytest_job("tests that compute", COMPUTING, marks, *gate)],
        [pytest_job("system tests", SYSTEM, marks)],
        [pytest_job("flows and faults", WAITING, marks), mutants],
    )


class Board:
    """Results of all tracks; prints them as they come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.failed: list[str] = []
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.stopping = False
        self.running: list[subprocess.Popen[bytes]] = []

    def run_all(self, jobs: Sequence[Job]) -> None:
        """One track: one job after the other."""
        for job in jobs:
            self.run(job)

    def run(self, job: Job) -> None:
        """Run one job with its output kept; shown if it failed, its closing line always."""
        if self.stopping:
            return
        start = time.monotonic()
        with tempfile.TemporaryFile() as output:
            command = [str(word) for word in job.command]
            process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
            self.running.append(process)
            code = process.wait()
            output.seek(0)
            text = output.read().decode(errors="replace")
        with self._lock:
            self._tell(job, code, text, time.monotonic() - start)

    def _tell(self, job: Job, code: int, text: str, seconds: float) -> None:
        if code != 0:
            self.failed.append(job.name)
            print(text, flush=True)
        lines = text.rstrip().splitlines()
        if job.counts and lines:
            self._count(lines[-1])
            print(lines[-1])
        print(f"{'passed' if code == 0 else 'FAILED'}: {job.name} ({seconds:.1f} s)", flush=True)

    def _count(self, line: str) -> None:
        for number, word in _COUNTS.findall(line):
            self.counts["failed" if word.startswith("error") else word] += int(number)

    def stop(self) -> None:
        self.stopping = True
        for process in self.running:
            if process.poll() is None:
                process.terminate()


def run_tracks(kind: str) -> Board:
    board = Board()
    threads = [threading.Thread(target=board.run_all, args=(jobs,), daemon=True) for jobs in tracks(kind)]
    print(f"side by side: {', '.join(job.name for jobs in tracks(kind) for job in jobs)}", flush=True)
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        board.stop()
        raise
    return board


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the project's checks.")
    parser.add_argument("kind", choices=["check", "test", "long"])
    parser.add_argument("words", nargs="*", help="pytest's own words instead of all checks")
    arguments, more = parser.parse_known_args()
    words = [*arguments.words, *more]
    try:
        if words:
            return subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, check=False).returncode
        board = run_tracks(arguments.kind)
    except KeyboardInterrupt:
        return 130
    if board.failed:
        print(f"FAILED: {', '.join(board.failed)}", file=sys.stderr, flush=True)
    counts = board.counts
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped", flush=True)
    return 1 if board.failed else 0


if __name__ == "__main__":
    sys.exit(main())
