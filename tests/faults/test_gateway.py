"""Bad input: gateway 500, time-out, wrong certificate, an answer for another birth date, or one against itself."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode, StaffHint, VisitOutcome
from firmware.core.views import IdleView, NextStep, ResultView
from firmware.sim.gateway.faults import Fault, FaultKind
from tests.faults.bench import POLICY, Bench, Build, assert_texts
from tests.faults.conftest import Make

LOOK_UPS = "/v1/lookups"


UNCHECKED = {
    FaultCode.GATEWAY_ERROR: EligibilityCode.EXCHANGE_ERROR,
    FaultCode.GATEWAY_BAD_ANSWER: EligibilityCode.EXCHANGE_ERROR,
    FaultCode.GATEWAY_TIMEOUT: EligibilityCode.TIMED_OUT,
}
"""What no answer is called; every other fault is "not reachable"."""


async def not_reachable(bench: Bench, fault: FaultCode) -> None:
    """Identified all the same; the patient is sent to the counter, the staff are told why."""
    await bench.pass_pin()
    result = await bench.finish()
    assert (result.outcome, result.fault) == (VisitOutcome.IDENTIFIED, fault)
    code = UNCHECKED.get(fault, EligibilityCode.NOT_REACHABLE)
    assert result.eligibility is code, "never: not eligible"
    assert StaffHint.CHECK_LATER in result.hints
    await bench.shown(ResultView(NextStep.COUNTER, outcome=code))
    assert bench.publisher.records[-1].eligibility is None
    assert_texts(fault)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (FaultKind.INTERNAL, FaultCode.GATEWAY_ERROR),
        (FaultKind.DROP, FaultCode.GATEWAY_UNREACHABLE),
        (FaultKind.BAD_JSON, FaultCode.GATEWAY_BAD_ANSWER),
    ],
)
async def test_a_gateway_in_trouble(bench: Bench, kind: FaultKind, fault: FaultCode) -> None:
    await bench.server.fault(Fault(kind, LOOK_UPS))
    await not_reachable(bench, fault)
    await bench.server.fault(None)
    await bench.goes_on()


async def test_a_gateway_that_says_nothing(make: Make) -> None:
    bench = await make(Build(policy=replace(POLICY, look_up_seconds=0.3)))
    await bench.server.fault(Fault(FaultKind.TIMEOUT, LOOK_UPS))
    await not_reachable(bench, FaultCode.GATEWAY_TIMEOUT)
    await bench.server.fault(None)
    await bench.goes_on()


async def test_a_gateway_that_is_away_at_rest_and_comes_back(bench: Bench) -> None:
    await bench.server.fault(Fault(FaultKind.DOWN))
    await not_reachable(bench, FaultCode.GATEWAY_UNREACHABLE)
    await bench.shown(IdleView((FaultCode.GATEWAY_UNREACHABLE,)))
    await bench.server.fault(None)
    await bench.goes_on()


async def test_a_gateway_with_a_wrong_certificate(make: Make) -> None:
    bench = await make(Build(gateway="stranger"))
    await bench.shown(IdleView((FaultCode.GATEWAY_UNTRUSTED,)))
    await bench.alerted(FaultCode.GATEWAY_UNTRUSTED)
    await not_reachable(bench, FaultCode.GATEWAY_UNTRUSTED)
    assert await bench.server.look_ups() == await bench.server.look_ups() | {"count": 0}, "nothing was sent"
    port = urlsplit(bench.server.url).port
    await bench.server.stop()
    bench.server = await bench.open_gateway(bench.house.gateways["gateway"], port or 0)
    await bench.goes_on()


async def test_an_answer_for_another_birth_date_is_shown_to_nobody(bench: Bench) -> None:
    await bench.server.fault(Fault(FaultKind.OTHER_BIRTH_DATE, LOOK_UPS))
    await bench.place()
    await bench.by_face()
    result = await bench.finish()
    assert (result.outcome, result.fault) == (VisitOutcome.IDENTIFIED, FaultCode.IDENTITY_CONFLICT)
    assert result.eligibility is EligibilityCode.IDENTITY_CONFLICT
    assert StaffHint.POSSIBLE_FORGERY in result.hints
    await bench.shown(ResultView(NextStep.COUNTER, outcome=EligibilityCode.IDENTITY_CONFLICT))
    visit = bench.publisher.records[-1].visit
    await bench.alerted(FaultCode.IDENTITY_CONFLICT)
    message = await bench.received(visit)
    told = message["body"]["eligibility"]
    assert (told["code"], told["detail"], told["flags"], told["fhir"]) == ("identity-conflict", None, [], None)
    assert message["body"]["fault"] == "ELG-007"
    assert "19010203" not in str(message)
    assert_texts(FaultCode.IDENTITY_CONFLICT)
    await bench.server.fault(None)
    await bench.goes_on()


async def test_an_answer_that_contradicts_itself_is_not_believed(bench: Bench) -> None:
    """It validates: code and 資格有効性 are known values that do not go together."""
    await bench.server.fault(Fault(FaultKind.OTHER_VALIDITY, LOOK_UPS))
    await bench.place()
    await bench.by_face()
    result = await bench.finish()
    assert (result.outcome, result.eligibility) == (VisitOutcome.IDENTIFIED, EligibilityCode.CONTRADICTORY)
    assert result.flags == (EligibilityFlag.CONTRADICTION,)
    assert StaffHint.CHECK_LATER in result.hints
    await bench.shown(ResultView(NextStep.COUNTER, outcome=EligibilityCode.CONTRADICTORY))
    told = (await bench.received(bench.publisher.records[-1].visit))["body"]["eligibility"]
    assert (told["code"], told["detail"]) == ("contradictory", None)
    await bench.server.fault(None)
    await bench.goes_on()
