"""Commands of the allow-list to one card, and what was found out about it: what is selected, how long an answer may be.

Card lane; only `cancel` may be called from another thread. Lengths are bytes. Raises what `links.py` raises, and
CARD_GARBAGE for status words that fit no command. Source: ISO 7816-4, card.md 1.4 and 3.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from firmware.card import apdu
from firmware.card.apdu import CommandApdu
from firmware.card.guard import Guard
from firmware.card.links import Answer, AnswerLink, ApduLogLine, CancelLink, GuardLink, Link, LogLink, Report, Turn
from firmware.card.names import Application
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.ports import CardTransport

SHORT_ANSWER = 256
LONGEST_READ = 16_384
"""Of one extended READ BINARY: at 106 kbit/s 1.3 s, a quarter of the time an APDU has."""
_LOG_LINES = 2_048


class CardChannel:
    """Knows what is selected, so that no SELECT is sent twice, and how much one READ may ask for."""

    def __init__(
        self,
        transport: CardTransport,
        clock: Callable[[], float] = time.monotonic,
        report: Report = lambda _: None,
    ) -> None:
        self.log: deque[ApduLogLine] = deque(maxlen=_LOG_LINES)
        self._report = report
        self._transport = transport
        self._longest = SHORT_ANSWER
        self._counted: tuple[int | None] | None = None
        self._guard = Guard()
        self._cancelled = threading.Event()
        self._turn = Turn()
        logged = LogLink(AnswerLink(transport), self._guard, self._note, clock)
        self._top: Link = CancelLink(GuardLink(logged, self._guard, self._turn), self._cancelled, self._turn)

    @property
    def longest_read(self) -> int:
        """Most bytes that one READ BINARY asks this card for: 256 until a READ in extended form was answered."""
        return self._longest

    def _note(self, line: ApduLogLine) -> None:
        self.log.append(line)
        self._report(line)

    def connect(self) -> None:
        """Power up; nothing is selected or known then. Leaves an older connection first."""
        if not self.disconnect():
            raise DeviceError(FaultCode.CARD_SILENT, "cancelled")
        self._longest, self._counted = SHORT_ANSWER, None
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
        self._counted = None
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

    @property
    def carries_extended(self) -> bool:
        """Whether reader and driver say that they can carry more than short commands."""
        return self._transport.longest_answer > SHORT_ANSWER

    def try_extended(self, count: int) -> bytes | None:
        """The first `count` bytes (at most 256) by a READ of extended length; None where the card does not answer it.

        A card that does is asked for more at once from then on, until `connect`.
        """
        data, sw = self._read_binary(0, count, extended=True)
        if sw != apdu.OK or len(data) != count:
            return None
        self._longest = min(self._transport.longest_answer, LONGEST_READ)
        return data

    def read(self, offset: int, count: int) -> bytes:
        """Exactly `count` bytes (1 to 256) of the selected file."""
        data, sw = self._read_binary(offset, count)
        if sw != apdu.OK:
            unexpected("READ BINARY", sw)
        if len(data) != count:
            raise DeviceError(FaultCode.CARD_GARBAGE, "READ BINARY came short")
        return data

    def read_some(self, offset: int, count: int) -> bytes:
        """At least one and at most `count` bytes, as many as one READ carries.

        A card that will not give so many at once is asked for 256 at a time from then on.
        """
        if count > SHORT_ANSWER < self._longest:
            data, sw = self._read_binary(offset, min(count, self._longest), extended=True)
            if sw == apdu.OK and len(data) >= SHORT_ANSWER:
                self._longest = len(data) if len(data) < count else self._longest
                return data
            self._longest = SHORT_ANSWER
        return self.read(offset, min(count, SHORT_ANSWER))

    def _read_binary(self, offset: int, count: int, *, extended: bool = False) -> Answer:
        return self.send(CommandApdu(0x00, 0xB0, offset >> 8, offset & 0xFF, expected=count, extended=extended))

    def count_tries(self) -> int | None:
        """Tries left of the selected key; None where it is verified already. Costs no try.

        Not asked twice in a row: nobody else reaches the card meanwhile, so until the next command the answer stands.
        """
        if self._counted is None:
            _, sw = self.send(CommandApdu(0x00, 0x20, 0x00, 0x80))
            left = None if sw == apdu.OK else apdu.tries_left(sw)
            if left is None and sw != apdu.OK:
                unexpected("VERIFY", sw)
            self._counted = (left,)
        return self._counted[0]

    def verify(self, digits: Secret) -> int:
        """VERIFY against the selected key, once; the status word. Never repeated here, whatever happens."""
        if not digits:
            # Without a body the command would only ask for the counter, and 9000 would mean something else.
            raise DeviceError(FaultCode.GUARD_REFUSED, "VERIFY without digits")
        return self.send(CommandApdu(0x00, 0x20, 0x00, 0x80, bytes(digits.view())))[1]

    def sign(self, body: bytes, p2: int, longest: int) -> Answer:
        """PSO: COMPUTE DIGITAL SIGNATURE over `body` as it is; `p2` 00 = the application's key, 80 = the selected one.

        `longest`: bytes that the signature may have; more than 256 take the extended form.
        """
        extended = longest > SHORT_ANSWER
        return self.send(CommandApdu(0x80, 0x2A, 0x00, p2, body, expected=longest, extended=extended))


def unexpected(command: str, sw: int) -> NoReturn:
    raise DeviceError(FaultCode.CARD_GARBAGE, f"{command} answered {sw:04X}")
