"""Issuing: the certificate's profile, forgeries, and what is kept in the card's folder."""

import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from firmware.sim.card.files import TokenLabel
from firmware.sim.card.image import CardImage, load_image
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers, load_or_create_issuers
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import Person, birthday_in, certificate_end

EXTENSIONS = [
    (ExtensionOID.KEY_USAGE, True),
    (ExtensionOID.EXTENDED_KEY_USAGE, False),
    (ExtensionOID.CERTIFICATE_POLICIES, True),
    (ExtensionOID.ISSUER_ALTERNATIVE_NAME, False),
    (ExtensionOID.CRL_DISTRIBUTION_POINTS, False),
    (ExtensionOID.AUTHORITY_INFORMATION_ACCESS, False),
    (ExtensionOID.AUTHORITY_KEY_IDENTIFIER, False),
    (ExtensionOID.SUBJECT_KEY_IDENTIFIER, False),
]


def certificate(image: CardImage) -> x509.Certificate:
    return x509.load_der_x509_certificate(image.certificate)


def chip_key(image: CardImage) -> int:
    """Modulus in DF24, which begins at 0029 of EF 0002: tag and length 5, then 90 82 0100."""
    return int.from_bytes(image.surface[0x0002][0x29 + 9 : 0x29 + 9 + 256], "big")


def public(image: CardImage) -> int:
    return image.keys.chip.public_key().public_numbers().n


def test_profile_of_the_holder_certificate(image: CardImage, issuers: TestIssuers) -> None:
    cert = certificate(image)
    assert [(item.oid, item.critical) for item in cert.extensions] == EXTENSIONS
    assert cert.issuer.rfc4514_string() == (
        "OU=Japan Agency for Local Authority Information Systems,OU=JPKI for user authentication,O=JPKI-TEST,C=JP"
    )
    name = cert.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    assert len(str(name)) == 23
    assert str(name).endswith("99201003A")
    assert len(cert.serial_number.to_bytes(4, "big")) == 4
    assert cert.not_valid_after_utc == datetime(2029, 11, 3, 14, 59, 59, tzinfo=UTC)
    policy = cert.extensions.get_extension_for_class(x509.CertificatePolicies).value[0]
    assert policy.policy_identifier.dotted_string == "1.2.392.200149.8.5.1.3.30"
    authority = cert.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert authority.authority_cert_serial_number == issuers.auth.certificate.serial_number
    point = cert.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0]
    assert point.full_name is not None
    assert isinstance(point.full_name[0], x509.DirectoryName)


def test_openssl_verifies_the_chain(image: CardImage, issuers: TestIssuers, tmp_path: Path) -> None:
    ca = x509.load_der_x509_certificate(issuers.auth_ca_der)
    for name, cert in (("ca.pem", ca), ("holder.pem", certificate(image))):
        (tmp_path / name).write_bytes(cert.public_bytes(Encoding.PEM))
    command = ["openssl", "verify", "-x509_strict", "-attime", "1767225600", "-CAfile", "ca.pem", "holder.pem"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "holder.pem: OK"), done.stderr


@pytest.mark.parametrize(
    ("birth", "issued", "end"),
    [
        (date(1972, 11, 3), date(2025, 6, 1), date(2029, 11, 3)),
        (date(1972, 11, 3), date(2025, 11, 3), date(2030, 11, 3)),
        (date(1972, 11, 3), date(2025, 12, 1), date(2030, 11, 3)),
        (date(1996, 2, 29), date(2025, 6, 1), date(2030, 2, 28)),
        (date(1972, 11, 3), date(2032, 6, 1), date(2035, 11, 3)),
    ],
)
def test_validity_ends_on_the_fifth_birthday(birth: date, issued: date, end: date) -> None:
    assert certificate_end(birth, issued, date(2035, 11, 3)).isoformat() == f"{end}T14:59:59+00:00"


def test_birthday_of_the_29th_of_february() -> None:
    assert birthday_in(date(1996, 2, 29), 2028) == date(2028, 2, 29)
    assert birthday_in(date(1996, 2, 29), 2027) == date(2027, 2, 28)


def test_forged_card_shows_a_real_certificate_and_has_none_of_the_keys(
    folder: Path, image: CardImage, person: Person, photo: bytes, issuers: TestIssuers
) -> None:
    forged = issue_card(folder, person, photo, issuers, forged=True, copy_certificate_of=image)
    assert forged.certificate == image.certificate
    shown = certificate(forged).public_key()
    assert isinstance(shown, RSAPublicKey)
    assert shown.public_numbers() != forged.keys.auth.public_key().public_numbers()
    assert chip_key(forged) == public(forged) != public(image), "his own chip key, so the chip proof will be right"
    body, other = (item.surface[0x0004][10 : 10 + 297] for item in (forged, image))
    assert body[:16] == b"6999999\x08\x05001" + bytes(4)
    assert body[32:] != other[32:]


