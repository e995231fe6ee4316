"""Signs what a reception says: requests and acknowledgements; seals queries; reads responses.

ES256 with the reception's signing key, `kid` its thumbprint, header `typ` by kind. A request lives for at most 120 s.
A query is sealed (JWE compact, ECDH-ES, A256GCM) to the device's encryption key, named in the reception's own file: a
key that merely stands in the description topic is nobody's.
"""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from madoguchi_reception.keys import kid
from madoguchi_reception.opener import Refused, Why, json_object

LIFETIME = 60
SEALED_STEP = 256


@dataclass(frozen=True)
class Wish:
    """What is asked of a device. `visit`: for staff-check, confirm-result and cancel; `approved`: for the first two."""

    verb: str
    device: str
    visit: str | None = None
    approved: bool | None = None


@dataclass(frozen=True, repr=False)
class Query:
    """What a lookup or emergency-search asks: members with their national names, and the device's encryption key."""

    members: Mapping[str, str]
    to: ECKey


@dataclass(frozen=True, repr=False)
class Signer:
    """Signs in the name of one reception."""

    key: ECKey
    reception: str
    env: str

    def request(self, wish: Wish, now: float | None = None, query: Query | None = None) -> tuple[str, str]:
        """`jti` and token of a request."""
        issued = int(time.time() if now is None else now)
        claims: dict[str, Any] = {
            **self._common(wish.device, issued),
            "jti": str(uuid.uuid4()),
            "exp": issued + LIFETIME,
            "verb": wish.verb,
        }
        if wish.visit is not None:
            claims["visit"] = wish.visit
        if wish.approved is not None:
            claims["approved"] = wish.approved
        if query is not None:
            content = {"iss": self.reception, "jti": claims["jti"], "query": dict(query.members)}
            claims["sealed"] = seal(content, query.to)
        return claims["jti"], self.sign(claims, "request+jwt")

    def ack(self, device: str, digest: str, stage: str, more: dict[str, Any]) -> str:
        """An acknowledgement of the message with hash `digest`; `more`: msg, seq, code as known."""
        claims = {**self._common(device, int(time.time())), "stage": stage, "hash": digest, **more}
        return self.sign(claims, "ack+jwt")

    def sign(self, claims: dict[str, Any], kind: str) -> str:
        """JWS compact of any claims."""
        header = {"alg": "ES256", "kid": kid(self.key), "typ": kind}
        return jws.serialize_compact(header, json.dumps(claims, separators=(",", ":")), self.key, algorithms=["ES256"])

    def _common(self, device: str, issued: int) -> dict[str, Any]:
        return {"iss": self.reception, "aud": device, "iat": issued, "env": self.env}


def seal(content: dict[str, Any], to: ECKey) -> str:
    """JWE compact, padded: its length does not tell a name's."""
    size = len(json.dumps(content).encode())
    plain = json.dumps({**content, "pad": "0" * (-size % SEALED_STEP)}).encode()
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": kid(to), "cty": "json"}
    return jwe.encrypt_compact(header, plain, to, algorithms=["ECDH-ES", "A256GCM"])


def read_response(token: str, device_keys: tuple[ECKey, ...], reception: str) -> dict[str, Any]:
    """Claims of a device's signed response. Raises Refused."""
    if len(token) > 8192:
        raise Refused(Why.MALFORMED, "response too long")
    for key in device_keys:
        try:
            found = jws.deserialize_compact(token, key, algorithms=["ES256"])
        except (JoseError, ValueError):
            continue
        claims = json_object(found.payload)
        if found.protected.get("typ") != "response+jwt" or claims.get("aud") != reception:
            raise Refused(Why.WRONG_ADDRESS, "response")
        return claims
    raise Refused(Why.BAD_SIGNATURE, "response")
