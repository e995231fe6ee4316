"""A reception's own queries: what passes, what is refused, and that the answer goes to who asked and nobody else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState
from firmware.core.queries import NumberQuery, PersonQuery
from firmware.publish.contract_read import SealedLookup, SealedSearch
from firmware.publish.queries import Bucket
from firmware.publish.service import MqttPublisher
from madoguchi_reception.opener import Address, Opener, Refused
from madoguchi_reception.requests import Query, Signer, Wish
from tests.unit.publish.keys import NOW, new_key
from tests.unit.publish.scene import DEVICE, DEVICE_OPEN, FRONT_OPEN, PHARMACY, Scene, claims_of
from tests.unit.publish.test_publish_answers import answer

NUMBER = {
    "InsurerNumber": "06130017",
    "InsuredCardSymbol": "１２３",
    "InsuredIdentificationNumber": "４５６７",
    "InsuredBranchNumber": "01",
    "Birthdate": "19700131",
    "LimitApplicationCertificateRelatedConsFlg": "1",
    "ArbitraryIdentifier": "P-88",
}
PERSON = {"Name": "架空　花子", "Birthdate": "19700131", "Sex1": "2", "Address": "架空県仮市一丁目１－１"}
DAY = 24 * 3600.0


class Desk(Scene):
    """A device that takes queries, and what it answers."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder)
        self.patch = monkeypatch
        self.open()

    def open(self, **changed: object) -> None:
        on = {"encryption_key": DEVICE_OPEN.private_key, "offers_lookup": True, "disaster_until": NOW + DAY}
        self.restart(**{**on, **changed})
        self.responses = self.answers(self.patch)

    def ask(self, verb: str = "lookup", members: dict[str, str] | None = None, to: ECKey = DEVICE_OPEN) -> str:
        """The token that was sent; `said` tells what came of it."""
        query = Query(members or (NUMBER if verb == "lookup" else PERSON), to)
        _jti, token = self.signer.request(Wish(verb, "counter-1"), self.clock.at, query)
        self.arrive(f"counter-1/req/{verb}", token)
        return token

    @property
    def said_last(self) -> str:
        """The last response: ok, or the code of the refusal."""
        last = self.responses[-1]
        return str(last.get("code") or last["status"])

    @property
    def verbs(self) -> set[str]:
        """What the description offers now."""
        assert self.publisher._courier is not None
        return set(self.publisher._courier._queries.offered())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path, monkeypatch)
    yield made
    made.publisher.close()


def test_a_look_up_reaches_the_runtime_as_the_core_has_it(desk: Desk) -> None:
    token = desk.ask()
    (asked,) = desk.said.queries
    assert desk.said_last == "ok"
    assert (asked.reception, asked.request, asked.jws) == ("front", desk.responses[-1]["jti"], token)
    assert len(asked.id) == 32
    born = date(1970, 1, 31)
    whole = NumberQuery("06130017", "４５６７", born, "１２３", "01", limit_consent=True, identifier="P-88")
    assert asked.query == whole
    least = {name: NUMBER[name] for name in NUMBER if name not in {"InsuredCardSymbol", "InsuredBranchNumber"}}
    desk.ask(members=least | {"InsurerNumber": "130013", "LimitApplicationCertificateRelatedConsFlg": "0"})
    second = desk.said.queries[1]
    assert isinstance(second.query, NumberQuery)
    assert (second.query.insurer_number, second.query.symbol, second.query.limit_consent) == ("130013", None, False)
    assert second.id != asked.id


def test_a_search_by_person_reaches_the_runtime_in_disaster_mode(desk: Desk) -> None:
    desk.ask("emergency-search")
    assert [each.query for each in desk.said.queries] == [
        PersonQuery("架空　花子", date(1970, 1, 31), "2", "架空県仮市一丁目１－１")
    ]
    assert {"lookup", "emergency-search"} < desk.verbs


