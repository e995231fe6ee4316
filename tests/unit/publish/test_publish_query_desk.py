"""The desk that takes receptions' queries, by itself: its limits exactly, and what a refusal tells of the query."""

import json
from dataclasses import replace
from typing import Any

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Env
from firmware.core.queries import ReceptionQuery
from firmware.publish.config import PublishConfig
from firmware.publish.contract_read import Request
from firmware.publish.queries import BURST, QueryDesk
from firmware.publish.seal import Unsealer
from tests.unit.publish.keys import NOW
from tests.unit.publish.scene import Scene

DAY = 24 * 3600.0
JTI = "jti-12345"
NUMBER = {
    "InsurerNumber": "06130017",
    "InsuredIdentificationNumber": "４５６７",
    "Birthdate": "19700131",
    "LimitApplicationCertificateRelatedConsFlg": "1",
}
PERSON = {"Name": "架空　花子", "Birthdate": "19700131", "Sex1": "2", "Address": "架空県仮市一丁目１－１"}


class Opened(Unsealer):
    """Stands for the device's key: whatever was sealed holds `plain`."""

    def __init__(self, plain: str) -> None:
        self._plain = plain

    def open(self, token: str) -> bytes:
        assert token == "head..sealed"
        return self._plain.encode()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> PublishConfig:
    made = Scene(tmp_path_factory.mktemp("desk"))
    made.publisher.close()
    return replace(made.config, offers_lookup=True, disaster_until=NOW + DAY)


def content(query: object, **changed: object) -> str:
    return json.dumps({"iss": "front", "jti": JTI, "query": query, **changed})


def request(verb: str = "lookup", iss: str = "front", sealed: str | None = "head..sealed") -> Request:
    claims = {
        "iss": iss,
        "aud": "counter-1",
        "jti": JTI,
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "env": Env.SIM,
        "verb": verb,
    }
    return Request.model_validate({**claims, "sealed": sealed})


class Desk:
    """The desk, what it passed on, and its clock."""

    def __init__(self, config: PublishConfig, plain: str | None) -> None:
        self.passed: list[ReceptionQuery] = []
        self.at = 0.0
        unsealer = None if plain is None else Opened(plain)
        self.desk = QueryDesk(config, unsealer, self.passed.append, lambda: self.at)

    def ask(self, verb: str = "lookup", iss: str = "front") -> FaultCode | None:
        return self.desk.take(request(verb, iss), "token")

    @property
    def offered(self) -> set[str]:
        return {verb.value for verb in self.desk.offered()} & {"lookup", "emergency-search"}


# ---- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "on"),
    [(-1.0, False), (0.0, False), (1.0, True), (31 * DAY, True), (31 * DAY + 1, False)],
)
def test_disaster_mode_from_now_until_31_days_ahead(config: PublishConfig, ahead: float, on: bool) -> None:
    desk = Desk(replace(config, disaster_until=NOW + ahead), content(PERSON))
    assert ("emergency-search" in desk.offered) is on
    assert desk.ask("emergency-search") is (None if on else FaultCode.DISASTER_MODE_OFF)
    assert len(desk.passed) == on


def test_each_reception_has_its_own_bucket_that_refills_by_the_minute(config: PublishConfig) -> None:
    desk = Desk(replace(config, queries_per_minute=6), content(NUMBER))
    taken = [desk.ask() for _ in range(BURST + 1)]
    assert taken == [None] * BURST + [FaultCode.QUERY_TOO_MANY]
    desk.at = 9.9
    assert desk.ask() is FaultCode.QUERY_TOO_MANY
    desk.at = 10.1
    assert [desk.ask(), desk.ask()] == [None, FaultCode.QUERY_TOO_MANY]


def test_a_refusal_that_only_says_not_now_takes_nothing_from_the_bucket(config: PublishConfig) -> None:
    desk = Desk(replace(config, disaster_until=None), content(NUMBER))
    assert {desk.ask("emergency-search") for _ in range(3 * BURST)} == {FaultCode.DISASTER_MODE_OFF}
    assert [desk.ask() for _ in range(BURST)] == [None] * BURST


def test_without_a_key_of_its_own_a_device_offers_none(config: PublishConfig) -> None:
    desk = Desk(config, None)
    assert desk.offered == set()
    assert {desk.ask(), desk.ask("emergency-search")} == {FaultCode.QUERY_NOT_OFFERED}


# ---- what a refusal tells ------------------------------------------------------------------------------------------


def refused(desk: Desk, asked: Request) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        desk.desk.take(asked, "token")
    assert desk.passed == []
    assert caught.value.__cause__ is None, "pydantic's keeps what was sent"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("verb", "plain", "detail"),
    [
        ("lookup", "", ""),
        ("lookup", "{}", "iss, jti, query"),
        ("lookup", content("山田"), "query"),
        ("lookup", content({**NUMBER, "InsurerNumber": "12-345"}), "query.InsurerNumber"),
        ("lookup", content({**NUMBER, "InsuredCardSymbol": "山" * 21}), "query.InsuredCardSymbol"),
        ("lookup", content({**NUMBER, "Birthdate": "19700230"}), "Birthdate"),
        ("emergency-search", content({**PERSON, "Sex1": "女"}), "query.Sex1"),
        ("emergency-search", content({**PERSON, "Birthdate": "19701301"}), "Birthdate"),
        ("lookup", content({}), "query.InsurerNumber, query.InsuredIdentificationNumber, query.Birthdate, query.L"),
    ],
)
def test_it_names_members_and_never_what_they_hold(config: PublishConfig, verb: str, plain: str, detail: str) -> None:
    error = refused(Desk(config, plain), request(verb))
    assert (error.code, error.detail) == (FaultCode.REQUEST_MALFORMED, detail[:80])


def test_a_query_has_to_be_sealed(config: PublishConfig) -> None:
    error = refused(Desk(config, content(NUMBER)), request(sealed=None))
    assert (error.code, error.detail) == (FaultCode.REQUEST_MALFORMED, "no sealed query")


@pytest.mark.parametrize("other", [{"iss": "pharmacy"}, {"jti": "jti-54321"}])
def test_a_text_that_was_sealed_for_another_request_is_refused(config: PublishConfig, other: dict[str, Any]) -> None:
    error = refused(Desk(config, content(NUMBER, **other)), request())
    assert error.code is FaultCode.REQUEST_BAD_SIGNATURE
    assert error.detail == "sealed for another request"
