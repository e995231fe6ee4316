"""Which receptions of the site are there: the part fails when none is, the absence of one of several is an alert.

Link's thread. `judge` is called with every tick; alerts are raised once per absence. Raises nothing.
"""

from collections.abc import Callable, Mapping

from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.publish.delivery import Presence
from firmware.publish.parts import PartStates

Alert = Callable[[FaultCode, VisitId | None], None]


class ReceptionWatch:
    """`patience`: seconds after connecting in which a reception that has not been heard of may still report."""

    def __init__(self, parts: PartStates, alert: Alert, patience: float) -> None:
        self._parts, self._alert, self._patience = parts, alert, patience
        self._told: dict[str, FaultCode] = {}

    def judge(self, known: Mapping[str, Presence], connected_for: float) -> None:
        """`known`: what is known of each of the site's receptions since the connection began."""
        waiting = connected_for <= self._patience
        if not waiting or Presence.UNKNOWN not in known.values():
            self._judge_part(known)
        for name, presence in known.items():
            if presence is Presence.ONLINE:
                self._told.pop(name, None)
            elif presence is not Presence.UNKNOWN or not waiting:
                self._missing(name, presence)

    def _judge_part(self, known: Mapping[str, Presence]) -> None:
        present = known.values()
        if Presence.ONLINE in present:
            self._parts.recovered(Part.RECEPTION)
        elif Presence.FOREIGN in present:
            self._parts.failed(Part.RECEPTION, FaultCode.RECEPTION_ENV_MISMATCH)
        else:
            self._parts.failed(Part.RECEPTION, FaultCode.RECEPTION_AWAY)

    def _missing(self, name: str, presence: Presence) -> None:
        foreign = presence is Presence.FOREIGN
        fault = FaultCode.RECEPTION_ENV_MISMATCH if foreign else FaultCode.RECEPTION_AWAY
        told = self._told.get(name)
        self._told[name] = fault
        # With none online the part has failed, and the session alerts.
        if told is not fault and not self._parts.is_failed(Part.RECEPTION):
            self._alert(fault, None)
