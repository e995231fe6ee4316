"""Mutation sample on session, card and eligibility: change one thing, run the tests that should notice, tell the rest.

Deterministic: the same seed and source give the same sample, which takes turns over the targets below: the small files
of card and eligibility are in every sample. Survivors that are right stand in `tests/mutants.toml`,
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
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.check.mutation import Mutation, mutated, mutations  # noqa: E402  # started as a script

ACCEPTED = ROOT / "tests" / "mutants.toml"
LONGEST_SECONDS = 120
TARGETS = {
    "firmware/session/**/*.py": ("tests/unit/session/**/test_*.py", "tests/property/session/**/test_*.py"),
    "firmware/card/guard.py": ("tests/unit/card/test_card_guard*.py",),
    "firmware/card/apdu.py": ("tests/unit/card/test_card_apdu*.py",),
    "firmware/card/tlv.py": ("tests/unit/card/test_card_tlv*.py",),
    "firmware/eligibility/outcome.py": ("tests/unit/eligibility/test_eligibility_outcome.py",),
    "firmware/eligibility/rules.py": ("tests/unit/eligibility/test_eligibility_rules.py",),
    "firmware/eligibility/oqs_match.py": ("tests/unit/eligibility/test_oqs_match*.py",),
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file and the tests that should notice it."""

    file: Path
    tests: tuple[Path, ...]
    mutation: Mutation
    target: str = ""

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
                yield Mutant(file, tests, mutation, pattern)


def accepted() -> set[tuple[str, str, str]]:
    if not ACCEPTED.exists():
        return set()
    entries = tomllib.loads(ACCEPTED.read_text(encoding="utf-8")).get("accepted", [])
    return {(entry["file"], entry["text"], entry["change"]) for entry in entries if entry["reason"]}


def choose(pool: list[Mutant], size: int, seed: int) -> list[Mutant]:
    """`size` of them: every other one of the first target, which is by far the largest, the rest in turns."""
    # A sample for tests, not for secrets.
    shuffled = random.Random(seed).sample(pool, len(pool))  # noqa: S311
    heaps = [[mutant for mutant in shuffled if mutant.target == target] for target in TARGETS]
    first, others = heaps[0], heaps[1:]
    turns = cycle([heap for other in others for heap in (first, other)])
    sample: list[Mutant] = []
    while len(sample) < size:
        heap = next(turns)
        sample.extend(heap[:1])
        del heap[:1]
    return sample


def command(tests: tuple[Path, ...]) -> list[str]:
    plugins = ["-p", "tools.check.mutant_plugin", "-p", "no:cacheprovider", "-p", "no:schemathesis"]  # a second to load
    options = ["-x", "-q", "-m", "not long", "--no-header", "--hypothesis-seed=0"]
    return [sys.executable, "-m", "pytest", *plugins, *options, *map(str, tests)]


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


def healthy(sample: list[Mutant], folder: Path, jobs: int) -> bool:
    """Whether the tests pass with a copy that changes nothing; otherwise every mutant would look noticed."""
    with ThreadPoolExecutor(jobs) as pool:
        files = {mutant.tests: mutant.file for mutant in sample}
        checks = [pool.submit(passes, tests, file, folder) for tests, file in files.items()]
        return all(check.result() for check in checks)


def passes(tests: tuple[Path, ...], file: Path, folder: Path) -> bool:
    copy = folder / file.name
    copy.write_text(ast.unparse(ast.parse(file.read_text(encoding="utf-8"))), encoding="utf-8")
    return bool(tests) and run_tests(tests, module_name(file), copy) == 0


def survivors(sample: list[Mutant], folder: Path, jobs: int) -> list[Mutant]:
    with ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda mutant: noticed(mutant, folder), sample)
        return [mutant for mutant, was_noticed in zip(sample, results, strict=True) if not was_noticed]


def main() -> int:
    parser = argparse.ArgumentParser(description="Change the source on purpose; see whether tests notice.")
    parser.add_argument("--sample", type=int, default=40, help="how many mutants (default 40; 0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default=[""], nargs="*", help="only files whose path contains one of these")
    arguments = parser.parse_args()
    start = time.monotonic()
    known = accepted()
    wanted = [mutant for mutant in all_mutants() if any(part in str(mutant.file) for part in arguments.only)]
    pool = [mutant for mutant in wanted if mutant.key not in known]
    size = min(arguments.sample or len(pool), len(pool))
    sample = choose(pool, size, arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        if not healthy(sample, Path(name), arguments.jobs):
            print("mutants: tests fail or are missing without any change", file=sys.stderr)
            return 1
        alive = survivors(sample, Path(name), arguments.jobs)
    for mutant in alive:
        print(f"mutants: nobody noticed {mutant}")
    seconds = time.monotonic() - start
    print(f"mutants: {size - len(alive)} of {size} noticed, out of {len(pool)} possible", end="")
    print(f" and {len(wanted) - len(pool)} accepted, {seconds:.1f} s")
    for file, count in sorted(Counter(mutant.file for mutant in sample).items()):
        missed = sum(mutant.file == file for mutant in alive)
        print(f"mutants: {file.relative_to(ROOT)}: {count - missed} of {count}")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
