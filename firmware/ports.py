"""One Protocol per device or service: what the runtime and the adapters agree on.

Blocking ports are called on their lane's thread only; async ones on the loop. Every failure an adapter knows is a
`DeviceError` with a `FaultCode`; anything else that escapes is a programming error. Callbacks named `post` may be
called from any thread; they return at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from firmware.core.challenge import Challenge
from firmware.core.effects import Progress, Tone
from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import Button, CardPresence, Part
from firmware.core.evidence import CardIdentity, CertificateEvidence, ChipEvidence, FaceRecord, TryResult
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import (
    ClockState,
    EligibilityCode,
    FacePrompt,
    FrontHint,
    LivenessMode,
    MatchVerdict,
    Method,
    Revocation,
    UnsureReason,
)
from firmware.core.queries import ReceptionQuery
from firmware.core.result import Json, QueryRecord, VisitRecord
from firmware.core.secret import Secret
from firmware.core.views import View

# ---- card ------------------------------------------------------------------------------------------------------


class CardTransport(Protocol):
    """Bytes to and from one reader (card lane). Implemented by `card/pcsc.py` and, in process, by the simulator."""

    def watch(self, post: Callable[[CardPresence], None]) -> None:
        """Start the watch thread; it reports the present state first, then every change, until `stop`."""

    @property
    def reader_fault(self) -> FaultCode:
        """Why READER_LOST was reported last: READER_LOST, READER_NO_ACCESS or PCSC_DOWN. From any thread."""

    def stop(self) -> None:
        """End the watch thread and leave the reader. Idempotent."""

    @property
    def longest_answer(self) -> int:
        """Most response bytes of one command that reader and driver carry: 256 with short APDUs only, up to 65,536.

        Known after `connect`; a transport that cannot tell says 65,536 and leaves it to the card to refuse.
        """

    def connect(self) -> bytes:
        """Power up, exclusive; the ATR.

        Raises CARD_NOT_MYNUMBER for what speaks neither T=0 nor T=1, CARD_GONE, CARD_SILENT, READER_LOST, READER_BUSY,
        READER_NO_ACCESS, PCSC_DOWN.
        """

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """One command APDU; response data and status word (SW1SW2).

        Raises CARD_GONE, CARD_SILENT, CARD_GARBAGE, READER_LOST, PCSC_DOWN.
        """

    def disconnect(self) -> None:
        """Leave the card by unpower or reset. Idempotent, never raises."""

    def cancel(self) -> None:
        """From another thread: make a hanging `transmit` end with CARD_SILENT."""


class Card(Protocol):
    """The card's two applications in the field's verbs (card lane). Every APDU passes the guard.

    Raises DeviceError with a CRD-, RDR- or GRD- code. The try counter is read before every VERIFY.
    """

    def identify(self) -> CardIdentity:
        """Connect, SELECT both applications, read the token's label and serial."""

    def unlock(self, number_b: Secret) -> TryResult:
        """VERIFY number B (14 digits). STOPPED once the card's counter is at 5 or less, REPEATED if refused before.

        `tries_left` of the result counts down to 0 where the card's own counter says 5.
        """

    def read_record(self) -> FaceRecord:
        """Read and split EF 0002; needs `unlock`."""

    def check_chip(self, record: FaceRecord, digest: bytes) -> ChipEvidence:
        """EF 0004, chip proof over `digest` (SHA-256), record signature, issuer list."""

    def read_certificate(self, wall: float, clock: ClockState) -> CertificateEvidence:
        """EF 000A against the pinned CAs at wall time `wall` (seconds since 1970 UTC). A phone wants the PIN first."""

    def pin_tries(self) -> int:
        """Tries left of key 0018; 0 when blocked."""

    def sign_with_pin(self, pin: Secret, message: bytes) -> TryResult:
        """VERIFY 0018 once and sign `message` with key 0017: the hash is made here, by the kind of the key."""

    def release(self) -> None:
        """Unpower the card; forget what was refused. Idempotent, never raises."""

    def cancel(self) -> None:
        """From another thread: end the running call with CARD_SILENT."""


class RevocationStatus(Protocol):
    """Revocation of the holder's certificate, for sites with an approved responder (loop thread)."""

    async def check(self, certificate: bytes, issuer: bytes, seconds: float) -> Revocation:
        """Ask for `certificate`, issued by `issuer` (both DER). Never raises: no proved answer in time is UNKNOWN."""

    async def close(self) -> None:
        """Let go of connections. Idempotent."""


# ---- camera, face ----------------------------------------------------------------------------------------------


