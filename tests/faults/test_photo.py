"""Bad input: a 30 kB photo, photos and lengths that lie, a broken JPEG 2000, a photo without a face."""

import io
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from firmware.core.faults import FaultCode
from firmware.core.outcomes import Assurance, MatchCode, Method, VisitOutcome
from firmware.core.views import NoticeView, RemoveCardView
from firmware.sim.card.image import CardImage
from firmware.sim.card.pictures import stand_in_photo
from tests.faults.bench import Bench, assert_texts
from tests.faults.house import House

RECORD = 0x0002
HEADER = bytes.fromhex("ff2082")
PHOTO_TAG = bytes.fromhex("df2782")


def jp2(image: Image.Image, rate: float) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG2000", quality_mode="rates", quality_layers=[rate], irreversible=True)
    return target.getvalue()


def large_photo(house: House) -> bytes:
    """The holder in about 30 kB: noise of a cheap scanner keeps the encoder from doing better."""
    with Image.open(io.BytesIO(house.photo)) as image:
        grey = np.asarray(image.convert("L"), dtype=np.int16)
    noise = np.random.default_rng(1).integers(-8, 9, grey.shape)
    noisy = Image.fromarray(np.clip(grey + noise, 0, 255).astype(np.uint8))
    return jp2(noisy, grey.size / 30_000)


def with_length(image: CardImage, tag: bytes, length: int) -> CardImage:
    """The card with another length behind `tag` (two bytes) in its record."""
    record = bytearray(image.surface[RECORD])
    place = record.index(tag) + len(tag)
    record[place : place + 2] = length.to_bytes(2, "big")
    files: Mapping[int, bytes] = {**image.surface, RECORD: bytes(record)}
    return replace(image, surface=files)


async def test_a_photo_of_30_kb_is_compared(bench: Bench) -> None:
    photo = large_photo(bench.house)
    assert 29_000 < len(photo) < 31_000
    await bench.place(await bench.issue(photo))
    await bench.by_face()
    result = await bench.finish()
    assert (result.outcome, result.assurance) == (VisitOutcome.IDENTIFIED, Assurance.FACE_ISSUER_VERIFIED)
    assert result.match is not None
    assert result.match.code is MatchCode.MATCH
    await bench.goes_on()


async def test_a_record_that_claims_more_than_a_card_can_hold(bench: Bench) -> None:
    await bench.place(with_length(bench.house.image, HEADER, 0x8000))
    await other_way(bench, FaultCode.PHOTO_TOO_LARGE)


@pytest.mark.parametrize(("tag", "length"), [(HEADER, 0x7FF0), (PHOTO_TAG, 0x7FF0), (PHOTO_TAG, 3)], ids=str)
async def test_lengths_that_lie_are_garbage(bench: Bench, tag: bytes, length: int) -> None:
    await bench.place(with_length(bench.house.image, tag, length))
    await bench.by_face()
    await bench.shown(RemoveCardView(because=FaultCode.CARD_GARBAGE))
    await bench.until(lambda: bench.results)
    (result,) = bench.results
    assert (result.outcome, result.fault) == (VisitOutcome.FAULT, FaultCode.CARD_GARBAGE)
    await bench.goes_on()


def broken_photos() -> dict[str, bytes]:
    whole = stand_in_photo()
    sized = whole.index(b"ihdr") + 4
    ended = io.BytesIO()
    Image.new("L", (240, 320)).save(ended, "JPEG")
    return {
        "cut off": whole[:200],
        "code stream of nonsense": whole[:85] + bytes(range(256)) * 8,
        "sixty thousand pixels wide": whole[: sized + 4] + (60_000).to_bytes(4, "big") + whole[sized + 8 :],
        "a JPEG": ended.getvalue(),
    }


@pytest.mark.parametrize("name", broken_photos())
async def test_a_broken_photo_leaves_the_other_ways(bench: Bench, name: str) -> None:
    await bench.place(await bench.issue(broken_photos()[name]))
    await other_way(bench, FaultCode.PHOTO_BROKEN)


async def test_a_photo_without_a_face_leaves_the_other_ways(bench: Bench) -> None:
    await bench.place(await bench.issue(stand_in_photo()))
    await other_way(bench, FaultCode.PHOTO_NO_FACE)


async def other_way(bench: Bench, fault: FaultCode) -> None:
    """The face is no way any more, the screen says so, and the PIN still is one."""
    await bench.by_face()
    await bench.shown(NoticeView((Method.PIN, Method.STAFF), fault))
    await bench.by_pin()
    result = await bench.finish()
    assert (result.outcome, result.method, result.match) == (VisitOutcome.IDENTIFIED, Method.PIN, None)
    assert_texts(fault)
    await bench.goes_on()
