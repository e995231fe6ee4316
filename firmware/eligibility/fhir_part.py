"""The FHIR part of a message, from the records that the publisher is given. Pure but for the check; any thread.

The national members of a record are read back into the model: what they lack, the bundle lacks. Switched off, nobody
makes a `FhirPart` and nothing of `fhir.resources` is imported: the check is handed in (`fhir_check.validate`).

Raises DeviceError FHIR_INVALID where the answer cannot be read or makes no valid FHIR; the message then goes out
without the part, since a result is never held back for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.result import Json, QueryRecord, VisitRecord
from firmware.eligibility.fhir import Occasion, bundle
from firmware.eligibility.fhir_terms import Resource
from firmware.eligibility.fields import Member
from firmware.eligibility.model import Confirmation, read_confirmation


@dataclass(frozen=True, slots=True)
class FhirPart:
    """`facility`: 医療機関コード of the site's settings, 10 digits, or None. `check` raises on what is not valid."""

    facility: str | None
    check: Callable[[Resource], None]

    def visit(self, record: VisitRecord) -> Resource:
        """The bundle of a visit's result."""
        summary = record.summary
        occasion = Occasion(record.visit, record.ended, self.facility, summary.consent, record.consent_times)
        made = bundle(_confirmation(record.eligibility), summary.eligibility, summary.flags, occasion)
        self.check(made)
        return made

    def query(self, record: QueryRecord) -> Resource:
        """The bundle of a reception's own query: this device asked for no consent."""
        occasion = Occasion(record.query.id, record.answered, self.facility)
        made = bundle(_confirmation(record.detail), record.code, record.flags, occasion)
        self.check(made)
        return made


def _confirmation(detail: Mapping[str, Json] | None) -> Confirmation | None:
    if detail is None:
        return None
    try:
        return read_confirmation({name: _member(value) for name, value in detail.items()})
    except DeviceError as error:
        raise DeviceError(FaultCode.FHIR_INVALID, error.detail) from None


def _member(value: Json) -> Member:
    match value:
        case str():
            return value
        case list():
            return [_member(each) for each in value]
        case dict():
            return {name: _member(each) for name, each in value.items()}
        case _:
            raise DeviceError(FaultCode.FHIR_INVALID, "a member that is neither text nor group")
