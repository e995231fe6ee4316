"""Every payload of the message contract that the device writes, typed. Pure (pydantic, no I/O).

What it reads stands in `contract_read.py`, what both are made of in `contract_base.py`. `firmware.publish.schemas`
makes the JSON Schemas of `docs/schemas` from these classes; `docs/asyncapi.yaml` refers to them. Times of signed tokens
are whole seconds since 1970 UTC (RFC 7519); times that people read are RFC 3339 UTC. A payload outside its type raises
pydantic's ValidationError (a ValueError).

Source: design.md "The message contract", "What leaves the device"; messaging-and-security.md 1.2.
"""

import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from firmware.core.effects import Progress
from firmware.core.eligibility import EligibilityFlag, WayOn
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
from firmware.publish.contract_base import (
    Count,
    Id,
    Instant,
    Jti,
    Seconds,
    Sentence,
    Sha256,
    TryCount,
    Visit,
    Word,
    Written,
)

VERSION = "1.3"
PAD_STEP = 512


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
    LOOKUP = "lookup"


class Flag(StrEnum):
    """Remarks on a visit."""

    CARD_REMOVED_EARLY = "card-removed-early"


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
    """A P-256 public key as JWK (RFC 7517); `kid` is its thumbprint (RFC 7638). `enc`: to seal to (since 1.3)."""

    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    x: Sha256
    y: Sha256
    kid: Sha256
    use: Literal["sig", "enc"] = "sig"


class Description(Written):
    """Retained: what the device is, what may be asked of it now, its keys. Trust the keys only by provisioning."""

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


class Words(Written):
    """One sentence for staff in both languages."""

    ja: Sentence
    en: Sentence


class Remark(Words):
    """What a code of `flags` or `ways` means, also for who does not know the code."""

    code: Word


class Eligibility(Written):
    """The look-up's code and its details (names of eligibility.md 2.7), where there are any.

    Since 1.3: `flags`, what staff should look at in the answer; `ways`, what the rules permit now, best first; `staff`,
    what staff read; `remarks`, words to each of `flags`, and to those of `ways` for which the site has its own; `fhir`,
    the answer as a FHIR R4 Bundle (docs/fhir.md), where the site switched it on and it fits into the message.
    """

    code: EligibilityCode
    detail: dict[str, JsonValue] | None
    flags: tuple[EligibilityFlag, ...] = ()
    ways: tuple[WayOn, ...] = ()
    staff: Words | None = None
    remarks: tuple[Remark, ...] = ()
    fhir: dict[str, JsonValue] | None = None


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


class LookupBody(Written):
    """Body of `lookup`: the answer to a reception's own query, for it alone. `request`: that request's jti."""

    request: Jti
    id: Visit
    asked: Instant
    answered: Instant
    eligibility: Eligibility


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
    body: VisitBody | ExpiredBody | LookupBody
    pad: Annotated[str, StringConstraints(pattern=r"^0*$")] = ""


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
