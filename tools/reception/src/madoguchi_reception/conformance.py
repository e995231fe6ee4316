"""Checks a receiver of reception software against the contract, without a device.

The kit plays a device whose keys it makes itself; the receiver under test is configured with the kit's public key, and
driven through one function: sealed message in, acknowledgement tokens out. Its own sealing code, so that no error of a
device can hide in it. `run` gives findings in words; an empty list is a pass. It checks what can be seen from outside:

- a good result is acknowledged as stored, with its hash, id and number;
- a duplicate is acknowledged again and handed on once (`handed_on` counts what reached the business side);
- wrong key, truncated, foreign env, foreign address, foreign device key, unsigned: rejected or ignored, never stored;
- unknown members and an unknown minor version are accepted; an `exp` long past is accepted (clocks are wrong at times);
- codes of a later minor version (eligibility, flags, ways, hints) are accepted: they mean "ask at the counter";
- the answer to a query (`lookup`) is taken like a result; a kind of message that nobody knows yet is stored and
  acknowledged too, so that the device may let go of it, whether or not it is handed on.
"""

import json
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from madoguchi_reception.keys import kid
from madoguchi_reception.opener import token_hash

Subject = Callable[[bytes], list[str]]
"""The receiver under test: takes the payload of a result topic, returns the acknowledgements it published."""


@dataclass(frozen=True, repr=False)
class Kit:
    """Keys and names: `device_key` private, the reception's two keys public."""

    site: str
    device: str
    reception: str
    env: str
    device_key: ECKey
    encryption: ECKey
    signing: ECKey

    def claims(self, seq: int, **changed: object) -> dict[str, Any]:
        """Claims of a plain result, with members changed."""
        now = int(time.time())
        body = {"visit": uuid.uuid4().hex, "outcome": "aborted", "eligibility": {"code": "not-asked", "detail": None}}
        base = {"iss": self.device, "aud": self.reception, "jti": str(uuid.uuid4()), "iat": now, "seq": seq}
        more = {"env": self.env, "clock": "synced", "site": self.site, "ver": "1.0", "typ": "result", "body": body}
        return {**base, **more, "pad": "", **changed}

    def seal(self, claims: dict[str, Any], signer: ECKey | None = None, to: ECKey | None = None) -> bytes:
        """The nested JWT."""
        key, target = signer or self.device_key, to or self.encryption
        head = {"alg": "ES256", "kid": kid(key), "typ": "message+jwt"}
        inner = jws.serialize_compact(head, json.dumps(claims), key, algorithms=["ES256"])
        return self.wrap(inner, target)

    def wrap(self, inner: str, to: ECKey | None = None) -> bytes:
        """Encrypt anything to the reception."""
        target = to or self.encryption
        outer = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": kid(target), "cty": "JWT"}
        return jwe.encrypt_compact(outer, inner, target, algorithms=["ECDH-ES", "A256GCM"]).encode()


@dataclass(frozen=True, repr=False)
class Case:
    """One message, whether a receiver must store it, and whether it may keep it from the business side."""

    name: str
    payload: bytes
    claims: dict[str, Any]
    stored: bool
    silent: bool = False


