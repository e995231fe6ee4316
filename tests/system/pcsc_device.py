"""The device's side of the PC/SC tests, in a process of its own: `CardService` over `PcscTransport`.

Helper of the tests, no test. pcsc-lite reads the daemon's address once per process, so each daemon needs its own.
`DeviceProcess` is the test's side; run as a script it is the device. It takes commands on standard input and answers in
lines; presence reports come in between, with the time at which the watch posted them (seconds of the monotonic clock,
which all processes of a machine share).
"""

import json
import os
import pwd
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from firmware.core.faults import DeviceError
from firmware.core.outcomes import ClockState
from firmware.core.secret import Secret
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers, create_issuers
from firmware.sim.card.person import Person, invented_person
from firmware.sim.card.pictures import stand_in_photo

if TYPE_CHECKING:
    from firmware.card.links import ApduLogLine

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 1, 10)
NOW = datetime(2026, 1, 10, tzinfo=UTC).timestamp()
PERSON = invented_person(TODAY)
PATIENCE = 30.0
GOOD = "proved signed unknown valid"
READER = "virtual*0 00 00"
T = TypeVar("T")


# ---- the test's side ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Issued:
    """A card, and what a device needs to trust it."""

    image: CardImage
    ca_file: Path
    ca_sha256: str
    issuers: TestIssuers


def issue(folder: Path, person: Person = PERSON) -> Issued:
    issuers = create_issuers(TODAY)
    ca_file = folder / "ca.der"
    ca_file.write_bytes(issuers.auth_ca_der)
    return Issued(
        issue_card(folder / "card", person, stand_in_photo(), issuers), ca_file, issuers.auth_ca_sha256, issuers
    )


class DeviceProcess:
    """The other process: `ask` for an answer, `expect` presence reports in order."""

    def __init__(
        self, environment: dict[str, str], issued: Issued, reader: str = READER, user: str | None = None
    ) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.system.pcsc_device",
                json.dumps([str(issued.ca_file), issued.ca_sha256, reader, user]),
            ],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reports: queue.Queue[tuple[str, float]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            kind, _, text = line.strip().partition(" ")
            if kind == "presence":
                report, at = text.split()
                self._reports.put((report, float(at)))
            else:
                self._answers.put(text)

    def send(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        return self._answers.get(timeout=PATIENCE)

    def ask(self, command: str) -> str:
        self.send(command)
        return self.answer()

    def report(self, seconds: float = PATIENCE) -> tuple[str, float] | None:
        """The next presence report and when it was posted, None if there is none in time."""
        try:
            return self._reports.get(timeout=seconds)
        except queue.Empty:
            return None

    def expect(self, *reports: str) -> None:
        assert [self._reports.get(timeout=PATIENCE)[0] for _ in reports] == list(reports)

    def until(self, report: str) -> list[str]:
        """Reports up to and with `report`."""
        found = [self._reports.get(timeout=PATIENCE)[0]]
        while found[-1] != report:
            found.append(self._reports.get(timeout=PATIENCE)[0])
        return found

    def kill(self) -> None:
        """As by `kill -9`: nothing is tidied up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        try:
            if self._process.poll() is None:
                assert self.ask("stop").split()[-1] == "1", "threads are left"
                self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join(PATIENCE)
            for stream in (self._process.stdin, self._process.stdout):
                assert stream is not None
                stream.close()


# ---- the device's side --------------------------------------------------------------------------------------------


class Device:
    """What the commands do. Each call of the service may send one VERIFY with digits, if it is one that verifies."""

    def __init__(self, ca_file: str, ca_sha256: str, reader: str) -> None:
        from firmware.card.certificates import load_trust  # noqa: PLC0415  # only this process may load pcsc-lite
        from firmware.card.pcsc import PcscTransport  # noqa: PLC0415  # as above
        from firmware.card.service import CardService  # noqa: PLC0415  # as above

        self.transport = PcscTransport(reader, apdu_seconds=1.5)
        trust = load_trust([Path(ca_file).read_bytes()], frozenset({ca_sha256}))
        self.service = CardService(self.transport, trust, report=self._count)
        self._verifies = 0

    def _count(self, line: "ApduLogLine") -> None:
        self._verifies += line.header.startswith("0020") and line.sent > 0

    def _call(self, call: Callable[[], T], allowed: int = 0) -> T:
        before = self._verifies
        try:
            return call()
        finally:
            assert self._verifies - before <= allowed, "a VERIFY that nobody asked for"

    def visit(self, *, sign: bool) -> str:
        """Everything a visit does with the card; the checks' values and the token."""
        service = self.service
        identity = self._call(service.identify)
        self._call(lambda: service.unlock(Secret(PERSON.number_b.encode())), 1)
        record = self._call(service.read_record)
        evidence = self._call(lambda: service.check_chip(record, bytes(32)))
        certificate = self._call(lambda: service.read_certificate(NOW, ClockState.SYNCED))
        parts = [evidence.chip.value, evidence.record.value, evidence.issuer.value, certificate.check.value]
        if sign:
            parts.append(
                self._call(lambda: service.sign_with_pin(Secret(PERSON.pin.encode()), bytes(32)), 1).code.value
            )
        self._call(service.release)
        assert identity.token is not None
        return " ".join([*parts, bytes(identity.token.view()).decode()])

    def stay(self) -> str:
        """The start of a visit that is not left: the card stays unlocked."""
        self.service.identify()
        return self.service.unlock(Secret(PERSON.number_b.encode())).code.value

    def cancelled_visit(self) -> str:
        threading.Timer(0.3, self.service.cancel).start()
        return self.visit(sign=True)

    def release(self) -> str:
        self.service.release()
        return "released"

    def do(self, command: str) -> str:
        commands: dict[str, Callable[[], str]] = {
            "visit": lambda: self.visit(sign=False),
            "visit-sign": lambda: self.visit(sign=True),
            "cancelled-visit": self.cancelled_visit,
            "identify": lambda: self._call(self.service.identify).kind.value,
            "read": lambda: f"{len(self._call(self.service.read_record).signature)} bytes",
            "pin": lambda: str(self._call(self.service.pin_tries)),
            "stay": self.stay,
            "release": self.release,
            "fault": lambda: self.transport.reader_fault.value,
            "longest": lambda: str(self.transport.longest_answer),
        }
        return commands[command]()


def main(ca_file: str, ca_sha256: str, reader: str, user: str | None) -> None:
    device = Device(ca_file, ca_sha256, reader)
    if user is not None:
        os.setuid(pwd.getpwnam(user).pw_uid)  # only now, as the libraries may lie where that user cannot read
    device.transport.watch(lambda presence: print("presence", presence.value, time.monotonic(), flush=True))
    for line in sys.stdin:
        if line.strip() == "stop":
            break
        try:
            print("answer", device.do(line.strip()), flush=True)
        except DeviceError as error:
            print("answer", error.code.value, flush=True)
    device.service.release()
    device.transport.stop()
    print("answer ended", threading.active_count(), flush=True)


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
