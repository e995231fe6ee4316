"""What lies in the applications that this device must never open: text, registry, common card, driver's licence.

Pure, any thread. Everything is invented, but laid out so that a reader which goes astray would really find 12 digits,
a name or a licence number, and be seen in the card's log. Source: facts card.md 2, 2.1; the content of the
licence application and of the registry's file is our assumption.
"""

import hashlib

from firmware.sim.card.files import RecordKeys, verifiable_certificate, with_filler
from firmware.sim.card.issuers import TestIssuers, record_signer_id
from firmware.sim.card.keys import sign_block
from firmware.sim.card.person import Person
from firmware.sim.card.tlv import digest_info, sha256, template, tlv

_RESIDENT_CODE_SIZE = 11
_SERIAL_SIZE = 15
_OFFSET_HEADER = 5


def text_files(person: Person, issuer: TestIssuers, keys: RecordKeys) -> dict[int, bytes]:
    """The text application. EF 0001 holds the (invented) number itself, 0003 its hash: both give it away."""
    number = tlv(0xFF10, person.number_a.encode())
    attributes = _attributes(person)
    hashes = tlv(0xDF31, sha256(number)) + tlv(0xDF32, sha256(attributes))
    signature = sign_block(keys.signer, digest_info([sha256(hashes)]))
    certificate = verifiable_certificate(
        issuer.record_issuer_id,
        issuer.record_issuer,
        record_signer_id(person.municipality.code),
        issuer.record_signer.public_key(),
        keys.form,
    )
    return {
        0x0001: number + b"\xff\xff",
        0x0002: with_filler(attributes),
        0x0003: with_filler(template(0xFF30, hashes + tlv(0xDF33, signature))),
        0x0004: with_filler(certificate),
        0x0005: with_filler(template(0xFF40, tlv(0xDF41, bytes(4)) + tlv(0xDF42, bytes(16)) + tlv(0xDF43, bytes(128)))),
        0x0008: b"\xff" * 16,
    }


def _attributes(person: Person) -> bytes:
    """EF 0002: name with an ideographic space, address, birth and sex as text, behind a table of their offsets."""
    values = {
        0xDF22: person.name.replace(" ", "\u3000").encode(),
        0xDF23: person.address.encode(),
        0xDF24: f"{person.birth:%Y%m%d}".encode(),
        0xDF25: person.sex.value.encode(),
    }
    objects = [tlv(tag, value) for tag, value in values.items()]
    position = _OFFSET_HEADER + len(tlv(0xDF21, bytes(2 * len(objects))))
    table = bytearray()
    for item in objects:
        table += position.to_bytes(2, "big")
        position += len(item)
    return template(0xFF20, tlv(0xDF21, bytes(table)) + b"".join(objects))


def registry_files(person: Person) -> dict[int, bytes]:
    """EF 0002 of the registry application: an invented resident code."""
    return {0x0002: with_filler(tlv(0xDF11, _digits(person, "registry", _RESIDENT_CODE_SIZE)))}


def common_records(person: Person) -> dict[int, bytes]:
    """Record 1 of EF 0001: serial, municipality and expiry in simple TLV."""
    text = f"{person.municipality.code}{person.card_expiry:%Y%m%d}".encode()
    content = _digits(person, "common", _SERIAL_SIZE) + text
    return {0x0001: bytes([0x01, len(content)]) + content}


def licence_files(person: Person) -> dict[int, bytes]:
    """EF 0001 of the driver's licence application: an invented licence number behind a PIN."""
    return {0x0001: with_filler(template(0xFF10, tlv(0xDF11, _digits(person, "licence", 12))))}


def _digits(person: Person, purpose: str, size: int) -> bytes:
    """Digits that follow from the token serial, so that a card made again holds the same ones."""
    seed = hashlib.sha256(f"{purpose}:{person.token_serial}".encode()).hexdigest()
    return f"{int(seed, 16)}"[:size].encode()
