"""The ways a simulated card reaches a reader: in process, over vpcd's protocol, behind a slow link, with faults."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from firmware.core.events import CardPresence
from firmware.core.faults import DeviceError, FaultCode
from firmware.ports import CardTransport
from firmware.sim.card.contract import CardSilentError
from firmware.sim.card.faults import FaultScript, FaultyCard
from firmware.sim.card.image import CardImage
from firmware.sim.card.inprocess import InProcessReader
from firmware.sim.card.link import LinkedCard, LinkModel
from firmware.sim.card.machine import VirtualCard
from firmware.sim.pcsc.vpcd import VpcdSlot

JPKI = bytes.fromhex("00A4040C0AD392F000260100000001")
PIN = bytes.fromhex("00A4020C020018")
TRIES = bytes.fromhex("00200080")


@pytest.fixture
def reader(card: VirtualCard) -> InProcessReader:
    reader = InProcessReader(silence=0.05)
    reader.insert(card)
    return reader


def fault(call: Callable[[], object]) -> FaultCode:
    with pytest.raises(DeviceError) as caught:
        call()
    return caught.value.code


def test_in_process_exchange(reader: InProcessReader, card: VirtualCard) -> None:
    transport: CardTransport = reader
    assert transport.connect() == card.atr
    assert transport.transmit(JPKI) == (b"", 0x9000)
    assert transport.transmit(PIN) == (b"", 0x9000)
    assert transport.transmit(TRIES) == (b"", 0x63C3)
    transport.disconnect()
    transport.disconnect()
    assert fault(lambda: transport.transmit(TRIES)) is FaultCode.CARD_GONE
    transport.connect()
    assert transport.transmit(TRIES) == (b"", 0x6986), "unpowered in between: nothing is selected"


def test_presence_is_reported_from_the_present_state_on(card: VirtualCard) -> None:
    reader, seen = InProcessReader(), list[CardPresence]()
    reader.insert(card)
    reader.watch(seen.append)
    reader.remove()
    reader.remove()
    reader.insert(card)
    reader.lose_reader()
    reader.remove()
    reader.restore_reader()
    reader.stop()
    reader.insert(card)
    assert [item.name for item in seen] == [
        "PRESENT",
        "ABSENT",
        "PRESENT",
        "READER_LOST",
        "READER_BACK",
        "ABSENT",
    ]


def test_no_card_and_no_reader(reader: InProcessReader) -> None:
    reader.connect()
    reader.lose_reader()
    assert fault(lambda: reader.transmit(TRIES)) is FaultCode.READER_LOST
    assert fault(reader.connect) is FaultCode.READER_LOST
    reader.restore_reader()
    assert fault(lambda: reader.transmit(TRIES)) is FaultCode.CARD_GONE, "the connection died with the reader"
    reader.remove()
    assert fault(reader.connect) is FaultCode.CARD_GONE


def test_a_swapped_card_does_not_answer_for_the_old_one(reader: InProcessReader, image: CardImage) -> None:
    reader.connect()
    reader.remove()
    reader.insert(VirtualCard(image))
    assert fault(lambda: reader.transmit(TRIES)) is FaultCode.CARD_GONE
    with pytest.raises(RuntimeError, match="already"):
        reader.insert(VirtualCard(image))


def faulty_reader(image: CardImage, script: FaultScript, silence: float = 0.05) -> tuple[InProcessReader, FaultyCard]:
    card = FaultyCard(VirtualCard(image), script, sleep=lambda _: None)
    reader = InProcessReader(silence)
    reader.insert(card)
    reader.connect()
    return reader, card


def test_a_silent_card(image: CardImage) -> None:
    reader, _ = faulty_reader(image, FaultScript(silent_from=2))
    assert reader.transmit(JPKI)[1] == 0x9000
    assert fault(lambda: reader.transmit(PIN)) is FaultCode.CARD_SILENT
    assert fault(lambda: reader.transmit(PIN)) is FaultCode.CARD_SILENT


@pytest.mark.parametrize(
    ("end", "code"),
    [("cancel", FaultCode.CARD_SILENT), ("remove", FaultCode.CARD_GONE), ("lose_reader", FaultCode.READER_LOST)],
)
def test_a_hanging_transmit_ends_at_once(image: CardImage, end: str, code: FaultCode) -> None:
    reader, card = faulty_reader(image, FaultScript(silent_from=1), silence=60)
    found: list[FaultCode] = []
    thread = threading.Thread(target=lambda: found.append(fault(lambda: reader.transmit(JPKI))))
    thread.start()
    while not card.commands:
        thread.join(0.01)
    while thread.is_alive():
        getattr(reader, end)()
        thread.join(0.05)
    assert found == [code]


def test_a_card_pulled_by_its_script(image: CardImage) -> None:
    seen: list[CardPresence] = []
    reader, _ = faulty_reader(image, FaultScript(pull_at=2))
    reader.watch(seen.append)
    reader.transmit(JPKI)
    assert fault(lambda: reader.transmit(PIN)) is FaultCode.CARD_GONE
    assert seen == [CardPresence.PRESENT, CardPresence.ABSENT]


def test_garbage(image: CardImage) -> None:
    reader, _ = faulty_reader(image, FaultScript(garbage={1: b"", 2: b"\x90", 3: b"\x01\x02\x90\x00"}))
    assert fault(lambda: reader.transmit(JPKI)) is FaultCode.CARD_GARBAGE
    assert fault(lambda: reader.transmit(JPKI)) is FaultCode.CARD_GARBAGE
    assert reader.transmit(JPKI) == (b"\x01\x02", 0x9000)
    assert reader.transmit(PIN)[1] == 0x6A82, "the scripted answers never reached the card"


def test_delays_are_waited_before_the_card_is_asked(image: CardImage) -> None:
    waited: list[float] = []
    card = FaultyCard(VirtualCard(image), FaultScript(delays={2: 0.7}, delay_each=0.1), sleep=waited.append)
    for command in (JPKI, PIN, TRIES):
        card.process(command)
    assert waited == [0.1, 0.7, 0.1]


def test_link_times(image: CardImage) -> None:
    waited: list[float] = []
    card = LinkedCard(VirtualCard(image), sleep=waited.append)
    card.power_on()
    card.process(JPKI)
    card.process(bytes.fromhex("00A4040C0AD3921000310001010402"))
    card.process(bytes.fromhex("802A000001AA00"))
    card.process(bytes.fromhex("802A060001AA00"))
    link = [(15 + 2) * 8 / 106_000 + 0.003] * 2
    assert waited == pytest.approx([*link, (7 + 258) * 8 / 106_000 + 0.403, (7 + 2) * 8 / 106_000 + 0.003])
    assert LinkModel(212_000, 0, 0).seconds(100, 165, rsa=True) == pytest.approx(0.01)


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_lost_exchange_counts_only_where_the_card_got_it(image: CardImage, carried_out: bool) -> None:
    chip = VirtualCard(image)
    lost = frozenset({3})
    model = LinkModel(lost_after=lost) if carried_out else LinkModel(lost_before=lost)
    card = LinkedCard(chip, model, sleep=lambda _: None)
    wrong = bytes.fromhex("002000800430303030")
    assert [card.process(command) for command in (JPKI, PIN)] == [b"\x90\x00"] * 2
    for command in (wrong, TRIES):
        with pytest.raises(CardSilentError):
            card.process(command)
    assert chip.tries("jpki", 0x18) == (2 if carried_out else 3)
    card.power_on()
    assert card.process(JPKI) == b"\x90\x00", "a new power-up, and it answers again"


EXTENDED = bytes.fromhex("00B00000000200")


def test_a_reader_for_short_apdus(card: VirtualCard) -> None:
    reader = InProcessReader(longest_answer=256)
    reader.insert(card)
    reader.connect()
    assert reader.longest_answer == 256
    for command in (JPKI, bytes.fromhex("00A4020C02000A")):
        reader.transmit(command)
    assert fault(lambda: reader.transmit(EXTENDED)) is FaultCode.CARD_SILENT
    assert len(reader.transmit(bytes.fromhex("00B0000000"))[0]) == 256
    assert all(entry.header != "00B00000" or entry.received == 256 for entry in card.log.entries)


def test_a_reader_with_room_for_some_extended_answers(card: VirtualCard) -> None:
    reader = InProcessReader(longest_answer=512)
    assert InProcessReader().longest_answer == 65_536
    reader.insert(card)
    reader.connect()
    for command in (JPKI, bytes.fromhex("00A4020C02000A")):
        reader.transmit(command)
    assert len(reader.transmit(EXTENDED)[0]) == 512
    assert fault(lambda: reader.transmit(bytes.fromhex("00B00000000201"))) is FaultCode.CARD_SILENT


class Driver:
    """The other end of vpcd's protocol, in hand-written bytes."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.port: int = self.listener.getsockname()[1]
        self.connection: socket.socket | None = None

    def accept(self) -> None:
        self.close_card()
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(10)

    def send(self, payload: bytes) -> None:
        assert self.connection is not None
        for part in (bytes([len(payload) >> 8, len(payload) & 0xFF]), payload):
            self.connection.sendall(part)

    def answer(self) -> bytes:
        """One whole frame; empty when the card is gone."""
        assert self.connection is not None
        with self.connection.makefile("rb") as stream:
            return stream.read(int.from_bytes(stream.read(2), "big"))

    def ask(self, payload: bytes) -> bytes:
        self.send(payload)
        return self.answer()

    def close_card(self) -> None:
        if self.connection is not None:
            self.connection.close()


