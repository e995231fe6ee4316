"""The connection to the broker: TLS 1.3 with a client certificate, MQTT 5 (or 3.1.1). The only import of paho.

Two threads: `madoguchi-mqtt` (ours) connects, waits, calls `tick` and reconnects; paho's own, one per connection, runs
`message`. Reconnecting is ours because paho's has no jitter and forgets its back-off at every CONNACK. A Client lives
for one connection, so that each has a Last Will with its own epoch.

With TLS 1.3 a broker that refuses our certificate lets connect() succeed and then hangs up: a connection that ends
before its CONNACK is BROKER_REFUSED, one that cannot be opened BROKER_UNREACHABLE. A PUBACK means that the broker has
the message, not that anybody will get it. Times in seconds.

Source: messaging-and-security.md 1.2 (R4, R5), 8; hardware.md 5 and 10. Raises DeviceError KEYS_MISSING from `start`.
"""

import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from secrets import SystemRandom
from threading import Condition, Thread, current_thread
from typing import Final, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from firmware.core.faults import DeviceError, FaultCode
from firmware.publish.config import BrokerConfig, Timing
from firmware.publish.topics import QOS

KEEPALIVE: Final = 30
IN_FLIGHT: Final = 20
SESSION_EXPIRY: Final = 3600
MAX_INCOMING: Final = 64 * 1024
_TICK: Final = 0.5
_GOODBYE: Final = 2.0
# Shutting down, busy, administrative end, use another server: the broker is leaving, not refusing us.
_LEAVING: Final = frozenset({0x89, 0x8B, 0x98, 0x9C, 0x9D})


@dataclass(frozen=True, slots=True)
class Packet:
    """Something to publish, always with QoS 1. `expiry`: seconds the broker may keep it (MQTT 5)."""

    topic: str
    payload: bytes
    content: str = "application/json"
    retain: bool = False
    expiry: int | None = None


class Handler(Protocol):
    """Who is told. `message` comes on paho's thread, everything else on the link's."""

    def will(self) -> Packet:
        """The Last Will of the connection that is about to begin."""

    def connected(self) -> None:
        """Accepted by the broker, subscriptions sent."""

    def lost(self, fault: FaultCode) -> None:
        """The connection ended or could not be made."""

    def message(self, topic: str, payload: bytes) -> None:
        """Something arrived."""

    def delivered(self, ref: str, accepted: bool) -> None:
        """PUBACK of a packet published with `ref`."""

    def tick(self) -> None:
        """At least twice a second, connected or not, and soon after `wake`."""


@dataclass(slots=True)
class _Session:
    client: Client
    since: float
    up: bool = False
    refused: bool = False
    lost: bool = False
    pubacks: deque[tuple[int, bool]] = field(default_factory=deque)
    refs: dict[int, str] = field(default_factory=dict)


