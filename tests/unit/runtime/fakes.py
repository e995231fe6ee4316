"""The other ports: hand-written doubles that keep state, record what was asked of them, and fail when told to."""

import asyncio
from collections.abc import Callable

from firmware.core.challenge import Challenge
from firmware.core.effects import Progress, Tone
from firmware.core.events import Button, Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import (
    ClockState,
    EligibilityCode,
    Method,
    Revocation,
)
from firmware.core.queries import ReceptionQuery
from firmware.core.result import QueryRecord, RecordKind, VisitRecord
from firmware.core.secret import Secret
from firmware.core.views import View
from firmware.ports import (
    EligibilityAnswer,
    EntrySink,
    LookUpEvidence,
    PublisherCallbacks,
)
from tests.unit.runtime.fakes_card import NAME, Blocker

START = 1_798_761_600.0


class FakePanel:
    """Keeps what was shown and played."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.tones: list[Tone] = []
        self.error: Exception | None = None
        self.closed = False
        self.blocker = Blocker()

    def show(self, view: View) -> None:
        self.blocker.wait()
        if self.error is not None:
            raise self.error
        self.views.append(view)

    def play(self, tone: Tone) -> None:
        self.tones.append(tone)

    def close(self) -> None:
        self.closed = True


class FakeInputs:
    """Buttons and keypad under the test's fingers; keeps the digits it handed out."""

    def __init__(self) -> None:
        self.sink: EntrySink | None = None
        self.sinks: list[EntrySink] = []
        self.length = 0
        self.digits: list[Secret] = []
        self.closed = False
        self.fault: FaultCode | None = None
        self._post: Callable[[Button, bool], None] = lambda _button, _held: None

    def start(self, post: Callable[[Button, bool], None]) -> None:
        if self.fault is not None:
            raise DeviceError(self.fault)
        self._post = post

    def press(self, button: Button, *, held: bool = False) -> None:
        self._post(button, held)

    def begin_entry(self, length: int, sink: EntrySink) -> None:
        self.length, self.sink = length, sink
        self.sinks.append(sink)

    def type(self, digits: bytes) -> None:
        assert self.sink is not None
        assert len(digits) == self.length
        self.sink.changed(len(digits))
        self.digits.append(Secret(digits))
        self.sink.done(self.digits[-1])

    def end_entry(self) -> None:
        self.sink = None

    def close(self) -> None:
        self.closed = True


class FakeGateway:
    """Answers at once, or when `release` is called after `hold`. Keeps the evidence as it saw it."""

    def __init__(self) -> None:
        self.answers: list[EligibilityAnswer | Exception] = []
        self.asked: list[tuple[Method, bytes, bytes | None]] = []
        self.evidence: list[LookUpEvidence] = []
        self.registered: list[VisitId] = []
        self.seconds: list[float] = []
        self.consents: list[tuple[VisitId, bool, float, float | None]] = []
        self.confirmed: list[tuple[VisitId, bool]] = []
        self.refills = 0
        self.refill_fault: FaultCode | None = None
        self.consent_fault: FaultCode | None = None
        self.closed = False
        self._gate = asyncio.Event()
        self._gate.set()

    def hold(self) -> None:
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    async def refill(self) -> None:
        self.refills += 1
        if self.refill_fault is not None:
            raise DeviceError(self.refill_fault)

    def take_challenge(self, visit: VisitId) -> Challenge:
        return Challenge("c-1", "bm9uY2U", "counter-1", visit, 1_800_000_000, offline=False)

    async def look_up(self, evidence: LookUpEvidence, seconds: float) -> EligibilityAnswer:
        self.evidence.append(evidence)
        self.seconds.append(seconds)
        birth = None if evidence.record is None else bytes(evidence.record.birth_date.view())
        self.asked.append((evidence.method, bytes(evidence.certificate.view()), birth))
        return await self._answer()

    async def register(self, visit: VisitId, seconds: float) -> EligibilityAnswer:
        self.registered.append(visit)
        self.seconds.append(seconds)
        return await self._answer()

    async def _answer(self) -> EligibilityAnswer:
        await self._gate.wait()
        answer = self.answers.pop(0) if self.answers else EligibilityAnswer(EligibilityCode.VALID, {"name": NAME})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def confirm(self, visit: VisitId, approved: bool) -> None:
        self.confirmed.append((visit, approved))

    async def send_consent(self, visit: VisitId, given: bool, at: float, expires: float | None) -> None:
        self.consents.append((visit, given, at, expires))
        if self.consent_fault is not None:
            raise DeviceError(self.consent_fault)

    async def close(self) -> None:
        self.closed = True


