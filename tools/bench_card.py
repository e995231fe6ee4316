"""`make bench-card`: how many commands and bytes a visit sends to the card, beside the fewest that its files need (B1).

The device's own card layer reads a virtual card in process, by face and by PIN, with short commands and with extended
length. What the card was asked is taken from the card's side. Nothing here is timed: the same counts come out anywhere.

The fewest: SELECT of both applications and of each file and key once, the token in one READ, each file by its header
and then in READs as long as the form carries, the counter asked for before a VERIFY, one command for each VERIFY and
signature.

Exit codes: 0 within the goal, 1 beyond it. Nothing is left behind.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from firmware.card.certificates import CertificateTrust, load_trust  # noqa: E402
from firmware.card.channel import LONGEST_READ, SHORT_ANSWER  # noqa: E402
from firmware.card.service import CardService  # noqa: E402
from firmware.core.outcomes import CertificateCheck, ClockState, TryCode  # noqa: E402
from firmware.core.secret import Secret  # noqa: E402
from firmware.sim.card.contract import Card  # noqa: E402
from firmware.sim.card.image import CardImage  # noqa: E402
from firmware.sim.card.inprocess import InProcessReader  # noqa: E402
from firmware.sim.card.issue import issue_card  # noqa: E402
from firmware.sim.card.issuers import TestIssuers, create_issuers  # noqa: E402
from firmware.sim.card.machine import VirtualCard  # noqa: E402
from firmware.sim.card.person import Person, invented_person  # noqa: E402
from firmware.sim.card.wrapper import WrappedCard  # noqa: E402
from tools.measure import record  # noqa: E402

GOAL: Final = 1.1
COMMAND: Final = "make bench-card"
PHOTO_BYTES: Final = 6_000
_DIGEST: Final = bytes(32)
_MESSAGE: Final = b"challenge"
_TOKEN, _SIGNATURE, _DIGEST_INFO = 96, 256, 51
_RECORD_HEADER, _CERTIFICATE_HEADER, _DER_HEADER = 7, 5, 4
_HEADER, _AID, _NAME, _STATUS = 4, 10, 2, 2
_VISITS: Final = 3


@dataclass(frozen=True, slots=True)
class Traffic:
    """Commands, and bytes in both directions with headers, lengths and status words."""

    commands: int = 0
    sent: int = 0
    received: int = 0

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(self.commands + other.commands, self.sent + other.sent, self.received + other.received)

    @property
    def bytes(self) -> int:
        return self.sent + self.received


@dataclass(frozen=True, slots=True)
class Row:
    """One way of reading: what it took, and the fewest it could have taken."""

    way: str
    form: str
    found: Traffic
    fewest: Traffic

    @property
    def ratio(self) -> float:
        """The worse of commands and bytes."""
        return max(self.found.commands / self.fewest.commands, self.found.bytes / self.fewest.bytes)


class Tap(WrappedCard):
    """A card that counts what passes."""

    def __init__(self, card: Card) -> None:
        super().__init__(card)
        self.traffic = Traffic()
        self.authority_selects = 0

    def process(self, apdu: bytes) -> bytes:
        answer = self._card.process(apdu)
        self.traffic += Traffic(1, len(apdu), len(answer))
        self.authority_selects += apdu.hex() == "00a4020c02000b"
        return answer


class Bench:
    """One card with a photo of 6,000 bytes, and the device's card layer over it."""

    def __init__(self, folder: Path) -> None:
        self._now = datetime.now(UTC)
        self._person: Person = invented_person(self._now.date())
        self._issuers: TestIssuers = create_issuers(self._now.date())
        photo = b"\0\0\0\x0cjP  \r\n\x87\n".ljust(PHOTO_BYTES, b"\x5a")
        self._image: CardImage = issue_card(folder, self._person, photo, self._issuers)

    def face(self, *, short: bool) -> Row:
        tap, service = self._placed(short=short)
        service.identify()
        self._must(service.unlock(Secret(self._person.number_b.encode())).code is TryCode.ACCEPTED)
        service.check_chip(service.read_record(), _DIGEST)
        self._read_certificate(service)
        return self._row("face", tap, short=short)

    def pin(self, *, short: bool) -> Row:
        tap, service = self._placed(short=short)
        service.identify()
        self._read_certificate(service)
        service.pin_tries()
        self._must(service.sign_with_pin(Secret(self._person.pin.encode()), _MESSAGE).code is TryCode.ACCEPTED)
        return self._row("pin", tap, short=short)

    def authority_reads(self, visits: int) -> int:
        """How often EF 000B is selected in `visits` visits of a device that has only the CA's fingerprint."""
        tap = Tap(VirtualCard(self._image))
        service = self._service(tap, load_trust([], frozenset({self._issuers.auth_ca_sha256})), short=False)
        for _ in range(visits):
            service.identify()
            self._read_certificate(service)
            service.release()
        return tap.authority_selects

    def _placed(self, *, short: bool) -> tuple[Tap, CardService]:
        tap = Tap(VirtualCard(self._image))
        ca = self._issuers.auth_ca_der
        return tap, self._service(tap, load_trust([ca], frozenset({self._issuers.auth_ca_sha256})), short=short)

    @staticmethod
    def _service(tap: Tap, trust: CertificateTrust, *, short: bool) -> CardService:
        reader = InProcessReader()
        reader.insert(tap)
        return CardService(reader, trust, short_apdus=short)

    def _read_certificate(self, service: CardService) -> None:
        found = service.read_certificate(self._now.timestamp(), ClockState.SYNCED)
        self._must(found.check is CertificateCheck.VALID)

    @staticmethod
    def _must(good: bool) -> None:
        if not good:
            raise RuntimeError("the visit did not go as it had to")

    def _row(self, way: str, tap: Tap, *, short: bool) -> Row:
        chunk = SHORT_ANSWER if short else LONGEST_READ
        return Row(way, "short" if short else "extended", tap.traffic, self._fewest(way, chunk))

    def _fewest(self, way: str, chunk: int) -> Traffic:
        total = _select_application() + _select_application() + _select() + _read(_TOKEN)
        total += _file(len(self._image.certificate), _DER_HEADER, chunk)
        if way == "pin":
            return total + _select() + _verify(len(self._person.pin)) + _select() + _sign()
        record, certificate = (_length(self._image.surface[number]) for number in (0x0002, 0x0004))
        total += _select() + _verify(len(self._person.number_b)) + _file(record, _RECORD_HEADER, chunk)
        return total + _sign() + _file(certificate, _CERTIFICATE_HEADER, chunk)


