"""Publishing: the record is put together at once, then sealed and committed on the store lane.

It runs in a scope of its own: a visit that is closed meanwhile does not take its result with it, nor does the end of
the process as long as the disk answers.
"""

from collections.abc import Mapping

from firmware.core import events as ev
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, VisitSummary
from firmware.core.result import ConsentTimes, Json, RecordKind, VisitRecord
from firmware.runtime.devices import Devices
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.visits import OpenVisit
from firmware.runtime.work import Post, fault_of, now, timed

COMMIT_SECONDS = 8.0
CONSENT_SECONDS = 86_400.0
"""A consent is valid for 24 h (eligibility.md 1.3)."""

_SHOWN_TO_NOBODY = EligibilityCode.IDENTITY_CONFLICT


class PublishWorker:
    """Effects of the outbox. Loop thread; `commit` runs on the store lane."""

    def __init__(self, devices: Devices, lane: Lane, post: Post) -> None:
        self._publisher = devices.publisher
        self._clock = devices.clock
        self._observe = devices.observe
        self._lane = lane
        self._post = post
        self.commits = Scope()

    def result(self, visit: OpenVisit, summary: VisitSummary) -> None:
        """The visit's one result."""
        record = self._record(visit.id, RecordKind.RESULT, summary, visit.vault.detail)
        self.commits.spawn(self._commit(record))

    def late(self, visit: VisitId, summary: VisitSummary, detail: Mapping[str, Json] | None) -> None:
        """The one amendment of a visit whose look-up was detached; for staff, shown to nobody at the counter."""
        self.commits.spawn(self._commit(self._record(visit, RecordKind.LATE, summary, detail)))

    def _record(
        self, visit: VisitId, kind: RecordKind, summary: VisitSummary, detail: Mapping[str, Json] | None
    ) -> VisitRecord:
        clock = self._clock
        consent = None
        if summary.consented_at is not None:
            given = clock.wall(summary.consented_at)
            known = clock.state() is not ClockState.UNKNOWN
            consent = ConsentTimes(given, given + CONSENT_SECONDS if known else None)
        return VisitRecord(
            visit=visit,
            kind=kind,
            summary=summary,
            started=clock.wall(summary.started_at),
            ended=clock.now(),
            clock=clock.state(),
            consent_times=consent,
            eligibility=None if summary.eligibility is _SHOWN_TO_NOBODY else detail,
        )

    async def _commit(self, record: VisitRecord) -> None:
        event: ev.Event
        try:
            work = self._lane.run(lambda: self._publisher.commit(record), COMMIT_SECONDS)
            held = await timed(self._observe, record.visit, "commit", work)
            event = ev.ResultCommitted(at=now(), visit=record.visit, held=held)
            self._observe({"event": "committed", "visit": record.visit, "kind": record.kind, "held": held})
        except Exception as error:  # noqa: BLE001  (one place turns any failure to commit into an event)
            event = ev.PublishFailed(at=now(), visit=record.visit, fault=fault_of(error))
        self._post(event)
