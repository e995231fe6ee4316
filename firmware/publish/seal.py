"""Nested JWT out, signed requests and acknowledgements in, with what a request holds sealed. No I/O; any thread.

Out: the claims as JWS compact (ES256, device key), that as JWE compact (ECDH-ES, A256GCM, reception's key, `cty: JWT`).
In: JWS compact, ES256 by the reception's signing key and nothing else; sealed text as JWE compact (as above, to the
device's encryption key, `cty: json`). The algorithm is never taken from the message:
a header that does not say exactly what is expected ends the reading before any key is touched. Header `typ` keeps one
kind of token from being passed off as another (RFC 8725 section 3.11).

Raises DeviceError: MESSAGE_TOO_LARGE when sealing; REQUEST_MALFORMED, REQUEST_BAD_SIGNATURE for what comes in (the
caller turns them into ACK_INVALID for acknowledgements). Source: design.md "The message contract"; RFC 7515 to 7519.
"""

import gc
import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.result import Json
from firmware.publish.contract import Message, PublicKey, dump, dump_padded
from firmware.publish.contract_base import Written
from firmware.publish.topics import MAX_PAYLOAD

SIGNATURE = "ES256"
AGREEMENT = "ECDH-ES"
ENCRYPTION = "A256GCM"
MAX_INBOUND = 8 * 1024
_MAX_HEADER = 512
_SEALED = {"alg": AGREEMENT, "enc": ENCRYPTION, "cty": "json"}
_EPHEMERAL = {"kty": "EC", "crv": "P-256"}
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_COMPACT_SEALED = re.compile(r"[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}")
_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}")


class TokenType(StrEnum):
    """Header `typ` of every signed token of the contract."""

    MESSAGE = "message+jwt"
    REQUEST = "request+jwt"
    RESPONSE = "response+jwt"
    ACK = "ack+jwt"


@dataclass(frozen=True, slots=True)
class ReceptionKeys:
    """Public P-256 keys of one reception as JWK members: one to seal to, one that signs its requests."""

    reception: str
    encryption: Mapping[str, str]
    signing: Mapping[str, str]


class PublicEcKey:
    """A checked P-256 public key with its thumbprint as `kid`."""

    def __init__(self, jwk: Mapping[str, str]) -> None:
        public: dict[str, str | list[str]] = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
        if public.get("kty") != "EC" or public.get("crv") != "P-256":
            raise DeviceError(FaultCode.KEYS_MISSING, "a reception key is not a P-256 key")
        try:
            self.key = ECKey.import_key(public)
            self.kid = self.key.thumbprint()
        except (JoseError, ValueError, KeyError) as error:
            raise DeviceError(
                FaultCode.KEYS_MISSING, f"a reception key cannot be read: {type(error).__name__}"
            ) from error


class Sealer:
    """Signs with the device key and encrypts to one reception."""

    def __init__(self, device_key: EllipticCurvePrivateKey) -> None:
        self._key = _private(device_key)
        self.kid = self._key.thumbprint()

    @property
    def public(self) -> PublicKey:
        """The public half, for the description topic."""
        return _public(self._key, "sig")

    def sign(self, payload: Written, kind: TokenType) -> str:
        """JWS compact of a plain payload."""
        return self._signed(dump(payload), kind)

    def seal(self, message: Message, to: PublicEcKey) -> str:
        """The nested JWT of one message."""
        inner = self._signed(dump_padded(message), TokenType.MESSAGE)
        header = {"alg": AGREEMENT, "enc": ENCRYPTION, "kid": to.kid, "cty": "JWT"}
        token = jwe.encrypt_compact(header, inner, to.key, algorithms=[AGREEMENT, ENCRYPTION])
        _forget_open_text()
        if len(token) > MAX_PAYLOAD:
            raise DeviceError(FaultCode.MESSAGE_TOO_LARGE, f"{len(token)} bytes")
        return token

    def _signed(self, payload: bytes, kind: TokenType) -> str:
        header = {"alg": SIGNATURE, "kid": self.kid, "typ": str(kind)}
        return jws.serialize_compact(header, payload, self._key, algorithms=[SIGNATURE])


