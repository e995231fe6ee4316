"""What the simulated national system says to a number query, as members of the terminal's response.

Pure, any thread, no exceptions. The people are the gateway simulator's (firmware/sim/gateway/insured.py): invented.
Source: eligibility.md 2.7, 2.8 (tables 002 to 006).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from firmware.sim.gateway.insured import Insured, NumberSearch
from firmware.sim.terminal.quirks import Quirk
from firmware.sim.terminal.xml import Request, Response

_VALIDITY: Final = {"valid": "1", "invalid": "2", "invalid-new-exists": "3", "none": "4", "several": "5"}
_ENCODINGS: Final = {"UTF-8": "0", "Shift_JIS": "1"}
_OF_HEADER: Final = frozenset({"SegmentOfResult", "ErrorCode", "ErrorMessage"})
OTHER_INSTITUTION: Final = "1119999991"


@dataclass(frozen=True, slots=True)
class Facility:
    """`institution`: 医療機関コード. `encoding`: of the responses."""

    institution: str
    encoding: str = "Shift_JIS"


def to_query(request: Request, people: Iterable[Insured], facility: Facility, now: datetime) -> Response:
    """The right answer. `now`: Japan's time."""
    search = request.search
    wanted = NumberSearch(
        search["InsurerNumber"].strip(),
        search["InsuredIdentificationNumber"],
        search["Birthdate"],
        search.get("InsuredCardSymbol"),
        search.get("InsuredBranchNumber"),
    )
    person = next((each for each in people if wanted.finds(each)), Insured("none"))
    asked = request.header.get("QualificationConfirmationDate", f"{now:%Y%m%d}")
    header = _header(person, facility, now) | {"QualificationConfirmationDate": asked, "ReferenceClassification": "2"}
    if "ArbitraryFileIdentifier" in request.header:
        header["ArbitraryFileIdentifier"] = request.header["ArbitraryFileIdentifier"]
    return Response(header, _body(person), dict(search), tuple(person.coverages))


def of_card(person: Insured, facility: Facility, now: datetime) -> Response:
    """What the official reader's own read of a card gives."""
    return Response(_header(person, facility, now), _body(person), None, tuple(person.coverages))


def with_quirk(response: Response, quirk: Quirk | None) -> Response:
    """The answer as the quirk has it; unchanged for quirks of writing."""
    match quirk:
        case Quirk.ABNORMAL:
            error = {"SegmentOfResult": "9", "ErrorCode": "OQS99999", "ErrorMessage": "仮のエラー"}
            return Response({**response.header, **error})
        case Quirk.STATUS_ERROR:
            error = {"ProcessingResultStatus": "2", "ProcessingResultCode": "E9999", "ProcessingResultMessage": "仮"}
            return Response(response.header, error, response.search)
        case Quirk.OTHER_BIRTH_DATE:
            return replace(response, results=tuple({**each, "Birthdate": "19010203"} for each in response.results))
        case Quirk.OTHER_ECHO:
            return replace(response, search={**(response.search or {}), "InsuredIdentificationNumber": "999999"})
        case Quirk.OTHER_DAY:
            return replace(response, header={**response.header, "QualificationConfirmationDate": "20200101"})
        case _:
            return response


def foreign(response: Response, quirk: Quirk) -> Response:
    """A response of the same name that is somebody else's, with somebody else's data."""
    member = "MedicalInstitutionCode" if quirk is Quirk.FOREIGN_INSTITUTION else "ArbitraryFileIdentifier"
    value = OTHER_INSTITUTION if quirk is Quirk.FOREIGN_INSTITUTION else "OTHER-0001"
    named = tuple({**each, "Name": "他人 例", "InsuredIdentificationNumber": "777"} for each in response.results)
    return replace(response, header={**response.header, member: value}, results=named)


def in_progress(response: Response) -> Response:
    return Response({**response.header, "SegmentOfResult": "2"})


def _header(person: Insured, facility: Facility, now: datetime) -> dict[str, object]:
    return {
        "ProcessExecutionTime": f"{now:%Y%m%d%H%M%S}",
        "QualificationConfirmationDate": f"{now:%Y%m%d}",
        "MedicalInstitutionCode": facility.institution,
        "ReferenceClassification": "1",
        "SegmentOfResult": "1",
        "CharacterCodeIdentifier": _ENCODINGS[facility.encoding],
        **{name: value for name, value in person.members.items() if name in _OF_HEADER},
    }


def _body(person: Insured) -> Mapping[str, object]:
    known = {"ProcessingResultStatus": "1", "QualificationValidity": _VALIDITY.get(person.code, "4")}
    return known | {name: value for name, value in person.members.items() if name not in _OF_HEADER}
