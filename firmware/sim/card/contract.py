"""What a transport needs of a simulated card, and the two ways a card fails to answer.

`process` is called by one thread at a time. Wrappers (`wrapper.WrappedCard`: link, faults, evil) are cards
themselves, so that a slow, faulty card is built by stacking. Units: bytes.
"""

from typing import Protocol


class Card(Protocol):
    """A chip in a reader's field or slot."""

    @property
    def atr(self) -> bytes:
        """What the reader reports for this card and interface."""

    def power_on(self) -> None:
        """Cold reset: no application selected, nothing verified."""

    def power_off(self) -> None:
        """Every security status is lost; try counters stay."""

    def process(self, apdu: bytes) -> bytes:
        """Response data and status word for one command. Raises CardSilentError or CardPulledError."""


class CardSilentError(Exception):
    """The card will not answer this command, nor any other until it is powered again."""


class CardPulledError(Exception):
    """The card left the field during this command."""
