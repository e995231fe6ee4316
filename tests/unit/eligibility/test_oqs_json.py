"""The WebAPI's messages: golden files, what is refused, logins. The round trip stands in test_oqs_xml_roundtrip.py."""

import json
from dataclasses import replace
from typing import Any

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.eligibility.oqs_json import read_answer, read_login, write_login, write_request
from firmware.eligibility.oqs_message import Padding
from tests.unit.eligibility.oqs_samples import GOLDEN, NUMBER, QUERY, REQUEST


def refused(data: bytes) -> str:
    with pytest.raises(DeviceError) as raised:
        read_answer(data)
    assert raised.value.code is FaultCode.GATEWAY_BAD_ANSWER
    return raised.value.detail


def altered(**body: Any) -> bytes:
    """A small good answer with members of the body put over it."""
    members = {"ProcessingResultStatus": "1", "QualificationValidity": "4", **body}
    return json.dumps({"XmlMsg": {"MessageHeader": {"SegmentOfResult": "1"}, "MessageBody": members}}).encode()


def test_the_golden_answer_says_what_was_written_into_it() -> None:
    answer = read_answer((GOLDEN / "webapi-answer.json").read_bytes())
    assert replace(answer, character_code=None) == NUMBER


def test_a_request_has_the_members_of_the_golden_one() -> None:
    golden = json.loads((GOLDEN / "webapi-request.json").read_bytes())
    assert json.loads(write_request(REQUEST, Padding.ZERO)) == golden
    golden["XmlMsg"]["MessageBody"]["QualificationConfirmSearchInfo"]["InsurerNumber"] = "  130013"
    assert json.loads(write_request(REQUEST, Padding.SPACE)) == golden


def test_a_request_in_a_form_that_cannot_be_asked_is_refused() -> None:
    with pytest.raises(DeviceError, match="InsuredIdentificationNumber") as raised:
        write_request(replace(REQUEST, query=replace(QUERY, number="")), Padding.ZERO)
    assert raised.value.code is FaultCode.QUERY_UNWRITABLE


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"QualificationValidity": 1}, "member QualificationValidity"),
        ({"QualificationValidity": True}, "member QualificationValidity"),
        ({"QualificationValidity": ["1"]}, "member QualificationValidity"),
        ({"QualificationValidity": {"1": "1"}}, "member QualificationValidity"),
        ({"ProcessingResultMessage": "x" * 401}, "member ProcessingResultMessage"),
        ({"ProcessingResultMessage": "\x1b"}, "member ProcessingResultMessage"),
        ({"ProcessingResultMessage": "\ud800"}, "member ProcessingResultMessage"),
        ({"ResultList": "x"}, "member ResultList"),
        ({"ResultList": [{"Sex1": "1", "Birthdate": "19700101"}] * 9}, "member ResultList"),
        ({"ResultList": [{"Sex1": "1"}]}, "member Birthdate"),
        ({"ResultList": [{"Sex1": "1", "Birthdate": 19700101}]}, "member Birthdate"),
    ],
)
def test_a_member_that_is_none_is_refused(body: dict[str, Any], detail: str) -> None:
    assert refused(altered(**body)) == detail


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"XmlMsg": []}',
        b'{"XmlMsg": {}}',
        b'{"XmlMsg": {"MessageHeader": "1", "MessageBody": {}}}',
        b'{"XmlMsg": {"MessageHeader": {}, "MessageBody": "1"}}',
        b'{"XmlMsg": {"MessageHeader": {"ErrorMessage": NaN}}}',
        b'{"XmlMsg":' * 13 + b"1" + b"}" * 13,
        altered(Future="x" * 70_000),
        altered()[:-1],
        altered().decode().encode("utf-16"),
        altered().replace(b'"4"', '"山"'.encode("cp932")),
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    refused(data)


def test_nothing_and_unknown_members_do_not_matter() -> None:
    plain = read_answer(altered())
    assert (
        read_answer(altered(PrescriptionIssueSelect=None, Future=[1, {"deep": None}, True], ResultList=None)) == plain
    )
    assert read_answer(altered(ResultList=[])) == plain


def test_results_are_read_with_and_without_their_wrapping() -> None:
    person = {"Sex1": "1", "Birthdate": "19700101", "Name": "例示　次郎"}
    bare = read_answer(altered(ResultList=[None, person]))
    assert read_answer(altered(ResultList=[{"ResultOfQualificationConfirmation": person}])) == bare
    assert bare.coverages[0].name == "例示　次郎"


# ---- login ------------------------------------------------------------------------------------------------------


def test_a_login_carries_user_and_password() -> None:
    assert json.loads(write_login("架空", Secret("見本".encode()))) == {"user": "架空", "password": "見本"}


def test_a_password_that_is_no_text_is_told_without_it() -> None:
    with pytest.raises(DeviceError) as raised:
        write_login("user", Secret(b"\xff\xfe"))
    assert raised.value.code is FaultCode.KEYS_MISSING
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"status": "NG", "msg": "x", "result": null}', FaultCode.GATEWAY_REFUSED),
        (b'{"result": {"idToken": ""}}', FaultCode.GATEWAY_REFUSED),
        (b'{"result": {"accessToken": "a"}}', FaultCode.GATEWAY_REFUSED),
        (b'{"result": {"idToken": 1}}', FaultCode.GATEWAY_BAD_ANSWER),
        (b'{"result": {"idToken": "a\\r\\nX: b"}}', FaultCode.GATEWAY_BAD_ANSWER),
        (b'{"result": {"idToken": "a b"}}', FaultCode.GATEWAY_BAD_ANSWER),
        (b"no", FaultCode.GATEWAY_BAD_ANSWER),
    ],
)
def test_a_login_without_a_token_is_none(data: bytes, code: FaultCode) -> None:
    with pytest.raises(DeviceError) as raised:
        read_login(data)
    assert raised.value.code is code


def test_the_id_token_of_a_login() -> None:
    assert read_login(b'{"status": "OK", "msg": "", "result": {"accessToken": "a", "idToken": "ey.J-_x"}}') == "ey.J-_x"
