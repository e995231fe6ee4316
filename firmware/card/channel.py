"""The way to the card: cancel, guard, APDU log and answer check as a stack of small links, and the commands on top.

Card lane; only `cancel` may be called from another thread. Seconds are monotonic. The log holds header, lengths, status
word and time of what was sent, no data in either direction. Raises the transport's faults, GUARD_REFUSED, CARD_SILENT
after `cancel`, CARD_GARBAGE for answers that fit no command, and `TlvError` from `read_file`.
Source: ISO 7816-4, card.md 1.4 and 3.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, Protocol

from firmware.card import apdu
from firmware.card.apdu import CommandApdu
from firmware.card.guard import Guard
from firmware.card.names import DIGEST_INFO_SHA256, Application
from firmware.card.tlv import TlvError, TlvTooLargeError, read_header
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.ports import CardTransport

Answer = tuple[bytes, int]

_CHUNK = 256
_LOG_LINES = 2_048


@dataclass(frozen=True, slots=True)
class ApduLogLine:
    """One exchange. `sent`, `received`: data bytes; `sw` is None and `fault` set where no answer came."""

    at: float
    target: str
    header: str
    sent: int
    received: int
    sw: int | None
    fault: FaultCode | None
    seconds: float

    def __str__(self) -> str:
        end = f"{self.sw:04X}" if self.sw is not None else str(self.fault)
        return f"{self.header} {self.sent:>3} > {self.received:>3} {end} {self.seconds * 1000:7.1f} ms  {self.target}"


Report = Callable[[ApduLogLine], None]
"""Told of every exchange, on the card lane. Must return at once."""


@dataclass(frozen=True, slots=True)
class FileShape:
    """How a file's length is found. `probe`: bytes read first; `stray`: most bytes before `tag` (card.md 1.4).

    `limit`: most bytes up to the object's end.
    """

    tag: int
    probe: int
    limit: int
    stray: int = 0


class Link(Protocol):
    """One processor of the stack."""

    def send(self, raw: bytes) -> Answer: ...


class Turn:
    """Which thread's operation is the present one.

    The card lane leaves a hanging thread behind and begins the next operation on a fresh one; when the old thread comes
    back, neither its next APDU nor its cleaning up may touch the connection that is no longer its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None

    def take(self) -> None:
        with self._lock:
            self._thread = threading.get_ident()

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Whether it is this thread's turn (or nobody's yet); it stays so inside the block."""
        with self._lock:
            yield self._thread in {None, threading.get_ident()}


class _CancelLink:
    def __init__(self, below: Link, cancelled: threading.Event, turn: Turn) -> None:
        self._below, self._cancelled, self._turn = below, cancelled, turn

    def send(self, raw: bytes) -> Answer:
        with self._turn.held() as ours:
            if self._cancelled.is_set() or not ours:
                raise DeviceError(FaultCode.CARD_SILENT, "cancelled")
        return self._below.send(raw)


class _GuardLink:
    def __init__(self, below: Link, guard: Guard, turn: Turn) -> None:
        self._below, self._guard, self._turn = below, guard, turn

    def send(self, raw: bytes) -> Answer:
        self._guard.check(raw)
        try:
            data, sw = self._below.send(raw)
        except DeviceError:
            with self._turn.held() as ours:
                if ours:
                    self._guard.reset()
            raise
        with self._turn.held() as ours:
            if not ours:
                raise DeviceError(FaultCode.CARD_SILENT, "an answer after its time")
            self._guard.settle(sw)
        return data, sw


class _LogLink:
    def __init__(self, below: Link, guard: Guard, log: Report, clock: Callable[[], float]) -> None:
        self._below, self._guard, self._log, self._clock = below, guard, log, clock

    def send(self, raw: bytes) -> Answer:
        start, received, sw, fault = self._clock(), 0, None, None
        try:
            data, sw = self._below.send(raw)
            received = len(data)
        except DeviceError as error:
            fault = error.code
            raise
        finally:
            command = CommandApdu.parse(raw)
            self._log(
                ApduLogLine(
                    at=start,
                    target=self._guard.target,
                    header=command.header.hex().upper(),
                    sent=len(command.data),
                    received=received,
                    sw=sw,
                    fault=fault,
                    seconds=self._clock() - start,
                ),
            )
        return data, sw


class _AnswerLink:
    """The bottom: nothing longer than asked for and nothing but a status word comes up."""

    def __init__(self, transport: CardTransport) -> None:
        self._transport = transport

    def send(self, raw: bytes) -> Answer:
        data, sw = self._transport.transmit(raw)
        if len(data) > CommandApdu.parse(raw).expected:
            raise DeviceError(FaultCode.CARD_GARBAGE, "more data than asked for")
        if not apdu.is_status_word(sw):
            raise DeviceError(FaultCode.CARD_GARBAGE, "no status word")
        return data, sw


class CardChannel:
    """Commands of the allow-list; knows what is selected, so that no SELECT is sent twice."""

    def __init__(
        self,
        transport: CardTransport,
        clock: Callable[[], float] = time.monotonic,
        report: Report = lambda _: None,
    ) -> None:
        self.log: deque[ApduLogLine] = deque(maxlen=_LOG_LINES)
        self._report = report
        self._transport = transport
        self._guard = Guard()
        self._cancelled = threading.Event()
        self._turn = Turn()
        bottom = _AnswerLink(transport)
        logged = _LogLink(bottom, self._guard, self._note, clock)
        self._top: Link = _CancelLink(_GuardLink(logged, self._guard, self._turn), self._cancelled, self._turn)

    def _note(self, line: ApduLogLine) -> None:
        self.log.append(line)
        self._report(line)

    def connect(self) -> None:
        """Power up; nothing is selected then. Leaves an older connection first."""
        if not self.disconnect():
            raise DeviceError(FaultCode.CARD_SILENT, "cancelled")
        self._transport.connect()

    def disconnect(self) -> bool:
        """False, and nothing done, on a thread whose operation was overtaken by another's."""
        with self._turn.held() as ours:
            if ours:
                self._guard.reset()
                self._transport.disconnect()
        return ours

    def begin(self) -> None:
        """Start of one operation: this thread's turn; a `cancel` of an earlier one is over."""
        self._turn.take()
        self._cancelled.clear()

    def cancel(self) -> None:
        """From another thread: the running operation ends with CARD_SILENT, at the latest before its next APDU."""
        self._cancelled.set()
        self._transport.cancel()

    def send(self, command: CommandApdu) -> Answer:
        return self._top.send(command.encode())

    def has_application(self, application: Application) -> bool:
        """SELECT it; any other answer than 9000 means that the card does not have it."""
        return self.send(CommandApdu(0x00, 0xA4, 0x04, 0x0C, application.value))[1] == apdu.OK

    def select_application(self, application: Application) -> None:
        if self._guard.application is not application and not self.has_application(application):
            raise DeviceError(FaultCode.CARD_GARBAGE, f"no application {application.label}")

    def select_file(self, application: Application, file: int) -> None:
        """Select a file or key, its application first; both only where they are not selected already."""
        self.select_application(application)
        if self._guard.file == file:
            return
        _, sw = self.send(CommandApdu(0x00, 0xA4, 0x02, 0x0C, file.to_bytes(2, "big")))
        if sw != apdu.OK:
            unexpected("SELECT", sw)

    def read(self, offset: int, count: int) -> bytes:
        """Exactly `count` bytes (1 to 256) of the selected file."""
        data, sw = self.send(CommandApdu(0x00, 0xB0, offset >> 8, offset & 0xFF, expected=count))
        if sw != apdu.OK:
            unexpected("READ BINARY", sw)
        if len(data) != count:
            raise DeviceError(FaultCode.CARD_GARBAGE, "READ BINARY came short")
        return data

    def read_file(self, shape: FileShape) -> Secret:
        """The one object of the selected file, by the length in its header: no byte of filler is read."""
        probe = self.read(0, shape.probe)
        start, total = _locate(probe, shape)
        end = start + total
        buffer = bytearray(max(end, shape.probe))
        buffer[: shape.probe] = probe
        try:
            for offset in range(shape.probe, end, _CHUNK):
                count = min(_CHUNK, end - offset)
                buffer[offset : offset + count] = self.read(offset, count)
        except DeviceError:
            buffer[:] = bytes(len(buffer))
            raise
        del buffer[end:], buffer[:start]
        return Secret.adopt(buffer)

    def count_tries(self) -> int | None:
        """Tries left of the selected key; None where it is verified already. Costs no try."""
        _, sw = self.send(CommandApdu(0x00, 0x20, 0x00, 0x80))
        if sw == apdu.OK:
            return None
        left = apdu.tries_left(sw)
        return left if left is not None else unexpected("VERIFY", sw)

    def verify(self, digits: Secret) -> int:
        """VERIFY against the selected key, once; the status word. Never repeated here, whatever happens."""
        if not digits:
            # Without a body the command would only ask for the counter, and 9000 would mean something else.
            raise DeviceError(FaultCode.GUARD_REFUSED, "VERIFY without digits")
        return self.send(CommandApdu(0x00, 0x20, 0x00, 0x80, bytes(digits.view())))[1]

    def sign(self, digest: bytes, p2: int) -> Answer:
        """PSO: COMPUTE DIGITAL SIGNATURE over a SHA-256; `p2` 00 = the application's key, 80 = the selected one."""
        return self.send(CommandApdu(0x80, 0x2A, 0x00, p2, DIGEST_INFO_SHA256 + digest, expected=256))


def _locate(probe: bytes, shape: FileShape) -> tuple[int, int]:
    """Offset and length of the object with `shape.tag`."""
    name = shape.tag.to_bytes((shape.tag.bit_length() + 7) // 8, "big")
    start = probe.find(name, 0, shape.stray + len(name))
    if start < 0:
        raise TlvError("the file does not begin with its tag")
    total = read_header(probe[start:]).total
    if start + total > shape.limit:
        raise TlvTooLargeError("the object is longer than allowed")
    return start, total


def unexpected(command: str, sw: int) -> NoReturn:
    raise DeviceError(FaultCode.CARD_GARBAGE, f"{command} answered {sw:04X}")
