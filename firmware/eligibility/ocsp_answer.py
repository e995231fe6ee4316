"""One OCSP question and what its answer proves (RFC 6960). Pure but for the nonce; any thread.

An answer counts only if it is about the certificate that was asked for, in time by the device's clock, and signed by
the issuer or by a responder to whom this issuer gave the right (4.2.2.2). RSA and ECDSA with SHA-256 or longer. Whether
the responder's own certificate was revoked is not asked.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from firmware.core.outcomes import Revocation

UNREADABLE: Final = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the parser says of bytes that are no certificate and no answer; it parses some members only when asked."""

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_OLDEST: Final = timedelta(days=1)
"""How long an answer without nextUpdate counts."""
_MOST_CERTIFICATES: Final = 8
_NONCE_BYTES: Final = 32

_RSA: Final = {
    SignatureAlgorithmOID.RSA_WITH_SHA256: hashes.SHA256(),
    SignatureAlgorithmOID.RSA_WITH_SHA384: hashes.SHA384(),
    SignatureAlgorithmOID.RSA_WITH_SHA512: hashes.SHA512(),
}
_ECDSA: Final = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: hashes.SHA256(),
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: hashes.SHA384(),
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: hashes.SHA512(),
}
_RSA_BITS: Final = range(2_048, 8_193)
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)

_REVOCATION: Final = {
    ocsp.OCSPCertStatus.GOOD: Revocation.GOOD,
    ocsp.OCSPCertStatus.REVOKED: Revocation.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN: Revocation.UNKNOWN,
}


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """`body`: the request in DER. The rest is what the answer is compared with. Personal: it names the certificate."""

    body: bytes
    asked: ocsp.OCSPRequest
    nonce: bytes
    issuer: x509.Certificate


def question(certificate: bytes, issuer: bytes) -> Question:
    """About `certificate` of `issuer` (DER). Raises one of `UNREADABLE`."""
    authority = x509.load_der_x509_certificate(issuer)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    # SHA-1 only names the issuer here, and is the one hash that every responder knows (RFC 5019, 2.1.1).
    name = hashes.SHA1()  # noqa: S303
    builder = ocsp.OCSPRequestBuilder().add_certificate(x509.load_der_x509_certificate(certificate), authority, name)
    asked = builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()
    return Question(asked.public_bytes(Encoding.DER), asked, nonce, authority)


def proved(answer: bytes, asked: Question, now: datetime) -> Revocation:
    """What `answer` proves at `now`; UNKNOWN where it proves nothing. Never raises."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return Revocation.UNKNOWN
        if _is_about(response, asked) and _is_in_time(response, now) and _is_signed(response, asked.issuer, now):
            return _REVOCATION[response.certificate_status]
    except UNREADABLE:
        pass
    return Revocation.UNKNOWN


def _is_about(response: ocsp.OCSPResponse, asked: Question) -> bool:
    """One status, for the certificate asked for; the parser refuses these members where there are several."""
    expected, found = asked.asked, response
    return (
        found.serial_number == expected.serial_number
        and found.hash_algorithm.name == expected.hash_algorithm.name
        and found.issuer_name_hash == expected.issuer_name_hash
        and found.issuer_key_hash == expected.issuer_key_hash
        and _all_understood(found.extensions)
        and _all_understood(found.single_extensions)
        and all(each.nonce == asked.nonce for each in _nonces(found.extensions))
    )


def _all_understood(extensions: x509.Extensions) -> bool:
    return not any(each.critical and isinstance(each.value, x509.UnrecognizedExtension) for each in extensions)


def _nonces(extensions: x509.Extensions) -> Iterator[x509.OCSPNonce]:
    """None at all is allowed: responders that sign in advance cannot repeat a nonce (RFC 6960, 4.4.1)."""
    return (each.value for each in extensions if isinstance(each.value, x509.OCSPNonce))


def _is_in_time(response: ocsp.OCSPResponse, now: datetime) -> bool:
    begin, end = response.this_update_utc, response.next_update_utc
    if end is None:
        end = begin + _OLDEST
    latest = now + CLOCK_TOLERANCE
    return begin <= end and begin <= latest and response.produced_at_utc <= latest and now <= _later(end)


def _later(end: datetime) -> datetime:
    """With the tolerance; the last minutes of year 9999 stay what they are."""
    try:
        return end + CLOCK_TOLERANCE
    except OverflowError:
        return end


def _is_signed(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> bool:
    if _is_named(issuer, response) and _verifies(issuer, response):
        return True
    return any(
        _is_named(each, response) and _is_delegated(each, issuer, now) and _verifies(each, response)
        for each in response.certificates[:_MOST_CERTIFICATES]
    )


def _is_named(signer: x509.Certificate, response: ocsp.OCSPResponse) -> bool:
    """The responder's id is a name or the hash of a key."""
    if response.responder_name is not None:
        return response.responder_name == signer.subject
    return x509.SubjectKeyIdentifier.from_public_key(signer.public_key()).digest == response.responder_key_hash


def _is_delegated(signer: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    """Issued by the very key that issued the certificate asked about, to sign OCSP answers, and valid now."""
    try:
        signer.verify_directly_issued_by(issuer)
        purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, x509.ExtensionNotFound):
        return False
    usage = [each.value for each in signer.extensions if isinstance(each.value, x509.KeyUsage)]
    begin, end = signer.not_valid_before_utc, signer.not_valid_after_utc
    return (
        ExtendedKeyUsageOID.OCSP_SIGNING in purposes
        and all(each.digital_signature for each in usage)
        and _all_understood(signer.extensions)
        and begin <= now + CLOCK_TOLERANCE
        and now <= _later(end)
    )


def _verifies(signer: x509.Certificate, response: ocsp.OCSPResponse) -> bool:
    """The algorithm is the key's, never only the answer's word."""
    key, algorithm = signer.public_key(), response.signature_algorithm_oid
    signed, signature = response.tbs_response_bytes, response.signature
    try:
        if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS and algorithm in _RSA:
            key.verify(signature, signed, padding.PKCS1v15(), _RSA[algorithm])
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES) and algorithm in _ECDSA:
            key.verify(signature, signed, ec.ECDSA(_ECDSA[algorithm]))
        else:
            return False
    except InvalidSignature:
        return False
    return True