class Unsealer:
    """Opens what receptions seal to the device's encryption key, which is never the key that signs."""

    def __init__(self, encryption_key: EllipticCurvePrivateKey, signing_kid: str) -> None:
        self._key = _private(encryption_key)
        self.kid = self._key.thumbprint()
        if self.kid == signing_kid:
            raise DeviceError(FaultCode.KEYS_MISSING, "the encryption key must not be the signing key")

    @property
    def public(self) -> PublicKey:
        """The public half, for the description topic."""
        return _public(self._key, "enc")

    def open(self, token: str) -> bytes:
        """The sealed text. Personal: the caller reads it and lets it go."""
        if len(token) > MAX_INBOUND or not _COMPACT_SEALED.fullmatch(token):
            raise DeviceError(FaultCode.REQUEST_MALFORMED, f"{len(token)} characters are no JWE compact")
        header = _header(token)
        ephemeral = header.pop("epk", None)
        if header != {**_SEALED, "kid": self.kid} or not _is_point(ephemeral):
            raise DeviceError(FaultCode.REQUEST_MALFORMED, "sealed otherwise, or to another key")
        try:
            plain = jwe.decrypt_compact(token, self._key, algorithms=[AGREEMENT, ENCRYPTION]).plaintext
        except (JoseError, ValueError) as error:
            raise DeviceError(FaultCode.REQUEST_MALFORMED, type(error).__name__) from error
        finally:
            _forget_open_text()
        return plain or b""


def _forget_open_text() -> None:
    # joserfc's envelope and its recipient refer to each other: the open text would stay until Python next looks for
    # cycles, on an idle device for hours. The young generations are looked through within a millisecond.
    gc.collect(1)


def _private(key: EllipticCurvePrivateKey) -> ECKey:
    if key.curve.name != "secp256r1":
        raise DeviceError(FaultCode.KEYS_MISSING, "a device key is not a P-256 key")
    return ECKey.import_key(key)


def _public(key: ECKey, use: Literal["sig", "enc"]) -> PublicKey:
    members = key.as_dict(private=False)
    return PublicKey(x=str(members["x"]), y=str(members["y"]), kid=key.thumbprint(), use=use)


def _is_point(key: Json) -> bool:
    """Whether it looks like a public P-256 key and nothing more; that it lies on the curve is checked in decrypting."""
    if not isinstance(key, dict) or {"kty": key.get("kty"), "crv": key.get("crv")} != _EPHEMERAL or len(key) != 4:
        return False
    return all(isinstance(value := key.get(name), str) and _COORDINATE.fullmatch(value) for name in ("x", "y"))


def token_hash(token: str) -> str:
    """SHA-256 of a token as published, base64url without padding."""
    return urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()).decode().rstrip("=")


def verify(token: str, key: PublicEcKey, kind: TokenType) -> dict[str, Json]:
    """Claims of a token that `key` signed as `kind`."""
    _check_header(token, key.kid, kind)
    try:
        payload = jws.deserialize_compact(token, key.key, algorithms=[SIGNATURE]).payload
    except (JoseError, ValueError) as error:
        raise DeviceError(FaultCode.REQUEST_BAD_SIGNATURE, type(error).__name__) from error
    return _object(payload)


def claimed_issuer(token: str) -> str | None:
    """`iss` of a token nobody has verified yet: good for choosing the key to verify with, for nothing else."""
    if len(token) > MAX_INBOUND or not _COMPACT.fullmatch(token):
        return None
    try:
        issuer = _object(_decoded(token.split(".")[1])).get("iss")
    except DeviceError:
        return None
    return issuer if isinstance(issuer, str) else None


def _check_header(token: str, kid: str, kind: TokenType) -> None:
    if len(token) > MAX_INBOUND or not _COMPACT.fullmatch(token):
        raise DeviceError(FaultCode.REQUEST_MALFORMED, f"{len(token)} characters are no JWS compact")
    if _header(token) != {"alg": SIGNATURE, "kid": kid, "typ": str(kind)}:
        raise DeviceError(FaultCode.REQUEST_BAD_SIGNATURE, "header does not name the algorithm, key and type we take")


def _header(token: str) -> dict[str, Json]:
    head = token.split(".", 1)[0]
    if len(head) > _MAX_HEADER:
        raise DeviceError(FaultCode.REQUEST_MALFORMED, "header too long")
    return _object(_decoded(head))


def _decoded(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (Base64Error, ValueError) as error:
        raise DeviceError(FaultCode.REQUEST_MALFORMED, "not base64url") from error


def _object(raw: bytes) -> dict[str, Json]:
    try:
        value: Json = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DeviceError(FaultCode.REQUEST_MALFORMED, f"not JSON: {type(error).__name__}") from error
    if not isinstance(value, dict):
        raise DeviceError(FaultCode.REQUEST_MALFORMED, "not a JSON object")
    return value
