"""A reception's own questions: by insured number, and by the person's own data while disaster mode is on."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode, Env
from firmware.core.queries import NumberQuery, PersonQuery, Query, ReceptionQuery
from firmware.eligibility.http_queries import HttpQueries
from firmware.sim.gateway.faults import Fault, FaultKind
from firmware.sim.gateway.people import SEED

from .conftest import SECONDS, World
from .servers import saying
from .site import new_key
from .test_gateway_troubles import http, server_context

QUERY = VisitId("00112233445566778899aabbccddeeff")
TARO = NumberQuery("06130017", "100001", date(1972, 11, 3), symbol="9901")
SETSU = PersonQuery("限度 節", date(1969, 9, 19), "2", "見本市")


@pytest.fixture
async def queries(world: World) -> AsyncIterator[HttpQueries]:
    made = HttpQueries(world.settings())
    yield made
    await made.close()


def asked(world: World, query: Query, **claims: object) -> ReceptionQuery:
    verb = "lookup" if isinstance(query, NumberQuery) else "emergency-search"
    return ReceptionQuery(QUERY, "desk", "request-0001", query, world.reception_request(**{"verb": verb, **claims}))


async def refusal(queries: HttpQueries, query: ReceptionQuery) -> DeviceError:
    with pytest.raises(DeviceError) as raised:
        await queries.ask(query, SECONDS)
    return raised.value


# ---- by number -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        TARO,
        replace(TARO, number="１００-００１"),
        replace(TARO, symbol=None, branch="00", limit_consent=True, identifier="P-88"),
    ],
)
async def test_number_is_found(world: World, queries: HttpQueries, query: NumberQuery) -> None:
    answer = await queries.ask(asked(world, query), SECONDS)
    assert (answer.code, answer.flags) == (EligibilityCode.VALID, ())
    assert answer.detail is not None
    assert answer.detail["ResultList"] == [dict(each) for each in SEED["taro"].coverages]
    assert (await world.server.look_ups())["number"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (replace(TARO, number="100002"), EligibilityCode.NONE),
        (replace(TARO, birth_date=date(1972, 11, 4)), EligibilityCode.NONE),
        (NumberQuery("130013", "100005", date(1979, 6, 20)), EligibilityCode.INVALID_NEW_EXISTS),
        (NumberQuery("130013", "100016", date(1983, 5, 20)), EligibilityCode.VALID_SEVERAL),
        (NumberQuery("12130019", "700017", date(1980, 2, 14)), EligibilityCode.VALID_UNREGISTERED),
    ],
)
async def test_other_answers(world: World, queries: HttpQueries, query: NumberQuery, code: EligibilityCode) -> None:
    assert (await queries.ask(asked(world, query), SECONDS)).code is code


async def test_two_people_of_one_number_are_several(world: World, queries: HttpQueries) -> None:
    await world.server.add_person(b"a twin", SEED["taro"])
    assert (await queries.ask(asked(world, TARO), SECONDS)).code is EligibilityCode.SEVERAL


async def test_answer_for_another_birth_date_is_shown_to_nobody(world: World, queries: HttpQueries) -> None:
    await world.server.fault(Fault(FaultKind.OTHER_BIRTH_DATE))
    answer = await queries.ask(asked(world, TARO), SECONDS)
    assert (answer.code, answer.detail, answer.flags) == (EligibilityCode.IDENTITY_CONFLICT, None, ())


@pytest.mark.parametrize("other", [{"Birthdate": "19010203"}, {"InsuredIdentificationNumber": "100002"}])
async def test_echo_of_another_query_is_a_conflict_too(
    world: World, queries: HttpQueries, other: dict[str, str]
) -> None:
    asked_for = {"InsurerNumber": "06130017", "InsuredIdentificationNumber": "100001", "Birthdate": "19721103"}
    echo = {**asked_for, "ArbitraryIdentifier": "the gateway's own", **other}
    await world.server.add_person(
        world.holders["taro"].der, replace(SEED["taro"], members={"QualificationConfirmSearchInfo": echo})
    )
    assert (await queries.ask(asked(world, TARO), SECONDS)).code is EligibilityCode.IDENTITY_CONFLICT


async def test_another_insured_number_is_flagged_and_no_more(world: World, queries: HttpQueries) -> None:
    await world.server.fault(Fault(FaultKind.OTHER_NUMBER))
    answer = await queries.ask(asked(world, TARO), SECONDS)
    assert answer.code is EligibilityCode.VALID
    assert answer.flags == (EligibilityFlag.CONTRADICTION,)


async def test_slow_answer_is_polled_and_one_look_up(world: World, queries: HttpQueries) -> None:
    world.server.desk.delay = 0.2
    await world.server.fault(Fault(FaultKind.DROP, "/v1/number-lookups", times=1))
    assert (await queries.ask(asked(world, TARO), SECONDS)).code is EligibilityCode.VALID
    assert (await world.server.look_ups())["count"] == 1
    posts = [body for body, seen in zip(world.judge.requests, world.judge.seen, strict=True) if seen[0] == "POST"]
    assert len(posts) == 2
    assert posts[0] == posts[1]


async def test_unknown_clock_costs_nothing(world: World, queries: HttpQueries) -> None:
    world.clock.trust = ClockState.UNKNOWN
    world.clock.ahead = -1_700_000_000.0
    answer = await queries.ask(asked(world, TARO), SECONDS)
    assert answer.code is EligibilityCode.VALID


# ---- the reception's request -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"aud": "counter-2"}, {"iss": "other"}, {"env": "test"}, {"verb": "emergency-search"}, {"verb": "ping"}]
)
async def test_request_for_something_else(world: World, queries: HttpQueries, change: dict[str, object]) -> None:
    error = await refusal(queries, asked(world, TARO, **change))
    assert error.code is FaultCode.GATEWAY_REFUSED
    assert "evidence-wrong" in error.detail
    assert (await world.server.look_ups())["count"] == 0


async def test_request_signed_by_nobody_of_the_site(world: World, queries: HttpQueries) -> None:
    world.reception_key = new_key()
    assert "evidence-wrong" in (await refusal(queries, asked(world, TARO))).detail


async def test_gateway_that_does_not_offer_it(world: World) -> None:
    await world.start(offer_queries=False)
    queries = HttpQueries(world.settings())
    for query in (TARO, SETSU):
        assert (await refusal(queries, asked(world, query))).code is FaultCode.QUERY_NOT_OFFERED
    await queries.close()


async def test_gateway_of_an_older_version_does_not_offer_it(world: World) -> None:
    body = b'{"type":"/problems/not-found","title":"not found","status":404,"env":"sim"}'
    async with saying(server_context(world), http("404 X", "Content-Type: application/problem+json", body=body)) as url:
        queries = HttpQueries(world.settings(url=url))
        assert (await refusal(queries, asked(world, SETSU))).code is FaultCode.QUERY_NOT_OFFERED
        await queries.close()


async def test_device_of_another_env(world: World) -> None:
    queries = HttpQueries(world.settings(env=Env.TEST))
    assert (await refusal(queries, asked(world, TARO))).code is FaultCode.GATEWAY_ENV_MISMATCH
    await queries.close()


async def test_no_answer_in_time(world: World, queries: HttpQueries) -> None:
    world.server.desk.delay = 30.0
    with pytest.raises(DeviceError) as raised:
        await queries.ask(asked(world, TARO), 0.3)
    assert raised.value.code is FaultCode.GATEWAY_TIMEOUT


# ---- disaster --------------------------------------------------------------------------------------------------


async def test_search_only_while_disaster_mode_is_on(world: World, queries: HttpQueries) -> None:
    assert (await refusal(queries, asked(world, SETSU))).code is FaultCode.DISASTER_MODE_OFF
    world.server.queries.disaster_until = time.time() + 60
    answer = await queries.ask(asked(world, SETSU), SECONDS)
    assert answer.code is EligibilityCode.VALID
    assert answer.detail is not None
    assert answer.detail["ResultList"] == [dict(each) for each in SEED["setsu"].coverages]
    world.now_ahead = 61.0
    assert (await refusal(queries, asked(world, SETSU))).code is FaultCode.DISASTER_MODE_OFF


async def test_answer_is_fetched_though_disaster_mode_ended(world: World, queries: HttpQueries) -> None:
    world.server.queries.disaster_until = time.time() + 60
    world.server.desk.delay = 0.2
    await world.server.fault(Fault(FaultKind.DROP, "/v1/emergency-searches", times=1))
    world.judge.on_look_up = lambda: setattr(world.server.queries, "disaster_until", None)
    assert (await queries.ask(asked(world, SETSU), SECONDS)).code is EligibilityCode.VALID


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "ｹﾞﾝﾄﾞ ｾﾂ"}, EligibilityCode.VALID),
        ({"name": "ゲンドセツ"}, EligibilityCode.VALID),
        ({"sex": "1"}, EligibilityCode.NONE),
        ({"address": "別の町"}, EligibilityCode.NONE),
        ({"birth_date": date(1969, 9, 20)}, EligibilityCode.NONE),
    ],
)
async def test_what_is_searched(
    world: World, queries: HttpQueries, change: dict[str, Any], code: EligibilityCode
) -> None:
    world.server.queries.disaster_until = time.time() + 60
    assert (await queries.ask(asked(world, replace(SETSU, **change)), SECONDS)).code is code


async def test_answer_for_another_sex_is_a_conflict(world: World, queries: HttpQueries) -> None:
    world.server.queries.disaster_until = time.time() + 60
    await world.server.fault(Fault(FaultKind.OTHER_SEX))
    answer = await queries.ask(asked(world, SETSU), SECONDS)
    assert (answer.code, answer.detail) == (EligibilityCode.IDENTITY_CONFLICT, None)


async def test_personal_data_are_in_no_repr_and_no_fault(world: World, queries: HttpQueries) -> None:
    query = asked(world, SETSU)
    error = await refusal(queries, query)
    shown = repr((query, queries, error, error.__cause__, error.__context__))
    assert not any(personal in shown for personal in ("限度", "196909", "1969", "見本市"))