def _select_application() -> Traffic:
    return Traffic(1, _HEADER + 1 + _AID, _STATUS)


def _select() -> Traffic:
    return Traffic(1, _HEADER + 1 + _NAME, _STATUS)


def _read(count: int) -> Traffic:
    return Traffic(1, _HEADER + (1 if count <= SHORT_ANSWER else 3), count + _STATUS)


def _file(size: int, header: int, chunk: int) -> Traffic:
    """SELECT, the header, the rest in READs of `chunk` bytes."""
    total = _select() + _read(header)
    for offset in range(header, size, chunk):
        total += _read(min(chunk, size - offset))
    return total


def _verify(digits: int) -> Traffic:
    """The counter and the digits."""
    return Traffic(1, _HEADER, _STATUS) + Traffic(1, _HEADER + 1 + digits, _STATUS)


def _sign() -> Traffic:
    return Traffic(1, _HEADER + 1 + _DIGEST_INFO + 1, _SIGNATURE + _STATUS)


def _length(file: bytes) -> int:
    """Of the one object in a card-face file: a tag of two bytes and a length in the form 82 xx xx."""
    return 5 + int.from_bytes(file[3:5], "big")


def measure() -> tuple[list[Row], int]:
    """All four rows, and how often three visits read the CA certificate."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        rows = [read(short=short) for read in (bench.face, bench.pin) for short in (True, False)]
        return rows, bench.authority_reads(_VISITS)


def keep(rows: Sequence[Row], reads: int) -> None:
    """Write the figures into docs/measurements.json."""
    for row in rows:
        found, fewest = row.found, row.fewest
        record(
            id=f"B1-{row.way}-{row.form}",
            what=f"visit by {row.way}, photo of {PHOTO_BYTES} bytes, {row.form} length: {found.commands} commands and "
            f"{found.bytes} bytes; the fewest its files need: {fewest.commands} and {fewest.bytes}; the worse ratio",
            figure=round(row.ratio, 3),
            unit="",
            goal=f"<= {GOAL}",
            met=row.ratio <= GOAL,
            command=COMMAND,
        )
    record(
        id="B1-ca",
        what=f"SELECTs of the CA certificate (EF 000B) in {_VISITS} visits of a device that knows only its fingerprint",
        figure=reads,
        unit="",
        goal="1 per issuer",
        met=reads == 1,
        command=COMMAND,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    parser.add_argument("--no-record", action="store_true", help="do not write the figures into docs/measurements.json")
    arguments = parser.parse_args()
    rows, reads = measure()
    if arguments.json:
        print(json.dumps({"rows": [asdict(row) | {"ratio": row.ratio} for row in rows], "ca_reads": reads}, indent=2))
    else:
        print("way   length    commands (fewest)   bytes (fewest)     ratio")
        for row in rows:
            commands = f"{row.found.commands} ({row.fewest.commands})"
            size = f"{row.found.bytes} ({row.fewest.bytes})"
            print(f"{row.way:<5} {row.form:<9} {commands:<19} {size:<18} {row.ratio:.3f}")
        print(f"CA certificate read {reads} time(s) in {_VISITS} visits")
    if not arguments.no_record:
        keep(rows, reads)
    return 0 if reads == 1 and all(row.ratio <= GOAL for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
