"""Makes hostile bytes out of valid ones, with an eye for TLV: lengths that lie, swapped tags, nesting, repeats. Pure.

Every change is drawn from the given generator, so the same generator makes the same bytes. The walker that finds the
objects is written for broken input and shares nothing with the device's reader. Lengths are bytes; no result is longer
than `LONGEST`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

LONGEST = 65_536
_MOST_PLACES = 64
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0xFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_TAGS: tuple[bytes, ...] = (
    *(bytes((tag,)) for tag in bytes.fromhex("000102030405060C1317181F30315A7F9091A0A3FF")),
    *(tag.to_bytes(2, "big") for tag in (0x1F80, 0x5F37, 0x5F4E, 0x7F21, *range(0xDF21, 0xDF2B), 0xFF20, 0xFF40)),
    *(bytes.fromhex(tag) for tag in ("9F8101", "BF8102", "DFFFFF", "DFFFFFFF")),
)
_INTERESTING = bytes.fromhex("00 01 05 0A 1F 20 30 31 39 3F 7F 80 81 82 83 84 85 90 91 DF FF")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands: its tag from `start`, its length field, its value up to `end`."""

    start: int
    length_at: int
    value_at: int
    end: int


def places(data: bytes) -> list[Place]:
    """The objects of `data` as far as they make sense, outer ones before inner ones."""
    found: list[Place] = []
    waiting = [(0, len(data), 0)]
    while waiting and len(found) < _MOST_PLACES:
        start, end, depth = waiting.pop()
        place = _place(data, start, end)
        if place is None:
            continue
        found.append(place)
        waiting.append((place.end, end, depth))
        if data[place.start] & 0x20 and depth < 8:
            waiting.append((place.value_at, place.end, depth + 1))
    return found


def _place(data: bytes, start: int, end: int) -> Place | None:
    at = start + 1
    if start < end and data[start] & 0x1F == 0x1F:
        while at < end and data[at] & 0x80:
            at += 1
        at += 1
    if at >= end:
        return None
    count = data[at] & 0x7F if data[at] & 0x80 else 0
    value_at = at + 1 + count
    length = int.from_bytes(data[at + 1 : value_at], "big") if count else data[at]
    if count > 4 or value_at + length > end:
        return None
    return Place(start, at, value_at, value_at + length)


def length_field(chance: Random, length: int) -> bytes:
    """A length field for `length` or for something else, in any form: short, 81 to 88, indefinite."""
    claimed = chance.choice((length, length - 1, length + 1, length * 2, chance.choice(_NUMBERS)))
    claimed = max(claimed, 0)
    form = chance.choice((0, 0, 1, 2, 2, 3, 4, 8, -1))
    if form < 0:
        return chance.choice((b"\x80", b"\xff", b"\x81", b"\x82\x00"))
    if form == 0:
        return bytes((claimed & 0x7F,))
    return bytes((0x80 | form,)) + (claimed & (1 << 8 * form) - 1).to_bytes(form, "big")


Change = Callable[[Random, bytes], bytes]


def _flip(chance: Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :]


