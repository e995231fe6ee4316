"""Issues a card: turns a person, a photo and a set of issuers into the files and keys of a chip.

Any thread; up to a second the first time, then loaded from the folder. Raises ValueError for a photo that does not fit.
Source: facts card.md 2.3 to 2.6, 4.1.

Variations that tests and demonstrations need are options of `issue_card`. A forged card (`forged=True`) is what a
forger can make without any issuer's key: record and chip key of his own, signed by his own issuer, beside the
certificate copied from a real card whose private key he does not have.
"""

import hashlib
import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TypedDict, Unpack

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from firmware.sim.card import files, further
from firmware.sim.card.certificates import make_holder_certificate
from firmware.sim.card.image import CardImage, CardKeys, CardSecrets, load_image, saved_fingerprint
from firmware.sim.card.issuers import TestIssuers, create_issuers, record_signer_id
from firmware.sim.card.keys import PublicKey, RecordForm, make_key
from firmware.sim.card.person import Person, certificate_end

FORGER_ISSUER = ("6999999", "001")
# Which files a card has: a folder written by an older layout is made again.
_LAYOUT = 2


class CardOptions(TypedDict, total=False):
    """What may differ from a normal card.

    forged: see above. copy_certificate_of: the real card whose certificate a forged one shows (made up if absent).
    wrong_record_signature: DF28 made with a key that EF 0004 does not certify.
    wrong_chip_key: DF24 is not the public half of the chip's key, as on a copy of another card's files.
    not_after: end of the certificate. certificate_issuer: a set whose CA issues the certificate instead.
    pin_blocked, number_b_blocked: no try left from the start. token_label: what EF 0006 says it is.
    keys: ready-made chip keys, of other kinds too. record_form: see `RecordForm`. licence: the driver's licence
    application is on the card.
    """

    forged: bool
    copy_certificate_of: CardImage
    wrong_record_signature: bool
    wrong_chip_key: bool
    not_after: datetime
    certificate_issuer: TestIssuers
    pin_blocked: bool
    number_b_blocked: bool
    token_label: files.TokenLabel
    keys: CardKeys
    record_form: RecordForm
    licence: bool


def issue_card(
    folder: Path, person: Person, photo: bytes, issuer: TestIssuers, **options: Unpack[CardOptions]
) -> CardImage:
    """The card kept in `folder`, made there first if it is missing or was made from something else."""
    fingerprint = _fingerprint(person, photo, issuer, options)
    if saved_fingerprint(folder) == fingerprint:
        return load_image(folder)
    image = _personalise(person, photo, issuer, options, fingerprint)
    image.save(folder)
    return image


def _personalise(
    person: Person, photo: bytes, issuer: TestIssuers, options: CardOptions, fingerprint: str
) -> CardImage:
    keys = options.get("keys") or CardKeys(make_key(), make_key())
    certifier = options.get("certificate_issuer", issuer)
    certificate = _certificate(person, keys, certifier, options)
    record_issuer = _record_issuers(issuer, options)
    record_keys = _record_keys(record_issuer, keys, options)
    return CardImage(
        surface=_surface_files(person, photo, record_issuer, record_keys),
        jpki=_jpki_files(person, certificate, certifier, options),
        certificate=certificate,
        secrets=CardSecrets(
            number_a=person.number_a,
            number_b=person.number_b,
            pin=person.pin,
            signing_password=secrets.token_hex(8).upper(),
            number_b_blocked=options.get("number_b_blocked", False),
            pin_blocked=options.get("pin_blocked", False),
        ),
        keys=keys,
        fingerprint=fingerprint,
        text=further.text_files(person, record_issuer, record_keys),
        registry=further.registry_files(person),
        common=further.common_records(person),
        licence=further.licence_files(person) if options.get("licence") else {},
    )


def _record_issuers(issuer: TestIssuers, options: CardOptions) -> TestIssuers:
    if not options.get("forged"):
        return issuer
    return create_issuers(issuer.auth.certificate.not_valid_before_utc.date(), record_issuer=FORGER_ISSUER)


def _record_keys(issuer: TestIssuers, keys: CardKeys, options: CardOptions) -> files.RecordKeys:
    chip = make_key() if options.get("wrong_chip_key") else keys.chip
    signer = make_key() if options.get("wrong_record_signature") else issuer.record_signer
    return files.RecordKeys(chip.public_key(), signer, options.get("record_form", RecordForm.FACTS))


def _surface_files(person: Person, photo: bytes, issuer: TestIssuers, keys: files.RecordKeys) -> dict[int, bytes]:
    certified = issuer.record_signer.public_key()
    signer_id = record_signer_id(person.municipality.code)
    contents = {
        0x0001: files.age_record(person, keys),
        0x0002: files.card_face(person, photo, keys),
        0x0003: files.application_info(person.municipality.code),
        0x0004: files.verifiable_certificate(
            issuer.record_issuer_id, issuer.record_issuer, signer_id, certified, keys.form
        ),
        0x0005: files.number_picture(person, keys),
    }
    return {number: files.with_filler(content) for number, content in contents.items()} | {0x0006: b"\xff" * 16}


def _jpki_files(person: Person, certificate: bytes, issuer: TestIssuers, options: CardOptions) -> dict[int, bytes]:
    label = options.get("token_label", files.TokenLabel.CARD)
    contents = {
        0x0001: b"",
        0x0002: issuer.sign_ca_der,
        0x0008: b"\x8f\x8f\x00",
        0x000A: certificate,
        0x000B: issuer.auth_ca_der,
    }
    padded = {number: files.with_filler(content) for number, content in contents.items()}
    return padded | {0x0006: files.token_info(person.token_serial, label)}


def _certificate(person: Person, keys: CardKeys, issuer: TestIssuers, options: CardOptions) -> bytes:
    if options.get("forged"):
        copied = options.get("copy_certificate_of")
        return copied.certificate if copied else _holder_certificate(person, make_key().public_key(), issuer, options)
    return _holder_certificate(person, keys.auth.public_key(), issuer, options)


def _holder_certificate(person: Person, key: PublicKey, issuer: TestIssuers, options: CardOptions) -> bytes:
    since = datetime.combine(person.certificate_issued, time(3), UTC)
    until = options.get("not_after") or certificate_end(person.birth, person.certificate_issued, person.card_expiry)
    return make_holder_certificate(issuer.auth, key, person.municipality, since, until)


def _fingerprint(person: Person, photo: bytes, issuer: TestIssuers, options: CardOptions) -> str:
    """Hash over everything the card is made from: another input makes another card."""
    parts = {
        "layout": _LAYOUT,
        "person": {name: str(value) for name, value in asdict(person).items()},
        "photo": hashlib.sha256(photo).hexdigest(),
        "issuer": _issuer_print(issuer),
        "options": {name: _option_print(value) for name, value in options.items()},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _issuer_print(issuer: TestIssuers) -> str:
    signer = _key_print(issuer.record_signer.public_key())
    return f"{issuer.auth_ca_sha256}:{issuer.record_issuer_id.hex()}:{issuer.record_issuer_spki.hex()}:{signer}"


def _key_print(key: PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _option_print(value: object) -> str:
    match value:
        case CardImage():
            return value.fingerprint
        case TestIssuers():
            return _issuer_print(value)
        case CardKeys():
            return _key_print(value.chip.public_key()) + _key_print(value.auth.public_key())
        case _:
            return str(value)
