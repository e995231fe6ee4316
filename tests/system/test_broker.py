"""Device and reception through a real mosquitto with TLS client certificates on loopback."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest

from firmware.core.effects import Progress
from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.ids import VisitId
from firmware.core.outcomes import Env
from firmware.publish.config import BrokerConfig, PublishConfig, Timing
from firmware.publish.service import MqttPublisher
from firmware.sim.broker import Broker, BrokerFiles, BrokerSite
from madoguchi_reception import cli
from madoguchi_reception.config import load
from madoguchi_reception.desk import Desk
from madoguchi_reception.link import Link
from madoguchi_reception.requests import Signer, Wish
from tests.unit.publish.keys import VISIT, Authority, FixedClock, Recorder, new_key, reception_keys, record

pytestmark = pytest.mark.system
BASE = "madoguchi/v1/clinic"
QUICK = Timing(backoff=0.1, backoff_cap=0.3, resend=1.0, presence=0.4, will_delay=0, maintenance=0.2)


class Running:
    """A reception desk in a thread, and what it reported."""

    def __init__(self, config: Path, **changed: Any) -> None:
        self.reports: list[tuple[str, dict[str, Any]]] = []
        self._desk = Desk(replace(load(config), **changed), lambda kind, members: self.reports.append((kind, members)))
        self._desk.link.pause = 0.3
        self._thread = threading.Thread(target=self._desk.run)
        self._thread.start()

    def got(self, kind: str) -> list[dict[str, Any]]:
        return [members for name, members in self.reports if name == kind]

    def stop(self) -> None:
        self._desk.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()


class Site:
    """CA, broker, one device, receptions front and pharmacy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self.device_key, self.opening, self.signing = new_key(), new_key(), new_key()
        certificate, key = self.authority.issue("broker")
        files = BrokerFiles(self.authority.certificate, certificate, key)
        self.broker = Broker(folder, files, BrokerSite("clinic", ["counter-1"], ["front", "pharmacy"]))
        self.identity = {name: self.authority.issue(name) for name in ("counter-1", "rx-front", "rx-pharmacy")}
        self.said, self.desks = Recorder(), list[Running]()
        self.publisher: MqttPublisher | None = None

    def device(self, **changed: Any) -> MqttPublisher:
        """Start (again) the device's publisher."""
        if self.publisher is not None:
            self.publisher.close()
        certificate, key = self.identity["counter-1"]
        assert self.device_key.private_key is not None
        config = PublishConfig(
            site="clinic",
            device="counter-1",
            env=Env.SIM,
            broker=BrokerConfig("127.0.0.1", self.authority.certificate, certificate, key, port=self.broker.port),
            signing_key=self.device_key.private_key,
            receptions=(reception_keys("front", self.opening, self.signing),),
            outbox=self.folder / "outbox.db",
            software="0.1.0",
            clock=FixedClock(time.time()),
            timing=QUICK,
        )
        self.publisher = MqttPublisher(replace(config, **changed))
        self.publisher.start(self.said.callbacks())
        return self.publisher

    def config(self) -> Path:
        """The reception's file."""
        (self.folder / "open.pem").write_bytes(self.opening.as_pem(private=True))
        (self.folder / "sign.pem").write_bytes(self.signing.as_pem(private=True))
        (self.folder / "device.pem").write_bytes(self.device_key.as_pem(private=False))
        path = self.folder / "reception.toml"
        path.write_text(
            f'site = "clinic"\nreception = "front"\nenv = "sim"\nlanguage = "en"\ndatabase = "reception.db"\n[broker]\n'
            f'host = "127.0.0.1"\nport = {self.broker.port}\nca = "test-ca.pem"\ncertificate = "rx-front.pem"\n'
            'key = "rx-front.key"\n[keys]\nencryption = "open.pem"\nsigning = "sign.pem"\n'
            '[devices]\ncounter-1 = "device.pem"\n'
        )
        return path

    def reception(self, **changed: Any) -> Running:
        desk = Running(self.config(), **changed)
        self.desks.append(desk)
        return desk

    def close(self) -> None:
        for desk in self.desks:
            desk.stop()
        if self.publisher is not None:
            self.publisher.close()
        self.broker.stop()


