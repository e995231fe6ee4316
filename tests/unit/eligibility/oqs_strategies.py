"""Random answers and queries for the codecs' round trips, made from the model's own fields.

Texts are of characters that a file carries; what could not be understood (`odd`) is among them.
"""

from dataclasses import fields
from datetime import date, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

from firmware.core.queries import NumberQuery
from firmware.eligibility.fields import JAPAN, Wire
from firmware.eligibility.model import Confirmation, Coverage
from firmware.eligibility.parts import Consents

UNICODE = st.characters(categories=("L", "M", "N", "P", "S", "Zs"))


def _is_in_shift_jis(character: str) -> bool:
    try:
        return character.encode("cp932").decode("cp932") == character
    except UnicodeEncodeError:
        return False


REPERTOIRE = [*filter(_is_in_shift_jis, map(chr, [*range(0x20, 0x7F), *range(0xA1, 0xE000), *range(0xF900, 0x10000)]))]
"""All of Windows-31J but private use, which is another sign on every machine."""

SHIFT_JIS = st.sampled_from([*REPERTOIRE[::31], *"ソ表予能～－髙﨑①㈱ﾊﾟ&<>"])

_NOT_UNDERSTOOD = {"code": "?", "day": "20260231", "moment": "20260401246000", "ratio": "3x", "number": "1x"}
_DAYS = st.dates(min_value=date(1000, 1, 1))
_MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1), timezones=st.just(JAPAN)).map(  # noqa: DTZ001  # hypothesis adds the zone
    lambda moment: moment.replace(microsecond=0)
)
_INSURER = st.from_regex(r"[0-9]{6}|[1-9][0-9]{7}", fullmatch=True, alphabet=st.sampled_from("0123456789"))

Letters = st.SearchStrategy[str]


def texts(letters: Letters, most: int) -> st.SearchStrategy[str]:
    """As `fields.clean` leaves them: not empty, no blanks around."""
    return st.text(letters, min_size=1, max_size=min(most, 6)).filter(lambda text: text == text.strip(" ") != "")


@cache
def _value(wire: Wire, letters: Letters) -> st.SearchStrategy[Any]:
    match wire.kind:
        case "text":
            return _INSURER if wire.name == "InsurerNumber" else texts(letters, wire.most)
        case "code":
            assert wire.code is not None
            return st.sampled_from(list(wire.code))
        case "day":
            return _DAYS
        case "moment":
            return _MOMENTS
        case "ratio":
            return st.integers(0, 100)
        case "number":
            return st.integers(0, 10**wire.most - 1)
        case "group":
            assert wire.group is not None
            return values(wire.group, letters).filter(_says_something)
        case _:
            assert wire.group is not None
            return st.lists(values(wire.group, letters).filter(_says_something), min_size=1, max_size=2).map(tuple)


def _says_something(value: Any) -> bool:
    """An empty group cannot be told from an absent one."""
    return bool(value != type(value)())


@st.composite
def values(draw: st.DrawFn, of: type[Any], letters: Letters) -> Any:
    """A value of a class of the model: each field absent, known or not understood."""
    wires: dict[str, Wire] = {each.name: each.metadata["wire"] for each in fields(of) if "wire" in each.metadata}
    required = {name for name, wire in wires.items() if wire.required}
    known = draw(st.sets(st.sampled_from(sorted(wires)), max_size=8)) | required
    unclear = draw(st.sets(st.sampled_from(sorted(wires)), max_size=2)) - known
    return of(
        **{name: draw(_value(wires[name], letters)) for name in sorted(known)},
        odd={
            wires[name].name: _NOT_UNDERSTOOD[wires[name].kind]
            for name in sorted(unclear)
            if wires[name].kind in _NOT_UNDERSTOOD
        },
    )


@st.composite
def coverages(draw: st.DrawFn, letters: Letters) -> Coverage:
    coverage: Coverage = draw(values(Coverage, letters))
    found = {each.name: getattr(coverage, each.name) for each in fields(Coverage)}
    return Coverage(**{**found, "consents": draw(values(Consents, letters))})


def queries(letters: Letters) -> st.SearchStrategy[NumberQuery]:
    return st.builds(
        NumberQuery,
        insurer_number=_INSURER,
        number=texts(letters, 20),
        birth_date=_DAYS,
        symbol=st.none() | texts(letters, 20),
        branch=st.none() | st.from_regex(r"[0-9]{2}", fullmatch=True, alphabet=st.sampled_from("0123456789")),
        limit_consent=st.booleans(),
        identifier=st.none() | texts(letters, 64),
    )


@st.composite
def confirmations(draw: st.DrawFn, letters: Letters) -> Confirmation:
    header: Confirmation = draw(values(Confirmation, letters))
    found = {each.name: getattr(header, each.name) for each in fields(Confirmation)}
    found["identifier"] = found["identifier"] or "DEV01-1"  # a header is never empty
    found["search"] = draw(st.none() | queries(letters))
    found["coverages"] = tuple(draw(st.lists(coverages(letters), max_size=2)))
    return Confirmation(**found)
