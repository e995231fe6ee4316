"""The reception's connection: MQTT over TLS 1.3 with a client certificate, presence, subscriptions, reconnecting.

`Link.run` blocks on the caller's thread until `stop`; everything, the callback included, happens on that thread. A
Client lives for one connection, so that each has a Last Will with its own epoch.
"""

import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from secrets import SystemRandom
from typing import Any, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from madoguchi_reception.config import Broker

KEEPALIVE = 30
SESSION_EXPIRY = 3600
ACK_EXPIRY = 3600
QOS = 1


class Events(Protocol):
    """Who is told."""

    def online(self) -> None:
        """Connected and subscribed."""

    def offline(self, reason: str) -> None:
        """The connection ended or could not be made."""

    def message(self, topic: str, payload: bytes) -> None:
        """Something arrived."""


class Link:
    """See the module. `publish` and `stop` from any thread; what is published goes out on the thread of `run`."""

    def __init__(self, broker: Broker, client_id: str, subscriptions: tuple[str, ...], events: Events) -> None:
        self._broker, self._client_id = broker, client_id
        self._subscriptions, self._events = subscriptions, events
        self._stop = threading.Event()
        self._outgoing: deque[tuple[str, bytes, bool, int | None]] = deque(maxlen=1000)
        self._presence: Callable[[str], bytes] | None = None
        self._presence_topic = ""
        self.pause = 5.0
        """Longest wait before connecting again, seconds."""
        self.lasting = True
        """Whether the broker keeps what arrives while we are away."""

    def announce(self, topic: str, presence: Callable[[], Callable[[str], bytes]]) -> None:
        """Publish presence on `topic`; `presence` makes, for each connection, the payload by status."""
        self._presence_topic, self._next_presence = topic, presence

    def run(self) -> None:
        """Stay connected until `stop`."""
        while not self._stop.is_set():
            reason = self._connection()
            if self._stop.is_set():
                return
            self._events.offline(reason)
            self._stop.wait(SystemRandom().uniform(0.05, self.pause))

    def stop(self) -> None:
        """Say "offline", disconnect, let `run` return. Idempotent."""
        self._stop.set()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry: int | None = None) -> None:
        """Send soon (within 0.2 s); lost if the connection ends before."""
        self._outgoing.append((topic, payload, retain, expiry))

    # ---- inner ----

    def _connection(self) -> str:
        state: dict[str, Any] = {"lost": False, "reason": "broker closed the connection"}
        try:
            client = self._made()
            client.user_data_set(state)
            self._opened(client)
        except (ssl.SSLError, OSError, ValueError) as error:
            return f"cannot connect: {type(error).__name__}"
        self._outgoing.clear()
        while not state["lost"] and not self._stop.is_set():
            if client.loop(0.2) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
            self._send(client)
        if self._stop.is_set() and not state["lost"]:
            self._send(client)
            self._goodbye(client)
        return str(state["reason"])

    def _send(self, client: Client) -> None:
        # paho without its own thread is not safe to publish with from another one, so all of it happens here.
        while self._outgoing:
            topic, payload, retain, expiry = self._outgoing.popleft()
            client.publish(topic, payload, QOS, retain, self._expiry(expiry))

    def _goodbye(self, client: Client) -> None:
        if self._presence is not None:
            info = client.publish(self._presence_topic, self._presence("offline"), QOS, retain=True)
            for _round in range(20):
                if info.is_published():
                    break
                client.loop(0.05)
        client.disconnect()
        client.loop(0.05)

    def _made(self) -> Client:
        five = self._broker.mqtt5
        client = Client(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            clean_session=None if five else not self.lasting,
            protocol=MQTTv5 if five else MQTTv311,
            reconnect_on_failure=False,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(self._broker.ca)
        context.load_cert_chain(self._broker.certificate, self._broker.key)
        client.tls_set_context(context)
        client.on_connect, client.on_disconnect, client.on_message = self._connected, self._lost, self._message
        if self._presence_topic:
            self._presence = self._next_presence()
            client.will_set(self._presence_topic, self._presence("lost"), QOS, retain=True)
        return client

    def _opened(self, client: Client) -> None:
        if not self._broker.mqtt5:
            client.connect(self._broker.host, self._broker.port, KEEPALIVE)
            return
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_EXPIRY if self.lasting else 0
        clean = not self.lasting
        client.connect(self._broker.host, self._broker.port, KEEPALIVE, clean_start=clean, properties=properties)

    def _expiry(self, seconds: int | None) -> Properties | None:
        if seconds is None or not self._broker.mqtt5:
            return None
        properties = _properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = seconds
        return properties

    def _connected(
        self, client: Client, state: dict[str, Any], _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if reason.is_failure:
            state["reason"] = f"broker refuses us: {reason}"
            return
        for topic in self._subscriptions:
            client.subscribe(topic, QOS)
        if self._presence is not None:
            client.publish(self._presence_topic, self._presence("online"), QOS, retain=True)
        self._events.online()

    def _lost(
        self, _client: Client, state: dict[str, Any], _flags: DisconnectFlags, reason: ReasonCode, _m: Properties | None
    ) -> None:
        state["lost"] = True
        state["reason"] = f"connection ended: {reason}"

    def _message(self, _client: Client, _state: dict[str, Any], message: MQTTMessage) -> None:
        self._events.message(message.topic, bytes(message.payload))


def presence_payload(env: str, epoch: int, status: str) -> bytes:
    """A reception's state."""
    return json.dumps({"env": env, "status": status, "epoch": epoch}, separators=(",", ":")).encode()


def _properties(kind: int) -> Properties:
    return Properties(kind)  # type: ignore[no-untyped-call]  # paho's constructor has no annotations
