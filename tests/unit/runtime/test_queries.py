"""Receptions' own queries: each is answered once, to who asked, whatever becomes of the question."""

import asyncio
import gc
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode
from firmware.core.queries import NumberQuery, ReceptionQuery
from firmware.ports import EligibilityAnswer
from firmware.runtime import work_queries
from firmware.runtime.lane import Lane
from firmware.runtime.scope import Scope
from firmware.runtime.work_queries import MAX_QUERIES, QueryWorker
from tests.unit.runtime.bench import Bench, until
from tests.unit.runtime.fakes import FakeQueries
from tests.unit.runtime.fakes_card import NAME


def _query(number: str = "123") -> ReceptionQuery:
    wanted = NumberQuery("06130017", number, date(1970, 1, 1))
    return ReceptionQuery(VisitId("0" * 32), "front", "jti-12345", wanted, "a.b.c")


class Desk:
    """A worker over fakes."""

    def __init__(self, queries: FakeQueries | None) -> None:
        self.bench = Bench()
        self.scope = Scope()
        self.lane = Lane("store")
        self.bench.devices = replace(self.bench.devices, queries=queries)
        self.worker = QueryWorker(self.bench.devices, self.lane, self.scope)

    @property
    def alerts(self) -> list[FaultCode]:
        return [fault for fault, _ in self.bench.publisher.alerts]

    async def answered(self, count: int = 1) -> None:
        await until(lambda: len(self.bench.publisher.queries) == count)


@pytest.fixture
def queries() -> FakeQueries:
    return FakeQueries()


@pytest.fixture
def desk(queries: FakeQueries) -> Iterator[Desk]:
    made = Desk(queries)
    yield made
    made.scope.cancel()
    made.lane.close()


async def test_an_answer_goes_to_who_asked(desk: Desk, queries: FakeQueries) -> None:
    flags = (EligibilityFlag.REPLACED_CHARACTER,)
    queries.answers = [EligibilityAnswer(EligibilityCode.VALID, {"Name": NAME}, flags=flags)]
    desk.worker.ask(_query())
    await desk.answered()
    (record,) = desk.bench.publisher.queries
    assert record.query is queries.asked[0]
    assert (record.code, record.flags, record.detail) == (EligibilityCode.VALID, flags, {"Name": NAME})
    assert record.asked <= record.answered
    assert not desk.bench.posted, "the session hears nothing of it"
    assert NAME not in str(desk.bench.observed)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (FaultCode.TERMINAL_UNREACHABLE, EligibilityCode.NOT_REACHABLE),
        (FaultCode.TERMINAL_BAD_FILE, EligibilityCode.EXCHANGE_ERROR),
        (FaultCode.QUERY_NOT_OFFERED, EligibilityCode.NOT_REACHABLE),
        (FaultCode.GATEWAY_TIMEOUT, EligibilityCode.TIMED_OUT),
    ],
)
async def test_no_answer_is_an_answer(
    desk: Desk, queries: FakeQueries, fault: FaultCode, code: EligibilityCode
) -> None:
    queries.answers = [DeviceError(fault)]
    desk.worker.ask(_query())
    await desk.answered()
    assert desk.bench.publisher.queries[0].code is code
    assert desk.alerts == [fault]


async def test_an_answer_about_somebody_else_is_told_to_staff(desk: Desk, queries: FakeQueries) -> None:
    queries.answers = [EligibilityAnswer(EligibilityCode.IDENTITY_CONFLICT)]
    desk.worker.ask(_query())
    await desk.answered()
    (record,) = desk.bench.publisher.queries
    assert (record.code, record.detail, desk.alerts) == (
        EligibilityCode.IDENTITY_CONFLICT,
        None,
        [FaultCode.IDENTITY_CONFLICT],
    )


async def test_a_bug_is_answered_too_and_tells_no_data(
    desk: Desk, queries: FakeQueries, caplog: pytest.LogCaptureFixture
) -> None:
    queries.answers = [ValueError(NAME)]
    with caplog.at_level(logging.DEBUG):
        desk.worker.ask(_query())
        await desk.answered()
    assert desk.bench.publisher.queries[0].code is EligibilityCode.NOT_REACHABLE
    assert NAME not in caplog.text


async def test_nobody_to_ask() -> None:
    desk = Desk(None)
    desk.worker.ask(_query())
    await desk.answered()
    assert desk.bench.publisher.queries[0].code is EligibilityCode.NOT_REACHABLE
    assert desk.alerts == [FaultCode.QUERY_NOT_OFFERED]
    desk.lane.close()


async def test_too_many_at_once(desk: Desk, queries: FakeQueries) -> None:
    queries.gate.clear()
    for number in range(MAX_QUERIES + 1):
        desk.worker.ask(_query(str(number)))
    await desk.answered()
    assert (len(queries.asked), desk.alerts) == (MAX_QUERIES, [FaultCode.QUERY_TOO_MANY])
    queries.gate.set()
    await desk.answered(MAX_QUERIES + 1)
    desk.worker.ask(_query())
    await desk.answered(MAX_QUERIES + 2)
    assert desk.bench.publisher.queries[-1].code is EligibilityCode.VALID


async def test_a_second_rush_finds_as_many_places_as_the_first(desk: Desk, queries: FakeQueries) -> None:
    """An answer frees one place, no more and no less."""
    for rush in (1, 2):
        queries.gate.clear()
        for number in range(MAX_QUERIES + 2):
            desk.worker.ask(_query(str(number)))
        await desk.answered((rush - 1) * (MAX_QUERIES + 2) + 2)
        assert len(queries.asked) == rush * MAX_QUERIES
        assert desk.alerts == [FaultCode.QUERY_TOO_MANY] * 2 * rush
        queries.gate.set()
        await desk.answered(rush * (MAX_QUERIES + 2))


async def test_a_port_that_hangs(desk: Desk, queries: FakeQueries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_queries, "QUERY_SECONDS", 0.01)
    queries.gate.clear()
    desk.worker.ask(_query())
    await desk.answered()
    assert desk.bench.publisher.queries[0].code is EligibilityCode.TIMED_OUT


async def test_a_bug_in_committing_is_told_without_data(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.bench.publisher.query_errors = [ValueError(NAME)]
    with caplog.at_level(logging.DEBUG):
        desk.worker.ask(_query())
        await until(lambda: desk.alerts == [FaultCode.EFFECT_FAILED])
        gc.collect()  # a task that ended by an exception nobody saw is logged when it is freed
    assert NAME not in caplog.text


async def test_an_outbox_that_is_full_is_told_to_staff(desk: Desk) -> None:
    desk.bench.publisher.query_errors = [DeviceError(FaultCode.OUTBOX_FULL)]
    desk.worker.ask(_query())
    await until(lambda: desk.alerts == [FaultCode.OUTBOX_FULL])
    await asyncio.sleep(0)
    assert not desk.bench.publisher.queries
