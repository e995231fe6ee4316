"""A lane that was abandoned: what its old thread still does touches nothing of the new thread's connection."""

import threading
from collections.abc import Callable

import pytest

from firmware.card.service import CardService
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import TryCode
from firmware.core.secret import Secret
from tests.unit.card.card_fakes import FakeCard
from tests.unit.card.test_card_service import NUMBER_B, fake_card, service_on

LONG = 20.0


class HangingCard(FakeCard):
    """Its `hang_at`th APDU hangs until it is let go, then ends with `fault`, or with the card's own answer."""

    hang_at = 0
    fault: DeviceError | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.entered, self.let_go = threading.Event(), threading.Event()

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if len(self.sent) + 1 != self.hang_at:
            return super().transmit(apdu)
        answer = super().transmit(apdu)
        self.entered.set()
        self.let_go.wait(LONG)
        if self.fault is not None:
            raise self.fault
        return answer


class Abandoned:
    """A call on a thread that is left behind; how it ended."""

    def __init__(self, call: Callable[[], object], card: HangingCard) -> None:
        self._call, self._card = call, card
        self.fault: FaultCode | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert card.entered.wait(LONG)

    def _run(self) -> None:
        try:
            self._call()
        except DeviceError as error:
            self.fault = error.code

    def come_back(self) -> None:
        self._card.let_go.set()
        self._thread.join(LONG)
        assert not self._thread.is_alive()


def hanging(at: int, fault: FaultCode | None) -> tuple[HangingCard, CardService]:
    whole = fake_card()
    card = HangingCard(files=whole.files, secrets=whole.secrets, signers=whole.signers)
    card.hang_at, card.fault = at, None if fault is None else DeviceError(fault)
    return card, service_on(card)


@pytest.mark.parametrize("fault", [None, FaultCode.CARD_SILENT, FaultCode.CARD_GONE])
@pytest.mark.parametrize("at", [1, 3, 4, 6])
def test_the_old_threads_end_leaves_the_new_connection_alone(at: int, fault: FaultCode | None) -> None:
    """The 1st, 3rd and (last) 4th APDU are of `identify`, the 6th of `unlock`."""
    card, service = hanging(at, fault)
    if at > 4:
        service.identify()
    old = Abandoned((lambda: service.unlock(Secret(NUMBER_B))) if at > 4 else service.identify, card)
    service.cancel()
    service.identify()
    sent, left = len(card.sent), card.disconnects
    old.come_back()
    assert old.fault is (fault or FaultCode.CARD_SILENT)
    assert (len(card.sent), card.disconnects) == (sent, left)
    assert service.unlock(Secret(NUMBER_B)).code is TryCode.ACCEPTED
    service.read_record()


def test_after_a_release_the_old_thread_sends_nothing_more() -> None:
    card, service = hanging(6, None)
    service.identify()
    old = Abandoned(lambda: service.unlock(Secret(NUMBER_B)), card)
    service.release()
    sent, left = len(card.sent), card.disconnects
    old.come_back()
    assert old.fault is FaultCode.CARD_SILENT
    assert (len(card.sent), card.disconnects) == (sent, left)
    assert card.verifies() == []


def test_one_after_the_other_threads_may_take_turns() -> None:
    card, service = hanging(0, None)
    faults: list[DeviceError] = []

    def elsewhere(call: Callable[[], object]) -> None:
        def run() -> None:
            try:
                call()
            except DeviceError as error:
                faults.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(LONG)

    elsewhere(service.identify)
    elsewhere(lambda: service.unlock(Secret(NUMBER_B)))
    service.read_record()
    elsewhere(service.release)
    assert not faults
    assert card.disconnects > 1
