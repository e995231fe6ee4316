"""What the publisher is built from. Made by `app/compose`; values only."""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from firmware.core.outcomes import Env
from firmware.ports import Clock
from firmware.publish.outbox import Limits
from firmware.publish.seal import ReceptionKeys

DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Where the broker is and how to prove who we are: CA, client certificate and key as PEM files.

    `mqtt5` False falls back to MQTT 3.1.1. `port` 8883 is TLS; there is no plain listener.
    """

    host: str
    ca: Path
    certificate: Path
    key: Path
    port: int = 8883
    mqtt5: bool = True


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Changed by tests and load runs only.

    Reconnecting waits a random time up to `backoff` · 2^n, at most `backoff_cap`; n starts anew after a connection
    that lasted `stable`. A message not acknowledged is sent again after `resend` · 2^n and up to half as much more.
    """

    connect: float = 5.0
    backoff: float = 1.0
    backoff_cap: float = 60.0
    stable: float = 60.0
    resend: float = 30.0
    resend_cap: float = 3600.0
    presence: float = 3.0
    will_delay: int = 10
    maintenance: float = 60.0


@dataclass(frozen=True, slots=True, repr=False)
class PublishConfig:
    """All of it. `signing_key`: the device's P-256 key. `outbox`: file on the data partition. No repr: holds a key."""

    site: str
    device: str
    env: Env
    broker: BrokerConfig
    signing_key: EllipticCurvePrivateKey
    receptions: tuple[ReceptionKeys, ...]
    outbox: Path
    software: str
    clock: Clock
    retention: float = 7 * DAY
    limits: Limits = field(default_factory=Limits)
    timing: Timing = field(default_factory=Timing)