@dataclass(slots=True, repr=False)
class Frame:
    """One picture: BGR, 8 bit, rows from the top; `pixels` has height * width * 3 bytes. `at`: monotonic seconds."""

    pixels: bytearray
    width: int
    height: int
    at: float

    def wipe(self) -> None:
        """Overwrite the pixels with zeros."""
        self.pixels[:] = bytes(len(self.pixels))


class Camera(Protocol):
    """A camera (its own lane)."""

    def open(self, not_before: float) -> None:
        """Start; frames taken before monotonic `not_before` never leave the adapter. Raises CAMERA_MISSING."""

    def read(self, timeout: float) -> Frame:
        """The newest frame not handed out yet. Raises CAMERA_NO_FRAME after `timeout` seconds."""

    def close(self) -> None:
        """Stop and drop all frames. Idempotent."""

    def meter(self, region: "Region | None") -> None:
        """A wish: set the exposure by this part of the picture (None: by all of it). From any thread, never raises.

        A camera that cannot do it does nothing.
        """


@dataclass(frozen=True, slots=True)
class Region:
    """A part of an upright picture, in shares of its width and height, from the upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class MatchLimits:
    """Bounds of one attempt: time, number of good frames, which threshold accepts ("accept" or "strict"), liveness."""

    seconds: float
    frames: int = 5
    threshold: str = "accept"
    liveness: LivenessMode = LivenessMode.OFF


@dataclass(frozen=True, slots=True)
class Sitting:
    """What a comparison has of the counter. All are called on the inference lane and return at once but `frames`.

    `frames`: the newest frame within some seconds. `prompt`: what the patient should do now, told when it changes.
    `meter`: see `Camera.meter`.
    """

    frames: Callable[[float], Frame]
    cancelled: Callable[[], bool]
    prompt: Callable[[FacePrompt | UnsureReason], None] = lambda _: None
    meter: Callable[[Region | None], None] = lambda _: None


class Face(Protocol):
    """Face comparison (inference lane)."""

    def load(self) -> None:
        """Load the models, check their hashes. Raises MODEL_MISSING, MODEL_HASH_WRONG. Idempotent."""

    def match(self, photo: Secret, sitting: Sitting, limits: MatchLimits) -> MatchVerdict:
        """Compare live frames with the chip's photo (JP2). Raises PHOTO_…, MODEL_…; frames are wiped here."""

    def close(self) -> None:
        """End helper processes. Idempotent, never raises."""


class CardFront(Protocol):
    """Number B off frames of the card's front (inference lane)."""

    def load(self) -> None:
        """Load the model, check its hash. Raises MODEL_MISSING, MODEL_HASH_WRONG. Idempotent."""

    def read(
        self,
        frames: Callable[[float], Frame],
        seconds: float,
        cancelled: Callable[[], bool],
        hint: Callable[[FrontHint], None],
    ) -> Secret | None:
        """14 digits that enough frames agree on, or None in time. Frames are wiped here; a back is dropped unread."""

    def close(self) -> None:
        """Drop the model. Idempotent, never raises."""


# ---- panel -----------------------------------------------------------------------------------------------------


class Panel(Protocol):
    """Screen and sound (display lane)."""

    def show(self, view: View) -> None:
        """Draw `view`. Raises DISPLAY_FAILED."""

    def play(self, tone: Tone) -> None:
        """Sound and light; never raises."""

    def close(self) -> None:
        """Blank the screen. Idempotent."""


class Display(Protocol):
    """A 1-bit display. `rows`: height rows of width/8 bytes, most significant bit left, 1 = lit."""

    width: int
    height: int

    def draw(self, rows: bytes) -> None:
        """Replace the picture. Raises DISPLAY_FAILED."""

    def close(self) -> None:
        """Blank and release. Idempotent."""


@dataclass(frozen=True, slots=True)
class EntrySink:
    """Where the keypad reports: digits typed so far, all digits (a Secret the receiver owns), or cancelled."""

    changed: Callable[[int], None]
    done: Callable[[Secret], None]
    cancelled: Callable[[], None]


class Inputs(Protocol):
    """Buttons and keypad. Digits stay in the adapter until confirmed."""

    def start(self, post: Callable[[Button, bool], None]) -> None:
        """Report buttons (`held` as second argument) until `close`. Raises KEYPAD_FAILED."""

    def begin_entry(self, length: int, sink: EntrySink) -> None:
        """Take exactly `length` digits; replaces a running entry."""

    def end_entry(self) -> None:
        """Stop taking digits, wipe those typed. Idempotent."""

    def close(self) -> None:
        """Idempotent."""


