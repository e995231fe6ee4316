"""Bad input: the clock stands at 1970. Visits go on; nothing claims to know what time it is."""

import time

import pytest

from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import CertificateCheck, ClockState, VisitOutcome
from firmware.runtime import loop
from tests.faults.bench import Build, assert_texts
from tests.faults.conftest import Make


async def test_a_clock_at_1970(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CLOCK_SECONDS", 0.05)
    told = [60.0]
    bench = await make(Build(system=lambda: told[0]))
    assert bench.clock.state() is ClockState.UNKNOWN
    await bench.until(lambda: bench.shows_warning(FaultCode.CLOCK_UNKNOWN))
    await bench.alerted(FaultCode.CLOCK_UNKNOWN)
    await bench.place()
    await bench.by_face()
    result = await bench.finish()
    assert (result.outcome, result.fault) == (VisitOutcome.IDENTIFIED, None)
    assert result.checks.certificate is CertificateCheck.DATES_NOT_CHECKED
    message = await bench.received(bench.publisher.records[-1].visit)
    assert message["clock"] == "unknown"
    assert "exp" not in message
    assert message["body"]["consent"]["answer"] == "given"
    assert message["body"]["consent"]["expires"] is None
    assert message["body"]["checks"]["certificate"] == "dates-not-checked"
    assert_texts(FaultCode.CLOCK_UNKNOWN)
    told[0] = time.time()
    await bench.until(lambda: bench.state.device.fault(Part.CLOCK) is None)
    await bench.goes_on()
