"""Queries of receptions (by insured number, in a disaster by person): asked beside visits, answered to who asked.

Loop thread; the answer is sealed and committed on the store lane. Nothing of a query reaches session, journal, screen.
Every query that was taken is answered once, also when nobody could be asked; what the end of the process leaves open
the publisher answers at its next start.
"""

import asyncio

from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.core.queries import ReceptionQuery
from firmware.core.result import QueryRecord
from firmware.ports import EligibilityAnswer
from firmware.runtime.devices import Devices
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.work import fault_of, timed
from firmware.runtime.work_publish import COMMIT_SECONDS
from firmware.session.conclusion import without_answer

MAX_QUERIES = 8
"""Under way at once; one more is answered "not reachable" unasked."""

QUERY_SECONDS = 200.0
"""Longest wait for one answer: the official terminal is given 180 s (eligibility.md 2.5)."""


class QueryWorker:
    """Who asks the port and commits what it said."""

    def __init__(self, devices: Devices, lane: Lane, scope: Scope) -> None:
        self._queries = devices.queries
        self._publisher = devices.publisher
        self._clock = devices.clock
        self._observe = devices.observe
        self._lane = lane
        self._scope = scope
        self._running = 0

    def ask(self, query: ReceptionQuery) -> None:
        """A checked request of a reception."""
        self._scope.spawn(self._answer(query, self._clock.now()))

    async def _answer(self, query: ReceptionQuery, asked: float) -> None:
        self._running += 1
        try:
            answer = await self._asked(query)
        finally:
            self._running -= 1
        record = QueryRecord(
            query=query,
            code=answer.code,
            flags=answer.flags,
            detail=answer.detail,
            asked=asked,
            answered=self._clock.now(),
            clock=self._clock.state(),
        )
        await self._commit(record)

    async def _asked(self, query: ReceptionQuery) -> EligibilityAnswer:
        if self._queries is None or self._running > MAX_QUERIES:
            fault = FaultCode.QUERY_NOT_OFFERED if self._queries is None else FaultCode.QUERY_TOO_MANY
            self._publisher.alert(fault, None)
            return EligibilityAnswer(EligibilityCode.NOT_REACHABLE)
        try:
            async with asyncio.timeout(QUERY_SECONDS):
                answer = await timed(self._observe, query.id, "query", self._queries.ask(query, QUERY_SECONDS))
        except TimeoutError:
            return EligibilityAnswer(EligibilityCode.TIMED_OUT)
        except Exception as error:  # noqa: BLE001  (whatever happened, the reception gets an answer)
            fault = fault_of(error)
            self._publisher.alert(fault, None)
            return EligibilityAnswer(without_answer(fault))
        if answer.code is EligibilityCode.IDENTITY_CONFLICT:
            self._publisher.alert(FaultCode.IDENTITY_CONFLICT, None)
        return answer

    async def _commit(self, record: QueryRecord) -> None:
        try:
            await self._lane.run(lambda: self._publisher.commit_query(record), COMMIT_SECONDS)
        except Exception as error:  # noqa: BLE001  (an unseen task's exception would be logged with its text)
            self._publisher.alert(fault_of(error), None)
