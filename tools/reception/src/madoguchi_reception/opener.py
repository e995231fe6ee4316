"""Opens one sealed message: decrypts, verifies, checks whom it is from and for. Pure apart from the keys it holds.

Nested JWT: JWE compact (ECDH-ES, A256GCM, our key) around JWS compact (ES256, the device's key). Both headers must say
exactly that; nothing is negotiated. Time is not looked at: a result is never dropped because of a clock. Unknown claims
are ignored.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from madoguchi_reception.keys import kid

MAX_TOKEN = 128 * 1024
MAX_HEADER = 2048
_PART = re.compile(r"[A-Za-z0-9_-]*")
_SEAL = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT"}


class Why(StrEnum):
    """Why a message is refused; goes into the acknowledgement's `code`."""

    MALFORMED = "malformed"
    WRONG_KEY = "wrong-key"
    BAD_SEAL = "bad-seal"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_DEVICE = "unknown-device"
    WRONG_ADDRESS = "wrong-address"
    WRONG_ENV = "wrong-env"


class Refused(Exception):  # noqa: N818  # it says what happened; an "Error" of ours it is not
    """The message is not taken. `claims`: its claims where signature and address were right (only WRONG_ENV)."""

    def __init__(self, why: Why, detail: str = "", claims: "Claims | None" = None) -> None:
        super().__init__(f"{why}: {detail}" if detail else str(why))
        self.why, self.detail, self.claims = why, detail, claims


@dataclass(frozen=True, repr=False)
class Claims:
    """A verified message. No repr: the body is personal."""

    device: str
    jti: str
    seq: int
    env: str
    typ: str
    body: dict[str, Any]
    raw: dict[str, Any]

    @property
    def printable(self) -> dict[str, Any]:
        """Everything it says, without the padding."""
        return {key: value for key, value in self.raw.items() if key != "pad"}


@dataclass(frozen=True)
class Address:
    """Who we are: messages for anybody else are refused."""

    site: str
    reception: str
    env: str


class Opener:
    """Holds our private keys and the public keys of the devices we trust."""

    def __init__(self, address: Address, own: tuple[ECKey, ...], devices: Mapping[str, tuple[ECKey, ...]]) -> None:
        self._address = address
        self._own = {kid(key): key for key in own}
        self._devices = {name: {kid(key): key for key in keys} for name, keys in devices.items()}

    def open(self, device: str, token: str) -> Claims:
        """The message that came on the topic of `device`. Raises Refused."""
        if device not in self._devices:
            raise Refused(Why.UNKNOWN_DEVICE)
        signed = self._decrypted(token)
        payload = self._verified(device, signed)
        return self._checked(device, payload)

    def _decrypted(self, token: str) -> str:
        header = _header(token, 5)
        key = self._own.get(str(header.get("kid")))
        if key is None:
            raise Refused(Why.WRONG_KEY)
        if {name: header.get(name) for name in _SEAL} != _SEAL or set(header) != {*_SEAL, "kid", "epk"}:
            raise Refused(Why.MALFORMED, "outer header")
        try:
            plain = jwe.decrypt_compact(token, key, algorithms=["ECDH-ES", "A256GCM"]).plaintext
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Refused(Why.BAD_SEAL, type(error).__name__) from error
        try:
            return (plain or b"").decode("ascii")
        except UnicodeDecodeError as error:
            raise Refused(Why.MALFORMED, "content is no JWT") from error

    def _verified(self, device: str, token: str) -> dict[str, Any]:
        header = _header(token, 3)
        key = self._devices[device].get(str(header.get("kid")))
        if key is None or header != {"alg": "ES256", "typ": "message+jwt", "kid": kid(key)}:
            raise Refused(Why.BAD_SIGNATURE, "inner header")
        try:
            payload = jws.deserialize_compact(token, key, algorithms=["ES256"]).payload
        except (JoseError, ValueError) as error:
            raise Refused(Why.BAD_SIGNATURE, type(error).__name__) from error
        return json_object(payload)

    def _checked(self, device: str, raw: dict[str, Any]) -> Claims:
        names = ("iss", "jti", "env", "typ")
        if not all(isinstance(raw.get(name), str) for name in names) or not isinstance(raw.get("body"), dict):
            raise Refused(Why.MALFORMED, "claims")
        seq = raw.get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool) or seq < 1 or not 8 <= len(raw["jti"]) <= 64:
            raise Refused(Why.MALFORMED, "seq or jti")
        wanted = {"iss": device, "aud": self._address.reception, "site": self._address.site}
        for name, value in wanted.items():
            if raw.get(name) != value:
                raise Refused(Why.WRONG_ADDRESS, name)
        claims = Claims(device, raw["jti"], seq, raw["env"], raw["typ"], raw["body"], raw)
        if claims.env != self._address.env:
            raise Refused(Why.WRONG_ENV, f"message of {claims.env}, we are {self._address.env}", claims)
        return claims


def token_hash(token: bytes) -> str:
    """SHA-256 of what arrived, base64url: how an acknowledgement names it."""
    return urlsafe_b64encode(hashlib.sha256(token).digest()).decode().rstrip("=")


def json_object(raw: bytes) -> dict[str, Any]:
    """A JSON object or Refused."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused(Why.MALFORMED, "not JSON") from error
    if not isinstance(value, dict):
        raise Refused(Why.MALFORMED, "not a JSON object")
    return value


def _header(token: str, parts: int) -> dict[str, Any]:
    split = token.split(".", parts)
    if len(token) > MAX_TOKEN or len(split) != parts or not all(_PART.fullmatch(part) for part in split):
        raise Refused(Why.MALFORMED, f"not {parts} parts of base64url")
    head = split[0]
    if not 0 < len(head) <= MAX_HEADER:
        raise Refused(Why.MALFORMED, "header length")
    try:
        raw = urlsafe_b64decode(head + "=" * (-len(head) % 4))
    except ValueError as error:
        raise Refused(Why.MALFORMED, "header") from error
    return json_object(raw)
