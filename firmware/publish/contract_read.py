"""What the device reads: presence, requests, acknowledgements, and what a request holds sealed. Pure (pydantic).

The content of a sealed request has the national names (QualificationConfirmSearchInfo, eligibility.md 2.6); `asked`
turns it into the core's value. Reading raises pydantic's ValidationError and `asked` a ValueError, which the former is
too; no text of theirs holds what was sent.

Source: design.md "The message contract"; eligibility.md 1.8, 2.6.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from firmware.core.outcomes import Env
from firmware.core.queries import NumberQuery, PersonQuery
from firmware.publish.contract_base import Count, Id, Jti, Read, Seconds, Sha256, Visit, Word

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"

Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]
InsurerNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{2})?$")]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20, pattern=_PRINTABLE)]
Mark = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=_PRINTABLE)]
Long = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_PRINTABLE)]
SealedText = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_.-]+$")]


class Stage(StrEnum):
    """Stage of an acknowledgement: safely stored, worked off, or refused for good (HL7's accept and application)."""

    STORED = "stored"
    PROCESSED = "processed"
    REJECTED = "rejected"


class Presence(Read):
    """A reception's retained state (birth, end and Last Will)."""

    env: Env
    status: Literal["online", "offline", "lost"]
    epoch: Count


class Request(Read):
    """Claims of a signed request (header `typ`: `request+jwt`).

    `visit` is required for staff-check, confirm-result and cancel, `approved` for the first two. `sealed` is required
    for lookup and emergency-search: JWE compact to the device's encryption key, around the query (all since 1.3).
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
    sealed: SealedText | None = None


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


# ---- sealed in a request ---------------------------------------------------------------------------------------


class NumberSearch(Read):
    """QualificationConfirmSearchInfo: the insured number as a 資格確認書 shows it."""

    insurer_number: InsurerNumber = Field(alias="InsurerNumber")
    symbol: Short | None = Field(default=None, alias="InsuredCardSymbol")
    number: Short = Field(alias="InsuredIdentificationNumber")
    branch: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = Field(
        default=None, alias="InsuredBranchNumber"
    )
    birth_date: Day = Field(alias="Birthdate")
    limit_consent: Literal["0", "1"] = Field(alias="LimitApplicationCertificateRelatedConsFlg")
    identifier: Mark | None = Field(default=None, alias="ArbitraryIdentifier")


class PersonSearch(Read):
    """緊急時医療情報・資格確認機能: the person's own data. `sex`: 1 male, 2 female."""

    name: Long = Field(alias="Name")
    birth_date: Day = Field(alias="Birthdate")
    sex: Literal["1", "2"] = Field(alias="Sex1")
    address: Long = Field(alias="Address")


class SealedQuery(Read):
    """`iss` and `jti` are the request's, so that nobody can put another reception's sealed text into their own."""

    iss: Id
    jti: Jti


class SealedLookup(SealedQuery):
    """Content of `lookup`."""

    query: NumberSearch

    def asked(self) -> NumberQuery:
        """As the core has it."""
        query = self.query
        return NumberQuery(
            insurer_number=query.insurer_number,
            number=query.number,
            birth_date=_day(query.birth_date),
            symbol=query.symbol,
            branch=query.branch,
            limit_consent=query.limit_consent == "1",
            identifier=query.identifier,
        )


class SealedSearch(SealedQuery):
    """Content of `emergency-search`."""

    query: PersonSearch

    def asked(self) -> PersonQuery:
        """As the core has it."""
        query = self.query
        return PersonQuery(name=query.name, birth_date=_day(query.birth_date), sex=query.sex, address=query.address)


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
