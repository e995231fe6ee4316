"""The card's own record of what was asked of it: the evidence that no reader went near the 12-digit number.

`CommandLog` is written by the thread that drives the card and may be read by any other. Entries hold header, lengths
and status word, never data in either direction. `violation_of` is the allow-list of facts card.md section 7, written
for the card's side; the device's guard is another piece of code.
"""

from collections import deque
from dataclasses import dataclass

from firmware.sim.card.apdu import Command

SURFACE = "card-face"
JPKI = "jpki"
_READABLE = {SURFACE: {0x0002, 0x0004}, JPKI: {0x0006, 0x000A, 0x000B}}
_REFERENCES = {(SURFACE, 0x0012): 14, (JPKI, 0x0018): 4}
_SELECTABLE = {SURFACE: {0x0002, 0x0004, 0x0012}, JPKI: {0x0006, 0x000A, 0x000B, 0x0017, 0x0018}}
_LOG_LIMIT = 100_000
_AID_SIZE = 10
_DIGITS = frozenset(b"0123456789")
_EXTENDED = {0xB0, 0x2A}
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_DIGEST_INFO_SIZE = 51
_SHA384_SIZE = 48


@dataclass(frozen=True, slots=True)
class Context:
    """What is selected when a command runs: application by name, file or key by id; for a SELECT, its target."""

    application: str | None
    file: int | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One command. `sent` and `received` count data bytes without header, Lc, Le and status word."""

    number: int
    header: str
    sent: int
    expected: int | None
    received: int
    status: int
    context: Context
    violation: str | None

    def __str__(self) -> str:
        place = f"{self.context.application or '-'}/{_file_name(self.context.file)}"
        line = f"{self.number:4} {self.header} sent {self.sent} got {self.received} {self.status:04X} {place}"
        return f"{line} VIOLATION {self.violation}" if self.violation else line


class CommandLog:
    """The commands since the card was made, oldest dropped beyond 100,000; violations are kept apart."""

    def __init__(self) -> None:
        self.entries: deque[LogEntry] = deque(maxlen=_LOG_LIMIT)
        self._violations: deque[LogEntry] = deque(maxlen=_LOG_LIMIT)
        self._count = 0

    def add(self, apdu: bytes, command: Command | None, answer: bytes, context: Context) -> None:
        self._count += 1
        entry = LogEntry(
            number=self._count,
            header=apdu[:4].hex().upper(),
            sent=len(command.data) if command else max(0, len(apdu) - 4),
            expected=command.expected if command else None,
            received=len(answer) - 2,
            status=int.from_bytes(answer[-2:], "big"),
            context=context,
            violation=violation_of(command, context) if command else "malformed command",
        )
        self.entries.append(entry)
        if entry.violation:
            self._violations.append(entry)

    def violations(self) -> list[LogEntry]:
        return list(self._violations)


def _file_name(file: int | None) -> str:
    return "-" if file is None else f"{file:04X}"


def violation_of(command: Command, context: Context) -> str | None:
    """Why this command lies outside the allow-list, None if it lies inside."""
    if command.extended and command.ins not in _EXTENDED:
        return "extended form"
    match command.ins:
        case 0xA4:
            return _select_violation(command, context)
        case 0x20:
            return _verify_violation(command, context)
        case 0xB0:
            return _read_violation(command, context)
        case 0x2A:
            return _sign_violation(command, context)
        case _:
            return "instruction"


def _select_violation(command: Command, context: Context) -> str | None:
    if command.cla != 0 or command.p2 != 0x0C:
        return "form of SELECT"
    if command.p1 == 0x04:
        if len(command.data) != _AID_SIZE:
            return "application id of another length"
        return None if context.application in _SELECTABLE else "application"
    if command.p1 == 0x02 and context.application is not None:
        allowed = _SELECTABLE.get(context.application, set())
        return None if context.file in allowed else f"file {_file_name(context.file)}"
    return "form of SELECT"


def _verify_violation(command: Command, context: Context) -> str | None:
    if (command.cla, command.p1, command.p2) != (0, 0, 0x80):
        return "form of VERIFY"
    if context.application is None or context.file is None:
        return "VERIFY without a key"
    size = _REFERENCES.get((context.application, context.file))
    if size is None:
        return f"VERIFY of {_file_name(context.file)}"
    if command.data and (len(command.data) != size or not _DIGITS.issuperset(command.data)):
        return "form of VERIFY's data"
    return None


def _read_violation(command: Command, context: Context) -> str | None:
    if command.cla != 0 or command.p1 >= 0x80:
        return "READ by short file id"
    if command.data:
        return "form of READ"
    allowed = _READABLE.get(context.application or "", set())
    return None if context.file in allowed else f"READ of {_file_name(context.file)}"


def _sign_violation(command: Command, context: Context) -> str | None:
    """A chip proof over a SHA-256, or a signature over a SHA-256 (RSA) or a bare SHA-384 (P-384)."""
    form = (command.cla, command.p1, command.p2)
    digest_info = len(command.data) == _DIGEST_INFO_SIZE and command.data.startswith(_DIGEST_INFO)
    if context.application == SURFACE and form == (0x80, 0, 0):
        return None if digest_info else "form of signature's data"
    if context == Context(JPKI, 0x0017) and form == (0x80, 0, 0x80):
        bare = len(command.data) == _SHA384_SIZE
        return None if digest_info or bare else "form of signature's data"
    return "signature"
