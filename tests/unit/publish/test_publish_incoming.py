"""What the device lets in: requests, acknowledgements, presence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState, Env
from firmware.publish.contract_read import Stage
from firmware.publish.incoming import Gate
from firmware.publish.outbox import Limits, Outbox
from firmware.publish.seal import PublicEcKey
from madoguchi_reception.requests import Query, Signer, Wish
from tests.unit.publish.keys import NOW, VISIT, FixedClock, new_key, public_jwk

FRONT, PHARMACY = new_key(), new_key()
HASH = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"


class Scene:
    """A gate with its clock and outbox, and a reception that talks to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "outbox.db"
        self.clock = FixedClock()
        self.running = {str(VISIT)}
        self.outbox = Outbox(self.path, Limits(requests=50))
        self.signer = Signer(FRONT, "front", "sim")

    @property
    def gate(self) -> Gate:
        signers = {"front": PublicEcKey(public_jwk(FRONT)), "pharmacy": PublicEcKey(public_jwk(PHARMACY))}
        return Gate("counter-1", Env.SIM, signers, self.clock, self.outbox)

    def claims(self, **changed: object) -> dict[str, Any]:
        base = {"iss": "front", "aud": "counter-1", "jti": "jti-00001", "iat": int(NOW), "exp": int(NOW) + 60}
        return {**base, "env": "sim", "verb": "cancel", "visit": VISIT, **changed}

    def ask(self, claims: dict[str, Any], verb: str = "cancel", key: ECKey = FRONT) -> FaultCode | str:
        token = Signer(key, "front", "sim").sign(claims, "request+jwt")
        return self.give(token.encode(), verb)

    def give(self, payload: bytes, verb: str = "cancel") -> FaultCode | str:
        try:
            request, token = self.gate.request(verb, payload, self.running.__contains__)
        except DeviceError as error:
            return error.code
        assert token.encode() == payload
        return request.jti

    def ack(self, claims: dict[str, Any], key: ECKey = FRONT, kind: str = "ack+jwt") -> FaultCode | Stage:
        try:
            return self.gate.ack("front", Signer(key, "front", "sim").sign(claims, kind).encode()).stage
        except DeviceError as error:
            return error.code


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.outbox.close()


def test_requests_of_the_reception_tool_pass(scene: Scene) -> None:
    query = Query({"Name": "架空 花子"}, new_key())
    for verb in ("staff-check", "confirm-result", "cancel", "replay", "ping", "lookup", "emergency-search"):
        visit = str(VISIT) if verb in {"staff-check", "confirm-result", "cancel"} else None
        sealed = query if verb in {"lookup", "emergency-search"} else None
        jti, token = scene.signer.request(Wish(verb, "counter-1", visit, approved=False), NOW, sealed)
        assert scene.give(token.encode(), verb) == jti


def test_a_request_is_good_once_also_after_a_restart(scene: Scene) -> None:
    assert scene.ask(scene.claims()) == "jti-00001"
    assert scene.ask(scene.claims()) is FaultCode.REQUEST_REPLAYED
    scene.outbox.close()
    scene.outbox = Outbox(scene.path)
    assert scene.ask(scene.claims()) is FaultCode.REQUEST_REPLAYED
    assert scene.ask(scene.claims(jti="jti-00002")) == "jti-00002"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aud": "counter-2"}, FaultCode.REQUEST_BAD_SIGNATURE),
        ({"iss": "nobody"}, FaultCode.REQUEST_BAD_SIGNATURE),
        ({"iss": "pharmacy"}, FaultCode.REQUEST_BAD_SIGNATURE),
        ({"iss": 7}, FaultCode.REQUEST_MALFORMED),
        ({"env": "production"}, FaultCode.RECEPTION_ENV_MISMATCH),
        ({"env": "mars"}, FaultCode.REQUEST_MALFORMED),
        ({"verb": "ping"}, FaultCode.REQUEST_MALFORMED),
        ({"visit": None}, FaultCode.REQUEST_MALFORMED),
        ({"visit": "X" * 32}, FaultCode.REQUEST_MALFORMED),
        ({"jti": "x"}, FaultCode.REQUEST_MALFORMED),
        ({"exp": "soon"}, FaultCode.REQUEST_MALFORMED),
        ({"exp": 1e400}, FaultCode.REQUEST_MALFORMED),
        ({"iat": -5}, FaultCode.REQUEST_MALFORMED),
        ({"approved": "yes"}, FaultCode.REQUEST_MALFORMED),
        ({"exp": int(NOW) - 1, "iat": int(NOW) - 61}, FaultCode.REQUEST_EXPIRED),
        ({"exp": int(NOW) + 121}, FaultCode.REQUEST_EXPIRED),
        ({"exp": int(NOW)}, FaultCode.REQUEST_EXPIRED),
        ({"iat": int(NOW) + 100, "exp": int(NOW) + 160}, FaultCode.REQUEST_EXPIRED),
    ],
)
def test_bad_requests_have_their_code_and_use_nothing_up(
    scene: Scene, changed: dict[str, object], code: FaultCode
) -> None:
    assert scene.ask(scene.claims(**changed)) is code
    assert scene.ask(scene.claims()) == "jti-00001"


