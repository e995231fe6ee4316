"""States of the session, all frozen. `Device` and `Visit` are what states have in common.

State names: design.md, "The middle: one pure function". No personal data here: codes, counts and handles.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from firmware.core.effects import Effect
from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import CardIdentified, Part
from firmware.core.faults import FaultCode
from firmware.core.ids import Handle, VisitId
from firmware.core.outcomes import (
    CardChecks,
    CardKind,
    ConsentAnswer,
    EligibilityCode,
    FrontHint,
    MatchCode,
    MatchVerdict,
    Method,
    StaffHint,
    UnsureReason,
    VisitSummary,
)
from firmware.core.views import InformationPage

MAX_UNSURE = 9
"""So many reasons a visit keeps, the newest; somebody who begins the comparison again and again adds no more."""

ESSENTIAL_PARTS = (Part.READER, Part.OUTBOX, Part.SETTINGS)
"""Without these no visit is begun: nothing can be read, nothing could be kept, or nothing is known of the site."""


@dataclass(frozen=True, slots=True)
class Device:
    """What outlives a visit: faults present by part, results held, whether a card lies on the reader."""

    faults: tuple[tuple[Part, FaultCode], ...] = ()
    held: int = 0
    card_present: bool = False
    provisioned: bool = True

    def fault(self, part: Part) -> FaultCode | None:
        return dict(self.faults).get(part)

    def failed(self, part: Part, fault: FaultCode) -> Self:
        kept = tuple(item for item in self.faults if item[0] is not part)
        return replace(self, faults=(*kept, (part, fault)))

    def recovered(self, part: Part) -> Self:
        return replace(self, faults=tuple(item for item in self.faults if item[0] is not part))

    def essential_fault(self) -> FaultCode | None:
        """The fault that keeps the device out of service, if any."""
        return next((fault for part, fault in self.faults if part in ESSENTIAL_PARTS), None)

    def warnings(self) -> tuple[FaultCode, ...]:
        return tuple(fault for part, fault in self.faults if part not in ESSENTIAL_PARTS)


@dataclass(frozen=True, slots=True)
class Visit:
    """One patient's visit. `present`: the card lies on the reader. `passed`: it was identified.

    `kind`: what was identified, None before it. `comparisons`: attempts of the face comparison begun so far; only the
    newest one's end counts. `unsure`: why attempts could not decide. `fronts`: readings of the card's front begun so
    far, counted likewise; `front_spent`: one could not read it, or number B was wrong: from then on it is typed.
    `revocation_wanted`: asked about and not answered. `pin_counter`, `number_b_counter`: the card's own try counters as
    last heard.
    """

    id: VisitId
    started_at: float
    present: bool = True
    passed: bool = False
    kind: CardKind | None = None
    excluded: tuple[Method, ...] = ()
    notice_at: float | None = None
    method: Method | None = None
    checks: CardChecks = field(default_factory=CardChecks)
    chip_checked: bool = False
    certificate_asked: bool = False
    certificate_read: bool = False
    revocation_wanted: bool = False
    match: MatchVerdict | None = None
    comparisons: int = 0
    unsure: tuple[UnsureReason, ...] = ()
    fronts: int = 0
    front_spent: bool = False
    pin_accepted: bool = False
    pin_counter: int | None = None
    number_b_counter: int | None = None
    staff_approved: bool = False
    consent: ConsentAnswer | None = None
    consented_at: float | None = None
    eligibility: EligibilityCode | None = None
    flags: tuple[EligibilityFlag, ...] = ()
    look_up_fault: FaultCode | None = None
    registration_offered: bool = False
    hints: tuple[StaffHint, ...] = ()

    def fresh_card(self) -> Self:
        """The same visit with nothing read: what a removed card had said is not reused.

        A face that was refused stays refused, for staff to know; a match does not outlive its card.
        """
        matched = self.match is not None and self.match.code is MatchCode.MATCH
        return replace(
            self,
            checks=CardChecks(),
            chip_checked=False,
            certificate_asked=False,
            certificate_read=False,
            revocation_wanted=False,
            match=None if matched else self.match,
            pin_accepted=False,
            staff_approved=False,
        )

    def compared(self, verdict: MatchVerdict) -> Self:
        """With the newest attempt's verdict."""
        reasons = (verdict.reason,) if verdict.code is MatchCode.UNSURE and verdict.reason is not None else ()
        return replace(self, match=verdict, unsure=(*self.unsure, *reasons)[-MAX_UNSURE:])

    def is_same(self, event: CardIdentified) -> bool:
        """Whether the visit's own card was identified again."""
        return event.same_card and event.kind is self.kind

    @property
    def on_phone(self) -> bool:
        """The card is a phone's secure element: no card face, and the certificate only after the PIN."""
        return self.kind is CardKind.PHONE

    def without(self, method: Method) -> Self:
        return self if method in self.excluded else replace(self, excluded=(*self.excluded, method))

    def hinted(self, *hints: StaffHint) -> Self:
        return replace(self, hints=(*self.hints, *(hint for hint in hints if hint not in self.hints)))


