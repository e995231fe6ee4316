"""What a request holds sealed: only ours, only as the contract says, never an exception of a library."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey

from firmware.core.faults import DeviceError, FaultCode
from firmware.publish.seal import Unsealer
from madoguchi_reception.requests import seal
from tests.unit.publish.keys import new_key

OURS, STRANGER = new_key(), new_key()
assert OURS.private_key is not None
UNSEALER = Unsealer(OURS.private_key, STRANGER.thumbprint())
GOOD = seal({"iss": "front", "jti": "jti-00001", "query": {}}, OURS)
ALGORITHMS = ["ECDH-ES", "A256GCM", "ECDH-ES+A128KW", "A128GCM", "DEF"]


def sealed(text: bytes, to: ECKey = OURS, **header: Any) -> str:
    head = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": to.thumbprint(), "cty": "json", **header}
    registry = jwe.JWERegistry(algorithms=ALGORITHMS)
    return jwe.encrypt_compact({name: value for name, value in head.items() if value}, text, to, registry=registry)


def opened(token: str) -> bytes | FaultCode:
    try:
        return UNSEALER.open(token)
    except DeviceError as error:
        return error.code


def with_header(**changed: Any) -> str:
    """The good token with another header: its tag would be wrong anyway, but the header ends the reading first."""
    head, rest = GOOD.split(".", 1)
    header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    kept = {name: value for name, value in {**header, **changed}.items() if value != "gone"}
    return f"{urlsafe_b64encode(json.dumps(kept).encode()).decode().rstrip('=')}.{rest}"


def test_what_the_reception_sealed_is_opened_and_its_length_tells_nothing() -> None:
    text = opened(GOOD)
    assert isinstance(text, bytes)
    assert json.loads(text)["iss"] == "front"
    names = [seal({"iss": "front", "jti": "jti-00001", "query": {"Name": "x" * size}}, OURS) for size in range(60)]
    assert len({len(token) for token in names}) <= 2


@pytest.mark.parametrize(
    "token",
    [
        sealed(b"{}", STRANGER),
        sealed(b"{}", STRANGER, kid=OURS.thumbprint()),
        sealed(b"{}", cty="JWT"),
        sealed(b"{}", cty=None),
        sealed(b"{}", kid=None),
        sealed(b"{}", alg="ECDH-ES+A128KW"),
        sealed(b"{}", enc="A128GCM"),
        sealed(b"{}" * 4000, zip="DEF"),
        sealed(b"x" * 9000),
        sealed(b"{}", apu="Zg"),
    ],
)
def test_another_key_algorithm_or_header_is_refused(token: str) -> None:
    assert opened(token) is FaultCode.REQUEST_MALFORMED


@pytest.mark.parametrize(
    "epk",
    [
        "gone",
        5,
        {},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": "P-256", "x": 5, "y": None},
        {"kty": "EC", "crv": "P-384", "x": "A" * 43, "y": "A" * 43},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "y": "A" * 43},
        {**{name: str(value) for name, value in OURS.as_dict(private=False).items()}, "d": "A" * 43},
    ],
)
def test_a_sender_key_that_is_no_point_of_the_curve_is_refused(epk: object) -> None:
    assert opened(with_header(epk=epk)) is FaultCode.REQUEST_MALFORMED


@pytest.mark.parametrize("part", range(5))
def test_tampering_with_any_part_is_refused(part: int) -> None:
    parts = GOOD.split(".")
    middle = len(parts[part]) // 2
    parts[part] = (
        parts[part][:middle] + ("B" if parts[part][middle : middle + 1] != "B" else "C") + parts[part][middle + 1 :]
    )
    assert opened(".".join(parts)) is FaultCode.REQUEST_MALFORMED


@given(token=st.one_of(st.text(max_size=300), st.from_regex(r"[A-Za-z0-9_-]{1,80}(\.[A-Za-z0-9_-]{0,40}){4}")))
def test_any_text_is_malformed_and_nothing_worse(token: str) -> None:
    assert opened(token) is FaultCode.REQUEST_MALFORMED


@settings(max_examples=25)
@given(header=st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_any_header_is_malformed_and_nothing_worse(header: object) -> None:
    head = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    assert opened(f"{head}.{GOOD.split('.', 1)[1]}") is FaultCode.REQUEST_MALFORMED