def test_disaster_mode_ends_by_itself_and_needs_a_clock(desk: Desk) -> None:
    desk.clock.at = NOW + DAY
    desk.ask("emergency-search")
    assert desk.said_last == FaultCode.DISASTER_MODE_OFF
    desk.clock.at, desk.clock.trust = NOW, ClockState.UNKNOWN
    desk.ask("emergency-search")
    assert desk.said_last == FaultCode.CLOCK_UNKNOWN, "the mode is on: what is missing is the time"
    assert "emergency-search" not in desk.verbs
    desk.clock.trust = ClockState.SYNCED
    for until in (None, NOW - 1, NOW + 32 * DAY):
        desk.open(disaster_until=until)
        desk.ask("emergency-search")
        assert desk.said_last == FaultCode.DISASTER_MODE_OFF
        assert "emergency-search" not in desk.verbs
    assert desk.said.queries == []
    assert desk.alerts() == []


def test_with_an_unknown_clock_there_is_no_look_up(desk: Desk) -> None:
    desk.clock.trust = ClockState.UNKNOWN
    desk.ask()
    assert desk.said_last == FaultCode.CLOCK_UNKNOWN
    assert "lookup" not in desk.verbs
    desk.clock.trust = ClockState.HOLDOVER
    desk.ask()
    assert desk.said_last == "ok"


@pytest.mark.parametrize("changed", [{"encryption_key": None}, {"offers_lookup": False}])
def test_what_is_not_offered_is_refused(desk: Desk, changed: dict[str, object]) -> None:
    desk.open(**changed)
    desk.ask()
    assert desk.said_last == FaultCode.QUERY_NOT_OFFERED
    assert "lookup" not in desk.verbs
    desk.ask("emergency-search")
    assert desk.said_last == ("ELG-030" if "encryption_key" in changed else "ok")


@pytest.mark.parametrize(("model", "members"), [(SealedLookup, NUMBER), (SealedSearch, PERSON)])
def test_nothing_of_a_query_stays_with_its_reader(
    model: type[SealedLookup | SealedSearch], members: dict[str, str]
) -> None:
    """Pydantic would keep thousands of short texts for the life of the process: a text that was kept comes again."""
    text = json.dumps({"iss": "front", "jti": "jti-12345", "query": members})
    first, second = (model.model_validate_json(text) for _ in range(2))
    assert first.query.birth_date == second.query.birth_date
    assert first.query.birth_date is not second.query.birth_date


@pytest.mark.parametrize(("model", "members"), [(SealedLookup, NUMBER), (SealedSearch, PERSON)])
def test_no_repr_shows_what_is_asked(model: type[SealedLookup | SealedSearch], members: dict[str, str]) -> None:
    content = model.model_validate({"iss": "front", "jti": "jti-12345", "query": members})
    shown = f"{content!r} {content} {content.query!r} {content.query} {content.asked()!r}"
    assert [text for text in members.values() if len(text) > 2 and text in shown] == []


def test_a_query_is_good_once_and_for_its_device_and_env_only(desk: Desk) -> None:
    token = desk.ask()
    desk.arrive("counter-1/req/lookup", token)
    assert desk.said_last == FaultCode.REQUEST_REPLAYED
    desk.signer = Signer(desk.signer.key, "front", "production")
    desk.ask()
    assert desk.said_last == FaultCode.RECEPTION_ENV_MISMATCH
    desk.signer = Signer(desk.signer.key, "front", "sim")
    _jti, other = desk.signer.request(Wish("lookup", "counter-2"), NOW, Query(NUMBER, DEVICE_OPEN))
    desk.arrive("counter-1/req/lookup", other)
    assert desk.said_last == FaultCode.REQUEST_BAD_SIGNATURE
    assert len(desk.said.queries) == 1


def test_a_sealed_text_is_good_in_its_own_request_only(desk: Desk) -> None:
    """Another reception copies what the front sealed: it must not get the answer."""
    sealed = claims_of(desk.ask().encode())["sealed"]
    thief = Signer(PHARMACY, "pharmacy", "sim")
    for iss, signer in (("pharmacy", thief), ("front", desk.signer)):
        claims = {"iss": iss, "aud": "counter-1", "jti": f"another-{iss}", "iat": int(NOW), "exp": int(NOW) + 60}
        token = signer.sign({**claims, "env": "sim", "verb": "lookup", "sealed": sealed}, "request+jwt")
        desk.arrive("counter-1/req/lookup", token)
        assert desk.said_last == FaultCode.REQUEST_BAD_SIGNATURE
    assert len(desk.said.queries) == 1


