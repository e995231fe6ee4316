"""Effects: everything that `step` asks for. The runtime carries them out; each answers with the events named here.

An effect carries its visit's id where it works for a visit. Effects of one `Step` are started in order; those for one
lane (card, camera, inference, display) run one after the other.
"""

from dataclasses import dataclass
from enum import StrEnum

from firmware.core.events import EntryKind, Timer
from firmware.core.faults import FaultCode
from firmware.core.ids import Handle, VisitId
from firmware.core.outcomes import Method, VisitSummary
from firmware.core.views import View


class Tone(StrEnum):
    """What the buzzer says."""

    PROMPT = "prompt"
    DONE = "done"
    WRONG = "wrong"
    REMIND = "remind"


class Progress(StrEnum):
    """Progress codes on `evt/session`: nothing but where the visit is."""

    CARD_PRESENT = "card-present"
    CHOOSING = "choosing"
    READING = "reading"
    FACE_PROMPT = "face-prompt"
    PIN_ENTRY = "pin-entry"
    STAFF_WANTED = "staff-wanted"
    CHECKING = "checking"
    CONSENT = "consent"
    CONFIRM_RESULT = "confirm-result"
    DONE = "done"
    CARD_LEFT = "card-left"
    CARD_OUT = "card-out"


@dataclass(frozen=True, slots=True)
class Effect:
    """Root of all effects."""


@dataclass(frozen=True, slots=True)
class VisitEffect(Effect):
    """An effect of one visit."""

    visit: VisitId


# ---- screen, sound, timers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Show(Effect):
    """Replace what the screen shows."""

    view: View


@dataclass(frozen=True, slots=True)
class Play(Effect):
    """Sound, and the light that goes with it."""

    tone: Tone


@dataclass(frozen=True, slots=True)
class StartTimer(Effect):
    """Post `TimerFired(visit, name)` after `seconds`; a running timer of that visit and name is replaced."""

    visit: VisitId | None
    name: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer(Effect):
    """Forget a timer; unknown ones are ignored."""

    visit: VisitId | None
    name: Timer


@dataclass(frozen=True, slots=True)
class StopTimers(VisitEffect):
    """Forget all timers of the visit."""


# ---- visit -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenVisit(VisitEffect):
    """Make scope and vault, freeze the policy, take a challenge from the pool."""


@dataclass(frozen=True, slots=True)
class CloseCardScope(VisitEffect):
    """Card out: cancel card and face work, wipe what was read. The token's fingerprint and a typed entry stay."""


@dataclass(frozen=True, slots=True)
class CloseVisit(VisitEffect):
    """Cancel everything of the visit, stop its timers, wipe its vault. Idempotent."""


@dataclass(frozen=True, slots=True)
class CountIgnored(Effect):
    """A result of another visit, or an input without meaning now: counted for the health report."""


@dataclass(frozen=True, slots=True)
class RaiseAlert(Effect):
    """Publish an alert with a machine code; `visit` where it belongs to one."""

    fault: FaultCode
    visit: VisitId | None = None


# ---- entry -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartEntry(VisitEffect):
    """Let the keypad take `length` digits -> EntryChanged…, EntryDone | EntryCancelled."""

    kind: EntryKind
    length: int


@dataclass(frozen=True, slots=True)
class StopEntry(VisitEffect):
    """Stop taking digits and wipe those typed."""


@dataclass(frozen=True, slots=True)
class ReadFront(VisitEffect):
    """Read number B off the card's front by camera -> FrontHinted…, FrontRead, within `seconds` from now.

    No frame leaves the camera's adapter before monotonic `not_before`. `number` counts from 1 over the visit. Goes on
    while the card is lifted. `prolong`: give what is under way more time, and do nothing if it has ended. Nothing is
    answered after `StopFront`.
    """

    seconds: float
    not_before: float
    number: int
    prolong: bool = False


@dataclass(frozen=True, slots=True)
class StopFront(VisitEffect):
    """Switch the card's camera off; digits that it read and nobody asked for are wiped. Idempotent."""


# ---- card ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IdentifyCard(VisitEffect):
    """-> CardIdentified | CardFailed."""


@dataclass(frozen=True, slots=True)
class UnlockFace(VisitEffect):
    """VERIFY number B from the vault -> NumberBChecked | CardFailed. Never the same wrong value twice."""

    number_b: Handle


@dataclass(frozen=True, slots=True)
class ReadPhoto(VisitEffect):
    """Read EF 0002 -> PhotoRead | CardFailed. Needs an unlocked card face."""


@dataclass(frozen=True, slots=True)
class CheckChip(VisitEffect):
    """Read EF 0004, chip proof over the visit's challenge, record signature -> ChipChecked | CardFailed."""


@dataclass(frozen=True, slots=True)
class ReadCertificate(VisitEffect):
    """Read and check EF 000A -> CertificateRead | CardFailed."""


@dataclass(frozen=True, slots=True)
class CheckRevocation(VisitEffect):
    """Ask the site's responder for the certificate that was read -> RevocationChecked, within `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CountPinTries(VisitEffect):
    """-> PinCounted | CardFailed."""


@dataclass(frozen=True, slots=True)
class SignWithPin(VisitEffect):
    """VERIFY the PIN once, sign the challenge -> PinChecked | CardFailed."""

    pin: Handle


@dataclass(frozen=True, slots=True)
class ReleaseCard(VisitEffect):
    """Leave the card by unpower: no verified state survives. No answer."""


# ---- face ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenCamera(VisitEffect):
    """Warm the face camera and the models; no frame leaves the adapter before monotonic `not_before`."""

    not_before: float


@dataclass(frozen=True, slots=True)
class CompareFace(VisitEffect):
    """Compare live frames with the photo -> FacePrompted…, FaceCompared | FaceFailed.

    `attempt` counts from 1 over the visit.
    """

    photo: Handle
    attempt: int


@dataclass(frozen=True, slots=True)
class CloseCamera(VisitEffect):
    """Switch the face camera off. Idempotent."""


# ---- staff, look-up, publish -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskStaff(VisitEffect):
    """Accept a signed `staff-check` request for this visit from now on -> StaffAnswered."""


@dataclass(frozen=True, slots=True)
class StopAskingStaff(VisitEffect):
    """A staff check is no longer wanted: a request that still comes does not count. Idempotent."""


@dataclass(frozen=True, slots=True)
class LookUp(VisitEffect):
    """Send the identity's evidence to the gateway -> LookUpAnswered | LookUpFailed. Survives `CloseCardScope`."""

    method: Method
    seconds: float


@dataclass(frozen=True, slots=True)
class Register(VisitEffect):
    """Register the card for insurance use where the gateway offered it -> LookUpAnswered | LookUpFailed."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Publish(VisitEffect):
    """Seal and commit the visit's one result -> ResultCommitted | PublishFailed."""

    summary: VisitSummary


@dataclass(frozen=True, slots=True)
class SendConsent(VisitEffect):
    """Tell the gateway the consent after the look-up was started; retried by the runtime, no answer."""

    given: bool


@dataclass(frozen=True, slots=True)
class DetachLookUp(VisitEffect):
    """The look-up runs on without the patient; the runtime publishes one `late` amendment when it ends.

    The look-up keeps its deadline. `summary` is the published one; the runtime replaces its `eligibility`.
    """

    summary: VisitSummary


@dataclass(frozen=True, slots=True)
class ReportProgress(VisitEffect):
    """Publish a progress code."""

    progress: Progress
