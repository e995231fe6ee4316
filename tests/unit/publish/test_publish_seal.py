"""Sealing against the reception tool's own opener, and the device's checks of signed tokens."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, Env
from firmware.publish.body import visit_body
from firmware.publish.contract import Message, MessageType
from firmware.publish.seal import PublicEcKey, Sealer, TokenType, claimed_issuer, token_hash, verify
from madoguchi_reception.opener import Address, Opener, Refused, Why
from tests.unit.publish.keys import NOW, new_key, public_jwk, record

DEVICE, RECEPTION, STRANGER = new_key(), new_key(), new_key()
ADDRESS = Address("clinic", "front", "sim")


def sealer(key: ECKey = DEVICE) -> Sealer:
    assert key.private_key is not None
    return Sealer(key.private_key)


def message(**changed: object) -> Message:
    base = Message(
        iss="counter-1",
        aud="front",
        jti="01a0b0c0-0000-7000-8000-000000000001",
        iat=int(NOW),
        exp=int(NOW) + 60,
        seq=7,
        env=Env.SIM,
        clock=ClockState.SYNCED,
        site="clinic",
        ver="1.0",
        typ=MessageType.RESULT,
        body=visit_body(record()),
    )
    return base.model_copy(update=changed)


def sealed(changed: Message | None = None, key: ECKey = DEVICE, to: ECKey = RECEPTION) -> str:
    return sealer(key).seal(changed or message(), PublicEcKey(public_jwk(to)))


def opener(address: Address = ADDRESS, device: ECKey = DEVICE) -> Opener:
    return Opener(address, (RECEPTION,), {"counter-1": (device,)})


def why(token: str, address: Address = ADDRESS) -> Why:
    with pytest.raises(Refused) as caught:
        opener(address).open("counter-1", token)
    return caught.value.why


def wrapped(inner: str) -> str:
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": RECEPTION.thumbprint(), "cty": "JWT"}
    return jwe.encrypt_compact(header, inner, RECEPTION, algorithms=["ECDH-ES", "A256GCM"])


def test_reception_opens_what_the_device_sealed() -> None:
    claims = opener().open("counter-1", sealed())
    assert (claims.jti, claims.seq, claims.typ, claims.env) == (message().jti, 7, "result", "sim")
    assert claims.body["eligibility"]["detail"]["Name"] == "架空 花子"
    assert claims.body["consent"] == {
        "answer": "given",
        "given": "2026-09-21T14:13:17.000Z",
        "expires": "2026-09-22T14:13:17.000Z",
    }


def test_inner_payload_has_steps_of_512_bytes_and_no_pad_left_over() -> None:
    lengths = set()
    for size in range(0, 600, 50):
        body = visit_body(record(eligibility={"Name": "x" * size}))
        plain = jwe.decrypt_compact(sealed(message(body=body)), RECEPTION, algorithms=["ECDH-ES", "A256GCM"]).plaintext
        payload = (plain or b"").split(b".")[1]
        lengths.add(len(urlsafe_b64decode(payload + b"==")))
    assert all(length % 512 == 0 for length in lengths)
    assert lengths == {1536, 2048}


def test_a_message_beyond_the_limit_is_too_large() -> None:
    body = visit_body(record(eligibility={"Address": "x" * 120_000}))
    with pytest.raises(DeviceError) as caught:
        sealed(message(body=body))
    assert caught.value.code is FaultCode.MESSAGE_TOO_LARGE


@pytest.mark.parametrize("part", range(5))
def test_tampering_with_any_part_is_refused(part: int) -> None:
    parts = sealed().split(".")
    assert parts[1] == ""
    parts[part] = "AAAA" if part == 1 else _flipped(parts[part])
    assert why(".".join(parts)) in {Why.BAD_SEAL, Why.WRONG_KEY, Why.MALFORMED}


def _flipped(part: str) -> str:
    middle = len(part) // 2
    return part[:middle] + ("A" if part[middle] != "A" else "B") + part[middle + 1 :]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "counter-2"}, Why.WRONG_ADDRESS),
        ({"aud": "pharmacy"}, Why.WRONG_ADDRESS),
        ({"site": "other"}, Why.WRONG_ADDRESS),
        ({"env": Env.PRODUCTION}, Why.WRONG_ENV),
    ],
)
def test_messages_for_or_of_others_are_refused(changed: dict[str, object], reason: Why) -> None:
    assert why(sealed(message(**changed))) is reason


def test_wrong_keys_are_refused() -> None:
    assert why(sealed(key=STRANGER)) is Why.BAD_SIGNATURE
    assert why(sealed(to=STRANGER)) is Why.WRONG_KEY
    with pytest.raises(Refused) as caught:
        opener().open("counter-9", sealed())
    assert caught.value.why is Why.UNKNOWN_DEVICE


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384"])
def test_other_inner_algorithms_are_refused(algorithm: str) -> None:
    header = {"alg": algorithm, "kid": DEVICE.thumbprint(), "typ": "message+jwt"}
    if algorithm == "none":
        body = urlsafe_b64encode(b'{"iss":"counter-1"}').decode().rstrip("=")
        inner = f"{urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip('=')}.{body}."
    else:
        # HS256 with the public key as secret is the classic confusion.
        secret = OctKey.import_key(json.dumps(public_jwk(DEVICE)))
        keys: dict[str, OctKey | RSAKey | ECKey] = {
            "HS256": secret,
            "RS256": RSAKey.generate_key(2048),
            "ES384": ECKey.generate_key("P-384"),
        }
        inner = jws.serialize_compact(header, b"{}", keys[algorithm], algorithms=[algorithm])
    assert why(wrapped(inner)) in {Why.BAD_SIGNATURE, Why.MALFORMED}


def test_other_outer_algorithms_are_refused() -> None:
    header = {"alg": "ECDH-ES+A128KW", "enc": "A128GCM", "kid": RECEPTION.thumbprint(), "cty": "JWT"}
    token = jwe.encrypt_compact(header, "x", RECEPTION, algorithms=["ECDH-ES+A128KW", "A128GCM"])
    assert why(token) is Why.MALFORMED


def test_a_signed_response_is_not_a_message() -> None:
    inner = sealer().sign(message(), TokenType.RESPONSE)
    assert why(wrapped(inner)) is Why.BAD_SIGNATURE


# ---- what comes in ----


def token(kind: str = "request+jwt", key: ECKey = RECEPTION, claims: bytes = b'{"iss":"front"}', **header: str) -> str:
    head = {"alg": "ES256", "kid": RECEPTION.thumbprint(), "typ": kind} | header
    return jws.serialize_compact(head, claims, key, algorithms=[head["alg"]])


def checked(text: str) -> FaultCode | dict[str, object]:
    try:
        return dict(verify(text, PublicEcKey(public_jwk(RECEPTION)), TokenType.REQUEST))
    except DeviceError as error:
        return error.code


def test_a_token_of_the_reception_is_verified() -> None:
    assert checked(token()) == {"iss": "front"}
    assert claimed_issuer(token()) == "front"


def test_wrong_key_type_or_algorithm_is_a_bad_signature() -> None:
    bad = FaultCode.REQUEST_BAD_SIGNATURE
    assert checked(token(key=STRANGER)) is bad
    assert checked(token(kind="ack+jwt")) is bad
    assert checked(token(key=STRANGER, kid=STRANGER.thumbprint())) is bad
    secret = OctKey.import_key(json.dumps(public_jwk(RECEPTION)))
    assert checked(jws.serialize_compact({"alg": "HS256"}, b"{}", secret, algorithms=["HS256"])) is bad
    head, body, signature = token().split(".")
    assert checked(f"{head}.{_flipped(body)}.{signature}") is bad
    assert checked(f"{head}.{body}.{_flipped(signature)}") is bad
    assert checked(f"{head}.{body}.AAAA") is bad


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "é.b.c",
        "a.b.c",
        "A" * 9000,
        f"{urlsafe_b64encode(b'[' * 300).decode().rstrip('=')}.e30.AA",
        f"{'A' * 600}.e30.AA",
        "W10.e30.AA",
        "eyJh.e30.AA",
    ],
)
def test_what_is_no_token_is_malformed(text: str) -> None:
    assert checked(text) is FaultCode.REQUEST_MALFORMED
    assert claimed_issuer(text) is None


def test_a_signed_payload_that_is_no_object_is_malformed() -> None:
    for claims in (b"[]", b"\xff", b"[" * 3000):
        assert checked(token(claims=claims)) is FaultCode.REQUEST_MALFORMED


def test_keys_that_are_not_p256_are_named_at_the_start() -> None:
    other = ECKey.generate_key("P-384")
    assert other.private_key is not None
    with pytest.raises(DeviceError, match="SET-004"):
        Sealer(other.private_key)
    for jwk in ({}, public_jwk(other), public_jwk(RECEPTION) | {"x": "AAAA"}, {"kty": "EC", "crv": "P-256"}):
        with pytest.raises(DeviceError, match="SET-004"):
            PublicEcKey(jwk)


def test_hash_and_description_key_belong_to_the_token_and_key() -> None:
    assert token_hash("abc") == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
    assert sealer().public.kid == DEVICE.thumbprint() == PublicEcKey(public_jwk(DEVICE)).kid
    assert replace(ADDRESS, env="test") != ADDRESS
