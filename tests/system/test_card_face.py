"""Issue 3, B3: a second reader, OpenSSL's and OpenJPEG's programs agree with ours on the card face.

The second reader shares no code with the device: see second_reader.py. The cards are generated, of people who do not
exist, and none of the photos shows anybody.
"""

import hashlib
import io
import random
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from firmware.card.certificates import load_trust
from firmware.card.keys import FaceIssuer
from firmware.card.service import CardService
from firmware.card.surface import HashInput, split_record
from firmware.card.tlv import TlvError
from firmware.core.evidence import ChipEvidence, FaceRecord
from firmware.core.outcomes import ChipCheck, IssuerCheck, RecordCheck, TryCode
from firmware.core.secret import Secret
from firmware.face.photo import PhotoDecoder
from firmware.sim.card.image import CardImage, CardKeys
from firmware.sim.card.inprocess import InProcessReader
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers
from firmware.sim.card.keys import RecordForm, make_key
from firmware.sim.card.machine import Interface, VirtualCard
from firmware.sim.card.person import Person, Sex, invented_person
from firmware.sim.card.quirks import Quirks
from firmware.sim.pcsc.vpcd import VpcdSlot
from tests.system import second_reader as second

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="not installed: openssl"),
]

TODAY = date(2026, 1, 10)
CHALLENGE = hashlib.sha256(b"a challenge").digest()
STRAYS = (b"", b"", b"\x90\x00")
PARTS = (0xDF27, 0xDF22, 0xDF23, 0xDF24, 0xDF29)
GREY, COLOUR = "L", "RGB"
PHOTOS = [
    *((GREY, size) for size in (1_000, 1_900, 3_000, 4_500, 6_000, 8_000, 12_000, 18_000, 24_000, 30_000)),
    *((COLOUR, size) for size in (1_500, 4_000, 7_800, 15_000, 29_000)),
]


def noisy_photo(mode: str, size: int) -> bytes:
    """A JP2 of at most `size` bytes and little less: noise on a slope, cut to length by the encoder's layers."""
    edge = 224
    generator = np.random.default_rng(size)
    shape = (edge, edge) if mode == GREY else (edge, edge, 3)
    slope = np.linspace(40, 200, edge, dtype=np.float64).reshape(1, edge, *[1] * (len(shape) - 2))
    pixels = np.clip(slope + generator.normal(0, 60, shape), 0, 255).astype(np.uint8)
    target = io.BytesIO()
    raw = pixels.size / size
    Image.fromarray(pixels, mode).save(
        target, "JPEG2000", quality_mode="rates", quality_layers=[raw], irreversible=True
    )
    return target.getvalue()


def other_person(number: int) -> Person:
    """Someone of another age, sex, name length and code for every `number`."""
    return replace(
        invented_person(TODAY),
        name="M" * (1 + number * 3) + " TARO",
        address="9-" * (number + 1) + "KESHIKI",
        birth=date(1931 + 5 * number, 1 + number % 12, 1 + 2 * number % 28),
        sex=list(Sex)[number % 3],
        security_code=f"{number * 617:04}",
        gregorian_birth_year=number % 4 == 0,
    )


@dataclass(frozen=True)
class Case:
    """A card, how its record was made and what the second reader got from it."""

    image: CardImage
    form: RecordForm
    photo: bytes
    stray: bytes
    face: second.CardFace


@pytest.fixture(scope="module")
def issuers() -> TestIssuers:
    return create_issuers(TODAY)


