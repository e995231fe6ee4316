"""`make bench-daemon`: what the device process costs: time to READY, memory, idle processor time, growth.

The whole stack of `make run`, the device started with the environment of systemd/madoguchi.service and a notification
socket. Visits are as quick as they can be: by face, by PIN, and pulled before identity is settled, in turn. Memory is
Rss and VmHWM of /proc/PID/smaps_rollup and status, 1 MB = 1,000,000 bytes; the photo decoder that waits for the next
photo is a process of its own. The cost of memory hygiene (freed memory overwritten) is the sum of the median stage
times of one visit by face and one by PIN, with those variables over without, two starts of each in turn.

The issue has goals for READY and memory; those for idle time (2 % of a core) and growth (5 MB) are this bench's own.
Exit codes: see tools/bench/running.py. Nothing is left behind.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from firmware.sim.scenario.plan import Plan, Way  # noqa: E402
from tools.bench import memory  # noqa: E402
from tools.bench.daemon_figures import COMMAND, Figures, compared, records  # noqa: E402
from tools.bench.memory import MEGABYTE, Memory  # noqa: E402
from tools.bench.rig import UNIT, Rig, Visit  # noqa: E402
from tools.bench.running import WrongVisitError, count, progress, run  # noqa: E402
from tools.bench.unit_file import plain, read  # noqa: E402
from tools.measure import record  # noqa: E402

QUICK: Final = (
    *("--set", "policy.notice_seconds=0.1"),
    *("--set", "policy.show_seconds=0.5"),
    *("--set", "policy.absence_seconds=0.5"),
)
FACE, PIN, PULLED = Plan(), Plan(way=Way.PIN), Plan(way=Way.PIN, pull_at="EnteringPin")
MIX: Final = (FACE, PIN, FACE, PULLED)
EARLY_VISITS: Final = 20
_PROGRESS: Final = 20
_ROUNDS: Final = 2


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = made.add_argument
    add("--visits", type=count, default=200, metavar="N", help="visits in all (default 200)")
    add("--starts", type=count, default=5, metavar="N", help="starts for the time to READY (default 5)")
    add("--idle", type=float, default=60.0, metavar="SECONDS", help="how long idle time is measured (default 60)")
    add("--settle", type=float, default=10.0, metavar="SECONDS", help="idle before memory is read (default 10)")
    add("--compare", type=count, default=6, metavar="N", help="visits of each way with and without hygiene (default 6)")
    add("--json", action="store_true", help="one JSON document instead of text")
    add("--no-record", action="store_true", help="do not write the figures into docs/measurements.json")
    return made


async def measure(arguments: argparse.Namespace) -> Figures:
    figures, environment = Figures(), read(UNIT)
    progress("starting world, gateway, broker, reception; compiling bytecode")
    async with Rig(QUICK) as rig:
        await rig.compile(environment)
        await _starts(rig, environment, arguments.starts, figures)
        await _long_run(rig, environment, arguments, figures)
        await _hygiene(rig, environment, arguments.compare, figures)
    return figures


async def _starts(rig: Rig, environment: Mapping[str, str], number: int, figures: Figures) -> None:
    figures.ready = [await _time_to_ready(rig, environment, bytecode=True) for _ in range(number)]
    progress(f"READY after {_listed(figures.ready)} s")
    figures.ready_without_bytecode = [await _time_to_ready(rig, environment, bytecode=False)]
    progress(f"READY after {_listed(figures.ready_without_bytecode)} s when all bytecode has to be compiled first")


async def _time_to_ready(rig: Rig, environment: Mapping[str, str], *, bytecode: bool) -> float:
    started, notification = await rig.start(environment, bytecode=bytecode)
    if notification.pid != rig.crew.device_pid():
        raise WrongVisitError("READY came from another process than the device")
    await rig.rest()
    await rig.stop()
    return notification.at - started


async def _long_run(rig: Rig, environment: Mapping[str, str], arguments: argparse.Namespace, figures: Figures) -> None:
    """Early memory, idle time, then all the other visits and late memory, in one process."""
    await rig.start(environment)
    await rig.rest()
    pid = rig.crew.device_pid()
    await asyncio.sleep(arguments.settle)
    figures.before = memory.sample(pid)
    early = min(EARLY_VISITS, arguments.visits)
    await _visits(rig, 1, early, arguments.visits)
    await asyncio.sleep(arguments.settle)
    figures.early, figures.early_visits = memory.sample(pid), early
    figures.decoder = _decoder(pid)
    progress(f"after {early} visits {figures.early.rss / MEGABYTE:.1f} MB; idle for {arguments.idle:.0f} s")
    used, began = memory.cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(arguments.idle)
    figures.idle_seconds = time.monotonic() - began
    figures.idle_cpu = 100 * (memory.cpu_seconds(pid) - used) / figures.idle_seconds
    await _visits(rig, early + 1, arguments.visits, arguments.visits)
    await asyncio.sleep(arguments.settle)
    figures.late, figures.late_visits = memory.sample(pid), arguments.visits
    await rig.stop()


def _decoder(pid: int) -> Memory | None:
    """The largest child: the decoder that waits."""
    return max((memory.sample(child) for child in memory.children(pid)), key=lambda each: each.rss, default=None)


async def _visits(rig: Rig, first: int, last: int, total: int) -> None:
    for number, plan in zip(range(first, last + 1), _plans(first), strict=False):
        await _checked(rig, plan)
        if number % _PROGRESS == 0 or number == last:
            progress(f"visit {number}/{total}")
    await rig.rest()


def _plans(first: int) -> Iterator[Plan]:
    """The mix, from the place of visit number `first` on."""
    return itertools.islice(itertools.cycle(MIX), (first - 1) % len(MIX), None)


async def _checked(rig: Rig, plan: Plan) -> Visit:
    """A visit; one that was not pulled has to come to a result."""
    visit = await rig.visit(plan, hurry=plan.pull_at is None)
    if plan.pull_at is None and "Showing" not in visit.story.states:
        raise WrongVisitError(f"{plan.name} went {' - '.join(visit.story.states)}")
    if visit.story.faults:
        raise WrongVisitError(f"{plan.name}: fault {', '.join(visit.story.faults)}")
    return visit


# ---- memory hygiene ------------------------------------------------------------------------------------------------


async def _hygiene(rig: Rig, environment: dict[str, str], number: int, figures: Figures) -> None:
    times: dict[bool, dict[str, list[float]]] = {True: defaultdict(list), False: defaultdict(list)}
    for turn in range(_ROUNDS):
        for hygiene in (True, False):
            await rig.start(environment if hygiene else plain(environment))
            await rig.rest()
            await _checked(rig, FACE)  # the first visit has things to load
            for _ in range(-(-number // _ROUNDS)):
                for plan in (FACE, PIN):
                    _add(times[hygiene], plan, await _checked(rig, plan))
            await rig.rest()
            await rig.stop()
            progress(f"memory hygiene {'on' if hygiene else 'off'}, round {turn + 1}/{_ROUNDS}")
    figures.stages, figures.hygiene = compared(times[True], times[False])


def _add(times: dict[str, list[float]], plan: Plan, visit: Visit) -> None:
    for stage in visit.story.stages:
        times[f"{plan.way} {stage.name}"].append((stage.end - stage.start) * 1000)


# ---- telling -------------------------------------------------------------------------------------------------------


def tell(figures: Figures) -> None:
    """For people."""
    for each in records(figures):
        print(f"{'met    ' if each['met'] else 'NOT MET'} {each['figure']:8.2f} {each['unit']:<14} {each['what']}")
        print(f"{'':17}goal {each['goal']}")
    print(f"\nREADY after {_listed(figures.ready)} s; {_listed(figures.ready_without_bytecode)} s without bytecode")
    print("\nMemory, MB                       Rss      Pss   anonymous     peak")
    named = {
        "device, no visit yet": figures.before,
        f"device, after {figures.early_visits} visits": figures.early,
        f"device, after {figures.late_visits} visits": figures.late,
        "photo decoder, waiting": figures.decoder,
    }
    for name, taken in named.items():
        if taken is not None:
            sizes = [value / MEGABYTE for value in (taken.rss, taken.pss, taken.anonymous, taken.peak)]
            print(f"{name:<28}{sizes[0]:8.1f} {sizes[1]:8.1f} {sizes[2]:11.1f} {sizes[3]:8.1f}")
    print("\nMemory hygiene: median milliseconds of a stage, with and without")
    for name, row in figures.stages.items():
        print(f"{name:<28}{row['with']:8.1f} {row['without']:8.1f}   x {row['ratio']:.2f}")
    print(f"{'all stages':<28}{'':17}   x {figures.hygiene:.2f}")


def document(figures: Figures) -> dict[str, Any]:
    """For machines."""
    return {**asdict(figures), "records": records(figures)}


def _listed(seconds: Iterable[float]) -> str:
    return ", ".join(f"{each:.2f}" for each in seconds)


async def bench(arguments: argparse.Namespace) -> None:
    figures = await measure(arguments)
    if arguments.json:
        print(json.dumps(document(figures), indent=1))
    else:
        tell(figures)
    if not arguments.no_record:
        for each in records(figures):
            record(**each)


def main(words: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    return run(COMMAND, lambda: bench(arguments))


if __name__ == "__main__":
    sys.exit(main())
