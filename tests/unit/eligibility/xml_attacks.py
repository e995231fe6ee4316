"""Hostile response files (issue D, D3), each made when it is wanted. Every one has to be refused as TERMINAL_BAD_FILE.

`HEAVY` have some MB, and 50 in one case; `tools/measure_xml.py` measures time and memory over all of them.
"""

from collections.abc import Callable, Mapping
from typing import Final

MEBI: Final = 1 << 20
FULL: Final = 4 * MEBI
"""The reader's own ceiling: what fills it reaches the later bounds."""

DECLARED: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
KANJI: Final = "見本太郎"
RESULT: Final = "ResultOfQualificationConfirmation"
PERSON: Final = f"<{RESULT}><Sex1>1</Sex1><Birthdate>19700101</Birthdate></{RESULT}>"

Attack = Callable[[], bytes]


def message(inside: str = "", of_body: str = "", document_type: str = "") -> bytes:
    """A good answer but for what is put into it."""
    return (
        f"{DECLARED}{document_type}<XmlMsg>{inside}<MessageHeader><SegmentOfResult>1</SegmentOfResult></MessageHeader>"
        "<MessageBody><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>4</QualificationValidity>"
        f"{of_body}</MessageBody></XmlMsg>"
    ).encode()


def _filled(start: str, unit: str, end: str) -> str:
    """`unit` until the file is almost as large as it may be."""
    return start + unit * ((FULL - 2048) // len(unit.encode())) + end


def _declared_as(encoding: str, codec: str) -> Attack:
    text = f'<?xml version="1.0" encoding="{encoding}"?><XmlMsg><MessageHeader><ErrorMessage>{KANJI}</ErrorMessage>'
    return lambda: f"{text}</MessageHeader></XmlMsg>".encode(codec)


def _bomb() -> bytes:
    levels = "".join(f"<!ENTITY a{level} '{f'&a{level - 1};' * 10}'>" for level in range(1, 12))
    return message("&a11;", document_type=f"<!DOCTYPE XmlMsg [<!ENTITY a0 'ha'>{levels}]>")


def _quadratic() -> bytes:
    return message("&a;" * 1000, document_type=f"<!DOCTYPE XmlMsg [<!ENTITY a '{'x' * 16_000}'>]>")


def _element(attribute: str, count: int, of: int = 0) -> str:
    """An element with attributes that have `>` in them, so that nobody finds its end by looking for one."""
    return "<x " + " ".join(f"{attribute}{of}-{number}='u>{number}'" for number in range(count)) + "/>"


LIGHT: Final[Mapping[str, Attack]] = {
    "entity bomb": _bomb,
    "quadratic entity": _quadratic,
    "external entity": lambda: message(
        "&x;", document_type='<!DOCTYPE XmlMsg [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    ),
    "external document type": lambda: message(document_type='<!DOCTYPE XmlMsg SYSTEM "http://127.0.0.1:9/a.dtd">'),
    "public document type": lambda: message(document_type='<!DOCTYPE XmlMsg PUBLIC "a" "http://127.0.0.1:9/a.dtd">'),
    "parameter entity": lambda: message(
        document_type='<!DOCTYPE XmlMsg [<!ENTITY % x SYSTEM "http://127.0.0.1:9/a.dtd">%x;]>'
    ),
    "empty document type": lambda: message(document_type="<!DOCTYPE XmlMsg>"),
    "unknown entity": lambda: message("&nbsp;"),
    "depth 13": lambda: message("<a>" * 12 + "</a>" * 12),
    "attribute twice": lambda: message('<x a="1" a="2"/>'),
    "unbound prefix": lambda: message("<p:x/>"),
    "text too long": lambda: message(f"<x>{'y' * 16_384}</x>"),
    "text in pieces": lambda: message(f"<x>{f'<![CDATA[{KANJI * 2250}]]>' * 2}</x>"),
    "NUL in text": lambda: message("<x>a\0b</x>"),
    "NUL at the end": lambda: message() + b"\0",
    "NUL reference": lambda: message("<x>&#0;</x>"),
    "surrogate reference": lambda: message("<x>&#xD800;</x>"),
    "reference beyond Unicode": lambda: message("<x>&#x110000;</x>"),
    "control character": lambda: message("<x>\x1b</x>"),
    "two documents": lambda: message() * 2,
    "text after the end": lambda: message() + b"x",
    "end without start": lambda: message("</x>"),
    "start without end": lambda: message("<x>"),
    "nothing": lambda: b"",
    "blank": lambda: b" \r\n",
    "declaration only": DECLARED.encode,
    "declaration late": lambda: b"\n" + message(),
    "declaration twice": lambda: DECLARED.encode() + message(),
    "declaration open": lambda: b'<?xml version="1.0" encoding="UTF-8"' + b" " * 1000,
    "version 1.1": lambda: message().replace(b'"1.0"', b'"1.1"'),
    "no XML": lambda: b"PK\x03\x04" + bytes(range(256)),
    "another document": lambda: message().replace(b"XmlMsg", b"XmlMess"),
    "HTML": lambda: b"<html><body>Not found</body></html>",
    "root without members": lambda: b"<XmlMsg/>",
    "no header": lambda: (
        b"<XmlMsg><MessageBody><QualificationValidity>4</QualificationValidity></MessageBody></XmlMsg>"
    ),
    "two headers": lambda: message("<MessageHeader><SegmentOfResult>9</SegmentOfResult></MessageHeader>"),
    "member twice": lambda: message(of_body="<QualificationValidity>1</QualificationValidity>"),
    "group for a text": lambda: message(of_body="<ProcessingResultCode><x>1</x></ProcessingResultCode>"),
    "text for a list": lambda: message(of_body="<ResultList>x</ResultList>"),
    "result without a birth date": lambda: message(
        of_body=f"<ResultList><{RESULT}><Sex1>1</Sex1></{RESULT}></ResultList>"
    ),
    "nine results": lambda: message(of_body=f"<ResultList>{PERSON * 9}</ResultList>"),
    "long member": lambda: message(of_body=f"<ProcessingResultMessage>{'x' * 401}</ProcessingResultMessage>"),
    "UTF-7": _declared_as("UTF-7", "utf-7"),
    "UTF-7 with a mark": lambda: b"+/v8-" + message(),
    "UTF-16": _declared_as("UTF-16", "utf-16"),
    "UTF-16LE without a mark": _declared_as("UTF-16LE", "utf-16-le"),
    "UTF-16BE declared as UTF-8": _declared_as("UTF-8", "utf-16-be"),
    "UTF-16 declared in ASCII": _declared_as("UTF-16", "utf-8"),
    "UTF-32": _declared_as("UTF-32", "utf-32"),
    "EBCDIC": _declared_as("cp037", "cp932"),
    "ISO-2022-JP": _declared_as("ISO-2022-JP", "iso2022_jp"),
    "EUC-JP": _declared_as("EUC-JP", "euc_jp"),
    "EUC-JP declared as UTF-8": _declared_as("UTF-8", "euc_jp"),
    "a codec that is no encoding": _declared_as("zlib", "utf-8"),
    "UTF-8 declared as Shift_JIS": _declared_as("Shift_JIS", "utf-8"),
    "UTF-8 declared as Shift_JIS, and no byte tells": lambda: message("<x>山田</x>").replace(b"UTF-8", b"Shift_JIS"),
    "Shift_JIS declared as UTF-8": _declared_as("UTF-8", "cp932"),
    "Shift_JIS undeclared": lambda: _declared_as("UTF-8", "cp932")().partition(b"?>")[2],
    "Shift_JIS with UTF-8's mark": lambda: b"\xef\xbb\xbf" + _declared_as("Shift_JIS", "cp932")(),
    "byte that Shift_JIS does not have": lambda: message().replace(b"UTF-8", b"Shift_JIS").replace(b"4<", b"4\xa0<"),
    "overlong UTF-8": lambda: message("<x>?</x>").replace(b"?</x>", b"\xc0\xbc</x>"),
    "surrogate in UTF-8": lambda: message("<x>?</x>").replace(b"?</x>", b"\xed\xa0\x80</x>"),
}

HEAVY: Final[Mapping[str, Attack]] = {
    "50 MB": lambda: message("<x>" + "y" * (50 * MEBI) + "</x>"),
    "one byte too many": lambda: message().ljust(FULL + 1),
    "deep nesting": lambda: _filled("<XmlMsg>", "<a>", "").encode(),
    "billion elements": lambda: message(_filled("", "<a/>", "")),
    "elements up to the bound": lambda: message("<a/>" * 16_000) + b"<late/>",
    "only <": lambda: b"<" * FULL,
    "many attributes": lambda: message(_element("a", 200_000)),
    "attributes on many elements": lambda: (
        message("".join(_element("a", 8, each) for each in range(16_000))) + b"<late/>"
    ),
    "many namespaces": lambda: message("".join(_element("xmlns:a", 500, each) for each in range(250))),
    "endless text": lambda: message(_filled("<x>", "y", "</x>")),
    "endless text outside of the plane": lambda: message(_filled("<x>", "𠮷", "</x>")),
    "endless name": lambda: message(_filled("<", "y", "/>")),
    "endless comment": lambda: message(_filled("<!--", "y", "-->")),
    "endless CDATA": lambda: message(_filled("<![CDATA[", "<y", "]]>")),
    "endless instruction": lambda: message(_filled("<?x ", "y", "?>")),
    "endless tag": lambda: message(_filled("<x ", "a='<' ", "")),
    "character references": lambda: message(_filled("<x>", "&#38;", "</x>")),
    "text up to every bound": lambda: message("<x>" + f"<a>{'𠮷' * 250}</a>" * 4000 + "</x>") + b"<late/>",
    "not UTF-8 at the very end": lambda: message().ljust(FULL - 1) + b"\xff",
}

ATTACKS: Final[Mapping[str, Attack]] = {**LIGHT, **HEAVY}
