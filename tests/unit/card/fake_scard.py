"""A scripted `smartcard.scard` in the place of the one that `card/pcsc.py` uses."""

import queue
import threading
from types import SimpleNamespace

from smartcard import scard as real_scard

LONG = 20.0
EMPTY, CARD = 0x12, 0x22
READER = "Madoguchi Reader [Slot 1] 00 00"
ReaderStates = list[tuple[str, int]]
StatusChange = tuple[int, list[tuple[str, int, list[int]]]]


class FakeScard:
    """The functions of `smartcard.scard` that the adapter uses. `results`: function name to a result code."""

    def __init__(self) -> None:
        self.readers = ["Another Reader 00 00", READER]
        self.results: dict[str, int] = {}
        self.answer = [0x01, 0x02, 0x90, 0x00]
        self.protocol = 2
        self.states: queue.Queue[tuple[int, int]] = queue.Queue()
        self.card_state = CARD
        self.calls: list[tuple[object, ...]] = []
        self.block: threading.Event | None = None
        self.controls: dict[int, bytes] = {}

    def _result(self, name: str, *details: object) -> int:
        self.calls.append((name, *details))
        return self.results.get(name, 0)

    def named(self, name: str) -> list[tuple[object, ...]]:
        return [call for call in self.calls if call[0] == name]

    def establish(self, scope: int) -> tuple[int, str]:
        return self._result("establish", scope), "context"

    def release(self, context: str) -> int:
        return self._result("release", context)

    def cancel(self, context: str) -> int:
        self.states.put((0x80100002, 0))
        return self._result("cancel", context)

    def list_readers(self, context: str, groups: list[str]) -> tuple[int, list[str]]:
        assert groups == []
        return self._result("list", context), list(self.readers)

    def connect(self, context: str, reader: str, share: int, protocols: int) -> tuple[int, str, int]:
        return self._result("connect", context, reader, share, protocols), "card", self.protocol

    def status(self, card: str) -> tuple[int, str, int, int, list[int]]:
        return self._result("status", card), READER, 0, 2, [0x3B, 0x80]

    def transmit(self, card: str, protocol: object, apdu: list[int]) -> tuple[int, list[int]]:
        if self.block is not None:
            self.block.wait(LONG)
        return self._result("transmit", card, protocol, apdu), self.answer

    def control(self, card: str, code: int, sent: list[int]) -> tuple[int, list[int]]:
        assert (card, sent) == ("card", [])
        if code in self.controls:
            return self._result("control", code), list(self.controls[code])
        return 0x8010001F - 0x1_0000_0000, []

    def disconnect(self, card: str, disposition: int) -> int:
        return self._result("disconnect", card, disposition)

    def status_change(self, _context: str, _wait: int, wanted: ReaderStates) -> StatusChange:
        if threading.current_thread().name == "pcsc-card":
            changed = wanted[0][1] != self.card_state
            return (0 if changed else 0x8010000A), [(wanted[0][0], self.card_state, [])]
        result, state = self.states.get(timeout=LONG)
        return result, [(name, state if name == READER else 0, []) for name, _ in wanted]

    def as_module(self) -> SimpleNamespace:
        """With the constants of the real one."""
        names = [name for name in dir(real_scard) if name.startswith("SCARD_")]
        return SimpleNamespace(
            **{name: getattr(real_scard, name) for name in names},
            SCardEstablishContext=self.establish,
            SCardReleaseContext=self.release,
            SCardCancel=self.cancel,
            SCardListReaders=self.list_readers,
            SCardConnect=self.connect,
            SCardStatus=self.status,
            SCardTransmit=self.transmit,
            SCardControl=self.control,
            SCardDisconnect=self.disconnect,
            SCardGetStatusChange=self.status_change,
        )