@dataclass(frozen=True, slots=True)
class State:
    """Root of all states."""

    device: Device


@dataclass(frozen=True, slots=True)
class VisitState(State):
    """A state with an open visit."""

    visit: Visit


# ---- without a visit -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Starting(State):
    """Power-on, before the first event; also where a visit ends that the device's stop cut off."""


@dataclass(frozen=True, slots=True)
class Unprovisioned(State):
    """No site's settings or keys."""


@dataclass(frozen=True, slots=True)
class OutOfService(State):
    """An essential part is missing."""


@dataclass(frozen=True, slots=True)
class Idle(State):
    """Waiting for a card. `glance`: the screen still sends the patient who left early to the counter."""

    glance: bool = False


@dataclass(frozen=True, slots=True)
class Information(State):
    """A patient reads a page."""

    page: InformationPage


@dataclass(frozen=True, slots=True)
class Service(State):
    """The technician's page."""


@dataclass(frozen=True, slots=True)
class RemoveCard(State):
    """The visit is over and closed; the card still lies there. `ended`: the visit it was of, for progress.

    `away`: the card was lifted, not yet for so long that it counts as taken.
    """

    ended: VisitId | None
    because: FaultCode | None
    reminders: int = 0
    away: bool = False


# ---- identity not yet settled ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identifying(VisitState):
    """Which applications answer; also: the card is away for a moment, waiting for it to come back."""


@dataclass(frozen=True, slots=True)
class ChoosingMethod(VisitState):
    """Notice on the face comparison, and the choice of face, PIN or staff."""

    because: FaultCode | None = None


@dataclass(frozen=True, slots=True)
class ReadingFront(VisitState):
    """Number B is typed or read from the card's front; the card may be lifted.

    `entry`: typed or read while the card was away. `reading`: the camera reads; `hint`: what would help it.
    """

    count: int = 0
    wrong: bool = False
    tries_left: int | None = None
    identified: bool = True
    entry: Handle | None = None
    reading: bool = False
    hint: FrontHint | None = None


@dataclass(frozen=True, slots=True)
class Unlocking(VisitState):
    """VERIFY of number B, then the photo is read."""


@dataclass(frozen=True, slots=True)
class Matching(VisitState):
    """Face against photo, while chip and certificate are read. `photo` names the vault's entry."""

    photo: Handle
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class EnteringPin(VisitState):
    """Tries counted, digits typed, VERIFY and signature. `last_confirmed`: the patient wants the last try."""

    count: int = 0
    tries_left: int | None = None
    wrong: bool = False
    checking: bool = False
    last_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmingLastTry(VisitState):
    """One try left; the patient decides whether to spend it."""


@dataclass(frozen=True, slots=True)
class AwaitingStaff(VisitState):
    """Staff have been asked to compare the person with the card's printed photo."""

    because: FaultCode | None = None


# ---- identity settled ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Consenting(VisitState):
    """The bundled consent is asked while the look-up runs."""


@dataclass(frozen=True, slots=True)
class LookingUp(VisitState):
    """Consents are done, the look-up is not."""


@dataclass(frozen=True, slots=True)
class Registering(VisitState):
    """The card is not registered as insurance card; registration is offered. `working`: it has been asked for."""

    working: bool = False


@dataclass(frozen=True, slots=True)
class Showing(VisitState):
    """The result is being committed, then shown. `committed`: it is safe on disk. `taken`: the card left for good."""

    summary: VisitSummary
    committed: bool = False
    taken: bool = False


STATES: tuple[type[State], ...] = (
    Starting,
    Unprovisioned,
    OutOfService,
    Idle,
    Information,
    Identifying,
    ChoosingMethod,
    ReadingFront,
    Unlocking,
    Matching,
    EnteringPin,
    ConfirmingLastTry,
    AwaitingStaff,
    Consenting,
    Registering,
    LookingUp,
    Showing,
    RemoveCard,
    Service,
)
"""In the order of design.md."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one event leads to. Effects are started in order."""

    state: State
    effects: tuple[Effect, ...] = ()

    def before(self, *effects: Effect) -> Self:
        """The same step with `effects` put first."""
        return replace(self, effects=(*effects, *self.effects))
