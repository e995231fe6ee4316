"""`make measure-card`: B2 to B5, each by the command that anyone can repeat; about 40 minutes. B1 is `make bench-card`.

fuzz: a million altered answers. readers: OpenSC, OpenSSL, OpenJPEG and a second TLV walker. storms: pulls, swaps and
restarts. presence: when a card is noticed. guard: all mutants of guard, apdu and tlv. time: what this layer's tests
take in `make test`. `--part NAME` measures one of them.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.measure import record  # noqa: E402  # started as a script

COMMAND = "make measure-card"
READERS = ("tests/system/test_card_opensc.py", "tests/system/test_card_face.py")
STORMS = ("tests/system/test_pcsc_storm.py",)
MUTANTS = ("card/guard", "card/apdu", "card/tlv")
# What the issue added, and the unit tests that were there before; not the older system tests of the reader.
OURS = (
    "tests/unit/card",
    "tests/unit/sim_card",
    "tests/unit/eligibility/test_eligibility_ocsp.py",
    "tests/unit/bench/test_card_bench.py",
    "tests/contract/revocation",
    "tests/property/card",
    "tests/system/test_card_opensc.py",
    "tests/system/test_card_face.py",
    "tests/system/test_pcsc_exclusive.py",
    "tests/system/test_pcsc_readers.py",
    "tests/system/test_pcsc_storm.py",
    "tests/flows/test_flows_carriers.py",
)
LONGEST_PART = 80.0


class Tests:
    """One run of pytest: how many passed, whether all did, and the seconds each took."""

    def __init__(self, places: Sequence[str], marks: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-q", "-m", marks, f"--junitxml={report}", *places]
            self.green = subprocess.run(command, cwd=ROOT, check=False).returncode == 0
            cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314  (pytest wrote it)
        self.skipped = sum(case.find("skipped") is not None for case in cases)
        self.passed = sum(len(case) == 0 for case in cases)
        self.seconds = sum(float(case.get("time", "0")) for case in cases)

    @property
    def good(self) -> bool:
        return self.green and not self.skipped and self.passed > 0


def fuzz() -> bool:
    return _run("tools/fuzz/million.py", "--record") == 0


def readers() -> bool:
    tests = Tests(READERS, "")
    record(
        id="B3",
        what="OpenSC in contact and contactless guise (name, certificate, tries down to blocked, signatures that "
        "OpenSSL verifies), a second TLV walker and opj_decompress on EF 0002: tests that agree with ours",
        figure=tests.passed,
        unit="tests",
        goal="all, none skipped",
        met=tests.good,
        command=COMMAND,
    )
    return tests.good


def storms() -> bool:
    tests = Tests(STORMS, "")
    record(
        id="B4",
        what="500 pulls or swaps and 200 restarts of pcscd at random commands: the next visit worked whole each time, "
        "no try was lost",
        figure="passed" if tests.good else "failed",
        unit="",
        goal="always",
        met=tests.good,
        command=COMMAND,
    )
    return tests.good


def presence() -> bool:
    from tests.system.pcsc_timing import measure, measure_others  # noqa: PLC0415  (this process then talks to the bench's pcscd only)

    found = measure(100)
    for name, figures in (("insertion", found.insertion), ("removal", found.removal)):
        record(
            id=f"B-{name}",
            what=f"{name} of a card until the device knows, real pcscd and vpcd, which look every 0.4 s "
            f"(median {figures.median:.0f}, 95 % {figures.percentile_95:.0f} of {figures.count}): worst",
            figure=round(figures.worst),
            unit="ms",
            goal="<= 500",
            met=figures.worst <= 500,
            command=COMMAND,
        )
    others = measure_others(10)
    record(
        id="B-others",
        what="other cards (transit, residence, insurance, storage): from placing until known to be no My Number "
        f"Card, without probing what they are (median {others.median:.0f} of {others.count}): worst",
        figure=round(others.worst),
        unit="ms",
        goal="<= 1000",
        met=others.worst <= 1000,
        command=COMMAND,
    )
    return max(found.insertion.worst, found.removal.worst) <= 500 and others.worst <= 1000


def guard() -> bool:
    """The coverage gate is part of `make check` (A7): here only that it stands for these files."""
    tool = ["tools/check/mutants.py", "--sample", "0", "--only", *MUTANTS]
    run = subprocess.run([sys.executable, *tool], cwd=ROOT, check=False, capture_output=True, text=True)
    print(run.stdout, run.stderr, sep="")
    counts = re.search(r"\d+ of \d+ noticed", run.stdout)
    figure = counts.group(0) if counts else "not counted"
    record(
        id="B5-mutants",
        what="all mutants of guard, apdu and tlv, whose branches the gate of make check finds covered wholly",
        figure=figure,
        unit="",
        goal="none survives without a reason",
        met=run.returncode == 0,
        command=COMMAND,
    )
    return run.returncode == 0


def record_time(name: str, of_what: str, places: Sequence[str], command: str, *, most: float = LONGEST_PART) -> bool:
    """What an issue's part of `make test` takes; the goal is `most` seconds."""
    tests = Tests(places, "not long")
    met = tests.green and tests.seconds <= most
    record(
        id=name,
        what=f"seconds that the {tests.passed} tests of {of_what} take in `make test`, one after the other",
        figure=round(tests.seconds, 1),
        unit="s",
        goal=f"<= {most:.0f}",
        met=met,
        command=command,
    )
    return met


PARTS: dict[str, Callable[[], bool]] = {
    "guard": guard,
    "readers": readers,
    "time": lambda: record_time("B5-time", "the card layer", OURS, COMMAND),
    "presence": presence,
    "storms": storms,
    "fuzz": fuzz,
}


def _run(*words: str) -> int:
    return subprocess.run([sys.executable, *words], cwd=ROOT, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--part", choices=list(PARTS), action="append", help="only this part; may be given repeatedly")
    good = True
    for name in parser.parse_args().part or PARTS:
        start = time.monotonic()
        part = PARTS[name]()
        good &= part
        print(f"{name}: {'as wanted' if part else 'NOT as wanted'} ({time.monotonic() - start:.0f} s)", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
