"""How a value class of the model is read from and written to the national members, by the metadata of its fields.

`Members`: nested members as the national messages have them, whatever the form on the wire (XML, JSON): a text, a group
of members, or a list of texts or groups. Pure, any thread.

A field that cannot be understood (a code of no table, a day that does not exist) is None, and its text stands in `odd`
of the same value, so that it survives the way back and is flagged. What no field knows is dropped. Raises DeviceError
GATEWAY_BAD_ANSWER for what is out of bounds or no text; the detail names the member, never its value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Final, TypeVar

from firmware.core.faults import DeviceError, FaultCode

Members = Mapping[str, "Member"]
Member = str | Members | Sequence["Member"]

JAPAN: Final = timezone(timedelta(hours=9))
"""All national times are Japan's, without summer time."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""They would reach printers and terminals; lone surrogates have no UTF-8 form."""
_BLANKS: Final = re.compile(r"[\t\r\n]+")
_MOST_PADDED: Final = 4096
"""Characters of a text with its padding and line breaks."""
_MOST_ODD: Final = 32
"""Characters of a code, day or number that is passed on as it came: "20260401 " and "R8.4.1" too are only odd."""

T = TypeVar("T")


def bad_answer(what: str) -> DeviceError:
    return DeviceError(FaultCode.GATEWAY_BAD_ANSWER, what)


@dataclass(frozen=True, slots=True)
class Wire:
    """How one field stands on the wire. `others`: names that were seen instead; `name` is written.

    `most`: characters of a text, items of a list. `item`: name of a list's elements.
    """

    name: str
    kind: str
    most: int = 0
    code: type[StrEnum] | None = None
    group: type[Any] | None = None
    item: str = ""
    others: tuple[str, ...] = ()
    required: bool = False


def text(name: str, most: int, *others: str) -> Any:
    return field(default=None, metadata={"wire": Wire(name, "text", most, others=others)})


def digits(name: str, most: int) -> Any:
    """A whole number of at most `most` digits; leading zeros are not kept."""
    return field(default=None, metadata={"wire": Wire(name, "number", most)})


def ratio(name: str) -> Any:
    """A share in per cent, written with three digits: 030 = 30 %."""
    return field(default=None, metadata={"wire": Wire(name, "ratio", 3)})


def day(name: str, *, required: bool = False) -> Any:
    wire = Wire(name, "day", 8, required=required)
    return field(metadata={"wire": wire}) if required else field(default=None, metadata={"wire": wire})


def moment(name: str, *others: str) -> Any:
    """A time of the day in Japan, YYYYMMDDhhmmss."""
    return field(default=None, metadata={"wire": Wire(name, "moment", 14, others=others)})


def code(name: str, table: type[StrEnum], *others: str, required: bool = False) -> Any:
    wire = Wire(name, "code", 8, code=table, others=others, required=required)
    return field(metadata={"wire": wire}) if required else field(default=None, metadata={"wire": wire})


def group(name: str, of: type[Any]) -> Any:
    return field(default=None, metadata={"wire": Wire(name, "group", group=of)})


def listed(name: str, item: str, of: type[Any], most: int) -> Any:
    """`name` holds elements `item`, each a value of `of`."""
    return field(default=(), metadata={"wire": Wire(name, "list", most, group=of, item=item)})


def odd_members() -> Any:
    """The field `odd`: texts by their members' names."""
    return field(default_factory=dict)


def clean(value: Member, most: int, name: str) -> str:
    """A text without padding and line breaks, at most `most` characters long, no other control characters."""
    if not isinstance(value, str):
        raise bad_answer(f"member {name}")
    if len(value) > _MOST_PADDED:
        raise bad_answer(f"member {name}")
    plain = _BLANKS.sub(" ", value).strip(" ")
    if len(plain) > most or _CONTROL.search(plain):
        raise bad_answer(f"member {name}")
    return plain


def read(of: type[T], members: Member, where: str) -> T:
    """A value of `of` from its members. An empty text counts as absent."""
    if not isinstance(members, Mapping):
        raise bad_answer(f"member {where}")
    values: dict[str, Any] = {}
    odd: dict[str, str] = {}
    for each in fields(of):  # type: ignore[arg-type]  # every caller's class is a dataclass
        wire: Wire | None = each.metadata.get("wire")
        if wire is None:
            continue
        found = _found(members, wire)
        value = None if found is None else _value(found, wire, odd)
        if value is not None:
            values[each.name] = value
        elif wire.required:
            raise bad_answer(f"member {wire.name}")
    if odd:
        values["odd"] = odd
    return of(**values)


