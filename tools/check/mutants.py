"""Mutation sample on session and guard: change one thing, run the tests that should notice, report what survived.

Deterministic: the same seed and source give the same sample. Survivors that are right stand in `tests/mutants.toml`,
each with its reason. Exit code 0 only if every mutant of the sample was noticed or is accepted. Source: design.md,
"Budgets".
"""

import argparse
import ast
import os
import random
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.check.mutation import Mutation, mutated, mutations  # noqa: E402  # started as a script

ACCEPTED = ROOT / "tests" / "mutants.toml"
LONGEST_SECONDS = 120
TARGETS = {
    "firmware/session/**/*.py": ("tests/unit/session/**/test_*.py", "tests/property/session/**/test_*.py"),
    "firmware/card/guard.py": ("tests/unit/card/**/test_*guard*.py",),
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file and the tests that should notice it."""

    file: Path
    tests: tuple[Path, ...]
    mutation: Mutation

    @property
    def key(self) -> tuple[str, str, str]:
        return str(self.file.relative_to(ROOT)), self.mutation.text, self.mutation.change

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.mutation.line}: {self.mutation.change}: {self.mutation.text}"


def all_mutants() -> Iterator[Mutant]:
    for pattern, test_patterns in TARGETS.items():
        tests = tuple(test for each in test_patterns for test in sorted(ROOT.glob(each)))
        for file in sorted(ROOT.glob(pattern)):
            for mutation in mutations(file.read_text(encoding="utf-8")):
                yield Mutant(file, tests, mutation)


def accepted() -> set[tuple[str, str, str]]:
    if not ACCEPTED.exists():
        return set()
    entries = tomllib.loads(ACCEPTED.read_text(encoding="utf-8")).get("accepted", [])
    return {(entry["file"], entry["text"], entry["change"]) for entry in entries if entry["reason"]}


def command(tests: tuple[Path, ...]) -> list[str]:
    options = ["-x", "-q", "-m", "not long", "-p", "no:cacheprovider", "--no-header", "--hypothesis-seed=0"]
    return [sys.executable, "-m", "pytest", "-p", "tools.check.mutant_plugin", *options, *map(str, tests)]


def noticed(mutant: Mutant, folder: Path) -> bool:
    """Whether the tests fail, hang or cannot even start with the change."""
    copy = Path(tempfile.mkstemp(suffix=".py", dir=folder)[1])
    copy.write_text(mutated(mutant.file.read_text(encoding="utf-8"), mutant.mutation.number), encoding="utf-8")
    return run_tests(mutant.tests, module_name(mutant.file), copy) != 0


def run_tests(tests: tuple[Path, ...], module: str, file: Path) -> int:
    env = {**os.environ, "MUTANT_MODULE": module, "MUTANT_FILE": str(file), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command(tests), cwd=ROOT, env=env, capture_output=True, check=False, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        return -1
    return done.returncode


def module_name(file: Path) -> str:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def healthy(sample: list[Mutant], folder: Path) -> bool:
    """Whether the tests pass with a copy that changes nothing; otherwise every mutant would look noticed."""
    for tests, file in {mutant.tests: mutant.file for mutant in sample}.items():
        copy = folder / file.name
        copy.write_text(ast.unparse(ast.parse(file.read_text(encoding="utf-8"))), encoding="utf-8")
        if not tests or run_tests(tests, module_name(file), copy) != 0:
            return False
    return True


def survivors(sample: list[Mutant], folder: Path, jobs: int) -> list[Mutant]:
    with ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda mutant: noticed(mutant, folder), sample)
        return [mutant for mutant, was_noticed in zip(sample, results, strict=True) if not was_noticed]


def main() -> int:
    parser = argparse.ArgumentParser(description="Change session and guard on purpose; see whether tests notice.")
    parser.add_argument("--sample", type=int, default=40, help="how many mutants (default 40; 0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="only files whose path contains this")
    arguments = parser.parse_args()
    start = time.monotonic()
    known = accepted()
    pool = [mutant for mutant in all_mutants() if mutant.key not in known and arguments.only in str(mutant.file)]
    size = min(arguments.sample or len(pool), len(pool))
    # A sample for tests, not for secrets.
    sample = random.Random(arguments.seed).sample(pool, size)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        if not healthy(sample, Path(name)):
            print("mutants: the tests of session and guard fail or are missing without any change", file=sys.stderr)
            return 1
        alive = survivors(sample, Path(name), arguments.jobs)
    for mutant in alive:
        print(f"mutants: nobody noticed {mutant}")
    seconds = time.monotonic() - start
    print(f"mutants: {size - len(alive)} of {size} noticed, out of {len(pool)} possible, {seconds:.1f} s")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
