"""A card around another card: what stands between reader and chip only overrides what it changes.

Driven by one thread at a time, as the card inside. Raises what the card inside raises.
"""

from firmware.sim.card.contract import Card


class WrappedCard:
    """Hands everything on. Implements `contract.Card`."""

    def __init__(self, card: Card) -> None:
        self._card = card

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def power_on(self) -> None:
        self._card.power_on()

    def power_off(self) -> None:
        self._card.power_off()

    def process(self, apdu: bytes) -> bytes:
        return self._card.process(apdu)
