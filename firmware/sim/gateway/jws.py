"""JWS compact with ES256, verified by this simulator's own hand (RFC 7515 5.2, RFC 7518 3.4).

Pure, any thread. Raises ProblemError: "malformed" for what is no such JWS, "signature-wrong" for a wrong signature.
"""

import base64
import binascii
import hashlib
import json
import re
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from firmware.sim.gateway.problems import ProblemError

_PARTS: Final = re.compile(r"([A-Za-z0-9_-]{1,1024})\.([A-Za-z0-9_-]{1,43000})\.([A-Za-z0-9_-]{86})")


def decoded(text: str) -> bytes:
    """base64url without padding; only the one canonical spelling of each value."""
    try:
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise ProblemError("malformed", "base64url") from error
    if _encoded(value) != text:
        raise ProblemError("malformed", "base64url")
    return value


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """RFC 7638, of a P-256 key: the `kid` under which it signs."""
    numbers = key.public_numbers()
    members = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
    return _encoded(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


def _coordinate(number: int) -> str:
    return _encoded(number.to_bytes(32, "big"))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def _no_constant(_name: str) -> object:
    raise ValueError("NaN or Infinity")


def json_object(data: bytes) -> dict[str, object]:
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise ProblemError("malformed", "JSON") from error
    if not isinstance(value, dict):
        raise ProblemError("malformed", "JSON object")
    return value


def opened(token: str, typ: str, key: ec.EllipticCurvePublicKey) -> dict[str, object]:
    """The verified content of `token`, which must have been signed as `typ` by `key`."""
    parts = _PARTS.fullmatch(token)
    if parts is None:
        raise ProblemError("malformed", "JWS")
    header = json_object(decoded(parts[1]))
    if header.get("alg") != "ES256" or header.get("typ") != typ or "crit" in header:
        raise ProblemError("malformed", "JWS header")
    if not isinstance(header.get("kid"), str):
        raise ProblemError("malformed", "kid")
    if header["kid"] != thumbprint(key):
        raise ProblemError("signature-wrong", "kid")
    check_signature(f"{parts[1]}.{parts[2]}", parts[3], key)
    return json_object(decoded(parts[2]))


def check_signature(signed: str, signature: str, key: ec.EllipticCurvePublicKey) -> None:
    """`signature`: base64url of two numbers of 32 bytes."""
    octets = decoded(signature)
    numbers = int.from_bytes(octets[:32], "big"), int.from_bytes(octets[32:], "big")
    try:
        key.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise ProblemError("signature-wrong") from error