def test_other_bad_requests(scene: Scene) -> None:
    assert scene.ask(scene.claims(), key=PHARMACY) is FaultCode.REQUEST_BAD_SIGNATURE
    assert scene.ask(scene.claims(verb="staff-check"), "staff-check") is FaultCode.REQUEST_MALFORMED
    assert scene.ask(scene.claims(verb="confirm-result"), "confirm-result") is FaultCode.REQUEST_MALFORMED
    assert scene.ask(scene.claims(verb="lookup"), "lookup") is FaultCode.REQUEST_MALFORMED
    assert scene.ask(scene.claims(verb="lookup", sealed="a.b.c.d.e"), "lookup") is FaultCode.REQUEST_MALFORMED
    assert scene.ask(scene.claims(verb="reboot"), "reboot") is FaultCode.REQUEST_MALFORMED
    ack = Signer(FRONT, "front", "sim").sign(scene.claims(), "ack+jwt")
    assert scene.give(ack.encode()) is FaultCode.REQUEST_BAD_SIGNATURE
    for payload in (b"", b"\xff\xfe", b"x" * 9000, "あ.い.う".encode()):
        assert scene.give(payload) is FaultCode.REQUEST_MALFORMED


def test_with_an_unknown_clock_only_a_running_visit_can_be_meant(scene: Scene) -> None:
    scene.clock.trust, scene.clock.at = ClockState.UNKNOWN, 0.0
    assert scene.ask(scene.claims()) == "jti-00001"
    assert scene.ask(scene.claims()) is FaultCode.REQUEST_REPLAYED
    scene.running.clear()
    assert scene.ask(scene.claims(jti="jti-00002")) is FaultCode.REQUEST_EXPIRED
    scene.running.add(VISIT)
    assert scene.ask(scene.claims(jti="jti-00003", exp=int(NOW) + 121)) is FaultCode.REQUEST_EXPIRED
    assert scene.ask(scene.claims(jti="jti-00004", verb="ping", visit=None), "ping") == "jti-00004"


def test_only_a_soundly_signed_request_is_answered(scene: Scene) -> None:
    good = Signer(FRONT, "front", "sim").sign(scene.claims(exp=1), "request+jwt").encode()
    forged = Signer(PHARMACY, "front", "sim").sign(scene.claims(), "request+jwt").encode()
    unknown = Signer(FRONT, "front", "sim").sign(scene.claims(iss="nobody"), "request+jwt").encode()
    assert scene.gate.refusal_to(good) == ("front", "jti-00001")
    for payload in (forged, unknown, b"", b"\xff" * 20):
        assert scene.gate.refusal_to(payload) is None


def ack_claims(**changed: object) -> dict[str, Any]:
    base = {"iss": "front", "aud": "counter-1", "iat": int(NOW), "env": "sim", "stage": "stored", "hash": HASH}
    return {**base, "msg": "jti-of-message", "seq": 4, **changed}


def test_acknowledgements(scene: Scene) -> None:
    assert scene.ack(ack_claims()) is Stage.STORED
    assert scene.ack(ack_claims(stage="processed", novelty=1)) is Stage.PROCESSED
    assert scene.ack(ack_claims(stage="rejected", msg=None, seq=None, env="production")) is Stage.REJECTED


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "pharmacy"},
        {"aud": "counter-2"},
        {"stage": "eaten"},
        {"hash": "short"},
        {"msg": None},
        {"seq": None},
        {"seq": "4"},
    ],
)
def test_bad_acknowledgements_delete_nothing(scene: Scene, changed: dict[str, object]) -> None:
    assert scene.ack(ack_claims(**changed)) is FaultCode.ACK_INVALID


def test_acknowledgements_by_others_or_of_another_env(scene: Scene) -> None:
    assert scene.ack(ack_claims(), key=PHARMACY) is FaultCode.ACK_INVALID
    assert scene.ack(ack_claims(), kind="request+jwt") is FaultCode.ACK_INVALID
    assert scene.ack(ack_claims(env="production")) is FaultCode.RECEPTION_ENV_MISMATCH
    with pytest.raises(DeviceError, match="MSG-006"):
        scene.gate.ack("nobody", b"a.b.c")


def test_presence_is_read_or_malformed(scene: Scene) -> None:
    assert scene.gate.presence(b'{"env":"sim","status":"online","epoch":3,"more":[]}').epoch == 3
    for payload in (b"", b"[]", b'{"env":"sim","status":"asleep","epoch":3}', b" " * 9000, b"[" * 8000):
        with pytest.raises(DeviceError, match="MSG-013"):
            scene.gate.presence(payload)