def test_forged_card_without_a_model_still_has_a_certificate_of_the_installed_ca(
    folder: Path, person: Person, photo: bytes, issuers: TestIssuers
) -> None:
    forged = issue_card(folder, person, photo, issuers, forged=True)
    certificate(forged).verify_directly_issued_by(issuers.auth.certificate)
    shown = certificate(forged).public_key()
    assert isinstance(shown, RSAPublicKey)
    assert shown.public_numbers() != forged.keys.auth.public_key().public_numbers()


def test_variations(folder: Path, image: CardImage, person: Person, photo: bytes, issuers: TestIssuers) -> None:
    copied = issue_card(folder / "1", person, photo, issuers, wrong_chip_key=True, keys=image.keys)
    assert chip_key(copied) != public(copied)
    end = datetime(2025, 12, 31, 14, 59, 59, tzinfo=UTC)
    expired = issue_card(folder / "2", person, photo, issuers, not_after=end, keys=image.keys)
    assert certificate(expired).not_valid_after_utc == end
    phone = issue_card(folder / "3", person, photo, issuers, token_label=TokenLabel.ANDROID, keys=image.keys)
    assert phone.jpki[0x0006].startswith(b"JPKIAPGPSETOKEN ")
    blocked = issue_card(folder / "4", person, photo, issuers, pin_blocked=True, number_b_blocked=True, keys=image.keys)
    assert (VirtualCard(blocked).tries("jpki", 0x18), VirtualCard(blocked).tries("card-face", 0x12)) == (0, 0)


def test_wrong_record_signature_is_made_by_a_key_that_0004_does_not_certify(
    folder: Path, image: CardImage, person: Person, photo: bytes, issuers: TestIssuers
) -> None:
    wrong = issue_card(folder, person, photo, issuers, wrong_record_signature=True, keys=image.keys)
    assert wrong.surface[0x0004] == image.surface[0x0004]
    at = image.surface[0x0002].index(b"\xdf\x28\x82\x01\x00") + 5
    signature, good = (item.surface[0x0002][at : at + 256] for item in (wrong, image))
    signer = issuers.record_signer.public_key()
    assert len(signer.recover_data_from_signature(good, PKCS1v15(), None)) == 115
    assert signature != good


def test_another_issuer_of_the_same_name(folder: Path, image: CardImage, person: Person, photo: bytes) -> None:
    other = create_issuers(date(2026, 1, 10))
    made = issue_card(folder, person, photo, other, keys=image.keys)
    assert certificate(made).issuer == certificate(image).issuer
    assert made.jpki[0x000B] != image.jpki[0x000B]


def test_folder_is_private_and_used_again(
    folder: Path, person: Person, photo: bytes, issuers: TestIssuers, image: CardImage
) -> None:
    first = issue_card(folder, person, photo, issuers, keys=image.keys)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})
    again = issue_card(folder, person, photo, issuers, keys=image.keys)
    assert again.certificate == first.certificate, "a new certificate would have another serial"
    assert (again.surface, again.jpki, again.secrets) == (first.surface, first.jpki, first.secrets)
    changed = issue_card(folder, replace(person, pin="0000"), photo, issuers, keys=image.keys)
    assert changed.secrets.pin == "0000"
    assert load_image(folder).fingerprint == changed.fingerprint


def test_issuers_are_kept(tmp_path: Path) -> None:
    first = load_or_create_issuers(tmp_path / "issuers", date(2026, 1, 10))
    again = load_or_create_issuers(tmp_path / "issuers", date(2026, 1, 11))
    assert again.auth_ca_sha256 == first.auth_ca_sha256
    assert again.record_issuer_spki == first.record_issuer_spki


def test_user_signature_verifies_under_the_certificate(
    card: VirtualCard, send: Callable[[str], tuple[bytes, int]], image: CardImage, person: Person
) -> None:
    prefix = "3031300d060960864801650304020105000420"
    digest = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
    send("00A4040C 0A D392F000260100000001")
    send("00A4020C 02 0018")
    assert send(f"00200080 04 {person.pin.encode().hex()}")[1] == 0x9000
    send("00A4020C 02 0017")
    signature, sw = send(f"802A0080 33 {prefix}{digest} 00")
    assert sw == 0x9000
    key = certificate(image).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(signature, b"hello world", PKCS1v15(), SHA256())
