"""What each plan must come to, and whether the visit did.

Pure. `judge` compares a plan with what the device showed and what the reception opened, and returns every difference in
words; none means that the visit ended as it had to. Members of a result: the message contract (design.md, "The message
contract"), read here as plain JSON because the simulator shares no types with the device.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from firmware.sim.scenario.outcomes import ANSWERS, NOT_ATTRIBUTED, NOT_REACHED, Told
from firmware.sim.scenario.plan import SETTLED, Away, Face, Plan, Way
from firmware.sim.scenario.story import Story

NOT_SEEN: Final = "(missing)"
_REFUSED: Final = (Face.IMPOSTOR, Face.PRINT)
_RESTING: Final = frozenset({"Starting", "Idle"})
_VERIFY: Final = "00200080"
_KINDS: Final = {"result": "results", "lookup": "answers to questions"}


@dataclass(frozen=True, slots=True)
class Expected:
    """A result's members as dotted paths, with the values allowed for each. `states`: passed in this order.

    `late_members`: those of an amendment. `kind`: of the messages that are looked for. `step`: what the result screen
    tells, if it matters.
    """

    members: Mapping[str, tuple[object, ...]]
    states: tuple[str, ...] = ()
    results: tuple[int, ...] = (1,)
    late: tuple[int, ...] = (0,)
    late_members: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    kind: str = "result"
    step: str | None = None


def expect(plan: Plan) -> Expected:
    """What `plan` must come to."""
    if plan.question is not None:
        return Expected(_answered(plan), kind="lookup")
    if plan.pull_at is not None:
        return _pulled(plan, plan.pull_at)
    if plan.face is Face.IMPOSTOR:
        return Expected(_unsettled("aborted", "not-identified"), ("Matching", "ChoosingMethod"))
    if plan.face is Face.PRINT:
        # A print that is moved well enough ends as undecided, which is no pass either.
        members = {**_unsettled("aborted", "not-identified"), "match.liveness": ("failed", "unsure")}
        return Expected(members, ("Matching", "ChoosingMethod"))
    if plan.forged and not plan.accept_unknown_issuer:
        members = {**_unsettled("not-identified"), "checks.issuer": ("unknown",), "match.code": ("match",)}
        return Expected(members, ("Matching", "AwaitingStaff"))
    step = _told(plan).step if plan.tells_eligibility else None
    return Expected(_settled(plan), ("Consenting",) if plan.asks_consent else ("LookingUp",), step=step)


def judge(plan: Plan, story: Story, messages: Sequence[Mapping[str, object]], violations: Sequence[str]) -> list[str]:
    """Everything that is not as `plan` demands. `messages`: claims that the reception opened, in order."""
    expected = expect(plan)
    wrong = list(_messages_wrong(expected, messages))
    wrong += _story_wrong(plan, expected, story)
    wrong += [f"the card was asked for something forbidden: {violation}" for violation in violations]
    return wrong


def member(message: Mapping[str, object], path: str) -> object:
    """Member at a dotted path, or a text that says it is missing."""
    value: object = message
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return NOT_SEEN
        value = cast("Mapping[str, object]", value)[name]
    return value


def _settled(plan: Plan) -> dict[str, tuple[object, ...]]:
    assurance = {Way.FACE: "face-issuer-verified", Way.PIN: "pin", Way.STAFF: "staff"}[plan.way]
    alive = {"match.liveness": ("passed",)} if plan.liveness else {}
    return {
        "outcome": ("identified",),
        "method": (str(plan.way),),
        "assurance": ("face-issuer-unknown",) if plan.forged else (assurance,),
        **_answered(plan),
        "consent.answer": _consented(plan),
        **alive,
    }


def _consented(plan: Plan) -> tuple[object, ...]:
    if not plan.asks_consent:
        return ("not-given",)
    return ("given",) if plan.consent else ("refused",)


def _told(plan: Plan) -> Told:
    if plan.twins:
        return NOT_ATTRIBUTED
    if Away.GATEWAY in plan.away:
        return NOT_REACHED
    told = ANSWERS[plan.insured]
    return told.confirmed() if plan.pick_up else told


def _answered(plan: Plan) -> dict[str, tuple[object, ...]]:
    told = _told(plan)
    code: dict[str, tuple[object, ...]] = {"eligibility.code": (told.code,)}
    if not plan.tells_eligibility:
        return code
    return {**code, "eligibility.flags": (list(told.flags),), "eligibility.ways": (told.ways,)}


def _unsettled(*outcomes: str) -> dict[str, tuple[object, ...]]:
    return {
        "outcome": outcomes,
        "method": (None,),
        "assurance": ("none",),
        "eligibility.code": ("not-asked",),
        "consent.answer": ("not-given",),
    }


def _pulled(plan: Plan, state: str) -> Expected:
    if state == "Identifying":
        # The card may be recognised before the removal is seen; then the visit counts.
        return Expected(_unsettled("aborted"), (state,), results=(0, 1))
    if state not in SETTLED:
        return Expected(_unsettled("aborted"), (state,))
    members = _settled(plan)
    if state == "Showing":
        return Expected(members, (state,))
    late = _answered(plan)
    if plan.tells_eligibility:
        members |= {"eligibility.flags": ([],), "eligibility.ways": (Told("pending").ways,)}
    members["eligibility.code"] = ("pending",)
    members["consent.answer"] = ("not-given",) if state == "Consenting" else members["consent.answer"]
    members["flags"] = (["card-removed-early"],)
    return Expected(members, (state,), late=(1,), late_members=late)


def _messages_wrong(expected: Expected, messages: Sequence[Mapping[str, object]]) -> Iterator[str]:
    results = [message for message in messages if message.get("typ") == expected.kind]
    late = [message for message in messages if message.get("typ") == "late"]
    if len(results) not in expected.results:
        yield f"the reception opened {len(results)} {_KINDS[expected.kind]}, not {_or(expected.results)}"
    if len(late) not in expected.late:
        yield f"the reception opened {len(late)} late amendments, not {_or(expected.late)}"
    for message in messages:
        if message.get("env") != "sim":
            yield f"a message is of env {message.get('env')}, not sim"
    for those, members in ((results, expected.members), (late, expected.late_members)):
        for message in those:
            yield from _members_wrong(message, members)


def _members_wrong(message: Mapping[str, object], members: Mapping[str, tuple[object, ...]]) -> Iterator[str]:
    for path, allowed in members.items():
        found = member(message, f"body.{path}")
        if found not in allowed:
            yield f"{path} is {found}, not {_or(allowed)}"


def _story_wrong(plan: Plan, expected: Expected, story: Story) -> Iterator[str]:
    yield from _road_wrong(plan, expected, story)
    yield from _screens_wrong(plan, expected, story)
    if len(plan.pins) > 1:
        refused = [apdu for apdu in story.apdus if apdu.header == _VERIFY and apdu.sent and apdu.status[:3] == "63C"]
        if len(refused) != 1:
            yield f"the card refused {len(refused)} VERIFY, not 1"
    if plan.away & {Away.BROKER, Away.RECEPTION} and not any(story.held):
        yield "the device did not hold the result while nobody took it"
    if story.unreadable or story.dropped:
        yield f"{story.unreadable} events could not be read, {story.dropped} were lost"


def _road_wrong(plan: Plan, expected: Expected, story: Story) -> Iterator[str]:
    """States that the visit passed."""
    rest = iter(story.states)
    for state in expected.states:
        if state not in rest:
            yield f"the visit did not come to {state} (it went {' - '.join(story.states)})"
            break
    if plan.face in _REFUSED and any(state in SETTLED for state in story.states):
        yield f"the {plan.face} was accepted"
    if plan.question is not None and set(story.states) - _RESTING:
        yield f"a question is no visit (the device went {' - '.join(story.states)})"


def _screens_wrong(plan: Plan, expected: Expected, story: Story) -> Iterator[str]:
    """What the patient read."""
    if plan.back_first and "turn-over" not in story.asked:
        yield "the device did not say that the card's back is up"
    if plan.one_camera and "put-back" not in story.asked:
        yield "the device did not read the card while it was shown"
    if ANSWERS[plan.insured].first is not None and "RegisterView" not in story.views:
        yield "the patient was not asked whether to register the card"
    if not plan.asks_consent and "ConsentView" in story.views:
        yield "the patient was asked for a consent that can be passed on to nobody"
    if expected.step is not None and expected.step not in story.asked:
        yield f"the result screen did not say {expected.step}"


def _or(allowed: Sequence[object]) -> str:
    return " or ".join(str(value) for value in allowed)
