"""Tells the session about failing and recovering parts, once per change. Any thread; callbacks run outside the lock."""

from threading import Lock

from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.ports import PublisherCallbacks


class PartStates:
    """What was last said of each part; the first word on a part is always passed on."""

    def __init__(self, callbacks: PublisherCallbacks) -> None:
        self._callbacks = callbacks
        self._lock = Lock()
        self._said: dict[Part, FaultCode | None] = {}

    def failed(self, part: Part, fault: FaultCode) -> None:
        """The part does not work, for this reason."""
        if self._news(part, fault):
            self._callbacks.part_failed(part, fault)

    def recovered(self, part: Part) -> None:
        """The part works."""
        if self._news(part, None):
            self._callbacks.part_recovered(part)

    def is_failed(self, part: Part) -> bool:
        """Whether the last word on the part was a fault."""
        with self._lock:
            return self._said.get(part) is not None

    def _news(self, part: Part, said: FaultCode | None) -> bool:
        with self._lock:
            if part in self._said and self._said[part] == said:
                return False
            self._said[part] = said
            return True
