"""docs/transitions.md, generated from the handlers: `python -m firmware.session.transitions` prints it."""

import sys

from firmware.core import events
from firmware.core.events import Event, VisitEvent
from firmware.session.model import STATES, State, VisitState
from firmware.session.step import rules

EVENTS: tuple[type[Event], ...] = tuple(
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind not in {Event, VisitEvent}
)
"""Every concrete event, in the order of core/events.py."""

_HEAD = """# Transitions

Generated from `firmware/session` by `make docs`; a test compares. States are rows' headings, events are lines.

- *counted* — a visit's event in a state without a visit belongs to another visit: counted and ignored.
- *ignored* — explicitly let pass.
- otherwise: the states that the event may lead to. "stays" is always possible. What the handler is for stands behind.
"""


def decision(state: type[State], event: type[Event]) -> str | None:
    """How the pair is decided, in words; None if nobody decided it."""
    if issubclass(event, VisitEvent) and not issubclass(state, VisitState):
        return "*counted*"
    for handlers in rules(state):
        if event in handlers.ignores:
            return "*ignored*"
        rule = handlers.rules.get(event)
        if rule is not None:
            names = dict.fromkeys("stays" if kind is handlers.state else kind.__name__ for kind in rule.to)
            names.pop(state.__name__, None)
            purpose = (rule.handler.__doc__ or "").partition("\n")[0]
            return ", ".join(names) + (f" — {purpose}" if purpose else "")
    return None


def document() -> str:
    """The whole page."""
    parts = [_HEAD]
    for state in STATES:
        parts.append(f"\n## {state.__name__}\n\n{(state.__doc__ or '').strip()}\n\n| event | leads to |\n|---|---|\n")
        for event in EVENTS:
            decided = decision(state, event)
            if decided not in {"*counted*", "*ignored*"}:
                parts.append(f"| {event.__name__} | {decided} |\n")
        for word in ("*ignored*", "*counted*"):
            names = [event.__name__ for event in EVENTS if decision(state, event) == word]
            if names:
                parts.append(f"\n{word}: {', '.join(names)}\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(document())
