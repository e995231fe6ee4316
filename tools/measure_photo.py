"""`make measure-photo`: C5. Hostile JPEG 2000 files through the jailed decoder, and a decoder gone bad in its jail.

300 mutated files, decompression bombs, strangers: each has to end in a fault or a picture within a second, and nothing
may crash outside the jail, or this program ends with it. The second record counts the tests in which a worker tries to
open files, sockets and processes and has to be killed for it.
"""

import argparse
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.unit.face.hostile_photos import bombs, mutants, outcomes, strangers  # noqa: E402  # started as a script
from tools.measure import record  # noqa: E402  # as above

COMMAND = "make measure-photo"
JAIL = "tests/unit/face/test_face_jail.py"
LONGEST = 1.0


def files(count: int) -> bool:
    warnings.simplefilter("ignore")
    seen = list(outcomes([*mutants(0, count), *bombs(), *strangers()]))
    slowest = max(seconds for _, _, _, seconds in seen)
    faults = sum(fault is not None for _, fault, _, _ in seen)
    record(
        id="C5-files",
        what=f"{len(seen)} hostile photos ({count} mutated, bombs, strangers), no crash outside the jail: "
        f"{faults} faults, {len(seen) - faults} pictures of harmless changes; slowest, start of the worker included",
        figure=round(slowest * 1000),
        unit="ms",
        goal="<= 1000",
        met=slowest <= LONGEST,
        command=COMMAND,
    )
    print(f"{len(seen)} files, {faults} faults, slowest {slowest * 1000:.0f} ms")
    return slowest <= LONGEST


def jail() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", JAIL]
        green = subprocess.run(command, cwd=ROOT, check=False).returncode == 0
        cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314  (pytest wrote it)
    passed = sum(len(case) == 0 for case in cases)
    record(
        id="C5-jail",
        what="tests in which a decoder that opens files, sockets or processes is killed, and of the filter itself",
        figure=passed,
        unit=f"of {len(cases)}",
        goal="all",
        met=green and passed > 0,
        command=COMMAND,
    )
    return green


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--files", type=int, default=300, metavar="N", help="mutated files (default 300)")
    good = [files(parser.parse_args().files), jail()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
