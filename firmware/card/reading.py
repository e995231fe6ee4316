"""Reads a file by the length in its header: no byte of the filler behind it is read (card.md 1.4).

Card lane. Lengths are bytes. Raises `TlvError` for a file that does not begin as it should, and the channel's faults.
The number of READs is bounded by the shape's limit, whatever the card answers.
"""

from dataclasses import dataclass

from firmware.card.channel import CardChannel
from firmware.card.tlv import TlvError, TlvTooLargeError, read_header
from firmware.core.faults import DeviceError
from firmware.core.secret import Secret


@dataclass(frozen=True, slots=True)
class FileShape:
    """How a file's length is found. `probe`: bytes read first; `stray`: most bytes before `tag` (card.md 1.4).

    `limit`: most bytes up to the object's end.
    """

    tag: int
    probe: int
    limit: int
    stray: int = 0


def read_file(channel: CardChannel, shape: FileShape) -> Secret:
    """The one object of the selected file. What was read is wiped when it cannot be read to its end."""
    probe = channel.read(0, shape.probe)
    start, total = _locate(probe, shape)
    end = start + total
    buffer = bytearray(max(end, shape.probe))
    buffer[: shape.probe] = probe
    offset = shape.probe
    try:
        while offset < end:
            data = channel.read_some(offset, end - offset)
            buffer[offset : offset + len(data)] = data
            offset += len(data)
    except DeviceError:
        buffer[:] = bytes(len(buffer))
        raise
    del buffer[end:], buffer[:start]
    return Secret.adopt(buffer)


def _locate(probe: bytes, shape: FileShape) -> tuple[int, int]:
    """Offset and length of the object with `shape.tag`."""
    name = shape.tag.to_bytes((shape.tag.bit_length() + 7) // 8, "big")
    start = probe.find(name, 0, shape.stray + len(name))
    if start < 0:
        raise TlvError("the file does not begin with its tag")
    total = read_header(probe[start:]).total
    if start + total > shape.limit:
        raise TlvTooLargeError("the object is longer than allowed")
    return start, total
