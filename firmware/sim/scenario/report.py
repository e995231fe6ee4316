"""How a played visit is told: for people while it happens and at its end, or as one JSON document.

Prints to standard output. Pure but for that. Nothing of the reception's eligibility details goes beyond this terminal.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Final

from firmware.sim.scenario.judge import NOT_SEEN, expect, member
from firmware.sim.scenario.plan import Away, Plan
from firmware.sim.scenario.player import Verdict
from firmware.sim.scenario.story import Story

_SHOWN: Final = (
    "outcome",
    "method",
    "assurance",
    "match.code",
    "match.band",
    "checks.chip",
    "checks.record",
    "checks.issuer",
    "checks.certificate",
    "eligibility.code",
    "consent.answer",
    "hints",
    "flags",
)
_OF_ANSWER: Final = ("eligibility.code", "eligibility.flags", "eligibility.ways")
_BRAILLE: Final = "\u28ff│┌"


def shows_braille() -> bool:
    """Whether standard output can show braille characters."""
    try:
        _BRAILLE.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def has_room(columns: int) -> bool:
    """Whether a screen fits: a terminal is wide enough, a file always."""
    return not sys.stdout.isatty() or shutil.get_terminal_size().columns >= columns


def tell_end(plan: Plan, story: Story, verdict: Verdict, film: str | None) -> None:
    """Everything that comes after the visit, for people."""
    print("\nStages")
    for stage in sorted(story.stages, key=lambda each: each.start):
        start, end = stage.start - story.zero, stage.end - story.zero
        print(f"  {start:8.3f} – {end:8.3f} s  {stage.name}")
    if plan.question is None:
        _tell_apdus(story)
    for message in verdict.messages:
        print(f"\nThe reception opened a sealed message of {message.get('bytes')} bytes: {message.get('typ')}")
        for path in _shown(plan):
            print(f"  {path:20} {_plain(member(message, f'body.{path}'))}")
    if not verdict.messages:
        print("\nThe reception opened nothing")
    print()
    if film is not None:
        print(f"Film strip: {film} ({len(story.film.frames)} screens)")
    print(f"Had to end with: {_demands(plan)}")
    for reason in verdict.wrong:
        print(f"WRONG: {reason}")
    print(f"{'PASSED' if verdict.good else 'FAILED'}: {plan.name}")


def _tell_apdus(story: Story) -> None:
    print(f"\nAPDU log ({len(story.apdus)} commands; header, lengths, status word, no data)")
    for number, apdu in enumerate(story.apdus, 1):
        print(f"  {number:3}  {apdu}")


def _shown(plan: Plan) -> Sequence[str]:
    """Members of a message that are told."""
    if plan.question is not None:
        return _OF_ANSWER
    return (*_SHOWN, *_OF_ANSWER[1:]) if plan.tells_eligibility else _SHOWN


def tell_parts(plan: Plan, parts: Sequence[str], user: str) -> None:
    """The last line: what was real."""
    simulated = ["card, camera pictures, panel, people", *(["official terminal"] if plan.terminal else [])]
    print(f"Real parts: {', '.join(parts)}. Simulated: {', '.join(simulated)}. Ran as {user}.")


def real_parts(plan: Plan, story: Story, verdict: Verdict) -> list[str]:
    """What took part in this run and was no stand-in."""
    parts = [part for part in verdict.real if Away.GATEWAY not in plan.away or not part.startswith("gateway")]
    matched = any(stage.name == "match" for stage in story.stages)
    read = any(stage.name == "read-front" for stage in story.stages)
    models = [*(["model for the card's front"] if read else []), *(["face models"] if matched else [])]
    return [*parts, "device process", *models, "reception (JWE, JWS)"]


def _demands(plan: Plan) -> str:
    """What the plan must come to, in one line."""
    expected = expect(plan)
    demands = [f"{path} {_any(allowed)}" for path, allowed in expected.members.items()]
    if plan.tells_eligibility:
        demands += [f"late {path} {_any(allowed)}" for path, allowed in expected.late_members.items()]
        demands += [f"result screen {expected.step}"] if expected.step is not None else []
    return ", ".join(demands)


def _any(allowed: Sequence[object]) -> str:
    return " or ".join(_plain(value) for value in allowed)


def as_json(plan: Plan, story: Story, verdict: Verdict, user: str) -> str:
    """The whole run as one JSON document."""
    return json.dumps(
        {
            "plan": plan.name,
            "passed": verdict.good,
            "wrong": verdict.wrong,
            "visit": story.visit,
            "story": [{"at": round(line.at, 4), "who": line.who, "what": line.what} for line in story.lines],
            "states": story.states,
            "screens": story.views,
            "stages": [
                {"name": stage.name, "start": stage.start - story.zero, "end": stage.end - story.zero}
                for stage in story.stages
            ],
            "apdus": [
                {
                    "header": apdu.header,
                    "lc": apdu.sent,
                    "le": apdu.expected,
                    "rlen": apdu.received,
                    "sw": apdu.status,
                    "ms": apdu.milliseconds,
                    "target": apdu.target,
                }
                for apdu in story.apdus
            ],
            "faults": story.faults,
            "held": story.held,
            "reception": verdict.messages,
            "real": real_parts(plan, story, verdict),
            "user": user,
        },
        ensure_ascii=False,
        indent=1,
    )


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "-"
    return "-" if value is None or value == NOT_SEEN else str(value)
