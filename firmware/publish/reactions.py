"""What follows from an incoming message: a request is passed on and answered, an acknowledgement deletes.

Runs on paho's thread. Nothing here trusts a message before `Gate` let it through. The answer "ok" to a request means
that the device took it, not what came of it; a request for a visit that is not running comes too late and is refused.
An acknowledgement for a message that is no longer there is a duplicate and means nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import Env
from firmware.ports import Clock, StaffRequest
from firmware.publish.contract import Response
from firmware.publish.contract_read import Ack, Request, Stage
from firmware.publish.delivery import Presence
from firmware.publish.incoming import Gate
from firmware.publish.mqtt import Packet
from firmware.publish.outbox import Outbox, Row, RowState
from firmware.publish.queries import QueryDesk
from firmware.publish.seal import Sealer, TokenType
from firmware.publish.topics import (
    ABOUT_A_VISIT,
    QUERIES,
    RESPONSE_EXPIRY,
    DeviceTopics,
    Inbound,
    InboundTopic,
    Verb,
)


class Desk(Protocol):
    """What reactions ask of the courier."""

    def acknowledged(self, jti: str) -> None:
        """A row was deleted."""

    def rejected(self, jti: str) -> None:
        """A reception refuses a row."""

    def replay(self, reception: str) -> None:
        """A reception wants everything again."""

    def presence(self, reception: str, presence: Presence, epoch: int) -> None:
        """A reception came, went or belongs elsewhere."""

    def is_running(self, visit: str) -> bool:
        """Whether a visit reported progress and has not ended."""

    def alert(self, fault: FaultCode, visit: VisitId | None) -> None:
        """Tell staff."""

    def answer(self, packet: Packet) -> None:
        """Publish a response."""


@dataclass(frozen=True, slots=True)
class Reactions:
    """See the module."""

    env: Env
    topics: DeviceTopics
    clock: Clock
    sealer: Sealer
    gate: Gate
    outbox: Outbox
    desk: Desk
    queries: QueryDesk
    pass_on: Callable[[StaffRequest], None]

    def take(self, where: InboundTopic, payload: bytes) -> None:
        """React to one message of a topic that is ours."""
        try:
            match where.kind:
                case Inbound.REQUEST:
                    self._request(where.name, payload)
                case Inbound.ACK:
                    self._ack(where.name, payload)
                case Inbound.PRESENCE:
                    self._presence(where.name, payload)
        except DeviceError as error:
            self.desk.alert(error.code, None)

    def _request(self, verb: str, payload: bytes) -> None:
        try:
            request, token = self.gate.request(verb, payload, self.desk.is_running)
            refused = self._carry_out(request, token)
        except DeviceError as error:
            if (to := self.gate.refusal_to(payload)) is not None:
                self._respond(*to, "refused", error.code)
            raise
        self._respond(request.iss, request.jti, "ok" if refused is None else "refused", refused)

    def _carry_out(self, request: Request, token: str) -> FaultCode | None:
        """Why it cannot be, if so: a visit has ended, queries are too many. Nothing that staff must be alerted to."""
        if request.verb == Verb.REPLAY:
            self.outbox.revive(request.iss)
            self.desk.replay(request.iss)
        elif request.verb in QUERIES:
            return self.queries.take(request, token)
        elif request.visit is not None and request.verb in ABOUT_A_VISIT:
            if not self.desk.is_running(request.visit):
                return FaultCode.REQUEST_EXPIRED
            approved = request.approved is True
            self.pass_on(StaffRequest(VisitId(request.visit), request.verb, approved, token))
        return None

    def _respond(self, reception: str, jti: str, status: Literal["ok", "refused"], code: FaultCode | None) -> None:
        response = Response(
            iss=self.topics.device,
            aud=reception,
            jti=jti,
            iat=int(self.clock.now()),
            env=self.env,
            status=status,
            code=code,
        )
        token = self.sealer.sign(response, TokenType.RESPONSE).encode()
        self.desk.answer(Packet(self.topics.response(reception), token, "application/jose", expiry=RESPONSE_EXPIRY))

    def _ack(self, reception: str, payload: bytes) -> None:
        ack = self.gate.ack(reception, payload)
        row = self.outbox.find(ack.hash)
        if row is None:
            return
        if row.reception != reception:
            raise DeviceError(FaultCode.ACK_INVALID, "another reception's message")
        if ack.stage is Stage.REJECTED:
            self._rejected(ack, row)
        elif (ack.msg, ack.seq) != (row.jti, row.seq):
            raise DeviceError(FaultCode.ACK_INVALID, "hash and id do not belong together")
        else:
            self.outbox.delete(row.jti)
            self.desk.acknowledged(row.jti)

    def _rejected(self, ack: Ack, row: Row) -> None:
        self.outbox.mark(row.jti, RowState.REJECTED)
        self.desk.rejected(row.jti)
        foreign = ack.env is not self.env
        self.desk.alert(FaultCode.RECEPTION_ENV_MISMATCH if foreign else FaultCode.MESSAGE_REJECTED, None)

    def _presence(self, reception: str, payload: bytes) -> None:
        if reception not in self.gate.signers or not payload:
            return
        state = self.gate.presence(payload)
        if state.env is not self.env:
            presence = Presence.FOREIGN
        else:
            presence = Presence.ONLINE if state.status == "online" else Presence.AWAY
        self.desk.presence(reception, presence, state.epoch)
