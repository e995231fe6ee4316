"""The simulator against its own document, by Schemathesis: bodies as they come, and contents signed by the device.

The server runs on a thread of its own, with mutual TLS. A signed body is an opaque string to Schemathesis, so there are
two documents: the real one (any string as body), and one whose body schema is the signed content's (`contentSchema`),
which the serializer below signs with the device's key before it is sent. Of a signed content the document decides what
has to be said: `malformed` if and only if its schema does not allow the content.

Random members never hit a challenge, a look-up or a signature, so almost all of that ends in a refusal. The last test
puts true ones into whatever else the document allows: then each operation has to be answered by its 200 or 202.
"""

import asyncio
import contextlib
import copy
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, Final

import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from schemathesis import Case, GenerationMode, Response, SerializationContext
from schemathesis.specs.openapi import checks

from firmware.core.challenge import Challenge
from firmware.core.ids import VisitId
from firmware.eligibility.config import TlsFiles
from firmware.eligibility.evidence import look_up_members
from firmware.sim.gateway.api import MOST_BYTES
from firmware.sim.gateway.config import SimConfig
from firmware.sim.gateway.evidence import Trust
from firmware.sim.gateway.people import SEED, fingerprint
from firmware.sim.gateway.server import GatewayServer

from .conftest import DEVICE
from .document import DOCUMENT
from .holders import Holder, RsaKeys, jpki_ca, signed_request
from .site import Authority, new_key

EXAMPLES: Final = (4, pytest.param(300, marks=pytest.mark.long))
MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
CHECKS: Final = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
DEVICE_KEY: Final = new_key()
DESK_KEY: Final = new_key()
PHASES: Final = (Phase.explicit, Phase.generate)
"""A body of these schemas shrinks for minutes; the failing request is printed as it is."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_JOSE: Final = "application/jose"


def operations() -> list[tuple[str, str]]:
    paths = DOCUMENT["paths"].items()
    return [(path, method) for path, item in paths for method in ("get", "put", "post") if method in item]


OPERATIONS: Final = operations()


def with_contents() -> dict[str, Any]:
    """The document with signed contents as bodies."""
    changed = copy.deepcopy(DOCUMENT)
    for path, method in OPERATIONS:
        media = changed["paths"][path][method].get("requestBody", {}).get("content", {}).get(_JOSE)
        if media is not None:
            media["schema"] = media["schema"]["contentSchema"]
    return changed


RAW: Final = schemathesis.openapi.from_dict(DOCUMENT)
SIGNED: Final = schemathesis.openapi.from_dict(with_contents())
TYPES: Final = {
    "/v1/lookups": ("lookup+jwt", "LookUpRequest"),
    "/v1/lookups/{id}/consent": ("consent+jwt", "ConsentRequest"),
    "/v1/lookups/{id}/registration": ("registration+jwt", "RegistrationRequest"),
    "/v1/number-lookups": ("number-lookup+jwt", "NumberLookUpRequest"),
    "/v1/emergency-searches": ("emergency-search+jwt", "EmergencySearchRequest"),
}


@schemathesis.serializer(_JOSE)
def sign(context: SerializationContext, value: object) -> bytes:
    """A string goes as it is, anything else as the content of a JWS."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    typ, _ = TYPES[context.case.operation.path]
    return signed_request(DEVICE_KEY, value, typ).encode()


class Running:
    """A gateway on a thread, and a session that may speak with it."""

    def __init__(self, config: SimConfig) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._server = GatewayServer(config)
        self.session = requests.Session()

    def start(self) -> str:
        self._thread.start()
        self._do(self._server.start())
        return self._server.url

    def stop(self) -> None:
        self.session.close()
        self._do(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Any) -> None:
        waiting: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        waiting.result(20)


