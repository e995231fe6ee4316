"""PC/SC: the only file that imports pyscard, and only its thin `smartcard.scard` layer.

Threads: `watch` starts one that lives until `stop` (pyscard's own CardMonitor ends for good when pcscd restarts, ours
re-establishes its context); each connection has a worker thread, so that a driver that never answers costs a deadline
and not the card lane. pcsc-lite's SCardCancel ends nothing but SCardGetStatusChange, so `cancel` and the deadline walk
away from the worker, which unpowers the card and frees its context when its call comes back; until then `connect` says
CARD_SILENT (taking the card away ends the driver's wait). PCSCLITE_CSOCK_NAME in the environment names a private pcscd
(pcsc-lite reads it once per process).

The card is held exclusively: others get a sharing violation meanwhile, and when this process dies pcscd resets the card
before anybody else may connect (seen with pcscd 1.9.9: a transaction on top adds nothing, a card held shared without
one keeps its verified state).

Seconds are real time. Raises the CRD- and RDR- codes of `pcsc_codes`. Source: PC/SC parts 5 and 10, hardware.md 1.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smartcard import scard

from firmware.card import pcsc_codes as codes
from firmware.card.presence import PresenceTracker, ReaderPattern
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
_HANG_UP_PAUSE = 0.1
_SYSTEM_SOCKET = "/run/pcscd/pcscd.comm"
_WATCH_FAULTS = frozenset({FaultCode.READER_NO_ACCESS, FaultCode.PCSC_DOWN})


def _fault_of(result: int) -> FaultCode:
    """pcsc-lite says "no service" too where the daemon's socket is closed to this user."""
    if result == codes.NO_SERVICE and _shut_out():
        return FaultCode.READER_NO_ACCESS
    return codes.fault_of(result)


def _shut_out() -> bool:
    path = os.environ.get("PCSCLITE_CSOCK_NAME", _SYSTEM_SOCKET)
    return os.access(path, os.F_OK) and not os.access(path, os.W_OK)


def _unsigned(result: int) -> int:
    return result & 0xFFFF_FFFF


def _readers(context: object) -> tuple[int, list[str]]:
    result, names = scard.SCardListReaders(context, [])
    return _unsigned(result), sorted(names)


def _establish() -> tuple[int, object]:
    """Asks twice after a hang-up ("security violation"): the daemon refuses us, or it was just ending."""
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if _unsigned(result) == codes.SECURITY_VIOLATION:
        time.sleep(_HANG_UP_PAUSE)
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    return _unsigned(result), context


@contextmanager
def _pyscard() -> Iterator[None]:
    """For a handle that pcsc-lite does not know (any more) pyscard 2.3 raises SystemError, not a result code."""
    try:
        yield
    except SystemError:
        raise DeviceError(FaultCode.PCSC_DOWN, "pyscard lost its context") from None


