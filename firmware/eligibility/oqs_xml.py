"""Bytes of the official terminal's messages <-> values: `read_answer`, `write_request`, `write_answer`.

Files of the terminal's exchange (eligibility.md 2.4, 2.6, 2.7). They come in Shift_JIS or UTF-8; what decodes them is
the XML declaration or a byte order mark, never CharacterCodeIdentifier, about which sources disagree. "Shift_JIS" is
Windows-31J (code page 932) in practice, so it is decoded here and expat, which knows no Shift_JIS, gets plain text.
Element order, attributes, comments and namespaces do not matter; elements that nobody knows are dropped.

A file is hostile until read: no DTD, so no entities and nothing external, and bounds on bytes, tags, the space between
two tags, depth, attributes and text, most of them before the parser sees it. What that costs stands in
docs/measurements.md, D3. Pure, any thread. The only file that imports defusedxml. Every failure is DeviceError
TERMINAL_BAD_FILE; its detail names a member of ours or what was wrong, never anything of the file.
"""

import codecs
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, XMLParser

from firmware.core.faults import DeviceError, FaultCode
from firmware.eligibility.fields import Member
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_message import (
    ITEMS,
    NumberRequest,
    Padding,
    answer_message,
    read_message,
    request_message,
)

__all__ = ["MOST_BYTES", "Encoding", "NumberRequest", "Padding", "read_answer", "write_answer", "write_request"]

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of a file; more is refused before a byte is looked at. A real answer has some 10 KB."""
MOST_TAGS: Final = 16_384
"""Start and end tags; the largest answer the model holds has some 9,000."""
MOST_BETWEEN_TAGS: Final = 16_384
"""Characters from one `<` to the next: bounds a tag with its attributes, and a text."""
MOST_DEPTH: Final = 12
MOST_ATTRIBUTES: Final = 8_192
"""In all, namespaces too. Real files have some on the outermost element at most; nil on each would fit as well."""

_ROOT: Final = "XmlMsg"
_CP932: Final = "cp932"
_UTF_8: Final = "utf-8"
_SHIFT_JIS_NAMES: Final = frozenset(
    {"shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "csshiftjis", "windows-31j", "cswindows31j"}
    | {"cp932", "ms932", "windows-932"}
)
_UTF_8_NAMES: Final = frozenset({"utf-8", "utf8"})
_DECLARATION: Final = re.compile(
    rb"""<\?xml\s+version\s*=\s*["']1\.0["']"""
    rb"""(?:\s+encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["'])?"""
    rb"""(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>"""
)
_LONGEST_DECLARATION: Final = 200
_NOT_IN_CP932: Final = re.compile("[\x80\uf8f0-\uf8f3]")
"""What Python makes of the bytes that code page 932 leaves undefined (80, A0, FD to FF)."""
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\ue000-\uf8ff]")
"""Controls, what XML cannot hold, and private use (外字), which is another sign on every machine."""
_SAME_SIGN: Final = str.maketrans("—", "―")
"""One byte pair in Shift_JIS, two code points: Unicode's and Windows' reading. Python knows the other six (〜−‖¢£¬)."""
_BLANK: Final = " \t\r\n"


class Encoding(StrEnum):
    """Of a file we write; the name stands in its declaration."""

    SHIFT_JIS = "Shift_JIS"
    UTF_8 = "UTF-8"


def read_answer(data: bytes) -> Confirmation:
    """The answer in a response file, of a number query or of a card read."""
    try:
        return read_message(_parse(_decode(data)))
    except DeviceError as error:
        if error.code is FaultCode.TERMINAL_BAD_FILE:
            raise
        raise _bad(error.detail) from None


def write_request(request: NumberRequest, encoding: Encoding, padding: Padding) -> bytes:
    """A request file. What the encoding cannot carry is refused, never replaced."""
    try:
        return _document(request_message(request, padding), encoding)
    except DeviceError as error:
        raise DeviceError(FaultCode.QUERY_UNWRITABLE, error.detail) from None


def write_answer(confirmation: Confirmation, encoding: Encoding) -> bytes:
    """A response file, in the model's own names; `read_answer` gives the same confirmation back."""
    return _document(answer_message(confirmation), encoding)


def _bad(what: str) -> DeviceError:
    return DeviceError(FaultCode.TERMINAL_BAD_FILE, what)


# ---- reading ---------------------------------------------------------------------------------------------------


def _decode(data: bytes) -> str:
    """The text after the XML declaration, by the encoding that declaration or byte order mark name."""
    if len(data) > MOST_BYTES:
        raise _bad(f"over {MOST_BYTES} bytes")
    marked = data.startswith(codecs.BOM_UTF8)
    if marked:
        data = data[len(codecs.BOM_UTF8) :]
    declaration = _DECLARATION.match(data[:_LONGEST_DECLARATION])
    if declaration is None and data.startswith(b"<?xml"):
        raise _bad("XML declaration")
    declared = declaration.group(1) if declaration else None
    codec = _codec(declared.decode("ascii").lower() if declared else "utf-8")
    if marked and codec != _UTF_8:
        raise _bad("byte order mark and declared encoding differ")
    content = data[declaration.end() :] if declaration else data
    try:
        text = content.decode(codec)
    except UnicodeDecodeError:
        # from None: the error holds the file
        raise _bad(f"not in the declared encoding ({codec})") from None
    if codec == _CP932 and (_NOT_IN_CP932.search(text) or _is_utf_8(content)):
        raise _bad(f"not in the declared encoding ({codec})")
    return text