class House:
    """What a request needs to be believed."""

    def __init__(self, session: requests.Session, url: str, tls: TlsFiles, holders: Mapping[str, Holder]) -> None:
        self.session = session
        self.url = url
        self._holders = holders
        self._tls: dict[str, Any] = {"verify": str(tls.ca), "cert": (str(tls.certificate), str(tls.key))}

    def send(self, case: Case[Any]) -> Response:
        """Send and measure by the document."""
        response = case.call(base_url=self.url, session=self.session, **self._tls)
        assert response.status_code < 500, response.content
        case.validate_response(response, checks=CHECKS)
        members = json.loads(response.content)
        assert members["env"] == "sim"
        assert "type" not in members or members["status"] == response.status_code
        return response

    def truths(self, content: dict[str, Any], typ: str) -> dict[str, Any]:
        """Members that take a request past the first refusals."""
        verb = "lookup" if typ.startswith("number") else "emergency-search"
        request = {"iss": "desk", "aud": DEVICE, "jti": "r", "iat": 1, "exp": 2, "env": "sim", "verb": verb}
        told: dict[str, Any] = {"iss": DEVICE, "site": "clinic", "env": "sim"}
        if "request" in content:
            told["request"] = signed_request(DESK_KEY, request)
        return told

    def post(self, path: str, media: str, body: bytes, key: str = "k") -> dict[str, Any]:
        headers = {"Content-Type": media, "Idempotency-Key": key}
        response = self.session.post(self.url + path, data=body, headers=headers, **self._tls)
        assert response.status_code == 200, response.content
        members: dict[str, Any] = response.json()
        return members

    def evidence(self, name: str, content: dict[str, Any]) -> dict[str, Any]:
        """A challenge of the gateway and what the card of this person proves with it, by the content's own method."""
        wanted = json.dumps({"env": "sim", "device": DEVICE, "count": 1}).encode()
        [issued] = self.post("/v1/challenges", "application/json", wanted)["challenges"]
        visit, taken = VisitId(content["visit"]), content["challenge"]["taken"]
        challenge = Challenge(issued["id"], issued["nonce"], DEVICE, visit, taken, offline=False)
        holder = self._holders[name]
        match content["method"]:
            case "face":
                return dict(look_up_members(holder.face(challenge)))
            case "pin":
                return dict(look_up_members(holder.pin(challenge)))
            case _:
                told = {"iss": "desk", "aud": DEVICE, "env": "sim", "verb": "staff-check", "visit": visit}
                request = signed_request(DESK_KEY, {**told, "approved": True})
                return dict(look_up_members(holder.staff(challenge, request)))

    def look_up(self, name: str, visit: str) -> str:
        """Id of a look-up that was made and answered."""
        key = uuid.uuid4().hex
        content = {"visit": visit, "method": "pin", "challenge": {"taken": 1}}
        claims = {
            "iss": DEVICE,
            "site": "clinic",
            "aud": "gateway",
            "jti": key,
            "iat": 1,
            "clock": "unknown",
            "env": "sim",
        }
        members = {**claims, "visit": visit, **self.evidence(name, content)}
        body = signed_request(DEVICE_KEY, members, "lookup+jwt").encode()
        return str(self.post("/v1/lookups", _JOSE, body, key)["id"])


@contextlib.contextmanager
def opened_house(authority: Authority, keys: RsaKeys) -> Iterator[House]:
    holders = {name: Holder.issue(keys, "19811224", "1") for name in SEED}
    config = SimConfig(
        env="sim",
        site="clinic",
        files=authority.server(),
        devices={DEVICE: DEVICE_KEY.public_key()},
        trust=Trust([jpki_ca(keys.ca)], {"desk": DESK_KEY.public_key()}),
        people=tuple((fingerprint(holders[name].der), person) for name, person in SEED.items()),
        disaster_until=4e9,
    )
    running = Running(config)
    url = running.start()
    running.session.trust_env = False
    yield House(running.session, url, authority.client(DEVICE), holders)
    running.stop()


