"""A CA with one card, a client with a clock that tests set; blocking calls of the client are forbidden."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from blockbuster import blockbuster_ctx
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from firmware.core.outcomes import ClockState
from firmware.eligibility.config import ResponderConfig, TlsFiles
from firmware.eligibility.ocsp import OcspClient
from tests.unit.eligibility.ocsp_hand import Party, Profile, issue

SECONDS = 5.0
NOW = datetime.now(UTC).replace(microsecond=0)
VALID = Profile(begin=NOW - timedelta(days=9), end=NOW + timedelta(days=9))


@dataclass
class SetClock:
    """`ports.Clock`."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    trust: ClockState = ClockState.SYNCED

    def now(self) -> float:
        return self.at.timestamp()

    def state(self) -> ClockState:
        return self.trust

    def wall(self, at: float) -> float:
        return at


Connect = Callable[..., OcspClient]


@pytest.fixture(scope="session")
def ca() -> Party:
    return issue("CA", rsa.generate_private_key(65537, 2048), None, VALID)


@pytest.fixture(scope="session")
def card(ca: Party) -> Party:
    return issue("card", ec.generate_private_key(ec.SECP256R1()), ca, VALID)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def connect(clock: SetClock) -> AsyncIterator[Connect]:
    """Clients that are closed, twice, at the end of the test."""
    made: list[OcspClient] = []

    def build(port: int, tls: TlsFiles | None = None, path: str = "/ocsp/") -> OcspClient:
        scheme = "http" if tls is None else "https"
        made.append(OcspClient(ResponderConfig(f"{scheme}://127.0.0.1:{port}{path}", tls, clock)))
        return made[-1]

    yield build
    for client in made:
        await client.close()
        await client.close()


@pytest.fixture(autouse=True)
def _no_blocking_calls() -> Iterator[None]:
    with blockbuster_ctx(["firmware.eligibility"]):
        yield
