"""A modelled contactless link: the time that bits, reader and RSA take.

Runs on the thread that drives the card and sleeps there; off unless a card is wrapped. Times in seconds. The figures
are those of the project's bench (106 kbit/s, 3 ms per APDU, 400 ms per RSA operation), not measurements of a card.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware.sim.card.contract import Card

_SIGN = 0x2A
_DONE = b"\x90\x00"


@dataclass(frozen=True, slots=True)
class LinkModel:
    """Bits per second on the air, fixed cost of an exchange, cost of an RSA operation in the chip."""

    bits_per_second: float = 106_000
    per_apdu: float = 0.003
    per_rsa: float = 0.400

    def seconds(self, sent: int, received: int, *, rsa: bool) -> float:
        """Time of one exchange with `sent` and `received` bytes (header, lengths and status word included)."""
        return (sent + received) * 8 / self.bits_per_second + self.per_apdu + (self.per_rsa if rsa else 0.0)


class LinkedCard:
    """A card behind a slow link. Implements `contract.Card`."""

    def __init__(self, card: Card, model: LinkModel | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._card = card
        self._model = model or LinkModel()
        self._sleep = sleep

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def power_on(self) -> None:
        self._card.power_on()

    def power_off(self) -> None:
        self._card.power_off()

    def process(self, apdu: bytes) -> bytes:
        answer = self._card.process(apdu)
        signed = len(apdu) > 1 and apdu[1] == _SIGN and answer.endswith(_DONE)
        self._sleep(self._model.seconds(len(apdu), len(answer), rsa=signed))
        return answer