def _overwrite(chance: Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    new = bytes(chance.choices(_INTERESTING, k=chance.choice((1, 1, 2, 4))))
    return data[:at] + new + data[at + len(new) :]


def _insert(chance: Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.choice((1, 1, 2, 3, 16, 300))) + data[at:]


def _span(chance: Random, data: bytes) -> tuple[int, int]:
    start = chance.randrange(len(data))
    return start, min(len(data), start + chance.choice((1, 1, 2, 5, 16, 64, 256, len(data))))


def _delete(chance: Random, data: bytes) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + data[end:]


def _repeat(chance: Random, data: bytes) -> bytes:
    start, end = _span(chance, data)
    return data[:end] + data[start:end] * chance.choice((1, 1, 2, 40)) + data[end:]


def _fill(chance: Random, data: bytes) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + chance.choice((b"\x00", b"\xff", b"\x30", b"0")) * (end - start) + data[end:]


def _cut(chance: Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _behind(chance: Random, data: bytes) -> bytes:
    return data + chance.choice((b"\x00", b"\xff", b"\x90\x00", b"\x30")) * chance.choice((1, 2, 512, 5_000))


def _before(chance: Random, data: bytes) -> bytes:
    return chance.choice((b"\x00", b"\xff", b"\x00\x00", b"\xff\x20", b"\x90\x00\x00")) + data


def _block(chance: Random, data: bytes) -> bytes:
    """64 KB of filler, with or without a header of its own before it."""
    body = chance.choice((b"\x00", b"\xff", b"0", b"\x30\x80", b"\xff\x20\x82\xff\xff"))
    return (data[: chance.choice((0, 5, 64))] + body * LONGEST)[:LONGEST]


def _drawn(chance: Random, data: bytes) -> Place | None:
    found = places(data)
    return chance.choice(found) if found else None


def _lie(chance: Random, data: bytes) -> bytes:
    place = _drawn(chance, data)
    if place is None:
        return _overwrite(chance, data)
    return data[: place.length_at] + length_field(chance, place.end - place.value_at) + data[place.value_at :]


def _rename(chance: Random, data: bytes) -> bytes:
    place = _drawn(chance, data)
    if place is None:
        return _overwrite(chance, data)
    return data[: place.start] + chance.choice(_TAGS) + data[place.length_at :]


def _copy_object(chance: Random, data: bytes) -> bytes:
    """An object once more at another object's place: repeated tags, changed order."""
    place, other = _drawn(chance, data), _drawn(chance, data)
    if place is None or other is None:
        return _repeat(chance, data)
    return data[: other.start] + data[place.start : place.end] * chance.choice((1, 1, 70)) + data[other.start :]


def _drop_object(chance: Random, data: bytes) -> bytes:
    place = _drawn(chance, data)
    return _delete(chance, data) if place is None else data[: place.start] + data[place.end :]


def _new_value(chance: Random, data: bytes) -> bytes:
    """Another value with the right length, so that what follows still parses."""
    place = _drawn(chance, data)
    if place is None:
        return _insert(chance, data)
    value = chance.randbytes(place.end - place.value_at)
    return data[: place.value_at] + value + data[place.end :]


def _nest(chance: Random, data: bytes) -> bytes:
    """The bytes, or nothing, inside many constructed objects whose lengths are right."""
    tag, inner = chance.choice((b"\x30", b"\x7f\x21", b"\xff\x20")), data if chance.random() < 0.5 else b""
    for _ in range(chance.choice((1, 3, 4, 5, 100, 1_000))):
        inner = tag + b"\x82" + (len(inner) & 0xFFFF).to_bytes(2, "big") + inner
    return inner


_CHANGES: tuple[Change, ...] = (
    *(_flip, _flip, _overwrite, _insert, _delete, _repeat, _fill, _cut, _behind, _before),
    *(_lie, _lie, _lie, _rename, _copy_object, _drop_object, _new_value, _new_value),
)
_RARE: tuple[Change, ...] = (_block, _nest)


def mutate(chance: Random, data: bytes, others: tuple[bytes, ...] = ()) -> bytes:
    """One to four changes to `data`; with `others` sometimes the head of one and the tail of another."""
    if others and chance.random() < 0.05:
        other = chance.choice(others)
        data = data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        change = chance.choice(_RARE if chance.random() < 0.01 else _CHANGES)
        data = change(chance, data or b"\x30")[:LONGEST]
    return data


def noise(chance: Random) -> bytes:
    """Bytes from nothing: random, or of those that mean something in TLV and APDUs; rarely 64 KB of them."""
    size = chance.choice((0, 1, 2, 3, 4, 5, 6, 8, 16, 64, 300)) if chance.random() < 0.99 else LONGEST
    if chance.random() < 0.5:
        return chance.randbytes(size)
    return bytes(chance.choices(_INTERESTING, k=size))
