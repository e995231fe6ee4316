"""Every answer, by every method, at once and by polling; consent and registration afterwards."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, EligibilityCode
from firmware.eligibility.http import HttpGateway
from firmware.sim.gateway.faults import Fault, FaultKind
from firmware.sim.gateway.people import SEED, fingerprint

from .conftest import PATIENCE, SECONDS, VISIT, World
from .holders import Holder

LOOK_UPS = "/v1/lookups"

FINER = {
    "tsunagu": EligibilityCode.VALID_SEVERAL,
    "sachi": EligibilityCode.VALID_UNREGISTERED,
    "ayame": EligibilityCode.PROCESSING_ERROR,
    "kotowari": EligibilityCode.EXCHANGE_ERROR,
    "mujun": EligibilityCode.CONTRADICTORY,
}
"""What the device makes of the gateway's coarser code."""

FLAGS = {
    "mirai": {"replaced-character"},
    "haru": {"preschool-missing"},
    "fumi": {"elderly-recipient-missing"},
    "noboru": {"beyond-jis-x-0208"},
    "ooi": {"replaced-character"},
    "kigen": {"card-expired"},
    "jiro": {"insurer-changed"},
    "saburo": {"insurer-changed"},
    "mujun": {"contradiction"},
}
"""What staff should look at; nobody else has a remark."""


@pytest.mark.parametrize("name", SEED)
async def test_each_person_gets_the_answer_of_the_registry(world: World, client: HttpGateway, name: str) -> None:
    answer = await client.look_up(world.face(client, name), SECONDS)
    assert answer.code == FINER.get(name, SEED[name].code)
    believed = () if answer.code is EligibilityCode.CONTRADICTORY else SEED[name].coverages
    assert (answer.detail or {}).get("ResultList", []) == [dict(each) for each in believed]
    assert {flag.value for flag in answer.flags} == FLAGS.get(name, set())


async def test_valid_answer_carries_the_members_of_the_message(world: World, client: HttpGateway) -> None:
    answer = await client.look_up(world.face(client), SECONDS)
    assert answer.detail is not None
    assert answer.detail["QualificationValidity"] == "1"
    assert answer.flags == ()
    assert not answer.registration_offered


async def test_pin_and_staff_are_answered_too(world: World, client: HttpGateway) -> None:
    card = world.holders["taro"]
    pin = await client.look_up(card.pin(client.take_challenge(VISIT)), SECONDS)
    staff = await client.look_up(card.staff(client.take_challenge(VISIT), world.staff_request()), SECONDS)
    assert pin.code == staff.code == EligibilityCode.VALID
    assert await world.server.look_ups() == {
        **dict.fromkeys(("face", "number", "emergency", "registered"), 0),
        "pin": 1,
        "staff": 1,
        "count": 2,
    }


async def test_unknown_certificate_is_nobody(world: World, client: HttpGateway) -> None:
    stranger = Holder.issue(world.keys, "19600606", "2")
    answer = await client.look_up(stranger.face(client.take_challenge(VISIT)), SECONDS)
    assert answer.code is EligibilityCode.NONE


