"""How a state's file says what it does with an event, and which events it lets pass.

Every (state, event) pair is handled, explicitly ignored, or raises `UndefinedPairError` (design.md, "The middle").
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from firmware.core.events import Event
from firmware.session.model import State, Step
from firmware.session.policy import Policy

Handler = Callable[[Any, Any, Policy], Step]


class UndefinedPairError(Exception):
    """An event came in a state that neither handles nor ignores it: a bug, fault SES-001 in production."""

    def __init__(self, state: type[State], event: type[Event]) -> None:
        super().__init__(f"{event.__name__} in {state.__name__}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One handled pair. `to`: states it may lead to (checked by tests, printed in docs/transitions.md)."""

    handler: Handler
    to: tuple[type[State], ...]


class Handlers:
    """What one state does with each event."""

    def __init__(self, state: type[State], ignores: Iterable[type[Event]] = ()) -> None:
        self.state = state
        self.ignores = frozenset(ignores)
        self.rules: dict[type[Event], Rule] = {}

    def on(self, *events: type[Event], to: Iterable[type[State]] = ()) -> Callable[[Handler], Handler]:
        """Register a handler for `events`; staying in the same state is always allowed."""

        def register(handler: Handler) -> Handler:
            for event in events:
                if event in self.rules or event in self.ignores:
                    raise ValueError(f"{self.state.__name__} decides {event.__name__} twice")
                self.rules[event] = Rule(handler, (self.state, *to))
            return handler

        return register

    def decides(self, event: type[Event]) -> bool:
        """Whether the pair is decided here, and not left to the rules of the state's group."""
        return event in self.rules or event in self.ignores

    def handle(self, state: State, event: Event, policy: Policy) -> Step:
        """What is decided; only for events that `decides` is true of."""
        rule = self.rules.get(type(event))
        return Step(state) if rule is None else rule.handler(state, event, policy)
