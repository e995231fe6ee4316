"""Whoever else uses the reader: shut out during a visit, and never heir to what the visit unlocked (issue 3, item 4).

Against a real pcscd; the other program is `second_client.py`. What pcscd 1.9.9 does was seen here: a card held
exclusively is reset when its holder dies, before anybody else may connect; a card held shared is not.
"""

import time
from collections.abc import Iterator

import pytest

from firmware.sim.card.machine import VirtualCard
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.parts import missing_parts
from firmware.sim.pcsc.vpcd import VpcdSlot
from tests.system.pcsc_device import GOOD, PATIENCE, PERSON, DeviceProcess, Issued, issue
from tests.system.second_client import SecondClient

OK, SHARING_VIOLATION = "00000000", "8010000B"
SELECT_CARD_FACE = "apdu 00a4040c0ad3921000310001010402"
SELECT_NUMBER_B = "apdu 00a4020c020012"
COUNTER = "apdu 00200080"

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing_parts()), reason=f"not installed: {', '.join(missing_parts())}"),
]


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("exclusive"))


@pytest.fixture(scope="module")
def daemon() -> Iterator[PrivatePcscd]:
    with PrivatePcscd() as daemon:
        yield daemon


@pytest.fixture
def device(daemon: PrivatePcscd, issued: Issued) -> Iterator[DeviceProcess]:
    """With a good card in the slot."""
    slot = VpcdSlot(daemon.slots[0].port)
    device = DeviceProcess(daemon.environment(), issued)
    try:
        device.until("absent")  # pcscd may still see the card of the test before, for one of its polls
        slot.insert(VirtualCard(issued.image))
        device.expect("present")
        yield device
    finally:
        device.end()
        slot.remove()


@pytest.fixture
def second(daemon: PrivatePcscd) -> Iterator[SecondClient]:
    with SecondClient(daemon.environment()) as second:
        assert second.ask("context") == OK
        yield second


def connect_at_once(second: SecondClient, reader: str) -> None:
    """The very moment that pcscd lets anybody in."""
    deadline = time.monotonic() + PATIENCE
    while second.ask(f"connect shared {reader}") == SHARING_VIOLATION:
        assert time.monotonic() < deadline, "the reader stays busy"


def assert_locked(second: SecondClient) -> None:
    """Nothing is selected and nothing verified; the counter says that it was never lowered."""
    assert second.ask(COUNTER) != "9000"
    assert [second.ask(command) for command in (SELECT_CARD_FACE, SELECT_NUMBER_B)] == ["9000", "9000"]
    assert second.ask(COUNTER) == "63ca"


def test_others_are_shut_out_until_the_visit_leaves_the_card_locked(
    daemon: PrivatePcscd, device: DeviceProcess, second: SecondClient
) -> None:
    reader = daemon.slots[0].name
    assert device.ask("stay") == "accepted"
    for mode in ("shared", "exclusive"):
        assert second.ask(f"connect {mode} {reader}") == SHARING_VIOLATION
    assert device.ask("release") == "released"
    connect_at_once(second, reader)
    assert_locked(second)


def test_a_device_that_dies_leaves_the_card_locked(
    daemon: PrivatePcscd, device: DeviceProcess, second: SecondClient
) -> None:
    assert device.ask("stay") == "accepted"
    assert second.ask(f"connect shared {daemon.slots[0].name}") == SHARING_VIOLATION
    device.kill()
    connect_at_once(second, daemon.slots[0].name)
    assert_locked(second)


def test_the_test_above_can_fail(daemon: PrivatePcscd, device: DeviceProcess, second: SecondClient) -> None:
    """A program that holds the card shared, as ours does not, bequeaths what it verified."""
    reader = daemon.slots[0].name
    assert device.ask("release") == "released"
    with SecondClient(daemon.environment()) as careless:
        assert [careless.ask(command) for command in ("context", f"connect shared {reader}")] == [OK, OK]
        verify = "apdu 002000800e" + PERSON.number_b.encode().hex()
        assert [careless.ask(one) for one in (SELECT_CARD_FACE, SELECT_NUMBER_B, verify)] == ["9000", "9000", "9000"]
        careless.kill()
    connect_at_once(second, reader)
    assert second.ask(COUNTER) == "9000"


@pytest.mark.parametrize("mode", ["shared", "exclusive"])
def test_a_reader_in_use_by_another_program_is_busy_until_it_lets_go(
    daemon: PrivatePcscd, device: DeviceProcess, second: SecondClient, mode: str
) -> None:
    assert second.ask(f"connect {mode} {daemon.slots[0].name}") == OK
    assert device.ask("visit") == "RDR-002"
    assert second.ask("leave") == OK
    assert device.ask("visit") == f"{GOOD} {PERSON.token_serial}"
