"""`make measure-stack`: the whole stack against issue 2, A3 to A6 and A10, with the figures in docs/measurements.md.

Parts: `runs` (two whole runs at once; holder, impostor, forged chip), `privacy` (22 mixed visits on one device and the
reception's own queries, by number and by person, then a search for the holder's data in every file, topic and the
device's memory, with and without memory hygiene; the same after queries over the official terminal's folder; OpenSC
against the same card), `kill` (kill -9 right after "done"). All real but for card, pictures, panel and people.

Exit codes: 0 everything met, 1 something was not, 3 something is missing or did not start, 130 interrupted.
"""

import argparse
import asyncio
import functools
import os
import pwd
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from tools.bench.running import WrongVisitError, count, progress, run  # noqa: E402
from tools.measure import record  # noqa: E402
from tools.stack import kill, mixed, privacy, runs, terminal  # noqa: E402
from tools.stack.privacy import Examined, Memory, Wishes  # noqa: E402
from tools.stack.stack import QUICK, Stack  # noqa: E402

COMMAND: Final = "make measure-stack"
PARTS: Final = ("runs", "privacy", "kill")
Records = list[dict[str, Any]]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = made.add_argument
    add("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)} (default all)")
    add("--rounds", type=count, default=20, metavar="N", help="kills (default 20)")
    add("--no-record", action="store_true", help="do not write the figures into docs/measurements.json")
    return made


async def measure_runs(_arguments: argparse.Namespace) -> Records:
    """A3, A5."""
    progress("two whole runs at once")
    pair = await runs.side_by_side()
    progress("holder, impostor, forged chip accepted and not")
    told = await runs.assured()
    for name, wrong in told.items():
        _complain(name, wrong)
    _complain("two at once", pair.wrong)
    me = pwd.getpwuid(os.geteuid()).pw_name
    return [
        _record(
            "A3",
            f"two whole runs at once, started as {me} and as an ordinary user (ran as {', '.join(pair.users)}): what "
            f"went wrong; {pair.ports} listening sockets seen, all on 127.0.0.1; nothing left behind",
            (len(pair.wrong), "problems", "0; only loopback"),
            not pair.wrong,
        ),
        _record(
            "A5",
            "holder accepted, impostor refused, forged chip: face-issuer-unknown where the site accepts unknown "
            "issuers, else a staff check",
            (sum(not wrong for wrong in told.values()), f"of {len(told)} as demanded", "4 of 4"),
            not any(told.values()),
        ),
    ]


async def measure_privacy(_arguments: argparse.Namespace) -> Records:
    """A4, A6."""
    async with Stack((*QUICK, "--disaster")) as stack:
        wishes = Wishes(mixed.ALL, mixed.ALL[:7], foreign=True, queries=True)
        found = await privacy.examine(stack, wishes, progress)
    async with Stack(terminal.WORLD) as stack:
        asked = await terminal.examine(stack, progress)
    _complain("visits", found.played.wrong)
    _complain("files", [*found.in_files.told(), *found.while_held.told(), *found.in_topics.told()])
    _complain("card", found.violations)
    _tell_memory("with memory hygiene", found.hygienic)
    if found.bare is not None:
        _tell_memory("without memory hygiene", found.bare)
    _complain("terminal", [*asked.wrong, *asked.hits()])
    _tell_memory("after queries over the terminal's folder", asked.memory)
    return [_a4(found), *_a6(found), _a6_terminal(asked), {**privacy.faces_left(found), "command": COMMAND}]


def _a4(found: Examined) -> dict[str, Any]:
    name, read = (found.opensc.name, found.opensc.certificate) if found.opensc else ("", "")
    same = {read, found.certificate} == found.looked_up == found.known == {read}
    return _record(
        "A4",
        "OpenSC's name for the card; the certificate that pkcs15-tool reads, that is in EF 000A, and that the gateway "
        f"had from the device in all its look-ups {'are one' if same else 'DIFFER'}",
        (name, "", "jpki; one certificate"),
        name == "jpki" and same,
    )


