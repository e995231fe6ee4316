"""Cards of invented people for these tests: real RSA keys, records and signatures, made here from the facts."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import ECKey

from firmware.core.challenge import Challenge, ChallengePurpose
from firmware.core.evidence import CertificateEvidence, ChipEvidence, FaceRecord
from firmware.core.outcomes import CertificateCheck as Check
from firmware.core.outcomes import ChipCheck, IssuerCheck, MatchBand, MatchCode, MatchVerdict, Method, RecordCheck
from firmware.core.secret import Secret
from firmware.ports import LookUpEvidence

MODEL = hashlib.sha256(b"model").hexdigest()
VERDICT = MatchVerdict(MatchCode.MATCH, None, MatchBand.STRICT, "sface-strict", MODEL)
_DIGEST_INFO_96 = bytes.fromhex("3071300d060960864801650304020105000460")


@dataclass(frozen=True)
class RsaKeys:
    """Made once a session: JPKI CA, record issuer, record signer, chip, user authentication."""

    ca: rsa.RSAPrivateKey
    issuer: rsa.RSAPrivateKey
    signer: rsa.RSAPrivateKey
    chip: rsa.RSAPrivateKey
    auth: rsa.RSAPrivateKey

    @classmethod
    def make(cls) -> "RsaKeys":
        return cls(*(rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(5)))


def jpki_ca(key: rsa.RSAPrivateKey, name: str = "TEST CA") -> x509.Certificate:
    return _certificate(key.public_key(), name, key, name, datetime(2035, 1, 1, tzinfo=UTC))


def birthday_end(birth_date: str, years: int = 3) -> datetime:
    """23:59:59 in Japan on a coming birthday; on the 28th for those born on 29 February."""
    birth_date = birth_date.replace("0229", "0228")
    year = datetime.now(UTC).year + years
    return datetime.strptime(f"{year}{birth_date[4:]}145959+0000", "%Y%m%d%H%M%S%z")


def _certificate(
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    name: str,
    issuer_key: rsa.RSAPrivateKey,
    issuer: str,
    end: datetime,
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=800))
        .not_valid_after(end)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _object(tag: int, value: bytes) -> bytes:
    head = tag.to_bytes(2, "big") if tag > 0xFF else bytes([tag])
    return head + b"\x82" + len(value).to_bytes(2, "big") + value


def _key_field(key: rsa.RSAPublicKey) -> bytes:
    numbers = key.public_numbers()
    exponent = b"\x91\x03" + numbers.e.to_bytes(3, "big")
    return _object(0x90, numbers.n.to_bytes(256, "big")) + exponent


@dataclass(frozen=True)
class Holder:
    """A card and what it would say in a visit. `der`: EF 000A."""

    keys: RsaKeys
    birth_date: str
    sex: str
    der: bytes
    auth: ec.EllipticCurvePrivateKey | None = None
    """The next card's key, instead of `keys.auth`."""

    @classmethod
    def issue(
        cls,
        keys: RsaKeys,
        birth_date: str,
        sex: str,
        *,
        end: datetime | None = None,
        auth: ec.EllipticCurvePrivateKey | None = None,
    ) -> "Holder":
        end = end or birthday_end(birth_date)
        certificate = _certificate((auth or keys.auth).public_key(), f"card {birth_date}", keys.ca, "TEST CA", end)
        return cls(keys, birth_date, sex, certificate.public_bytes(Encoding.DER), auth)

    def with_other_ca(self, key: rsa.RSAPrivateKey) -> "Holder":
        certificate = _certificate(self.keys.auth.public_key(), "card", key, "TEST CA", birthday_end(self.birth_date))
        return replace(self, der=certificate.public_bytes(Encoding.DER))

    def record(self) -> FaceRecord:
        values = self.birth_date.encode(), self.sex.encode(), _key_field(self.keys.chip.public_key())
        text_hash, photo_hash = hashlib.sha256(b"text").digest(), hashlib.sha256(b"photo").digest()
        three = hashlib.sha256(b"".join(values)).digest() + text_hash + photo_hash
        return FaceRecord(
            photo=Secret(b"photo"),
            birth_date=Secret(values[0]),
            sex=Secret(values[1]),
            chip_key=Secret(values[2]),
            text_hash=text_hash,
            photo_hash=photo_hash,
            signature=self.keys.signer.sign(_DIGEST_INFO_96 + three, padding.PKCS1v15(), NoDigestInfo()),
            expiry=Secret(b"20330101"),
        )

    def chip_evidence(self, challenge: Challenge) -> ChipEvidence:
        proof = _signed_digest(self.keys.chip, challenge.digest(ChallengePurpose.CHIP))
        return ChipEvidence(ChipCheck.PROVED, RecordCheck.SIGNED, IssuerCheck.UNKNOWN, proof, self.ef0004())

    def ef0004(self) -> bytes:
        body = b"ISSUER 000000001SIGNER 000000001" + _key_field(self.keys.signer.public_key())
        signature = self.keys.issuer.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return _object(0x7F21, _object(0x5F4E, body) + _object(0x5F37, signature)) + b"\xff" * 8

    def certificate(self) -> CertificateEvidence:
        return CertificateEvidence(Secret(self.der), Check.VALID, expires_soon=False)

    def face(self, challenge: Challenge) -> LookUpEvidence:
        return LookUpEvidence(
            challenge.visit,
            Method.FACE,
            challenge,
            Secret(self.der),
            record=self.record(),
            chip=self.chip_evidence(challenge),
            verdict=VERDICT,
        )

    def pin(self, challenge: Challenge) -> LookUpEvidence:
        text = challenge.message(ChallengePurpose.PIN)
        if self.auth is None:
            signature = self.keys.auth.sign(text, padding.PKCS1v15(), hashes.SHA256())
        else:
            signature = self.auth.sign(text, ec.ECDSA(hashes.SHA384()))
        return LookUpEvidence(challenge.visit, Method.PIN, challenge, Secret(self.der), pin_signature=signature)

    def staff(self, challenge: Challenge, request: str) -> LookUpEvidence:
        return LookUpEvidence(challenge.visit, Method.STAFF, challenge, Secret(self.der), staff_request=request)


def _signed_digest(key: rsa.RSAPrivateKey, digest: bytes) -> bytes:
    return key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_request(
    key: ec.EllipticCurvePrivateKey,
    members: object,
    typ: str = "request+jwt",
    header: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """JWS compact, ES256, by hand; `header`: members beside or instead of the usual ones, None to leave one out."""
    usual = {"alg": "ES256", "typ": typ, "kid": ECKey.import_key(key).thumbprint(), **header}
    told = {name: value for name, value in usual.items() if value is not None}
    signed = _part(json.dumps(told).encode()) + "." + _part(json.dumps(members).encode())
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return signed + "." + _part(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
