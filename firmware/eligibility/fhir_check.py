"""The one file that imports fhir.resources (the extra `fhir`): whether a bundle is valid FHIR.

It is imported only where the site switched the FHIR part on: the library brings its classes of every resource along.
The check is against R4B, since the library has none of R4; of everything used here both have the same members,
multiplicities, required codes and targets (docs/fhir.md). It knows types, multiplicities and closed lists of codes;
invariants, profiles and open lists it does not. Any thread; blocks for some milliseconds.

Raises DeviceError FHIR_INVALID: the bundle is made from the answer alone, so the answer holds what was not
foreseen. The detail names the element, never its value.
"""

from collections.abc import Iterator
from typing import Final

from fhir.resources.R4B.bundle import Bundle
from pydantic import BaseModel, ValidationError

from firmware.core.faults import DeviceError, FaultCode
from firmware.eligibility.fhir_terms import Resource

_MOST_NAMED: Final = 3


def validate(bundle: Resource) -> None:
    """Whether `bundle` is a valid one, with all of its resources."""
    try:
        wrong = list(_wrong_codes(Bundle.model_validate(bundle), "Bundle"))
    except ValidationError as error:
        wrong = [".".join(map(str, each["loc"])) for each in error.errors(include_input=False, include_url=False)]
    if wrong:
        raise DeviceError(FaultCode.FHIR_INVALID, f"FHIR: {'; '.join(wrong[:_MOST_NAMED])}")


def _wrong_codes(value: object, where: str) -> Iterator[str]:
    """Members whose code is none of the closed list that the library knows, but does not enforce."""
    if isinstance(value, list):
        for each in value:
            yield from _wrong_codes(each, where)
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            member = getattr(value, name)
            extra = field.json_schema_extra
            allowed = extra.get("enum_values") if isinstance(extra, dict) else None
            said = member if isinstance(member, list) else [member]
            if isinstance(allowed, list) and any(each is not None and each not in allowed for each in said):
                yield f"{where}.{name}"
            yield from _wrong_codes(member, f"{where}.{name}")
