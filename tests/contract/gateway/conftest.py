"""Fixtures: keys once a session, a running gateway simulator and a client for each test, blocking calls forbidden."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, Env
from firmware.eligibility.http import GatewayConfig, HttpGateway, Patience
from firmware.ports import LookUpEvidence
from firmware.sim.gateway.config import SimConfig
from firmware.sim.gateway.evidence import Trust
from firmware.sim.gateway.people import SEED, fingerprint
from firmware.sim.gateway.server import GatewayServer

from .document import Judge
from .holders import Holder, RsaKeys, jpki_ca, signed_request
from .site import Authority, new_key

VISIT = VisitId("5f0c1b0e8a7d4c3fb2a19e8d7c6b5a40")
DEVICE = "counter-1"
SECONDS = 5.0
PATIENCE = Patience(connect=2.0, exchange=2.0, attempts=3, back_off=0.01, poll_wait=1, poll_pause=0.02, consent=2.0)


class TestClock:
    """`ports.Clock` that a test sets."""

    __test__ = False

    def __init__(self) -> None:
        self.trust = ClockState.SYNCED
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def state(self) -> ClockState:
        return self.trust

    def wall(self, at: float) -> float:
        return time.time() + at - time.monotonic()


class World:
    """One site: simulator and client share it. Cards: `holder(name)` is the seeded person of that name."""

    def __init__(self, authority: Authority, keys: RsaKeys, device_key: ec.EllipticCurvePrivateKey) -> None:
        self.authority = authority
        self.keys = keys
        self.device_key = device_key
        self.reception_key = new_key()
        self.clock = TestClock()
        self.judge = Judge()
        self.now_ahead = 0.0
        self.tls = authority.client(DEVICE)
        self.holders = {name: self._issue(name) for name in SEED}
        self.config = SimConfig(
            env="sim",
            site="clinic",
            files=authority.server(),
            devices={DEVICE: device_key.public_key()},
            trust=Trust([jpki_ca(keys.ca)], {"desk": self.reception_key.public_key()}),
            people=tuple((fingerprint(self.holders[name].der), person) for name, person in SEED.items()),
        )
        self.server = GatewayServer(self.config)
        self._clients: list[HttpGateway] = []

    def _issue(self, name: str) -> Holder:
        known = (*SEED[name].coverages, *SEED[name].after_registration)
        birth_date = str(known[0]["Birthdate"]) if known else "19811224"
        return Holder.issue(self.keys, birth_date, str(known[0]["Sex1"]) if known else "1")

    async def start(self, **changes: Any) -> GatewayServer:
        """Start the simulator with changed settings, instead of the one that runs."""
        await self.server.stop()
        self.config = replace(self.config, **changes)
        self.server = GatewayServer(
            self.config, middlewares=[self.judge.middleware()], now=lambda: time.time() + self.now_ahead
        )
        await self.server.start()
        return self.server

    def settings(self, **changes: Any) -> GatewayConfig:
        config = GatewayConfig(
            url=self.server.url,
            tls=self.tls,
            device=DEVICE,
            site="clinic",
            env=Env.SIM,
            signing_key=self.device_key,
            clock=self.clock,
            patience=PATIENCE,
        )
        return replace(config, **changes)

    def client(self, **changes: Any) -> HttpGateway:
        made = HttpGateway(self.settings(**changes))
        self._clients.append(made)
        return made

    def staff_request(self, **changes: object) -> str:
        return self.reception_request(**{"verb": "staff-check", "visit": VISIT, "approved": True, **changes})

    def reception_request(self, **members: object) -> str:
        """Signed by the reception; `members` beside or instead of the usual ones."""
        now = int(time.time())
        usual = {
            "iss": "desk",
            "aud": DEVICE,
            "jti": "request-0001",
            "iat": now,
            "exp": now + 60,
            "env": "sim",
        }
        return signed_request(self.reception_key, {**usual, **members})

    async def ask(self, client: HttpGateway, name: str = "taro") -> EligibilityCode:
        """A whole face look-up of a seeded person."""
        return (await client.look_up(self.face(client, name), SECONDS)).code

    def face(self, client: HttpGateway, name: str = "taro") -> LookUpEvidence:
        return self.holders[name].face(client.take_challenge(VISIT))

    async def stop(self) -> None:
        for client in self._clients:
            await client.close()
        await self.server.stop()


@pytest.fixture(scope="session")
def rsa_keys() -> RsaKeys:
    return RsaKeys.make()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("site") / "ca")


@pytest.fixture
def other_authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path / "other")


@pytest.fixture
async def world(authority: Authority, rsa_keys: RsaKeys) -> AsyncIterator[World]:
    made = World(authority, rsa_keys, new_key())
    await made.start()
    yield made
    await made.stop()
    assert made.judge.objections == []


@pytest.fixture
async def client(world: World) -> HttpGateway:
    made = world.client()
    await made.refill()
    return made


@pytest.fixture(autouse=True)
def _no_blocking_calls() -> Iterator[None]:
    with blockbuster_ctx(["firmware.eligibility", "firmware.sim.gateway"]):
        yield