def write(value: Any) -> dict[str, Member]:
    """Members of a value; absent ones stay absent, odd ones are as they came."""
    members: dict[str, Member] = {}
    for each in fields(value):
        wire: Wire | None = each.metadata.get("wire")
        if wire is None:
            continue
        if wire.name in value.odd:
            members[wire.name] = value.odd[wire.name]
            continue
        known = getattr(value, each.name)
        if known is not None and known != ():
            members[wire.name] = _written(known, wire)
    return members


def odd_kinds(value: Any) -> Iterator[str]:
    """Kinds ("code", "day", …) of everything in a value and its parts that was not understood."""
    for each in fields(value):
        wire: Wire | None = each.metadata.get("wire")
        known = getattr(value, each.name)
        if wire is not None and wire.name in value.odd:
            yield wire.kind
        elif isinstance(known, tuple):
            for part in known:
                yield from odd_kinds(part)
        elif hasattr(known, "odd"):
            yield from odd_kinds(known)


def _found(members: Members, wire: Wire) -> Member | None:
    for name in (wire.name, *wire.others):
        if (found := members.get(name)) is not None and found != "":
            return found
    return None


def _value(found: Member, wire: Wire, odd: dict[str, str]) -> Any:
    if wire.group is not None:
        return _parts(found, wire, wire.group)
    plain = clean(found, wire.most if wire.kind == "text" else _MOST_ODD, wire.name)
    if not plain:
        return None
    if wire.kind == "text":
        return plain
    known = _understood(plain, wire)
    if known is None:
        odd[wire.name] = plain
    return known


def _parts(found: Member, wire: Wire, of: type[Any]) -> Any:
    """A group, or a list of groups. What says nothing (blank text, or empty members only) is no group."""
    if is_blank(found):
        return None
    elements = [found] if wire.kind == "group" else elements_of(found, wire.item, wire.most, wire.name)
    told = tuple(part for part in (read(of, each, wire.name) for each in elements) if part != of())
    return told if wire.kind == "list" else next(iter(told), None)


def is_blank(found: Member) -> bool:
    """What an empty element of XML comes as, or a group of nothing else. Messages are at most 12 deep."""
    if isinstance(found, Mapping):
        return all(map(is_blank, found.values()))
    return isinstance(found, str) and len(found) <= _MOST_PADDED and not found.strip(" \t\r\n")


def elements_of(found: Member | None, item: str, most: int, where: str) -> list[Member]:
    """Elements of a list in each form (eligibility.md 2.7, 2.9), without empty ones; where there is none, none.

    The list itself, a group whose member `item` is one or many (XML), a list of groups with one `item` each (WebAPI).
    """
    if isinstance(found, Mapping):
        found = found.get(item)
    if found is None or is_blank(found):
        return []
    elements = [found] if isinstance(found, Mapping) else found
    if not isinstance(elements, list | tuple) or len(elements) > most:
        raise bad_answer(f"member {where}")
    plain = [each[item] if isinstance(each, Mapping) and set(each) == {item} else each for each in elements]
    return [each for each in plain if not is_blank(each)]


def _understood(plain: str, wire: Wire) -> Any:
    if wire.code is not None:
        return wire.code(plain) if plain in set(wire.code) else None
    match wire.kind:
        case "day":
            return read_day(plain)
        case "moment":
            return read_moment(plain)
        case "ratio":
            known = int(plain) if re.fullmatch(r"[0-9]{3}", plain) else None
            return known if known is not None and known <= 100 else None
        case _:
            return int(plain) if re.fullmatch(rf"[0-9]{{1,{wire.most}}}", plain) else None


def _written(value: Any, wire: Wire) -> Member:
    match wire.kind:
        case "group":
            return write(value)
        case "list":
            return [write(each) for each in value]
        case "day":
            return write_day(value)
        case "moment":
            there = value.astimezone(JAPAN)
            return f"{write_day(there)}{there:%H%M%S}"
        case "ratio":
            return f"{value:03d}"
        case _:
            return str(value)


def read_day(plain: str) -> date | None:
    """YYYYMMDD, if there is such a day."""
    if not re.fullmatch(r"[0-9]{8}", plain):
        return None
    try:
        return date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
    except ValueError:
        return None


def write_day(value: date) -> str:
    """YYYYMMDD; `strftime` does not pad years before 1000 everywhere."""
    return f"{value.year:04d}{value.month:02d}{value.day:02d}"


def read_moment(plain: str) -> datetime | None:
    """YYYYMMDDhhmmss in Japan, if there is such a moment."""
    if not re.fullmatch(r"[0-9]{14}", plain):
        return None
    parts = (int(plain[:4]), *(int(plain[at : at + 2]) for at in range(4, 14, 2)))
    try:
        return datetime(*parts, tzinfo=JAPAN)  # type: ignore[arg-type, misc]  # six numbers: year to second
    except ValueError:
        return None
