"""Which command of a visit is which, counted from 1: what fault scripts name.

Both ways begin with the same four; then come those of the face or of the PIN. All are short ones.
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
    """The way by face. The chip's proof comes after the photo, then the certificate."""

    SELECT_NUMBER_B = 5
    COUNT_TRIES = 6
    VERIFY = 7
    SELECT_RECORD = 8
    READ_HEADER = 9
    READ_PHOTO = 20
    PROVE = 38
    READ_CERTIFICATE = 47


class Pin(IntEnum):
    """The way by PIN. The certificate is read before the PIN's tries are counted."""

    READ_CERTIFICATE = 8
    COUNT_TRIES = 16
    VERIFY = 17
    SIGN = 19


def sent_digits(card: VirtualCard) -> int:
    """How many VERIFY commands with digits reached the card."""
    return sum(entry.header.startswith("0020") and entry.sent > 0 for entry in card.log.entries)