class MqttLink:
    """See the module. `publish` and `wake` from any thread, packets with a `ref` from `tick` only."""

    def __init__(self, broker: BrokerConfig, client_id: str, subscriptions: tuple[str, ...], handler: Handler) -> None:
        self._broker, self._client_id = broker, client_id
        self._subscriptions, self._handler = subscriptions, handler
        self._timing = Timing()
        self._changed = Condition()
        self._session: _Session | None = None
        self._woken = self._closing = False
        self._farewell: Packet | None = None
        self._thread: Thread | None = None

    def start(self, timing: Timing) -> None:
        """Begin to connect; returns at once."""
        self._timing = timing
        self._context()
        self._thread = Thread(target=self._run, name="madoguchi-mqtt", daemon=True)
        self._thread.start()

    def publish(self, packet: Packet, ref: str | None = None) -> bool:
        """Hand over to paho; False if there is no connection or its queue is full."""
        session = self._session
        if session is None or not session.up:
            return False
        properties = self._properties(packet, PacketTypes.PUBLISH)
        try:
            info = session.client.publish(packet.topic, packet.payload, QOS, packet.retain, properties)
        except ValueError:
            return False
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        if ref is not None:
            session.refs[info.mid] = ref
        return True

    def wake(self) -> None:
        """Have `tick` called soon."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self, farewell: Packet | None) -> None:
        """Publish `farewell` if connected, say DISCONNECT (so no Last Will), end the thread. Idempotent."""
        with self._changed:
            self._farewell, self._closing = farewell, True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join(self._timing.connect + _GOODBYE + 3.0)

    # ---- link thread ----

    def _run(self) -> None:
        clean = False
        try:
            self._keep_connected()
            clean = True
        finally:
            # A programming error ends this thread; the session must hear of it.
            if not clean:
                self._handler.lost(FaultCode.EFFECT_FAILED)

    def _keep_connected(self) -> None:
        attempt = 0
        while not self._closing:
            began = time.monotonic()
            fault = self._connection()
            if fault is None:
                return
            self._handler.lost(fault)
            attempt = 0 if time.monotonic() - began > self._timing.stable else attempt + 1
            ceiling = min(self._timing.backoff_cap, self._timing.backoff * 2.0 ** min(attempt, 16))
            self._rest(SystemRandom().uniform(0, ceiling))

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._closing and (left := until - time.monotonic()) > 0:
            self._wait(min(left, _TICK))
            self._handler.tick()

    def _wait(self, seconds: float) -> None:
        with self._changed:
            if not self._woken:
                self._changed.wait(seconds)
            self._woken = False

    def _connection(self) -> FaultCode | None:
        """One connection from beginning to end: why it ended, or None if we closed it."""
        try:
            client = self._client(self._handler.will())
            # Known to the callbacks before connect(): a broker may hang up while paho still writes its CONNECT.
            session = _Session(client, time.monotonic())
            client.user_data_set(session)
            self._open(client)
        except DeviceError as error:
            return error.code
        except ssl.SSLError:
            return FaultCode.BROKER_REFUSED
        except OSError:
            return FaultCode.BROKER_UNREACHABLE
        self._session = session
        client.loop_start()
        try:
            return self._attended(session)
        finally:
            self._session = None
            client.disconnect()
            client.loop_stop()

    def _attended(self, session: _Session) -> FaultCode | None:
        while not session.up:
            if session.lost or session.refused:
                return FaultCode.BROKER_REFUSED
            if self._closing:
                return None
            if time.monotonic() - session.since > self._timing.connect:
                return FaultCode.BROKER_UNREACHABLE
            self._wait(_TICK)
        for topic in self._subscriptions:
            session.client.subscribe(topic, QOS)
        self._handler.connected()
        while not (session.lost or session.refused or self._closing):
            self._report(session)
            self._handler.tick()
            self._wait(_TICK)
        if self._closing:
            self._say_goodbye(session)
            return None
        return FaultCode.BROKER_REFUSED if session.refused else FaultCode.BROKER_UNREACHABLE

    def _report(self, session: _Session) -> None:
        while session.pubacks:
            mid, accepted = session.pubacks.popleft()
            if (ref := session.refs.pop(mid, None)) is not None:
                self._handler.delivered(ref, accepted)

    def _say_goodbye(self, session: _Session) -> None:
        if self._farewell is None or not self.publish(self._farewell, ref=""):
            return
        until = time.monotonic() + _GOODBYE
        while not session.lost and time.monotonic() < until and "" in session.refs.values():
            while session.pubacks:
                session.refs.pop(session.pubacks.popleft()[0], None)
            self._wait(0.05)

    # ---- making a client ----

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            context.load_verify_locations(self._broker.ca)
            context.load_cert_chain(self._broker.certificate, self._broker.key)
        except (OSError, ValueError) as error:
            raise DeviceError(FaultCode.KEYS_MISSING, f"TLS files: {type(error).__name__}") from error
        return context

    def _client(self, will: Packet) -> Client:
        five = self._broker.mqtt5
        client = Client(
            CallbackAPIVersion.VERSION2,
            self._client_id,
            clean_session=None if five else False,
            protocol=MQTTv5 if five else MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = self._timing.connect
        client.max_inflight_messages_set(IN_FLIGHT)
        client.max_queued_messages_set(10 * IN_FLIGHT)
        client.tls_set_context(self._context())
        client.will_set(will.topic, will.payload, QOS, will.retain, self._properties(will, PacketTypes.WILLMESSAGE))
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_subscribe, client.on_publish = self._on_subscribe, self._on_publish
        client.on_message = self._on_message
        return client

    def _open(self, client: Client) -> None:
        if not self._broker.mqtt5:
            client.connect(self._broker.host, self._broker.port, KEEPALIVE)
            return
        properties = _properties_of(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_EXPIRY
        properties.ReceiveMaximum = IN_FLIGHT
        properties.MaximumPacketSize = MAX_INCOMING
        client.connect(self._broker.host, self._broker.port, KEEPALIVE, clean_start=False, properties=properties)

    def _properties(self, packet: Packet, kind: int) -> Properties | None:
        if not self._broker.mqtt5:
            return None
        properties = _properties_of(kind)
        properties.ContentType = packet.content
        properties.PayloadFormatIndicator = 1
        if packet.expiry is not None:
            properties.MessageExpiryInterval = packet.expiry
        if kind == PacketTypes.WILLMESSAGE:
            properties.WillDelayInterval = self._timing.will_delay
        return properties

    # ---- paho's thread ----

    def _on_connect(
        self, _client: Client, session: _Session, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        session.up, session.refused = not reason.is_failure, reason.is_failure
        self.wake()

    def _on_disconnect(
        self, _client: Client, session: _Session, flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server and reason.value not in _LEAVING:
            session.refused = True
        session.lost = True
        self.wake()

    def _on_subscribe(
        self, _client: Client, session: _Session, _mid: int, reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            session.refused = True
            self.wake()

    def _on_publish(
        self, _client: Client, session: _Session, mid: int, reason: ReasonCode, _more: Properties | None
    ) -> None:
        session.pubacks.append((mid, not reason.is_failure))
        self.wake()

    def _on_message(self, _client: Client, session: _Session, message: MQTTMessage) -> None:
        done = False
        try:
            self._handler.message(message.topic, bytes(message.payload))
            done = True
        finally:
            # A programming error ends paho's thread here; without this nobody would notice that the line is dead.
            if not done:
                session.lost = True
                self.wake()


def _properties_of(kind: int) -> Properties:
    return Properties(kind)  # type: ignore[no-untyped-call]  # paho's constructor has no annotations
