"""What must not be found: the invented holder's data in every form that a program is likely to keep them in.

Made from the world's own card image and people file; faces come from `face_marks.py`. Blocking. Raises what reading
those files raises. Sizes in bytes. Everybody here is invented or an official portrait of the simulator.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from firmware.sim.card.image import load_image

CHUNK: Final = 24
CHUNKS: Final = 8
_KEY_HEAD: Final = 36
_KEY_SIZE: Final = 252
"""Where the modulus begins behind the names of its kind, and what is taken of it: a multiple of three."""


@dataclass(frozen=True, slots=True, repr=False)
class Mark:
    """One kind of data. `exact`: byte strings of at least four; `alone`: those that count only between other signs."""

    kind: str
    exact: tuple[bytes, ...]
    alone: tuple[bytes, ...] = ()


@dataclass(slots=True, repr=False)
class Marks:
    """All kinds. `derived`: what exists in memory only (pixels, embeddings), with what the camera shows."""

    stored: list[Mark] = field(default_factory=list)
    derived: list[Mark] = field(default_factory=list)

    @property
    def all(self) -> list[Mark]:
        return [*self.stored, *self.derived]


def make_marks(world: Path, pin: str, number_b: str, photo: bytes) -> Marks:
    """The stored marks of the holder of the world in `world` (its run folder), whose photo is `photo` (JP2)."""
    image = load_image(world / "cards" / "holder")
    names = _people(world / "people.json")
    token = image.jpki[0x0006][64 + 16 :][:16]
    marks = Marks()
    marks.stored = [
        Mark("photo (JP2)", tuple(_forms_of_chunks(photo))),
        Mark("name and address", tuple(_texts(names["Name"], names["NameKana"], names["Address"]))),
        Mark("name pictures", tuple(_forms_of_chunks(_pictures(image.surface[0x0002], photo)))),
        Mark("number B", (*_texts(number_b), bytes(map(int, number_b)))),
        Mark("PIN", (bytes.fromhex("0020008004") + pin.encode(),), (pin.encode(),)),
        _number(names["InsuredIdentificationNumber"]),
        Mark("birth date", tuple(_days(names["Birthdate"]))),
        Mark("insurer", tuple(_texts(names["InsurerNumber"], names["InsurerName"]))),
        Mark("certificate", tuple(_forms_of_chunks(_own_part(image.certificate)))),
        Mark("serials", tuple(_serials(image.certificate, token))),
    ]
    return marks


def _people(file: Path) -> dict[str, str]:
    (person,) = json.loads(file.read_text(encoding="utf-8"))
    found: dict[str, str] = person["coverages"][0]
    return found


def _number(digits: str) -> Mark:
    """Few digits stand in other numbers too, but hardly in another encoding."""
    plain = digits.encode()
    return Mark("insured number", tuple(form for form in _texts(digits) if form != plain), (plain,))


def _days(day: str) -> Iterator[bytes]:
    """A day as messages, files and programs write it."""
    year, month, rest = day[:4], day[4:6], day[6:]
    yield from _texts(day, f"{year}-{month}-{rest}", f"date({int(year)}, {int(month)}, {int(rest)})")


def _pictures(card_face: bytes, photo: bytes) -> bytes:
    """The pictures of name and address, by taking photo and everything after it away."""
    start = card_face.index(b"\x89PNG")
    return card_face[start : card_face.index(photo[:CHUNK])]


def _own_part(der: bytes) -> bytes:
    """What no other certificate has: the holder's key, and the signature at the end."""
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    start = der.index(key) + _KEY_HEAD
    start += -start % 3
    return der[start : start + _KEY_SIZE] + certificate.signature


def _serials(der: bytes, token: bytes) -> Iterator[bytes]:
    number = x509.load_der_x509_certificate(der).serial_number
    size = (number.bit_length() + 8) // 8
    yield bytes((0x02, size)) + number.to_bytes(size, "big")
    yield from _texts(str(number), f"{number:x}", f"{number:X}")
    yield from _texts(token.decode("ascii"))


# ---- forms -----------------------------------------------------------------------------------------------------------


def _texts(*texts: str) -> Iterator[bytes]:
    """Each text as UTF-8, UTF-16, UTF-32, Shift_JIS, JSON with escapes, base64."""
    for text in texts:
        utf8 = text.encode()
        made = {utf8, text.encode("utf-16-le"), text.encode("utf-32-le"), text.encode("cp932")}
        made |= {json.dumps(text)[1:-1].encode()}
        made |= set(encoded(utf8))
        yield from sorted(made)


def encoded(data: bytes) -> Iterator[bytes]:
    """Base64 as it looks inside a longer text: three forms, by where the bytes begin, cut at both ends."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + data)
        whole = text[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield whole
        if whole.translate(None, b"+/") != whole:
            yield whole.translate(bytes.maketrans(b"+/", b"-_"))


def _forms_of_chunks(data: bytes) -> Iterator[bytes]:
    """Pieces of `data` as they are, in hexadecimal, as base64, and as base64 inside a JWS."""
    for piece in chunks(data):
        yield piece
        yield piece.hex().encode()
        # A piece that begins at a multiple of three has one form in the base64 of the whole.
        once = base64.b64encode(piece)
        yield once
        yield from encoded(once)


def chunks(data: bytes, number: int = CHUNKS) -> list[bytes]:
    """Spread over `data`: `number` pieces that begin at multiples of three and are not common."""
    starts = [start for start in range(0, len(data) - CHUNK + 1, 3) if telling(data[start : start + CHUNK])]
    return [data[start : start + CHUNK] for start in starts[:: max(1, len(starts) // number)][:number]]


def telling(piece: bytes) -> bool:
    """Whether other data hardly look like this; a common beginning would also slow the search down."""
    return len(set(piece)) >= min(10, len(piece) // 2) and piece[0] != piece[1] and 0 not in piece[:2]