@pytest.fixture(scope="module")
def cases(issuers: TestIssuers, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """A card for every photo, in turns in both readings of the record, every third with two stray bytes in front."""
    keys = CardKeys(make_key(), make_key())
    cases = []
    for number, (mode, size) in enumerate(PHOTOS):
        form, photo = list(RecordForm)[number % 2], noisy_photo(mode, size)
        folder, stray = tmp_path_factory.mktemp("card"), STRAYS[number % 3]
        image = issue_card(folder, other_person(number), photo, issuers, keys=keys, record_form=form)
        cases.append(Case(image, form, photo, stray, read_over_a_wire(image, stray)))
    return cases


def read_over_a_wire(image: CardImage, stray: bytes) -> second.CardFace:
    with second.WireReader() as reader:
        slot = VpcdSlot(reader.port)
        slot.insert(VirtualCard(image, quirks=Quirks(stray=stray)))
        try:
            assert reader.power_on() == Interface.CONTACTLESS.value
            return second.read_card_face(reader, image.secrets.number_b)
        finally:
            reader.close()
            slot.remove()


def read_by_the_device(case: Case, issuers: TestIssuers) -> tuple[FaceRecord, ChipEvidence]:
    """By `CardService`, and so through guard, file reader and `split_record`."""
    reader = InProcessReader()
    reader.insert(VirtualCard(case.image, quirks=Quirks(stray=case.stray)))
    hash_input = HashInput.VALUES if case.form is RecordForm.FACTS else HashInput.TLV
    issuer = FaceIssuer(issuers.record_issuer_id, issuers.record_issuer_key)
    service = CardService(reader, load_trust([], frozenset()), [issuer], hash_input)
    service.identify()
    assert service.unlock(Secret(case.image.secrets.number_b.encode())).code is TryCode.ACCEPTED
    record = service.read_record()
    return record, service.check_chip(record, CHALLENGE)


def test_the_photos_are_of_all_sizes_and_kinds() -> None:
    photos = [noisy_photo(mode, size) for mode, size in PHOTOS]
    sizes = sorted(map(len, photos))
    assert sizes[0] <= 1_100
    assert sizes[-1] >= 29_000
    modes = {Image.open(io.BytesIO(photo)).mode for photo in photos}
    assert modes == {GREY, COLOUR}


def test_both_readers_see_the_same_objects(cases: list[Case], issuers: TestIssuers) -> None:
    for case in cases:
        record, evidence = read_by_the_device(case, issuers)
        face = second.objects(case.face.record, len(case.stray))
        certificate = second.objects(case.face.certificate)
        ours = (record.photo, record.birth_date, record.sex, record.chip_key, record.expiry)
        theirs = [face[tag].value for tag in PARTS]
        assert [bytes(secret.view()) for secret in ours] == theirs
        assert theirs[0] == case.photo
        assert record.signature == face[0xDF28].value
        assert [record.text_hash, record.photo_hash] == group_hashes(face, case.form)[1:]
        assert evidence.certificate == certificate[0x7F21].whole
        assert (evidence.chip, evidence.record) == (ChipCheck.PROVED, RecordCheck.SIGNED)
        assert evidence.issuer is IssuerCheck.VERIFIED


def test_the_second_reader_finds_every_object_where_the_offset_table_says(cases: list[Case]) -> None:
    for case in cases:
        face = second.objects(case.face.record, len(case.stray))
        table = face[0xDF21].value
        offsets = [int.from_bytes(table[at : at + 2], "big") for at in range(0, len(table), 2)]
        inner = [face[tag].whole for tag in range(0xDF22, 0xDF2B)]
        record = face[0xFF20].whole
        assert list(face) == [0xFF20, *range(0xDF21, 0xDF2B)]
        assert [record[at : at + len(piece)] for at, piece in zip(offsets, inner, strict=True)] == inner


def test_what_stands_behind_the_objects_is_filler(cases: list[Case]) -> None:
    for case in cases:
        for content, start, tag in ((case.face.record, len(case.stray), 0xFF20), (case.face.certificate, 0, 0x7F21)):
            filler = content[start + len(second.objects(content, start)[tag].whole) :]
            assert filler == b"\xff" * len(filler) != b""


def group_hashes(face: dict[int, second.Piece], form: RecordForm) -> list[bytes]:
    """The three hashes that DF28 signs (card.md 2.4)."""
    groups = ((0xDF22, 0xDF23, 0xDF24), (0xDF25, 0xDF26), (0xDF27,))
    whole = form is RecordForm.TEST_CARD
    pieces = [[face[tag].whole if whole else face[tag].value for tag in group] for group in groups]
    return [hashlib.sha256(b"".join(group)).digest() for group in pieces]


def test_openssl_recovers_the_hashes_from_the_record_signature(cases: list[Case], tmp_path: Path) -> None:
    for case in cases:
        face = second.objects(case.face.record, len(case.stray))
        body = second.objects(case.face.certificate)[0x5F4E].value
        block = second.recovered(tmp_path, second.public_key_der(body[32:]), face[0xDF28].value)
        assert block == bytes.fromhex(second.RECORD_PREFIX) + b"".join(group_hashes(face, case.form))


def test_openssl_recovers_the_certified_key_from_the_issuers_signature(
    cases: list[Case], issuers: TestIssuers, tmp_path: Path
) -> None:
    issuer = issuers.record_issuer_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for case in cases[:2]:
        inner = second.objects(case.face.certificate)
        assert inner[0x5F4E].value[:16] == issuers.record_issuer_id
        block = second.recovered(tmp_path, issuer, inner[0x5F37].value)
        assert block == bytes.fromhex(second.SHA256_PREFIX) + hashlib.sha256(inner[0x5F4E].value).digest()


def test_openssl_recovers_the_challenge_from_the_chip_proof(
    cases: list[Case], issuers: TestIssuers, tmp_path: Path
) -> None:
    for case in cases[:2]:
        _, evidence = read_by_the_device(case, issuers)
        chip = second.objects(case.face.record, len(case.stray))[0xDF24].value
        block = second.recovered(tmp_path, second.public_key_der(chip), evidence.signature)
        assert block == bytes.fromhex(second.SHA256_PREFIX) + CHALLENGE


@pytest.mark.parametrize("tag", [0xDF22, 0xDF23, 0xDF24, 0xDF25, 0xDF26, 0xDF27])
def test_both_notice_one_changed_byte(cases: list[Case], issuers: TestIssuers, tmp_path: Path, tag: int) -> None:
    """The middle byte of each signed object's value, made another digit where it is one."""
    case = cases[1]
    good = second.objects(case.face.record)
    end = case.face.record.index(good[tag].whole) + len(good[tag].whole)
    at = end - 1 - len(good[tag].value) // 2
    changed = bytearray(case.face.record)
    changed[at] ^= 0x01
    image = replace(case.image, surface={**case.image.surface, 0x0002: bytes(changed)})
    _, evidence = read_by_the_device(replace(case, image=image), issuers)
    assert evidence.record is RecordCheck.WRONG
    body = second.objects(case.face.certificate)[0x5F4E].value
    block = second.recovered(tmp_path, second.public_key_der(body[32:]), good[0xDF28].value)
    assert not block.endswith(b"".join(group_hashes(second.objects(bytes(changed)), case.form)))


def test_both_notice_a_changed_signature(cases: list[Case], issuers: TestIssuers, tmp_path: Path) -> None:
    case = cases[0]
    signature = second.objects(case.face.record)[0xDF28].value
    changed = signature[:-1] + bytes([signature[-1] ^ 0x01])
    image = replace(case.image, surface={**case.image.surface, 0x0002: case.face.record.replace(signature, changed)})
    _, evidence = read_by_the_device(replace(case, image=image), issuers)
    assert evidence.record is RecordCheck.WRONG
    body = second.objects(case.face.certificate)[0x5F4E].value
    with pytest.raises(AssertionError, match="openssl"):
        second.recovered(tmp_path, second.public_key_der(body[32:]), changed)


def test_ours_never_reads_anything_else_out_of_altered_bytes(cases: list[Case]) -> None:
    """What ours accepts, the second reader splits the same way; ours may refuse more."""
    chance, accepted = random.Random(20260110), 0  # noqa: S311  # for tests, not for secrets
    for case in cases[1:5]:
        whole = second.objects(case.face.record, len(case.stray))[0xFF20].whole
        heads = [whole.index(piece.whole) for piece in second.objects(whole).values()]
        for _ in range(150):
            altered = bytearray(whole)
            altered[chance.choice(heads) + chance.randrange(5)] = chance.choice(
                b"\x00\x01\x7f\x80\x81\x82\xdf\xff\x25\x2b"
            )
            try:
                record = split_record(memoryview(altered), HashInput.VALUES)
            except TlvError:
                continue
            accepted += 1
            theirs = second.objects(bytes(altered))
            ours = (record.photo, record.birth_date, record.sex, record.chip_key, record.expiry)
            assert [bytes(each.view()) for each in ours] == [theirs[tag].value for tag in PARTS]
            assert [record.text_hash, record.photo_hash] == group_hashes(theirs, RecordForm.FACTS)[1:]
    assert accepted > 20


@pytest.mark.skipif(shutil.which("opj_decompress") is None, reason="not installed: libopenjp2-tools")
def test_openjpeg_decodes_the_photo_as_our_worker_does(cases: list[Case], tmp_path: Path) -> None:
    decoder = PhotoDecoder()
    seen = set()
    for case in cases:
        photo = second.objects(case.face.record, len(case.stray))[0xDF27].value
        theirs = second.decoded(tmp_path, photo)
        decoder.start_ahead()
        ours = decoder.decode(Secret(photo))
        shape = (theirs.height, theirs.width) if theirs.channels == 1 else (theirs.height, theirs.width, 3)
        pixels = np.frombuffer(theirs.values, np.uint8).reshape(shape)
        assert ours.shape == shape
        assert np.abs(ours.astype(np.int16) - pixels.astype(np.int16)).max() <= 1
        seen.add(theirs.channels)
    decoder.close()
    assert seen == {1, 3}
