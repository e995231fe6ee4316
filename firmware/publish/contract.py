"""Every payload of the message contract, typed. Pure (pydantic, no I/O).

What the device writes is strict: unknown members and wrong types are errors here. What the device reads is tolerant:
unknown members are ignored, so that a minor version may add some. `firmware.publish.schemas` makes the JSON Schemas of
`docs/schemas` from these classes; `docs/asyncapi.yaml` refers to them. Times of signed tokens are whole seconds since
1970 UTC (RFC 7519); times that people read are RFC 3339 UTC. A payload that cannot be read raises pydantic's
ValidationError (a ValueError); callers map it to a fault code.

Source: design.md "The message contract", "What leaves the device"; messaging-and-security.md 1.2.
"""

import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from firmware.core.effects import Progress
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    Assurance,
    CertificateCheck,
    ChipCheck,
    ClockState,
    ConsentAnswer,
    EligibilityCode,
    Env,
    HolderCheck,
    IssuerCheck,
    Liveness,
    MatchBand,
    MatchCode,
    Method,
    RecordCheck,
    Revocation,
    StaffHint,
    UnsureReason,
    VisitOutcome,
)

VERSION = "1.2"
PAD_STEP = 512

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
Visit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Jti = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{8,64}$")]
Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
TryCount = Annotated[int, Field(ge=0, le=15)]
Word = Annotated[str, StringConstraints(max_length=64)]


class DeviceStatus(StrEnum):
    """`status` of the state topic; `lost` is said by the Last Will only."""

    INIT = "init"
    READY = "ready"
    BUSY = "busy"
    DEGRADED = "degraded"
    OFFLINE = "offline"
    LOST = "lost"


class MessageType(StrEnum):
    """`typ` of a sealed message."""

    RESULT = "result"
    LATE = "late"
    EXPIRED = "expired"


class Stage(StrEnum):
    """Stage of an acknowledgement: safely stored, worked off, or refused for good (HL7's accept and application)."""

    STORED = "stored"
    PROCESSED = "processed"
    REJECTED = "rejected"


class Flag(StrEnum):
    """Remarks on a visit."""

    CARD_REMOVED_EARLY = "card-removed-early"


class Written(BaseModel):
    """A payload that the device writes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Read(BaseModel):
    """A payload that the device reads."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)


# ---- written: plain payloads -----------------------------------------------------------------------------------


class ReceptionBacklog(Written):
    """`held`: messages not acknowledged; `seq`: the last number given. A gap up to `seq` is one only at `held` 0."""

    held: Count
    seq: Count


class State(Written):
    """Retained. Ignore `lost` whose `epoch` is not the last one seen. The Last Will knows no backlog."""

    env: Env
    status: DeviceStatus
    epoch: Count
    software: Word
    clock: ClockState | None = None
    held: Count | None = None
    receptions: dict[Id, ReceptionBacklog] | None = None


class PublicKey(Written):
    """A P-256 public key as JWK (RFC 7517); `kid` is its thumbprint (RFC 7638)."""

    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    x: Sha256
    y: Sha256
    kid: Sha256
    use: Literal["sig"] = "sig"


class Description(Written):
    """Retained: what the device is and which key signs its messages. Trust the key only by provisioning."""

    env: Env
    device: Id
    software: Word
    contract: Word
    receptions: tuple[Id, ...]
    verbs: tuple[Word, ...]
    keys: tuple[PublicKey, ...]


class SessionEvent(Written):
    """Where the running visit is. Codes only."""

    env: Env
    visit: Visit
    progress: Progress


class Alert(Written):
    """A machine code for staff. Never data."""

    env: Env
    code: FaultCode
    visit: Visit | None = None


class Response(Written):
    """Claims of the device's signed answer to a request (header `typ`: `response+jwt`); `jti` is the request's."""

    iss: Id
    aud: Id
    jti: Jti
    iat: Seconds
    env: Env
    status: Literal["ok", "refused"]
    code: FaultCode | None = None


# ---- written: sealed message -----------------------------------------------------------------------------------


