"""`WebApi` against a small HTTPS server of this file, which plays both of the national hosts. Invented people only."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from blockbuster import blockbuster_ctx

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, Env
from firmware.core.queries import PersonQuery, Query, ReceptionQuery
from firmware.core.secret import Secret
from firmware.eligibility import webapi
from firmware.eligibility.config import Patience, TlsFiles
from firmware.eligibility.webapi import WebApi, WebApiConfig
from tests.contract.gateway.site import Authority
from tests.unit.eligibility.oqs_samples import QUERY

ID = VisitId("0123456789abcdef" * 2)
PASSWORD = "a-password-of-nobody"
PERSON = {"Name": "例示　花子", "Sex1": "2", "Birthdate": "19700101", "InsurerNumber": "00130013"}
SECONDS = 5.0


@dataclass
class SetClock:
    """`ports.Clock`: half past midnight in Japan, the day before in UTC."""

    trust: ClockState = ClockState.SYNCED

    def now(self) -> float:
        return datetime(2026, 3, 31, 15, 30, tzinfo=UTC).timestamp()

    def state(self) -> ClockState:
        return self.trust

    def wall(self, at: float) -> float:
        return at


@dataclass
class Played:
    """The other side: what it answers, and what it was asked."""

    login: Any = field(default_factory=lambda: {"status": "OK", "result": {"idToken": "the-token"}})
    status: int = 200
    media: str = "application/json"
    header: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=lambda: {"QualificationValidity": "1"})
    results: list[dict[str, str]] = field(default_factory=lambda: [PERSON])
    pause: float = 0.0
    cut: bool = False
    login_pause: float = 0.0
    logins: list[Any] = field(default_factory=list)
    queries: list[Any] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)

    async def auth(self, request: web.Request) -> web.Response:
        self.logins.append(await request.json())
        await asyncio.sleep(self.login_pause)
        return web.json_response(self.login)

    async def search(self, request: web.Request) -> web.Response:
        asked = (await request.json())["XmlMsg"]
        self.queries.append(asked)
        self.tokens.append(request.headers.get("Authorization"))
        await asyncio.sleep(self.pause)
        if self.cut:
            assert request.transport is not None
            request.transport.close()
        header = {**asked["MessageHeader"], "SegmentOfResult": "1", **self.header}
        results = [{"ResultOfQualificationConfirmation": each} for each in self.results]
        body = {"ProcessingResultStatus": "1", "ResultList": results, **self.body}
        message = {"XmlMsg": {"MessageHeader": header, "MessageBody": body}}
        return web.Response(status=self.status, text=json.dumps(message), content_type=self.media)


@dataclass
class House:
    """A running server and clients that trust it."""

    played: Played
    url: str
    authority: Authority
    made: list[WebApi] = field(default_factory=list)

    def config(self, **other: Any) -> WebApiConfig:
        config = WebApiConfig(
            tls=self.authority.client("device"),
            user="user",
            password=Secret(PASSWORD.encode()),
            institution="1319999999",
            env=Env.SIM,
            clock=SetClock(),
            login_url=f"{self.url}/pro/auth",
            query_url=f"{self.url}/pro/search",
        )
        return replace(config, **other)

    def client(self, **other: Any) -> WebApi:
        self.made.append(WebApi(self.config(**other)))
        return self.made[-1]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    authority = Authority.make(tmp_path / "ca")
    files = authority.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    played = Played()
    app = web.Application()
    app.router.add_post("/pro/auth", played.auth)
    app.router.add_post("/pro/search", played.search)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    house = House(played, f"https://127.0.0.1:{port}", authority)
    yield house
    for each in house.made:
        await each.close()
        await each.close()
    await runner.cleanup()


def asked(query: Query = QUERY) -> ReceptionQuery:
    return ReceptionQuery(ID, "front", "request-1", query, "jws")


async def fault(client: WebApi, seconds: float = SECONDS, query: Query = QUERY) -> FaultCode:
    with pytest.raises(DeviceError) as raised:
        await client.ask(asked(query), seconds)
    assert not any(private in str(raised.value) for private in (PASSWORD, "the-token", QUERY.number, "花子"))
    return raised.value.code


async def test_a_query_is_one_login_and_one_question(house: House) -> None:
    client = house.client()
    with blockbuster_ctx(["firmware.eligibility"]):
        answer = await client.ask(asked(), SECONDS)
    assert answer.code is EligibilityCode.VALID
    assert answer.detail is not None
    assert answer.detail["ResultList"] == [{**PERSON, "InsurerNumber": "130013"}]
    assert house.played.logins == [{"user": "user", "password": PASSWORD}]
    assert house.played.tokens == ["the-token"]
    assert house.played.queries == [
        {
            "MessageHeader": {
                "QualificationConfirmationDate": "20260401",
                "MedicalInstitutionCode": "1319999999",
                "ArbitraryFileIdentifier": ID,
            },
            "MessageBody": {
                "QualificationConfirmSearchInfo": {
                    "InsurerNumber": "00130013",
                    "InsuredCardSymbol": "ソ・表",
                    "InsuredIdentificationNumber": "４５６７",
                    "InsuredBranchNumber": "01",
                    "Birthdate": "19700101",
                    "LimitApplicationCertificateRelatedConsFlg": "1",
                    "ArbitraryIdentifier": "P-88",
                }
            },
        }
    ]


async def test_the_outcome_is_what_the_national_system_says(house: House) -> None:
    house.played.body = {"QualificationValidity": "4"}
    house.played.results = []
    assert (await house.client().ask(asked(), SECONDS)).code is EligibilityCode.NONE
    house.played.body = {"ProcessingResultStatus": "2", "ProcessingResultCode": "E1"}
    assert (await house.client().ask(asked(), SECONDS)).code is EligibilityCode.PROCESSING_ERROR


@pytest.mark.parametrize(
    "change",
    [
        {"results": [{**PERSON, "Birthdate": "19700102"}]},
        {"results": [PERSON, {**PERSON, "Birthdate": "19700102"}]},
        {
            "body": {
                "QualificationValidity": "1",
                "QualificationConfirmSearchInfo": {
                    "InsurerNumber": "130013",
                    "InsuredIdentificationNumber": "9",
                    "Birthdate": "19991231",
                },
            }
        },
        {
            "body": {
                "QualificationValidity": "1",
                "QualificationConfirmSearchInfo": {
                    "InsurerNumber": "130013",
                    "InsuredIdentificationNumber": "9",
                    "Birthdate": "19700101",
                },
            }
        },
    ],
)
async def test_an_answer_about_somebody_else_is_not_shown(house: House, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(house.played, name, value)
    answer = await house.client().ask(asked(), SECONDS)
    assert (answer.code, answer.detail) == (EligibilityCode.IDENTITY_CONFLICT, None)


async def test_an_answer_of_another_day_is_not_believed(house: House) -> None:
    house.played.header = {"QualificationConfirmationDate": "20250401"}
    answer = await house.client().ask(asked(), SECONDS)
    assert (answer.code, answer.detail) == (EligibilityCode.CONTRADICTORY, None)


async def test_another_insured_number_is_flagged_without_an_echo(house: House) -> None:
    house.played.results = [{**PERSON, "InsuredIdentificationNumber": "999"}]
    answer = await house.client().ask(asked(), SECONDS)
    assert answer.code is EligibilityCode.VALID
    assert EligibilityFlag.CONTRADICTION in answer.flags


@pytest.mark.parametrize("name", ["ArbitraryFileIdentifier", "MedicalInstitutionCode"])
async def test_an_answer_to_another_request_is_refused(house: House, name: str) -> None:
    house.played.header = {name: "1319999991"}
    assert await fault(house.client()) is FaultCode.GATEWAY_BAD_ANSWER


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": 401}, FaultCode.GATEWAY_REFUSED),
        ({"status": 503}, FaultCode.GATEWAY_ERROR),
        ({"status": 302}, FaultCode.GATEWAY_BAD_ANSWER),
        ({"status": 202}, FaultCode.GATEWAY_BAD_ANSWER),
        ({"body": {"QualificationValidity": 1}}, FaultCode.GATEWAY_BAD_ANSWER),
        ({"body": {"Future": "x" * 70_000}}, FaultCode.GATEWAY_BAD_ANSWER),
        ({"cut": True}, FaultCode.GATEWAY_UNREACHABLE),
    ],
)
async def test_a_question_is_sent_once_whatever_comes_back(
    house: House, change: dict[str, Any], code: FaultCode
) -> None:
    for name, value in change.items():
        setattr(house.played, name, value)
    assert await fault(house.client()) is code
    assert len(house.played.queries) == 1


async def test_no_answer_in_time_is_not_asked_again(house: House) -> None:
    house.played.pause = 0.6
    assert await fault(house.client(), seconds=0.2) is FaultCode.GATEWAY_TIMEOUT
    assert await fault(house.client(patience=Patience(exchange=0.2))) is FaultCode.GATEWAY_TIMEOUT
    assert len(house.played.queries) == 2


async def test_what_the_answer_calls_itself_loses_no_answer(house: House) -> None:
    """No public source tells the media type; what is no JSON is refused as such."""
    house.played.media = "application/octet-stream"
    assert (await house.client().ask(asked(), SECONDS)).code is EligibilityCode.VALID


async def test_an_answer_is_waited_for_as_long_as_in_the_folder(house: House) -> None:
    """Three minutes. Slower than usual is no fault: the query is out, and is never sent again."""
    assert house.config().patience.exchange >= 180.0


async def test_a_slow_login_does_not_use_up_the_answers_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that goes out at the end of its time is a question whose answer is lost."""
    monkeypatch.setattr(webapi, "LOGIN_SECONDS", 0.2)
    house.played.login_pause = 0.6
    assert await fault(house.client()) is FaultCode.GATEWAY_TIMEOUT
    assert (len(house.played.logins), house.played.queries) == (1, [])


