"""What the card's files hold, taken apart by a walker of the tests' own and checked by OpenSSL's command line."""

import hashlib
import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers
from firmware.sim.card.keys import RecordForm
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import Person
from firmware.sim.card.pictures import stand_in_photo

ONE = bytes.fromhex("3031300d060960864801650304020105000420")
THREE = bytes.fromhex("3071300d060960864801650304020105000460")
Objects = dict[int, tuple[int, bytes, bytes]]
Send = Callable[[str], tuple[bytes, int]]


def walk(data: bytes, start: int = 0) -> Objects:
    """Tag to (offset in the file, value, whole object); two-byte tags, stops at filler."""
    found: Objects = {}
    at = 0
    while at < len(data) and data[at : at + 2] not in {b"\xff\xff", b"\xff"}:
        tag = int.from_bytes(data[at : at + 2], "big")
        size, header = data[at + 2], 3
        if size > 0x80:
            header += size - 0x80
            size = int.from_bytes(data[at + 3 : at + header], "big")
        end = at + header + size
        found[tag] = (start + at, data[at + header : end], data[at:end])
        at = end
    return found


def key_of(field: bytes, form: RecordForm = RecordForm.FACTS) -> RSAPublicKey:
    """90 82 0100 modulus, 91 03 exponent; on the other form the exponent comes first, as 90."""
    assert len(field) == 265
    if form is RecordForm.FACTS:
        assert (field[:4], field[260:262]) == (bytes.fromhex("90820100"), bytes.fromhex("9103"))
        modulus, exponent = field[4:260], field[262:]
    else:
        assert (field[:2], field[5:9]) == (bytes.fromhex("9003"), bytes.fromhex("91820100"))
        exponent, modulus = field[2:5], field[9:]
    return RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big")).public_key()


