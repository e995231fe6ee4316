"""The publisher without a broker: committing, faults, incoming messages through the courier."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.core.effects import Progress
from firmware.core.events import Part
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import ClockState, VisitOutcome, VisitSummary
from firmware.core.result import RecordKind
from firmware.publish.mqtt import Packet
from firmware.publish.outbox import Limits, Outbox, RowState
from firmware.publish.service import MqttPublisher
from madoguchi_reception.requests import Signer, Wish
from tests.unit.publish.keys import NOW, VISIT, record
from tests.unit.publish.scene import PHARMACY, Scene, until


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.publisher.close()


def test_commit_before_start_is_refused_and_start_needs_no_broker(scene: Scene) -> None:
    with pytest.raises(DeviceError, match="MSG-005"):
        scene.publisher.commit(record())
    scene.publisher.state("ready")
    publisher = scene.start()
    assert publisher.commit(record()) == 2
    until(lambda: scene.said.last(Part.BROKER) is FaultCode.BROKER_UNREACHABLE)
    until(lambda: scene.said.held == [2] or scene.said.held[-1:] == [2])
    assert scene.said.last(Part.OUTBOX) == "ok"


def test_result_and_late_go_the_same_way_and_survive_a_restart(scene: Scene) -> None:
    publisher = scene.start()
    publisher.commit(record())
    assert publisher.commit(record(kind=RecordKind.LATE)) == 4
    scene.restart()
    result, late = scene.opened()
    assert (result["typ"], result["seq"], late["typ"], late["seq"]) == ("result", 1, "late", 2)
    assert result["exp"] == int(NOW) + 7 * 24 * 3600
    assert result["jti"] != late["jti"]
    assert scene.publisher.commit(record()) == 6


def test_without_a_synchronised_clock_there_is_no_end(scene: Scene) -> None:
    publisher = scene.start()
    scene.clock.trust = ClockState.UNKNOWN
    publisher.commit(record(clock=ClockState.UNKNOWN))
    scene.clock.trust = ClockState.SYNCED
    publisher.commit(record(clock=ClockState.UNKNOWN))
    assert [("exp" in claims, claims["clock"]) for claims in scene.opened()] == [(False, "unknown")] * 2


def test_nothing_readable_lies_in_the_outbox_file(scene: Scene, tmp_path: Path) -> None:
    scene.start().commit(record())
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("outbox.db*"))
    assert len(stored) > 3000
    for secret in ("花子", "06130017", VISIT, "InsurerNumber"):
        assert secret.encode() not in stored


def test_full_outbox_is_reported_and_recovers(scene: Scene) -> None:
    publisher = scene.restart(limits=Limits(rows=3))
    publisher.commit(record())
    with pytest.raises(DeviceError, match="MSG-004"):
        publisher.commit(record())
    assert scene.said.last(Part.OUTBOX) is FaultCode.OUTBOX_FULL
    token = scene.tokens()[0]
    scene.arrive("counter-1/ack/front", scene.ack(token))
    assert scene.tokens() == []
    until(lambda: scene.said.last(Part.OUTBOX) == "ok")
    assert publisher.commit(record()) == 3
    until(lambda: scene.said.last(Part.OUTBOX) is FaultCode.OUTBOX_FULL)


def test_only_the_right_acknowledgement_deletes(scene: Scene) -> None:
    publisher = scene.start()
    publisher.commit(record())
    publisher.commit(record())
    first, second = scene.tokens()
    scene.arrive("counter-1/ack/pharmacy", scene.ack(first))
    scene.arrive("counter-1/ack/front", scene.ack(first, seq=2))
    scene.arrive("counter-1/ack/front", scene.ack(first, msg="another-jti"))
    scene.arrive("counter-1/ack/front", scene.ack(first)[:-8] + "AAAAAAAA")
    assert scene.tokens() == [first, second]
    assert scene.alerts() == ["MSG-006"]
    scene.arrive("counter-1/ack/front", scene.ack(first, "processed"))
    scene.arrive("counter-1/ack/front", scene.ack(first, "processed"))
    assert scene.tokens() == [second]
    assert scene.alerts() == []


def test_another_receptions_key_cannot_acknowledge_ours(scene: Scene) -> None:
    scene.start().commit(record())
    scene.signer = Signer(PHARMACY, "pharmacy", "sim")
    scene.arrive("counter-1/ack/pharmacy", scene.ack(scene.tokens()[0]))
    assert len(scene.tokens()) == 1
    assert scene.alerts() == ["MSG-006"]


def test_a_rejected_message_is_kept_and_comes_back_with_replay(scene: Scene) -> None:
    scene.start().commit(record())
    scene.arrive("counter-1/ack/front", scene.ack(scene.tokens()[0], "rejected", code="wrong-key"))
    assert scene.publisher._outbox is not None
    assert [row.state for row in scene.publisher._outbox.rows() if row.reception == "front"] == [RowState.REJECTED]
    _jti, token = scene.signer.request(Wish("replay", "counter-1"), NOW)
    scene.arrive("counter-1/req/replay", token)
    assert {row.state for row in scene.publisher._outbox.rows()} == {RowState.NEW}


def test_requests_reach_the_session_once(scene: Scene) -> None:
    scene.start().progress(VISIT, Progress.STAFF_WANTED)
    jti, token = scene.signer.request(Wish("staff-check", "counter-1", str(VISIT), approved=True), NOW)
    scene.arrive("counter-1/req/staff-check", token)
    scene.arrive("counter-1/req/staff-check", token)
    _jti, denied = scene.signer.request(Wish("staff-check", "counter-1", str(VISIT), approved=False), NOW)
    scene.arrive("counter-1/req/staff-check", denied)
    _jti, ping = scene.signer.request(Wish("ping", "counter-1"), NOW)
    scene.arrive("counter-1/req/ping", ping)
    scene.arrive("counter-2/req/ping", ping)
    assert [(asked.visit, asked.verb, asked.approved) for asked in scene.said.requests] == [
        (VISIT, "staff-check", True),
        (VISIT, "staff-check", False),
    ]
    assert scene.said.requests[0].jws == token
    assert scene.alerts() == ["MSG-012"]
    assert jti


def test_running_visits_are_known_by_their_progress(scene: Scene) -> None:
    publisher = scene.start()
    courier = publisher._courier
    assert courier is not None
    publisher.progress(VISIT, Progress.CARD_PRESENT)
    assert courier.is_running(VISIT)
    for over in (Progress.DONE, Progress.CARD_LEFT, Progress.CARD_OUT):
        publisher.progress(VISIT, over)
        assert not courier.is_running(VISIT)
    for number in range(20):
        publisher.progress(VisitId(f"{number:032x}"), Progress.READING)
    assert [courier.is_running(f"{number:032x}") for number in (0, 11, 12, 19)] == [False, False, True, True]


def test_nobody_is_asked_to_confirm_a_result_of_a_visit_that_is_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = scene.start()
    courier = publisher._courier
    assert courier is not None
    said: list[Packet] = []
    monkeypatch.setattr(courier._link, "publish", said.append)
    publisher.progress(VISIT, Progress.CARD_PRESENT)
    publisher.progress(VISIT, Progress.CONFIRM_RESULT)
    publisher.progress(VISIT, Progress.DONE)
    publisher.progress(VISIT, Progress.CONFIRM_RESULT)
    assert [json.loads(packet.payload)["progress"] for packet in said] == ["card-present", "confirm-result", "done"]
    assert not courier.is_running(VISIT)


def test_a_request_for_a_visit_that_is_over_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = scene.start()
    answers = scene.answers(monkeypatch)
    for verb in ("staff-check", "cancel"):
        wish = Wish(verb, "counter-1", str(VISIT), approved=verb == "staff-check")
        for progress in (Progress.CARD_PRESENT, Progress.DONE):
            publisher.progress(VISIT, progress)
            jti, token = scene.signer.request(wish, NOW)
            scene.arrive(f"counter-1/req/{verb}", token)
            assert answers[-1]["jti"] == jti
    assert [(said["status"], said.get("code")) for said in answers] == [("ok", None), ("refused", "MSG-011")] * 2
    assert [asked.verb for asked in scene.said.requests] == ["staff-check", "cancel"]
    assert scene.alerts() == []


def test_expired_results_are_announced_by_a_signed_message(scene: Scene) -> None:
    scene.start().commit(record())
    (before,) = scene.opened()
    scene.clock.at += 8 * 24 * 3600
    until(lambda: [claims["typ"] for claims in scene.opened()] == ["expired"])
    (notice,) = scene.opened()
    assert notice["body"] == {"expired": [{"jti": before["jti"], "seq": 1}]}
    assert notice["seq"] == 2
    until(lambda: "MSG-016" in scene.alerts())
    scene.clock.trust = ClockState.UNKNOWN
    scene.clock.at += 80 * 24 * 3600
    time.sleep(0.2)
    assert len(scene.opened()) == 1


def test_a_broken_outbox_is_reported_and_the_device_goes_on(scene: Scene) -> None:
    publisher = scene.start()
    assert publisher._outbox is not None
    publisher._outbox.close()
    until(lambda: scene.said.last(Part.OUTBOX) is FaultCode.OUTBOX_BROKEN)
    with pytest.raises(DeviceError, match="MSG-005"):
        publisher.commit(record())
    before = publisher._courier._epoch if publisher._courier else 0
    until(lambda: publisher._courier is not None and publisher._courier._epoch > before)
    scene.arrive("counter-1/ack/front", "a.b.c")
    assert scene.alerts() == ["MSG-006"]


def test_an_aborted_visit_has_a_body_too(scene: Scene) -> None:
    summary = VisitSummary(outcome=VisitOutcome.ABORTED, started_at=0.0, card_removed_early=True)
    scene.start().commit(record(summary=summary, consent_times=None, eligibility=None))
    (claims,) = scene.opened()
    body = claims["body"]
    assert isinstance(body, dict)
    assert (body["outcome"], body["match"], body["method"], body["flags"]) == (
        "aborted",
        None,
        None,
        ["card-removed-early"],
    )
    assert body["consent"] == {"answer": "not-given", "given": None, "expires": None}


def test_receptions_that_left_the_site_get_no_notice(scene: Scene) -> None:
    scene.start().commit(record())
    scene.restart(receptions=scene.config.receptions[:1])
    assert scene.publisher._outbox is not None
    scene.clock.at += 8 * 24 * 3600
    until(lambda: [claims["typ"] for claims in scene.opened()] == ["expired"])
    assert {row.reception for row in scene.publisher._outbox.rows()} == {"front"}


def test_alerts_are_bounded_and_not_repeated(scene: Scene) -> None:
    publisher = scene.start()
    for _ in range(5):
        publisher.alert(FaultCode.CARD_LEFT_BEHIND, VISIT)
    assert scene.alerts() == ["CRD-008"]
    for number in range(100):
        publisher.alert(FaultCode.CARD_LEFT_BEHIND, VisitId(f"{number:032x}"))
    assert len(scene.alerts()) == 64


def test_missing_keys_and_wrong_names_are_found_at_the_start(scene: Scene, tmp_path: Path) -> None:
    broker = replace(scene.config.broker, key=tmp_path / "absent.key")
    with pytest.raises(DeviceError, match="SET-004"):
        MqttPublisher(replace(scene.config, broker=broker)).start(scene.said.callbacks())
    with pytest.raises(DeviceError, match="SET-004"):
        MqttPublisher(replace(scene.config, receptions=()))
    with pytest.raises(DeviceError, match="SET-004"):
        MqttPublisher(replace(scene.config, receptions=scene.config.receptions[:1] * 2))
    with pytest.raises(ValueError, match="receptions"):
        MqttPublisher(replace(scene.config, device="rx-1"))
    with pytest.raises(DeviceError, match="MSG-005"):
        MqttPublisher(replace(scene.config, outbox=tmp_path / "no" / "folder")).start(scene.said.callbacks())
    Outbox(scene.config.outbox).close()
