"""The issuers of the simulated cards: the user-authentication CA and the chain that signs card-face records.

Any thread. Making a set takes about half a second of RSA key generation; `load_or_create` keeps it in a private folder.
What a device or gateway installs to trust these cards: `auth_ca_der` (pinned by SHA-256), `record_issuer_id` with
`record_issuer_key`. Raises ValueError, TypeError or OSError for a folder that holds something else.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from firmware.sim.card.certificates import AUTH_UNIT, SIGN_UNIT, TEST_ORGANISATION, Authority, make_authority
from firmware.sim.card.files import key_id
from firmware.sim.card.keys import load_any_key, load_key, make_curve_key, make_key, save_key, write_private

_CA_AGE_YEARS = 3
_RECORD_ISSUER = ("6000023", "001")
_RECORD_SIGNER_TAIL = "21"


@dataclass(frozen=True, slots=True, repr=False)
class TestIssuers:
    """One set of test issuers. Two sets have the same names and different keys, like two generations of the real CA.

    `record_issuer` signs the card-verifiable certificate in EF 0004, `record_signer` (certified there) signs DF28.
    """

    __test__: ClassVar[bool] = False

    auth: Authority
    sign: Authority
    record_issuer_id: bytes
    record_issuer: rsa.RSAPrivateKey
    record_signer: rsa.RSAPrivateKey

    @property
    def auth_ca_der(self) -> bytes:
        """The CA certificate that the device pins and EF 000B carries."""
        return self.auth.certificate.public_bytes(Encoding.DER)

    @property
    def auth_ca_sha256(self) -> str:
        return self.auth.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def sign_ca_der(self) -> bytes:
        return self.sign.certificate.public_bytes(Encoding.DER)

    @property
    def record_issuer_key(self) -> rsa.RSAPublicKey:
        """The key that an appliance has to hold to check EF 0004; it is on no card."""
        return self.record_issuer.public_key()

    @property
    def record_issuer_spki(self) -> bytes:
        """`record_issuer_key` as SubjectPublicKeyInfo in DER."""
        return self.record_issuer_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def record_signer_id(municipality: str) -> bytes:
    """Subject id of EF 0004: the municipality's code with a two-digit tail, group 000."""
    return key_id(municipality + _RECORD_SIGNER_TAIL, "000")


def create_issuers(
    today: date,
    *,
    organisation: str = TEST_ORGANISATION,
    record_issuer: tuple[str, str] = _RECORD_ISSUER,
    curve: bool = False,
) -> TestIssuers:
    """New keys and CA certificates that began three years before `today`. `curve`: the CA has a P-384 key."""
    since = datetime.combine(date(today.year - _CA_AGE_YEARS, 1, 1), time(), UTC)
    key = make_curve_key() if curve else make_key()
    return TestIssuers(
        auth=make_authority(key, since, organisation=organisation, unit=AUTH_UNIT),
        # Nobody ever checks the signature half, so it need not cost a key of its own.
        sign=make_authority(key, since, organisation=organisation, unit=SIGN_UNIT),
        record_issuer_id=key_id(*record_issuer),
        record_issuer=make_key(),
        record_signer=make_key(),
    )


def save_issuers(folder: Path, issuers: TestIssuers) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    save_key(folder / "auth-ca.key", issuers.auth.key)
    save_key(folder / "record-issuer.key", issuers.record_issuer)
    save_key(folder / "record-signer.key", issuers.record_signer)
    write_private(folder / "auth-ca.pem", issuers.auth.certificate.public_bytes(Encoding.PEM))
    write_private(folder / "sign-ca.pem", issuers.sign.certificate.public_bytes(Encoding.PEM))
    about = {"record_issuer_id": issuers.record_issuer_id.hex()}
    write_private(folder / "issuers.json", json.dumps(about).encode())


def load_issuers(folder: Path) -> TestIssuers:
    about = json.loads((folder / "issuers.json").read_bytes())
    key = load_any_key(folder / "auth-ca.key")
    return TestIssuers(
        auth=Authority(x509.load_pem_x509_certificate((folder / "auth-ca.pem").read_bytes()), key),
        sign=Authority(x509.load_pem_x509_certificate((folder / "sign-ca.pem").read_bytes()), key),
        record_issuer_id=bytes.fromhex(about["record_issuer_id"]),
        record_issuer=load_key(folder / "record-issuer.key"),
        record_signer=load_key(folder / "record-signer.key"),
    )


def load_or_create_issuers(folder: Path, today: date) -> TestIssuers:
    """The set in `folder`, made there on the first call. `issuers.json` is written last and marks it complete."""
    if (folder / "issuers.json").exists():
        return load_issuers(folder)
    issuers = create_issuers(today)
    save_issuers(folder, issuers)
    return issuers
