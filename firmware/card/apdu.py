"""Command APDUs and status words (ISO 7816-4, 5.1 and 5.6). Pure.

`CommandApdu.parse` reads every legal short and extended form and nothing else; the guard judges what it returns.
Lengths are bytes. Raises `ApduError`; texts never hold APDU data.
"""

from dataclasses import dataclass
from typing import Self

OK = 0x9000
BLOCKED = frozenset({0x6983, 0x6984})
"""6984 was seen on real cards, 6983 is ISO's word for the same (card.md 3)."""
WRONG_UNCOUNTED = 0x6300

_SHORT_DATA, _SHORT_EXPECTED = 255, 256
_LONG_DATA, _LONG_EXPECTED = 65_535, 65_536


class ApduError(ValueError):
    """Bytes that are no command APDU, or lengths that do not fit the form."""


@dataclass(frozen=True, slots=True, repr=False)
class CommandApdu:
    """One command. `expected`: how many bytes the answer may have (Ne), 0 = no Le field. No repr: data may be a PIN."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int = 0
    extended: bool = False

    @property
    def header(self) -> bytes:
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def encode(self) -> bytes:
        most_data, most_expected = (_LONG_DATA, _LONG_EXPECTED) if self.extended else (_SHORT_DATA, _SHORT_EXPECTED)
        if len(self.data) > most_data or not 0 <= self.expected <= most_expected:
            raise ApduError("length does not fit the form")
        return self._encode_extended() if self.extended else self._encode_short()

    def _encode_short(self) -> bytes:
        body = bytes((len(self.data),)) + self.data if self.data else b""
        return self.header + body + (bytes((self.expected % 256,)) if self.expected else b"")

    def _encode_extended(self) -> bytes:
        lead = b"\0" if self.data or self.expected else b""
        body = len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        tail = (self.expected % _LONG_EXPECTED).to_bytes(2, "big") if self.expected else b""
        return self.header + lead + body + tail

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        if len(raw) < 4:
            raise ApduError("shorter than a header")
        header, body = (raw[0], raw[1], raw[2], raw[3]), raw[4:]
        if not body:
            return cls(*header)
        if len(body) == 1:
            return cls(*header, expected=body[0] or _SHORT_EXPECTED)
        if body[0]:
            data, tail = _split(body[1:], body[0], 1)
            return cls(*header, data=data, expected=(tail[0] or _SHORT_EXPECTED) if tail else 0)
        return cls._parse_extended(header, body[1:])

    @classmethod
    def _parse_extended(cls, header: tuple[int, int, int, int], body: bytes) -> Self:
        if len(body) == 2:
            return cls(*header, expected=int.from_bytes(body, "big") or _LONG_EXPECTED, extended=True)
        data, tail = _split(body[2:], int.from_bytes(body[:2], "big"), 2)
        expected = (int.from_bytes(tail, "big") or _LONG_EXPECTED) if tail else 0
        return cls(*header, data=data, expected=expected, extended=True)


def _split(rest: bytes, count: int, le_size: int) -> tuple[bytes, bytes]:
    """Data of `count` bytes and a Le field that is either missing or `le_size` bytes long."""
    if count == 0 or len(rest) not in {count, count + le_size}:
        raise ApduError("Lc does not match the body")
    return rest[:count], rest[count:]


def tries_left(sw: int) -> int | None:
    """What 63Cx, 6983 and 6984 say of a counter; None for every other status word."""
    if sw in BLOCKED:
        return 0
    return sw & 0x000F if sw & 0xFFF0 == 0x63C0 else None


def is_status_word(sw: int) -> bool:
    """ISO 7816-4 knows 6xxx and 9xxx only, and 60xx belongs to the transport."""
    return 0x6100 <= sw <= 0x6FFF or 0x9000 <= sw <= 0x9FFF
