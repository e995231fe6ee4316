"""What the publisher is built from. Made by `app/compose`; values only."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from firmware.core.outcome_texts import SHIPPED, OutcomeTexts
from firmware.core.outcomes import Env
from firmware.core.result import Json, QueryRecord, VisitRecord
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


class Fhir(Protocol):
    """Makes the FHIR part of a message. Raises DeviceError; the message then goes without it."""

    def visit(self, record: VisitRecord) -> dict[str, Json]:
        """Of a result or amendment."""

    def query(self, record: QueryRecord) -> dict[str, Json]:
        """Of the answer to a reception's own query."""


@dataclass(frozen=True, slots=True, repr=False)
class PublishConfig:
    """All of it. `signing_key`: the device's P-256 key. `outbox`: file on the data partition. No repr: holds a key.

    `encryption_key`: another P-256 key, to which receptions seal their own queries; without it none is offered.
    `offers_lookup`: somebody can answer queries by insured number. `disaster_until`: wall seconds until which a search
    by person is offered (disaster mode). `queries_per_minute`: of one reception. `texts`: what staff read.
    `fhir`: None sends none.
    """

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
    encryption_key: EllipticCurvePrivateKey | None = None
    offers_lookup: bool = False
    disaster_until: float | None = None
    queries_per_minute: int = 20
    texts: OutcomeTexts = SHIPPED
    fhir: Fhir | None = None
