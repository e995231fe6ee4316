"""PC/SC: the only file that imports pyscard, and only its thin `smartcard.scard` layer.

Threads: `watch` starts one that lives until `stop` (pyscard's own CardMonitor ends for good when pcscd restarts, ours
re-establishes its context); each connection has a worker thread, so that a driver that never answers costs a deadline
and not the card lane. pcsc-lite's SCardCancel ends nothing but SCardGetStatusChange, so `cancel` and the deadline walk
away from the worker, which unpowers the card and frees its context when its call comes back; until then `connect` says
CARD_SILENT (taking the card away ends the driver's wait). PCSCLITE_CSOCK_NAME in the environment names a private pcscd
(pcsc-lite reads it once per process).

Seconds are real time. Raises the CRD- and RDR- codes of `_FAULTS`. Source: PC/SC part 5, pcsc-lite, hardware.md 1.
"""

import random
import re
import threading
from collections.abc import Callable

from smartcard import scard

from firmware.card.presence import PresenceTracker
from firmware.card.worker import Worker
from firmware.core.events import CardPresence
from firmware.core.faults import DeviceError, FaultCode

_POLL_MS = 1_000
_REMOVAL_MS = 700
"""pcscd looks for the card every 0.4 s: after a failed exchange it may still think that it lies there."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_CONNECT_SECONDS, _CLOSE_SECONDS = 10.0, 3.0
_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
_STATE_BITS = ~scard.SCARD_STATE_CHANGED

_OK = 0
_TIMEOUT, _CANCELLED = 0x8010000A, 0x80100002
_NOT_TRANSACTED, _INSUFFICIENT_BUFFER = 0x80100016, 0x80100008
_UNKNOWN_READER, _READER_UNAVAILABLE, _NO_READERS = 0x80100009, 0x80100017, 0x8010002E

_FAULTS = {
    0x8010000C: FaultCode.CARD_GONE,  # no smart card
    0x80100068: FaultCode.CARD_GONE,  # reset by somebody: what was verified is lost
    0x80100069: FaultCode.CARD_GONE,  # removed
    0x80100066: FaultCode.CARD_SILENT,  # unresponsive
    0x80100067: FaultCode.CARD_SILENT,  # unpowered
    _TIMEOUT: FaultCode.CARD_SILENT,
    _INSUFFICIENT_BUFFER: FaultCode.CARD_GARBAGE,
    _UNKNOWN_READER: FaultCode.READER_LOST,
    _READER_UNAVAILABLE: FaultCode.READER_LOST,
    _NO_READERS: FaultCode.READER_LOST,
    0x8010000B: FaultCode.READER_BUSY,  # sharing violation
    0x8010006A: FaultCode.READER_NO_ACCESS,  # polkit says no
    0x80100013: FaultCode.PCSC_DOWN,  # internal communication error: the daemon hung up
    0x8010001D: FaultCode.PCSC_DOWN,  # no service
    0x8010001E: FaultCode.PCSC_DOWN,  # service stopped
}


def _fault(result: int, where: str) -> DeviceError:
    return DeviceError(_FAULTS.get(result, FaultCode.CARD_SILENT), f"{where} {result:08X}")


def _unsigned(result: int) -> int:
    return result & 0xFFFF_FFFF


def _readers(context: object) -> tuple[int, list[str]]:
    result, names = scard.SCardListReaders(context, [])
    return _unsigned(result), sorted(names)


class _Pattern:
    """Chooses a reader by name: the pattern may stand anywhere in it, `*` is a gap, case does not matter."""

    def __init__(self, pattern: str) -> None:
        self._expression = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE)

    def choose(self, names: list[str]) -> str | None:
        return next((name for name in names if self._expression.search(name)), None)


class _Connection:
    """Context and card handle of one connection. Worker thread only."""

    def __init__(self, pattern: _Pattern) -> None:
        self._pattern = pattern
        self._reader = ""
        self._context: object | None = None
        self._card: object | None = None
        self._protocol = scard.SCARD_PCI_T1

    def open(self) -> bytes:
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        self._demand(result, "context")
        result, names = _readers(self._context)
        if result != _NO_READERS:
            self._demand(result, "readers")
        reader = self._pattern.choose(names)
        if reader is None:
            raise DeviceError(FaultCode.READER_LOST, "no reader of that name")
        self._reader = reader
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, card, protocol = scard.SCardConnect(self._context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        self._demand(result, "connect")
        self._card = card
        self._protocol = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        result, _, _, _, atr = scard.SCardStatus(card)
        self._demand(result, "status")
        return bytes(atr)

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        result, answer = scard.SCardTransmit(self._card, self._protocol, list(apdu))
        if _unsigned(result) == _NOT_TRANSACTED:
            raise self._gone_or(FaultCode.CARD_SILENT, "not transacted")
        self._demand(result, "transmit")
        if len(answer) < 2:
            raise self._gone_or(FaultCode.CARD_GARBAGE, "answer without status word")
        return bytes(answer[:-2]), answer[-2] << 8 | answer[-1]

    def close(self) -> None:
        """Unpower and let go. Result codes say nothing that could be acted on: card or daemon may be gone."""
        card, context = self._card, self._context
        self._card = self._context = None
        if card is not None:
            scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)
        if context is not None:
            scard.SCardReleaseContext(context)

    def _gone_or(self, otherwise: FaultCode, where: str) -> DeviceError:
        """Drivers say different things when a card leaves in the middle, so the reader's state decides."""
        return DeviceError(FaultCode.CARD_GONE if self._card_left() else otherwise, where)

    def _card_left(self) -> bool:
        state = scard.SCARD_STATE_UNAWARE
        for wait in (0, _REMOVAL_MS):
            result, states = scard.SCardGetStatusChange(self._context, wait, [(self._reader, state)])
            if _unsigned(result) == _TIMEOUT:
                return False
            if _unsigned(result) != _OK or not states[0][1] & scard.SCARD_STATE_PRESENT:
                return True
            state = states[0][1] & _STATE_BITS
        return False

    @staticmethod
    def _demand(result: int, where: str) -> None:
        if _unsigned(result) != _OK:
            raise _fault(_unsigned(result), where)


