"""The courier: carries rows of the outbox to the broker, keeps the state topic true, watches the receptions.

Threads: `take_in` on the store lane; `progress`, `alert`, `state` from the loop; `will`, `connected`, `lost`,
`delivered`, `tick` on the link's thread; `message` and what `Reactions` calls on paho's. One lock guards schedule,
status, running visits and alerts; it is never held while paho, SQLite or a callback is called. Implements
`mqtt.Handler` and `reactions.Desk`. Never raises to its callers: faults go to `parts`.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import SystemRandom
from threading import Lock

from firmware.core.effects import Progress
from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState
from firmware.ports import PublisherCallbacks
from firmware.publish.announce import Announcer
from firmware.publish.config import PublishConfig
from firmware.publish.contract import DeviceStatus
from firmware.publish.delivery import Delivery, Presence
from firmware.publish.incoming import FORGET_AFTER, Gate
from firmware.publish.mqtt import MqttLink, Packet
from firmware.publish.outbox import Outbox, Row, RowState
from firmware.publish.parts import PartStates
from firmware.publish.queries import QueryDesk
from firmware.publish.reactions import Reactions
from firmware.publish.receptions import ReceptionWatch
from firmware.publish.seal import PublicEcKey, Sealer, Unsealer
from firmware.publish.stamp import Stamper
from firmware.publish.topics import DeviceTopics

_VISITS_REMEMBERED = 8
_OVER = frozenset({Progress.DONE, Progress.CARD_LEFT, Progress.CARD_OUT})
"""A card is reported as left, or as taken at last, only after its visit has ended."""


class Courier:
    """See the module."""

    def __init__(
        self, config: PublishConfig, outbox: Outbox, sealer: Sealer, stamper: Stamper, callbacks: PublisherCallbacks
    ) -> None:
        self._config, self._outbox, self._stamper = config, outbox, stamper
        self._callbacks, self.parts = callbacks, PartStates(callbacks)
        self._topics = topics = DeviceTopics(config.site, config.device)
        self._announcer = Announcer(config, topics)
        unsealer = None if config.encryption_key is None else Unsealer(config.encryption_key, sealer.kid)
        self._keys = (sealer.public,) if unsealer is None else (sealer.public, unsealer.public)
        self._queries = QueryDesk(config, unsealer, callbacks.query)
        self._delivery = Delivery(SystemRandom().random, config.timing.resend, config.timing.resend_cap)
        self._link = MqttLink(config.broker, config.device, topics.subscriptions, self)
        signers = {keys.reception: PublicEcKey(keys.signing) for keys in config.receptions}
        gate = Gate(config.device, config.env, signers, config.clock, outbox)
        self._reactions = Reactions(
            config.env, topics, config.clock, sealer, gate, outbox, self, self._queries, callbacks.request
        )
        self._lock = Lock()
        self._status = DeviceStatus.INIT
        self._running: OrderedDict[str, None] = OrderedDict()
        self._last_seq = {name: last for name, (_held, last) in outbox.backlog().items()}
        self._receptions = ReceptionWatch(self.parts, self.alert, config.timing.presence)
        self._epoch = 0
        self._connected_at: float | None = None
        self._announced: dict[str, Packet] = {}
        self._told: int | None = None
        self._maintained = float("-inf")
        for row in outbox.rows():
            self._delivery.add(row)

    # ---- for the service ----

    def start(self) -> None:
        """Begin to connect. Raises KEYS_MISSING."""
        self._link.start(self._config.timing)

    def take_in(self, rows: list[Row]) -> int:
        """Carry these too; rows now held."""
        with self._lock:
            for row in rows:
                self._delivery.add(row)
                self._last_seq[row.reception] = max(row.seq, self._last_seq.get(row.reception, 0))
            held = self._delivery.held
        self._link.wake()
        return held

    def progress(self, visit: VisitId, progress: Progress) -> None:
        """Publish, if connected, and note whether the visit is running.

        Nobody is asked to confirm a result for a visit that is over: their word would have no effect.
        """
        with self._lock:
            if progress is Progress.CONFIRM_RESULT and visit not in self._running:
                return
            if progress in _OVER:
                self._running.pop(visit, None)
            else:
                self._running[visit] = None
                while len(self._running) > _VISITS_REMEMBERED:
                    self._running.popitem(last=False)
        self._link.publish(self._announcer.progress(visit, progress))

    def state(self, status: DeviceStatus) -> None:
        """The device's own state."""
        with self._lock:
            self._status = status
        self._link.wake()

    def close(self) -> None:
        """Say "offline" and disconnect. Idempotent."""
        with self._lock:
            self._status = DeviceStatus.OFFLINE
        self._link.close(self._state_packet())

    # ---- reactions.Desk ----

    def acknowledged(self, jti: str) -> None:
        """See `Desk`."""
        with self._lock:
            self._delivery.remove(jti)
        if self.parts.is_failed(Part.OUTBOX):
            self._maintained = float("-inf")
        self._link.wake()

    def rejected(self, jti: str) -> None:
        """See `Desk`."""
        with self._lock:
            self._delivery.reject(jti)

    def replay(self, reception: str) -> None:
        """See `Desk`."""
        with self._lock:
            self._delivery.replay(reception)
        self._link.wake()

    def presence(self, reception: str, presence: Presence, epoch: int) -> None:
        """See `Desk`."""
        with self._lock:
            self._delivery.presence(reception, presence, epoch)
        self._link.wake()

    def is_running(self, visit: str) -> bool:
        """See `Desk`."""
        with self._lock:
            return visit in self._running

    def alert(self, fault: FaultCode, visit: VisitId | None) -> None:
        """See `Desk`; also the port's."""
        with self._lock:
            self._announcer.alert(fault, visit, time.monotonic())
        self._link.wake()

    def answer(self, packet: Packet) -> None:
        """See `Desk`."""
        self._link.publish(packet)

    # ---- mqtt.Handler ----

    def will(self) -> Packet:
        """See `Handler`."""
        self._epoch += 1
        with self._outbox_faults():
            self._epoch = max(self._epoch, self._outbox.next_epoch())
        return self._announcer.will(self._epoch)

    def connected(self) -> None:
        """See `Handler`."""
        self._connected_at, self._announced = time.monotonic(), {}
        self.parts.recovered(Part.BROKER)

    def lost(self, fault: FaultCode) -> None:
        """See `Handler`."""
        self._connected_at = None
        with self._lock:
            self._delivery.disconnected()
        self.parts.failed(Part.BROKER, fault)

    def message(self, topic: str, payload: bytes) -> None:
        """See `Handler`."""
        if (where := self._topics.parse(topic)) is not None:
            self._reactions.take(where, payload)

    def delivered(self, ref: str, accepted: bool) -> None:
        """See `Handler`."""
        with self._lock:
            self._delivery.acked(ref)
        if not accepted:
            self.alert(FaultCode.BROKER_REFUSED, None)
            return
        with self._outbox_faults():
            self._outbox.mark(ref, RowState.SENT)

    def tick(self) -> None:
        """See `Handler`."""
        now = time.monotonic()
        if now - self._maintained >= self._config.timing.maintenance:
            self._maintained = now
            with self._outbox_faults():
                self._expire()
                self._test_outbox()
        if self._connected_at is not None:
            with self._outbox_faults():
                self._send(now)
            self._announce()
            self._judge_receptions(now - self._connected_at)
        with self._lock:
            held = self._delivery.held
        if held != self._told:
            self._told = held
            self._callbacks.held(held)

    # ---- parts of a tick ----

    @contextmanager
    def _outbox_faults(self) -> Iterator[None]:
        try:
            yield
        except DeviceError as error:
            self.parts.failed(Part.OUTBOX, error.code)

    def _test_outbox(self) -> None:
        # A full outbox must be known before a visit, and a recovered one seen although no visit is let in meanwhile.
        count = len(self._stamper.receptions)
        self._outbox.require_room(count)
        if self.parts.is_failed(Part.OUTBOX):
            self._outbox.probe(count)
            self.parts.recovered(Part.OUTBOX)

    def _expire(self) -> None:
        if self._config.clock.state() is ClockState.UNKNOWN:
            return
        now = self._config.clock.now()
        self._outbox.forget_requests(now - FORGET_AFTER)
        gone = self._outbox.expire(now, self._config.retention, self._stamper.notice)
        if not gone:
            return
        with self._lock:
            for row in gone:
                self._delivery.remove(row.jti)
        self.take_in(self._outbox.rows())
        self.alert(FaultCode.RESULT_EXPIRED, None)

    def _send(self, now: float) -> None:
        with self._lock:
            due = deque((jti, self._delivery.reception_of(jti)) for jti in self._delivery.take(now))
        try:
            while due and self._send_one(*due[0]):
                due.popleft()
        finally:
            with self._lock:
                for jti, _reception in due:
                    self._delivery.returned(jti)

    def _send_one(self, jti: str, reception: str | None) -> bool:
        token = self._outbox.token(jti)
        if token is None or reception is None:
            self.acknowledged(jti)
            return True
        topic, expiry = self._topics.result(reception), int(self._config.retention)
        return self._link.publish(Packet(topic, token.encode(), "application/jose", expiry=expiry), ref=jti)

    def _state_packet(self) -> Packet:
        with self._lock:
            names = {*self._stamper.receptions, *self._last_seq}
            backlog = {name: (self._delivery.held_for(name), self._last_seq.get(name, 0)) for name in sorted(names)}
            status = self._status
        return self._announcer.state(status, self._epoch, self._config.clock.state(), backlog)

    def _announce(self) -> None:
        # What is offered changes by itself: disaster mode ends, the clock becomes known.
        for packet in (self._announcer.description(self._keys, self._queries.offered()), self._state_packet()):
            if packet != self._announced.get(packet.topic) and self._link.publish(packet):
                self._announced[packet.topic] = packet
        with self._lock:
            alerts = self._announcer.alerts()
        for alert in alerts:
            if not self._link.publish(alert):
                with self._lock:
                    self._announcer.keep(alert)

    def _judge_receptions(self, connected_for: float) -> None:
        with self._lock:
            known = {name: self._delivery.present(name) for name in self._stamper.receptions}
        self._receptions.judge(known, connected_for)