# ---- eligibility -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class LookUpEvidence:
    """Everything the gateway is told to settle an identity (docs/gateway.yaml, `LookUpRequest`). Personal.

    Face: `record`, `chip`, `verdict`. PIN: `pin_signature`. Staff: `staff_request` (the signed request, JWS compact).
    """

    visit: VisitId
    method: Method
    challenge: Challenge
    certificate: Secret
    record: FaceRecord | None = None
    chip: ChipEvidence | None = None
    verdict: MatchVerdict | None = None
    pin_signature: bytes | None = None
    staff_request: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class EligibilityAnswer:
    """A final answer. `detail`: members for the message, under their national names."""

    code: EligibilityCode
    detail: Mapping[str, Json] | None = None
    registration_offered: bool = False
    flags: tuple[EligibilityFlag, ...] = ()


class Gateway(Protocol):
    """The eligibility gateway (async, on the loop). Raises DeviceError with an ELG- code."""

    async def refill(self) -> None:
        """Fill the challenge pool (at Idle); single use, 10 minutes."""

    def take_challenge(self, visit: VisitId) -> Challenge:
        """One challenge from the pool, or an `offline` one. Never waits."""

    async def look_up(self, evidence: LookUpEvidence, seconds: float) -> EligibilityAnswer:
        """Ask and poll until the final answer, at most `seconds`. One idempotency key per call."""

    async def register(self, visit: VisitId, seconds: float) -> EligibilityAnswer:
        """Register the card of the look-up of this visit, and answer like `look_up`."""

    async def send_consent(self, visit: VisitId, given: bool, at: float, expires: float | None) -> None:
        """Tell the answer of the bundled consent (wall times) to the look-up of this visit."""

    def confirm(self, visit: VisitId, approved: bool) -> None:
        """Staff say whether the one candidate is this visit's patient, who may have left meanwhile.

        Never waits; nothing asked: ignored.
        """

    async def close(self) -> None:
        """Idempotent."""


class Queries(Protocol):
    """Who answers a reception's own query (async, on the loop). Raises DeviceError with an ELG- code."""

    async def ask(self, query: ReceptionQuery, seconds: float) -> EligibilityAnswer:
        """One question, one answer, at most `seconds`; never asked twice."""

    async def check(self) -> None:
        """Whether a question could be asked now, as far as that is known without asking one."""

    async def close(self) -> None:
        """Idempotent."""


# ---- publish ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StaffRequest:
    """A verified request: "staff-check", "confirm-result" (both with `approved`) or "cancel". `jws`: as it came."""

    visit: VisitId
    verb: str
    approved: bool
    jws: str


@dataclass(frozen=True, slots=True)
class PublisherCallbacks:
    """What the publisher reports; may be called from paho's thread."""

    request: Callable[[StaffRequest], None]
    part_failed: Callable[[Part, FaultCode], None]
    part_recovered: Callable[[Part], None]
    held: Callable[[int], None]
    query: Callable[[ReceptionQuery], None]


class Publisher(Protocol):
    """Sealed results, state, progress and alerts over MQTT; requests and acknowledgements back."""

    def start(self, callbacks: PublisherCallbacks) -> None:
        """Open the outbox, begin to connect; never waits for the broker. Raises OUTBOX_BROKEN, KEYS_MISSING."""

    def commit(self, record: VisitRecord) -> int:
        """Seal for every reception and commit in one transaction; rows now held. Blocking (store lane).

        Raises OUTBOX_FULL, OUTBOX_BROKEN, MESSAGE_TOO_LARGE.
        """

    def commit_query(self, record: QueryRecord) -> int:
        """Seal the answer for the reception that asked and commit it. As `commit`."""

    def progress(self, visit: VisitId, progress: Progress) -> None:
        """Best effort, expires after 60 s. Never raises, never blocks."""

    def alert(self, fault: FaultCode, visit: VisitId | None) -> None:
        """A machine code for staff. Never raises, never blocks."""

    def state(self, state: str) -> None:
        """The device's retained state: "init", "ready", "busy", "degraded", "offline". Never raises."""

    def close(self) -> None:
        """Publish "offline", disconnect, close the outbox. Idempotent."""


# ---- clock -----------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """Wall time = max(system, persisted floor) and how far to trust it (design.md, "Clock")."""

    def now(self) -> float:
        """Wall time, seconds since 1970 UTC."""

    def state(self) -> ClockState:
        """synced, holdover or unknown."""

    def wall(self, at: float) -> float:
        """Wall time of the monotonic instant `at`."""
