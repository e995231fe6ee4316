"""A card that misbehaves on cue: silence, garbage, leaving the field, slowness.

Runs on the thread that drives the card. Commands are counted from 1 over the wrapper's life, power cycles included, so
that a script can name any command of a whole visit. Raises CardSilentError and CardPulledError as scripted.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from firmware.sim.card.contract import Card, CardPulledError, CardSilentError
from firmware.sim.card.wrapper import WrappedCard


@dataclass(frozen=True, slots=True)
class FaultScript:
    """Numbers are those of commands. `silent_from`: this one and all later ones stay unanswered.

    `garbage`: what is answered instead, byte for byte, without asking the card. `pull_at`: the card leaves before it
    answers. `delays`: seconds before single commands; `delay_each`: before every one.
    """

    silent_from: int | None = None
    pull_at: int | None = None
    garbage: Mapping[int, bytes] = field(default_factory=dict)
    delays: Mapping[int, float] = field(default_factory=dict)
    delay_each: float = 0.0


class FaultyCard(WrappedCard):
    """A card with a fault script."""

    def __init__(self, card: Card, script: FaultScript, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(card)
        self._script = script
        self._sleep = sleep
        self.commands = 0

    def process(self, apdu: bytes) -> bytes:
        self.commands += 1
        number = self.commands
        pause = self._script.delays.get(number, self._script.delay_each)
        if pause > 0:
            self._sleep(pause)
        if self._script.pull_at == number:
            raise CardPulledError
        if self._script.silent_from is not None and number >= self._script.silent_from:
            raise CardSilentError
        scripted = self._script.garbage.get(number)
        return self._card.process(apdu) if scripted is None else scripted
