"""Does the evidence of a look-up hold? Certificate, chip proof, record signature, PIN signature, request.

Pure, any thread; a few signatures verified. Written from the facts, not from the device's code: an error must not
cancel out by standing on both sides. Raises ProblemError "certificate-refused" or "evidence-wrong". Sources: card.md
2.3, 2.4 (record, EF 0004; both known spellings of key field and record hash), 4.1, 4.4; docs/gateway.yaml.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from firmware.sim.gateway import jws
from firmware.sim.gateway.claims import (
    FaceEvidence,
    LookUp,
    PinLookUp,
    QueryClaims,
    ReceptionRequest,
    StaffLookUp,
    StaffRequest,
    parsed,
)
from firmware.sim.gateway.problems import ProblemError

_THREE_HASHES: Final = bytes.fromhex("3071300d060960864801650304020105000460")
"""DER of a DigestInfo whose digest is three SHA-256 values end to end (96 bytes)."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the gateway believes. `face_issuers`: issuer keys of EF 0004; looked at only if `require_face_issuer`."""

    jpki: Sequence[x509.Certificate]
    receptions: Mapping[str, ec.EllipticCurvePublicKey]
    face_issuers: Sequence[rsa.RSAPublicKey] = ()
    require_face_issuer: bool = False


def challenge_text(purpose: str, request: LookUp) -> bytes:
    """The signed text in UTF-8, built from the request's members."""
    challenge = request.challenge
    text = (
        f"madoguchi-challenge-v1\n{purpose}\n{request.iss}\n{request.visit}\n"
        f"{challenge.id}\n{challenge.nonce}\n{challenge.taken:d}"
    )
    return text.encode("utf-8")


def check_certificate(der: bytes, trust: Trust) -> x509.Certificate:
    """A user-authentication certificate of a known issuer; its dates are the national system's business."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise ProblemError("certificate-refused", "profile") from error
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise ProblemError("certificate-refused", "profile")
    if not any(_issued_by(certificate, issuer) for issuer in trust.jpki):
        raise ProblemError("certificate-refused", "issuer")
    return certificate


def check_evidence(request: LookUp, certificate: x509.Certificate, trust: Trust) -> None:
    """The evidence of the request's own method."""
    match request:
        case PinLookUp():
            _check_pin(certificate, _octets(request.evidence.signature), challenge_text("pin", request))
        case StaffLookUp():
            _check_staff(request, trust)
        case _:
            chip = _key_field(_octets(request.evidence.df24))
            if not _signed(chip, _octets(request.evidence.chip_proof), challenge_text("chip", request)):
                raise ProblemError("evidence-wrong", "chip proof")
            _check_record(request.evidence, trust)


def check_reception(asked: QueryClaims, verb: str, trust: Trust) -> None:
    """The reception's request behind a query: signed by a known one, for this device and env, to do this."""
    for name, key in trust.receptions.items():
        try:
            content = parsed(ReceptionRequest, jws.opened(asked.request, "request+jwt", key))
        except ProblemError:
            continue
        if (content.iss, content.aud, content.env, content.verb) == (name, asked.iss, asked.env, verb):
            return
    raise ProblemError("evidence-wrong", "reception's request")


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _check_pin(certificate: x509.Certificate, signature: bytes, text: bytes) -> None:
    """By the kind of the holder's key: RSA with SHA-256 today, ECDSA P-384 with SHA-384 on the next card."""
    try:
        match certificate.public_key():
            case rsa.RSAPublicKey() as key:
                key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
            case ec.EllipticCurvePublicKey(curve=ec.SECP384R1()) as key:
                key.verify(signature, text, ec.ECDSA(hashes.SHA384()))
            case _:
                raise ProblemError("certificate-refused", "key")
    except InvalidSignature as error:
        raise ProblemError("evidence-wrong", "PIN signature") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProblemError("certificate-refused", "key") from error


def _check_staff(request: StaffLookUp, trust: Trust) -> None:
    """Signed by a known reception, for this device, env and visit, and approving."""
    for name, key in trust.receptions.items():
        try:
            content = parsed(StaffRequest, jws.opened(request.evidence.request, "request+jwt", key))
        except ProblemError:
            continue
        named = (content.iss, content.aud, content.env, content.visit)
        if named == (name, request.iss, request.env, request.visit):
            return
    raise ProblemError("evidence-wrong", "staff request")


def _check_record(evidence: FaceEvidence, trust: Trust) -> None:
    """DF28 by the key certified in EF 0004, over the recomputed hash and the two given ones."""
    body, certified, signature = _verifiable_certificate(_octets(evidence.ef0004))
    if trust.require_face_issuer and not any(_signed(issuer, signature, body) for issuer in trust.face_issuers):
        raise ProblemError("evidence-wrong", "issuer of EF 0004")
    values = {0xDF22: _octets(evidence.df22), 0xDF23: _octets(evidence.df23), 0xDF24: _octets(evidence.df24)}
    given = bytes.fromhex(evidence.text_hash + evidence.photo_hash)
    accepted = {
        _THREE_HASHES + hashlib.sha256(data).digest() + given
        for data in (b"".join(values.values()), b"".join(_tlv(tag, value) for tag, value in values.items()))
    }
    try:
        found = certified.recover_data_from_signature(_octets(evidence.record_signature), padding.PKCS1v15(), None)
    except InvalidSignature as error:
        raise ProblemError("evidence-wrong", "record signature") from error
    if found not in accepted:
        raise ProblemError("evidence-wrong", "record signature")


def _signed(key: rsa.RSAPublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _verifiable_certificate(data: bytes) -> tuple[bytes, rsa.RSAPublicKey, bytes]:
    """EF 0004: the signed body, the certified key and the issuer's signature. Filler may follow the template."""
    outer = dict(_first(data, 1))
    inner = dict(_first(outer.get(0x7F21, b""), 2))
    body, signature = inner.get(0x5F4E, b""), inner.get(0x5F37, b"")
    if len(body) < 32 or not signature:
        raise ProblemError("evidence-wrong", "EF 0004")
    return body, _key_field(body[32:]), signature


def _key_field(data: bytes) -> rsa.RSAPublicKey:
    """Modulus and exponent under 90 and 91; sources disagree which is which, so the longer is the modulus."""
    parts = sorted((value for _, value in _first(data, 2)), key=len)
    if len(parts) != 2:
        raise ProblemError("evidence-wrong", "key")
    exponent, modulus = (int.from_bytes(part, "big") for part in parts)
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise ProblemError("evidence-wrong", "key") from error


def _octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _tlv(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        length = bytes([size])
    elif size < 0x100:
        length = bytes([0x81, size])
    else:
        length = b"\x82" + size.to_bytes(2, "big")
    return tag.to_bytes(2, "big") + length + value


def _first(data: bytes, count: int) -> Iterator[tuple[int, bytes]]:
    """The first `count` objects of BER-TLV with one- and two-byte tags and lengths up to 65535."""
    position = 0
    for _ in range(count):
        head = data[position : position + 2]
        if not head:
            return
        tag_size = 2 if head[0] & 0x1F == 0x1F else 1
        tag = int.from_bytes(head[:tag_size], "big")
        position += tag_size
        extra = {0x81: 1, 0x82: 2}.get(data[position], 0) if position < len(data) else 0
        size = int.from_bytes(data[position + (1 if extra else 0) : position + 1 + extra], "big")
        position += 1 + extra
        value = data[position : position + size]
        if len(value) != size:
            raise ProblemError("evidence-wrong", "TLV")
        position += size
        yield tag, value
