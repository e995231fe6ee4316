"""Entry effects: the keypad keeps the digits until they are confirmed, then they lie in the vault."""

from collections.abc import Callable

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.secret import Secret
from firmware.ports import EntrySink, Inputs
from firmware.runtime.vault import ENTRY
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Post, now


class EntryWorker:
    """`soon` schedules a call on the loop from any thread: the keypad's callbacks come from its own."""

    def __init__(self, inputs: Inputs | None, soon: Callable[[Callable[[], None]], None], post: Post) -> None:
        self._inputs = inputs
        self._soon = soon
        self._post = post

    def start(self, visit: OpenVisit, effect: fx.StartEntry) -> None:
        """Take digits for this visit; a callback after the visit's end is dropped, its digits wiped."""
        if self._inputs is None:
            return
        kind = effect.kind
        sink = EntrySink(
            changed=lambda count: self._soon(lambda: self._changed(visit, kind, count)),
            done=lambda digits: self._soon(lambda: self._done(visit, kind, digits)),
            cancelled=lambda: self._soon(lambda: self._cancelled(visit, kind)),
        )
        self._inputs.begin_entry(effect.length, sink)

    def stop(self) -> None:
        if self._inputs is not None:
            self._inputs.end_entry()

    def _changed(self, visit: OpenVisit, kind: ev.EntryKind, count: int) -> None:
        if not visit.vault.wiped:
            self._post(ev.EntryChanged(at=now(), visit=visit.id, kind=kind, count=count))

    def _done(self, visit: OpenVisit, kind: ev.EntryKind, digits: Secret) -> None:
        if visit.vault.wiped:
            digits.wipe()
            return
        visit.vault.wipe_entry()
        visit.vault.entry = digits
        self._post(ev.EntryDone(at=now(), visit=visit.id, kind=kind, entry=ENTRY))

    def _cancelled(self, visit: OpenVisit, kind: ev.EntryKind) -> None:
        if not visit.vault.wiped:
            self._post(ev.EntryCancelled(at=now(), visit=visit.id, kind=kind))
