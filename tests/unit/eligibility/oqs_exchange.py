"""A device's side and a simulated terminal on one folder, at a pace that tests can wait for."""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, Env
from firmware.core.queries import NumberQuery, Query, ReceptionQuery
from firmware.core.secret import Secret
from firmware.eligibility.oqs_config import Pace, TerminalConfig
from firmware.sim.gateway.insured import Insured
from firmware.sim.terminal.terminal import Terminal, TerminalOptions
from firmware.sim.terminal.writing import Writer

INSTITUTION = "1319999999"
PASSWORD = b"ABC-123"
PACE = Pace(look=0.02, settle=0.01, call=2.0, broken=0.25)
WRITER = Writer(pause=0.03, stand=0.08)


@dataclass
class FakeClock:
    """Implements `ports.Clock`."""

    at: float = datetime(2026, 9, 1, 3, tzinfo=UTC).timestamp()
    known: ClockState = ClockState.SYNCED

    def now(self) -> float:
        return self.at

    def state(self) -> ClockState:
        return self.known

    def wall(self, at: float) -> float:
        return at


def person(number: str, born: str = "19721103", sex: str = "1", code: str = "valid", **other: object) -> Insured:
    """Somebody invented, insured under 06130017."""
    coverage = {
        "InsuredCardClassification": "01",
        "InsurerNumber": "06130017",
        "InsurerName": "架空健康保険組合",
        "InsuredCardSymbol": "９９",
        "InsuredIdentificationNumber": number,
        "Name": f"例 {number}",
        "Sex1": sex,
        "Birthdate": born,
        "QualificationDate": "20240401",
        "InsuredPartialContributionRatio": "030",
        **other,
    }
    return Insured(code, (coverage,))


PEOPLE = tuple(person(str(100000 + each)) for each in range(60))


def query(number: str = "100000", born: date = date(1972, 11, 3)) -> NumberQuery:
    return NumberQuery("06130017", number, born, symbol="９９", limit_consent=True, identifier="P-88")


def asking(asked: Query, name: str = "00000000000000000000000000000001") -> ReceptionQuery:
    return ReceptionQuery(VisitId(name), "reception", "jti", asked, "jws")


def config(root: Path, **other: object) -> TerminalConfig:
    values: dict[str, object] = {
        "requests": root / "req",
        "responses": root / "res",
        "institution": INSTITUTION,
        "env": Env.SIM,
        "clock": FakeClock(),
        "password": Secret(PASSWORD),
        "pace": PACE,
        "seconds": 10.0,
        **other,
    }
    return TerminalConfig(**values)  # type: ignore[arg-type]  # the test's own values


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  (nothing tells of it)
        await asyncio.sleep(0.01)


class OtherOs:
    """The module `os` with some of its functions replaced, for the one module that is given it."""

    def __init__(self, **replaced: Callable[..., object]) -> None:
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)


@contextlib.asynccontextmanager
async def terminal(root: Path, **other: object) -> AsyncIterator[Terminal]:
    values: dict[str, object] = {
        "root": root,
        "people": PEOPLE,
        "delay": (0.01, 0.03),
        "look": 0.02,
        "writer": WRITER,
        "password": PASSWORD,
        "chance": random.Random(5),  # noqa: S311  (a repeatable mixture)
        **other,
    }
    made = Terminal(TerminalOptions(**values))  # type: ignore[arg-type]  # the test's own values
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
