"""The reference receiver: once per message, conformance to the contract, device states, gaps."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from madoguchi_reception import conformance
from madoguchi_reception.opener import Address, Opener, Why, token_hash
from madoguchi_reception.receiver import Handled, Receiver
from madoguchi_reception.requests import Signer
from madoguchi_reception.store import Store

DEVICE, OPENING, SIGNING = (ECKey.generate_key("P-256") for _ in range(3))


class Scene:
    """A receiver and the kit that plays its device."""

    def __init__(self, folder: Path, env: str = "sim") -> None:
        self.path = folder / "reception.db"
        self.env = env
        self.store = Store(self.path)
        self.kit = conformance.Kit("clinic", "counter-1", "front", "sim", DEVICE, OPENING, SIGNING)

    @property
    def receiver(self) -> Receiver:
        opener = Opener(Address("clinic", "front", self.env), (OPENING,), {"counter-1": (DEVICE,)})
        return Receiver(opener, Signer(SIGNING, "front", self.env), self.store)

    def take(self, claims: dict[str, Any]) -> Handled:
        return self.receiver.result("counter-1", self.kit.seal(claims))

    def state(self, **members: object) -> Any:
        return self.receiver.state("counter-1", json.dumps({"env": "sim", "epoch": 5, **members}).encode())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.store.close()


def ack_of(handled: Handled) -> dict[str, Any]:
    assert handled.ack is not None
    claims: dict[str, Any] = json.loads(jws.deserialize_compact(handled.ack, SIGNING, algorithms=["ES256"]).payload)
    return claims


def test_a_result_is_stored_acknowledged_and_handed_on_once_also_after_a_restart(scene: Scene) -> None:
    payload = scene.kit.seal(scene.kit.claims(1))
    first = scene.receiver.result("counter-1", payload)
    assert first.claims is not None
    ack = ack_of(first)
    assert (ack["stage"], ack["hash"], ack["seq"], ack["env"]) == ("stored", token_hash(payload), 1, "sim")
    scene.store.close()
    scene.store = Store(scene.path)
    again = scene.receiver.result("counter-1", payload)
    assert again.claims is None
    assert ack_of(again)["stage"] == "stored"
    assert [message["seq"] for message in scene.store.messages()] == [1]
    assert "pad" not in scene.store.messages()[0]


def test_our_own_receiver_conforms(scene: Scene) -> None:
    def subject(payload: bytes) -> list[str]:
        handled = scene.receiver.result("counter-1", payload)
        return [] if handled.ack is None else [handled.ack]

    assert conformance.run(scene.kit, subject, lambda: len(scene.store.messages())) == []


def test_the_kit_finds_receivers_that_do_not_conform(scene: Scene) -> None:
    handed = []

    def gullible(payload: bytes) -> list[str]:
        handed.append(payload)
        return [scene.receiver._signer.ack("counter-1", token_hash(payload), "stored", {})]

    findings = conformance.run(scene.kit, gullible, lambda: len(handed))
    assert any("duplicate: handed on" in text for text in findings)
    assert any("foreign env: acknowledged" in text for text in findings)
    assert any("unsigned: acknowledged" in text for text in findings)
    assert any("without the message's id" in text for text in findings)
    silent = conformance.run(scene.kit, lambda _payload: [], lambda: 0)
    assert any("good: not acknowledged" in text for text in silent)
    forged = conformance.run(scene.kit, lambda _payload: ["a.b.c"], lambda: 0)
    assert any("did not sign" in text for text in forged)


def test_a_message_of_another_env_is_refused_with_a_signed_rejection(tmp_path: Path) -> None:
    scene = Scene(tmp_path, env="production")
    handled = scene.take(scene.kit.claims(1))
    assert handled.claims is None
    assert handled.refused is not None
    assert handled.refused.why is Why.WRONG_ENV
    ack = ack_of(handled)
    assert (ack["stage"], ack["code"], ack["env"], ack["seq"]) == ("rejected", "MSG-014", "production", 1)
    assert scene.store.messages() == []
    scene.store.close()


def test_what_cannot_be_opened_is_rejected_by_its_hash_alone(scene: Scene) -> None:
    payload = scene.kit.seal(scene.kit.claims(1), to=DEVICE)
    ack = ack_of(scene.receiver.result("counter-1", payload))
    assert (ack["stage"], ack["code"], ack["hash"]) == ("rejected", "wrong-key", token_hash(payload))
    assert "msg" not in ack
    assert scene.receiver.result("counter-1", b"x" * 200_000).ack is None


def test_old_keys_still_open(scene: Scene) -> None:
    newer = ECKey.generate_key("P-256")
    opener = Opener(Address("clinic", "front", "sim"), (newer, OPENING), {"counter-1": (DEVICE,)})
    assert opener.open("counter-1", scene.kit.seal(scene.kit.claims(3)).decode()).seq == 3


@pytest.mark.parametrize(
    "changed",
    [{"seq": 0}, {"seq": True}, {"seq": "1"}, {"jti": "x"}, {"jti": 5}, {"body": []}, {"typ": None}, {"env": None}],
)
def test_claims_of_the_wrong_kind_are_malformed(scene: Scene, changed: dict[str, object]) -> None:
    refused = scene.take({**scene.kit.claims(1), **changed}).refused
    assert refused is not None
    assert refused.why is Why.MALFORMED


def test_a_late_last_will_of_an_older_connection_is_ignored(scene: Scene) -> None:
    assert scene.state(status="ready").status == "ready"
    late = scene.state(status="lost", epoch=4)
    assert late.late_will
    device = scene.store.device("counter-1")
    assert device is not None
    assert (device.status, device.epoch) == ("ready", 5)
    assert not scene.state(status="lost").late_will


def test_a_gap_is_one_only_when_nothing_is_held_and_not_what_expired(scene: Scene) -> None:
    for seq in (4, 5, 8):
        scene.take(scene.kit.claims(seq))
    waiting = scene.state(status="ready", receptions={"front": {"held": 1, "seq": 9}})
    assert (waiting.held, waiting.missing) == (1, ())
    settled = scene.state(status="ready", receptions={"front": {"held": 0, "seq": 9}})
    assert settled.missing == (6, 7, 9)
    gone = {"expired": [{"jti": "some-older-jti", "seq": 6}, {"jti": "another-jti", "seq": 7}]}
    scene.take(scene.kit.claims(9, typ="expired", body=gone))
    assert scene.state(status="ready", receptions={"front": {"held": 0, "seq": 9}}).missing == ()
    huge = scene.state(status="ready", receptions={"front": {"held": 0, "seq": 10**15}})
    assert len(huge.missing) == 100


def test_states_that_cannot_be_read_or_are_foreign(scene: Scene) -> None:
    for payload in (b"", b"[]", b"{}", b"[" * 70000, b'{"status":1,"epoch":1,"env":"sim"}', b"\xff"):
        assert scene.receiver.state("counter-1", payload) is None
    assert scene.state(status="ready", env="production").foreign
    assert scene.state(status="ready", receptions={"front": []}).held is None
    assert scene.state(status="ready", receptions={"front": {"held": "0", "seq": 1}}).held is None


def test_epochs_grow_and_old_messages_are_forgotten(scene: Scene) -> None:
    assert (scene.store.next_epoch(), scene.store.next_epoch()) == (1, 2)
    scene.take(scene.kit.claims(1))
    scene.store.forget(1)
    assert len(scene.store.messages()) == 1
    scene.store.forget(-1)
    assert scene.store.messages() == []
