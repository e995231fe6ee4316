"""`PcscTransport` and `CardService` against a real, private pcscd with a virtual reader: pulls, swaps, restarts, hangs.

The device's side is a process of its own: `pcsc_device.py`. Hundreds of pulls and restarts: `test_pcsc_storm.py`.
"""

from collections.abc import Iterator

import pytest

from firmware.sim.card.contract import Card
from firmware.sim.card.faults import FaultScript, FaultyCard
from firmware.sim.card.machine import VirtualCard
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.parts import missing_parts
from firmware.sim.pcsc.vpcd import VpcdSlot
from tests.system.pcsc_device import GOOD as CHECKS
from tests.system.pcsc_device import PERSON, DeviceProcess, Issued, issue

GOOD = f"{CHECKS} accepted {PERSON.token_serial}"

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing_parts()), reason=f"not installed: {', '.join(missing_parts())}"),
]


class Stand:
    """Daemon, slot, card and device of one test."""

    def __init__(self, daemon: PrivatePcscd, issued: Issued, device: DeviceProcess) -> None:
        self.daemon, self.device, self._image = daemon, device, issued.image
        self.slot = VpcdSlot(daemon.slots[0].port)

    def good_card(self) -> VirtualCard:
        return VirtualCard(self._image)

    def place(self, card: Card | None = None) -> None:
        self.slot.insert(card or self.good_card())
        self.device.expect("present")

    def take(self) -> None:
        self.slot.remove()
        self.device.expect("absent")


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def daemon() -> Iterator[PrivatePcscd]:
    with PrivatePcscd() as daemon:
        yield daemon


@pytest.fixture(scope="module")
def device(daemon: PrivatePcscd, issued: Issued) -> Iterator[DeviceProcess]:
    device = DeviceProcess(daemon.environment(), issued)
    try:
        device.until("absent")
        yield device
    finally:
        device.end()


@pytest.fixture
def stand(daemon: PrivatePcscd, issued: Issued, device: DeviceProcess) -> Iterator[Stand]:
    stand = Stand(daemon, issued, device)
    yield stand
    if stand.slot.occupied:
        stand.take()


def test_a_visit_and_the_card_taken_and_placed_again(stand: Stand) -> None:
    card = stand.good_card()
    stand.place(card)
    assert stand.device.ask("visit-sign") == GOOD
    stand.take()
    assert stand.device.ask("visit-sign") == "CRD-001"
    stand.place(card)
    assert stand.device.ask("visit-sign") == GOOD
    assert card.violations() == []


def test_a_swap_is_absent_and_present(stand: Stand) -> None:
    stand.place()
    assert stand.device.ask("identify") == "my-number"
    stand.slot.remove()
    stand.slot.insert(stand.good_card())
    stand.device.expect("absent", "present")
    assert stand.device.ask("pin") == "CRD-001"
    assert stand.device.ask("visit-sign") == GOOD


def test_the_watch_and_the_next_visit_survive_restarts_of_the_daemon(stand: Stand) -> None:
    stand.place()
    for _ in range(3):
        assert stand.device.ask("identify") == "my-number"
        stand.daemon.halt()
        stand.device.expect("reader-lost")
        assert stand.device.ask("pin") == "RDR-004"
        assert stand.device.ask("identify") == "RDR-004"
        stand.daemon.resume()
        assert set(stand.device.until("present")) <= {"reader-back", "absent", "present"}
        assert stand.device.ask("visit-sign") == GOOD


def test_a_silent_card_costs_the_deadline_and_the_next_one_works(stand: Stand) -> None:
    stand.place(FaultyCard(stand.good_card(), FaultScript(silent_from=9)))
    assert stand.device.ask("visit-sign") == "CRD-002"
    assert stand.device.ask("identify") == "CRD-002"
    stand.take()
    stand.place()
    assert stand.device.ask("visit-sign") == GOOD


def test_cancel_ends_a_hanging_call_and_the_next_visit_waits_for_its_end(stand: Stand) -> None:
    stand.place(FaultyCard(stand.good_card(), FaultScript(delays={9: 1.0})))
    assert stand.device.ask("cancelled-visit") == "CRD-002"
    assert stand.device.ask("visit-sign") == GOOD


class OtherCard(VirtualCard):
    """As a reader tells of what speaks neither T=0 nor T=1, or of what it could not read at all."""

    told = b""

    @property
    def atr(self) -> bytes:
        return self.told


@pytest.mark.parametrize("told", ["3b800e8e", "ffffffff"])
def test_a_card_that_speaks_no_protocol_of_ours_is_not_ours(stand: Stand, issued: Issued, told: str) -> None:
    card = OtherCard(issued.image)
    card.told = bytes.fromhex(told)
    stand.place(card)
    assert stand.device.ask("identify") == "unknown"
    assert len(card.log.entries) == 0
    stand.take()
    stand.place()
    assert stand.device.ask("visit-sign") == GOOD
