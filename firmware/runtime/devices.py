"""What the runtime works with, built by `app/compose.py`: one adapter per port, and an observer for simulators."""

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.result import Json
from firmware.ports import (
    Camera,
    Card,
    CardFront,
    CardTransport,
    Clock,
    Face,
    Gateway,
    Inputs,
    Panel,
    Publisher,
    Queries,
    RevocationStatus,
)

Observer = Callable[[dict[str, Json]], None]
"""Told of states, stages, screens and commits: no personal data. Must return at once."""


class PartReports:
    """Lets an adapter tell by itself that its part failed or works again. Any thread; lost before `connect`."""

    def __init__(self) -> None:
        self._sink: Callable[[Part, FaultCode | None], None] = lambda _part, _fault: None

    def connect(self, sink: Callable[[Part, FaultCode | None], None]) -> None:
        self._sink = sink

    def tell(self, part: Part, fault: FaultCode | None) -> None:
        """`fault` None: it works again."""
        self._sink(part, fault)


@dataclass(frozen=True, slots=True)
class Devices:
    """`missing`: parts that could not be composed, with the fault that says why; their port is then None.

    `revocation`: only where the site has an approved responder. `card_front` reads number B off the frames of
    `card_camera`, which is the same object as `camera` where a device has one camera for both. `queries`:
    who answers receptions' own queries, where the site has somebody.
    """

    reader: CardTransport
    card: Card
    panel: Panel
    inputs: Inputs | None
    camera: Camera | None
    face: Face | None
    gateway: Gateway
    publisher: Publisher
    clock: Clock
    revocation: RevocationStatus | None = None
    missing: tuple[tuple[Part, FaultCode], ...] = ()
    observe: Observer = lambda _: None
    reports: PartReports = field(default_factory=PartReports)
    card_front: CardFront | None = None
    card_camera: Camera | None = None
    queries: Queries | None = None
