"""Which command of a visit is which, counted from 1: what fault scripts name.

Both ways begin with the same four; then come those of the face or of the PIN.
"""

from enum import IntEnum

from firmware.sim.card.machine import VirtualCard


class Begin(IntEnum):
    """Which card it is."""

    SELECT_JPKI = 1
    SELECT_TOKEN = 2
    READ_TOKEN = 3
    SELECT_SURFACE = 4


class Face(IntEnum):
    """The way by face. The certificate comes after the photo, then the chip's proof."""

    SELECT_NUMBER_B = 5
    COUNT_TRIES = 6
    VERIFY = 7
    SELECT_RECORD = 8
    READ_HEADER = 9
    READ_PHOTO = 20
    SELECT_CERTIFICATE = 39
    READ_CERTIFICATE = 42
    PROVE = 49


class Pin(IntEnum):
    """The way by PIN. The certificate is read while the PIN is typed."""

    COUNT_TRIES = 7
    READ_CERTIFICATE = 10
    VERIFY = 19
    SIGN = 21


def sent_digits(card: VirtualCard) -> int:
    """How many VERIFY commands with digits reached the card."""
    return sum(entry.header.startswith("0020") and entry.sent > 0 for entry in card.log.entries)
