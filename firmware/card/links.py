"""The stack every APDU passes on its way out: cancel, guard, APDU log, answer check; small links, one job each.

Card lane; only `cancel` (see `CardChannel`) comes from another thread. Seconds are monotonic. The log holds header,
lengths, status word and time of what was sent, no data in either direction. Raises the transport's faults,
GUARD_REFUSED, CARD_SILENT after a cancel, CARD_GARBAGE for answers that fit no command. Source: ISO 7816-4.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from firmware.card import apdu
from firmware.card.apdu import CommandApdu
from firmware.card.guard import Guard
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import CardTransport

Answer = tuple[bytes, int]


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


class CancelLink:
    """Nothing goes out after a cancel, or on a thread whose turn is over."""

    def __init__(self, below: Link, cancelled: threading.Event, turn: Turn) -> None:
        self._below, self._cancelled, self._turn = below, cancelled, turn

    def send(self, raw: bytes) -> Answer:
        with self._turn.held() as ours:
            if self._cancelled.is_set() or not ours:
                raise DeviceError(FaultCode.CARD_SILENT, "cancelled")
        return self._below.send(raw)


class GuardLink:
    """Nothing that is not on the allow-list goes out; what is selected is unknown after a fault."""

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


class LogLink:
    """Reports every exchange, with or without an answer."""

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


class AnswerLink:
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