class Match(Written):
    """The last face comparison: decision and band, no score. `model`: SHA-256 of the model, hex.

    `liveness`: how its challenge ended; `off`: the site demands none. For the site's statistics: `attempts` of this
    visit that were begun, and `unsure`, why some of them could not decide, the newest last (all since 1.2).
    """

    code: MatchCode
    reason: UnsureReason | None
    band: MatchBand | None
    threshold: Word
    model: Word
    liveness: Liveness = Liveness.OFF
    unsure: tuple[UnsureReason, ...] = ()
    attempts: Count = 0


class Checks(Written):
    """What was proved of chip, record, issuer and certificate. `holder`: that both are of one person (since 1.1)."""

    chip: ChipCheck
    record: RecordCheck
    issuer: IssuerCheck
    certificate: CertificateCheck
    revocation: Revocation
    holder: HolderCheck = HolderCheck.NOT_CHECKED


class Tries(Written):
    """The card's own try counters as last heard, null where it was not asked; 0 is blocked (since 1.1).

    `pin`: user-authentication PIN, of 3. `number_b`: number B of the card's front, of 10.
    """

    pin: TryCount | None = None
    number_b: TryCount | None = None


class Eligibility(Written):
    """The look-up's code and its details (names of eligibility.md 2.7), where there are any."""

    code: EligibilityCode
    detail: dict[str, JsonValue] | None


class Consent(Written):
    """The bundled consent; `expires` only where the clock was known."""

    answer: ConsentAnswer
    given: Instant | None
    expires: Instant | None


class VisitBody(Written):
    """Body of `result` and `late`. `tries` came with 1.1."""

    visit: Visit
    started: Instant
    ended: Instant
    outcome: VisitOutcome
    fault: FaultCode | None
    method: Method | None
    assurance: Assurance
    match: Match | None
    checks: Checks
    eligibility: Eligibility
    consent: Consent
    hints: tuple[StaffHint, ...]
    flags: tuple[Flag, ...]
    tries: Tries = Tries()


class ExpiredItem(Written):
    """One message that was deleted undelivered."""

    jti: Jti
    seq: Count


class ExpiredBody(Written):
    """Body of `expired`: messages of this reception deleted at the end of retention, never acknowledged."""

    expired: Annotated[tuple[ExpiredItem, ...], Field(min_length=1, max_length=500)]


class Message(Written):
    """Claims of a sealed message. `exp` only with a synchronised clock; `seq` counts per device and reception."""

    iss: Id
    aud: Id
    jti: Jti
    iat: Seconds
    exp: Seconds | None = None
    seq: Count
    env: Env
    clock: ClockState
    site: Id
    ver: Word
    typ: MessageType
    body: VisitBody | ExpiredBody
    pad: Annotated[str, StringConstraints(pattern=r"^0*$")] = ""


# ---- read ------------------------------------------------------------------------------------------------------


class Presence(Read):
    """A reception's retained state (birth, end and Last Will)."""

    env: Env
    status: Literal["online", "offline", "lost"]
    epoch: Count


class Request(Read):
    """Claims of a signed request (header `typ`: `request+jwt`). `visit` is required for staff-check and cancel.

    `approved` is required for staff-check.
    """

    iss: Id
    aud: Id
    jti: Jti
    iat: Seconds
    exp: Seconds
    env: Env
    verb: Word
    visit: Visit | None = None
    approved: bool | None = None


class Ack(Read):
    """Claims of a signed acknowledgement (header `typ`: `ack+jwt`).

    `hash`: SHA-256 of the sealed message as received, base64url. `msg`, `seq`: its jti and number; a receiver that
    could not open the message leaves them out, and may then only reject.
    """

    iss: Id
    aud: Id
    iat: Seconds
    env: Env
    stage: Stage
    hash: Sha256
    msg: Jti | None = None
    seq: Count | None = None
    code: Word | None = None


def dump(payload: Written) -> bytes:
    """UTF-8 JSON without spaces; members that are None by default are left out."""
    data = payload.model_dump(mode="json")
    optional = {name for name, field in type(payload).model_fields.items() if field.default is None}
    kept = {name: value for name, value in data.items() if value is not None or name not in optional}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def dump_padded(message: Message) -> bytes:
    """As `dump`, padded with zeros in `pad` to the next multiple of `PAD_STEP` bytes: the length tells nothing."""
    plain = dump(message)
    missing = -len(plain) % PAD_STEP
    return dump(message.model_copy(update={"pad": "0" * missing}))
