"""Types and bases of all payloads of the contract. Pure (pydantic, no I/O).

What the device writes is strict: unknown members and wrong types are errors here. What the device reads is tolerant:
unknown members are ignored, so that a minor version may add some.

Source: design.md "The message contract".
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
Visit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Jti = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{8,64}$")]
Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
TryCount = Annotated[int, Field(ge=0, le=15)]
Word = Annotated[str, StringConstraints(max_length=64)]
Sentence = Annotated[str, StringConstraints(max_length=400)]


class _Payload(BaseModel):
    """What both have in common: no repr shows the content, which may be personal."""

    def __repr_args__(self) -> tuple[()]:
        return ()


class Written(_Payload):
    """A payload that the device writes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class Read(_Payload):
    """A payload that the device reads. Of texts only members' names are cached: pydantic never gives its cache back."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True, cache_strings="keys")
