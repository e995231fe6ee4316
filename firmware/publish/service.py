"""`MqttPublisher`, the port `Publisher`: results sealed, committed, carried until they are acknowledged.

A result goes this way: sealed for every reception, committed in one transaction (from here on it is safe), published,
PUBACK (says nothing), acknowledged by the reception's signature, deleted. `late` records go the same way; the answer to
a reception's own query too, for that reception alone. A query that was taken before the device went down is answered by
`start`, that it was interrupted: of it only ids were noted, nothing of what was asked.

`commit` runs on the store lane and blocks for about a millisecond; `start` and `close` may block for some seconds
where the disk or the broker is slow; everything else returns at once. Raises as `ports.Publisher` says.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Lock

from firmware.core.effects import Progress
from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState
from firmware.core.queries import OpenQuery, ReceptionQuery
from firmware.core.result import Json, QueryRecord, VisitRecord
from firmware.ports import PublisherCallbacks
from firmware.publish.announce import ALERTS_KEPT
from firmware.publish.body import interrupted_body, lookup_body, message_type, smaller, visit_body, with_fhir
from firmware.publish.config import PublishConfig
from firmware.publish.contract import DeviceStatus, MessageType
from firmware.publish.courier import Courier
from firmware.publish.outbox import Outbox, Seal
from firmware.publish.seal import PublicEcKey, Sealer, Unsealer
from firmware.publish.stamp import Stamper
from firmware.publish.topics import DeviceTopics, checked_id


class MqttPublisher:
    """See the module. Construction checks keys (KEYS_MISSING) and ids (ValueError) and opens nothing."""

    def __init__(self, config: PublishConfig) -> None:
        DeviceTopics(config.site, config.device)
        self._config = config
        self._sealer = Sealer(config.signing_key)
        encryption = {checked_id(keys.reception): PublicEcKey(keys.encryption) for keys in config.receptions}
        for keys in config.receptions:
            PublicEcKey(keys.signing)
        if not encryption or len(encryption) != len(config.receptions):
            raise DeviceError(FaultCode.KEYS_MISSING, "each site has at least one reception, each with its own name")
        if config.encryption_key is not None:
            Unsealer(config.encryption_key, self._sealer.kid)
        self._stamper = Stamper(config, self._sealer, encryption)
        self._outbox: Outbox | None = None
        self._courier: Courier | None = None
        self._early: deque[tuple[FaultCode, VisitId | None]] = deque(maxlen=ALERTS_KEPT)
        self._handing_over = Lock()

    def start(self, callbacks: PublisherCallbacks) -> None:
        """See `ports.Publisher`."""
        outbox = Outbox(self._config.outbox, self._config.limits)
        try:
            interrupted = outbox.open_queries()  # before anybody can ask
            noting = replace(callbacks, query=self._noting(outbox, callbacks.query))
            courier = Courier(self._config, outbox, self._sealer, self._stamper, noting)
            courier.start()
        except DeviceError:
            outbox.close()
            raise
        with self._handing_over:
            self._outbox, self._courier = outbox, courier
            for fault, visit in self._early:
                courier.alert(fault, visit)
            self._early.clear()
        for query in interrupted:
            self._interrupted(query, outbox)

    def commit(self, record: VisitRecord) -> int:
        """See `ports.Publisher`."""
        body, fhir = visit_body(record, self._config.texts), self._config.fhir
        if fhir is not None:
            body = with_fhir(body, self._made(lambda: fhir.visit(record), record.visit))
        kind, clock = message_type(record.kind), record.clock
        seals = (self._stamper.seal(kind, each, clock) for each in smaller(body))
        return self._fitting(self._stamper.receptions, seals, record.visit)

    def commit_query(self, record: QueryRecord) -> int:
        """See `ports.Publisher`."""
        reception = record.query.reception
        if reception not in self._stamper.receptions:
            raise DeviceError(FaultCode.KEYS_MISSING, "the reception that asked is not of this site")
        body, fhir = lookup_body(record, self._config.texts), self._config.fhir
        if fhir is not None:
            body = with_fhir(body, self._made(lambda: fhir.query(record), None))
        seals = (self._stamper.seal(MessageType.LOOKUP, each, record.clock) for each in smaller(body))
        return self._fitting((reception,), seals, None, answers=record.query.request)

    def _noting(self, outbox: Outbox, pass_on: Callable[[ReceptionQuery], None]) -> Callable[[ReceptionQuery], None]:
        """A query is noted before it is passed on, so that it is answered whatever happens to the device."""

        def taken(query: ReceptionQuery) -> None:
            outbox.note_query(query, self._config.clock.now())
            pass_on(query)

        return taken

    def _interrupted(self, query: OpenQuery, outbox: Outbox) -> None:
        """Whoever asked learns that the device went down meanwhile; it is asked again by them alone."""
        clock = self._config.clock
        body = interrupted_body(query, clock.now(), self._config.texts)
        try:
            if query.reception not in self._stamper.receptions:
                outbox.drop_query(query)
                return
            seal = self._stamper.seal(MessageType.LOOKUP, body, clock.state())
            self._stored((query.reception,), seal, query.request)
        except DeviceError as error:  # it stays open, for the next start
            self.alert(error.code, None)

    def _made(self, make: Callable[[], dict[str, Json]], visit: VisitId | None) -> dict[str, Json] | None:
        """A result is never held back for its FHIR part."""
        try:
            return make()
        except DeviceError as error:
            self.alert(error.code, visit)
            return None

    def _fitting(
        self, receptions: tuple[str, ...], seals: Iterable[Seal], visit: VisitId | None, answers: str | None = None
    ) -> int:
        """Store the first that is not too large; staff are told of each that was."""
        too_large = DeviceError(FaultCode.MESSAGE_TOO_LARGE)
        for seal in seals:
            try:
                return self._stored(receptions, seal, answers)
            except DeviceError as error:
                if error.code is not FaultCode.MESSAGE_TOO_LARGE:
                    raise
                too_large = error
                self.alert(error.code, visit)
        raise too_large

    def _stored(self, receptions: tuple[str, ...], seal: Seal, answers: str | None = None) -> int:
        if self._outbox is None or self._courier is None:
            raise DeviceError(FaultCode.OUTBOX_BROKEN, "not started")
        clock = self._config.clock
        dated = clock.state() is not ClockState.UNKNOWN
        try:
            rows = self._outbox.append(receptions, seal, clock.now(), dated, answers)
        except DeviceError as error:
            if error.code is not FaultCode.MESSAGE_TOO_LARGE:
                self._courier.parts.failed(Part.OUTBOX, error.code)
            raise
        self._courier.parts.recovered(Part.OUTBOX)
        return self._courier.take_in(rows)

    def progress(self, visit: VisitId, progress: Progress) -> None:
        """See `ports.Publisher`."""
        if self._courier is not None:
            self._courier.progress(visit, progress)

    def alert(self, fault: FaultCode, visit: VisitId | None) -> None:
        """See `ports.Publisher`. What fails while the device starts is told once the outbox is open."""
        with self._handing_over:
            if self._courier is None:
                self._early.append((fault, visit))
            else:
                self._courier.alert(fault, visit)

    def state(self, state: str) -> None:
        """See `ports.Publisher`."""
        if self._courier is not None:
            self._courier.state(DeviceStatus(state))

    def close(self) -> None:
        """See `ports.Publisher`."""
        if self._courier is not None:
            self._courier.close()
        if self._outbox is not None:
            self._outbox.close()
