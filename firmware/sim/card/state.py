"""What a chip remembers between two commands, and how SELECT changes it.

Driven by the card's one thread. Raises StatusError. Source: facts card.md 1.4, ISO 7816-4 clause 11.1.1. Leaving an
application, by SELECT of another one or of the issuer domain, loses every security status; so does power.
"""

from dataclasses import dataclass, field

from firmware.sim.card.apdu import Command, StatusError
from firmware.sim.card.applications import Application
from firmware.sim.card.quirks import Quirks

# The GlobalPlatform issuer domain: selecting it takes the card back to its power-on state.
AID_ISSUER_DOMAIN = bytes.fromhex("a0000001510000")
_AID_PREFIX_MINIMUM = 5
_NO_ANSWER = 0x0C
SHORT_ID = 0x1F
"""Bits of a short file or key id in P1 or P2."""


@dataclass(slots=True, repr=False)
class ChipState:
    """`file`: the selected file or key of `application`. `verified`: its keys that were given rightly."""

    applications: tuple[Application, ...]
    quirks: Quirks
    application: Application | None = None
    file: int | None = None
    verified: set[int] = field(default_factory=set)

    def forget(self) -> None:
        self.application = None
        self.file = None
        self.verified.clear()

    def selected(self) -> int:
        if self.file is None:
            raise StatusError(0x6986)
        return self.file

    def require(self, number: int) -> Application:
        """The current application, if it has this file or key."""
        if self.application is None or not self.application.knows(number):
            raise StatusError(0x6A82)
        return self.application

    def find(self, name: bytes) -> Application | None:
        """By full AID or by a prefix of it, the first that fits (card.md 1.4)."""
        if len(name) < _AID_PREFIX_MINIMUM:
            return None
        return next((item for item in self.applications if item.aid.startswith(name)), None)


def select(state: ChipState, command: Command) -> bytes:
    match command.p1:
        case 0x04:
            _select_application(state, command)
        case 0x02:
            _select_file(state, command)
        case 0x00:
            _select_master(state, command)
        case _:
            raise StatusError(0x6A86)
    return b""


def _select_application(state: ChipState, command: Command) -> None:
    domain = command.data == AID_ISSUER_DOMAIN
    found = state.find(command.data)
    if found is None and not domain:
        raise StatusError(0x6A82)
    if command.p2 != _NO_ANSWER:
        raise StatusError(0x6A86)
    if found is not state.application:
        state.verified.clear()
    state.application = found
    state.file = None


def _select_file(state: ChipState, command: Command) -> None:
    if command.p2 != _NO_ANSWER:
        raise StatusError(0x6A86)
    if len(command.data) != 2:
        raise StatusError(0x6700)
    number = int.from_bytes(command.data, "big")
    state.require(number)
    state.file = number


def _select_master(state: ChipState, command: Command) -> None:
    """No master file to select; without a name the command succeeds once an application is current."""
    if command.data:
        raise StatusError(0x6A82)
    if state.application is None:
        raise StatusError(0x6A86)
