"""Bytes to values: size, depth, env, states, challenges, problems."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import Env
from firmware.eligibility import wire

VISIT = VisitId("0123456789abcdef" * 2)
NONCE = "A" * 43


def fault(work: Any, *arguments: Any) -> FaultCode:
    with pytest.raises(DeviceError) as raised:
        work(*arguments)
    return raised.value.code


def outcome(data: bytes) -> FaultCode | None:
    try:
        wire.parse_object(data)
    except DeviceError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1,"a":1}',
        b'{"b":[{"a":1,"a":2}]}',
        b'{"a":1,"\\u0061":2}',
        b"\xff\xfe{}",
        b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 13 + b"1" + b"}" * 13,
        b"{}" + b" " * wire.MOST_BYTES,
    ],
)
def test_what_is_no_bounded_json_object(data: bytes) -> None:
    assert fault(wire.parse_object, data) is FaultCode.GATEWAY_BAD_ANSWER


def test_brackets_in_strings_do_not_count_as_depth() -> None:
    text = '[{"' * 50
    assert wire.parse_object(json.dumps({"a": text, "b": [{}]}).encode()) == {"a": text, "b": [{}]}


def test_twelve_levels_are_allowed() -> None:
    assert wire.parse_object(b'{"a":' * 12 + b"1" + b"}" * 12)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":\\,a1 ', max_size=60).map(str.encode))
def test_any_bytes_are_an_object_or_a_fault(data: bytes) -> None:
    assert outcome(data) in {None, FaultCode.GATEWAY_BAD_ANSWER}


def test_errors_do_not_quote_the_answer() -> None:
    with pytest.raises(DeviceError) as raised:
        wire.parse_object(b'{"Name": "\xe7\xaa\x93\xe5\x8f\xa3",}')
    assert raised.value.__suppress_context__
    assert "Name" not in str(raised.value)


def test_env_is_compared_first() -> None:
    wire.check_env({"env": "sim"}, Env.SIM)
    assert fault(wire.check_env, {"env": "production"}, Env.SIM) is FaultCode.GATEWAY_ENV_MISMATCH
    assert fault(wire.check_env, {}, Env.SIM) is FaultCode.GATEWAY_BAD_ANSWER


def challenges(**changes: Any) -> dict[str, Any]:
    return {"now": 1000, "challenges": [{"id": "c-1", "nonce": NONCE, "expires": 1600, **changes}]}


def test_life_of_a_challenge_is_reckoned_from_the_gateway_s_now() -> None:
    assert wire.parse_challenges(challenges()) == [wire.Issued("c-1", NONCE, 600)]
    assert wire.parse_challenges(challenges(expires=10**10))[0].life == 3600


@pytest.mark.parametrize(
    "members",
    [
        challenges(id="a b"),
        challenges(id="x" * 65),
        challenges(nonce="A" * 42),
        challenges(nonce=None),
        challenges(expires="soon"),
        challenges(expires=True),
        challenges(expires=-1),
        {**challenges(), "now": 1.5},
        {**challenges(), "challenges": []},
        {**challenges(), "challenges": challenges()["challenges"] * 17},
        {**challenges(), "challenges": ["x"]},
        {},
    ],
)
def test_challenges_out_of_bounds(members: dict[str, Any]) -> None:
    assert fault(wire.parse_challenges, members) is FaultCode.GATEWAY_BAD_ANSWER


PENDING: dict[str, Any] = {"id": "x-1", "visit": VISIT, "status": "pending"}
FINAL: dict[str, Any] = {**PENDING, "status": "final", "code": "none", "registration_offered": False}


def test_states() -> None:
    assert wire.parse_state(PENDING, VISIT) == wire.Pending("x-1")
    settled = wire.parse_state(FINAL, VISIT)
    assert isinstance(settled, wire.Settled)
    assert settled.answer.code == "none"


@pytest.mark.parametrize(
    "change", [{"id": "../x"}, {"id": 1}, {"visit": "0" * 32}, {"visit": None}, {"status": "lost"}]
)
def test_states_that_are_not_ours(change: dict[str, Any]) -> None:
    assert fault(wire.parse_state, FINAL | change, VISIT) is FaultCode.GATEWAY_BAD_ANSWER


def test_acknowledgement_names_the_look_up() -> None:
    wire.parse_acknowledgement({"id": "x-1"}, "x-1")
    assert fault(wire.parse_acknowledgement, {"id": "x-2"}, "x-1") is FaultCode.GATEWAY_BAD_ANSWER


def problem(kind: str, env: str = "sim") -> bytes:
    return json.dumps({"type": kind, "title": "t", "status": 400, "env": env}).encode()


@pytest.mark.parametrize(
    ("status", "data", "code"),
    [
        (403, problem("/problems/challenge-used"), FaultCode.CHALLENGE_REFUSED),
        (403, problem("/problems/challenge-expired"), FaultCode.CHALLENGE_REFUSED),
        (403, problem("/problems/challenge-unknown"), FaultCode.CHALLENGE_REFUSED),
        (403, problem("/problems/offline-challenge-refused"), FaultCode.CHALLENGE_REFUSED),
        (403, problem("/problems/env-mismatch"), FaultCode.GATEWAY_ENV_MISMATCH),
        (403, problem("/problems/challenge-used", "production"), FaultCode.GATEWAY_ENV_MISMATCH),
        (403, problem("/problems/signature-wrong"), FaultCode.GATEWAY_REFUSED),
        (404, problem("/problems/not-found"), FaultCode.QUERY_NOT_OFFERED),
        (404, b"<html>", FaultCode.GATEWAY_REFUSED),
        (400, problem("/problems/something-new"), FaultCode.GATEWAY_REFUSED),
        (400, problem("https://elsewhere.example/problems/challenge-used"), FaultCode.GATEWAY_REFUSED),
        (429, b"", FaultCode.GATEWAY_REFUSED),
        (500, problem("/problems/internal"), FaultCode.GATEWAY_ERROR),
        (502, b"<html>", FaultCode.GATEWAY_ERROR),
        (302, b"", FaultCode.GATEWAY_BAD_ANSWER),
        (204, b"", FaultCode.GATEWAY_BAD_ANSWER),
    ],
)
def test_problems(status: int, data: bytes, code: FaultCode) -> None:
    assert wire.fault_of(status, data, Env.SIM).code is code
