"""Readers that come, go, say little or belong to others (issue 3, item 8), against a real pcscd.

A pulled cable is a driver that gets no answer (`plug_driver.c`); a reader that is really gone needs a pcscd started
without it, because Debian's build (libudev) rereads its configured readers neither on SIGUSR1 nor on `--hotplug`, and
there is no USB here. A denial by polkit cannot be provoked with Debian 12's pcscd, which is built without it: there the
mapping of its result code is tested on a scripted scard (tests/unit/card).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware.sim.card.machine import VirtualCard
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.parts import missing_parts
from firmware.sim.pcsc.vpcd import VpcdSlot
from tests.system.pcsc_device import GOOD, PERSON, DeviceProcess, Issued, issue

DRIVER = Path(__file__).with_name("plug_driver.c")
WHOLE = f"{GOOD} {PERSON.token_serial}"
OTHER_USER = "daemon"

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing_parts()), reason=f"not installed: {', '.join(missing_parts())}"),
]


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("readers"))


@pytest.fixture(scope="module")
def daemon() -> Iterator[PrivatePcscd]:
    """With two readers; ours is "…Reader 1", the other one, first in every list, is somebody else's."""
    with PrivatePcscd(readers=2, wrapper=DRIVER) as daemon:
        yield daemon


@pytest.fixture
def slots(daemon: PrivatePcscd) -> Iterator[list[VpcdSlot]]:
    slots = [VpcdSlot(slot.port) for slot in daemon.slots]
    yield slots
    for slot in slots:
        slot.remove()


@contextmanager
def running(environment: dict[str, str], issued: Issued, user: str | None = None) -> Iterator[DeviceProcess]:
    device = DeviceProcess(environment, issued, "reader 1", user)
    try:
        yield device
    finally:
        device.end()


def place(device: DeviceProcess, slot: VpcdSlot, issued: Issued) -> VirtualCard:
    """A good card, once pcscd has noticed (its poll: 0.4 s) that the one of the test before is gone."""
    device.until("absent")
    slot.insert(card := VirtualCard(issued.image))
    device.expect("present")
    return card


def test_the_other_readers_cards_are_neither_reported_nor_touched(
    daemon: PrivatePcscd, slots: list[VpcdSlot], issued: Issued
) -> None:
    foreign, ours = VirtualCard(issued.image), VirtualCard(issued.image)
    with running(daemon.environment(), issued) as device:
        device.until("absent")
        slots[0].insert(foreign)
        assert device.report(1.0) is None
        assert device.ask("visit") == "CRD-001"
        slots[1].insert(ours)
        device.expect("present")
        assert device.ask("visit") == WHOLE
        slots[0].remove()
        assert device.ask("visit") == WHOLE
        slots[1].remove()
        device.expect("absent")
    assert len(foreign.log.entries) == 0


def test_a_driver_that_tells_its_longest_answer_is_believed(
    daemon: PrivatePcscd, slots: list[VpcdSlot], issued: Issued
) -> None:
    properties = daemon.folder / "reader1" / "properties"
    with running(daemon.environment(), issued) as device:
        card = place(device, slots[1], issued)
        for told, longest in (("", "65536"), ("0a0400000000", "256"), ("0a0400000100", "65536")):
            properties.write_bytes(bytes.fromhex(told))
            start = len(card.log.entries)
            assert device.ask("visit") == WHOLE
            assert device.ask("longest") == longest
            received = max(entry.received for entry in list(card.log.entries)[start:])
            assert (received > 256) is (longest != "256")
        properties.unlink()


def test_a_pulled_cable_is_a_lost_reader_until_it_is_back(
    daemon: PrivatePcscd, slots: list[VpcdSlot], issued: Issued
) -> None:
    unplugged = daemon.folder / "reader1" / "unplugged"
    with running(daemon.environment(), issued) as device:
        place(device, slots[1], issued)
        unplugged.touch()
        device.expect("reader-lost")
        assert [device.ask("fault"), device.ask("visit")] == ["RDR-001", "RDR-001"]
        unplugged.unlink()
        device.expect("reader-back")
        device.until("present")
        assert device.ask("visit") == WHOLE


def test_a_reader_that_is_gone_and_back_with_the_daemon(
    daemon: PrivatePcscd, slots: list[VpcdSlot], issued: Issued
) -> None:
    with running(daemon.environment(), issued) as device:
        place(device, slots[1], issued)
        daemon.halt()
        device.expect("reader-lost")
        assert [device.ask("fault"), device.ask("visit")] == ["RDR-004", "RDR-004"]
        daemon.unplug(1)
        daemon.resume()
        assert device.ask("visit") == "RDR-001"
        daemon.halt()
        daemon.unplug()
        daemon.resume()
        device.until("present")
        assert device.ask("visit") == WHOLE


def test_a_daemon_that_starts_after_the_device(daemon: PrivatePcscd, slots: list[VpcdSlot], issued: Issued) -> None:
    slots[1].insert(VirtualCard(issued.image))
    daemon.halt()
    with running(daemon.environment(), issued) as device:
        device.expect("reader-lost")
        assert [device.ask("fault"), device.ask("visit")] == ["RDR-004", "RDR-004"]
        daemon.resume()
        device.expect("reader-back")
        device.until("present")
        assert device.ask("visit") == WHOLE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_account_that_may_not_use_the_daemon_is_told_so(
    daemon: PrivatePcscd, slots: list[VpcdSlot], issued: Issued
) -> None:
    """Debian 12 lets every account in by its socket's mode (0666); our private daemon's is 0600."""
    daemon.folder.chmod(0o711)
    with running(daemon.environment(), issued, OTHER_USER) as device:
        device.expect("reader-lost")
        assert [device.ask("fault"), device.ask("visit")] == ["RDR-003", "RDR-003"]
        daemon.socket_path.chmod(0o666)
        device.expect("reader-back")
        place(device, slots[1], issued)
        assert device.ask("visit") == WHOLE
    daemon.socket_path.chmod(0o600)