class _Connection:
    """Context and card handle of one connection. Worker thread only."""

    def __init__(self, pattern: ReaderPattern) -> None:
        self._pattern = pattern
        self._reader = ""
        self._context: object | None = None
        self._card: object | None = None
        self._protocol = scard.SCARD_PCI_T1
        self.longest_answer = codes.LONGEST_ANSWER
        self._spent = False

    def open(self) -> bytes:
        with _pyscard():
            return self._open()

    def _open(self) -> bytes:
        result, context = _establish()
        self._demand(result, "context", refusable=True)
        self._context = context
        result, names = _readers(self._context)
        if result != codes.NO_READERS:
            self._demand(result, "readers")
        reader = self._pattern.choose(names)
        if reader is None:
            raise DeviceError(FaultCode.READER_LOST, "no reader of that name")
        self._reader = reader
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, card, protocol = scard.SCardConnect(self._context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        if _unsigned(result) == codes.SECURITY_VIOLATION:
            # A refusal comes from a daemon that goes on answering; a hang-up does not.
            self._demand(_readers(self._context)[0], "connect, readers")
        self._demand(result, "connect", refusable=True)
        self._card = card
        self._protocol = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        result, _, _, _, atr = scard.SCardStatus(card)
        self._demand(result, "status")
        self.longest_answer = self._ask_longest_answer()
        return bytes(atr)

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """One exchange. After a failed one nothing is sent any more.

        A card that was swapped faster than pcscd looks (0.4 s) answers on the same connection, and nobody knows it.
        """
        if self._spent:
            raise DeviceError(FaultCode.CARD_GONE, "an exchange failed before")
        self._spent = True
        with _pyscard():
            answer = self._exchange(apdu)
        self._spent = False
        return answer

    def _exchange(self, apdu: bytes) -> tuple[bytes, int]:
        result, answer = scard.SCardTransmit(self._card, self._protocol, list(apdu))
        if _unsigned(result) == codes.NOT_TRANSACTED:
            raise self._gone_or(FaultCode.CARD_SILENT, "not transacted")
        self._demand(result, "transmit")
        if len(answer) < 2:
            raise self._gone_or(FaultCode.CARD_GARBAGE, "answer without status word")
        return bytes(answer[:-2]), answer[-2] << 8 | answer[-1]

    def _ask_longest_answer(self) -> int:
        """The driver's word; a driver that has none is believed to carry everything, whatever its reason."""
        result, features = scard.SCardControl(self._card, scard.SCARD_CTL_CODE(codes.FEATURE_REQUEST), [])
        control = codes.properties_control(bytes(features)) if _unsigned(result) == codes.OK else None
        if control is None:
            return codes.LONGEST_ANSWER
        result, properties = scard.SCardControl(self._card, control, [])
        return codes.longest_answer(bytes(properties)) if _unsigned(result) == codes.OK else codes.LONGEST_ANSWER

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
            if _unsigned(result) == codes.TIMEOUT:
                return False
            if _unsigned(result) != codes.OK or not states[0][1] & scard.SCARD_STATE_PRESENT:
                return True
            state = states[0][1] & _STATE_BITS
        return False

    @staticmethod
    def _demand(result: int, where: str, *, refusable: bool = False) -> None:
        """`refusable`: where the daemon may refuse an account; elsewhere that code means that it hung up."""
        code = _unsigned(result)
        if code == codes.SECURITY_VIOLATION and not refusable:
            raise DeviceError(FaultCode.PCSC_DOWN, f"{where}: the daemon hung up")
        if code != codes.OK:
            raise DeviceError(_fault_of(code), f"{where} {code:08X}")


class _Watch:
    """The watch thread: reports the present state first, then every change, through restarts of pcscd."""

    def __init__(self, pattern: ReaderPattern, post: Callable[[CardPresence], None]) -> None:
        self._pattern = pattern
        self._post = post
        self._tracker = PresenceTracker()
        self._stop = threading.Event()
        self._context: object | None = None
        self._pause = _FIRST_PAUSE
        self.trouble = FaultCode.READER_LOST
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
        while not self._stop.is_set():
            result, context = _establish()
            if result == codes.OK:
                self._context = context
                result = self._follow(context)
                self._context = None
                scard.SCardReleaseContext(context)
            if self._stop.is_set():
                return
            self._lost(result)
            self._stop.wait(self._pause * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _follow(self, context: object) -> int:
        """Until the context is of no use any more; the result code that said so."""
        try:
            with _pyscard():
                result = self._watch_reader(context)
        except DeviceError:
            return codes.INVALID_HANDLE
        return codes.SERVICE_STOPPED if result == codes.SECURITY_VIOLATION else result

    def _watch_reader(self, context: object) -> int:
        reader, state = None, scard.SCARD_STATE_UNAWARE
        while not self._stop.is_set():
            result, names = _readers(context)
            if result not in {codes.OK, codes.NO_READERS}:
                return result
            self._pause = _FIRST_PAUSE
            chosen = self._pattern.choose(names)
            if chosen is None or chosen != reader:
                reader, state = chosen, scard.SCARD_STATE_UNAWARE
            if reader is None:
                self._lost(codes.NO_READERS)
            wanted = [(_PLUG_AND_PLAY, 0)] if reader is None else [(_PLUG_AND_PLAY, 0), (reader, state)]
            result, states = scard.SCardGetStatusChange(context, _POLL_MS, wanted)
            match _unsigned(result):
                case codes.OK:
                    state = self._observe(states, reader, state)
                case codes.TIMEOUT | codes.CANCELLED:
                    pass
                case codes.UNKNOWN_READER | codes.READER_UNAVAILABLE as lost:
                    self._lost(lost)
                    reader = None
                case other:
                    return other
        return codes.OK

    def _lost(self, result: int) -> None:
        fault = _fault_of(result)
        self.trouble = fault if fault in _WATCH_FAULTS else FaultCode.READER_LOST
        self._report(self._tracker.reader_gone())

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
        self._pattern = ReaderPattern(reader_pattern)
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

    @property
    def reader_fault(self) -> FaultCode:
        """Why the watch reported READER_LOST last: READER_LOST, READER_NO_ACCESS or PCSC_DOWN. From any thread."""
        watch = self._watch
        return FaultCode.READER_LOST if watch is None else watch.trouble

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

    @property
    def longest_answer(self) -> int:
        return self._connection.longest_answer

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
