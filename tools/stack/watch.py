"""Listens to everything a clinic's broker lets a reception and a device hear, beside the real ones.

Two MQTT 5 clients with the certificates of reception and device, each on a paho thread that ends with `close`. What is
heard is kept as it came: topic, payload, retain flag, user properties. Source: docs of the access list in
firmware/sim/broker.py; design.md "The message contract".
"""

import json
import ssl
import threading
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from firmware.sim.parts import DEVICE, RECEPTION, SITE
from madoguchi_reception.config import load

_ROOT: Final = f"madoguchi/v1/{SITE}"
_OWN: Final = f"{_ROOT}/{DEVICE}"
_HEARD_BY_RECEPTION: Final = (
    f"{_OWN}/state",
    f"{_OWN}/desc",
    f"{_OWN}/evt/session",
    f"{_OWN}/evt/alert/+",
    f"{_OWN}/evt/result/{RECEPTION}",
    f"{_ROOT}/rx/{RECEPTION}/res/+",
)
_HEARD_BY_DEVICE: Final = (f"{_OWN}/req/+", f"{_OWN}/ack/+", f"{_ROOT}/rx/+/state")
_UP: Final = 10.0


@dataclass(frozen=True, slots=True, repr=False)
class Heard:
    """One message as it came."""

    topic: str
    payload: bytes
    retained: bool
    properties: str

    @property
    def result(self) -> bool:
        return "/evt/result/" in self.topic

    def env(self) -> str | None:
        """The claim `env` of anything that is not sealed; None where there is none."""
        try:
            if self.payload.count(b".") == 2 and not self.payload.startswith(b"{"):
                part = self.payload.split(b".")[1]
                members = json.loads(urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
            else:
                members = json.loads(self.payload)
        except ValueError:
            return None
        return members.get("env") if isinstance(members, dict) else None


class Watcher:
    """Connected when constructed; `heard` grows until `close`. The site is the folder `site` of a run folder."""

    def __init__(self, site: Path) -> None:
        self.heard: list[Heard] = []
        self._lock = threading.Lock()
        self._up: list[threading.Event] = []
        self._clients: list[Client] = []
        reception = load(site / f"reception-{RECEPTION}" / "reception.toml").broker
        port = reception.port
        for name, folder, topics in (
            ("watch-reception", site / f"reception-{RECEPTION}", _HEARD_BY_RECEPTION),
            ("watch-device", site / "device", _HEARD_BY_DEVICE),
        ):
            self._join(name, folder, port, topics)
        for event in self._up:
            if not event.wait(_UP):
                self.close()
                raise TimeoutError("the broker lets nobody watch")

    def _join(self, name: str, folder: Path, port: int, topics: tuple[str, ...]) -> None:
        client = Client(CallbackAPIVersion.VERSION2, f"{name}-{time.monotonic_ns()}", protocol=MQTTv5)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=folder / "ca.pem")
        context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
        client.tls_set_context(context)
        client.reconnect_delay_set(0.1, 0.5)  # type: ignore[arg-type]  # paho takes fractions, its annotation does not
        ready = threading.Event()

        def connected(_c: Client, _u: Any, _f: ConnectFlags, reason: ReasonCode, _p: Properties | None) -> None:
            if not reason.is_failure:
                client.subscribe([(topic, 1) for topic in topics])

        client.on_connect = connected
        client.on_subscribe = lambda *_: ready.set()
        client.on_message = self._take
        client.connect_async("127.0.0.1", port, 30)
        client.loop_start()
        self._up.append(ready)
        self._clients.append(client)

    def _take(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        properties = str(message.properties) if message.properties is not None else ""
        with self._lock:
            self.heard.append(Heard(message.topic, bytes(message.payload), bool(message.retain), properties))

    def close(self) -> None:
        """Disconnect. Idempotent."""
        for client in self._clients:
            client.disconnect()
            client.loop_stop()
        self._clients.clear()
