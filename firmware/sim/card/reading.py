"""READ BINARY, READ RECORD, GET DATA and GET CHALLENGE.

Driven by the card's one thread; sizes in bytes. Raises StatusError, at the end of a file with the bytes that are left
(6282). Source: facts card.md 1.4, 2, 3; the contents of GET DATA are invented except 5F51. Where sources are silent
the card is strict: a READ without Le is refused.
"""

import secrets

from firmware.sim.card.apdu import Command, StatusError
from firmware.sim.card.applications import TransparentFile
from firmware.sim.card.state import SHORT_ID, ChipState
from firmware.sim.card.tlv import template, tlv

_RECORD_BY_NUMBER = 0x04
_CHALLENGE_MAXIMUM = 256
_SHORT_MAXIMUM = 256
# The reset answer of the contact interface without historical bytes, whatever the present interface says (5F51).
_DATA_OBJECTS = {
    0x0042: b"JP\x00\x00",
    0x0045: bytes(8),
    0x0066: tlv(0x73, bytes.fromhex("06072a864886fc6b01")),
    0x00F0: bytes(2),
    0x00F2: bytes(2),
    0x00F7: bytes(4),
    0x00F8: bytes(4),
    0x7F21: template(0x7F21, bytes(563)),
    0x5F51: bytes.fromhex("3be000ff8131fe4514"),
}


def read_binary(state: ChipState, command: Command) -> bytes:
    if command.p1 & 0x80:
        state.file, offset = command.p1 & SHORT_ID, command.p2
    else:
        offset = command.p1 << 8 | command.p2
    content = _readable(state, state.selected()).content
    if command.data or command.expected is None:
        raise StatusError(0x6700)
    if offset >= len(content):
        raise StatusError(0x6B00)
    data = content[offset : offset + command.expected]
    if len(data) < command.expected:
        raise StatusError(0x6282, data)
    return data


def _readable(state: ChipState, number: int) -> TransparentFile:
    file = state.require(number).files.get(number)
    if file is None:
        raise StatusError(0x6981)
    if file.opened_by and not file.opened_by & state.verified:
        raise StatusError(0x6982)
    return file


def read_record(state: ChipState, command: Command) -> bytes:
    """Record P1 of the selected file, or of the one whose short id stands in P2; each file has one record."""
    if command.p2 & 0x07 != _RECORD_BY_NUMBER:
        raise StatusError(0x6A86)
    if command.p2 >> 3:
        state.file = command.p2 >> 3
    number = state.selected()
    record = state.require(number).records.get(number)
    if record is None:
        raise StatusError(0x6981)
    if command.data or command.expected is None:
        raise StatusError(0x6700)
    if command.p1 != 1:
        raise StatusError(0x6A83)
    return record[: command.expected]


def get_data(state: ChipState, command: Command) -> bytes:
    """Objects of the card itself, outside all applications; a long one needs an extended Le."""
    content = _DATA_OBJECTS.get(command.p1 << 8 | command.p2)
    if content is None or state.application is not None:
        raise StatusError(0x6A88)
    if command.data or command.expected is None or (len(content) > _SHORT_MAXIMUM and not command.extended):
        raise StatusError(0x6700)
    return content[: command.expected]


def get_challenge(_: ChipState, command: Command) -> bytes:
    if command.p1 or command.p2:
        raise StatusError(0x6A86)
    if command.data or command.expected is None or command.expected > _CHALLENGE_MAXIMUM:
        raise StatusError(0x6700)
    return secrets.token_bytes(command.expected)
