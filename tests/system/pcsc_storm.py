"""A bench that can be stormed: a pcscd, a slot and a device process of its own, and cards that leave on cue.

Helper of `test_pcsc_storm.py`, no test. Several benches run side by side, each on a thread: most of a round is pcscd's
own poll (0.4 s). Everything random comes from one seed; a failure names it with bench and round.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from firmware.sim.card.contract import Card
from firmware.sim.card.faults import FaultScript, FaultyCard
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.pictures import stand_in_photo
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.vpcd import VpcdSlot
from tests.system.pcsc_device import GOOD, PATIENCE, PERSON, DeviceProcess, Issued

OTHER_SERIAL = "0000000099201077"
_INTERRUPTED = {"CRD-001", "CRD-002", "CRD-003", "RDR-001", "RDR-004"}
_LATEST = 0.25
_HOLD = 0.02
_LATE_REPORT = 0.2


def issue_other(folder: Path, first: Issued) -> CardImage:
    """A second card of the same holder, with the same digits, so that only the token tells the two apart."""
    return issue_card(folder / "other", replace(PERSON, token_serial=OTHER_SERIAL), stand_in_photo(), first.issuers)


class HeldCard:
    """A card that, at one command, waits until it is let go. Implements `contract.Card`."""

    def __init__(self, card: Card, at: int) -> None:
        self._card, self._at, self._commands = card, at, 0
        self.reached, self.let_go = threading.Event(), threading.Event()

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def power_on(self) -> None:
        self._card.power_on()

    def power_off(self) -> None:
        self._card.power_off()

    def process(self, apdu: bytes) -> bytes:
        self._commands += 1
        if self._commands == self._at:
            self.reached.set()
            self.let_go.wait(PATIENCE)
        return self._card.process(apdu)


class Bench:
    """`images`: of the card that begins and of the one it is swapped for."""

    def __init__(self, issued: Issued, other: CardImage) -> None:
        self._images = {PERSON.token_serial: issued.image, OTHER_SERIAL: other}
        self._daemon = PrivatePcscd()
        self._daemon.start()
        self._slot = VpcdSlot(self._daemon.slots[0].port)
        self._device = DeviceProcess(self._daemon.environment(), issued)
        self._cards: list[VirtualCard] = []
        self._device.until("absent")
        self.answers: list[str] = []
        self.unseen_swaps = 0

    def close(self) -> None:
        try:
            self._device.end()
        finally:
            self._slot.remove()
            self._daemon.stop()

    def pull(self, dice: random.Random, length: int) -> None:
        """The card leaves before it answers command n, or is swapped for another one there; then a whole visit."""
        card = FaultyCard(self._new_card(PERSON.token_serial), FaultScript(pull_at=dice.randint(1, length)))
        self._place(card)
        self._device.send("visit-sign")
        self._wait(lambda: not self._slot.occupied, "the card's leaving")
        serial = dice.choice(list(self._images))
        if dice.random() < 0.5:
            self._swap(serial)
        else:
            self._end_of_interrupted(self._device.answer())
            self._device.expect("absent")
            self._slot.remove()
            self._place(self._new_card(serial))
        self._whole_visit(dice, serial)
        self._take()

    def _swap(self, serial: str) -> None:
        """Faster than pcscd looks for cards, so mostly it never knows: then no report comes."""
        self._slot.remove()
        self._slot.insert(self._new_card(serial))
        self._end_of_interrupted(self._device.answer())
        seen = self._device.report(_LATE_REPORT)
        if seen is None:
            self.unseen_swaps += 1
        else:
            assert seen[0] == "absent"
            self._device.expect("present")

    def restart(self, dice: random.Random, length: int) -> None:
        """The daemon ends and comes back, in the middle of a command or anywhere; then a whole visit."""
        held = HeldCard(self._new_card(PERSON.token_serial), dice.randint(1, length) if dice.random() < 0.6 else 0)
        self._place(held)
        self._interrupt(dice)
        pause = dice.uniform(0.0, _LATEST)
        if dice.random() < 0.6:
            held.reached.wait(pause)
        else:
            time.sleep(pause)
        threading.Timer(_HOLD, held.let_go.set).start()
        self._daemon.halt(kill=dice.random() < 0.3)
        self._end_of_interrupted(self._device.answer())
        self._device.until("reader-lost")
        self._daemon.resume()
        self._device.until("present")
        self._whole_visit(dice, PERSON.token_serial)
        self._take()

    def _interrupt(self, dice: random.Random) -> None:
        self._device.send(dice.choice(["visit", "visit-sign"]))

    def _end_of_interrupted(self, answer: str) -> None:
        """A fault, or the visit was quicker than the storm. After a fault nothing of that card is used any more."""
        self.answers.append(answer)
        assert answer in _INTERRUPTED or answer.startswith(GOOD), answer
        assert self._device.ask("read") == "CRD-001"

    def _whole_visit(self, dice: random.Random, serial: str) -> None:
        sign = dice.random() < 0.4
        answer = self._device.ask("visit-sign" if sign else "visit")
        assert answer == " ".join([GOOD, *(["accepted"] if sign else []), serial]), answer
        for card in self._cards:
            assert (card.tries("card-face", 0x12), card.tries("jpki", 0x18)) == (10, 3)
            assert card.violations() == []
        self._cards.clear()

    def _new_card(self, serial: str) -> VirtualCard:
        card = VirtualCard(self._images[serial])
        self._cards.append(card)
        return card

    def _place(self, card: Card) -> None:
        self._slot.insert(card)
        self._device.expect("present")

    def _take(self) -> None:
        self._slot.remove()
        self._device.expect("absent")

    @staticmethod
    def _wait(condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"in vain: {what}"
            time.sleep(0.002)

    def count_commands(self) -> int:
        """Commands of a whole visit with a signature, where a card can leave; not the first: that one learns the CA."""
        counts = []
        for _ in range(2):
            card = self._new_card(PERSON.token_serial)
            self._place(card)
            assert self._device.ask("visit-sign").startswith(GOOD)
            self._take()
            counts.append(len(card.log.entries))
        self._cards.clear()
        return min(counts)


def storm(benches: list[Bench], round_of: Callable[[Bench, random.Random], None], rounds: int, seed: int) -> None:
    """`rounds` in all, spread over the benches, which go on side by side."""

    def run(number: int) -> None:
        for turn in range(number, rounds, len(benches)):
            dice = random.Random(f"{seed}/{turn}")  # noqa: S311  # repeatable, not secret
            try:
                round_of(benches[number], dice)
            except Exception as error:
                error.add_note(f"seed {seed}, round {turn}, bench {number}")
                raise

    with ThreadPoolExecutor(len(benches)) as pool:
        for done in [pool.submit(run, number) for number in range(len(benches))]:
            done.result()
