"""Command APDUs as the card takes them apart: short and extended, cases 1 to 4.

Pure, any thread. Raises WrongLengthError (status 6700) for anything that is not one whole command. Source: ISO/IEC
7816-4 clause 5; written for the card's side, the device has its own codec.
"""

from dataclasses import dataclass

HEADER_SIZE = 4
_SHORT_MAXIMUM = 256
_EXTENDED_MAXIMUM = 65536


class WrongLengthError(ValueError):
    """The bytes do not form one command APDU."""


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """`expected`: number of response bytes allowed (Ne), None if the command carries no Le."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    expected: int | None


def parse_command(apdu: bytes) -> Command:
    if len(apdu) < HEADER_SIZE:
        raise WrongLengthError
    body = apdu[HEADER_SIZE:]
    extended = len(body) > 2 and body[0] == 0
    data, expected = _extended_body(body[1:]) if extended else _short_body(body)
    cla, ins, p1, p2 = apdu[:HEADER_SIZE]
    return Command(cla, ins, p1, p2, data, expected)


def _short_body(body: bytes) -> tuple[bytes, int | None]:
    if len(body) <= 1:
        return b"", (body[0] or _SHORT_MAXIMUM) if body else None
    size = body[0]
    data, rest = body[1 : 1 + size], body[1 + size :]
    if size == 0 or len(data) != size or len(rest) > 1:
        raise WrongLengthError
    return data, (rest[0] or _SHORT_MAXIMUM) if rest else None


def _extended_body(body: bytes) -> tuple[bytes, int | None]:
    size = int.from_bytes(body[:2], "big")
    if len(body) == 2:
        return b"", size or _EXTENDED_MAXIMUM
    data, rest = body[2 : 2 + size], body[2 + size :]
    if size == 0 or len(data) != size or len(rest) not in {0, 2}:
        raise WrongLengthError
    return data, (int.from_bytes(rest, "big") or _EXTENDED_MAXIMUM) if rest else None