def _a6(found: Examined) -> Records:
    hits = sum(map(len, (found.in_files.told(), found.while_held.told(), found.in_topics.told())))
    visits = len(found.played.visits)
    bare = _words(found.bare.left()) if found.bare is not None else "not measured"
    foreign = found.foreign or privacy.Foreign()
    refused = foreign.noticed and not foreign.opened and foreign.stored == 1 and foreign.why == "wrong-env"
    return [
        _record(
            "A6-files",
            f"{visits} mixed visits, and a reception's own queries by number and by person: photo, name, birth date, "
            f"number B, PIN, insured number, insurer, certificate, serials found in "
            f"{found.in_files.places} files ({found.in_files.searched / 1e6:.1f} MB: logs, journal, outbox, broker's "
            f"store, temporary files) and {found.in_topics.places} messages with topics and properties; "
            f"{found.results_retained} results retained",
            (hits, "hits", "0"),
            not (hits or found.results_retained or found.played.wrong or found.not_found),
        ),
        _record(
            "A6-memory",
            f"idle device and its photo decoder afterwards, {found.hygienic.searched / 1e6:.0f} MB of addresses, "
            f"with memory hygiene: {_words(found.hygienic.left())}; without: {bare}",
            (sum(found.hygienic.left().values()), "hits", "reported"),
            found.hygienic.searched > 0,
        ),
        _record(
            "A6-card-log",
            f"the cards' own logs: commands outside the allow-list, of {found.commands}",
            (len(found.violations), "", "0"),
            not found.violations,
        ),
        _record(
            "A6-env",
            f"messages of env sim, of {sum(found.envs.values())} (states, descriptions, progress, alerts, requests, "
            f"answers, acknowledgements, results); a reception of env test says: {foreign.refusal or '(nothing)'}",
            (found.envs.get("sim", 0), "messages", "all; another env refuses"),
            set(found.envs) == {"sim"} and refused,
        ),
    ]


def _a6_terminal(asked: terminal.Asked) -> dict[str, Any]:
    hits = asked.hits()
    return _record(
        "A6-terminal",
        f"{terminal.QUESTIONS} number queries over the official terminal's folder (answered, refused, not answered, "
        f"not fetched, folder away, device ended meanwhile): the same data found in {asked.in_files.places} files, the "
        f"terminal's own answers left out, and {asked.in_topics.places} messages; in "
        f"{asked.memory.searched / 1e6:.0f} MB of the idle device's addresses, with memory hygiene: "
        f"{_words(asked.memory.left())}",
        (len(hits), "hits", "0"),
        not (hits or asked.wrong or asked.not_found),
    )


def _words(hits: dict[str, int]) -> str:
    return ", ".join(f"{kind} {number}" for kind, number in hits.items()) or "nothing"


def _tell_memory(name: str, memory: Memory) -> None:
    progress(f"memory {name}: before {_words(memory.before)}; after {_words(memory.after)}")
    progress(f"  decoder {_words(memory.decoder)}; left by the visits: {_words(memory.left())}")


async def measure_kill(arguments: argparse.Namespace) -> Records:
    """A10."""
    async with Stack() as stack:
        killed = await kill.rounds(stack, arguments.rounds, progress)
    _complain("kill", killed.wrong)
    return [
        _record(
            "A10",
            'kill -9 of the device right after the screen said "done": rounds after which the reception had the result '
            f"exactly once and the outbox was empty, of {killed.rounds} ({killed.waiting} died with it in the outbox)",
            (killed.rounds - len(killed.wrong), "rounds", f"{killed.rounds}"),
            not killed.wrong,
        )
    ]


def _record(name: str, what: str, figure: tuple[float | str, str, str], met: bool) -> dict[str, Any]:
    number, unit, goal = figure
    made = {"id": name, "what": what, "figure": number, "unit": unit, "goal": goal, "met": met}
    return made | {"command": COMMAND}


def _complain(name: str, wrong: Sequence[str]) -> None:
    for each in wrong:
        progress(f"WRONG ({name}): {each}")


MEASURES: Final[dict[str, Callable[[argparse.Namespace], Awaitable[Records]]]] = {
    "runs": measure_runs,
    "privacy": measure_privacy,
    "kill": measure_kill,
}


async def measure(arguments: argparse.Namespace) -> None:
    missed = 0
    for part in arguments.parts or PARTS:
        for made in await MEASURES[part](arguments):
            missed += not made["met"]
            print(f"{'met    ' if made['met'] else 'NOT MET'} {made['id']:<12} {made['figure']} {made['unit']}")
            print(f"{'':8}{made['what']}; goal {made['goal']}")
            if not arguments.no_record:
                await asyncio.to_thread(functools.partial(record, **made))
    if missed:
        raise WrongVisitError(f"{missed} not met")


def main(words: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    if unknown := set(arguments.parts) - set(PARTS):
        parser().error(f"no part {', '.join(sorted(unknown))}")
    return run(COMMAND, lambda: measure(arguments))


if __name__ == "__main__":
    sys.exit(main())
