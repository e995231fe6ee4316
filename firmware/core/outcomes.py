"""Values that say how the parts of a visit ended. "Unknown" and "unsure" are values here, not exceptions."""

from dataclasses import dataclass, field
from enum import StrEnum

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import FaultCode


class Env(StrEnum):
    """What the device was built from and whom it trusts; a signed claim of every message (design.md, "env")."""

    PRODUCTION = "production"
    TEST = "test"
    SIM = "sim"


class Method(StrEnum):
    """How the person was identified."""

    FACE = "face"
    PIN = "pin"
    STAFF = "staff"


class Assurance(StrEnum):
    """What the identification rests on (design.md, "Assurance")."""

    PIN = "pin"
    FACE_ISSUER_VERIFIED = "face-issuer-verified"
    FACE_ISSUER_UNKNOWN = "face-issuer-unknown"
    STAFF = "staff"
    NONE = "none"


class VisitOutcome(StrEnum):
    """How a visit ended; exactly one is published per visit that passed Identifying."""

    IDENTIFIED = "identified"
    NOT_IDENTIFIED = "not-identified"
    NOT_GENUINE = "not-genuine"
    ABORTED = "aborted"
    FAULT = "fault"


class CardKind(StrEnum):
    """What lies on the reader, by SELECT of its applications, never by ATR (card.md 1.2)."""

    MY_NUMBER = "my-number"
    PHONE = "phone"
    """JPKI in a phone's secure element (card.md 2.6): no card face, and the certificate only after the PIN."""
    UNKNOWN = "unknown"


class TryCode(StrEnum):
    """Answer to a VERIFY, or why none was sent."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    BLOCKED = "blocked"
    STOPPED = "stopped"
    """No try is left by our own rule: nothing was sent, or what was sent was wrong and the last that we send."""
    REPEATED = "repeated"
    """The same wrong value again: nothing was sent."""


class ChipCheck(StrEnum):
    """Chip genuineness: internal authentication with DF24's key over a fresh challenge (card.md 2.4)."""

    PROVED = "proved"
    WRONG = "wrong"
    NOT_CHECKED = "not-checked"


class RecordCheck(StrEnum):
    """Signature DF28 over the card-face record with the key certified in EF 0004 (card.md 2.4)."""

    SIGNED = "signed"
    WRONG = "wrong"
    NOT_CHECKED = "not-checked"


class IssuerCheck(StrEnum):
    """Whether the certificate in EF 0004 is signed by an installed issuer key."""

    VERIFIED = "verified"
    UNKNOWN = "unknown"
    NOT_CHECKED = "not-checked"


class CertificateCheck(StrEnum):
    """User-authentication certificate 000A against the pinned CA, with dates (card.md 4)."""

    VALID = "valid"
    GRACE = "grace"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    UNKNOWN_ISSUER = "unknown-issuer"
    WRONG_PROFILE = "wrong-profile"
    DATES_NOT_CHECKED = "dates-not-checked"
    NOT_CHECKED = "not-checked"


class HolderCheck(StrEnum):
    """Whether certificate and card face can be of one person: the certificate ends on a birthday (card.md 4.1)."""

    SAME = "same"
    OTHER = "other"
    NOT_CHECKED = "not-checked"


class Revocation(StrEnum):
    """Revocation of the certificate; answered to approved parties only, so usually unknown (card.md 4.3)."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class MatchCode(StrEnum):
    """Decision of the face comparison."""

    MATCH = "match"
    NO_MATCH = "no-match"
    UNSURE = "unsure"


class UnsureReason(StrEnum):
    """Why a comparison could not decide; each has a prompt for the patient."""

    NO_FACE = "no-face"
    TWO_FACES = "two-faces"
    TOO_SMALL = "too-small"
    AT_BORDER = "at-border"
    BETWEEN = "between-thresholds"
    NO_FRAMES = "no-frames"
    TURNED = "turned"
    TILTED = "tilted"
    BLURRED = "blurred"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"
    BACKLIT = "backlit"
    COVERED = "covered"
    PERSON_CHANGED = "person-changed"
    NOT_ALIVE = "liveness"
    """The liveness challenge was not passed: by mistake or by a picture, it is not said which."""


class LivenessMode(StrEnum):
    """What a site demands beside a face match. The challenge can always be left for PIN or staff."""

    OFF = "off"
    CHALLENGE = "challenge"
    CHALLENGE_STAFF = "challenge+staff"
    """A passed challenge is followed by a staff check."""


class Liveness(StrEnum):
    """How the challenge of a comparison ended."""

    OFF = "off"
    PASSED = "passed"
    FAILED = "failed"
    UNSURE = "unsure"


class FacePrompt(StrEnum):
    """What the patient is asked to do during a challenge."""

    LOOK_STRAIGHT = "look-straight"
    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    COME_CLOSER = "come-closer"
    HOLD = "hold"


class FrontHint(StrEnum):
    """What would help reading the card's front. HOLD_STILL: nothing better is known."""

    NO_CARD = "no-card"
    TURN_OVER = "turn-over"
    GLARE = "glare"
    BLUR = "blur"
    CLOSER = "closer"
    OTHER_CARD = "other-card"
    HOLD_STILL = "hold-still"


