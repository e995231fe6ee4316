"""The terminal's files as the simulated terminal writes and reads them: its own code, in none the device's.

So an error cannot cancel out: text is put together line by line here, and a request is read by looking for its leaves,
without an XML parser. Element names stand in eligibility.md 2.6 and 2.7. `Style` has every habit that was seen in the
field. A character that the encoding does not have becomes ●, as the national system does it (3.4). Pure, any thread.
Raises ValueError for a request that is none; its text holds nothing of the request.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

Members = Mapping[str, object]
"""A text, a group (another mapping) or a list of groups by element name."""

_HELD: Final = {
    "ResultList": "ResultOfQualificationConfirmation",
    "SpecificDiseasesCertificateList": "SpecificDiseasesCertificateInfo",
    "PublicExpenseResultList": "MedicalTicketInfo",
}
_CODECS: Final = {"Shift_JIS": "cp932", "UTF-8": "utf-8"}
_LEAF: Final = re.compile(r"<([A-Za-z0-9]+)>([^<>]*)</\1>")
_DECLARED: Final = re.compile(rb'<\?xml version="1\.0" encoding="(Shift_JIS|UTF-8)" standalone="no"\?>')
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_HEADER: Final = ("QualificationConfirmationDate", "MedicalInstitutionCode", "ArbitraryFileIdentifier")
_NOT_DELIVERED: Final = "●"
_TAB: Final = "  "


@dataclass(frozen=True, slots=True)
class Style:
    """Habits of a terminal. `pad`: before a 6-digit insurer number. `older`: PharmaceuticalInfo…, …AcquisitionTime.

    `shuffle`: elements of a group in any order, by this source of chance. `mark`: a byte order mark (UTF-8 only).
    `empty`: optional elements stand there without content.
    """

    encoding: str = "Shift_JIS"
    pad: str = " "
    older: bool = False
    indent: bool = False
    mark: bool = False
    empty: tuple[str, ...] = ()
    line_end: str = "\r\n"
    shuffle: random.Random | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """What is answered. `search`: the echo of a number query. `results`: each a ResultOfQualificationConfirmation."""

    header: Members
    body: Members = field(default_factory=dict)
    search: Members | None = None
    results: Sequence[Members] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """A number query as it came: `header` and `search` by element name, texts unchanged (padding too)."""

    encoding: str
    header: Mapping[str, str]
    search: Mapping[str, str]


def encode_response(response: Response, style: Style | None = None) -> bytes:
    """The bytes of a response file."""
    style = style or Style()
    body = dict(response.body)
    if response.search is not None:
        body["QualificationConfirmSearchInfo"] = response.search
    if response.results:
        body["ResultList"] = list(response.results)
    lines = [f'<?xml version="1.0" encoding="{style.encoding}" standalone="no"?>']
    lines += _lines("XmlMsg", {"MessageHeader": response.header, "MessageBody": body}, style, 0)
    text = style.line_end.join(lines) if style.indent else lines[0] + style.line_end + "".join(lines[1:])
    data = _encoded(text, _CODECS[style.encoding])
    return b"\xef\xbb\xbf" + data if style.mark and style.encoding == "UTF-8" else data


def decode_request(data: bytes) -> Request:
    """A request file of the device."""
    declared = _DECLARED.match(data)
    if declared is None:
        raise ValueError("no XML declaration as the terminal wants it")
    encoding = declared.group(1).decode()
    text = data[declared.end() :].decode(_CODECS[encoding])
    for outer in ("XmlMsg", "MessageHeader", "MessageBody", "QualificationConfirmSearchInfo"):
        if text.count(f"<{outer}>") != 1 or text.count(f"</{outer}>") != 1:
            raise ValueError(f"element {outer}")
    head, _, rest = text.partition("</MessageHeader>")
    header, search = _leaves(head), _leaves(rest)
    if set(header) - set(_HEADER) or not {"InsurerNumber", "InsuredIdentificationNumber", "Birthdate"} <= set(search):
        raise ValueError("elements of a number query")
    return Request(encoding, header, search)


def _leaves(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, inner in _LEAF.findall(text):
        if name in found:
            raise ValueError(f"element {name} twice")
        for entity, character in _ENTITIES:
            inner = inner.replace(entity, character)  # noqa: PLW2901  # one entity after the other, & last
        found[name] = inner
    return found


def _lines(name: str, value: object, style: Style, depth: int) -> Iterator[str]:
    """One element: a line for a text, else its start, what it holds and its end."""
    blank = _TAB * depth if style.indent else ""
    name = _named(name, style)
    if isinstance(value, str):
        yield f"{blank}<{name}>{_text(name, value, style)}</{name}>"
        return
    yield f"{blank}<{name}>"
    for each, inner in _inside(name, value, style):
        yield from _lines(each, inner, style, depth + 1)
    yield f"{blank}</{name}>"


def _inside(name: str, value: object, style: Style) -> list[tuple[str, object]]:
    if isinstance(value, Mapping):
        pairs = [*value.items(), *((each, "") for each in style.empty if each not in value and name != "XmlMsg")]
        if style.shuffle is not None:
            style.shuffle.shuffle(pairs)
        return pairs
    if isinstance(value, Sequence) and name in _HELD:
        return [(_HELD[name], each) for each in value]
    raise TypeError(f"element {name} holds neither text nor elements")


def _named(name: str, style: Style) -> str:
    if not style.older:
        return name
    name = name.replace("PharmacistsInfo", "PharmaceuticalInfo")
    return name.replace("AvailableTime", "AcquisitionTime")


def _text(name: str, value: str, style: Style) -> str:
    if name == "InsurerNumber" and len(value) == 6:
        value = style.pad * 2 + value
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _encoded(text: str, codec: str) -> bytes:
    parts = []
    for character in text:
        try:
            parts.append(character.encode(codec))
        except UnicodeEncodeError:
            parts.append(_NOT_DELIVERED.encode(codec))
    return b"".join(parts)
