"""The PC/SC adapter on a scripted `scard`: result codes to faults, reader choice, watch thread.

With a real pcscd: tests/system/test_pcsc_adapter.py.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from smartcard import scard as real_scard

from firmware.card import pcsc
from firmware.card.pcsc import PcscTransport
from firmware.core.events import CardPresence
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import CardTransport

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

    def disconnect(self, card: str, disposition: int) -> int:
        return self._result("disconnect", card, disposition)

    def status_change(self, _context: str, _wait: int, wanted: ReaderStates) -> StatusChange:
        if threading.current_thread().name == "pcsc-card":
            changed = wanted[0][1] != self.card_state
            return (0 if changed else 0x8010000A), [(wanted[0][0], self.card_state, [])]
        result, state = self.states.get(timeout=LONG)
        return result, [(name, state if name == READER else 0, []) for name, _ in wanted]


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    fake = FakeScard()
    names = [name for name in dir(real_scard) if name.startswith("SCARD_")]
    module = SimpleNamespace(
        **{name: getattr(real_scard, name) for name in names},
        SCardEstablishContext=fake.establish,
        SCardReleaseContext=fake.release,
        SCardCancel=fake.cancel,
        SCardListReaders=fake.list_readers,
        SCardConnect=fake.connect,
        SCardStatus=fake.status,
        SCardTransmit=fake.transmit,
        SCardDisconnect=fake.disconnect,
        SCardGetStatusChange=fake.status_change,
    )
    monkeypatch.setattr(pcsc, "scard", module)
    monkeypatch.setattr(pcsc, "_FIRST_PAUSE", 0.001)
    return fake


def fault_of(call: Callable[[], object]) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        call()
    return caught.value.code


def test_it_is_the_port() -> None:
    port: CardTransport = PcscTransport("")
    port.disconnect()
    port.cancel()
    assert fault_of(lambda: port.transmit(b"\0\x20\0\x80")) is FaultCode.CARD_GONE


def test_connect_is_exclusive_and_disconnect_unpowers(scard: FakeScard) -> None:
    transport = PcscTransport("slot 1")
    assert transport.connect() == b"\x3b\x80"
    assert scard.named("connect") == [("connect", "context", READER, 1, 3)]
    assert transport.transmit(b"\x00\xa4") == (b"\x01\x02", 0x9000)
    assert scard.named("transmit")[0][3] == [0x00, 0xA4]
    transport.disconnect()
    transport.disconnect()
    assert scard.calls[-2:] == [("disconnect", "card", 2), ("release", "context")]


@pytest.mark.parametrize(("protocol", "pci"), [(1, real_scard.SCARD_PCI_T0), (2, real_scard.SCARD_PCI_T1)])
def test_the_protocol_of_the_card_is_used(scard: FakeScard, protocol: int, pci: object) -> None:
    scard.protocol = protocol
    transport = PcscTransport("")
    transport.connect()
    transport.transmit(b"\0")
    assert scard.named("transmit")[0][2] == pci
    transport.disconnect()


@pytest.mark.parametrize(
    ("pattern", "reader"),
    [("", "Another Reader 00 00"), ("[Slot 1]", READER), ("MADOGUCHI*00", READER), ("another", "Another Reader 00 00")],
)
def test_the_reader_is_chosen_by_name(scard: FakeScard, pattern: str, reader: str) -> None:
    transport = PcscTransport(pattern)
    transport.connect()
    assert scard.named("connect")[0][2] == reader
    transport.disconnect()


def test_no_reader_of_that_name_is_lost(scard: FakeScard) -> None:
    assert fault_of(PcscTransport("acr").connect) is FaultCode.READER_LOST
    scard.readers = []
    scard.results["list"] = 0x8010002E
    assert fault_of(PcscTransport("").connect) is FaultCode.READER_LOST
    assert scard.named("connect") == []
    assert len(scard.named("release")) == len(scard.named("establish")) == 2


CODES = [
    (0x80100069, FaultCode.CARD_GONE),
    (0x80100068, FaultCode.CARD_GONE),
    (0x8010000C, FaultCode.CARD_GONE),
    (0x80100066, FaultCode.CARD_SILENT),
    (0x8010000B, FaultCode.READER_BUSY),
    (0x8010006A, FaultCode.READER_NO_ACCESS),
    (0x8010001D, FaultCode.PCSC_DOWN),
    (0x8010001E, FaultCode.PCSC_DOWN),
    (0x80100009, FaultCode.READER_LOST),
    (0x80100017, FaultCode.READER_LOST),
    (0x80100001, FaultCode.CARD_SILENT),
]


@pytest.mark.parametrize(("code", "fault"), CODES)
@pytest.mark.parametrize("call", ["establish", "list", "connect", "status"])
def test_result_codes_of_connect(scard: FakeScard, call: str, code: int, fault: FaultCode) -> None:
    scard.results[call] = code - 0x1_0000_0000 if code % 2 else code
    assert fault_of(PcscTransport("").connect) is fault


@pytest.mark.parametrize(("code", "fault"), [*CODES, (0x80100008, FaultCode.CARD_GARBAGE)])
def test_result_codes_of_transmit(scard: FakeScard, code: int, fault: FaultCode) -> None:
    transport = PcscTransport("")
    transport.connect()
    scard.results["transmit"] = code
    assert fault_of(lambda: transport.transmit(b"\0")) is fault
    transport.disconnect()


@pytest.mark.parametrize(("state", "fault"), [(EMPTY, FaultCode.CARD_GONE), (CARD, FaultCode.CARD_SILENT)])
def test_not_transacted_asks_whether_the_card_is_there(scard: FakeScard, state: int, fault: FaultCode) -> None:
    transport = PcscTransport(READER)
    transport.connect()
    scard.results["transmit"] = 0x80100016
    scard.card_state = state
    assert fault_of(lambda: transport.transmit(b"\0")) is fault
    transport.disconnect()


@pytest.mark.parametrize(("state", "fault"), [(EMPTY, FaultCode.CARD_GONE), (CARD, FaultCode.CARD_GARBAGE)])
def test_an_answer_without_status_word(scard: FakeScard, state: int, fault: FaultCode) -> None:
    transport = PcscTransport(READER)
    transport.connect()
    scard.answer = [0x90]
    scard.card_state = state
    assert fault_of(lambda: transport.transmit(b"\0")) is fault
    transport.disconnect()


def test_a_driver_that_hangs_costs_the_deadline_and_is_left(scard: FakeScard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcsc, "_CLOSE_SECONDS", 0.01)
    transport = PcscTransport("", apdu_seconds=0.01)
    transport.connect()
    scard.block = threading.Event()
    assert fault_of(lambda: transport.transmit(b"\0")) is FaultCode.CARD_SILENT
    transport.disconnect()
    assert fault_of(transport.connect) is FaultCode.CARD_SILENT
    assert len(scard.named("connect")) == 1
    monkeypatch.setattr(pcsc, "_CLOSE_SECONDS", LONG)
    scard.block.set()
    assert transport.connect() == b"\x3b\x80"
    assert len(scard.named("disconnect")) == 1
    transport.disconnect()


def test_a_connect_that_fails_late_leaves_the_next_connection_alone(
    scard: FakeScard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old thread's `connect` was cancelled, and has not cleaned up when the new thread has connected."""
    transport, late, entered, faults = PcscTransport(""), threading.Event(), threading.Event(), list[FaultCode]()

    def hang(context: str, reader: str, share: int, protocols: int) -> tuple[int, str, int]:
        if not entered.is_set():
            entered.set()
            late.wait(LONG)
            return -0x7FEFFF97, "", 0  # 0x80100069: the card was removed
        return scard.connect(context, reader, share, protocols)

    monkeypatch.setattr("firmware.card.pcsc.scard.SCardConnect", hang)
    old = threading.Thread(target=lambda: faults.append(fault_of(transport.connect)), daemon=True)
    old.start()
    assert entered.wait(LONG)
    first = transport._worker
    transport._worker = None  # as when the new thread's `connect` has left it
    assert transport.connect() == b"\x3b\x80"
    late.set()
    old.join(LONG)
    assert faults == [FaultCode.CARD_GONE]
    assert first is not transport._worker
    assert transport.transmit(b"\x00\xa4") == (b"\x01\x02", 0x9000)
    transport.disconnect()


