"""The national message as members, the same in the terminal's files (XML) and in the WebAPI (JSON).

A message has MessageHeader and MessageBody (eligibility.md 2.6, 2.7, 2.9); `model.py` knows its members flat. Here one
becomes the other, and a number query becomes a request. Pure, any thread. Raises DeviceError: GATEWAY_BAD_ANSWER for
an answer, the caller's code for a request that cannot be asked; details name members, never values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.queries import NumberQuery
from firmware.eligibility.fields import Member, bad_answer
from firmware.eligibility.model import (
    HEADER_MEMBERS,
    Confirmation,
    insurer_number,
    read_confirmation,
    write_confirmation,
    write_query,
)

HEADER: Final = "MessageHeader"
BODY: Final = "MessageBody"
_SEARCH: Final = "QualificationConfirmSearchInfo"
_RESULT: Final = "ResultOfQualificationConfirmation"

ITEMS: Final[Mapping[str, str]] = {
    "ResultList": _RESULT,
    "SpecificDiseasesCertificateList": "SpecificDiseasesCertificateInfo",
    "PublicExpenseResultList": "MedicalTicketInfo",
}
"""What each list of the answer holds."""

_FORMS: Final = {
    "QualificationConfirmationDate": r"[0-9]{8}",
    "MedicalInstitutionCode": r"[0-9]{10}",
    "ArbitraryFileIdentifier": r"[A-Za-z0-9_-]{1,64}",
    "InsurerNumber": r"[0-9]{6}|[0-9]{8}",
    "InsuredCardSymbol": r".{1,20}",
    "InsuredIdentificationNumber": r".{1,20}",
    "InsuredBranchNumber": r"[0-9]{2}",
    "Birthdate": r"[0-9]{8}",
    "LimitApplicationCertificateRelatedConsFlg": r"[01]",
    "ArbitraryIdentifier": r".{1,64}",
}
"""Every member of a request, in the order they are written; `.` is no line break."""

_OPTIONAL: Final = frozenset({"InsuredCardSymbol", "InsuredBranchNumber", "ArbitraryIdentifier"})


class Padding(StrEnum):
    """How a 6-digit insurer number fills its 8 places. Both habits occur (eligibility.md 2.6), so a site sets it."""

    SPACE = "space"
    ZERO = "zero"


@dataclass(frozen=True, slots=True, repr=False)
class NumberRequest:
    """A number query as the national system wants it (資格確認要求). Personal.

    `confirmed_on`: 資格確認日, the day the answer shall speak of. `institution`: 医療機関コード, 10 digits.
    `identifier`: 任意のファイル識別子, echoed in the answer; letters, digits, `-` and `_`.
    """

    confirmed_on: date
    institution: str
    identifier: str
    query: NumberQuery


def request_message(request: NumberRequest, padding: Padding) -> dict[str, Member]:
    """Header and body of a request. QUERY_UNWRITABLE for a member whose form the national system cannot take."""
    known = write_query(request.query) | {
        "QualificationConfirmationDate": f"{request.confirmed_on:%Y%m%d}",
        "MedicalInstitutionCode": request.institution,
        "ArbitraryFileIdentifier": request.identifier,
        "InsurerNumber": insurer_number(request.query.insurer_number) or "",
    }
    members = {name: str(known.get(name, "")) for name in _FORMS if name in known or name not in _OPTIONAL}
    for name, value in members.items():
        if not re.fullmatch(_FORMS[name], value) or not value.strip():
            raise DeviceError(FaultCode.QUERY_UNWRITABLE, f"request: member {name}")
    members["InsurerNumber"] = members["InsurerNumber"].rjust(8, " " if padding is Padding.SPACE else "0")
    return {
        HEADER: {name: value for name, value in members.items() if name in HEADER_MEMBERS},
        BODY: {_SEARCH: {name: value for name, value in members.items() if name not in HEADER_MEMBERS}},
    }


def read_message(message: Member) -> Confirmation:
    """The answer in a message. A member counts only where it belongs: in the header, or in the body."""
    if not isinstance(message, Mapping):
        raise bad_answer("no message")
    header = message.get(HEADER)
    body = message.get(BODY) or {}
    if not isinstance(header, Mapping) or not isinstance(body, Mapping):
        raise bad_answer("header or body")
    members = {name: value for name, value in header.items() if name in HEADER_MEMBERS}
    members |= {name: value for name, value in body.items() if name not in HEADER_MEMBERS}
    return read_confirmation(members)


def answer_message(confirmation: Confirmation) -> dict[str, Member]:
    """Header and body of an answer; each list is the bare list of its items, see `ITEMS`."""
    members = write_confirmation(confirmation)
    return {
        HEADER: {name: members[name] for name in HEADER_MEMBERS if name in members},
        BODY: {name: value for name, value in members.items() if name not in HEADER_MEMBERS},
    }