def cases(kit: Kit) -> Iterator[Case]:
    """Every case, freshly sealed."""
    good = kit.claims(1)
    payload = kit.seal(good)
    yield Case("good", payload, good, stored=True)
    yield Case("duplicate", payload, good, stored=True)
    later = kit.claims(2, ver="1.9", novelty={"a": [1]}, exp=1)
    yield Case("unknown members, exp long past", kit.seal(later), later, stored=True)
    words = kit.claims(20, ver="1.9", body=_later_words())
    yield Case("unknown codes", kit.seal(words), words, stored=True)
    looked_up = kit.claims(21, ver="1.3", typ="lookup", body=_lookup())
    yield Case("answer to a query", kit.seal(looked_up), looked_up, stored=True)
    strange = kit.claims(22, ver="1.9", typ="something-later", body={"novelty": [1]})
    yield Case("unknown kind of message", kit.seal(strange), strange, stored=True, silent=True)
    stranger = ECKey.generate_key("P-256")
    refused = {
        "sealed to another key": kit.seal(kit.claims(3), to=stranger),
        "signed by another key": kit.seal(kit.claims(4), signer=stranger),
        "foreign env": kit.seal(kit.claims(5, env="test" if kit.env != "test" else "sim")),
        "for another reception": kit.seal(kit.claims(6, aud="somebody-else")),
        "of another site": kit.seal(kit.claims(7, site="elsewhere")),
        "from another device": kit.seal(kit.claims(8, iss="other-device")),
        "truncated": kit.seal(kit.claims(9))[:-20],
        "unsigned": kit.wrap(_unsigned(kit.claims(10))),
        "not a token": b"{}",
        "empty": b"",
    }
    for name, bad in refused.items():
        yield Case(name, bad, {}, stored=False)


def _later_words() -> dict[str, Any]:
    told = {"code": "some-later-flag", "ja": "後の版の注意", "en": "a remark of a later version"}
    codes = {"code": "some-later-code", "detail": None, "flags": ["some-later-flag"], "ways": ["some-later-way"]}
    eligibility = {**codes, "staff": {"ja": "窓口で確認", "en": "ask at the counter"}, "remarks": [told]}
    return {"visit": uuid.uuid4().hex, "outcome": "some-later-outcome", "eligibility": eligibility, "hints": ["later"]}


def _lookup() -> dict[str, Any]:
    when = "2026-09-21T14:13:00.000Z"
    eligibility = {"code": "valid", "detail": {"ResultList": []}, "flags": [], "ways": ["go-on"], "remarks": []}
    return {"request": str(uuid.uuid4()), "id": uuid.uuid4().hex, "asked": when, "answered": when} | {
        "eligibility": eligibility
    }


def _unsigned(claims: dict[str, Any]) -> str:
    head, body = ({"alg": "none", "typ": "message+jwt"}, claims)
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, body)) + "."


def run(kit: Kit, subject: Subject, handed_on: Callable[[], int]) -> list[str]:
    """Drive the receiver through all cases; what is wrong, in words."""
    findings: list[str] = []
    expected = handed_on()
    for case in cases(kit):
        acks = [_ack(kit, token) for token in subject(case.payload)]
        findings += [f"{case.name}: {text}" for text in _judged(case, acks)]
        expected += case.stored and case.name != "duplicate"
        handed = handed_on()
        if handed != expected and not (case.silent and handed == expected - 1):
            findings.append(f"{case.name}: handed on {handed} results, {expected} would be right")
        expected = handed
    return findings


def _judged(case: Case, acks: list[dict[str, Any] | None]) -> Iterator[str]:
    digest = token_hash(case.payload)
    if None in acks:
        yield "an acknowledgement that the reception's key did not sign"
    good = [ack for ack in acks if ack is not None]
    if any(ack.get("hash") != digest for ack in good):
        yield "an acknowledgement with another message's hash"
    stages = {ack.get("stage") for ack in good}
    if not case.stored and stages & {"stored", "processed"}:
        yield "acknowledged, though it must be refused"
    if case.stored and not stages & {"stored", "processed"}:
        yield "not acknowledged"
    for ack in good:
        if case.stored and (ack.get("msg"), ack.get("seq")) != (case.claims["jti"], case.claims["seq"]):
            yield "acknowledgement without the message's id and number"


def _ack(kit: Kit, token: str) -> dict[str, Any] | None:
    try:
        found = jws.deserialize_compact(token, kit.signing, algorithms=["ES256"])
        claims = json.loads(found.payload)
    except (JoseError, ValueError):
        return None
    wanted = {"iss": kit.reception, "aud": kit.device, "env": kit.env}
    right = isinstance(claims, dict) and found.protected.get("typ") == "ack+jwt"
    return claims if right and {name: claims.get(name) for name in wanted} == wanted else None
