"""Who answers eligibility beside a gateway, what receptions may ask, and how an answer is passed on.

Sections of `madoguchi.toml` (see `schema.py`). Pure; any thread. Source: eligibility.md 1.8, 2.3 to 2.6, 2.9.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from firmware.settings.fields import Https, PublicFile, Seconds, SecretFile, Section, SitePath


def _with_offset(text: str) -> str:
    try:
        known = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date and time, such as 2026-12-01T00:00:00+09:00") from None
    if known.tzinfo is None:
        raise ValueError("needs an offset, such as +09:00")
    return text


Institution = Annotated[str, Field(pattern=r"^[0-9]{10}$")]
"""医療機関コード."""


class Terminal(Section):
    """The official terminal's folders (資格確認端末): receptions' queries by insured number are exchanged there.

    In `production` only with a real terminal's folder; a simulated terminal marks its own.
    """

    requests: SitePath = Field(description="Folder in which the terminal looks for requests (`req`).")
    responses: SitePath = Field(description="Folder in which it leaves its answers (`res`).")
    faces: SitePath | None = Field(
        default=None, description="Folder in which it leaves the official reader's results (`face`)."
    )
    institution: Institution = Field(description="The facility's code, 10 digits; every answer must name it.")
    encoding: Literal["shift_jis", "utf-8"] = Field(default="shift_jis", description="How requests are written.")
    padding: Literal["space", "zero"] = Field(
        default="space", description="What an insurer number of 6 digits is filled up to 8 with, at its left."
    )
    password_file: SecretFile | None = Field(
        default=None, description="Password of encrypted answers (ZIP), one line; only where the terminal encrypts."
    )
    seconds: Seconds = Field(default=180.0, description="How long an answer is waited for; it is never asked again.")
    mount: SitePath | None = Field(
        default=None,
        description="Must be a mount point: nothing is written into the empty folder below an unmounted share.",
    )
    first_number: int = Field(
        default=1,
        ge=1,
        le=9999,
        description="Lowest running number of our requests, where another software asks in the same folder.",
    )
    delete_answers: bool = Field(
        default=False, description="Remove an answer once it was taken over; only where nobody else reads the folder."
    )
    pick_up_faces: bool = Field(
        default=False,
        description="Pick up what the official reader found: for a visit by face, if exactly one result has the "
        "chip's birth date and sex, and staff confirm it at the reception (`confirm-result`; they compare on the "
        "terminal's own screen) within `policy.look_up_seconds`. Never the next file. A patient who takes the card "
        "before that gets the answer as the late amendment, which staff alone read. This device asks for no consents: "
        "the official reader has asked.",
    )

    @model_validator(mode="after")
    def _folders_fit(self) -> Self:
        if self.pick_up_faces and self.faces is None:
            raise ValueError("`pick_up_faces` needs `faces`")
        folders: list[Path] = [each for each in (self.requests, self.responses, self.faces) if each is not None]
        if len({os.path.normpath(each) for each in folders}) != len(folders):
            raise ValueError("`requests`, `responses` and `faces` are folders of their own")
        return self


class WebApi(Section):
    """The national system's WebAPI (closed network): receptions' queries by insured number.

    After one public source; never tried against the real one.
    """

    login: Https = Field(
        default="https://hweb-api.oqs.onshikaku.org/oqs-api-pro/MSA12020/ILI12020SV01/auth",
        description="Address that gives the token.",
    )
    search: Https = Field(
        default="https://hweb-mnc.oqs.onshikaku.org/oqs-api-pro/MSA01030/ILI01030SV01/search",
        description="Address of the query.",
    )
    institution: Institution = Field(description="The facility's code, 10 digits.")
    user: str = Field(min_length=1, max_length=64, description="User id of the facility.")
    password_file: SecretFile = Field(description="Its password, one line.")
    ca: PublicFile = Field(description="CA certificate (PEM) of the servers; no public root is trusted.")
    certificate: PublicFile = Field(description="Client certificate (PEM) of the facility.")
    key: SecretFile = Field(description="Private key (PEM) of that certificate.")
    padding: Literal["space", "zero"] = Field(default="zero", description="As in `[terminal]`.")


class Eligibility(Section):
    """How an answer is passed on."""

    texts: PublicFile | None = Field(
        default=None,
        description="The site's own words for outcomes, their ways on and remarks: a file of the form of "
        "`firmware/core/outcome_texts.toml` that holds what it changes.",
    )
    fhir: bool = Field(
        default=False,
        description="Add the answer as FHIR R4 resources (docs/fhir.md). Needs the extra `madoguchi[fhir]`.",
    )
    institution: Institution | None = Field(
        default=None,
        description="The facility's code, 10 digits, for FHIR, where neither `terminal` nor `webapi` names it.",
    )


class Queries(Section):
    """What receptions may ask by themselves."""

    per_minute: int = Field(default=20, ge=1, le=600, description="Most queries of one reception in a minute.")


class Disaster(Section):
    """緊急時医療情報・資格確認機能: look up by name, birth date, sex and address, where a disaster was declared."""

    until: Annotated[str, Field(max_length=40), AfterValidator(_with_offset)] = Field(
        description="When it ends by itself, with offset: `2026-12-01T00:00:00+09:00`. With an unknown clock it is "
        "off, and so it is while the end lies more than 31 days ahead."
    )

    @property
    def ends(self) -> float:
        """Seconds since 1970 UTC."""
        return datetime.fromisoformat(self.until).timestamp()