class _Watch:
    """The watch thread: reports the present state first, then every change, through restarts of pcscd."""

    def __init__(self, pattern: _Pattern, post: Callable[[CardPresence], None]) -> None:
        self._pattern = pattern
        self._post = post
        self._tracker = PresenceTracker()
        self._stop = threading.Event()
        self._context: object | None = None
        self._thread = threading.Thread(target=self._run, name="pcsc-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        context = self._context
        if context is not None:
            scard.SCardCancel(context)
        if self._thread is not threading.current_thread():
            self._thread.join(2 * _POLL_MS / 1_000)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
            if _unsigned(result) == _OK:
                self._context = context
                if self._follow(context):
                    pause = _FIRST_PAUSE
                self._context = None
                scard.SCardReleaseContext(context)
            if self._stop.is_set():
                return
            self._report(self._tracker.reader_gone())
            self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _follow(self, context: object) -> bool:
        """Until the context is of no use any more; whether it was of use at all."""
        reader, state, useful = None, scard.SCARD_STATE_UNAWARE, False
        while not self._stop.is_set():
            result, names = _readers(context)
            if result not in {_OK, _NO_READERS}:
                return useful
            useful = True
            chosen = self._pattern.choose(names)
            if chosen is None or chosen != reader:
                reader, state = chosen, scard.SCARD_STATE_UNAWARE
            if reader is None:
                self._report(self._tracker.reader_gone())
            wanted = [(_PLUG_AND_PLAY, 0)] if reader is None else [(_PLUG_AND_PLAY, 0), (reader, state)]
            result, states = scard.SCardGetStatusChange(context, _POLL_MS, wanted)
            match _unsigned(result):
                case 0:
                    state = self._observe(states, reader, state)
                case 0x8010000A | 0x80100002:
                    pass
                case 0x80100009 | 0x80100017:
                    self._report(self._tracker.reader_gone())
                    reader = None
                case _:
                    return useful
        return useful

    def _observe(self, states: list[tuple[str, int, list[int]]], reader: str | None, known: int) -> int:
        for name, event_state, _ in states:
            if name == reader:
                self._report(self._tracker.observe(event_state))
                return int(event_state & _STATE_BITS)
        return known

    def _report(self, reports: list[CardPresence]) -> None:
        for report in reports:
            self._post(report)


class PcscTransport:
    """`ports.CardTransport` over pcscd. `reader_pattern`: part of the reader's name, "" takes the first reader."""

    def __init__(self, reader_pattern: str, apdu_seconds: float = 5.0) -> None:
        self._pattern = _Pattern(reader_pattern)
        self._seconds = apdu_seconds
        self._watch: _Watch | None = None
        self._worker: Worker | None = None
        self._connection = _Connection(self._pattern)
        self._hanging: Worker | None = None

    def watch(self, post: Callable[[CardPresence], None]) -> None:
        """`post` is called from the watch thread."""
        if self._watch is None:
            self._watch = _Watch(self._pattern, post)

    def stop(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        self.disconnect()

    def connect(self) -> bytes:
        self.disconnect()
        if self._hanging is not None and not self._hanging.join(_CLOSE_SECONDS):
            raise DeviceError(FaultCode.CARD_SILENT, "the driver still waits for the last answer")
        self._hanging = None
        self._connection = connection = _Connection(self._pattern)
        self._worker = worker = Worker("pcsc-card", connection.close)
        try:
            return worker.run(connection.open, _CONNECT_SECONDS)
        except DeviceError:
            # Its own worker only: on a lane that was abandoned meanwhile, the next thread may have connected again.
            self._leave(worker)
            raise

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        worker, connection = self._worker, self._connection
        if worker is None:
            raise DeviceError(FaultCode.CARD_GONE, "not connected")
        return worker.run(lambda: connection.transmit(apdu), self._seconds)

    def disconnect(self) -> None:
        worker = self._worker
        if worker is not None:
            self._leave(worker)

    def _leave(self, worker: Worker) -> None:
        if self._worker is worker:
            self._worker = None
        if not worker.close(_CLOSE_SECONDS):
            self._hanging = worker

    def cancel(self) -> None:
        worker = self._worker
        if worker is not None:
            worker.cancel()
