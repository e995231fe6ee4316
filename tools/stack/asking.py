"""Receptions' own queries on the whole stack, asked by the reception's own command about the holder, without a card.

Over the gateway (by number, and by person in disaster mode) and over the official terminal's folder, each with what may
become of a question there. Runs on the caller's loop. Times in seconds. What is wrong is told by codes, never by data.
Raises CrewError, ControlError.
"""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

from firmware.sim.control import Message
from firmware.sim.scenario.crew import Inbox
from firmware.sim.scenario.plan import Away
from tools.stack.stack import Stack

LOOKUP: Final = "lookup"
SEARCH: Final = "emergency-search"
PATIENCE: Final = 3.0
"""How long a device that is asked by `over_terminal` waits for the terminal: its setting `terminal.seconds`."""
_SLOW: Final = 3.0
_IMPATIENT: Final = 1.0
_DELIVERY: Final = 20.0
_DOWN: Final = frozenset({Away.GATEWAY})


async def over_gateway(stack: Stack, while_held: Callable[[], None]) -> list[str]:
    """Four questions, one by person; what is wrong. `while_held`: called while the outbox holds an answer."""
    wrong = await _asked(stack, LOOKUP, "valid") + await _asked(stack, SEARCH, "valid")
    await stack.take_away(_DOWN)
    wrong += await _asked(stack, LOOKUP, "not-reachable")
    await stack.bring_back(_DOWN)
    return wrong + await _gone_meanwhile(stack, while_held)


async def over_terminal(stack: Stack) -> list[str]:
    """Five questions: answered, refused, not answered, not even fetched, and no folder there; what is wrong."""
    wrong = await _asked(stack, LOOKUP, "valid")
    for quirk, code in (("err", "exchange-error"), ("no-answer", "timed-out")):
        await stack.hands.tell("terminal", do="tell", command={"cmd": "quirk", "value": quirk})
        wrong += await _asked(stack, LOOKUP, code)
    with _halted(await _terminal(stack)):
        requests = stack.folder / "oqs" / "req"
        wrong += await _asked(stack, LOOKUP, "timed-out") + _left(requests)
        with _moved(requests):
            wrong += await _asked(stack, LOOKUP, "not-reachable")
    return wrong


async def ended_meanwhile(stack: Stack) -> list[str]:
    """The device is ended in order before the terminal fetched its request; what is wrong."""
    requests = stack.folder / "oqs" / "req"
    with _halted(await _terminal(stack)):
        asking = asyncio.create_task(stack.hands.ask(LOOKUP, 2 * _IMPATIENT))
        try:
            await stack.until_true(lambda: any(requests.glob("*.xml")), _DELIVERY, "a request")
        except TimeoutError:
            return [f"{LOOKUP}: no request is written"]
        finally:
            await stack.stop()
            await asking
        return _left(requests)


def _left(requests: Path) -> list[str]:
    """Before the terminal goes on and fetches it."""
    return [f"{path.name} is not taken back" for path in requests.glob("*.xml")]


async def _terminal(stack: Stack) -> int:
    """The terminal's process."""
    return cast("dict[str, int]", (await stack.hands.tell("status"))["pids"])["terminal"]


async def _asked(stack: Stack, verb: str, wanted: str) -> list[str]:
    """One question and its answer."""
    told = await stack.hands.ask(verb)
    codes = [_eligibility(message).get("code") for message in told.messages]
    return [] if codes == [wanted] else [f"{verb}: {codes or _refusal(told)} instead of {wanted}"]


async def _gone_meanwhile(stack: Stack, while_held: Callable[[], None]) -> list[str]:
    """Who asked has gone when the answer comes, and no reception is there: it waits in the outbox."""
    hands, outbox = stack.hands, stack.folder / "site" / "device" / "data" / "outbox.sqlite"
    await hands.stop_reception()
    await hands.tell("gateway", do="tell", command={"cmd": "delay", "seconds": _SLOW})
    told = await hands.ask(LOOKUP, _IMPATIENT)
    try:
        await stack.until_true(lambda: _rows(outbox) == 1, _DELIVERY, "an answer in the outbox")
        while_held()
    except TimeoutError:
        return [f"{LOOKUP}: {_refusal(told)}, and nothing is held for who asked"]
    finally:
        await hands.tell("gateway", do="tell", command={"cmd": "delay", "seconds": 0.0})
        await hands.start_reception()
    requests = {response.get("jti") for response in told.responses}
    answered = await hands.inbox.until(lambda: bool(requests & set(_answered(hands.inbox))), _DELIVERY)
    return [] if answered else [f"{LOOKUP}: the answer that was held did not come"]


def _answered(inbox: Inbox) -> Iterator[object]:
    """The requests whose answers came."""
    for message in inbox.messages:
        if message.get("typ") == "lookup":
            yield cast("Message", message["body"]).get("request")


def _eligibility(message: Message) -> Message:
    return cast("Message", cast("Message", message["body"])["eligibility"])


def _refusal(told: Inbox) -> list[object]:
    return [response.get("code") or response.get("status") for response in told.responses]


def _rows(outbox: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True, timeout=5.0)) as database:
        ((number,),) = database.execute("SELECT count(*) FROM message").fetchall()
    return int(number)


@contextlib.contextmanager
def _halted(pid: int) -> Iterator[None]:
    """The process stands still meanwhile, as a machine that was switched off would."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def _moved(folder: Path) -> Iterator[None]:
    """The folder is not there meanwhile."""
    elsewhere = folder.with_name(f"{folder.name}-away")
    folder.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(folder)
