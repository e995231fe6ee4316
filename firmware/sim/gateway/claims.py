"""What a device may send, as types with bounds. Pure, any thread. Source: docs/gateway.yaml, components/schemas.

Unknown members are ignored (versioning rules); anything else out of bounds is ProblemError "malformed".
"""

import base64
import binascii
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from firmware.sim.gateway.problems import ProblemError


def _is_base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("base64") from error
    return text


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Env = Literal["production", "test", "sim"]
Time = Annotated[int, Field(ge=0, le=99_999_999_999)]
Octets = Annotated[str, StringConstraints(min_length=4, max_length=8192), AfterValidator(_is_base64)]
Token = Annotated[str, StringConstraints(max_length=8192, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")]
"""JWS compact, not opened yet."""
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Members(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _absent_is_left_out(cls, members: object) -> object:
        """None is how a member that was left out looks in here; nobody may send it."""
        if isinstance(members, dict) and any(members.get(name, "") is None for name in cls.model_fields):
            raise ValueError("null")
        return members


class ChallengeRequest(_Members):
    env: Env
    device: Id
    count: Annotated[int, Field(ge=1, le=16)]


class Claims(_Members):
    """Members of every signed content."""

    iss: Id
    site: Id
    aud: Literal["gateway"]
    jti: Id
    iat: Time
    clock: Literal["synced", "holdover", "unknown"]
    env: Env
    visit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class TakenChallenge(_Members):
    id: Id
    nonce: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
    taken: Time
    offline: bool


class Match(_Members):
    code: Literal["match"]
    band: Literal["strict", "accept"]
    threshold: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    model: Hash


class FaceEvidence(_Members):
    df22: Octets
    df23: Octets
    df24: Octets
    record_signature: Octets
    text_hash: Hash
    photo_hash: Hash
    ef0004: Octets
    chip_proof: Octets
    match: Match
    liveness: Literal["off", "passed"]


class PinEvidence(_Members):
    signature: Octets


class StaffEvidence(_Members):
    request: Token


class _LookUp(Claims):
    challenge: TakenChallenge
    certificate: Octets


class FaceLookUp(_LookUp):
    method: Literal["face"]
    evidence: FaceEvidence


class PinLookUp(_LookUp):
    method: Literal["pin"]
    evidence: PinEvidence


class StaffLookUp(_LookUp):
    method: Literal["staff"]
    evidence: StaffEvidence


LookUp = FaceLookUp | PinLookUp | StaffLookUp


class LookUpRequest(_Members):
    """Holds the content of a look-up, told apart by its method."""

    content: Annotated[LookUp, Field(discriminator="method")]


class Consent(_Members):
    """`item`: an open list; the simulator keeps what it does not know too."""

    item: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,39}$")]
    given: bool
    at: Time
    expires: Time | None = None


class ConsentRequest(Claims):
    lookup: Id
    consents: Annotated[list[Consent], Field(min_length=1, max_length=16)]


class RegistrationRequest(Claims):
    lookup: Id


Date = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class QueryClaims(Claims):
    """`request`: the reception's, signed; what it asks is sealed to the device and cannot be read here."""

    request: Token


class _NumberSearch(_Members):
    InsurerNumber: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,8}$")]
    InsuredCardSymbol: Short | None = None
    InsuredIdentificationNumber: Short
    InsuredBranchNumber: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = None
    Birthdate: Date
    LimitApplicationCertificateRelatedConsFlg: Literal["0", "1"]


class NumberLookUpRequest(QueryClaims):
    search: _NumberSearch


class _PersonSearch(_Members):
    Name: Long
    Birthdate: Date
    Sex1: Literal["1", "2"]
    Address: Long


class EmergencySearchRequest(QueryClaims):
    search: _PersonSearch


class ReceptionRequest(_Members):
    """The reception's signed request, as the message contract has it; `aud` is the device."""

    iss: Id
    aud: Id
    env: Env
    verb: str


class StaffRequest(ReceptionRequest):
    """Approves one visit."""

    verb: Literal["staff-check"]
    visit: str
    approved: Literal[True]


M = TypeVar("M", bound=_Members)


def parsed(kind: type[M], members: object) -> M:
    """`members` as `kind`."""
    try:
        return kind.model_validate(members)
    except ValidationError as error:
        places = {".".join(str(part) for part in each["loc"]) for each in error.errors(include_input=False)}
        raise ProblemError("malformed", ", ".join(sorted(places))[:400]) from error
