"""Building blocks of the schema: the strict base model, the types of paths and addresses.

Pure apart from joining paths; any thread. Paths of the file are relative to the file's own folder: the loader passes
that folder as validation context `base`.
"""

from enum import Enum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo


class FileRule(Enum):
    """Mark of a path that must exist before the device starts."""

    READABLE = "readable"
    PRIVATE = "private"
    """Readable by the device's user and by nobody else."""


class Section(BaseModel):
    """A table of the file: unknown keys refused, no type guessed from another, input never shown in errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        validate_default=True,
    )


def _resolve(path: Path, info: ValidationInfo) -> Path:
    if path == Path():
        raise ValueError("must name a file")
    base = (info.context or {}).get("base")
    return path if base is None else Path(base) / path


_Resolved = Annotated[Path, AfterValidator(_resolve)]

SitePath = _Resolved
"""A file or folder that the device may create itself."""

PublicFile = Annotated[_Resolved, FileRule.READABLE]
"""A file that must exist and holds nothing secret."""

SecretFile = Annotated[_Resolved, FileRule.PRIVATE]
"""A file that must exist, belong to the device's user and be readable by nobody else (0600 or 0400)."""

Id = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
"""An opaque name that may stand in a topic: 1 to 32 of a-z, 0-9 and hyphen. Never a person's or clinic's name."""


def _address(url: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"must be an {' or '.join(schemes)} address")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must hold no user name, query or fragment")
    return parts.geturl()


Http = Annotated[str, Field(max_length=512), AfterValidator(lambda url: _address(url, ("http", "https")))]
"""An address with http or https; its path stays as it is written."""

Https = Annotated[str, Field(max_length=512), AfterValidator(lambda url: _address(url, ("https",)).rstrip("/"))]
"""An address with https, without a slash at the end."""

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Pin = Annotated[int, Field(ge=0, le=53)]
"""A BCM number of the Pi's header."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

JPKI_CA_SHA256: Final = (
    "4dcfc4ca0aaf9fb2a3081b3f0c991c320b3acc008667a341eeaec5af1d58ca7d",
    "0d98de47fc11b7f67126874b7028b6026a803d2638d6edfe53176953961fade6",
    "64114f29620c24ed2631d46476a040e7ee740d956089c00b036a6a8118c322b5",
)
"""JPKI's CAs for user authentication of 2015, 2019 and 2023 (card.md 4.2)."""

Seconds = Annotated[float, Field(gt=0, le=3600)]
