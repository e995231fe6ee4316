"""Cards whose files are malformed: one named defect each, everything else as on the good card.

Pure, any thread. `BROKEN` has all of them, those of the certificates included; each function takes a good image and its
issuers. Records keep their signature of before: what is tested is that a reader ends, with one fault, before it trusts
anything. Sizes in bytes. Source: facts card.md 2.3, 2.4, 2.6.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from firmware.sim.card.broken_certificates import BROKEN_CERTIFICATES, Broken
from firmware.sim.card.files import with_filler
from firmware.sim.card.image import CardImage
from firmware.sim.card.issuers import TestIssuers
from firmware.sim.card.tlv import tag_bytes, template, tlv

_RECORD, _CERTIFICATE, _TOKEN = 0x0002, 0x0004, 0x0006
_HEADER = 5
_LONG = 0x82
_DEPTH = 200

Objects = list[tuple[int, bytes]]
"""Tags and values of a template, in order."""


def _objects(content: bytes) -> Objects:
    """What lies inside the template that this simulator wrote at the start of `content`."""
    end = _HEADER + int.from_bytes(content[3:_HEADER], "big")
    at, found = _HEADER, Objects()
    while at < end:
        tag, first = int.from_bytes(content[at : at + 2], "big"), content[at + 2]
        extra = first - 0x80 if first > 0x80 else 0
        start = at + 3 + extra
        size = int.from_bytes(content[at + 3 : start], "big") if extra else first
        found.append((tag, content[start : start + size]))
        at = start + size
    return found


def _packed(tag: int, objects: Objects) -> bytes:
    return template(tag, b"".join(tlv(*item) for item in objects))


def _surface(number: int, make: Callable[[bytes], bytes]) -> Broken:
    """A file of the card face made from its good content, filler included."""

    def broken(image: CardImage, _: TestIssuers) -> CardImage:
        content = with_filler(make(image.surface[number]))
        return replace(image, surface={**image.surface, number: content})

    return broken


def _record(make: Callable[[Objects], Objects]) -> Broken:
    """Other objects in FF20."""
    return _surface(_RECORD, lambda content: _packed(0xFF20, make(_objects(content))))


def _value(tag: int, make: Callable[[bytes], bytes]) -> Broken:
    """Another value of one object."""
    return _record(lambda objects: [(name, make(value) if name == tag else value) for name, value in objects])


def _raw_object(tag: int, make: Callable[[bytes], bytes]) -> Broken:
    """One object of the record as whole bytes, made from its value."""

    def changed(content: bytes) -> bytes:
        parts = (make(value) if name == tag else tlv(name, value) for name, value in _objects(content))
        return template(0xFF20, b"".join(parts))

    return _surface(_RECORD, changed)


def _twice(tag: int) -> Broken:
    def doubled(objects: Objects) -> Objects:
        return [copy for item in objects for copy in ([item, item] if item[0] == tag else [item])]

    return _record(doubled)


def _without(tag: int) -> Broken:
    return _record(lambda objects: [item for item in objects if item[0] != tag])


def _said(tag: int, size: int) -> Callable[[bytes], bytes]:
    """An object whose length field says `size`, whatever follows."""
    return lambda value: tag_bytes(tag) + bytes([_LONG]) + size.to_bytes(2, "big") + value


def _key(modulus: bytes, exponent: bytes) -> bytes:
    return tlv(0x90, modulus) + tlv(0x91, exponent)


def _even(value: bytes) -> bytes:
    """DF24 with the last bit of its modulus (4 + 256 bytes in, card.md's order) cleared."""
    return value[:259] + bytes([value[259] & 0xFE]) + value[260:]


def _nested(_: bytes) -> bytes:
    inner = b""
    for _level in range(_DEPTH):
        inner = template(0xFF20, inner)
    return inner


def _indefinite(content: bytes) -> bytes:
    return b"\xff\x20\x80" + content[_HEADER:].rstrip(b"\xff") + b"\x00\x00"


def _token(make: Callable[[bytes], bytes]) -> Broken:
    def broken(image: CardImage, _: TestIssuers) -> CardImage:
        return replace(image, jpki={**image.jpki, _TOKEN: make(image.jpki[_TOKEN])})

    return broken


_BROKEN_RECORDS: Mapping[str, Broken] = {
    "record-empty": _surface(_RECORD, lambda _: b""),
    "record-zero-length": _surface(_RECORD, lambda _: b"\xff\x20\x00"),
    "record-other-tag": _surface(_RECORD, lambda good: b"\xff\x21" + good[2:]),
    "record-indefinite-length": _surface(_RECORD, _indefinite),
    "record-longer-than-file": _surface(_RECORD, lambda good: good[:2] + b"\x82\x7f\xf0" + good[_HEADER:]),
    "record-longer-than-cards": _surface(_RECORD, lambda good: good[:2] + b"\x84\x7f\xff\xff\xff" + good[_HEADER:]),
    "record-shorter-than-content": _surface(_RECORD, lambda good: good[:2] + b"\x82\x00\x40" + good[_HEADER:]),
    "record-reserved-length": _surface(_RECORD, lambda good: good[:2] + b"\xff" + good[3:]),
    "record-nested": _surface(_RECORD, _nested),
    "record-noise": _surface(_RECORD, lambda good: b"\xff\x20\x82\x04\x00" + b"\xa5" * len(good)),
    "record-three-stray-bytes": _surface(_RECORD, lambda good: b"\x00\x00\x00" + good),
    "photo-longer-than-file": _raw_object(0xDF27, _said(0xDF27, 0xFFFF)),
    "photo-longer-than-record": _raw_object(0xDF27, _said(0xDF27, 0x7000)),
    "photo-zero-length": _value(0xDF27, lambda _: b""),
    "photo-missing": _without(0xDF27),
    "photo-twice": _twice(0xDF27),
    "photo-cut": _value(0xDF27, lambda good: good[: len(good) // 2]),
    "photo-noise": _value(0xDF27, lambda good: b"\xa5" * len(good)),
    "photo-is-png": _value(0xDF27, lambda _: b"\x89PNG\r\n\x1a\n" + bytes(64)),
    "birth-twice": _twice(0xDF22),
    "birth-missing": _without(0xDF22),
    "birth-zero-length": _value(0xDF22, lambda _: b""),
    "birth-no-such-day": _value(0xDF22, lambda _: b"19721399"),
    "birth-letters": _value(0xDF22, lambda _: b"1972NOV3"),
    "birth-short": _value(0xDF22, lambda good: good[:-1]),
    "birth-not-ascii": _value(0xDF22, lambda _: "１９７２".encode()[:8]),
    "sex-unknown": _value(0xDF23, lambda _: b"X"),
    "sex-twice": _twice(0xDF23),
    "sex-zero-length": _value(0xDF23, lambda _: b""),
    "chip-key-short": _value(0xDF24, lambda _: _key(b"\xc1" + bytes(62) + b"\x01", b"\x01\x00\x01")),
    "chip-key-long": _value(0xDF24, lambda _: _key(b"\xc1" + bytes(2046) + b"\x01", b"\x01\x00\x01")),
    "chip-key-even-modulus": _value(0xDF24, _even),
    "chip-key-zero": _value(0xDF24, lambda _: _key(bytes(256), b"\x01\x00\x01")),
    "chip-key-exponent-1": _value(0xDF24, lambda good: good[:260] + tlv(0x91, b"\x00\x00\x01")),
    "chip-key-exponent-even": _value(0xDF24, lambda good: good[:260] + tlv(0x91, b"\x01\x00\x00")),
    "chip-key-wrong-size": _value(0xDF24, lambda good: good[:-1]),
    "chip-key-zero-length": _value(0xDF24, lambda _: b""),
    "chip-key-twice": _twice(0xDF24),
    "signature-zero-length": _value(0xDF28, lambda _: b""),
    "signature-short": _value(0xDF28, lambda good: good[:-1]),
    "signature-missing": _without(0xDF28),
    "signature-twice": _twice(0xDF28),
    "objects-in-other-order": _record(lambda objects: objects[::-1]),
    "object-unknown": _record(lambda objects: [*objects, (0xDF3F, b"?")]),
    "offsets-wrong": _value(0xDF21, lambda good: good[::-1]),
    "offsets-short": _value(0xDF21, lambda good: good[:3]),
    "face-certificate-empty": _surface(_CERTIFICATE, lambda _: b""),
    "face-certificate-other-tag": _surface(_CERTIFICATE, lambda good: b"\x7f\x22" + good[2:]),
    "face-certificate-longer-than-file": _surface(
        _CERTIFICATE, lambda good: good[:2] + b"\x82\x7f\xf0" + good[_HEADER:]
    ),
    "face-certificate-zero-length": _surface(_CERTIFICATE, lambda _: template(0x7F21, b"")),
    "face-certificate-no-signature": _surface(_CERTIFICATE, lambda good: _packed(0x7F21, _objects(good)[:1])),
    "face-certificate-body-cut": _surface(
        _CERTIFICATE, lambda good: _packed(0x7F21, [(tag, value[:100]) for tag, value in _objects(good)])
    ),
    "face-certificate-body-twice": _surface(_CERTIFICATE, lambda good: _packed(0x7F21, _objects(good)[:1] * 2)),
    "token-short": _token(lambda good: good[:20]),
    "token-empty": _token(lambda _: b""),
    "token-noise": _token(lambda good: b"\xa5" * len(good)),
    "token-serial-letters": _token(lambda good: good[:80] + b"NOT A NUMBER, AT" + good[96:]),
    "token-label-unknown": _token(lambda good: b"SOMETHING ELSE".ljust(32) + good[32:]),
}

BROKEN: Final[Mapping[str, Broken]] = {**BROKEN_CERTIFICATES, **_BROKEN_RECORDS}
"""Name to maker. Most make a card that has to be refused; `object-unknown`, `offsets-*` and `record-three-stray-bytes`
are defects that a reader may overlook, and `certificate-trailing-behind` one that it never sees."""
