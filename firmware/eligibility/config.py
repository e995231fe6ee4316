"""What the clients of gateway and OCSP responder are given by `compose`. Pure values, no I/O."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from firmware.core.outcomes import Env
from firmware.ports import Clock


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the only CA that is trusted, and the device's certificate (with chain) and key.

    Both None: the device shows no certificate. Only an OCSP responder can do without, its answer is signed.
    """

    ca: Path
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds of one exchange (seconds) and how often a broken one is repeated within the caller's deadline."""

    connect: float = 3.0
    exchange: float = 10.0
    attempts: int = 4
    back_off: float = 0.25
    """Before the first repeat; doubles each time."""
    poll_wait: int = 5
    """Asked of the gateway by `Prefer: wait`, see `held`."""
    poll_pause: float = 0.25
    """Least pause between two questions, whatever Retry-After says."""
    consent: float = 60.0

    def held(self) -> int:
        """Whole seconds the gateway may hold a question; an answer must still fit into the exchange."""
        return max(0, min(self.poll_wait, int(self.exchange / 2)))


@dataclass(frozen=True, slots=True, repr=False)
class GatewayConfig:
    """`url`: scheme, host and port, nothing else. `signing_key`: P-256. `pool_size`: 1 to 64 challenges."""

    url: str
    tls: TlsFiles
    device: str
    site: str
    env: Env
    signing_key: ec.EllipticCurvePrivateKey
    clock: Clock
    pool_size: int = 4
    patience: Patience = Patience()


@dataclass(frozen=True, slots=True, repr=False)
class ResponderConfig:
    """An approved OCSP responder. `url`: http or https with path; `tls`: for https, None for http."""

    url: str
    tls: TlsFiles | None
    clock: Clock
