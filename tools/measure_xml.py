"""`make measure-xml`: D3, hostile response files of the official terminal. Half a minute.

Each attack of tests/unit/eligibility/xml_attacks.py is read by the device's reader in a process of its own
(tools/bench/xml_child.py): it has to be refused as TERMINAL_BAD_FILE within 1 s and 64 MB beyond the loaded file. The
time is the worst of some runs. `--keep` records nothing.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.unit.eligibility.xml_attacks import ATTACKS, Attack  # noqa: E402  # started as a script
from tools.measure import record  # noqa: E402  # as above

COMMAND = "make measure-xml"
REFUSED = "ELG-021"
RUNS = 3
MOST_SECONDS = 1.0
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """What reading one file came to. `bytes`: memory beyond the loaded file."""

    name: str
    came: str
    detail: str
    seconds: float
    bytes: int


def costs(attacks: Mapping[str, Attack], runs: int = 1) -> list[Cost]:
    """One for each attack and run."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, attack in enumerate(attacks.values()):
            files.append(Path(folder) / f"{number}.xml")
            files[-1].write_bytes(attack())
        command = [sys.executable, "-m", "tools.bench.xml_child", *map(str, files * runs)]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    return [Cost(name, **json.loads(line)) for name, line in zip(list(attacks) * runs, lines, strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="print only, leave the records as they are")
    keep = parser.parse_args().keep
    found = costs(ATTACKS, RUNS)
    slowest = max(found, key=lambda each: each.seconds)
    largest = max(found, key=lambda each: each.bytes)
    wrong = sorted({each.name for each in found if each.came != REFUSED})
    of_what = f"{len(ATTACKS)} hostile XML files, each in a process of its own"
    figures = (
        ("D3-refused", f"{of_what}: refused", f"{len(ATTACKS) - len(wrong)} of {len(ATTACKS)}", "", "all", not wrong),
        (
            "D3-time",
            f"{of_what}: the slowest refusal ({slowest.name}), worst of {RUNS} runs",
            round(slowest.seconds * 1000),
            "ms",
            "<= 1000",
            slowest.seconds <= MOST_SECONDS,
        ),
        (
            "D3-memory",
            f"{of_what}: most memory beyond the loaded file ({largest.name})",
            round(largest.bytes / 1024 / 1024, 1),
            "MB",
            "<= 64",
            largest.bytes <= MOST_BYTES,
        ),
    )
    for name, what, figure, unit, goal, met in figures:
        print(f"{what}: {figure} {unit}".strip())
        if not keep:
            record(id=name, what=what, figure=figure, unit=unit, goal=goal, met=met, command=COMMAND)
    print(*wrong, sep="\n")
    return 0 if all(met for *_, met in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
