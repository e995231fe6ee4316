"""VERIFY and CHANGE REFERENCE DATA: PINs, passwords and printed numbers with their try counters.

Driven by the card's one thread. Raises StatusError. Source: facts card.md 2.2, 3. Where sources are silent the card is
strict: a VERIFY of a wrong length costs a try.
"""

from firmware.sim.card.apdu import Command, StatusError
from firmware.sim.card.applications import ReferenceData
from firmware.sim.card.state import SHORT_ID, ChipState

_SELECTED = 0x80
_NEW_VALUE_ONLY = 0x01


def verify(state: ChipState, command: Command) -> bytes:
    if command.p1 != 0:
        raise StatusError(0x6A86)
    number = _addressed(state, command.p2)
    reference = _reference(state, number)
    if command.data:
        _compare(state, number, reference, command.data)
    elif number not in state.verified:
        raise StatusError(_tries_status(state, reference))
    return b""


def _compare(state: ChipState, number: int, reference: ReferenceData, given: bytes) -> None:
    quirks = state.quirks
    if reference.blocked:
        raise StatusError(quirks.blocked_verify)
    if quirks.uncounted and given != reference.value:
        state.verified.discard(number)
        raise StatusError(0x6300)
    if not reference.compare(given):
        state.verified.discard(number)
        raise StatusError(0x63C0 | reference.left)
    state.verified.add(number)


def _tries_status(state: ChipState, reference: ReferenceData) -> int:
    if reference.blocked:
        return state.quirks.blocked_query
    fixed = state.quirks.tries_query
    return 0x63C0 | reference.left if fixed is None else fixed


def change(state: ChipState, command: Command) -> bytes:
    """A new PIN or password after a right VERIFY of the old one."""
    if command.p1 != _NEW_VALUE_ONLY:
        raise StatusError(0x6A86)
    number = _addressed(state, command.p2)
    reference = _reference(state, number)
    if not reference.sizes:
        raise StatusError(0x6985)
    if number not in state.verified:
        raise StatusError(0x6982)
    if len(command.data) not in reference.sizes:
        raise StatusError(0x6A80 if command.data else 0x6700)
    reference.value = command.data
    return b""


def _addressed(state: ChipState, p2: int) -> int:
    """The key that is meant: the selected one (80) or, by short id, one of 0001 to 001F (81 to 9F)."""
    if p2 < _SELECTED:
        raise StatusError(0x6A86)
    if p2 == _SELECTED:
        return state.selected()
    state.file = p2 & SHORT_ID
    return state.file


def _reference(state: ChipState, number: int) -> ReferenceData:
    reference = state.require(number).references.get(number)
    if reference is None:
        raise StatusError(0x6981)
    return reference