async def test_without_a_login_nothing_is_asked(house: House) -> None:
    house.played.login = {"status": "NG", "msg": "x", "result": None}
    assert await fault(house.client()) is FaultCode.GATEWAY_REFUSED
    assert house.played.queries == []


async def test_what_cannot_be_asked_reaches_nobody(house: House) -> None:
    person = PersonQuery("例示　花子", date(1970, 1, 1), "2", "架空県")
    assert await fault(house.client(), query=person) is FaultCode.QUERY_NOT_OFFERED
    assert await fault(house.client(), query=replace(QUERY, number="")) is FaultCode.QUERY_UNWRITABLE
    assert await fault(house.client(clock=SetClock(ClockState.UNKNOWN))) is FaultCode.CLOCK_UNKNOWN
    assert house.played.logins == []


async def test_both_sides_show_certificates_of_the_one_authority(house: House, tmp_path: Path) -> None:
    stranger = Authority.make(tmp_path / "stranger")
    ours = house.config().tls
    untrusted = TlsFiles(stranger.ca, ours.certificate, ours.key)
    assert await fault(house.client(tls=untrusted)) is FaultCode.GATEWAY_UNTRUSTED
    unknown = house.client(tls=stranger.client("device", ca=house.authority.ca))
    # The server closes at once; its alert is sometimes lost with the connection.
    assert await fault(unknown) in {FaultCode.GATEWAY_UNTRUSTED, FaultCode.GATEWAY_UNREACHABLE}
    assert house.played.logins == []


