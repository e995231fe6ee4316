"""What a visit's stages say about its time: the critical path, the gaps on the way that was really taken, the ratio.

Pure. Seconds on one monotonic clock. A stage needs what `NEEDS` names, and a stage of the card also the card's stage
before it: one card answers one command at a time. The critical path is the longest chain of the visit's own stages; it
is the time that the visit would take if nothing but the stages took time. ValueError for stages that make no visit.
Source: design.md, "What can run at the same time does".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from firmware.sim.scenario.story import Stage

CARD: Final = (
    "identify",
    "count-pin",
    "unlock",
    "read-photo",
    "read-certificate",
    "check-chip",
    "sign",
)
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "identify": (),
    "count-pin": ("identify",),
    "unlock": ("identify",),
    "read-photo": ("unlock",),
    "read-certificate": ("identify",),
    "revocation": ("read-certificate",),
    "check-chip": ("read-photo",),
    "sign": ("count-pin",),
    "match": ("read-photo",),
    "look-up": ("match", "check-chip", "read-certificate", "revocation", "sign"),
    "register": ("look-up",),
    "commit": ("look-up", "register"),
}
"""By name; of these, those count that the visit had."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Node:
    """A stage with the labels of those it waited for. `seconds`: its length on the critical path."""

    label: str
    stage: Stage
    needs: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Time on the way really taken in which none of its stages ran. `people`: its part in which a person is awaited."""

    before: str
    seconds: float
    people: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """Seconds. `critical`: with stage times as they are; `working`: without what a stage only waited by policy."""

    elapsed: float
    critical: float
    working: float
    serial: float
    people: float
    path: tuple[str, ...]
    gaps: tuple[Gap, ...] = field(default=())

    @property
    def strict(self) -> float:
        """Everything that is no work of a stage counts against the device: people, policy and its own overhead."""
        return self.elapsed / self.working

    @property
    def with_policy(self) -> float:
        """As `strict`, but a wait that the policy demands is part of its stage."""
        return self.elapsed / self.critical

    @property
    def without_people(self) -> float:
        """As `with_policy`, with people who really take no time."""
        return (self.elapsed - self.people) / self.critical


def graph(stages: Iterable[Stage], waits: Mapping[str, float]) -> dict[str, Node]:
    """The stages in the order of their start, with labels (a repeated name gets a number) and needs.

    `waits`: by name, how long that stage only waited; its last run is shortened by that.
    """
    nodes: dict[str, Node] = {}
    newest: dict[str, str] = {}
    card: str | None = None
    for stage in sorted(stages, key=lambda each: each.start):
        if stage.name not in NEEDS:
            raise ValueError(f"no such stage: {stage.name}")
        label = stage.name if stage.name not in newest else f"{stage.name} {_next_number(nodes, stage.name)}"
        needs = [newest[name] for name in (*NEEDS[stage.name], stage.name) if name in newest]
        if stage.name in CARD:
            needs += [card] if card is not None and card not in needs else []
            card = label
        newest[stage.name] = label
        nodes[label] = Node(label, stage, tuple(needs), stage.end - stage.start)
    return {label: _shortened(node, newest, waits) for label, node in nodes.items()}


def _next_number(nodes: Mapping[str, Node], name: str) -> int:
    return 1 + sum(node.stage.name == name for node in nodes.values())


def _shortened(node: Node, newest: Mapping[str, str], waits: Mapping[str, float]) -> Node:
    wait = waits.get(node.stage.name, 0.0) if newest[node.stage.name] == node.label else 0.0
    return Node(node.label, node.stage, node.needs, max(0.0, node.seconds - wait))


def longest(nodes: Mapping[str, Node], last: str) -> tuple[float, tuple[str, ...]]:
    """Length and labels of the longest chain that ends with `last`. Needs precede what needs them."""
    best: dict[str, tuple[float, tuple[str, ...]]] = {}
    for label, node in nodes.items():
        before = max((best[need] for need in node.needs), key=lambda each: each[0], default=(0.0, ()))
        best[label] = (before[0] + node.seconds, (*before[1], label))
    return best[last]


def taken(nodes: Mapping[str, Node], last: str, zero: float, people: Sequence[Interval]) -> tuple[Gap, ...]:
    """The gaps of the way really taken: from each stage back to whichever it needs ended last."""
    gaps: list[Gap] = []
    label: str | None = last
    while label is not None:
        node = nodes[label]
        before = max((nodes[need] for need in node.needs), key=lambda each: each.stage.end, default=None)
        start = zero if before is None else before.stage.end
        seconds = max(0.0, node.stage.start - start)
        gaps.append(Gap(label, seconds, _overlap((start, node.stage.start), people)))
        label = None if before is None else before.label
    return tuple(reversed(gaps))


def _overlap(gap: Interval, others: Iterable[Interval]) -> float:
    """Length of the part of `gap` that `others` cover; they do not cover each other."""
    return sum(max(0.0, min(gap[1], end) - max(gap[0], start)) for start, end in others)


def analyse(
    stages: Sequence[Stage], zero: float, people: Sequence[Interval], waits: Mapping[str, float] | None = None
) -> Analysis:
    """A visit from `zero` to the end of its commit."""
    if not any(stage.name == "commit" for stage in stages):
        raise ValueError("the visit was not committed")
    nodes = graph(stages, {})
    last = next(label for label, node in nodes.items() if node.stage.name == "commit")
    critical, path = longest(nodes, last)
    working, _ = longest(graph(stages, waits or {}), last)
    gaps = taken(nodes, last, zero, people)
    return Analysis(
        elapsed=nodes[last].stage.end - zero,
        critical=critical,
        working=working,
        serial=sum(node.seconds for node in nodes.values()),
        people=sum(gap.people for gap in gaps),
        path=tuple(nodes[label].stage.name for label in path),
        gaps=gaps,
    )