@pytest.fixture
def reports(scard: FakeScard) -> Iterator[Callable[[], CardPresence]]:
    found: queue.Queue[CardPresence] = queue.Queue()
    transport = PcscTransport("madoguchi")
    transport.watch(found.put)
    transport.watch(found.put)
    yield lambda: found.get(timeout=LONG)
    transport.stop()
    transport.stop()
    assert found.empty()
    assert len(scard.named("establish")) == len(scard.named("release"))


def test_the_watch_reports_state_changes_and_swaps(scard: FakeScard, reports: Callable[[], CardPresence]) -> None:
    for state in (EMPTY, 1 << 16 | CARD, 1 << 16 | CARD, 3 << 16 | CARD, 4 << 16 | EMPTY):
        scard.states.put((0, state))
    assert [reports() for _ in range(5)] == [
        CardPresence.ABSENT, CardPresence.PRESENT, CardPresence.ABSENT, CardPresence.PRESENT, CardPresence.ABSENT,
    ]  # fmt: skip


@pytest.mark.parametrize("code", [0x8010001D, 0x8010001E, 0x80100013, 0x80100003, 0x80100009, 0x80100017])
def test_the_watch_survives(scard: FakeScard, reports: Callable[[], CardPresence], code: int) -> None:
    scard.states.put((0, CARD))
    scard.states.put((0x8010000A, 0))
    scard.states.put((code, 0))
    scard.states.put((0, EMPTY))
    assert [reports() for _ in range(4)] == [
        CardPresence.PRESENT, CardPresence.READER_LOST, CardPresence.READER_BACK, CardPresence.ABSENT,
    ]  # fmt: skip


def test_a_reader_that_is_unplugged_and_back(scard: FakeScard, reports: Callable[[], CardPresence]) -> None:
    scard.states.put((0, CARD))
    assert reports() is CardPresence.PRESENT
    scard.readers = []
    scard.results["list"] = 0x8010002E
    scard.states.put((0x8010000A, 0))
    assert reports() is CardPresence.READER_LOST
    scard.readers = [READER]
    scard.results["list"] = 0
    scard.states.put((0, 0))
    scard.states.put((0, CARD))
    assert [reports(), reports()] == [CardPresence.READER_BACK, CardPresence.PRESENT]


def test_a_daemon_that_is_not_there_is_a_lost_reader(scard: FakeScard) -> None:
    scard.results["establish"] = 0x8010001D
    found: queue.Queue[CardPresence] = queue.Queue()
    transport = PcscTransport("madoguchi")
    transport.watch(found.put)
    assert found.get(timeout=LONG) is CardPresence.READER_LOST
    scard.results["establish"] = 0
    scard.states.put((0, EMPTY))
    assert [found.get(timeout=LONG) for _ in range(2)] == [CardPresence.READER_BACK, CardPresence.ABSENT]
    transport.stop()
