"""One open visit and fakes round it, for the tests of single workers."""

import asyncio
from collections.abc import Callable

from firmware.core.events import Event
from firmware.core.evidence import CertificateEvidence
from firmware.core.ids import VisitId
from firmware.core.outcomes import CertificateCheck
from firmware.core.result import Json
from firmware.core.secret import Secret
from firmware.runtime.devices import Devices
from firmware.runtime.visits import OpenVisit
from tests.unit.runtime.fakes import FakeClock, FakeGateway, FakeInputs, FakePanel, FakePublisher
from tests.unit.runtime.fakes_card import CERTIFICATE, FakeCard, FakeReader, record
from tests.unit.runtime.fakes_face import FakeCamera, FakeFace

VISIT = VisitId("0123456789abcdef0123456789abcdef")
PATIENCE = 5.0


async def until(done: Callable[[], object]) -> None:
    """Wait for something that happens on another thread or task."""
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110  (the state is of fakes on other threads)
            await asyncio.sleep(0.001)


class Bench:
    """`posted`: what went to the session."""

    def __init__(self) -> None:
        self.publisher, self.gateway, self.clock = FakePublisher(), FakeGateway(), FakeClock()
        self.observed: list[dict[str, Json]] = []
        self.posted: list[Event] = []
        self.devices = Devices(
            reader=FakeReader(),
            card=FakeCard(),
            panel=FakePanel(),
            inputs=FakeInputs(),
            camera=FakeCamera(),
            face=FakeFace(),
            gateway=self.gateway,
            publisher=self.publisher,
            clock=self.clock,
            observe=self.observed.append,
        )
        self.visit = self.open(VISIT)

    def open(self, visit: VisitId) -> OpenVisit:
        """A visit whose card has been read."""
        opened = OpenVisit(visit, self.gateway.take_challenge(visit))
        opened.vault.record = record()
        opened.vault.certificate = CertificateEvidence(Secret(CERTIFICATE), CertificateCheck.VALID, expires_soon=False)
        return opened

    def post(self, event: Event) -> None:
        self.posted.append(event)
