"""The card-face application: number B's record (EF 0002), its certificate (EF 0004), and the proofs of both.

Card lane for what takes a channel, the rest is pure. Lengths are bytes. Raises CARD_GARBAGE, PHOTO_TOO_LARGE and the
channel's faults. Source: card.md 2.3 and 2.4. The exact input of the record signature has one public source, so it is a
value, `HashInput`, not folklore in code (design.md, step "photo").
"""

import hashlib
from collections.abc import Sequence
from enum import Enum

from firmware.card import apdu
from firmware.card.channel import CardChannel
from firmware.card.keys import (
    FaceCertificate,
    FaceIssuer,
    read_certificate,
    read_key,
    require,
    signs_block,
    signs_digest,
    signs_message,
)
from firmware.card.names import DIGEST_INFO_RECORD, DIGEST_INFO_SHA256, Application, SurfaceFile
from firmware.card.reading import FileShape, read_file
from firmware.card.tlv import Limits, Node, TlvError, TlvTooLargeError, by_tag, parse
from firmware.core.evidence import ChipEvidence, FaceRecord
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ChipCheck, IssuerCheck, RecordCheck
from firmware.core.secret import Secret

FILE_LIMIT = 32_768
"""READ BINARY has a 15-bit offset: no record can be longer (card.md 1.4). It bounds the photo, too."""

_RECORD = FileShape(tag=0xFF20, probe=7, limit=FILE_LIMIT, stray=2)
_CERTIFICATE = FileShape(tag=0x7F21, probe=5, limit=2_048)
_BIRTH, _SEX, _CHIP_KEY, _NAME, _ADDRESS = 0xDF22, 0xDF23, 0xDF24, 0xDF25, 0xDF26
_PHOTO, _SIGNATURE, _EXPIRY = 0xDF27, 0xDF28, 0xDF29
_DATE_LENGTH, _SEX_LENGTH = 8, 1


class HashInput(Enum):
    """What goes into the three hashes of the record signature: the values (card.md 2.4, one source) or whole TLVs."""

    VALUES = "values"
    TLV = "tlv"

    def of(self, node: Node) -> memoryview:
        return node.value if self is HashInput.VALUES else node.raw


def read_record(channel: CardChannel, hash_input: HashInput) -> FaceRecord:
    """Read EF 0002 and split it; needs a verified number B. The whole file is wiped, only the parts live on."""
    channel.select_file(Application.SURFACE, SurfaceFile.RECORD)
    try:
        with read_file(channel, _RECORD) as file:
            return split_record(file.view(), hash_input)
    except TlvTooLargeError as error:
        raise DeviceError(FaultCode.PHOTO_TOO_LARGE, str(error)) from error
    except TlvError as error:
        raise DeviceError(FaultCode.CARD_GARBAGE, f"EF 0002: {error}") from error


def split_record(file: memoryview, hash_input: HashInput) -> FaceRecord:
    """`FaceRecord` of FF20 {…}. Raises `TlvError`."""
    outer = by_tag(parse(file, Limits(size=FILE_LIMIT)))
    parts = by_tag(require(outer, _RECORD.tag).children)
    birth, sex, key = (require(parts, tag) for tag in (_BIRTH, _SEX, _CHIP_KEY))
    name, address, photo = (require(parts, tag) for tag in (_NAME, _ADDRESS, _PHOTO))
    expiry, signature = require(parts, _EXPIRY), require(parts, _SIGNATURE)
    for node, length in ((birth, _DATE_LENGTH), (sex, _SEX_LENGTH), (expiry, _DATE_LENGTH)):
        if len(node.value) != length or not bytes(node.value).isdigit():
            raise TlvError(f"object {node.tag:X} is not {length} digits")
    read_key(key.value)
    return FaceRecord(
        photo=Secret(photo.value),
        birth_date=Secret(birth.value),
        sex=Secret(sex.value),
        chip_key=Secret(key.value),
        text_hash=_hash(hash_input, name, address),
        photo_hash=_hash(hash_input, photo),
        signature=bytes(signature.value),
        expiry=Secret(expiry.value),
    )


def _hash(hash_input: HashInput, *nodes: Node) -> bytes:
    digest = hashlib.sha256()
    for node in nodes:
        digest.update(hash_input.of(node))
    return digest.digest()


def check_chip(
    channel: CardChannel,
    record: FaceRecord,
    digest: bytes,
    issuers: Sequence[FaceIssuer],
    hash_input: HashInput,
) -> ChipEvidence:
    """Chip proof over `digest`, EF 0004, record signature, issuer list. A card that will not prove itself is WRONG."""
    channel.select_application(Application.SURFACE)
    try:
        chip_key = read_key(record.chip_key.view())
        proof, sw = channel.sign(DIGEST_INFO_SHA256 + digest, 0x00, chip_key.key_size // 8)
        channel.select_file(Application.SURFACE, SurfaceFile.CERTIFICATE)
        with read_file(channel, _CERTIFICATE) as file:
            raw = bytes(file.view())
        certificate = read_certificate(raw)
    except TlvError as error:
        raise DeviceError(FaultCode.CARD_GARBAGE, f"card-face keys: {error}") from error
    proved = sw == apdu.OK and signs_digest(chip_key, proof, digest)
    return ChipEvidence(
        chip=ChipCheck.PROVED if proved else ChipCheck.WRONG,
        record=check_record(record, certificate, hash_input),
        issuer=check_issuer(certificate, issuers),
        signature=proof,
        certificate=raw,
    )


def check_record(record: FaceRecord, certificate: FaceCertificate, hash_input: HashInput) -> RecordCheck:
    """DF28: three hashes laid end to end in one DigestInfo, by the key certified in EF 0004."""
    person = hashlib.sha256()
    for tag, secret in ((_BIRTH, record.birth_date), (_SEX, record.sex), (_CHIP_KEY, record.chip_key)):
        if hash_input is HashInput.TLV:
            person.update(_header(tag, len(secret)))
        person.update(secret.view())
    block = DIGEST_INFO_RECORD + person.digest() + record.text_hash + record.photo_hash
    signed = signs_block(certificate.key, record.signature, block)
    return RecordCheck.SIGNED if signed else RecordCheck.WRONG


def _header(tag: int, length: int) -> bytes:
    """Tag and length as the card writes them: 82 xx xx for the key, one byte for date and sex (card.md 2.4)."""
    return tag.to_bytes(2, "big") + (b"\x82" + length.to_bytes(2, "big") if length > 0x7F else bytes((length,)))


def check_issuer(certificate: FaceCertificate, issuers: Sequence[FaceIssuer]) -> IssuerCheck:
    """VERIFIED only where an installed key of that id signed the certificate; everything else is UNKNOWN."""
    for issuer in issuers:
        named = issuer.identifier in {None, certificate.issuer}
        if named and signs_message(issuer.key, certificate.signature, certificate.signed):
            return IssuerCheck.VERIFIED
    return IssuerCheck.UNKNOWN
