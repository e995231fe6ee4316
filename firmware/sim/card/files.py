"""Contents of the card's elementary files, byte by byte.

Pure, any thread; sizes in bytes. Raises ValueError when a photo is too large for the file. Source: facts card.md 2.3,
2.4, 2.6. What no public source fixes is our assumption and says so.
"""

from dataclasses import dataclass
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import rsa

from firmware.sim.card import pictures
from firmware.sim.card.keys import RecordForm, key_field, sign_block
from firmware.sim.card.person import Person
from firmware.sim.card.tlv import digest_info, sha256, template, tlv

CARD_FACE_LIMIT = 0x8000
TOKEN_INFO_SIZE = 160
CERTIFIED_SIZE = 568
_FILLER_BLOCK = 512
_OFFSET_HEADER = 5
_OFFSET_COUNT = 9
_SIGNED_GROUPS = ((0xDF22, 0xDF23, 0xDF24), (0xDF25, 0xDF26), (0xDF27,))


class TokenLabel(Enum):
    """First 32 bytes of EF 0006: on what the JPKI application runs (card.md 2.6)."""

    CARD = "JPKIAPICCTOKEN2"
    OLD_CARD = "JPKIAPICCTOKEN"
    ANDROID = "JPKIAPGPSETOKEN"
    IPHONE = "JPKIAPIOSTOKEN"


@dataclass(frozen=True, slots=True)
class RecordKeys:
    """What a card-face record is made with: the chip's public key (DF24) and the key that signs the record (DF28)."""

    chip: rsa.RSAPublicKey
    signer: rsa.RSAPrivateKey
    form: RecordForm


def with_filler(content: bytes) -> bytes:
    """FF behind the content: files are longer than what they hold, always by at least one byte."""
    size = (len(content) // _FILLER_BLOCK + 1) * _FILLER_BLOCK
    return content.ljust(size, b"\xff")


def card_face(person: Person, photo: bytes, keys: RecordKeys) -> bytes:
    """EF 0002 of the card-face application: FF20 with its offset table and nine objects."""
    values = {
        0xDF22: f"{person.birth:%Y%m%d}".encode(),
        0xDF23: person.sex.value.encode(),
        0xDF24: key_field(keys.chip, keys.form),
        0xDF25: pictures.text_picture(person.name, pictures.NAME_SIZE),
        0xDF26: pictures.text_picture(person.address, pictures.ADDRESS_SIZE),
        0xDF27: photo,
    }
    values[0xDF28] = sign_block(keys.signer, digest_info(_group_digests(values, keys.form)))
    values[0xDF29] = f"{person.card_expiry:%Y%m%d}".encode()
    values[0xDF2A] = pictures.text_picture(person.security_code, pictures.CODE_SIZE)
    content = _with_offsets([tlv(tag, value) for tag, value in values.items()])
    if len(content) >= CARD_FACE_LIMIT:
        raise ValueError(f"photo of {len(photo)} bytes does not fit into the card-face file")
    return content


def _group_digests(values: dict[int, bytes], form: RecordForm) -> list[bytes]:
    parts = values if form is RecordForm.FACTS else {tag: tlv(tag, value) for tag, value in values.items()}
    return [sha256(b"".join(parts[tag] for tag in group)) for group in _SIGNED_GROUPS]


def _with_offsets(objects: list[bytes]) -> bytes:
    position = _OFFSET_HEADER + len(tlv(0xDF21, bytes(2 * _OFFSET_COUNT)))
    table = bytearray()
    for item in objects:
        table += position.to_bytes(2, "big")
        position += len(item)
    return template(0xFF20, tlv(0xDF21, bytes(table)) + b"".join(objects))


def number_picture(person: Person, keys: RecordKeys) -> bytes:
    """EF 0005: the picture of the invented 12 digits. Its signature covers the objects before it."""
    objects = tlv(0xDF41, pictures.text_picture(person.number_a, pictures.NUMBER_SIZE))
    objects += tlv(0xDF42, key_field(keys.chip, keys.form))
    return template(0xFF40, objects + tlv(0xDF43, sign_block(keys.signer, digest_info([sha256(objects)]))))


def age_record(person: Person, keys: RecordKeys) -> bytes:
    """EF 0001: birth date, chip key and a signature over both; opened by the six digits of the birth date."""
    objects = tlv(0xDF11, f"{person.birth:%Y%m%d}".encode()) + tlv(0xDF12, key_field(keys.chip, keys.form))
    return template(0xFF10, objects + tlv(0xDF13, sign_block(keys.signer, digest_info([sha256(objects)]))))


def application_info(municipality: str) -> bytes:
    """EF 0003 of the card-face application; its last object is opaque to everybody, here zeros."""
    return template(
        0xFF30,
        tlv(0xDF31, bytes.fromhex("06030e01"))
        + tlv(0xDF32, key_id("6000024", "001"))
        + tlv(0xDF33, b"\x00")
        + tlv(0xDF34, municipality.encode())
        + tlv(0xDF35, key_id("5900025", "001") + bytes(256)),
    )


def key_id(number: str, group: str) -> bytes:
    """A 16-byte key id: 7 digits, 08 05, 3 digits, zeros. Ids that start with 6 belong to test hierarchies."""
    if len(number) != 7 or len(group) != 3:
        raise ValueError("a key id has 7 and 3 digits")
    return number.encode() + b"\x08\x05" + group.encode() + bytes(4)


def verifiable_certificate(
    issuer_id: bytes, issuer: rsa.RSAPrivateKey, subject_id: bytes, subject: rsa.RSAPublicKey, form: RecordForm
) -> bytes:
    """EF 0004: 7F21 { 5F4E { issuer id 16, subject id 16, key 265 }, 5F37 signature }, 568 bytes.

    The signature is PKCS#1 v1.5 with SHA-256 over the value of 5F4E: one public source, taken as our assumption.
    """
    body = issuer_id + subject_id + key_field(subject, form)
    return template(0x7F21, tlv(0x5F4E, body) + tlv(0x5F37, sign_block(issuer, digest_info([sha256(body)]))))


def token_info(serial: str, label: TokenLabel = TokenLabel.CARD) -> bytes:
    """EF 0006 of the JPKI application: PKCS#11 CK_TOKEN_INFO with 4-byte big-endian numbers, 160 bytes.

    Flags: random generator, login required, user PIN set, token initialised. Memory sizes: unavailable.
    """
    numbers = (0x0000040D, 1, 0, 1, 0, 16, 6, *([0xFFFFFFFF] * 4))
    texts = (label.value.ljust(32), "0" * 31 + "1", "E16R01NJ".ljust(16), serial.ljust(16))
    fixed = "".join(texts).encode() + b"".join(number.to_bytes(4, "big") for number in numbers)
    return fixed + b"0301" + b"9" * 16
