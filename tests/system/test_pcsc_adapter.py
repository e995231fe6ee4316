"""`PcscTransport` and `CardService` against a real, private pcscd with a virtual reader: pulls, swaps, restarts, hangs.

The device's side runs in a process of its own (`client`): pcsc-lite reads the daemon's address once per process.
It takes commands on its standard input and answers in lines; presence reports come in between.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError
from firmware.core.outcomes import ClockState
from firmware.core.secret import Secret
from firmware.sim.card.contract import Card
from firmware.sim.card.faults import FaultScript, FaultyCard
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import create_issuers
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import invented_person
from firmware.sim.card.pictures import stand_in_photo
from firmware.sim.pcsc.daemon import PrivatePcscd
from firmware.sim.pcsc.parts import missing_parts
from firmware.sim.pcsc.vpcd import VpcdSlot

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 1, 10)
NOW = datetime(2026, 1, 10, tzinfo=UTC).timestamp()
PERSON = invented_person(TODAY)
PATIENCE = 30.0
GOOD = "proved signed unknown valid accepted"

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing_parts()), reason=f"not installed: {', '.join(missing_parts())}"),
]


# ---- the device's side, in its own process -----------------------------------------------------------------------


def client(ca_file: str, ca_sha256: str) -> None:
    """Commands: visit, identify, hold (connect shared and stay), cancel-later, stop."""
    from firmware.card.certificates import load_trust  # noqa: PLC0415  # only this process may load pcsc-lite
    from firmware.card.pcsc import PcscTransport  # noqa: PLC0415  # as above
    from firmware.card.service import CardService  # noqa: PLC0415  # as above

    transport = PcscTransport("virtual*0", apdu_seconds=1.5)
    transport.watch(lambda presence: print("presence", presence.value, flush=True))
    service = CardService(transport, load_trust([Path(ca_file).read_bytes()], frozenset({ca_sha256})))
    held: object = None
    for line in sys.stdin:
        match line.strip():
            case "visit":
                say(lambda: visit(service))
            case "identify":
                say(lambda: service.identify().kind.value)
            case "pin":
                say(lambda: str(service.pin_tries()))
            case "cancelled-visit":
                threading.Timer(0.3, service.cancel).start()
                say(lambda: visit(service))
            case "hold":
                held = hold()
                print("answer held", flush=True)
            case _:
                break
    service.release()
    transport.stop()
    print("answer", "ended" if held is None else "let go", threading.active_count(), flush=True)


def say(call: Callable[[], str]) -> None:
    try:
        print("answer", call(), flush=True)
    except DeviceError as error:
        print("answer", error.code.value, flush=True)


def hold() -> tuple[object, object]:
    from smartcard import scard  # noqa: PLC0415  # as above

    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    _, readers = scard.SCardListReaders(context, [])
    _, card, _ = scard.SCardConnect(context, readers[0], scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
    return context, card


def visit(service: object) -> str:
    from firmware.card.service import CardService  # noqa: PLC0415  # as above

    assert isinstance(service, CardService)
    service.identify()
    service.unlock(Secret(PERSON.number_b.encode()))
    evidence = service.check_chip(service.read_record(), bytes(32))
    certificate = service.read_certificate(NOW, ClockState.SYNCED)
    signed = service.sign_with_pin(Secret(PERSON.pin.encode()), bytes(32))
    service.release()
    parts = (evidence.chip, evidence.record, evidence.issuer, certificate.check, signed.code)
    return " ".join(part.value for part in parts)


# ---- the test's side ----------------------------------------------------------------------------------------------


class Client:
    """The other process: `ask` for an answer, `expect` presence reports in order."""

    def __init__(self, daemon: PrivatePcscd, ca_file: Path, ca_sha256: str) -> None:
        code = "import json, sys; from tests.system.test_pcsc_adapter import client; client(*json.loads(sys.argv[1]))"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, json.dumps([str(ca_file), ca_sha256])],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **daemon.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reports: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            kind, _, text = line.strip().partition(" ")
            (self._reports if kind == "presence" else self._answers).put(text)

    def ask(self, command: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answers.get(timeout=PATIENCE)

    def expect(self, *reports: str) -> None:
        assert [self._reports.get(timeout=PATIENCE) for _ in reports] == list(reports)

    def until(self, report: str) -> list[str]:
        """Reports up to and with `report`."""
        found = [self._reports.get(timeout=PATIENCE)]
        while found[-1] != report:
            found.append(self._reports.get(timeout=PATIENCE))
        return found

    def end(self) -> None:
        try:
            assert self.ask("stop").split()[-1] == "1", "threads are left"
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join(PATIENCE)
            for stream in (self._process.stdin, self._process.stdout):
                assert stream is not None
                stream.close()


class Stand:
    """Daemon, slot, card and client of one test."""

    def __init__(self, daemon: PrivatePcscd, image: CardImage, client: Client) -> None:
        self.daemon, self.client, self._image = daemon, client, image
        self.slot = VpcdSlot(daemon.slots[0].port)

    def good_card(self) -> VirtualCard:
        return VirtualCard(self._image)

    def place(self, card: Card | None = None) -> None:
        self.slot.insert(card or self.good_card())
        self.client.expect("present")

    def take(self) -> None:
        self.slot.remove()
        self.client.expect("absent")


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> tuple[CardImage, Path, str]:
    folder = tmp_path_factory.mktemp("adapter")
    issuers = create_issuers(TODAY)
    ca_file = folder / "ca.der"
    ca_file.write_bytes(issuers.auth_ca_der)
    return issue_card(folder / "card", PERSON, stand_in_photo(), issuers), ca_file, issuers.auth_ca_sha256


@pytest.fixture(scope="module")
def daemon() -> Iterator[PrivatePcscd]:
    with PrivatePcscd() as daemon:
        yield daemon


@pytest.fixture
def stand(daemon: PrivatePcscd, issued: tuple[CardImage, Path, str]) -> Iterator[Stand]:
    image, ca_file, ca_sha256 = issued
    client = Client(daemon, ca_file, ca_sha256)
    stand = Stand(daemon, image, client)
    try:
        client.until("absent")  # pcscd may still see the card of the test before, for one of its polls
        yield stand
    finally:
        stand.slot.remove()
        client.end()


def test_a_visit_and_the_card_taken_and_placed_again(stand: Stand) -> None:
    card = stand.good_card()
    stand.place(card)
    assert stand.client.ask("visit") == GOOD
    stand.take()
    assert stand.client.ask("visit") == "CRD-001"
    stand.place(card)
    assert stand.client.ask("visit") == GOOD
    assert card.violations() == []


@pytest.mark.parametrize("at", [1, 7, 20, 44])
def test_a_card_pulled_at_any_apdu_is_gone_and_the_next_visit_works(stand: Stand, at: int) -> None:
    stand.place(FaultyCard(stand.good_card(), FaultScript(pull_at=at)))
    assert stand.client.ask("visit") == "CRD-001"
    stand.client.expect("absent")
    card = stand.good_card()
    stand.place(card)
    assert stand.client.ask("visit") == GOOD
    assert (card.tries("card-face", 0x12), card.tries("jpki", 0x18)) == (10, 3)


def test_a_swap_is_absent_and_present(stand: Stand) -> None:
    stand.place()
    assert stand.client.ask("identify") == "my-number"
    stand.slot.remove()
    stand.slot.insert(stand.good_card())
    stand.client.expect("absent", "present")
    assert stand.client.ask("pin") == "CRD-001"
    assert stand.client.ask("visit") == GOOD


def test_the_watch_and_the_next_visit_survive_restarts_of_the_daemon(stand: Stand) -> None:
    stand.place()
    for _ in range(3):
        assert stand.client.ask("identify") == "my-number"
        stand.daemon.halt()
        stand.client.expect("reader-lost")
        assert stand.client.ask("pin") == "RDR-004"
        assert stand.client.ask("identify") == "RDR-004"
        stand.daemon.resume()
        assert set(stand.client.until("present")) <= {"reader-back", "absent", "present"}
        assert stand.client.ask("visit") == GOOD


def test_a_silent_card_costs_the_deadline_and_the_next_one_works(stand: Stand) -> None:
    stand.place(FaultyCard(stand.good_card(), FaultScript(silent_from=9)))
    assert stand.client.ask("visit") == "CRD-002"
    assert stand.client.ask("identify") == "CRD-002"
    stand.take()
    stand.place()
    assert stand.client.ask("visit") == GOOD


def test_cancel_ends_a_hanging_call_and_the_next_visit_waits_for_its_end(stand: Stand) -> None:
    stand.place(FaultyCard(stand.good_card(), FaultScript(delays={9: 1.0})))
    assert stand.client.ask("cancelled-visit") == "CRD-002"
    assert stand.client.ask("visit") == GOOD


def test_a_reader_in_use_by_another_program_is_busy(stand: Stand, issued: tuple[CardImage, Path, str]) -> None:
    stand.place()
    other = Client(stand.daemon, *issued[1:])
    assert other.ask("hold") == "held"
    assert stand.client.ask("visit") == "RDR-002"
    other.end()
    assert stand.client.ask("visit") == GOOD