class MatchBand(StrEnum):
    """Where the similarity lies between the manifest's thresholds; the score itself never leaves the device."""

    STRICT = "strict"
    ACCEPT = "accept"
    BETWEEN = "between"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class MatchVerdict:
    """Result of one comparison: decision, band, liveness, and which threshold and model (SHA-256, hex) made it."""

    code: MatchCode
    reason: UnsureReason | None
    band: MatchBand | None
    threshold: str
    model: str
    liveness: Liveness = Liveness.OFF


class EligibilityCode(StrEnum):
    """What the look-up said (eligibility.md 2.10). Only the national system's own word means "not eligible"."""

    VALID = "valid"
    VALID_SEVERAL = "valid-several"
    """Eligible, with more than one result: insurance and 医療扶助, or one to choose."""
    VALID_UNREGISTERED = "valid-unregistered"
    """医療扶助 without registration."""
    INVALID = "invalid"
    INVALID_NEW_EXISTS = "invalid-new-exists"
    NONE = "none"
    SEVERAL = "several"
    NOT_REGISTERED = "not-registered"
    PENDING = "pending"
    NOT_REACHABLE = "not-reachable"
    TIMED_OUT = "timed-out"
    """Asked, and no answer came in time; it is not asked again by itself."""
    EXCHANGE_ERROR = "exchange-error"
    """The national system could not take the question."""
    PROCESSING_ERROR = "processing-error"
    """It took the question and could not work it off."""
    CONTRADICTORY = "contradictory"
    """The answer contradicts itself, so nothing of it is believed."""
    NOT_ATTRIBUTED = "not-attributed"
    """The official reader has a result, and nobody could say that it is this patient's and no other's."""
    REFUSED = "refused"
    IDENTITY_CONFLICT = "identity-conflict"
    NOT_ASKED = "not-asked"


class ConsentAnswer(StrEnum):
    """Answer to a consent question; no answer in time, and no question at all, is `NOT_GIVEN`."""

    GIVEN = "given"
    NOT_GIVEN = "not-given"
    REFUSED = "refused"


class ClockState(StrEnum):
    """Trust in wall time (design.md, "Clock")."""

    SYNCED = "synced"
    HOLDOVER = "holdover"
    UNKNOWN = "unknown"


class StaffHint(StrEnum):
    """What staff should do next; the reception software words it (codes are part of the contract)."""

    GO_ON = "go-on"
    ASK_DOCUMENT = "ask-document"
    CHECK_LATER = "check-later"
    COMPARE_PERSON = "compare-person"
    RENEW_CERTIFICATE = "renew-certificate"
    UNBLOCK_AT_MUNICIPALITY = "unblock-at-municipality"
    POSSIBLE_FORGERY = "possible-forgery"
    ASK_AGAIN = "ask-again"
    CHOOSE_RESULT = "choose-result"
    CHECK_DETAILS = "check-details"
    """The answer has flags: see them."""


@dataclass(frozen=True, slots=True)
class CardChecks:
    """What was proved of chip, record, issuer and certificate."""

    chip: ChipCheck = ChipCheck.NOT_CHECKED
    record: RecordCheck = RecordCheck.NOT_CHECKED
    issuer: IssuerCheck = IssuerCheck.NOT_CHECKED
    certificate: CertificateCheck = CertificateCheck.NOT_CHECKED
    holder: HolderCheck = HolderCheck.NOT_CHECKED
    revocation: Revocation = Revocation.UNKNOWN


@dataclass(frozen=True, slots=True)
class VisitSummary:
    """The coded part of a result: what `step` decided. Personal data are added behind it by the runtime.

    `consented_at` and `started_at` are monotonic seconds of events; the runtime turns them into wall time.
    `pin_counter`, `number_b_counter`: the card's own try counters as last heard, None where it was not asked.
    `attempts`: comparisons of the face that were begun; `unsure`: why some of them could not decide, the newest last.
    `flags`: remarks on the look-up's answer.
    """

    outcome: VisitOutcome
    started_at: float
    fault: FaultCode | None = None
    method: Method | None = None
    assurance: Assurance = Assurance.NONE
    match: MatchVerdict | None = None
    checks: CardChecks = field(default_factory=CardChecks)
    eligibility: EligibilityCode = EligibilityCode.NOT_ASKED
    consent: ConsentAnswer = ConsentAnswer.NOT_GIVEN
    consented_at: float | None = None
    hints: tuple[StaffHint, ...] = ()
    card_removed_early: bool = False
    pin_counter: int | None = None
    number_b_counter: int | None = None
    unsure: tuple[UnsureReason, ...] = ()
    attempts: int = 0
    flags: tuple[EligibilityFlag, ...] = ()