@pytest.fixture
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close_card()
    driver.listener.close()


@pytest.fixture
def slot(driver: Driver) -> Iterator[VpcdSlot]:
    slot = VpcdSlot(driver.port)
    yield slot
    slot.remove()


def test_vpcd_frames_and_power(driver: Driver, slot: VpcdSlot, card: VirtualCard) -> None:
    slot.insert(card)
    driver.accept()
    assert driver.ask(b"\x04") == card.atr
    driver.send(b"\x01")
    assert driver.ask(JPKI) == b"\x90\x00"
    driver.send(b"\x02")
    assert driver.ask(PIN) == b"\x6a\x82", "reset forgot the application"
    driver.ask(JPKI)
    driver.send(b"\x00")
    assert driver.ask(PIN) == b"\x6a\x82", "power off forgot it, too"
    slot.remove()
    assert driver.answer() == b""
    assert not slot.occupied


def test_vpcd_card_comes_back_after_the_daemon(driver: Driver, slot: VpcdSlot, card: VirtualCard) -> None:
    slot.insert(card)
    for _ in range(3):
        driver.accept()
        assert driver.ask(b"\x04") == card.atr
    with pytest.raises(RuntimeError, match="already"):
        slot.insert(card)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_vpcd_pulled_and_silent_cards(driver: Driver, slot: VpcdSlot, image: CardImage) -> None:
    slot.insert(FaultyCard(VirtualCard(image), FaultScript(silent_from=2, pull_at=4)))
    driver.accept()
    assert driver.ask(JPKI) == b"\x90\x00"
    driver.send(PIN)
    driver.send(PIN)
    assert driver.ask(b"\x04") == image_atr(image), "no answer to either command came before this one"
    driver.send(PIN)
    assert driver.answer() == b""
    until(lambda: not slot.occupied)  # the slot's own thread notices a moment after the driver does
    slot.insert(VirtualCard(image))
    assert slot.occupied


def image_atr(image: CardImage) -> bytes:
    return VirtualCard(image).atr
