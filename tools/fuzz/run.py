"""Coverage-guided fuzzing of the card layer. `python tools/fuzz/run.py --target tlv --runs 200000`.

Needs atheris (Apache-2.0, Linux x86-64, Python 3.11), which is no dependency of the project: the tests go without. It
starts from the valid inputs of `aims.py`, keeps its corpus in a private folder that is removed again, and grows it by
the branches that an input reaches in firmware/card. What a crash was made from is printed as hex. Exit code 1 after a
finding, 2 without atheris.
"""

import argparse
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

MISSING = "no coverage-guided fuzzer here; install it with: python -m pip install --require-hashes -r locks/fuzz.txt"
LONGEST = 65_536


def load_fuzzer() -> ModuleType | None:
    try:
        return importlib.import_module("atheris")
    except ImportError:
        return None


def fuzz_here(name: str, words: Sequence[str]) -> None:
    """In this process, which libFuzzer ends: instrument what is watched, then fuzz until the runs are used up."""
    fuzzer = importlib.import_module("atheris")
    with fuzzer.instrument_imports(include=["firmware.card"]):
        attack = importlib.import_module("tools.fuzz.aims").aims()[name].attack
    fuzzer.Setup([sys.argv[0], *words], attack)
    fuzzer.Fuzz()


def run(name: str, seeds: Sequence[bytes], runs: int, seconds: int) -> int:
    """One target in a process of its own; its exit code."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        corpus, crashes = Path(folder) / "corpus", Path(folder) / "crashes"
        for made in (corpus, crashes):
            made.mkdir()
        for number, seed in enumerate(seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        limits = [f"-runs={runs}", f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-rss_limit_mb=1024"]
        words = [*limits, "-timeout=10", "-len_control=50", f"-artifact_prefix={crashes}/", str(corpus)]
        code = subprocess.run([sys.executable, __file__, "--inside", name, *words], check=False).returncode
        for crash in sorted(crashes.iterdir()):
            print(f"{name}: {crash.name}: {crash.read_bytes().hex()}")
    return code


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        fuzz_here(sys.argv[2], sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="all", help="name of one target, or all of them in turn")
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--seconds", type=int, default=300, help="most seconds per target")
    arguments = parser.parse_args()
    if load_fuzzer() is None:
        print(MISSING)
        return 2
    every = importlib.import_module("tools.fuzz.aims").aims()
    if arguments.target not in {"all", *every}:
        parser.error(f"targets: {', '.join(every)}")
    chosen = list(every) if arguments.target == "all" else [arguments.target]
    codes = {name: run(name, every[name].seeds, arguments.runs, arguments.seconds) for name in chosen}
    print("\n".join(f"{name}: {'finding' if code else 'clean'}" for name, code in codes.items()))
    return 1 if any(codes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
