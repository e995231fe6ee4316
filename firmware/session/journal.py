"""The journal's lines: events as JSON and back, so that `madoguchi replay FILE` runs a day again on a laptop.

Pure. Events carry no personal data, so neither does the journal. One JSON object a line: a header with version and
policy, then one line an event with the state it led to.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from firmware.core import events
from firmware.core.events import Event
from firmware.session.handlers import UndefinedPairError
from firmware.session.model import Device, Idle, Starting, State
from firmware.session.policy import Policy
from firmware.session.rescue import rescue
from firmware.session.step import step

VERSION = 1

_EVENTS: dict[str, type[Event]] = {
    name: kind
    for name, kind in vars(events).items()
    if isinstance(kind, type) and issubclass(kind, Event) and kind not in {Event, events.VisitEvent}
}


class JournalError(Exception):
    """A line that is not a journal's line."""


def header(policy: Policy, device: Device | None = None) -> str:
    """The first line: version, the policy in force, and for a file begun at Idle the device as it is then."""
    body = {"journal": VERSION, "policy": _plain(policy), "device": _plain(device)}
    return json.dumps(body, separators=(",", ":"))


def line(event: Event, state: State) -> str:
    """One event and the name of the state that it led to."""
    body = {"event": type(event).__name__, **_plain(event), "state": type(state).__name__}
    return json.dumps(body, separators=(",", ":"))


def parse_event(text: str) -> tuple[Event, str]:
    """An event and the state's name from a line. Raises JournalError."""
    try:
        body = json.loads(text)
        name = body.pop("state")
        kind = _EVENTS[body.pop("event")]
        return _build(kind, body), name
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise JournalError(f"not a journal line ({type(error).__name__})") from error


def parse_header(text: str) -> tuple[Policy, State]:
    """Policy and first state from the first line. Raises JournalError."""
    try:
        body = json.loads(text)
        if body["journal"] != VERSION:
            raise JournalError(f"journal version {body['journal']}, this build reads {VERSION}")
        policy: Policy = _build(Policy, body["policy"])
        device: Device | None = _build(Device | None, body["device"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise JournalError(f"not a journal header ({type(error).__name__})") from error
    return policy, Starting(Device()) if device is None else Idle(device)


@dataclasses.dataclass(frozen=True, slots=True)
class Replayed:
    """One replayed line: the event, the state that the journal names and the one that this build reaches."""

    event: Event
    recorded: str
    state: State

    @property
    def same(self) -> bool:
        return type(self.state).__name__ == self.recorded


def replay(lines: Iterable[str]) -> Iterator[Replayed]:
    """Run a journal again from power-on; a header in the middle (a restart) begins anew. Raises JournalError."""
    policy: Policy | None = None
    state: State = Starting(Device())
    for text in lines:
        if text.startswith('{"journal"'):
            policy, state = parse_header(text)
            continue
        if policy is None:
            raise JournalError("the first line is not a header")
        event, recorded = parse_event(text)
        try:
            state = step(state, event, policy).state
        except UndefinedPairError:
            state = rescue(state, policy).state
        yield Replayed(event, recorded, state)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _build(kind: Any, value: Any) -> Any:
    """A value of type `kind` from plain JSON."""
    origin = typing.get_origin(kind)
    if origin in {typing.Union, types.UnionType}:
        return _build_either(typing.get_args(kind), value)
    if origin is tuple:
        return _build_tuple(typing.get_args(kind), value)
    if isinstance(kind, typing.NewType):
        return _build(kind.__supertype__, value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _build(hints[name], item) for name, item in value.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float and isinstance(value, int | float):
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value


def _build_either(kinds: tuple[Any, ...], value: Any) -> Any:
    """None, or a value of the first kind that has it. Several kinds are enumerations, none with another's values."""
    *others, last = (item for item in kinds if item is not types.NoneType)
    if value is None and types.NoneType in kinds:
        return None
    for kind in others:
        if value in list(kind):
            return _build(kind, value)
    return _build(last, value)


def _build_tuple(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if kinds[1:] == (...,):
        return tuple(_build(kinds[0], item) for item in value)
    return tuple(_build(kind, item) for kind, item in zip(kinds, value, strict=True))
