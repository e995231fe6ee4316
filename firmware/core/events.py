"""Events: everything that `step` learns. Codes, counts and handles only, never personal data.

Every event carries `at`, monotonic seconds. Events of a visit carry its id; a result of another visit is counted and
ignored (design.md, "The middle: one pure function").
"""

from dataclasses import dataclass

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import FaultCode
from firmware.core.ids import Handle, VisitId
from firmware.core.names import Button, CardPresence, EntryKind, Part, Timer
from firmware.core.outcomes import (
    CardKind,
    CertificateCheck,
    ChipCheck,
    EligibilityCode,
    FacePrompt,
    FrontHint,
    HolderCheck,
    IssuerCheck,
    MatchVerdict,
    RecordCheck,
    Revocation,
    TryCode,
    UnsureReason,
)

__all__ = ["Button", "CardPresence", "EntryKind", "Part", "Timer"]
"""What is used together with events; all else is defined here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Root of all events. `at`: monotonic seconds."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEvent(Event):
    """An event that belongs to one visit."""

    visit: VisitId


# ---- device ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStarted(Event):
    """First event. `provisioned`: a site's settings and keys are there."""

    provisioned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStopping(Event):
    """Last event: the process is told to end. An open visit ends with its one outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFailed(Event):
    """A part does not work; repeated while it stays so is allowed."""

    part: Part
    fault: FaultCode


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecovered(Event):
    """A part works (again)."""

    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldChanged(Event):
    """How many sealed results wait for the reception's acknowledgement."""

    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPlaced(Event):
    """The reader sees a card. `visit` is a fresh id, used only if this event starts a visit."""

    visit: VisitId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRemoved(Event):
    """The reader sees no card any more (or a swap, then followed by `CardPlaced`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPressed(Event):
    """A button. `held`: pressed for 5 s or more (opens the service page from Idle)."""

    button: Button
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Event):
    """A timer of `StartTimer`. `visit` is None for the device's own timers."""

    visit: VisitId | None
    name: Timer


# ---- entry -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChanged(VisitEvent):
    """`count` digits have been typed; the digits stay in the keypad adapter."""

    kind: EntryKind
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDone(VisitEvent):
    """All digits typed and confirmed; they lie in the vault under `entry`."""

    kind: EntryKind
    entry: Handle


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCancelled(VisitEvent):
    """The cancel key with nothing typed."""

    kind: EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontHinted(VisitEvent):
    """What would help the camera to read the card's front, told when it changes."""

    hint: FrontHint


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontRead(VisitEvent):
    """The camera read number B: the digits lie in the vault under `entry`, like typed ones.

    None: not readable in time, or camera or model failed (`PartFailed` says so). `number` is that of its `ReadFront`.
    """

    number: int
    entry: Handle | None


# ---- card ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CardIdentified(VisitEvent):
    """Which applications answered SELECT. `same_card` compares the token serial with the visit's first reading.

    It is true of the first reading, and never of what has no serial (an unknown card, an iPhone).
    """

    kind: CardKind
    same_card: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberBChecked(VisitEvent):
    """VERIFY of number B, or why none was sent.

    `tries_left`: those this device still sends, None where the card did not say. `counter`: what the card's own counter
    says, None where it is not known.
    """

    code: TryCode
    tries_left: int | None
    counter: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRead(VisitEvent):
    """EF 0002 is in the vault; `photo` names the JPEG 2000 bytes."""

    photo: Handle


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipChecked(VisitEvent):
    """Chip proof, record signature and issuer of the card face.

    `holder`: against the certificate, if that came first.
    """

    chip: ChipCheck
    record: RecordCheck
    issuer: IssuerCheck
    holder: HolderCheck = HolderCheck.NOT_CHECKED


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRead(VisitEvent):
    """EF 000A is in the vault; `expires_soon`: within the warning window.

    `holder`: against the card face, if that came first.
    """

    check: CertificateCheck
    expires_soon: bool
    holder: HolderCheck = HolderCheck.NOT_CHECKED


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationChecked(VisitEvent):
    """What the site's responder says of the certificate; no proved answer in time is `UNKNOWN`."""

    revocation: Revocation


@dataclass(frozen=True, slots=True, kw_only=True)
class PinCounted(VisitEvent):
    """Tries left of the user-authentication PIN as the card counts them; 0 = blocked."""

    tries_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PinChecked(VisitEvent):
    """VERIFY of the PIN; after `ACCEPTED` the challenge is signed and the signature in the vault.

    `tries_left`, `counter`: as in `NumberBChecked`.
    """

    code: TryCode
    tries_left: int | None
    counter: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFailed(VisitEvent):
    """A card operation ended with a fault (gone, silent, garbage, …)."""

    fault: FaultCode


# ---- face, staff -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePrompted(VisitEvent):
    """What the patient should do now in the comparison `attempt`, told when it changes."""

    attempt: int
    prompt: FacePrompt | UnsureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceCompared(VisitEvent):
    """One attempt of the face comparison; `attempt` is that of its `CompareFace`."""

    attempt: int
    verdict: MatchVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFailed(VisitEvent):
    """Photo, camera or model fault during the comparison; `attempt` is that of its `CompareFace`."""

    attempt: int
    fault: FaultCode


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAnswered(VisitEvent):
    """A verified, signed staff-check request of the reception; the request itself lies in the vault."""

    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested(VisitEvent):
    """A verified, signed `cancel` request of the reception for this visit."""


# ---- look-up, publish ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpAnswered(VisitEvent):
    """The gateway's answer; details lie in the vault."""

    code: EligibilityCode
    registration_offered: bool = False
    flags: tuple[EligibilityFlag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpFailed(VisitEvent):
    """No answer: the gateway could not be reached, refused, or did not answer in time."""

    fault: FaultCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCommitted(VisitEvent):
    """The sealed result is durably in the outbox. `held`: rows that wait for an acknowledgement."""

    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishFailed(VisitEvent):
    """The result could not be committed (disk full, outbox broken)."""

    fault: FaultCode
