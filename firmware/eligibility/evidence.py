"""What the device says to the gateway, signed: members of docs/gateway.yaml and the JWS around them.

Pure but for the random `jti`; any thread (one ES256 signature, well under a millisecond). JWS compact by RFC 7515,
explicit typing by RFC 8725 3.11. Signatures go as the card layer gives them. Raises DeviceError MESSAGE_TOO_LARGE, and
ValueError for evidence that lacks its method's part (a programming error).
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from joserfc import jws
from joserfc.jwk import ECKey

from firmware.core.challenge import Challenge
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import Liveness, Method
from firmware.core.queries import NumberQuery, PersonQuery, Query
from firmware.core.result import Json
from firmware.core.secret import Secret
from firmware.eligibility.config import GatewayConfig
from firmware.ports import LookUpEvidence

MOST_BYTES: Final = 32 * 1024


class Kind(StrEnum):
    """`typ` of a signed body: what it was signed for."""

    LOOK_UP = "lookup+jwt"
    CONSENT = "consent+jwt"
    REGISTRATION = "registration+jwt"
    NUMBER_LOOK_UP = "number-lookup+jwt"
    EMERGENCY_SEARCH = "emergency-search+jwt"


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """A body that can be sent again as it is. `jti` is also the Idempotency-Key."""

    jti: str
    body: bytes


class Signer:
    """Signs contents for one device."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        self._key = ECKey.import_key(config.signing_key)
        self._kid = self._key.thumbprint()

    def sign(self, kind: Kind, visit: VisitId, members: Mapping[str, Json]) -> Signed:
        """`members` joined to the claims that every signed content has (`Claims`)."""
        config = self._config
        jti = secrets.token_urlsafe(16)
        claims: dict[str, Json] = {
            "iss": config.device,
            "site": config.site,
            "aud": "gateway",
            "jti": jti,
            "iat": int(config.clock.now()),
            "clock": config.clock.state().value,
            "env": config.env.value,
            "visit": visit,
            **members,
        }
        header = {"alg": "ES256", "typ": kind.value, "kid": self._kid}
        content = json.dumps(claims, separators=(",", ":"))
        body = jws.serialize_compact(header, content, self._key, algorithms=["ES256"]).encode()
        if len(body) > MOST_BYTES:
            raise DeviceError(FaultCode.MESSAGE_TOO_LARGE, f"{len(body)} bytes for the gateway")
        return Signed(jti, body)


def look_up_members(evidence: LookUpEvidence) -> dict[str, Json]:
    """Members of `LookUpRequest` beside the claims."""
    return {
        "method": evidence.method.value,
        "challenge": _challenge(evidence.challenge),
        "certificate": _octets(evidence.certificate),
        "evidence": _by_method(evidence),
    }


def consent_members(look_up: str, *, given: bool, at: float, expires: float | None) -> dict[str, Json]:
    """Members of `ConsentRequest` for the bundled consent; only what was given has an end."""
    consent: dict[str, Json] = {"item": "bundle", "given": given, "at": int(at)}
    if given and expires is not None:
        consent["expires"] = int(expires)
    return {"lookup": look_up, "consents": [consent]}


def query_members(query: Query, request: str) -> dict[str, Json]:
    """Members of `NumberLookUpRequest` or `EmergencySearchRequest`; `request`: the reception's, as it came.

    What is absent stays absent; the reception's own mark of the patient is not the gateway's business.
    """
    return {"request": request, "search": _number(query) if isinstance(query, NumberQuery) else _person(query)}


def _number(query: NumberQuery) -> dict[str, Json]:
    members: dict[str, Json] = {
        "InsurerNumber": query.insurer_number,
        "InsuredIdentificationNumber": query.number,
        "Birthdate": query.birth_date.isoformat().replace("-", ""),
        "LimitApplicationCertificateRelatedConsFlg": "1" if query.limit_consent else "0",
    }
    if query.symbol:
        members["InsuredCardSymbol"] = query.symbol
    if query.branch:
        members["InsuredBranchNumber"] = query.branch
    return members


def _person(query: PersonQuery) -> dict[str, Json]:
    return {
        "Name": query.name,
        "Birthdate": query.birth_date.isoformat().replace("-", ""),
        "Sex1": query.sex,
        "Address": query.address,
    }


def _challenge(challenge: Challenge) -> dict[str, Json]:
    return {
        "id": challenge.id,
        "nonce": challenge.nonce,
        "taken": challenge.taken,
        "offline": challenge.offline,
    }


def _by_method(evidence: LookUpEvidence) -> dict[str, Json]:
    match evidence.method:
        case Method.FACE:
            return _face(evidence)
        case Method.PIN:
            if evidence.pin_signature is None:
                raise ValueError("PIN evidence without a signature")
            return {"signature": _octets(evidence.pin_signature)}
        case Method.STAFF:
            if evidence.staff_request is None:
                raise ValueError("staff evidence without a request")
            return {"request": evidence.staff_request}


def _face(evidence: LookUpEvidence) -> dict[str, Json]:
    record, chip, verdict = evidence.record, evidence.chip, evidence.verdict
    if record is None or chip is None or verdict is None or verdict.band is None:
        raise ValueError("face evidence without record, chip proof or verdict")
    if verdict.liveness not in {Liveness.OFF, Liveness.PASSED}:
        raise ValueError("a match whose liveness challenge was not passed")
    return {
        "df22": _octets(record.birth_date),
        "df23": _octets(record.sex),
        "df24": _octets(record.chip_key),
        "record_signature": _octets(record.signature),
        "text_hash": record.text_hash.hex(),
        "photo_hash": record.photo_hash.hex(),
        "ef0004": _octets(chip.certificate),
        "chip_proof": _octets(chip.signature),
        "match": {
            "code": verdict.code.value,
            "band": verdict.band.value,
            "threshold": verdict.threshold,
            "model": verdict.model,
        },
        "liveness": verdict.liveness.value,
    }


def _octets(value: Secret | bytes) -> str:
    return base64.b64encode(value.view() if isinstance(value, Secret) else value).decode("ascii")