@pytest.fixture(scope="module")
def house(authority: Authority, rsa_keys: RsaKeys) -> Iterator[House]:
    with opened_house(authority, rsa_keys) as made:
        yield made


@pytest.fixture
def empty_house(authority: Authority, rsa_keys: RsaKeys) -> Iterator[House]:
    """Where no challenge was issued yet: there is a limit to unused ones."""
    with opened_house(authority, rsa_keys) as made:
        yield made


def fuzz(cases: st.SearchStrategy[Case[Any]], examples: int, check: Callable[[Case[Any]], object]) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

    @settings(max_examples=examples, deadline=None, database=None, phases=PHASES, suppress_health_check=quiet)
    @given(case=cases)
    def run(case: Case[Any]) -> None:
        check(case)

    run()


def check_signed(house: House, path: str, case: Case[Any]) -> None:
    """`malformed` exactly when the document's schema does not allow the content, unless it was not even read."""
    typ, schema = TYPES[path]
    if isinstance(case.body, dict):
        case.body = {**case.body, **house.truths(case.body, typ)}
    jti = case.body.get("jti") if isinstance(case.body, dict) else None
    key = jti if isinstance(jti, str) and _ID.fullmatch(jti) else "k"
    case.headers = CaseInsensitiveDict({"Idempotency-Key": key})
    case.path_parameters = dict.fromkeys(case.path_parameters or (), "x1")
    refusal = json.loads(house.send(case).content)
    if refusal.get("type") == "/problems/too-large":
        assert len(json.dumps(case.body)) > MOST_BYTES / 2, case.body
        return
    allowed = isinstance(case.body, dict) and VALIDATORS[schema].is_valid(case.body)
    assert (refusal.get("type") == "/problems/malformed") == (not allowed), f"{refusal} {case.body!r}"


VALIDATORS: Final = {
    schema: jsonschema_rs.Draft202012Validator(
        {"components": DOCUMENT["components"], "$ref": f"#/components/schemas/{schema}"}
    )
    for _, schema in TYPES.values()
}


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_comes_is_answered_by_the_document(
    house: House, path: str, method: str, mode: GenerationMode, examples: int
) -> None:
    fuzz(RAW[path][method].as_strategy(generation_mode=mode), examples, house.send)


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", TYPES)
def test_signed_contents_are_measured_by_their_schema(
    house: House, path: str, mode: GenerationMode, examples: int
) -> None:
    method = "put" if path.endswith("consent") else "post"
    cases = SIGNED[path][method].as_strategy(generation_mode=mode)
    fuzz(cases, examples, lambda case: check_signed(house, path, case))


def make_true(house: House, path: str, case: Case[Any]) -> None:
    """Whatever the gateway checks, of a request that its schema allows."""
    body: Any = case.body
    known = house.look_up("nozomi", body["visit"] if path in TYPES else "0" * 32) if "{id}" in path else ""
    case.path_parameters = dict.fromkeys(case.path_parameters or (), known)
    if path == "/v1/challenges":
        case.body = {**body, "env": "sim", "device": DEVICE, "count": 1}
    if path not in TYPES:
        return
    truths = {**house.truths(body, TYPES[path][0]), "jti": uuid.uuid4().hex}
    if path == "/v1/lookups":
        truths |= house.evidence("taro", body)
    if "lookup" in body:
        truths["lookup"] = known
    case.body = {**body, **truths}
    case.headers = CaseInsensitiveDict({"Idempotency-Key": truths["jti"]})


@pytest.mark.parametrize("examples", [3, pytest.param(100, marks=pytest.mark.long)])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_each_operation_is_answered_where_all_is_true(
    empty_house: House, path: str, method: str, examples: int
) -> None:
    def check(case: Case[Any]) -> None:
        make_true(empty_house, path, case)
        response = empty_house.send(case)
        assert response.status_code in {200, 202}, response.content

    fuzz((SIGNED if path in TYPES else RAW)[path][method].as_strategy(), examples, check)