def _codec(name: str) -> str:
    if name in _UTF_8_NAMES:
        return _UTF_8
    if name in _SHIFT_JIS_NAMES:
        return _CP932
    raise _bad("encoding that is neither Shift_JIS nor UTF-8")


def _is_utf_8(content: bytes) -> bool:
    """Whether Japanese in UTF-8 was declared as Shift_JIS, which decodes without an error, to other characters.

    Pairs of half-width kana in Shift_JIS can look like characters up to U+07FF, but not like Japanese ones. A rare
    kanji and a sign can, if nothing else beyond ASCII stands in the file: that is refused rather than misread.
    """
    try:
        return any(character >= "\u0800" for character in content.decode(_UTF_8))
    except UnicodeDecodeError:
        return False


def _parse(text: str) -> Member:
    """The members of XmlMsg."""
    if text.count("<") > MOST_TAGS or any(len(run) > MOST_BETWEEN_TAGS for run in text.split("<")):
        raise _bad("too many or too long elements")
    target = _Target()
    parser = XMLParser(target=target, forbid_dtd=True)
    try:
        parser.feed(text)
        parser.close()
    except (DefusedXmlException, ParseError):
        # from None: both can quote the file
        raise _bad("no well-formed XML, or with a document type") from None
    return target.message


@dataclass(slots=True, repr=False)
class _Open:
    """An element whose end was not seen yet. `members` by name, in their order; `size`: characters of `texts`."""

    name: str
    members: dict[str, list[Member]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    size: int = 0

    def member(self) -> Member:
        """A group if there are elements inside, else the text; a name that stands twice has a list."""
        if self.members:
            return {name: values[0] if len(values) == 1 else values for name, values in self.members.items()}
        text = "".join(self.texts)
        return text if text.strip(_BLANK) else ""


class _Target:
    """What the parser tells. A text field with a list or group behind its name is refused by `fields.py`."""

    def __init__(self) -> None:
        self.message: Member = ""
        self._open: list[_Open] = []
        self._attributes = 0

    def start_ns(self, _prefix: str, _uri: str) -> None:
        self._count_attributes(1)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._count_attributes(len(attributes))
        if len(self._open) >= MOST_DEPTH:
            raise _bad("nested too deep")
        name = tag.rpartition("}")[2]
        if not self._open and name != _ROOT:
            raise _bad("another document")
        self._open.append(_Open(name))

    def end(self, _tag: str) -> None:
        ended = self._open.pop()
        if self._open:
            self._open[-1].members.setdefault(ended.name, []).append(ended.member())
        else:
            self.message = ended.member()

    def data(self, text: str) -> None:
        element = self._open[-1]
        element.size += len(text)
        if element.size > MOST_BETWEEN_TAGS:
            raise _bad("text too long")
        element.texts.append(text)

    def close(self) -> None:
        """Nothing is left to do."""

    def _count_attributes(self, more: int) -> None:
        self._attributes += more
        if self._attributes > MOST_ATTRIBUTES:
            raise _bad("too many attributes")


# ---- writing ---------------------------------------------------------------------------------------------------


def _document(message: Mapping[str, Member], encoding: Encoding) -> bytes:
    declaration = f'<?xml version="1.0" encoding="{encoding}" standalone="no"?>\r\n'
    text = f"{declaration}{_element(_ROOT, message, encoding)}\r\n"
    return text.encode(_CP932 if encoding is Encoding.SHIFT_JIS else _UTF_8)


def _element(name: str, member: Member, encoding: Encoding) -> str:
    if isinstance(member, str):
        inner = html.escape(_carried(name, member, encoding), quote=False)
    elif isinstance(member, Mapping):
        inner = "".join(_element(each, value, encoding) for each, value in member.items())
    else:
        inner = "".join(_element(ITEMS[name], value, encoding) for value in member)
    return f"<{name}>{inner}</{name}>"


def _carried(name: str, text: str, encoding: Encoding) -> str:
    """`text` as the encoding holds it. Raises if a character would be lost or come back as another."""
    if _UNWRITABLE.search(text):
        raise _bad(f"member {name}: a character that no file carries")
    if encoding is Encoding.UTF_8:
        return text
    plain = text.translate(_SAME_SIGN)
    try:
        plain.encode(_CP932)
    except UnicodeEncodeError:
        # from None: the error quotes the text
        raise _bad(f"member {name}: a character that {encoding} does not have") from None
    return plain
