"""Bad input: the clock stands at 1970, or a day off. Visits go on; nothing claims to know what time it is."""

import time
from dataclasses import replace
from datetime import datetime

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import CertificateCheck, ClockState, EligibilityCode, VisitOutcome
from firmware.runtime import loop
from firmware.sim.gateway.insured import Insured
from firmware.sim.gateway.people import SEED
from firmware.sim.terminal.terminal import JAPAN
from tests.faults.bench import Bench, Build, assert_texts
from tests.faults.conftest import Make

UNSURE = (EligibilityFlag.DATES_NOT_CHECKED,)


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


@pytest.mark.parametrize(("days", "flags"), [(-2, UNSURE), (-1, ()), (1, ()), (2, UNSURE)])
async def test_a_clock_that_is_days_off(make: Make, days: int, flags: tuple[EligibilityFlag, ...]) -> None:
    """It believes to be right. An eligibility of today only is checked by the answer's own day, not by the device's."""
    bench = await make(Build(system=lambda: time.time() + days * 86_400))
    assert bench.clock.state() is ClockState.SYNCED
    await bench.place()
    await bench.server.add_person(bench.house.image.certificate, _of_today(bench))
    await bench.by_face()
    result = await bench.finish()
    assert (result.outcome, result.eligibility) == (VisitOutcome.IDENTIFIED, EligibilityCode.VALID)
    assert result.flags == flags
    told = (await bench.received(bench.publisher.records[-1].visit))["body"]["eligibility"]
    assert (told["code"], told["flags"]) == ("valid", [flag.value for flag in flags])


def _of_today(bench: Bench) -> Insured:
    """Taro, with the card's birth date, insured on this one day."""
    person, today = bench.house.person, f"{datetime.now(JAPAN):%Y%m%d}"
    insured = SEED["taro"].born(f"{person.birth:%Y%m%d}", person.sex.value)
    only = {"QualificationDate": today, "InsuredCardExpirationDate": today}
    return replace(insured, coverages=tuple({**each, **only} for each in insured.coverages))
