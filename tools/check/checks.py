"""The checks behind `make check`, `make test` and `make test-long`: all are run, the result says which failed.

`check`: ruff, mypy, mutation sample, unit tests with the coverage gate (layers and budgets are among them). `test`: the
same with every test but those marked `long`. `long`: every test and the whole mutation sample. Further words go to
pytest, which runs last. Exit code 0 only if everything passed.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PYTHON_FOLDERS = ("firmware", "tools", "tests")
FEW_MUTANTS = 12
MANY_MUTANTS = 200


def run(name: str, command: Sequence[str | Path]) -> bool:
    """Run one check with its output shown; whether it passed."""
    start = time.monotonic()
    passed = subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode == 0
    print(f"{'passed' if passed else 'FAILED'}: {name} ({time.monotonic() - start:.1f} s)", flush=True)
    return passed


def static(mutants: int) -> list[str]:
    """Names of the checks before the tests that failed."""
    commands: dict[str, Sequence[str | Path]] = {
        "ruff check": (BIN / "ruff", "check", "--quiet", "."),
        "ruff format": (BIN / "ruff", "format", "--check", "--quiet", "."),
        "mypy": (BIN / "mypy", "--no-error-summary", *PYTHON_FOLDERS),
        "mutation sample": (sys.executable, "tools/check/mutants.py", "--sample", str(mutants)),
    }
    return [name for name, command in commands.items() if not run(name, command)]


def tests(kind: str, words: list[str]) -> bool:
    folder, marks = {"check": ("tests/unit", "not long"), "test": ("tests", "not long"), "long": ("tests", "")}[kind]
    gate = [] if words else ["-p", "tools.check.coverage_plugin"]
    return run("pytest", [sys.executable, "-m", "pytest", *gate, "-m", marks, "--durations=5", *(words or [folder])])


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the project's checks.")
    parser.add_argument("kind", choices=["check", "test", "long"])
    parser.add_argument("words", nargs="*", help="pytest's own words instead of all tests")
    arguments, more = parser.parse_known_args()
    try:
        failed = static(MANY_MUTANTS if arguments.kind == "long" else FEW_MUTANTS)
        if not tests(arguments.kind, [*arguments.words, *more]):
            failed.append("pytest")
    except KeyboardInterrupt:
        return 130
    if failed:
        print(f"FAILED: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