class FakeRevocation:
    """A responder that answers what the test laid down, at once or after `hold` and `release`."""

    def __init__(self, answer: Revocation | Exception = Revocation.GOOD) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, bytes, float]] = []
        self.closed = False
        self._gate = asyncio.Event()
        self._gate.set()

    def hold(self) -> None:
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    async def check(self, certificate: bytes, issuer: bytes, seconds: float) -> Revocation:
        self.asked.append((certificate, issuer, seconds))
        await self._gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def close(self) -> None:
        self.closed = True


class FakeQueries:
    """Answers with `answers` in turn, then valid; or when `gate` is set again."""

    def __init__(self) -> None:
        self.answers: list[EligibilityAnswer | Exception] = []
        self.asked: list[ReceptionQuery] = []
        self.check_fault: FaultCode | None = None
        self.seconds: list[float] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.closed = False

    async def ask(self, query: ReceptionQuery, seconds: float) -> EligibilityAnswer:
        self.asked.append(query)
        self.seconds.append(seconds)
        await self.gate.wait()
        answer = self.answers.pop(0) if self.answers else EligibilityAnswer(EligibilityCode.VALID, {"name": NAME})
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def check(self) -> None:
        if self.check_fault is not None:
            raise DeviceError(self.check_fault)

    async def close(self) -> None:
        self.closed = True


class FakePublisher:
    """Keeps everything that was to be published."""

    def __init__(self) -> None:
        self.callbacks: PublisherCallbacks | None = None
        self.records: list[VisitRecord] = []
        self.progressed: list[tuple[VisitId, Progress]] = []
        self.alerts: list[tuple[FaultCode, VisitId | None]] = []
        self.states: list[str] = []
        self.closed = False
        self.start_fault: FaultCode | None = None
        self.error: Exception | None = None
        self.queries: list[QueryRecord] = []
        self.query_errors: list[Exception] = []
        self.blocker = Blocker()

    def of_kind(self, kind: RecordKind) -> list[VisitRecord]:
        return [record for record in self.records if record.kind is kind]

    def start(self, callbacks: PublisherCallbacks) -> None:
        if self.start_fault is not None:
            raise DeviceError(self.start_fault)
        self.callbacks = callbacks

    def commit(self, record: VisitRecord) -> int:
        self.blocker.wait()
        if self.error is not None:
            raise self.error
        self.records.append(record)
        return len(self.records)

    def commit_query(self, record: QueryRecord) -> int:
        self.blocker.wait()
        if self.query_errors:
            raise self.query_errors.pop(0)
        self.queries.append(record)
        return len(self.records) + len(self.queries)

    def progress(self, visit: VisitId, progress: Progress) -> None:
        self.progressed.append((visit, progress))

    def alert(self, fault: FaultCode, visit: VisitId | None) -> None:
        self.alerts.append((fault, visit))

    def state(self, state: str) -> None:
        self.states.append(state)

    def lost(self, part: Part, fault: FaultCode) -> None:
        assert self.callbacks is not None
        self.callbacks.part_failed(part, fault)

    def close(self) -> None:
        self.closed = True


class FakeClock:
    """A clock that stands still at the start of 2027; one monotonic second is one second of it."""

    def __init__(self, state: ClockState = ClockState.SYNCED) -> None:
        self.trust = state

    def now(self) -> float:
        return START

    def state(self) -> ClockState:
        return self.trust

    def wall(self, at: float) -> float:
        return START + at
