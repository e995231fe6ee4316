"""Signs what a reception says: requests (staff-check, cancel, replay, ping) and acknowledgements; reads responses.

ES256 with the reception's signing key, `kid` its thumbprint, header `typ` by kind. A request lives for at most 120 s.
"""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from madoguchi_reception.keys import kid
from madoguchi_reception.opener import Refused, Why, json_object

LIFETIME = 60
VERBS = ("staff-check", "cancel", "replay", "ping")


@dataclass(frozen=True)
class Wish:
    """What is asked of a device. `visit`: for staff-check and cancel; `approved`: for staff-check."""

    verb: str
    device: str
    visit: str | None = None
    approved: bool | None = None


@dataclass(frozen=True, repr=False)
class Signer:
    """Signs in the name of one reception."""

    key: ECKey
    reception: str
    env: str

    def request(self, wish: Wish, now: float | None = None) -> tuple[str, str]:
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
