"""Which look-up belongs to which visit: consents and registration name it by the gateway's id.

Loop thread. A consent may come while the look-up's first answer is still on its way, so the id can be waited for.
Holds random ids and keyed hashes only, nothing that has to be wiped. Raises DeviceError with the fault that kept the
look-up from being made.
"""

import asyncio
from collections import OrderedDict
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.eligibility.fields import bad_answer
from firmware.eligibility.rules import ChipIdentity

_REMEMBERED: Final = 32


class VisitLookUp:
    """One visit's look-up: its id once the gateway told it, or why there is none."""

    __slots__ = ("_fault", "_id", "_settled", "chip")

    def __init__(self) -> None:
        self.chip = ChipIdentity()
        self._id: str | None = None
        self._fault: FaultCode | None = None
        self._settled = asyncio.Event()

    @property
    def open(self) -> bool:
        """Nothing known yet: a look-up may still become this one."""
        return not self._settled.is_set()

    def learn(self, look_up: str) -> None:
        """The gateway's id; it may be told again, but not change."""
        if self._id not in {None, look_up}:
            raise bad_answer("another look-up")
        self._id = look_up
        self._settled.set()

    def give_up(self, fault: FaultCode) -> None:
        """No look-up came of it; without effect once the id is known."""
        if self._id is None:
            self.forbid(fault)

    def forbid(self, fault: FaultCode) -> None:
        """Nothing more may be sent about this look-up."""
        self._fault = fault
        self._settled.set()

    async def id(self) -> str:
        """Wait for the id."""
        await self._settled.wait()
        if self._fault is not None or self._id is None:
            raise DeviceError(self._fault or FaultCode.GATEWAY_REFUSED, "no look-up of this visit")
        return self._id


class VisitLookUps:
    """The last few visits."""

    def __init__(self) -> None:
        self._visits: OrderedDict[VisitId, VisitLookUp] = OrderedDict()

    def begin(self, visit: VisitId) -> VisitLookUp:
        """For a new look-up: takes over those who wait already, replaces one that ended."""
        known = self._visits.get(visit)
        if known is not None and known.open:
            return known
        return self._remember(visit)

    def of(self, visit: VisitId) -> VisitLookUp:
        """For those who speak about a look-up, even if it has not begun."""
        return self._visits.get(visit) or self._remember(visit)

    def _remember(self, visit: VisitId) -> VisitLookUp:
        self._visits.pop(visit, None)
        while len(self._visits) >= _REMEMBERED:
            _, forgotten = self._visits.popitem(last=False)
            forgotten.give_up(FaultCode.VISIT_TIMEOUT)
        made = self._visits[visit] = VisitLookUp()
        return made
