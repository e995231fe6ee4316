"""A reception's own query through a real mosquitto: the command asks, the device answers, nobody else can read it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from firmware.core.eligibility import EligibilityFlag
from firmware.core.events import Part
from firmware.core.outcomes import ClockState, EligibilityCode
from firmware.core.result import QueryRecord
from madoguchi_reception import cli
from madoguchi_reception.config import load
from madoguchi_reception.store import Store
from tests.system.test_broker import BASE, Peer, Site, site, until
from tests.unit.publish.keys import FixedClock, new_key

pytestmark = pytest.mark.system
__all__ = ["site"]
OPENING = new_key()
ON = {"encryption_key": OPENING.private_key, "offers_lookup": True}
NUMBER = ["--insurer", "06130017", "--number", "４５６７", "--birth", "1970-01-31", "--limit-consent"]
PERSON = ["--name", "架空　花子", "--birth", "1970-01-31", "--sex", "female", "--address", "架空県仮市一丁目"]


def options(site: Site) -> list[str]:
    path = site.config()
    (site.folder / "device-open.pem").write_bytes(OPENING.as_pem(private=False))
    path.write_text(path.read_text() + '[device_encryption]\ncounter-1 = "device-open.pem"\n')
    return ["--config", str(path), "--json", "--timeout", "20"]


@contextmanager
def answering(site: Site, code: EligibilityCode) -> Iterator[None]:
    """The runtime's part: each query that was taken is answered."""
    over = threading.Event()

    def run() -> None:
        done = 0
        while not over.wait(0.02):
            for query in site.said.queries[done:]:
                done += 1
                flags = (EligibilityFlag.REPLACED_CHARACTER,)
                now = time.time()
                record = QueryRecord(query, code, flags, {"Name": "架空 ●子"}, now - 1, now, ClockState.SYNCED)
                assert site.publisher is not None
                site.publisher.commit_query(record)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(5)


def test_a_look_up_is_answered_to_the_command_and_stored(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.device(**ON)
    until(lambda: site.said.last(Part.BROKER) == "ok")
    with answering(site, EligibilityCode.VALID), Peer(site, "rx-front", (f"{BASE}/#",)) as peer:
        assert cli.main(["lookup", *options(site), *NUMBER]) == 0
        until(lambda: site.said.held[-1:] == [0])
    response, message = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (response["event"], response["status"]) == ("response", "ok")
    assert message["body"]["request"] == response["jti"]
    assert message["body"]["eligibility"]["detail"] == {"Name": "架空 ●子"}
    store = Store(load(site.folder / "reception.toml").database)
    assert [each["typ"] for each in store.messages()] == ["lookup"]
    store.close()
    heard = b"".join(topic.encode() + payload for topic, payload in peer.seen)
    assert heard
    assert not [text for text in ("架空", "４５６７", "06130017") if text.encode() in heard]


def test_the_description_follows_what_is_offered(site: Site) -> None:
    now = time.time()
    site.device(**ON, disaster_until=now + 1000)
    assert site.publisher is not None
    clock = site.publisher._config.clock
    assert isinstance(clock, FixedClock)
    with Peer(site, "rx-front", (f"{BASE}/counter-1/desc",)) as peer:
        until(lambda: peer.seen and "emergency-search" in json.loads(peer.seen[-1][1])["verbs"])
        assert {key["use"] for key in json.loads(peer.seen[-1][1])["keys"]} == {"sig", "enc"}
        clock.at = now + 2000
        until(lambda: "emergency-search" not in json.loads(peer.seen[-1][1])["verbs"])


def test_refusals_have_their_exit_code(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.device(**ON)
    until(lambda: site.said.last(Part.BROKER) == "ok")
    assert cli.main(["emergency-search", *options(site), *PERSON]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "ELG-032"
    assert cli.main(["lookup", *options(site)[:-1], "0.4", *NUMBER]) == 3
    assert len(site.said.queries) == 1
