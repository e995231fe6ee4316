"""A modelled contactless link: the time that bits, reader and RSA take, and exchanges that get lost.

Runs on the thread that drives the card and sleeps there; off unless a card is wrapped. Times in seconds. The figures
are those of the project's bench (106 kbit/s, 3 ms per APDU, 400 ms per RSA operation), not measurements of a card.
Commands are counted from 1 over the wrapper's life, power cycles included. Raises CardSilentError for a lost exchange
and for every later one until the card is powered again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware.sim.card.contract import Card, CardSilentError
from firmware.sim.card.wrapper import WrappedCard

_SIGN = 0x2A
_DONE = b"\x90\x00"


@dataclass(frozen=True, slots=True)
class LinkModel:
    """Bits per second on the air, fixed cost of an exchange, cost of an RSA operation in the chip.

    lost_before: numbers of commands that never reach the card. lost_after: numbers of commands that the card carries
    out, but whose answer never comes back: a VERIFY counts, and the reader cannot know.
    """

    bits_per_second: float = 106_000
    per_apdu: float = 0.003
    per_rsa: float = 0.400
    lost_before: frozenset[int] = frozenset()
    lost_after: frozenset[int] = frozenset()

    def seconds(self, sent: int, received: int, *, rsa: bool) -> float:
        """Time of one exchange with `sent` and `received` bytes (header, lengths and status word included)."""
        return (sent + received) * 8 / self.bits_per_second + self.per_apdu + (self.per_rsa if rsa else 0.0)


class LinkedCard(WrappedCard):
    """A card behind a slow or lossy link."""

    def __init__(self, card: Card, model: LinkModel | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(card)
        self._model = model or LinkModel()
        self._sleep = sleep
        self._lost = False
        self.commands = 0

    def power_on(self) -> None:
        self._lost = False
        super().power_on()

    def process(self, apdu: bytes) -> bytes:
        self.commands += 1
        if self.commands in self._model.lost_before:
            self._lost = True
        if self._lost:
            raise CardSilentError
        answer = self._card.process(apdu)
        signed = len(apdu) > 1 and apdu[1] == _SIGN and answer.endswith(_DONE)
        self._sleep(self._model.seconds(len(apdu), len(answer), rsa=signed))
        if self.commands in self._model.lost_after:
            self._lost = True
            raise CardSilentError
        return answer