def recovered(key: RSAPublicKey, signature: bytes, folder: Path) -> bytes:
    """The block inside a PKCS#1 v1.5 signature, by the openssl program."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (folder / "signature").write_bytes(signature)
    command = ["openssl", "pkeyutl", "-verifyrecover", "-pubin", "-inkey", "key.pem", "-in", "signature"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=20).stdout


def face(image: CardImage) -> Objects:
    return walk(walk(image.surface[0x0002])[0xFF20][1], start=5)


def signer_key(image: CardImage, form: RecordForm = RecordForm.FACTS) -> RSAPublicKey:
    body = walk(walk(image.surface[0x0004])[0x7F21][1])[0x5F4E][1]
    return key_of(body[32:], form)


def test_card_face_layout(image: CardImage, person: Person, photo: bytes) -> None:
    objects = face(image)
    assert list(objects) == [0xDF21, 0xDF22, 0xDF23, 0xDF24, 0xDF25, 0xDF26, 0xDF27, 0xDF28, 0xDF29, 0xDF2A]
    assert [objects[tag][0] for tag in list(objects)[:5]] == [0x05, 0x1A, 0x25, 0x29, 0x137]
    table = objects[0xDF21][1]
    offsets = [int.from_bytes(table[at : at + 2], "big") for at in range(0, 18, 2)]
    assert offsets == [where for tag, (where, _, _) in objects.items() if tag != 0xDF21]
    assert objects[0xDF22][1] == b"19721103"
    assert objects[0xDF23][1] == b"1"
    assert objects[0xDF27][1] == photo
    assert objects[0xDF29][1] == f"{person.card_expiry:%Y%m%d}".encode()
    assert key_of(objects[0xDF24][1]).public_numbers() == image.keys.chip.public_key().public_numbers()


def test_pictures(image: CardImage) -> None:
    objects = face(image)
    for tag, size in ((0xDF25, (216, 12)), (0xDF26, (288, 24)), (0xDF2A, (24, 12))):
        picture = Image.open(io.BytesIO(objects[tag][1]))
        assert (picture.format, picture.mode, picture.size) == ("PNG", "1", size)
        assert len(set(picture.tobytes())) > 1, "nothing is drawn"
    photo = Image.open(io.BytesIO(objects[0xDF27][1]))
    assert (photo.format, photo.mode, photo.size) == ("JPEG2000", "L", (240, 320))
    assert objects[0xDF27][1].startswith(bytes.fromhex("0000000c6a5020200d0a870a"))


def test_photo_with_three_components(folder: Path, image: CardImage, person: Person, issuers: TestIssuers) -> None:
    made = issue_card(folder, person, stand_in_photo(colour=True), issuers, keys=image.keys)
    photo = Image.open(io.BytesIO(face(made)[0xDF27][1]))
    assert (photo.format, photo.mode, photo.size) == ("JPEG2000", "RGB", (240, 320))


def expected_block(image: CardImage, *, whole_objects: bool) -> bytes:
    objects = {tag: whole if whole_objects else value for tag, (_, value, whole) in face(image).items()}
    groups = ((0xDF22, 0xDF23, 0xDF24), (0xDF25, 0xDF26), (0xDF27,))
    hashes = (hashlib.sha256(b"".join(objects[tag] for tag in group)).digest() for group in groups)
    return THREE + b"".join(hashes)


def test_record_signature_covers_the_values(image: CardImage, folder: Path) -> None:
    block = recovered(signer_key(image), face(image)[0xDF28][1], folder)
    assert block == expected_block(image, whole_objects=False)


def test_record_signature_of_the_other_form_covers_whole_objects(
    folder: Path, person: Person, photo: bytes, issuers: TestIssuers
) -> None:
    form = RecordForm.TEST_CARD
    image = issue_card(folder, person, photo, issuers, record_form=form)
    key_of(face(image)[0xDF24][1], form)
    assert recovered(signer_key(image, form), face(image)[0xDF28][1], folder) == expected_block(
        image, whole_objects=True
    )


def test_card_verifiable_certificate(image: CardImage, issuers: TestIssuers, folder: Path) -> None:
    whole = walk(image.surface[0x0004])[0x7F21][2]
    assert (len(whole), whole[:5].hex(), whole[5:10].hex()) == (568, "7f21820233", "5f4e820129")
    parts = walk(walk(whole)[0x7F21][1])
    body, signature = parts[0x5F4E][1], parts[0x5F37][1]
    assert body[:16] == b"6000023\x08\x05001" + bytes(4)
    assert body[16:32] == b"9920121\x08\x05000" + bytes(4)
    assert recovered(issuers.record_issuer_key, signature, folder) == ONE + hashlib.sha256(body).digest()


def test_token_info(image: CardImage, person: Person) -> None:
    token = image.jpki[0x0006]
    assert len(token) == 160
    assert token[:32] == b"JPKIAPICCTOKEN2                 "
    assert token[64:80] == b"E16R01NJ        "
    assert token[80:96] == person.token_serial.encode()
    assert token[116:124].hex() == "0000001000000006"
    assert token[140:144] == b"0301"


def test_chip_proof_by_openssl(card: VirtualCard, send: Send, image: CardImage, folder: Path) -> None:
    challenge = hashlib.sha256(b"a challenge").digest()
    send("00A4040C 0A D3921000310001010402")
    signature, sw = send(f"802A0000 33 {(ONE + challenge).hex()} 00")
    assert sw == 0x9000
    assert recovered(key_of(face(image)[0xDF24][1]), signature, folder) == ONE + challenge


def test_file_with_the_number_holds_the_invented_one_as_a_picture_only(image: CardImage, person: Person) -> None:
    for content in (*image.surface.values(), *image.jpki.values()):
        assert person.number_a.encode() not in content
    number = walk(walk(image.surface[0x0005])[0xFF40][1])
    assert Image.open(io.BytesIO(number[0xDF41][1])).size == (72, 12)


def test_a_large_photo_fits_and_a_larger_one_is_refused(
    folder: Path, person: Person, photo: bytes, issuers: TestIssuers, image: CardImage
) -> None:
    large = photo.ljust(31_000, b"\0")
    made = issue_card(folder, person, large, issuers, keys=image.keys)
    assert face(made)[0xDF27][1] == large
    with pytest.raises(ValueError, match="does not fit"):
        issue_card(folder, person, photo.ljust(32_700, b"\0"), issuers, keys=image.keys)


def test_number_b_of_nationals_and_foreign_residents(person: Person) -> None:
    shown = replace(person, birth=date(1980, 2, 17), card_expiry=date(2035, 2, 17), security_code="2285")
    assert shown.number_b == "55021720352285"
    assert replace(shown, gregorian_birth_year=True).number_b == "80021720352285"
    assert replace(shown, birth=date(1993, 5, 1)).number_b == "05050120352285"
    assert replace(shown, birth=date(1989, 1, 7)).number_b.startswith("640107")


def test_a_number_that_somebody_could_have_is_refused(person: Person) -> None:
    with pytest.raises(ValueError, match="belong to somebody"):
        replace(person, number_a="123456789018")
