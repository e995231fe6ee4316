"""The adapter's watch thread on a scripted `scard`: changes, swaps, lost readers and why they are lost."""

import queue
from collections.abc import Callable, Iterator

import pytest

from firmware.card import pcsc
from firmware.card.pcsc import PcscTransport
from firmware.core.events import CardPresence
from firmware.core.faults import DeviceError, FaultCode
from tests.unit.card.fake_scard import CARD, EMPTY, LONG, READER, FakeScard


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    fake = FakeScard()
    monkeypatch.setattr(pcsc, "scard", fake.as_module())
    monkeypatch.setattr(pcsc, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(pcsc, "_HANG_UP_PAUSE", 0.001)
    return fake


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
    assert str(transport.reader_fault) == "RDR-001"
    transport.watch(found.put)
    assert found.get(timeout=LONG) is CardPresence.READER_LOST
    assert transport.reader_fault is FaultCode.PCSC_DOWN
    scard.results["establish"] = 0
    scard.states.put((0, EMPTY))
    assert [found.get(timeout=LONG) for _ in range(2)] == [CardPresence.READER_BACK, CardPresence.ABSENT]
    transport.stop()


@pytest.mark.parametrize(
    ("call", "code", "fault"),
    [
        ("establish", 0x8010006A, FaultCode.READER_NO_ACCESS),
        ("list", 0x8010006A, FaultCode.PCSC_DOWN),
        ("list", 0x8010002E, FaultCode.READER_LOST),
        ("establish", 0x80100001, FaultCode.READER_LOST),
    ],
)
def test_why_the_reader_is_lost(scard: FakeScard, call: str, code: int, fault: FaultCode) -> None:
    scard.results[call] = code
    scard.readers = []
    found: queue.Queue[CardPresence] = queue.Queue()
    transport = PcscTransport("madoguchi")
    transport.watch(found.put)
    assert found.get(timeout=LONG) is CardPresence.READER_LOST
    assert transport.reader_fault is fault
    transport.stop()


def test_a_context_that_pcsc_lite_forgot_ends_nothing(
    scard: FakeScard, reports: Callable[[], CardPresence], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pyscard 2.3 really does where the context is not valid."""
    scard.states.put((0, CARD))
    assert reports() is CardPresence.PRESENT

    def forgotten(context: str, groups: list[str]) -> tuple[int, list[str]]:
        monkeypatch.setattr("firmware.card.pcsc.scard.SCardListReaders", scard.list_readers)
        raise SystemError(context, groups)

    monkeypatch.setattr("firmware.card.pcsc.scard.SCardListReaders", forgotten)
    scard.states.put((0, CARD))
    scard.states.put((0, CARD))
    assert [reports() for _ in range(3)] == [CardPresence.READER_LOST, CardPresence.READER_BACK, CardPresence.PRESENT]


def test_a_daemon_whose_socket_is_closed_to_us_is_no_access(scard: FakeScard, monkeypatch: pytest.MonkeyPatch) -> None:
    scard.results["establish"] = 0x8010001D
    monkeypatch.setattr(pcsc, "_shut_out", lambda: True)
    found: queue.Queue[CardPresence] = queue.Queue()
    transport = PcscTransport("madoguchi")
    transport.watch(found.put)
    assert found.get(timeout=LONG) is CardPresence.READER_LOST
    assert str(transport.reader_fault) == "RDR-003"
    with pytest.raises(DeviceError, match="RDR-003"):
        transport.connect()
    transport.stop()
