"""`make bench-visit`: how much longer a visit takes than the longest chain of its own stages.

The whole stack of `make run`, with a virtual card on a modelled contactless link (106 kbit/s, 3 ms per APDU, 400 ms per
RSA operation), a gateway that takes 3 s, and people who act at once. The clock starts when the reader's watch thread
reports the card, and ends with the committed result.

Three ratios, each of time to result over critical path:
  strict   counts as overhead whatever is no work of a stage: the simulated people's reaction through the control socket
           and the wait for the notice second in `match` too. This one is held against the goal and recorded.
  policy   leaves the wait for the notice second in the stage `match`, as the device reports it.
  instant  as policy, without the time in which a person was awaited: people who really take no time.
A fourth, for information, is not of stages: time to result over what the modelled link and the gateway's 3 s alone take
(for a face without the match, which runs beside the card).

Exit codes: see tools/bench/running.py. Nothing is left behind.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from firmware.sim.card.link import LinkModel  # noqa: E402
from firmware.sim.scenario.judge import judge  # noqa: E402
from firmware.sim.scenario.plan import Plan, Way  # noqa: E402
from firmware.sim.scenario.story import Apdu  # noqa: E402
from tools.bench.critical import CARD, Analysis, Interval, analyse  # noqa: E402
from tools.bench.gantt import LEGEND, gantt  # noqa: E402
from tools.bench.rig import UNIT, Rig, Visit  # noqa: E402
from tools.bench.running import WrongVisitError, count, progress, run  # noqa: E402
from tools.bench.unit_file import read  # noqa: E402
from tools.measure import record  # noqa: E402

GOAL: Final = 1.10
LOOK_UP_SECONDS: Final = 3.0
NOTICE_SECONDS: Final = 1.0
COMMAND: Final = "make bench-visit"
_DELIVERY: Final = 20.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One visit with its analysis. `wait`: when `match` only waited for the notice second. `link`: modelled seconds."""

    visit: Visit
    analysis: Analysis
    wait: Interval
    link: float


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--visits", type=count, default=5, metavar="N", help="visits of each way (default 5)")
    made.add_argument("--way", choices=["face", "pin"], help="only one way")
    made.add_argument("--json", action="store_true", help="one JSON document instead of text")
    made.add_argument("--no-record", action="store_true", help="do not write the figures into docs/measurements.json")
    return made


def notice_wait(visit: Visit, seconds: float = NOTICE_SECONDS) -> Interval:
    """The part of the last `match` before the notice had been shown for `seconds`: no frame may come earlier."""
    matches = [stage for stage in visit.story.stages if stage.name == "match"]
    shown = visit.state_at.get("ChoosingMethod")
    if not matches or shown is None:
        return (0.0, 0.0)
    match = max(matches, key=lambda stage: stage.start)
    return (match.start, min(match.end, max(match.start, shown + seconds)))


def link_seconds(apdus: Sequence[Apdu], model: LinkModel | None = None) -> float:
    """What the modelled link alone takes of the visit; the log does not say whether a Le was sent (0.08 ms each)."""
    used = model or LinkModel()
    total = 0.0
    for apdu in apdus:
        sent = 4 + (1 + apdu.sent if apdu.sent else 0) + (1 if apdu.received else 0)
        signed = apdu.header[2:4].upper() == "2A" and apdu.status == "9000"
        total += used.seconds(sent, apdu.received + 2, rsa=signed)
    return total


def measured(visit: Visit) -> Measured:
    wait = notice_wait(visit)
    waits = {"match": wait[1] - wait[0]}
    analysis = analyse(visit.story.stages, visit.present, visit.awaited, waits)
    return Measured(visit, analysis, wait, link_seconds(visit.story.apdus))


async def measure(ways: Sequence[Way], visits: int) -> dict[Way, list[Measured]]:
    """`visits` of each way, on one device, one after the other."""
    found: dict[Way, list[Measured]] = {way: [] for way in ways}
    environment = read(UNIT)
    progress("starting world, gateway, broker, reception; compiling bytecode")
    async with Rig(("--contactless",), LOOK_UP_SECONDS) as rig:
        await rig.compile(environment)
        await rig.start(environment)
        for number in range(1, visits + 1):
            for way in ways:
                one = measured(await _checked_visit(rig, Plan(way=way, slow_look_up=LOOK_UP_SECONDS)))
                found[way].append(one)
                progress(f"{way} {number}/{visits}: {one.analysis.elapsed:.3f} s, ratio {one.analysis.strict:.3f}")
    return found


async def _checked_visit(rig: Rig, plan: Plan) -> Visit:
    """A visit that ended as it had to, its message opened by the reception."""
    await rig.rest()
    inbox = rig.crew.inbox
    before = len(inbox.messages)
    visit = await rig.visit(plan)
    await inbox.until(lambda: len(inbox.messages) > before, _DELIVERY)
    wrong = judge(plan, visit.story, inbox.messages[before:], await rig.crew.violations())
    wrong += [f"fault {fault}" for fault in visit.story.faults]
    if not visit.present:
        wrong.append("the device did not report the card")
    if wrong:
        raise WrongVisitError("; ".join(wrong))
    return visit


