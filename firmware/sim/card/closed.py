"""Commands of modes that nobody but approved makers can use: terminal certificate and session key.

Driven by the card's one thread. They only exist so that a reader which tries them gets the answer that was seen on real
cards. Raises StatusError, always. Source: facts card.md 3, 5; where no answer was seen, it is our assumption.
"""

from typing import NoReturn

from firmware.sim.card.apdu import Command, StatusError
from firmware.sim.card.audit import JPKI, SURFACE
from firmware.sim.card.state import ChipState

_UNKNOWN = 0x6D00


def terminal_key(state: ChipState, _: Command) -> NoReturn:
    """First half of the use without PIN: whatever is not a maker's certificate has a wrong length."""
    raise StatusError(_in_application(state, {JPKI: 0x6700}))


def session_key(state: ChipState, _: Command) -> NoReturn:
    """Secure messaging: not in the card face at all, elsewhere not without its certificate."""
    raise StatusError(_in_application(state, {SURFACE: 0x66F1, "text": 0x6985}))


def _in_application(state: ChipState, answers: dict[str, int]) -> int:
    return answers.get(state.application.name, _UNKNOWN) if state.application else _UNKNOWN
