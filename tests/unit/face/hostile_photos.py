"""Hostile JPEG 2000 files, the same at every run, and what the decoder makes of them.

`python -m tests.unit.face.hostile_photos [COUNT]` measures number C5: outcomes, and the slowest photo.
Source: ISO/IEC 15444-1 (markers of the codestream, boxes of the file).
"""

import collections
import random
import struct
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from io import BytesIO

from PIL import Image

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.face.photo import JP2_SIGNATURE, LARGEST_PHOTO, PhotoDecoder
from tests.unit.face.face_material import FACES

SOC, SIZ, COD, QCD, SOT, SOD, EOC = (struct.pack(">H", code) for code in (
    0xFF4F, 0xFF51, 0xFF52, 0xFF5C, 0xFF90, 0xFF93, 0xFFD9,
))  # fmt: skip
EDGES: tuple[int, ...] = (
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    16,
    17,
    31,
    32,
    33,
    63,
    127,
    128,
    255,
    256,
    257,
    1023,
    1024,
    1025,
    16384,
    16385,
)
EDGES += (32767, 32768, 65534, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
OUTCOMES = {None, FaultCode.PHOTO_BROKEN, FaultCode.PHOTO_TOO_LARGE, FaultCode.PHOTO_TIMEOUT}
"""How decoding may end; None: a picture."""


def valid() -> bytes:
    return (FACES / "chip.jp2").read_bytes()


def jp2(image: Image.Image, rate: float = 20, *, tile: int = 0) -> bytes:
    data = BytesIO()
    tiles = {"tile_size": (tile, tile)} if tile else {}
    image.save(data, "JPEG2000", quality_mode="rates", quality_layers=[rate], irreversible=True, **tiles)
    return data.getvalue()


def seeds() -> list[bytes]:
    """What is mutated: the chip's photo, one in colour, one in tiles, one too small for most of its own parameters."""
    with Image.open(FACES / "holder-1.jpg") as image:
        colour = jp2(image.convert("RGB").resize((240, 320)), 40)
        tiled = jp2(image.convert("L").resize((240, 320)), 20, tile=64)
        return [valid(), valid(), colour, tiled, jp2(image.convert("L").resize((5, 7)), 1)]


def markers(photo: bytes) -> dict[bytes, int]:
    """Where each marker of the main header, and the first of a tile, stands."""
    start = photo.index(SOC)
    return {code: photo.index(code, start) for code in (SOC, SIZ, COD, QCD, SOT, SOD)}


def put(photo: bytes, place: int, form: str, value: int) -> bytes:
    data = bytearray(photo)
    struct.pack_into(form, data, place, value & (1 << 8 * struct.calcsize(form)) - 1)
    return bytes(data)


def with_size(photo: bytes, *, header: tuple[int, int] | None, codestream: tuple[int, int] | None) -> bytes:
    """The photo with other sizes claimed in the JP2 header (ihdr) or in the codestream (SIZ, image and tile)."""
    data = bytearray(photo)
    if header is not None:
        struct.pack_into(">II", data, photo.index(b"ihdr") + 4, header[1], header[0])
    if codestream is not None:
        for offset in (6, 22):
            struct.pack_into(">II", data, photo.index(SIZ) + offset, *codestream)
    return bytes(data)


def fields(photo: bytes) -> list[tuple[int, str]]:
    """Place and form of every number that a decoder believes before it sees a pixel."""
    at = markers(photo)
    found = [(photo.index(b"ihdr") + 4 + offset, form) for offset, form in ((0, ">I"), (4, ">I"), (8, ">H"), (10, "B"))]
    found += [(photo.index(name) - 4, ">I") for name in (b"ftyp", b"jp2h", b"ihdr", b"colr", b"jp2c")]
    found += [(photo.index(b"colr") + offset, "B") for offset in range(4, 11)]
    found += [(at[SIZ] + 2, ">H"), (at[SIZ] + 4, ">H"), (at[SIZ] + 38, ">H")]
    found += [(at[SIZ] + offset, ">I") for offset in range(6, 38, 4)]
    found += [(place, "B") for place in range(at[SIZ] + 40, at[COD])]
    found += [(at[COD] + 2, ">H"), (at[COD] + 6, ">H"), *((at[COD] + offset, "B") for offset in (4, 5, *range(8, 14)))]
    found += [(at[QCD] + 2, ">H"), *((at[QCD] + offset, "B") for offset in range(4, 20))]
    found += [(at[SOT] + 2, ">H"), (at[SOT] + 4, ">H"), (at[SOT] + 6, ">I"), (at[SOT] + 10, "B"), (at[SOT] + 11, "B")]
    return found


def segment(chance: random.Random) -> bytes:
    """A marker segment that the photo does not have: packed headers, other progressions, region of interest."""
    code = chance.choice(
        (0xFF53, 0xFF55, 0xFF57, 0xFF58, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF60, 0xFF61, 0xFF63, 0xFF64, 0xFF30)
    )
    body = chance.randbytes(chance.choice((0, 1, 3, 7, 9, 60)))
    return struct.pack(">HH", code, chance.choice((len(body) + 2, len(body) + 2, 0, 2, 65535))) + body


def mutant(number: int, bases: list[bytes]) -> bytes:
    """Mutation `number`: one to three hurts, most of them to fields that mean something."""
    chance = random.Random(f"jail/{number}")  # noqa: S311 - it has to repeat
    base = chance.choice(bases)
    photo, at = base, markers(base)
    for _ in range(chance.choice((1, 1, 2, 3))):
        kind = chance.randrange(10)
        place = chance.randrange(at[SOD], len(photo)) if len(photo) > at[SOD] else len(photo) - 1
        if kind <= 4:
            where, form = chance.choice(fields(base))
            value = chance.choice(EDGES) if chance.random() < 0.7 else chance.getrandbits(32)
            photo = put(photo, where, form, value) if where + 4 <= len(photo) else photo
        elif kind <= 6:
            photo = photo[:place] + chance.randbytes(chance.choice((1, 2, 8, 64))) + photo[place + 1 :]
        elif kind == 7:
            photo = photo[: chance.randrange(13, len(photo))]
        elif kind == 8:
            where = at[chance.choice((SIZ, COD, QCD, SOT))]
            photo = photo[:where] + segment(chance) + photo[where:]
        else:
            start = at[chance.choice((SIZ, COD, QCD, SOT))]
            photo = photo[:start] + photo[start : start + chance.choice((4, 20, 60))] * 2 + photo[place:]
    return photo[:LARGEST_PHOTO]


def mutants(first: int, count: int) -> Iterator[tuple[str, bytes]]:
    bases = seeds()
    for number in range(first, first + count):
        yield f"mutant {number}", mutant(number, bases)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that promise much."""
    photo = valid()
    most = (65535, 65535)
    at = markers(photo)
    yield "header of 65,535 squared", with_size(photo, header=most, codestream=None)
    yield "codestream of 65,535 squared", with_size(photo, header=None, codestream=most)
    yield "both of 65,535 squared", with_size(photo, header=most, codestream=most)
    yield "both of 4,294,967,295 squared", with_size(photo, header=(2**32 - 1,) * 2, codestream=(2**32 - 1,) * 2)
    largest = with_size(photo, header=(1024, 1024), codestream=(1024, 1024))
    for side in (1, 2, 4, 5, 16):
        tiles = put(put(largest, at[SIZ] + 22, ">I", side), at[SIZ] + 26, ">I", side)
        yield f"1,024 squared in tiles of {side}", tiles
        yield f"65,535 squared in tiles of {side}", put(put(tiles, at[SIZ] + 6, ">I", 65535), at[SIZ] + 10, ">I", 65535)
    yield "largest that is allowed, not there", largest
    yield "16,384 components", put(photo, at[SIZ] + 38, ">H", 16384)
    yield "65,535 layers", put(photo, at[COD] + 6, ">H", 65535)
    yield "255 resolutions", put(photo, at[COD] + 9, "B", 255)
    yield "33 resolutions", put(photo, at[COD] + 9, "B", 32)
    # Precincts of one pixel each, as many packets as there can be: the length of COD grows by one byte a resolution.
    levels = photo[at[COD] + 9]
    style = put(put(put(largest, at[COD] + 4, "B", 1), at[COD] + 2, ">H", 12 + levels + 1), at[COD] + 6, ">H", 65535)
    end = at[COD] + 14
    yield "precincts of a pixel, 65,535 layers", style[:end] + b"\x00" + b"\x11" * levels + style[end:]
    yield "16 million pixels, rightly", jp2(Image.new("L", (4000, 4000)), 1000)
    yield "a million pixels, rightly", jp2(Image.effect_noise((1024, 1024), 60).convert("RGB"), 105)
    yield "boxes in boxes", photo[:12] + struct.pack(">I4s", 16000, b"jp2h") * 3900
    yield "empty boxes", photo[:12] + struct.pack(">I4s", 8, b"free") * 4000
    yield "a palette of 65,535 colours", palette(photo)


def palette(photo: bytes) -> bytes:
    place = photo.index(b"colr") - 4
    body = struct.pack(">HB", 65535, 1) + b"\x07" + bytes(20000)
    box = struct.pack(">I4s", len(body) + 8, b"pclr") + body
    grown = put(
        photo, photo.index(b"jp2h") - 4, ">I", struct.unpack_from(">I", photo, photo.index(b"jp2h") - 4)[0] + len(box)
    )
    grown = put(grown, place + 11, ">I", 16)
    return grown[:place] + box + grown[place:]


def strangers() -> Iterator[tuple[str, bytes]]:
    """Not JPEG 2000 at all, with and without its first bytes in front."""
    chance = random.Random("jail/strangers")  # noqa: S311 - it has to repeat
    photo = valid()
    image = Image.new("L", (240, 320), 90)
    files = {"0 bytes": b"", "32 kB of zeros": bytes(LARGEST_PHOTO), "random": chance.randbytes(6000)}
    for form in ("PNG", "JPEG", "TIFF", "GIF", "BMP"):
        saved = BytesIO()
        image.save(saved, form)
        files[form] = saved.getvalue()
    for name, data in files.items():
        yield name, data
        yield f"{name}, after a signature", (JP2_SIGNATURE + data)[:LARGEST_PHOTO]
        yield f"{name}, as the codestream", photo[: photo.index(SOC)] + data
    yield "codestream without boxes", photo[photo.index(SOC) :]
    yield "codestream after a signature", JP2_SIGNATURE + photo[photo.index(SOC) :]
    for length in (*range(0, 200, 13), len(photo) // 2, len(photo) - 1):
        yield f"first {length} bytes", photo[:length]


def outcomes(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, FaultCode | None, str, float]]:
    """Name, fault (None: a picture), its detail and the seconds of each; every worker is waiting when its photo comes.

    Whatever else happens in the parent (another exception, a crash, an answer out of bounds) ends the run.
    """
    decoder = PhotoDecoder()
    for name, data in files:
        decoder.start_ahead()
        started = time.monotonic()
        fault, detail = None, ""
        try:
            assert max(decoder.decode(Secret(data)).shape) <= 1024
        except DeviceError as error:
            fault, detail = error.code, error.detail
        yield name, fault, detail, time.monotonic() - started
    decoder.close()


def main(count: int) -> None:
    warnings.simplefilter("ignore")
    seen = list(outcomes([*mutants(0, count), *bombs(), *strangers()]))
    slowest = sorted(seen, key=lambda each: -each[3])[:5]
    print(f"{len(seen)} files, start of the worker included")
    for (fault, detail), number in collections.Counter((each[1], each[2]) for each in seen).most_common():
        print(f"{number:5}  {fault.name if fault else 'picture'} {detail}")
    for name, fault, _, seconds in slowest:
        print(f"{seconds * 1000:7.0f} ms  {name}: {fault.name if fault else 'picture'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
