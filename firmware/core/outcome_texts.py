"""What a patient and what staff read about an eligibility outcome, and the permitted ways on, as data.

The texts stand in `outcome_texts.toml`; a site overrides single entries by a file of the same form. Bystanders read the
screen, so which of the five texts a patient reads is a rule of this file (`TOLD`) and no site's choice: outcomes that
would tell something about a person's insurance all read the same (design.md, "A visit, step by step"). Ways on:
eligibility.md 1.8, complaints 4.3 and 4.4. Pure after loading, any thread. Raises ValueError that names entry and
member and says what is allowed.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, TypeGuard, TypeVar

from firmware.core.eligibility import EligibilityFlag, WayOn
from firmware.core.fault_texts import Lines, Text
from firmware.core.outcomes import EligibilityCode

MOST_COLUMNS: Final = 30
"""Of a patient's Japanese line: 15 full-width signs; a half-width one takes half the room."""
MOST_SIGNS: Final = 28
"""Of a patient's English line."""
MOST_STAFF_SIGNS: Final = 200
"""Of a staff text, in either language."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_NOT_FOR_BYSTANDERS: Final = re.compile(
    "無効|資格な|該当|保険者|喪失|失効|期限|扶助|生活保護|偽造|invalid|not eligible|insurer|expired|assistance|forg",
    re.IGNORECASE,
)
_SECTIONS: Final = ("patient", "outcomes", "flags", "ways")


class Told(StrEnum):
    """The five texts for patients."""

    DONE = "done"
    COUNTER = "counter"
    """Neutral: it is settled at the counter, whatever it is."""
    WAITING = "waiting"
    UNCHECKED = "unchecked"
    """Could not be asked. Never a word of "not eligible"."""
    REGISTER = "register"


TOLD: Final[Mapping[EligibilityCode, Told]] = MappingProxyType(
    {
        EligibilityCode.VALID: Told.DONE,
        EligibilityCode.VALID_SEVERAL: Told.DONE,
        EligibilityCode.VALID_UNREGISTERED: Told.DONE,
        EligibilityCode.INVALID: Told.COUNTER,
        EligibilityCode.INVALID_NEW_EXISTS: Told.COUNTER,
        EligibilityCode.NONE: Told.COUNTER,
        EligibilityCode.SEVERAL: Told.COUNTER,
        EligibilityCode.NOT_REGISTERED: Told.REGISTER,
        EligibilityCode.PENDING: Told.WAITING,
        EligibilityCode.NOT_REACHABLE: Told.UNCHECKED,
        EligibilityCode.TIMED_OUT: Told.UNCHECKED,
        EligibilityCode.EXCHANGE_ERROR: Told.UNCHECKED,
        EligibilityCode.PROCESSING_ERROR: Told.COUNTER,
        EligibilityCode.CONTRADICTORY: Told.COUNTER,
        EligibilityCode.NOT_ATTRIBUTED: Told.COUNTER,
        EligibilityCode.REFUSED: Told.COUNTER,
        EligibilityCode.IDENTITY_CONFLICT: Told.COUNTER,
        EligibilityCode.NOT_ASKED: Told.COUNTER,
    }
)
"""Which text a patient reads. The three valid ones are one as well: "unregistered" and "several" hint at 医療扶助."""


@dataclass(frozen=True, slots=True)
class OutcomeText:
    """`patient`: two lines on the screen. `staff`: one sentence. `ways`: what may be done now, best first."""

    patient: Lines
    staff: Text
    ways: tuple[WayOn, ...]


@dataclass(frozen=True, slots=True)
class OutcomeTexts:
    """Every outcome, flag and way on, complete."""

    outcomes: Mapping[EligibilityCode, OutcomeText]
    flags: Mapping[EligibilityFlag, Text]
    ways: Mapping[WayOn, Text]


def load(source: str, over: OutcomeTexts | None = None) -> OutcomeTexts:
    """The texts from TOML. With `over`, entries or members of an outcome that the source leaves out are taken from it.

    ValueError: no TOML, an entry that does not exist, a member that lacks or is not allowed.
    """
    try:
        tables = tomllib.loads(source.removeprefix("\ufeff"))  # some editors of Windows begin a file so
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"no TOML: {error}") from None
    _only(tables, _SECTIONS, "file")
    patient = _named(tables, "patient", Told, _lines)
    outcomes = _section(tables, "outcomes", EligibilityCode)
    flags = _named(tables, "flags", EligibilityFlag, _text)
    ways = _named(tables, "ways", WayOn, _text)
    if over is not None:
        patient = {TOLD[code]: text.patient for code, text in over.outcomes.items()} | patient
        flags, ways = {**over.flags, **flags}, {**over.ways, **ways}
    _complete("patient", Told, patient)
    _complete("flags", EligibilityFlag, flags)
    _complete("ways", WayOn, ways)
    return OutcomeTexts(
        MappingProxyType(
            {
                code: _outcome(
                    outcomes.get(code, {}), code, patient[TOLD[code]], None if over is None else over.outcomes[code]
                )
                for code in EligibilityCode
            }
        ),
        MappingProxyType(flags),
        MappingProxyType(ways),
    )


Name = TypeVar("Name", bound=StrEnum)
Value = TypeVar("Value")


def _section(tables: Mapping[str, Any], section: str, names: type[Name]) -> dict[Name, Any]:
    """Entries of one section by their codes."""
    table = tables.get(section, {})
    _only(table, list(names), section)
    return {names(name): value for name, value in table.items()}


def _named(
    tables: Mapping[str, Any], section: str, names: type[Name], reader: Callable[[object, str], Value]
) -> dict[Name, Value]:
    return {name: reader(value, f"{section}.{name}") for name, value in _section(tables, section, names).items()}


def _only(table: object, allowed: Iterable[str], where: str) -> None:
    names = list(table) if isinstance(table, dict) else [table]
    if unknown := [name for name in names if name not in list(allowed)]:
        raise ValueError(f"{where}: {unknown[0]!r} is not allowed; allowed is a table with {', '.join(allowed)}")


def _complete(section: str, names: type[StrEnum], found: Mapping[Any, object]) -> None:
    lacking = [name for name in names if name not in found]
    if lacking:
        raise ValueError(f"{section}: missing {', '.join(lacking)}")


def _outcome(table: Any, code: EligibilityCode, patient: Lines, over: OutcomeText | None) -> OutcomeText:
    where = f"outcomes.{code}"
    _only(table, ("staff", "ways"), where)
    for member in ("staff", "ways"):
        if member not in table and over is None:
            raise ValueError(f"{where}: member {member} is missing")
    staff = over.staff if over is not None and "staff" not in table else _text(table["staff"], f"{where}.staff")
    ways = over.ways if over is not None and "ways" not in table else _ways(table["ways"], f"{where}.ways")
    return OutcomeText(patient, staff, ways)


def _ways(value: object, where: str) -> tuple[WayOn, ...]:
    allowed = f"a list without repeats is needed, of {', '.join(WayOn)}"
    if not isinstance(value, list) or not value:
        raise ValueError(f"{where}: {allowed}")
    for each in value:
        if not isinstance(each, str) or each not in set(WayOn) or value.count(each) > 1:
            raise ValueError(f"{where}: {each!r}: {allowed}")
    return tuple(WayOn(each) for each in value)


def _text(value: object, where: str) -> Text:
    if not isinstance(value, dict) or set(value) != {"ja", "en"}:
        raise ValueError(f"{where}: members ja and en are needed")
    for language, sentence in value.items():
        if not _printable(sentence) or len(sentence) > MOST_STAFF_SIGNS:
            raise ValueError(f"{where}.{language}: one line of at most {MOST_STAFF_SIGNS} signs is needed")
    return Text(**value)


def _lines(value: object, where: str) -> Lines:
    if not isinstance(value, dict) or set(value) != {"ja", "en"}:
        raise ValueError(f"{where}: members ja and en are needed")
    return Lines(_pair(value["ja"], "ja", where), _pair(value["en"], "en", where))


def _pair(value: object, language: str, where: str) -> tuple[str, str]:
    room = f"{MOST_COLUMNS // 2} full-width" if language == "ja" else f"{MOST_SIGNS} ASCII"
    if not isinstance(value, list) or len(value) != 2 or not all(_fits(line, language) for line in value):
        raise ValueError(f"{where}.{language}: two lines of at most {room} signs each are needed")
    for line in value:
        if found := _NOT_FOR_BYSTANDERS.search(line):
            raise ValueError(f"{where}.{language}: {found.group()!r} must not stand where bystanders read it")
    return value[0], value[1]


def _fits(line: object, language: str) -> bool:
    if not _printable(line):
        return False
    return columns(line) <= MOST_COLUMNS if language == "ja" else len(line) <= MOST_SIGNS and line.isascii()


def _printable(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip()) and not _CONTROL.search(value)


def columns(line: str) -> int:
    """Room of a line in half-width columns; what can be either width counts as full."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in line)


SHIPPED: Final = load((resources.files("firmware.core") / "outcome_texts.toml").read_text("utf-8"))
"""What the device says if its site does not override it."""
