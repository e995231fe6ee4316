"""The question to the site's responder: asked on the loop, answered in time whatever the responder does."""

import asyncio
import logging
from dataclasses import replace

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Revocation
from firmware.ports import RevocationStatus
from firmware.runtime.work_revocation import RevocationWorker
from tests.flows.counter import Counter
from tests.unit.runtime.bench import VISIT, Bench, until
from tests.unit.runtime.fakes import FakeRevocation
from tests.unit.runtime.fakes_card import CA, CERTIFICATE, NAME

CHECK = fx.CheckRevocation(VISIT, 2.0)


def _bench(status: RevocationStatus | None) -> tuple[Bench, RevocationWorker]:
    bench = Bench()
    bench.devices = replace(bench.devices, revocation=status)
    found = bench.visit.vault.certificate
    assert found is not None
    bench.visit.vault.certificate = replace(found, issuer=CA)
    return bench, RevocationWorker(bench.devices, bench.post)


async def _answer(bench: Bench) -> Revocation:
    await until(lambda: bench.posted)
    (event,) = bench.posted
    assert isinstance(event, ev.RevocationChecked)
    assert event.visit == VISIT
    return event.revocation


@pytest.mark.parametrize("answer", Revocation)
async def test_the_responders_answer(answer: Revocation) -> None:
    status = FakeRevocation(answer)
    bench, worker = _bench(status)
    worker.check(bench.visit, CHECK)
    assert await _answer(bench) is answer
    assert status.asked == [(CERTIFICATE, CA, 2.0)]
    assert [told["name"] for told in bench.observed] == ["revocation"]


async def test_without_a_responder_it_is_unknown() -> None:
    bench, worker = _bench(None)
    worker.check(bench.visit, CHECK)
    assert await _answer(bench) is Revocation.UNKNOWN


@pytest.mark.parametrize("lacking", ["issuer", "certificate"])
async def test_what_cannot_be_asked_is_unknown(lacking: str) -> None:
    status = FakeRevocation()
    bench, worker = _bench(status)
    found = bench.visit.vault.certificate
    assert found is not None
    bench.visit.vault.certificate = replace(found, issuer=None) if lacking == "issuer" else None
    worker.check(bench.visit, CHECK)
    assert await _answer(bench) is Revocation.UNKNOWN
    assert not status.asked


async def test_a_responder_that_hangs_is_unknown() -> None:
    status = FakeRevocation()
    status.hold()
    bench, worker = _bench(status)
    worker.check(bench.visit, replace(CHECK, seconds=0.01))
    assert await _answer(bench) is Revocation.UNKNOWN
    assert status.asked


@pytest.mark.parametrize("error", [RuntimeError(NAME), DeviceError(FaultCode.GATEWAY_TIMEOUT)])
async def test_a_responder_that_fails_is_unknown(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench, worker = _bench(FakeRevocation(error))
    worker.check(bench.visit, CHECK)
    assert await _answer(bench) is Revocation.UNKNOWN
    assert NAME not in caplog.text


async def test_a_card_that_went_away_is_not_asked_about() -> None:
    status = FakeRevocation()
    status.hold()
    bench, worker = _bench(status)
    worker.check(bench.visit, CHECK)
    await until(lambda: status.asked)
    bench.visit.close_card()
    status.release()
    await asyncio.sleep(0.01)
    assert not bench.posted


@pytest.mark.parametrize("there", [True, False])
async def test_the_device_closes_it(there: bool) -> None:
    counter, status = Counter(), FakeRevocation()
    counter.devices = replace(counter.devices, revocation=status if there else None)
    async with counter.running():
        assert not status.closed
    assert status.closed is there