# ---- telling -------------------------------------------------------------------------------------------------------


def middle(visits: Sequence[Measured]) -> Measured:
    """The visit with the median strict ratio (the higher of two)."""
    return sorted(visits, key=lambda each: each.analysis.strict)[len(visits) // 2]


def medians(visits: Sequence[Measured]) -> dict[str, float]:
    """Medians over the visits, each figure for itself."""
    every = [each.analysis for each in visits]
    columns: Mapping[str, Sequence[float]] = {
        "ratio": [each.strict for each in every],
        "ratio-policy": [each.with_policy for each in every],
        "ratio-instant": [each.without_people for each in every],
        "seconds": [each.elapsed for each in every],
        "critical-path": [each.critical for each in every],
        "critical-path-working": [each.working for each in every],
        "stages-one-after-the-other": [each.serial for each in every],
        "people": [each.people for each in every],
        "link": [each.link for each in visits],
        "ratio-floor": [each.analysis.elapsed / (each.link + LOOK_UP_SECONDS) for each in visits],
        "card-stages": [_card_stages(each.visit) for each in visits],
    }
    return {name: round(statistics.median(values), 4) for name, values in columns.items()}


def _card_stages(visit: Visit) -> float:
    return sum(stage.end - stage.start for stage in visit.story.stages if stage.name in CARD)


def tell(way: Way, visits: Sequence[Measured]) -> None:
    """One way, for people."""
    typical, figures = middle(visits), medians(visits)
    visit, analysis = typical.visit, typical.analysis
    print(f"\nBy {way}: the visit with the median ratio, seconds since the reader reported the card\n")
    waits = [("match", typical.wait)] if typical.wait[1] > typical.wait[0] else []
    for line in gantt(visit.story.stages, visit.present, frozenset(analysis.path), visit.awaited, waits):
        print(line)
    print(f"\n{LEGEND}\n")
    print(f"critical path   {' > '.join(analysis.path)}")
    for gap in analysis.gaps:
        part = f", of which a person was awaited {gap.people * 1000:.1f} ms" if gap.people else ""
        print(f"gap before      {gap.before:<17} {gap.seconds * 1000:7.1f} ms{part}")
    print(f"\nMedians of {len(visits)} visits")
    print(f"time to result           {figures['seconds']:.3f} s")
    print(f"critical path            {figures['critical-path']:.3f} s, of stages that one after the other would take")
    print(f"                         {figures['stages-one-after-the-other']:.3f} s")
    print(f"card stages              {figures['card-stages']:.3f} s, {figures['link']:.3f} s of it the modelled link")
    print(f"people awaited           {figures['people'] * 1000:.1f} ms")
    print(f"ratio, strict            {figures['ratio']:.3f}   people and the notice second count as overhead")
    print(f"ratio, policy            {figures['ratio-policy']:.3f}   the wait for the notice second is part of `match`")
    print(f"ratio, instant           {figures['ratio-instant']:.3f}   and people really take no time")
    print(f"ratio, floor             {figures['ratio-floor']:.3f}   over the modelled link and the gateway alone")
    print(f"goal <= {GOAL:.2f}: {'met' if figures['ratio'] <= GOAL else 'NOT MET'} (strict)")


def document(found: Mapping[Way, Sequence[Measured]]) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        str(way): {
            **medians(visits),
            "goal": GOAL,
            "met": medians(visits)["ratio"] <= GOAL,
            "visits": [_visit_document(each) for each in visits],
        }
        for way, visits in found.items()
    }


def _visit_document(one: Measured) -> dict[str, Any]:
    zero, analysis = one.visit.present, one.analysis
    return {
        "seconds": analysis.elapsed,
        "critical-path": analysis.path,
        "ratio": analysis.strict,
        "ratio-policy": analysis.with_policy,
        "ratio-instant": analysis.without_people,
        "notice-wait": one.wait[1] - one.wait[0],
        "gaps": [{"before": gap.before, "seconds": gap.seconds, "people": gap.people} for gap in analysis.gaps],
        "stages": [
            {"name": stage.name, "start": stage.start - zero, "end": stage.end - zero}
            for stage in one.visit.story.stages
        ],
    }


def keep(found: Mapping[Way, Sequence[Measured]]) -> None:
    """Record the figures."""
    for way, visits in found.items():
        ratio = medians(visits)["ratio"]
        record(
            id=f"A8-{way}",
            what=f"visit by {way} on a modelled contactless link: time to committed result / critical path of its "
            f"stages, median of {len(visits)} (people's reaction and notice second counted as overhead)",
            figure=round(ratio, 3),
            unit="",
            goal="<= 1.10",
            met=ratio <= GOAL,
            command=COMMAND,
        )


async def bench(arguments: argparse.Namespace) -> None:
    ways = [Way(arguments.way)] if arguments.way else [Way.FACE, Way.PIN]
    found = await measure(ways, arguments.visits)
    if arguments.json:
        print(json.dumps(document(found), indent=1))
    else:
        for way, visits in found.items():
            tell(way, visits)
    if not arguments.no_record:
        keep(found)


def main(words: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    return run(COMMAND, lambda: bench(arguments))


if __name__ == "__main__":
    sys.exit(main())