async def test_slow_national_system_is_polled_until_final(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 0.3
    assert await world.ask(client) is EligibilityCode.VALID
    polls = [status for method, path, status in world.judge.seen if (method, path) == ("GET", LOOK_UPS + "/{id}")]
    assert polls == [200], "the gateway holds the question (Prefer: wait), so one is enough"


async def test_gateway_that_does_not_hold_the_question_is_asked_again(world: World) -> None:
    client = world.client(patience=replace(PATIENCE, poll_wait=0))
    world.server.desk.delay = 0.3
    assert await world.ask(client) is EligibilityCode.VALID
    polls = [status for method, path, status in world.judge.seen if (method, path) == ("GET", LOOK_UPS + "/{id}")]
    assert len(polls) > 1
    assert polls[-1] == 200


async def test_deadline_ends_the_polling(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 30.0
    with pytest.raises(DeviceError) as raised:
        await client.look_up(world.face(client), 0.3)
    assert raised.value.code is FaultCode.GATEWAY_TIMEOUT


# ---- identity conflict -----------------------------------------------------------------------------------------


async def test_answer_for_another_birth_date_is_shown_to_nobody(world: World, client: HttpGateway) -> None:
    await world.server.fault(Fault(FaultKind.OTHER_BIRTH_DATE))
    answer = await client.look_up(world.face(client), SECONDS)
    assert answer.code is EligibilityCode.IDENTITY_CONFLICT
    assert (answer.detail, answer.flags) == (None, ())
    with pytest.raises(DeviceError) as raised:
        await client.send_consent(VISIT, given=True, at=1.0, expires=None)
    assert raised.value.code is FaultCode.IDENTITY_CONFLICT


async def test_answer_for_another_sex_is_a_conflict(world: World, client: HttpGateway) -> None:
    await world.server.add_person(world.holders["taro"].der, SEED["taro"].born("19721103", "2"))
    assert await world.ask(client) is EligibilityCode.IDENTITY_CONFLICT


async def test_sex_not_set_is_no_conflict(world: World, client: HttpGateway) -> None:
    await world.server.add_person(world.holders["taro"].der, SEED["taro"].born("19721103", "3"))
    assert await world.ask(client) is EligibilityCode.VALID


async def test_pin_has_no_birth_date_to_compare(world: World, client: HttpGateway) -> None:
    await world.server.fault(Fault(FaultKind.OTHER_BIRTH_DATE))
    answer = await client.look_up(world.holders["taro"].pin(client.take_challenge(VISIT)), SECONDS)
    assert answer.code is EligibilityCode.VALID


async def test_record_wiped_while_the_answer_travels_is_still_compared(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 0.2
    evidence = world.face(client)
    asking = asyncio.create_task(client.look_up(evidence, SECONDS))
    await world.judge.look_up_asked.wait()
    assert evidence.record is not None
    evidence.record.birth_date.wipe()
    evidence.certificate.wipe()
    assert (await asking).code is EligibilityCode.VALID


@pytest.mark.parametrize(("months_ago", "code"), [(2, EligibilityCode.VALID), (6, EligibilityCode.REFUSED)])
async def test_expired_certificate_is_answered_within_its_grace_only(
    world: World, client: HttpGateway, months_ago: int, code: EligibilityCode
) -> None:
    today = datetime.now(UTC)
    year, month = divmod(today.year * 12 + today.month - 1 - months_ago, 12)
    end = datetime(year, month + 1, 10, 14, 59, 59, tzinfo=UTC)
    birth_date = f"1972{month + 1:02}10"
    card = Holder.issue(world.keys, birth_date, "1", end=end)
    await world.server.add_person(card.der, SEED["taro"].born(birth_date, "1"))
    assert (await client.look_up(card.face(client.take_challenge(VISIT)), SECONDS)).code is code


# ---- consent, registration -------------------------------------------------------------------------------------


async def test_consent_after_the_answer(world: World, client: HttpGateway) -> None:
    await world.ask(client)
    await client.send_consent(VISIT, given=True, at=1775002800.7, expires=1775089200.7)
    assert await world.server.consents() == {"given": 1, "refused": 0}
    await client.send_consent(VISIT, given=False, at=1775002810.0, expires=None)
    assert await world.server.consents() == {"given": 0, "refused": 1}


async def test_consent_while_the_look_up_is_on_its_way(world: World, client: HttpGateway) -> None:
    world.server.desk.delay = 0.2
    consenting = asyncio.create_task(client.send_consent(VISIT, given=True, at=1.0, expires=None))
    await asyncio.sleep(0)
    looking_up = asyncio.create_task(client.look_up(world.face(client), SECONDS))
    await consenting
    assert not looking_up.done()
    assert await world.server.consents() == {"given": 1, "refused": 0}
    assert (await looking_up).code is EligibilityCode.VALID


async def test_consent_of_a_failed_look_up_tells_why(world: World, client: HttpGateway) -> None:
    await world.server.fault(Fault(FaultKind.INTERNAL))
    consenting = asyncio.create_task(client.send_consent(VISIT, given=True, at=1.0, expires=None))
    with pytest.raises(DeviceError):
        await client.look_up(world.face(client), SECONDS)
    with pytest.raises(DeviceError) as raised:
        await consenting
    assert raised.value.code is FaultCode.GATEWAY_ERROR


async def test_consent_survives_a_dropped_connection(world: World, client: HttpGateway) -> None:
    await world.ask(client)
    await world.server.fault(Fault(FaultKind.DROP, times=1))
    await client.send_consent(VISIT, given=True, at=1.0, expires=None)
    assert await world.server.consents() == {"given": 1, "refused": 0}


async def test_registration_where_offered(world: World, client: HttpGateway) -> None:
    offered = await client.look_up(world.face(client, "nozomi"), SECONDS)
    assert offered.registration_offered
    world.server.desk.delay = 0.2
    registered = await client.register(VISIT, SECONDS)
    assert registered.code is EligibilityCode.VALID
    assert registered.detail is not None
    assert registered.detail["ResultList"] == [dict(each) for each in SEED["nozomi"].after_registration]
    assert (await world.server.look_ups())["registered"] == 1


async def test_registration_answer_for_somebody_else_is_a_conflict(world: World, client: HttpGateway) -> None:
    assert await world.ask(client, "nozomi") is EligibilityCode.NOT_REGISTERED
    await world.server.fault(Fault(FaultKind.OTHER_BIRTH_DATE))
    assert (await client.register(VISIT, SECONDS)).code is EligibilityCode.IDENTITY_CONFLICT


async def test_registration_not_offered_is_refused(world: World, client: HttpGateway) -> None:
    await world.ask(client)
    with pytest.raises(DeviceError) as raised:
        await client.register(VISIT, SECONDS)
    assert raised.value.code is FaultCode.GATEWAY_REFUSED
    assert "registration-not-offered" in raised.value.detail


async def test_registration_repeated_after_a_dropped_connection_is_one(world: World, client: HttpGateway) -> None:
    await world.ask(client, "nozomi")
    await world.server.fault(Fault(FaultKind.DROP, times=1))
    assert (await client.register(VISIT, SECONDS)).code is EligibilityCode.VALID


async def test_registration_without_a_look_up_ends_in_time(client: HttpGateway) -> None:
    with pytest.raises(DeviceError) as raised:
        await client.register(VisitId("0" * 32), 0.05)
    assert raised.value.code is FaultCode.GATEWAY_TIMEOUT


async def test_nothing_of_the_answer_is_found_in_reprs(world: World, client: HttpGateway) -> None:
    evidence = world.face(client)
    answer = await client.look_up(evidence, SECONDS)
    assert "窓口" not in repr((evidence, answer, client))
    assert fingerprint(world.holders["taro"].der) not in repr((evidence, answer, client))


async def test_unknown_clock_is_said_and_costs_nothing(world: World, client: HttpGateway) -> None:
    world.clock.trust, world.clock.ahead = ClockState.UNKNOWN, -1_700_000_000.0
    assert await world.ask(client) is EligibilityCode.VALID
