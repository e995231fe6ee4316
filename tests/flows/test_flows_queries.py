"""What a reception asks or says beside a visit, on the real runtime: its own queries, its word about a result."""

from datetime import date

from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import EligibilityCode
from firmware.core.queries import NumberQuery, ReceptionQuery
from firmware.core.views import ConsentView
from tests.flows.counter import Counter

ASKED = NumberQuery("06130017", "4567", date(1970, 1, 1))


async def test_a_query_is_answered_to_who_asked_while_a_visit_goes_on() -> None:
    async with Counter().running() as counter:
        await counter.by_pin()
        assert counter.publisher.callbacks is not None
        query = ReceptionQuery(VisitId("a" * 32), "front", "jti-12345", ASKED, "a.b.c")
        counter.publisher.callbacks.query(query)
        await counter.until(lambda: counter.publisher.queries)
        await counter.consent()
        record = await counter.result()
    (answer,) = counter.publisher.queries
    assert (answer.query, answer.code) == (query, EligibilityCode.NOT_REACHABLE), "nobody here can answer it"
    assert (FaultCode.QUERY_NOT_OFFERED, None) in counter.publisher.alerts
    assert record.summary.eligibility is EligibilityCode.VALID


async def test_staff_confirm_the_result_of_the_open_visit_only() -> None:
    async with Counter().running() as counter:
        await counter.by_face()
        counter.request("confirm-result", visit=VisitId("f" * 32))
        counter.request("confirm-result", approved=False)
        counter.request("confirm-result")
        await counter.until(lambda: len(counter.gateway.confirmed) == 2)
        await counter.sees(ConsentView)
        await counter.consent()
        await counter.result()
        visit = counter.gateway.confirmed[0][0]
        await counter.leave()
        counter.request("confirm-result", visit=visit)
    assert counter.gateway.confirmed == [(visit, False), (visit, True)]