class Peer:
    """A bare client with somebody's certificate: publishes, and records what it is given."""

    def __init__(self, site: Site, name: str, topics: tuple[str, ...] = ()) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self._ready = threading.Event()
        certificate, key = site.identity[name]
        broker = replace(load(site.config()).broker, certificate=certificate, key=key)
        self.link = Link(broker, f"{name}-peer", topics, self)
        self._thread = threading.Thread(target=self.link.run)
        self._thread.start()
        assert self._ready.wait(5)

    def online(self) -> None:
        self._ready.set()

    def offline(self, reason: str) -> None:
        """Nothing to do."""

    def message(self, topic: str, payload: bytes) -> None:
        self.seen.append((topic, payload))

    def say(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        self.link.publish(f"{BASE}/{topic}", payload.encode() if isinstance(payload, str) else payload, retain=retain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.link.stop()
        self._thread.join(10)


@pytest.fixture
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-broker-"))
    made = Site(folder)
    made.broker.start()
    yield made
    made.close()
    shutil.rmtree(folder)


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_result_is_delivered_acknowledged_and_deleted(site: Site) -> None:
    desk, publisher = site.reception(), site.device()
    publisher.state("ready")
    publisher.progress(VISIT, Progress.READING)
    assert publisher.commit(record()) == 1
    publisher.alert(FaultCode.CARD_LEFT_BEHIND, VISIT)
    until(lambda: desk.got("message") and site.said.held[-1:] == [0])
    (message,) = desk.got("message")
    assert (message["iss"], message["seq"], message["body"]["visit"]) == ("counter-1", 1, VISIT)
    until(lambda: {"device": "counter-1", "env": "sim", "code": "CRD-008", "visit": VISIT} in desk.got("alert"))
    until(lambda: any(state["held"] == 0 and state["status"] == "ready" for state in desk.got("device")))
    assert site.said.last(Part.BROKER) == site.said.last(Part.RECEPTION) == "ok"
    publisher.close()
    until(lambda: desk.got("device")[-1]["status"] == "offline")
    assert desk.got("gap") == desk.got("refused") == []
    site.broker.stop()
    kept = b"".join(path.read_bytes() for path in site.broker.storage.rglob("*") if path.is_file())
    assert b"counter-1/state" in kept
    for secret in ("花子", "06130017", "InsurerNumber"):
        assert secret.encode() not in kept


def test_the_device_starts_without_a_broker_and_catches_up(site: Site) -> None:
    site.broker.stop()
    publisher = site.device()
    publisher.commit(record())
    until(lambda: site.said.last(Part.BROKER) is FaultCode.BROKER_UNREACHABLE)
    site.broker.start()
    desk = site.reception()
    until(lambda: desk.got("message") and site.said.held[-1:] == [0])
    assert site.said.last(Part.BROKER) == "ok"


def test_a_certificate_of_another_ca_is_refused_not_unreachable(site: Site) -> None:
    folder = site.folder / "stranger"
    folder.mkdir()
    site.identity["counter-1"] = Authority(folder, "other-ca").issue("counter-1")
    publisher = site.device()
    assert publisher.commit(record()) == 1
    until(lambda: site.said.last(Part.BROKER) is FaultCode.BROKER_REFUSED)


def test_a_broker_of_another_ca_is_refused(site: Site) -> None:
    folder = site.folder / "stranger"
    folder.mkdir()
    other = Authority(folder, "other-ca").certificate
    certificate, key = site.identity["counter-1"]
    site.device(broker=BrokerConfig("127.0.0.1", other, certificate, key, port=site.broker.port))
    until(lambda: site.said.last(Part.BROKER) is FaultCode.BROKER_REFUSED)


def test_results_are_held_while_the_reception_is_away(site: Site) -> None:
    desk, publisher = site.reception(), site.device()
    until(lambda: site.said.last(Part.RECEPTION) == "ok")
    desk.stop()
    until(lambda: site.said.last(Part.RECEPTION) is FaultCode.RECEPTION_AWAY)
    visits = [VisitId(f"{number:032x}") for number in range(5)]
    for visit in visits:
        publisher.commit(record(visit))
    until(lambda: site.said.held[-1:] == [5])
    back = site.reception()
    until(lambda: site.said.held[-1:] == [0])
    assert sorted(message["body"]["visit"] for message in back.got("message")) == visits
    assert site.said.last(Part.RECEPTION) == "ok"


def test_a_killed_broker_loses_and_doubles_nothing(site: Site) -> None:
    desk, publisher = site.reception(), site.device()
    until(lambda: site.said.last(Part.RECEPTION) == "ok")
    for number in range(30):
        publisher.commit(record(VisitId(f"{number:032x}")))
        if number in {8, 19}:
            site.broker.kill()
            site.broker.start()
    until(lambda: site.said.held[-1:] == [0], 15)
    numbers = [message["seq"] for message in desk.got("message")]
    assert sorted(numbers) == list(range(1, 31))
    assert len({state["status"] for state in desk.got("device")}) >= 1


def test_requests_are_answered_and_good_once_also_after_a_restart(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.device().progress(VISIT, Progress.STAFF_WANTED)
    until(lambda: site.said.last(Part.BROKER) == "ok")
    ask = ["staff-check", "--config", str(site.config()), "--visit", str(VISIT), "--approve", "--json"]
    # FixedClock stands still: the request must come within its window.
    assert cli.main(ask) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "ok"
    assert [(asked.verb, asked.approved, asked.visit) for asked in site.said.requests] == [("staff-check", True, VISIT)]
    _jti, token = Signer(site.signing, "front", "sim").request(Wish("cancel", "counter-1", str(VISIT)))
    with Peer(site, "rx-front", (f"{BASE}/counter-1/evt/alert/+",)) as peer:
        peer.say("counter-1/req/cancel", token)
        until(lambda: len(site.said.requests) == 2)
        site.device()
        until(lambda: site.said.parts[-2:] and site.said.last(Part.BROKER) == "ok")
        peer.say("counter-1/req/cancel", token)
        until(lambda: any(topic.endswith("/msg-012") for topic, _payload in peer.seen))
        peer.say("counter-1/req/cancel", token[:-8] + "AAAAAAAA")
        until(lambda: any(topic.endswith("/msg-010") for topic, _payload in peer.seen))
    assert len(site.said.requests) == 2


def test_a_late_last_will_does_not_make_the_device_look_lost(site: Site) -> None:
    site.device()
    site.device().state("ready")
    desk = site.reception()
    until(lambda: desk.got("device") and desk.got("device")[-1]["status"] == "ready")
    with Peer(site, "counter-1") as old:
        old.say("counter-1/state", '{"env":"sim","status":"lost","epoch":1,"software":"0.1.0"}', retain=True)
        until(lambda: desk.got("device")[-1]["status"] == "lost")
    assert desk.got("device")[-1]["late_will"]


def test_a_reception_of_another_env_gets_nothing_and_refuses(site: Site) -> None:
    publisher = site.device()
    desk = site.reception(env="production")
    until(lambda: site.said.last(Part.RECEPTION) is FaultCode.RECEPTION_ENV_MISMATCH)
    publisher.commit(record())
    assert publisher._outbox is not None
    (row,) = publisher._outbox.rows()
    until(lambda: any(state["foreign"] for state in desk.got("device")))
    with Peer(site, "counter-1") as peer:
        peer.say("counter-1/evt/result/front", publisher._outbox.token(row.jti) or "")
        until(lambda: desk.got("refused"))
    assert desk.got("refused")[0]["why"] == "wrong-env"
    assert desk.got("message") == []
    until(lambda: publisher._outbox is not None and publisher._outbox.rows()[0].state == "rejected")
    assert site.said.held[-1] == 1


def test_mqtt_3_1_1_carries_the_same(site: Site) -> None:
    config = load(site.config())
    desk = site.reception(broker=replace(config.broker, mqtt5=False))
    certificate, key = site.identity["counter-1"]
    broker = BrokerConfig("127.0.0.1", site.authority.certificate, certificate, key, site.broker.port, mqtt5=False)
    site.device(broker=broker).commit(record())
    until(lambda: desk.got("message") and site.said.held[-1:] == [0])


def test_access_lists_keep_receptions_and_devices_apart(site: Site) -> None:
    publisher = site.device()
    with Peer(site, "rx-pharmacy", (f"{BASE}/#",)) as nosy, Peer(site, "rx-front", (f"{BASE}/#",)) as front:
        publisher.commit(record())
        until(lambda: any("evt/result/front" in topic for topic, _payload in front.seen))
        nosy.say("rx/front/state", '{"env":"sim","status":"online","epoch":99}', retain=True)
        nosy.say("counter-1/ack/front", "a.b.c")
        nosy.say("counter-1/req/ping", "a.b.c")
        until(lambda: any(topic.endswith("alert/msg-013") for topic, _payload in nosy.seen))
        assert not [topic for topic, _payload in nosy.seen if "evt/result" in topic]
        assert not [topic for topic, _payload in front.seen if topic.endswith("alert/msg-006") or "rx/front" in topic]


def test_the_receivers_command_prints_results_and_ends_on_a_signal(site: Site) -> None:
    command = [sys.executable, "-m", "madoguchi_reception.cli", "run", "--json", "--config", str(site.config())]
    sources = str(Path(cli.__file__).parents[1])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": sources})
    assert process.stdout is not None
    site.device().commit(record())
    lines = (json.loads(line) for line in process.stdout)
    message = next(line for line in lines if line["event"] == "message")
    assert message["body"]["visit"] == VISIT
    until(lambda: site.said.held[-1:] == [0])
    process.terminate()
    assert process.wait(10) == 0
    process.stdout.close()


def test_the_broker_ends_with_its_parent(site: Site) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom firmware.sim.broker import *\n"
        "root = Path(sys.argv[1])\n"
        "files = BrokerFiles(root / 'test-ca.pem', root / 'broker.pem', root / 'broker.key')\n"
        "broker = Broker(root / 'second', files, BrokerSite('clinic', ['counter-1'], ['front']))\n"
        "broker.start()\nprint(broker._process.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (site.folder / "second").mkdir()
    command = [sys.executable, "-c", program, str(site.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    status = Path("/proc") / done.stdout.strip() / "cmdline"
    until(lambda: not status.exists() or status.read_bytes() == b"")
