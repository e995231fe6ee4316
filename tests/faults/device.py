"""One device on the bench: the real runtime, card service, face matcher, gateway client and publisher, in process.

Simulated are what a test has to spoil: card, reader, pictures before the camera, keys and buttons, the gateway (real
HTTPS). Broker, reception and models are the house's. Everything runs on the test's loop; times of the policy are short.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from firmware.camera.files import FileCamera, FileCameraConfig
from firmware.card.certificates import load_trust
from firmware.card.keys import FaceIssuer
from firmware.card.service import CardService
from firmware.core.effects import Progress, Tone
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import Env
from firmware.core.result import Json, QueryRecord, VisitRecord
from firmware.core.views import View
from firmware.eligibility.http import GatewayConfig, HttpGateway, Patience, TlsFiles
from firmware.ports import PublisherCallbacks
from firmware.publish.config import BrokerConfig, PublishConfig, Timing
from firmware.publish.service import MqttPublisher
from firmware.runtime.clock import SystemClock
from firmware.runtime.devices import Devices
from firmware.runtime.loop import Runtime
from firmware.session.model import Idle, State
from firmware.session.policy import Policy
from firmware.sim.card.inprocess import InProcessReader
from firmware.sim.gateway.config import ServerFiles, SimConfig
from firmware.sim.gateway.evidence import Trust
from firmware.sim.gateway.server import GatewayServer
from firmware.sim.panel import SimInputs
from tests.faults.house import FACES, RECEPTION, SITE, House
from tests.unit.publish.keys import record

POLICY = Policy(
    env=Env.SIM,
    match_attempts=2,
    notice_seconds=0.02,
    card_seconds=3.0,
    choice_seconds=8.0,
    front_seconds=0.2,
    entry_seconds=8.0,
    match_seconds=4.0,
    staff_seconds=8.0,
    consent_seconds=8.0,
    look_up_seconds=4.0,
    publish_seconds=3.0,
    show_seconds=0.03,
    glance_seconds=0.05,
    absence_seconds=0.15,
    remind_seconds=8.0,
)
PATIENCE = Patience(connect=1.0, exchange=2.0, attempts=2, back_off=0.01, poll_wait=1, poll_pause=0.02, consent=1.0)
TIMING = Timing(backoff=0.05, backoff_cap=0.2, resend=1.0, presence=0.6, will_delay=0, maintenance=0.1)
PATIENT = 8.0


@dataclass(frozen=True)
class Build:
    """What differs from the usual device. `identity`: certificate and key for the broker; `gateway`: who it is."""

    policy: Policy = POLICY
    system: Callable[[], float] = time.time
    pictures: tuple[Path, ...] = (FACES / "holder-1.jpg",)
    silence: float = 0.1
    device: str | None = None
    folder: Path | None = None
    identity: tuple[Path, Path] | None = None
    gateway: str = "gateway"


@dataclass
class Kept:
    """A `Publisher` that notes what goes through it to the real one. `records`: what was committed."""

    inner: MqttPublisher
    records: list[VisitRecord] = field(default_factory=list)
    alerts: list[FaultCode] = field(default_factory=list)

    def start(self, callbacks: PublisherCallbacks) -> None:
        self.inner.start(callbacks)

    def commit(self, record: VisitRecord) -> int:
        held = self.inner.commit(record)
        self.records.append(record)
        return held

    def commit_query(self, record: QueryRecord) -> int:
        return self.inner.commit_query(record)

    def progress(self, visit: VisitId, progress: Progress) -> None:
        self.inner.progress(visit, progress)

    def alert(self, fault: FaultCode, visit: VisitId | None) -> None:
        self.alerts.append(fault)
        self.inner.alert(fault, visit)

    def state(self, state: str) -> None:
        self.inner.state(state)

    def close(self) -> None:
        self.inner.close()


class Panel:
    """A `Panel` that keeps the views."""

    def __init__(self) -> None:
        self.views: list[View] = []

    def show(self, view: View) -> None:
        self.views.append(view)

    def play(self, tone: Tone) -> None:
        """Nobody listens."""

    def close(self) -> None:
        """Nothing to blank."""


class Device:
    """See the module. `stop` is the caller's."""

    def __init__(self, house: House, build: Build) -> None:
        self.house = house
        self.build = build
        self.device = build.device or house.next_device()
        self.panel, self.inputs = Panel(), SimInputs()
        # A reader of short APDUs: the photo takes many, so that a visit can be cut off in the middle of it.
        self.reader = InProcessReader(build.silence, longest_answer=256)
        self.states: list[str] = []
        self.on_state: dict[type[State], Callable[[], None]] = {}
        """What happens the moment a state is entered, once."""

    # ---- life --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Gateway and device up, Idle."""
        await asyncio.to_thread(self._prepare)
        self.server = await self.open_gateway(self.house.gateways[self.build.gateway])
        self.runtime = Runtime(await asyncio.to_thread(self._devices), self.build.policy, strict=True)
        self._task = asyncio.create_task(self.runtime.run())
        await self.at(Idle)
        await self._commit_earlier()

    async def begin(self) -> None:
        """Another test begins: nothing seen yet."""
        self.on_state.clear()
        for seen in (self.states, self.panel.views, self.publisher.alerts):
            seen.clear()
        await self._commit_earlier()

    async def _commit_earlier(self) -> None:
        """Commit a result before the fault: whatever comes, it must not get lost."""
        earlier = record(VisitId(uuid.uuid4().hex))
        await self.runtime.lanes["store"].run(lambda: self.publisher.commit(earlier), PATIENT)
        self._begun = len(self.publisher.records)

    @property
    def resting(self) -> bool:
        """Fit for another test."""
        return not self._task.done() and isinstance(self.state, Idle) and not self.state.device.faults

    async def stop(self) -> None:
        """Idempotent."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self.server.stop()

    async def open_gateway(self, files: tuple[Path, Path], port: int = 0) -> GatewayServer:
        """Start a gateway with this certificate and key."""
        house = self.house
        public, signer = house.device_key.public_key, house.signing.public_key
        config = SimConfig(
            env="sim",
            site=SITE,
            files=ServerFiles(*files, house.authority.certificate),
            devices={self.device: public},
            trust=Trust([house.issuers.auth.certificate], {RECEPTION: signer}),
            port=port,
        )
        server = GatewayServer(config)
        await server.start()
        return server

    def _prepare(self) -> None:
        self.folder = self.build.folder or self.house.private_folder()
        self._identity = self.house.authority.issue(self.device)
        self.clock = SystemClock(self.folder / "clock-floor", self.build.system, disciplined=lambda: True)
        self.camera = FileCamera(FileCameraConfig(self.build.pictures))

    def _devices(self) -> Devices:
        issuers = self.house.issuers
        trust = load_trust([issuers.auth_ca_der], frozenset({issuers.auth_ca_sha256}))
        self.card = CardService(self.reader, trust, [FaceIssuer(None, issuers.record_issuer_key)])
        self.publisher = Kept(self._publisher())
        return Devices(
            reader=self.reader,
            card=self.card,
            panel=self.panel,
            inputs=self.inputs,
            camera=self.camera,
            face=self.house.face,
            gateway=self._gateway(),
            publisher=self.publisher,
            clock=self.clock,
            observe=self._observe,
        )

    def _gateway(self) -> HttpGateway:
        return HttpGateway(
            GatewayConfig(
                url=self.server.url,
                tls=TlsFiles(self.house.authority.certificate, *self._identity),
                device=self.device,
                site=SITE,
                env=Env.SIM,
                signing_key=self.house.device_private,
                clock=self.clock,
                patience=PATIENCE,
            )
        )

    def _publisher(self) -> MqttPublisher:
        house, (certificate, key) = self.house, self.build.identity or self._identity
        return MqttPublisher(
            PublishConfig(
                site=SITE,
                device=self.device,
                env=Env.SIM,
                broker=BrokerConfig("127.0.0.1", house.authority.certificate, certificate, key, port=house.broker.port),
                signing_key=house.device_private,
                receptions=(house.reception_keys,),
                outbox=self.folder / "outbox.db",
                software="0.1.0",
                clock=self.clock,
                timing=TIMING,
            )
        )

    def _observe(self, told: dict[str, Json]) -> None:
        if told["event"] != "state":
            return
        self.states.append(str(told["state"]))
        for state in tuple(self.on_state):
            if state.__name__ == told["state"]:
                self.on_state.pop(state)()

    # ---- waiting --------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self.runtime.state

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait; fails when the runtime ends or patience does."""
        ends = time.monotonic() + PATIENT
        while not condition():
            if self._task.done():
                await self._task
            now = f"in {type(self.state).__name__}, shown: {self.panel.views[-3:]}"
            assert time.monotonic() < ends, f"in vain, {now}"
            await asyncio.sleep(0.003)

    async def at(self, state: type[State]) -> None:
        await self.until(lambda: isinstance(self.state, state))
