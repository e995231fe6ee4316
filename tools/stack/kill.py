"""Issue 2, A10: kill -9 right after the screen said "done"; started again, the reception has each result exactly once.

In turn with everything there, with the reception away and with the broker away until the device runs again, so that the
result is on its way, waits for the reception, or waits for the broker. Runs on the loop.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from firmware.sim.scenario.plan import Away, Plan, Way
from firmware.sim.scenario.story import Story
from tools.stack.stack import Stack

DONE: Final = "ResultView"
PLANS: Final = (
    Plan(way=Way.PIN),
    Plan(way=Way.PIN, away=frozenset({Away.RECEPTION})),
    Plan(way=Way.PIN, away=frozenset({Away.BROKER})),
)
_DELIVERY: Final = 30.0
_NOTHING_MORE: Final = 0.3


@dataclass(slots=True)
class Killed:
    """`wrong`: what was lost, doubled or left over. `waiting`: results that lay in the outbox when the device died."""

    rounds: int = 0
    waiting: int = 0
    visits: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


async def rounds(stack: Stack, number: int, tell: Callable[[str], None]) -> Killed:
    """`number` visits, each ended by a kill. No device runs before nor afterwards."""
    killed = Killed()
    database = stack.hands.reception_config().with_name("reception.sqlite")
    await stack.begin()
    await stack.seen()
    before = await asyncio.to_thread(_stored, database)
    for index in range(number):
        plan = PLANS[index % len(PLANS)]
        tell(f"kill -9, round {index + 1}/{number}: {plan.name}")
        await stack.prepare(plan)
        story = await stack.visit_until(plan, DONE, stack.kill)
        await stack.hands.remove_card()
        killed.rounds += 1
        await _resurrected(stack, plan, story, killed)
    await asyncio.sleep(_NOTHING_MORE)
    await stack.stop()
    stored = await asyncio.to_thread(_stored, database)
    killed.wrong += _differences([visit for visit in stored if visit not in before], killed.visits)
    return killed


async def _resurrected(stack: Stack, plan: Plan, story: Story, killed: Killed) -> None:
    """Start again with the same outbox; wait until everything is delivered and acknowledged."""
    outbox = stack.folder / "site" / "device" / "data" / "outbox.sqlite"
    database = stack.hands.reception_config().with_name("reception.sqlite")
    name = story.visit or "(no visit)"
    killed.visits.append(name)
    if DONE not in story.views:
        killed.wrong.append(f"{name}: the screen never said done")
    held = await asyncio.to_thread(_rows, outbox)
    killed.waiting += held > 0
    if plan.away and held == 0:
        killed.wrong.append(f"{name}: nobody could take it, and the outbox is empty")
    await stack.begin()
    await stack.bring_back(plan.away)
    try:
        await stack.until_true(
            lambda: _rows(outbox) == 0 and name in _stored(database), _DELIVERY, "delivered and acknowledged"
        )
    except TimeoutError as error:
        killed.wrong.append(f"{name}: not {error}")


def _differences(stored: list[str], wanted: list[str]) -> list[str]:
    """Every visit that is not there exactly once, and every one that nobody made."""
    wrong = [f"{visit}: {stored.count(visit)} results" for visit in wanted if stored.count(visit) != 1]
    return wrong + [f"{visit}: a result of no visit of ours" for visit in sorted(set(stored) - set(wanted))]


def _stored(database: Path) -> list[str]:
    """The visit of every result in the reception's database."""
    return [
        str(row[0]) for row in _read(database, "SELECT claims ->> '$.body.visit' FROM message WHERE typ = 'result'")
    ]


def _rows(outbox: Path) -> int:
    """Messages in the outbox."""
    ((number,),) = _read(outbox, "SELECT count(*) FROM message")
    return int(str(number))


def _read(file: Path, query: str) -> list[tuple[object, ...]]:
    """A query in a database that somebody else may be writing."""
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5.0)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()
