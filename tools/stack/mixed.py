"""Twenty-two different visits on one device process, each judged by what it had to come to.

Runs on the loop. The visit's messages are looked up in what the reception opened, after everything was brought back.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from firmware.sim.control import Message
from firmware.sim.scenario.judge import expect, judge
from firmware.sim.scenario.plan import Away, Face, Plan, Way
from tools.bench.rig import Visit
from tools.stack.stack import Stack

_DELIVERY: Final = 20.0
_NOTHING_MORE: Final = 0.5
_SLOW: Final = 1.5

FACE: Final = Plan()
PIN: Final = Plan(way=Way.PIN)
WRONG_PIN: Final = Plan(way=Way.PIN, pins=(False, True))
STAFF: Final = Plan(way=Way.STAFF)
IMPOSTOR: Final = Plan(face=Face.IMPOSTOR)
REFUSED: Final = Plan(way=Way.PIN, consent=False)
FORGED: Final = Plan(forged=True, staff_approves=False)
PULLED_EARLY: Final = Plan(pull_at="Consenting", slow_look_up=_SLOW)
GATEWAY_DOWN: Final = Plan(way=Way.PIN, away=frozenset({Away.GATEWAY}))
RECEPTION_DOWN: Final = Plan(away=frozenset({Away.RECEPTION}))

ALL: Final = (
    FACE,
    PIN,
    WRONG_PIN,
    STAFF,
    IMPOSTOR,
    REFUSED,
    FORGED,
    Plan(consent=False),
    Plan(way=Way.PIN, pull_at="EnteringPin"),
    Plan(pull_at="Identifying"),
    Plan(pull_at="ChoosingMethod"),
    Plan(pull_at="ReadingFront"),
    Plan(face=Face.NOBODY, pull_at="Unlocking"),
    Plan(face=Face.NOBODY, pull_at="Matching"),
    Plan(way=Way.STAFF, pull_at="AwaitingStaff"),
    PULLED_EARLY,
    Plan(pull_at="LookingUp", slow_look_up=_SLOW),
    Plan(pull_at="Showing"),
    GATEWAY_DOWN,
    Plan(way=Way.PIN, away=frozenset({Away.BROKER})),
    RECEPTION_DOWN,
    FACE,
)
"""Every way, everybody who is refused, a card pulled in ten states, and each part away once."""

FEW: Final = (WRONG_PIN, STAFF, RECEPTION_DOWN)
"""For `make test`: the ways on which every kind of data passes through the device."""


@dataclass(slots=True)
class Played:
    """`wrong`: differences from what the plans demand. `messages`: what the reception opened in all."""

    visits: list[Visit] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


async def play(
    stack: Stack,
    plans: Sequence[Plan],
    tell: Callable[[str], None],
    while_held: Callable[[], None] = lambda: None,
) -> Played:
    """All plans, one after the other; then wait for every message. `while_held`: called while the outbox holds some."""
    played = Played()
    for number, plan in enumerate(plans, 1):
        tell(f"visit {number}/{len(plans)}: {plan.name}")
        await stack.prepare(plan)
        played.visits.append(await stack.visit(plan))
        if plan.away & {Away.BROKER, Away.RECEPTION}:
            while_held()
        await stack.bring_back(plan.away)
        if plan.away & {Away.BROKER, Away.RECEPTION} or plan.slow_look_up:
            # The next visit may need what was away, and a look-up left behind its gateway's pace.
            await _delivered(stack, played.visits[-1:])
    await _delivered(stack, played.visits)
    await asyncio.sleep(_NOTHING_MORE)
    played.messages = list(stack.hands.inbox.messages)
    for visit in played.visits:
        found = judge(visit.plan, visit.story, _of(visit, played.messages), [])
        played.wrong += [f"{visit.plan.name}: {each}" for each in found]
    played.wrong += [f"the reception refused a message: {item.get('why')}" for item in stack.hands.inbox.refused]
    return played


def _of(visit: Visit, messages: Sequence[Message]) -> list[Message]:
    found = []
    for message in messages:
        body = message.get("body")
        if isinstance(body, dict) and body.get("visit") == visit.story.visit:
            found.append(message)
    return found


async def _delivered(stack: Stack, visits: Sequence[Visit]) -> None:
    """Until the reception opened what each visit has to bring; too few is for the judge to say."""

    def all_there() -> bool:
        messages = stack.hands.inbox.messages
        return all(len(_of(visit, messages)) >= _least(visit) for visit in visits)

    await stack.hands.inbox.until(all_there, _DELIVERY)


def _least(visit: Visit) -> int:
    expected = expect(visit.plan)
    return min(expected.results) + min(expected.late)
