"""Cards that are no My Number Card: what else people put on a reader.

Driven by one thread at a time; implements `contract.Card`. None of them knows the card-face or the JPKI application.
Raises CardSilentError for the mute one. Source: PC/SC part 3 (reset answers of contactless storage cards), the public
specifications of FeliCa, of the residence card and of ISO 7816-4; serials and unexplained bytes are invented.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from firmware.sim.card.contract import CardSilentError

_GET_UID = bytes.fromhex("ffca0000")
_OK = b"\x90\x00"
_NOT_FOUND = b"\x6a\x82"
_NOT_SUPPORTED = b"\x6a\x81"
_UNKNOWN_INSTRUCTION = b"\x6d\x00"
_UNKNOWN_CLASS = b"\x6e\x00"
_RESIDENCE_AIDS = (
    bytes.fromhex("d392f0004f0200000000000000000000"),
    bytes.fromhex("d392f0004f0300000000000000000000"),
    bytes.fromhex("d392f0004f0400000000000000000000"),
)


class OtherKind(Enum):
    """What lies on the reader.

    TRANSIT: a FeliCa railway or shop card. RESIDENCE: 在留カード. INSURANCE: an IC card of an insurer from before
    2024, contact. STORAGE: a ticket or door card with memory only. MUTE: powers up and answers nothing.
    """

    TRANSIT = "transit"
    RESIDENCE = "residence"
    INSURANCE = "insurance"
    STORAGE = "storage"
    MUTE = "mute"


@dataclass(frozen=True, slots=True)
class _Habit:
    atr: bytes
    answer: Callable[[bytes], bytes]


class OtherCard:
    """One card of another kind. `headers`: the first four bytes of what it was asked, in order; no data."""

    def __init__(self, kind: OtherKind) -> None:
        self.kind = kind
        self.headers: list[bytes] = []
        self._habit = _HABITS[kind]

    @property
    def atr(self) -> bytes:
        return self._habit.atr

    def power_on(self) -> None:
        """Nothing is kept that a reset could clear."""

    def power_off(self) -> None:
        """Nothing is kept that a reset could clear."""

    def process(self, apdu: bytes) -> bytes:
        self.headers.append(apdu[:4])
        if self.kind is OtherKind.MUTE:
            raise CardSilentError
        return self._habit.answer(apdu)


def _transit(apdu: bytes) -> bytes:
    """The reader answers for the card: its id by FF CA, and no ISO 7816 command at all."""
    return bytes.fromhex("0114c0ffee201207") + _OK if apdu[:4] == _GET_UID else _NOT_SUPPORTED


def _storage(apdu: bytes) -> bytes:
    return bytes.fromhex("08c0ffee") + _OK if apdu[:4] == _GET_UID else b"\x68\x00"


def _residence(apdu: bytes) -> bytes:
    """Has a master file and three applications, all of another family; everything else is closed."""
    match apdu[:2], apdu[2:3]:
        case b"\x00\xa4", b"\x04":
            return _OK if apdu[5 : 5 + apdu[4]] in _RESIDENCE_AIDS else _NOT_FOUND
        case b"\x00\xa4", b"\x00":
            return _OK
        case b"\x00\xb0", _:
            return b"\x69\x82"
        case b"\x00\x84", _:
            return bytes(range(8)) + _OK
        case _:
            return _UNKNOWN_INSTRUCTION


def _insurance(apdu: bytes) -> bytes:
    """Knows SELECT, and none of the names."""
    if apdu[:1] != b"\x00":
        return _UNKNOWN_CLASS
    return _NOT_FOUND if apdu[1:2] == b"\xa4" else _UNKNOWN_INSTRUCTION


_HABITS = {
    OtherKind.TRANSIT: _Habit(bytes.fromhex("3b8f8001804f0ca00000030611003b0000000042"), _transit),
    OtherKind.STORAGE: _Habit(bytes.fromhex("3b8f8001804f0ca000000306030001000000006a"), _storage),
    OtherKind.RESIDENCE: _Habit(bytes.fromhex("3b88800100000000338181003a"), _residence),
    OtherKind.INSURANCE: _Habit(bytes.fromhex("3b6500002063cb6800"), _insurance),
    OtherKind.MUTE: _Habit(bytes.fromhex("3b80800101"), lambda _: b""),
}
