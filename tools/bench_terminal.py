"""1,000 number queries over a folder with a difficult terminal (D4): none answered wrongly, lost or sent twice.

Two devices share one folder; the simulated terminal is slow, partial, duplicates, answers out of order, packs, and lays
files of others beside, all at random by a fixed seed. Each question is about somebody else, so an answer of another
question shows. Wanted pauses and the terminal's delay are a tenth of the real ones and many questions run at once;
nothing else differs from a real exchange. The figure goes to docs/measurements.json.

Exit codes: 0 within the goal, 1 beyond it. Nothing is left behind.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from firmware.core.faults import DeviceError  # noqa: E402
from firmware.core.ids import VisitId  # noqa: E402
from firmware.core.outcomes import ClockState, EligibilityCode, Env  # noqa: E402
from firmware.core.queries import NumberQuery, ReceptionQuery  # noqa: E402
from firmware.core.secret import Secret  # noqa: E402
from firmware.eligibility.oqs_config import Pace, TerminalConfig  # noqa: E402
from firmware.eligibility.oqs_folder import OqsQueries  # noqa: E402
from firmware.eligibility.oqs_xml import Encoding  # noqa: E402
from firmware.sim.gateway.insured import Insured  # noqa: E402
from firmware.sim.terminal.quirks import DELIVERED, Quirk  # noqa: E402
from firmware.sim.terminal.terminal import Terminal, TerminalOptions  # noqa: E402
from firmware.sim.terminal.writing import Writer  # noqa: E402
from firmware.sim.terminal.xml import Style  # noqa: E402
from tools.measure import record  # noqa: E402

COMMAND: Final = "make bench-terminal"
SCALE: Final = 0.1
"""Of all pauses: the device's (0.7 s, 0.3 s), the terminal's (3 to 7 s) and its slow writer's (0.4 s, 1.5 s)."""
_REAL: Final = Pace()
_PASSWORD: Final = b"ABC-123"
_INSTITUTION: Final = "1319999999"
_SEED: Final = 20260401
_LONGEST: Final = 60.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a run. `wrong`: data of another question; `lost`: no answer though one was given."""

    exchanges: int
    wrong: int
    lost: int
    resent: int
    seconds: float
    outcomes: dict[str, int]

    @property
    def good(self) -> bool:
        return not (self.wrong or self.lost or self.resent)


class RealClock:
    """Implements `ports.Clock`: this machine's, taken for synchronised."""

    def now(self) -> float:
        return time.time()

    def state(self) -> ClockState:
        return ClockState.SYNCED

    def wall(self, at: float) -> float:
        return time.time() - time.monotonic() + at


def measure(exchanges: int, at_once: int = 24, scale: float = SCALE, seed: int = _SEED) -> Figures:
    """Play `exchanges` questions, `at_once` of them under way."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), exchanges, at_once, scale, seed))


async def _measure(root: Path, exchanges: int, at_once: int, scale: float, seed: int) -> Figures:
    terminal = _terminal(root, exchanges, scale, seed)
    await terminal.start()
    start = time.monotonic()
    devices = [_device(root, encoding, at_once // 2, scale) for encoding in (Encoding.SHIFT_JIS, Encoding.UTF_8)]
    try:
        outcomes = await _all(devices, exchanges, at_once)
    finally:
        await terminal.stop()
    return Figures(
        exchanges,
        wrong=outcomes["wrong"],
        lost=exchanges - outcomes["right"] - outcomes["wrong"],
        resent=terminal.seen.twice + max(0, terminal.seen.requests - exchanges),
        seconds=time.monotonic() - start,
        outcomes=dict(outcomes),
    )


def _terminal(root: Path, exchanges: int, scale: float, seed: int) -> Terminal:
    chance = random.Random(seed)  # noqa: S311  (a repeatable mixture)
    habits: list[Quirk | None] = [None, *sorted(DELIVERED)]
    return Terminal(
        TerminalOptions(
            root=root,
            people=tuple(_person(each) for each in range(exchanges)),
            delay=(3.0 * scale, 7.0 * scale),
            look=0.2 * scale,
            style=Style(shuffle=chance),
            writer=Writer(pause=0.4 * scale, stand=1.5 * scale),
            quirk=lambda _: chance.choice(habits),
            password=_PASSWORD,
            chance=chance,
        )
    )


def _device(root: Path, encoding: Encoding, at_once: int, scale: float) -> OqsQueries:
    return OqsQueries(
        TerminalConfig(
            requests=root / "req",
            responses=root / "res",
            institution=_INSTITUTION,
            env=Env.SIM,
            clock=RealClock(),
            encoding=encoding,
            password=Secret(_PASSWORD),
            at_once=at_once,
            seconds=_LONGEST,
            pace=Pace(_REAL.look * scale, _REAL.settle * scale, _REAL.call, _REAL.broken),
        )
    )


async def _all(devices: Sequence[OqsQueries], exchanges: int, at_once: int) -> Counter[str]:
    """Every question once; "right", "wrong", or why there was no answer."""
    found: Counter[str] = Counter()
    places = asyncio.Semaphore(at_once)

    async def one(index: int) -> None:
        async with places:
            try:
                found[await _ask(devices[index % len(devices)], index)] += 1
            except DeviceError as error:
                found[str(error)] += 1

    await asyncio.gather(*(one(index) for index in range(exchanges)))
    return found


async def _ask(device: OqsQueries, index: int) -> str:
    query = NumberQuery("06130017", _number(index), _born(index), symbol="９９０１")
    asked = ReceptionQuery(VisitId(f"{index:032x}"), "bench", f"{index}", query, "")
    answer = await device.ask(asked, _LONGEST)
    if answer.detail is None:
        return str(answer.code)
    coverages = answer.detail["ResultList"]
    names = [each["Name"] for each in coverages if isinstance(each, dict)] if isinstance(coverages, list) else []
    return "right" if names == [_name(index)] and answer.code is EligibilityCode.VALID else "wrong"


def _number(index: int) -> str:
    return f"{100000 + index}"


def _name(index: int) -> str:
    return f"測定 {index}"


def _born(index: int) -> date:
    """Only a few birth dates, so that these alone would not tell two people apart."""
    return date(1980, 1, 1 + index % 5)


def _person(index: int) -> Insured:
    coverage = {
        "InsuredCardClassification": "01",
        "InsurerNumber": "06130017",
        "InsurerName": "架空健康保険組合",
        "InsuredCardSymbol": "９９０１",
        "InsuredIdentificationNumber": _number(index),
        "Name": _name(index),
        "Sex1": "1",
        "Birthdate": f"{_born(index):%Y%m%d}",
        "QualificationDate": "20240401",
        "InsuredPartialContributionRatio": "030",
    }
    return Insured("valid", (coverage,))


def main() -> int:
    parser = argparse.ArgumentParser(description="Number queries over a folder with a difficult terminal (D4).")
    parser.add_argument("--exchanges", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=12)
    parser.add_argument("--no-record", action="store_true", help="leave docs/measurements.json as it is")
    arguments = parser.parse_args()
    figures = measure(arguments.exchanges, arguments.at_once)
    print(json.dumps(asdict(figures), ensure_ascii=False))
    if not arguments.no_record:
        record(
            id="D4",
            what=f"{figures.exchanges} number queries of two devices over one folder with a slow, partial, duplicate, "
            "out-of-order, packing terminal and files of others, all pauses at a tenth of the real ones: "
            "wrong matches + lost + resent",
            figure=figures.wrong + figures.lost + figures.resent,
            unit="",
            goal="0 + 0 + 0",
            met=figures.good,
            command=COMMAND,
        )
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main())
