"""Bytes of the WebAPI's messages <-> values: `read_answer`, `write_request`, `write_answer`, `read_login`.

The same members as in the terminal's files, as JSON with one member XmlMsg (eligibility.md 2.9; one public source). A
text is a JSON string everywhere; null counts as absent. A number where a text belongs is refused, because the zeros in
front of it would be lost. Bounds of size and depth: `wire.parse_object`. Pure, any thread. Raises DeviceError
GATEWAY_BAD_ANSWER for an answer, QUERY_UNWRITABLE for a request and GATEWAY_REFUSED for a login that cannot be;
details hold no data.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.result import Json
from firmware.core.secret import Secret
from firmware.eligibility.fields import Member, bad_answer
from firmware.eligibility.model import Confirmation
from firmware.eligibility.oqs_message import (
    BODY,
    ITEMS,
    NumberRequest,
    Padding,
    answer_message,
    read_message,
    request_message,
)
from firmware.eligibility.wire import parse_object

_ROOT: Final = "XmlMsg"
_LIST: Final = "ResultList"
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,8192}")
"""What a header can carry."""


def read_answer(data: bytes) -> Confirmation:
    """The answer to a query."""
    message = parse_object(data).get(_ROOT)
    if not isinstance(message, dict):
        raise bad_answer(f"member {_ROOT}")
    return read_message(_member(message))


def write_request(request: NumberRequest, padding: Padding) -> bytes:
    return _bytes(request_message(request, padding))


def write_answer(confirmation: Confirmation) -> bytes:
    """What the WebAPI would answer; `read_answer` gives the same confirmation back."""
    message = answer_message(confirmation)
    body = message[BODY]
    if isinstance(body, Mapping) and _LIST in body:
        message[BODY] = {**body, _LIST: [{ITEMS[_LIST]: each} for each in body[_LIST]]}
    return _bytes(message)


def write_login(user: str, password: Secret) -> bytes:
    """Raises KEYS_MISSING for a password that is no text."""
    try:
        text = bytes(password.view()).decode()
    except UnicodeDecodeError:
        # from None: the error quotes the password
        raise DeviceError(FaultCode.KEYS_MISSING, "WebAPI password") from None
    return json.dumps({"user": user, "password": text}, ensure_ascii=False).encode()


def read_login(data: bytes) -> str:
    """The id token of a login. Raises GATEWAY_REFUSED if there is none: the login was not accepted."""
    result = parse_object(data).get("result")
    token = result.get("idToken") if isinstance(result, dict) else None
    if token is None or token == "":
        raise DeviceError(FaultCode.GATEWAY_REFUSED, "login")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise bad_answer("member idToken")
    return token


def _bytes(message: Mapping[str, Member]) -> bytes:
    return json.dumps({_ROOT: message}, ensure_ascii=False).encode()


def _member(value: Json) -> Member:
    """Numbers and booleans become an empty list: no text field takes it, and what nobody knows is dropped anyway."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {name: _member(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_member(each) for each in value if each is not None]
    return []
