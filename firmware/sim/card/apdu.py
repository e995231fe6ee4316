"""Command APDUs as the card takes them apart: short and extended, cases 1 to 4, and chains of them.

Pure, any thread. Raises WrongLengthError (status 6700) for anything that is not one whole command, StatusError where a
chain is broken. Source: ISO/IEC 7816-4 clauses 5.1, 5.1.1; written for the card's side, the device has its own codec.
"""

from dataclasses import dataclass, replace

HEADER_SIZE = 4
CHAINING = 0x10
_SHORT_MAXIMUM = 256
_EXTENDED_MAXIMUM = 65536
# VERIFY, CHANGE REFERENCE DATA and PSO: the commands whose data could be longer than one APDU.
_CHAINABLE = {(0x00, 0x20), (0x00, 0x24), (0x80, 0x2A)}
_CHAIN_MAXIMUM = 2048


class WrongLengthError(ValueError):
    """The bytes do not form one command APDU."""


class StatusError(Exception):
    """A command ends with this status word, and with `data` before it."""

    def __init__(self, status: int, data: bytes = b"") -> None:
        super().__init__(f"{status:04X}")
        self.status = status
        self.data = data


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """`expected`: number of response bytes allowed (Ne), None if the command carries no Le."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    expected: int | None
    extended: bool = False

    @property
    def chained(self) -> bool:
        """Whether another command of the same chain follows."""
        return bool(self.cla & CHAINING)

    @property
    def target(self) -> tuple[int, int, int, int]:
        """What all commands of one chain have in common."""
        return self.cla & ~CHAINING, self.ins, self.p1, self.p2


def parse_command(apdu: bytes) -> Command:
    if len(apdu) < HEADER_SIZE:
        raise WrongLengthError
    body = apdu[HEADER_SIZE:]
    extended = len(body) > 2 and body[0] == 0
    data, expected = _extended_body(body[1:]) if extended else _short_body(body)
    cla, ins, p1, p2 = apdu[:HEADER_SIZE]
    return Command(cla, ins, p1, p2, data, expected, extended)


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


class Chain:
    """The commands of one chain until the last one has come. A command that does not belong to it ends it."""

    def __init__(self) -> None:
        self._target: tuple[int, int, int, int] | None = None
        self._data = b""

    def forget(self) -> None:
        self._target, self._data = None, b""

    def take(self, command: Command) -> Command | None:
        """The whole command, or None while more is to come."""
        if command.chained and command.target[:2] not in _CHAINABLE:
            self.forget()
            raise StatusError(0x6884)
        if self._target not in {None, command.target}:
            self.forget()
            raise StatusError(0x6883)
        data = self._data + command.data
        if len(data) > _CHAIN_MAXIMUM:
            self.forget()
            raise StatusError(0x6700)
        if command.chained:
            self._target, self._data = command.target, data
            return None
        self.forget()
        return replace(command, data=data)