NATIONAL = "https://hweb-api.oqs.onshikaku.org/auth"
REFUSED: list[tuple[Callable[[House], dict[str, Any]], FaultCode]] = [
    (lambda _: {"login_url": NATIONAL}, FaultCode.TERMINAL_ENV_MISMATCH),
    (lambda _: {"query_url": NATIONAL.upper().replace("HTTPS", "https")}, FaultCode.TERMINAL_ENV_MISMATCH),
    (lambda _: {"env": Env.PRODUCTION}, FaultCode.TERMINAL_ENV_MISMATCH),
    (lambda _: {"env": Env.PRODUCTION, "login_url": NATIONAL}, FaultCode.TERMINAL_ENV_MISMATCH),
    (lambda _: {"login_url": "http://127.0.0.1/auth"}, FaultCode.SETTINGS_INVALID),
    (lambda _: {"login_url": "https://user@127.0.0.1/auth"}, FaultCode.SETTINGS_INVALID),
    (lambda _: {"query_url": "https://127.0.0.1"}, FaultCode.SETTINGS_INVALID),
    (lambda _: {"query_url": "https://127.0.0.1/a?b"}, FaultCode.SETTINGS_INVALID),
    (lambda _: {"institution": "131999999"}, FaultCode.SETTINGS_INVALID),
    (lambda _: {"user": ""}, FaultCode.SETTINGS_INVALID),
    (lambda house: {"tls": TlsFiles(house.authority.ca)}, FaultCode.SETTINGS_INVALID),
    (lambda house: {"tls": TlsFiles(house.authority.ca, Path("no"), Path("no"))}, FaultCode.KEYS_MISSING),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
async def test_settings_that_cannot_work_are_refused_at_the_start(
    house: House, change: Callable[[House], dict[str, Any]], code: FaultCode
) -> None:
    with pytest.raises(DeviceError) as raised:
        WebApi(house.config(**change(house)))
    assert raised.value.code is code


async def test_the_national_hosts_are_production_only(house: House) -> None:
    national = WebApiConfig(house.config().tls, "user", Secret(b"x"), "1319999999", Env.PRODUCTION, SetClock())
    await WebApi(national).close()
    assert PASSWORD not in repr(house.config())
