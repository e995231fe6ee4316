"""The PC/SC adapter on a scripted `scard`: result codes to faults, reader choice, deadlines.

With a real pcscd: tests/system/test_pcsc_adapter.py.
"""

import threading
from collections.abc import Callable

import pytest
from smartcard import scard as real_scard

from firmware.card import pcsc
from firmware.card.pcsc import PcscTransport
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import CardTransport
from tests.unit.card.fake_scard import CARD, EMPTY, LONG, READER, FakeScard


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    fake = FakeScard()
    monkeypatch.setattr(pcsc, "scard", fake.as_module())
    monkeypatch.setattr(pcsc, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(pcsc, "_HANG_UP_PAUSE", 0.001)
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
    (0x80100066, FaultCode.CARD_SILENT),
    (0x8010000F, FaultCode.CARD_NOT_MYNUMBER),
    (0x8010000B, FaultCode.READER_BUSY),
    (0x8010001D, FaultCode.PCSC_DOWN),
    (0x80100017, FaultCode.READER_LOST),
    (0x80100099, FaultCode.CARD_SILENT),
]


@pytest.mark.parametrize(("code", "fault"), CODES)
@pytest.mark.parametrize("call", ["establish", "list", "connect", "status"])
def test_result_codes_of_connect(scard: FakeScard, call: str, code: int, fault: FaultCode) -> None:
    scard.results[call] = code - 0x1_0000_0000 if code % 2 else code
    with pytest.raises(DeviceError, match=f"{code:08X}") as caught:
        PcscTransport("").connect()
    assert caught.value.code is fault


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("establish", FaultCode.READER_NO_ACCESS),
        ("connect", FaultCode.READER_NO_ACCESS),
        ("list", FaultCode.PCSC_DOWN),
        ("status", FaultCode.PCSC_DOWN),
        ("transmit", FaultCode.PCSC_DOWN),
    ],
)
def test_a_refusal_and_a_hang_up_have_the_same_code(scard: FakeScard, call: str, fault: FaultCode) -> None:
    """An account is refused a context or a card; anywhere else the daemon was ending."""
    scard.results[call] = 0x8010006A - 0x1_0000_0000
    transport = PcscTransport("")
    assert fault_of(lambda: (transport.connect(), transport.transmit(b"\0"))) is fault
    transport.disconnect()


FEATURES = bytes.fromhex("0604 42330006 1204 42330012 2004 42330020".replace(" ", ""))


@pytest.mark.parametrize(
    ("controls", "longest"),
    [
        ({}, 65_536),
        ({0x42000D48: b""}, 65_536),
        ({0x42000D48: FEATURES[:6]}, 65_536),
        ({0x42000D48: FEATURES}, 65_536),
        ({0x42000D48: FEATURES, 0x42330012: b"\x09\x01\x00\x0a\x04\x00\x00\x00\x00"}, 256),
        ({0x42000D48: FEATURES, 0x42330012: b"\x0a\x04\x00\x08\x00\x00"}, 2_048),
    ],
)
def test_the_longest_answer_is_the_drivers_word(scard: FakeScard, controls: dict[int, bytes], longest: int) -> None:
    scard.controls = controls
    transport = PcscTransport("")
    assert transport.longest_answer == 65_536
    assert transport.connect() == b"\x3b\x80"
    assert transport.longest_answer == longest
    transport.disconnect()


def test_a_driver_that_refuses_to_tell_fails_no_connect(scard: FakeScard) -> None:
    scard.controls = {0x42000D48: FEATURES, 0x42330012: b"\x0a\x04\x00\x00\x00\x00"}
    scard.results["control"] = 0x80100016
    transport = PcscTransport("")
    assert transport.connect() == b"\x3b\x80"
    assert transport.longest_answer == 65_536
    assert scard.named("control") == [("control", 0x42000D48)]
    transport.disconnect()


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


def test_after_a_failed_exchange_nothing_is_sent_until_the_next_connect(scard: FakeScard) -> None:
    """A card swapped faster than pcscd looks would answer on the same connection."""
    transport = PcscTransport(READER)
    transport.connect()
    good, scard.answer = scard.answer, [0x90]
    assert fault_of(lambda: transport.transmit(b"\x01")) is FaultCode.CARD_GARBAGE
    scard.answer = good
    assert fault_of(lambda: transport.transmit(b"\x02")) is FaultCode.CARD_GONE
    transport.connect()
    assert transport.transmit(b"\x03") == (b"\x01\x02", 0x9000)
    assert [call[3] for call in scard.named("transmit")] == [[1], [3]]
    transport.disconnect()


def test_a_daemon_that_hangs_up_is_asked_again(scard: FakeScard, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was ending (here: and is back), or it refuses this account; pcsc-lite has one word for both."""
    codes = [0x8010006A - 0x1_0000_0000, 0]
    monkeypatch.setattr("firmware.card.pcsc.scard.SCardEstablishContext", lambda _: (codes.pop(0), "context"))
    transport = PcscTransport(READER)
    assert transport.connect() == b"\x3b\x80"
    transport.disconnect()


def test_a_daemon_that_hangs_up_on_connect_is_no_refusal(scard: FakeScard, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = PcscTransport(READER)
    lists = iter([0, 0x8010001E])
    scard.results["connect"] = 0x8010006A
    real = scard.list_readers

    def list_readers(context: str, groups: list[str]) -> tuple[int, list[str]]:
        return next(lists), real(context, groups)[1]

    monkeypatch.setattr("firmware.card.pcsc.scard.SCardListReaders", list_readers)
    assert fault_of(transport.connect) is FaultCode.PCSC_DOWN


def test_pyscards_own_errors_are_a_lost_daemon(scard: FakeScard, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> tuple[int, list[int]]:
        raise SystemError("error return without exception set")

    transport = PcscTransport(READER)
    transport.connect()
    monkeypatch.setattr("firmware.card.pcsc.scard.SCardTransmit", broken)
    assert fault_of(lambda: transport.transmit(b"\0")) is FaultCode.PCSC_DOWN
    monkeypatch.setattr("firmware.card.pcsc.scard.SCardListReaders", broken)
    assert fault_of(transport.connect) is FaultCode.PCSC_DOWN
    assert scard.named("disconnect")
