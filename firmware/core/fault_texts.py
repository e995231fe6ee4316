"""The fault catalogue: severity, what the patient reads, what staff read, and the remedy of every `FaultCode`.

The texts are data in `fault_texts.toml`, read once at import. Counter texts name no person, no insurer and no reason of
"invalid"; their second line says what to do next (design.md, "Errors"; eligibility.md 1.8). Raises ValueError at import
for a catalogue that does not match `FaultCode`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Any

from firmware.core.faults import FaultCode


class Severity(StrEnum):
    """How loud a fault is.

    `info`: part of daily work. `warning`: staff help one patient. `error`: a part or a visit fails, the rest works.
    `critical`: nothing works, or safety is at stake: act now.
    """

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in every language of the catalogue."""

    ja: str
    en: str

    def of(self, language: str) -> str:
        """English for languages that the catalogue does not have."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class Lines:
    """Two short lines in every language of the catalogue: what happened, what to do next."""

    ja: tuple[str, str]
    en: tuple[str, str]

    def of(self, language: str) -> tuple[str, str]:
        """English for languages that the catalogue does not have."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class FaultText:
    """`counter`: for the patient. `staff`: for staff and technicians. `remedy`: what they do about it."""

    severity: Severity
    counter: Lines
    staff: Text
    remedy: Text


def _text(value: Mapping[str, Any]) -> Text:
    return Text(**value)


def _lines(value: Mapping[str, Any]) -> Lines:
    (ja_what, ja_next), (en_what, en_next) = value["ja"], value["en"]
    return Lines((ja_what, ja_next), (en_what, en_next))


def load(source: str) -> Mapping[FaultCode, FaultText]:
    """The catalogue from TOML. ValueError if a code is missing, unknown or incomplete."""
    tables = tomllib.loads(source)
    catalogue: dict[FaultCode, FaultText] = {}
    for code, table in tables.items():
        try:
            catalogue[FaultCode(code)] = FaultText(
                Severity(table["severity"]), _lines(table["counter"]), _text(table["staff"]), _text(table["remedy"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"fault {code}: {error}") from error
    lacking = [code for code in FaultCode if code not in catalogue]
    if lacking:
        raise ValueError(f"faults without texts: {', '.join(lacking)}")
    return MappingProxyType(catalogue)


CATALOGUE = load((resources.files("firmware.core") / "fault_texts.toml").read_text("utf-8"))
"""Every code, complete."""
