"""A publisher without a broker, and the reception that talks to it."""

import hashlib
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.core.outcomes import Env
from firmware.publish.config import BrokerConfig, PublishConfig, Timing
from firmware.publish.service import MqttPublisher
from madoguchi_reception.opener import Address, Opener
from madoguchi_reception.requests import Signer
from tests.unit.publish.keys import Authority, FixedClock, Recorder, new_key, reception_keys

DEVICE, DEVICE_OPEN, FRONT_OPEN, FRONT_SIGN, PHARMACY = (new_key() for _ in range(5))
BASE = "madoguchi/v1/clinic"


class Scene:
    """A publisher whose broker does not exist."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder)
        certificate, key = authority.issue("counter-1")
        assert DEVICE.private_key is not None
        self.clock, self.said = FixedClock(), Recorder()
        self.signer = Signer(FRONT_SIGN, "front", "sim")
        self.config = PublishConfig(
            site="clinic",
            device="counter-1",
            env=Env.SIM,
            broker=BrokerConfig("127.0.0.1", authority.certificate, certificate, key, port=1),
            signing_key=DEVICE.private_key,
            receptions=(
                reception_keys("front", FRONT_OPEN, FRONT_SIGN),
                reception_keys("pharmacy", PHARMACY, PHARMACY),
            ),
            outbox=folder / "outbox.db",
            software="0.1.0",
            clock=self.clock,
            timing=Timing(backoff=0.05, backoff_cap=0.2, maintenance=0.05),
        )
        self.publisher = MqttPublisher(self.config)

    def start(self) -> MqttPublisher:
        self.publisher.start(self.said.callbacks())
        return self.publisher

    def restart(self, **changed: object) -> MqttPublisher:
        self.publisher.close()
        self.config = replace(self.config, **changed)  # type: ignore[arg-type]  # members are chosen by name
        self.publisher = MqttPublisher(self.config)
        return self.start()

    def tokens(self, reception: str = "front") -> list[str]:
        assert self.publisher._outbox is not None
        rows = [row for row in self.publisher._outbox.rows() if row.reception == reception]
        # Rows may expire in the meantime.
        return [token for row in rows if (token := self.publisher._outbox.token(row.jti))]

    def opened(self) -> list[dict[str, object]]:
        opener = Opener(Address("clinic", "front", "sim"), (FRONT_OPEN,), {"counter-1": (DEVICE,)})
        return [opener.open("counter-1", token).raw for token in self.tokens()]

    def arrive(self, topic: str, payload: bytes | str) -> None:
        assert self.publisher._courier is not None
        self.publisher._courier.message(f"{BASE}/{topic}", payload.encode() if isinstance(payload, str) else payload)

    def ack(self, token: str, stage: str = "stored", **more: object) -> str:
        digest = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
        raw = Opener(Address("clinic", "front", "sim"), (FRONT_OPEN,), {"counter-1": (DEVICE,)}).open(
            "counter-1", token
        )
        return self.signer.ack("counter-1", digest, stage, {"msg": raw.jti, "seq": raw.seq, **more})

    def alerts(self) -> list[str]:
        """Codes of alerts that wait for a connection."""
        assert self.publisher._courier is not None
        return [json.loads(packet.payload)["code"] for packet in self.publisher._courier._announcer.alerts()]

    def answers(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
        """From now on, claims of the device's responses, which would go to the link."""
        assert self.publisher._courier is not None
        told = list[dict[str, object]]()
        monkeypatch.setattr(self.publisher._courier, "answer", lambda packet: told.append(claims_of(packet.payload)))
        return told


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def claims_of(token: bytes) -> dict[str, object]:
    part = token.split(b".")[1]
    claims = json.loads(urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    assert isinstance(claims, dict)
    return claims
