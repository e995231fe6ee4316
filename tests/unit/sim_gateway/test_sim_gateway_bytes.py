"""The simulator's own codecs on hostile bytes: JWS, claims, TLV and key fields of the card."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from firmware.sim.gateway import evidence, jws
from firmware.sim.gateway.claims import ChallengeRequest, parsed
from firmware.sim.gateway.problems import STATUSES, ProblemError

KEY = ec.generate_private_key(ec.SECP256R1()).public_key()

# RFC 7515, A.3.1: ES256 example with its public key
EXAMPLE = (
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
_X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
_Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "="), "big")


def test_example_of_the_standard_holds_but_is_refused_for_its_missing_type() -> None:
    key = ec.EllipticCurvePublicNumbers(_number(_X), _number(_Y), ec.SECP256R1()).public_key()
    signed, _, signature = EXAMPLE.rpartition(".")
    jws.check_signature(signed, signature, key)
    with pytest.raises(ProblemError, match="signature-wrong"):
        jws.check_signature(signed, signature, KEY)
    with pytest.raises(ProblemError) as raised:
        jws.opened(EXAMPLE, "lookup+jwt", key)
    assert raised.value.detail == "JWS header"


def test_kid_is_the_thumbprint_as_another_library_reckons_it() -> None:
    assert jws.thumbprint(KEY) == ECKey.import_key(KEY).thumbprint()


@pytest.mark.parametrize("text", ["QQ=", "Q", "QR", "Q+", "QQ\n"])
def test_only_the_canonical_spelling_of_base64url(text: str) -> None:
    with pytest.raises(ProblemError):
        jws.decoded(text)


@given(st.text(alphabet="AZaz09-_.=", max_size=120))
def test_any_text_is_refused_as_problem(token: str) -> None:
    with pytest.raises(ProblemError) as raised:
        jws.opened(token, "lookup+jwt", KEY)
    assert raised.value.kind in {"malformed", "signature-wrong"}


def objects_or_problem(data: bytes, count: int) -> int | str:
    try:
        return len(list(evidence._first(data, count)))
    except ProblemError as problem:
        return problem.kind


@given(st.binary(max_size=64), st.integers(1, 3))
def test_any_bytes_are_objects_or_a_problem(data: bytes, count: int) -> None:
    assert objects_or_problem(data, count) in {*range(count + 1), "evidence-wrong"}


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 265, 5000])
def test_objects_come_back_from_their_encoding(size: int) -> None:
    value = bytes(size)
    assert list(evidence._first(evidence._tlv(0xDF24, value) + b"\xff\xff", 1)) == [(0xDF24, value)]


@pytest.mark.parametrize("swapped", [False, True])
def test_both_spellings_of_a_key_field(swapped: bool) -> None:
    modulus = (1 << 2047 | 1).to_bytes(256, "big")
    exponent = b"\x01\x00\x01"
    first, second = (exponent, modulus) if swapped else (modulus, exponent)

    def encoded(tag: int, value: bytes) -> bytes:
        head = bytes([tag, len(value)]) if len(value) < 128 else bytes([tag, 0x82]) + len(value).to_bytes(2, "big")
        return head + value

    key = evidence._key_field(encoded(0x90, first) + encoded(0x91, second))
    assert (key.public_numbers().n, key.public_numbers().e) == (1 << 2047 | 1, 65537)


def test_malformed_claims_name_places_not_values() -> None:
    with pytest.raises(ProblemError) as raised:
        parsed(ChallengeRequest, {"env": "sim", "device": "secret value", "count": 1})
    assert raised.value.detail == "device"


@pytest.mark.parametrize("data", [b"", b"[]", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_object(data: bytes) -> None:
    with pytest.raises(ProblemError):
        jws.json_object(data)


@pytest.mark.parametrize("kind", STATUSES)
def test_problem_documents(kind: str) -> None:
    document = ProblemError(kind, "why").document("sim")
    assert json.loads(json.dumps(document))["type"] == f"/problems/{kind}"
    assert document["status"] == STATUSES[kind]
    assert document["env"] == "sim"
