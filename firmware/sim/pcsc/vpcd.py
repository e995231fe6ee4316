"""Puts a simulated card into a slot of vpcd, the virtual reader driver of a PC/SC daemon.

`insert` starts one thread per card which connects to the slot's TCP port, answers until the card is removed, and
connects again when the daemon was restarted. Frames: two bytes big-endian length, then the payload; one-byte payloads
are control messages. Times in seconds. Source: facts card.md 8, hardware.md 1.
"""

import socket
import threading

from firmware.sim.card.contract import Card, CardPulledError, CardSilentError

_HOST = "127.0.0.1"
_CONNECT_TIMEOUT = 1.0
_RETRY_PAUSE = 0.05
_JOIN_TIMEOUT = 5.0
_OFF, _ON, _RESET, _ATR = 0, 1, 2, 4


class VpcdSlot:
    """One slot of a virtual reader, empty until `insert`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._visit: _Insertion | None = None

    @property
    def occupied(self) -> bool:
        """Whether a card lies in the slot (a card that was pulled by its script does not)."""
        with self._lock:
            return self._visit is not None and not self._visit.ended

    def insert(self, card: Card) -> None:
        """Put `card` into the slot; the daemon sees it within its poll (about 0.4 s)."""
        with self._lock:
            if self._visit is not None and not self._visit.ended:
                raise RuntimeError("a card already lies in the slot")
            self._visit = _Insertion(self._port, card)
            self._visit.start()

    def remove(self) -> None:
        """Take the card out, whatever it is doing; returns when its thread has ended. Idempotent."""
        with self._lock:
            visit, self._visit = self._visit, None
        if visit is not None:
            visit.end()


class _Insertion:
    """The time one card spends in the slot."""

    def __init__(self, port: int, card: Card) -> None:
        self._port = port
        self._card = card
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name=f"vpcd-card-{port}", daemon=True)

    @property
    def ended(self) -> bool:
        return self._ending.is_set()

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        with self._lock:
            if self._connection is not None:
                _shut(self._connection)
        self._thread.join(_JOIN_TIMEOUT)

    def _serve(self) -> None:
        while not self._ending.is_set():
            try:
                with socket.create_connection((_HOST, self._port), _CONNECT_TIMEOUT) as connection:
                    self._talk(connection)
            except CardPulledError:
                self._ending.set()
            except OSError:
                # No daemon, or it went away: the card stays in the slot and is found again by the next one.
                self._ending.wait(_RETRY_PAUSE)
        self._card.power_off()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(None)
        with self._lock:
            self._connection = connection
        try:
            while not self._ending.is_set():
                self._answer(connection, _receive_frame(connection))
        finally:
            with self._lock:
                self._connection = None
            self._card.power_off()

    def _answer(self, connection: socket.socket, message: bytes) -> None:
        if len(message) != 1:
            try:
                _send_frame(connection, self._card.process(message))
            except CardSilentError:
                # The driver waits in its receive until the card is removed or the daemon stops.
                return
        elif message[0] == _ATR:
            _send_frame(connection, self._card.atr)
        elif message[0] in {_ON, _RESET}:
            self._card.power_on()
        elif message[0] == _OFF:
            self._card.power_off()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the daemon was quicker


def _send_frame(connection: socket.socket, payload: bytes) -> None:
    connection.sendall(len(payload).to_bytes(2, "big") + payload)


def _receive_frame(connection: socket.socket) -> bytes:
    size = int.from_bytes(_receive(connection, 2), "big")
    return _receive(connection, size)


def _receive(connection: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes. vpcd sends length and payload apart: without quick acknowledgement each costs 40 ms."""
    data = bytearray()
    while len(data) < size:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionResetError("the daemon closed the slot")
        data += part
    return bytes(data)