def test_sealed_to_another_key_or_for_the_other_verb(desk: Desk) -> None:
    for key in (new_key(), DEVICE, PHARMACY):
        desk.ask(to=key)
        assert desk.said_last == FaultCode.REQUEST_MALFORMED
    desk.ask("lookup", PERSON)
    assert desk.said_last == FaultCode.REQUEST_MALFORMED
    assert desk.said.queries == []
    assert desk.alerts() == ["MSG-013"]


@pytest.mark.parametrize(
    "changed",
    [
        {"InsurerNumber": "0613001"},
        {"InsurerNumber": "０６１３００１７"},
        {"InsurerNumber": ""},
        {"InsuredCardSymbol": "x" * 21},
        {"InsuredIdentificationNumber": "　 "},
        {"InsuredIdentificationNumber": "12\n34"},
        {"InsuredIdentificationNumber": "12\x0034"},
        {"InsuredBranchNumber": "1"},
        {"Birthdate": "1970-1-1"},
        {"Birthdate": "19700230"},
        {"Birthdate": "00000101"},
        {"LimitApplicationCertificateRelatedConsFlg": "yes"},
        {"ArbitraryIdentifier": "x" * 65},
    ],
)
def test_values_outside_their_bounds_are_malformed_and_told_by_name_only(
    desk: Desk, changed: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    desk.ask(members=NUMBER | changed)
    assert desk.said_last == FaultCode.REQUEST_MALFORMED
    assert desk.said.queries == []
    assert caplog.text == ""


@pytest.mark.parametrize("changed", [{"Sex1": "3"}, {"Sex1": "女"}, {"Name": "x" * 201}, {"Address": " "}])
def test_persons_outside_their_bounds_are_malformed(desk: Desk, changed: dict[str, str]) -> None:
    desk.ask("emergency-search", PERSON | changed)
    assert desk.said_last == FaultCode.REQUEST_MALFORMED


def test_each_reception_may_ask_so_often(desk: Desk) -> None:
    said = []
    for _ in range(7):
        desk.ask()
        said.append(desk.said_last)
    assert said == ["ok"] * 5 + ["ELG-031"] * 2
    desk.signer = Signer(PHARMACY, "pharmacy", "sim")
    desk.ask()
    assert desk.said_last == "ok"
    assert desk.alerts() == []


def test_two_receptions_ask_at_once_and_each_can_open_its_own_answer_alone(desk: Desk) -> None:
    desk.ask()
    desk.signer = Signer(PHARMACY, "pharmacy", "sim")
    desk.ask()
    for asked in reversed(desk.said.queries):
        desk.publisher.commit_query(answer(query=asked))
    for asked, key, other in zip(desk.said.queries, (FRONT_OPEN, PHARMACY), (PHARMACY, FRONT_OPEN), strict=True):
        (token,) = desk.tokens(asked.reception)
        address = Address("clinic", asked.reception, "sim")
        body = Opener(address, (key,), {"counter-1": (DEVICE,)}).open("counter-1", token).body
        assert (body["request"], body["id"]) == (asked.request, asked.id)
        with pytest.raises(Refused):
            Opener(address, (other,), {"counter-1": (DEVICE,)}).open("counter-1", token)


def test_the_bucket_refills_evenly_and_no_further_than_its_size() -> None:
    bucket = Bucket(per_minute=20, burst=5)
    assert [bucket.take(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert [bucket.take(2.9), bucket.take(3.1), bucket.take(3.2)] == [False, True, False]
    assert [bucket.take(10_000.0) for _ in range(6)] == [True] * 5 + [False]


def test_the_encryption_key_is_a_key_of_its_own_on_p256(desk: Desk) -> None:
    other = ECKey.generate_key("P-384").private_key
    for key in (DEVICE.private_key, other):
        desk.publisher.close()
        with pytest.raises(DeviceError, match="SET-004"):
            MqttPublisher(replace(desk.config, encryption_key=key))


def test_the_description_names_both_keys_and_what_is_offered_now(desk: Desk) -> None:
    courier = desk.publisher._courier
    assert courier is not None
    packet = courier._announcer.description(courier._keys, courier._queries.offered())
    told = json.loads(packet.payload)
    assert [(key["use"], key["kid"]) for key in told["keys"]] == [
        ("sig", DEVICE.thumbprint()),
        ("enc", DEVICE_OPEN.thumbprint()),
    ]
    assert told["verbs"][-2:] == ["lookup", "emergency-search"]
    assert packet.retain
