"""Reader and card: hand-written doubles that keep state, record what was asked of them, and fail when told to.

What they hand out carries markers (`MARKERS`), so that tests can look for personal data where none may be.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.core.events import CardPresence
from firmware.core.evidence import CardIdentity, CertificateEvidence, ChipEvidence, FaceRecord, TryResult
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import (
    CardKind,
    CertificateCheck,
    ChipCheck,
    ClockState,
    HolderCheck,
    IssuerCheck,
    RecordCheck,
    TryCode,
)
from firmware.core.secret import Secret

NUMBER_B = b"71041520291234"
PIN = b"4862"
TOKEN = b"TOKEN-SERIAL-93"
PHOTO = b"JP2-PHOTO-BYTES"
CERTIFICATE = b"DER-CERTIFICATE"
CA = b"DER-OF-THE-CA"
NAME = "窓口 花子"
MARKERS = (NUMBER_B, PIN, TOKEN, PHOTO, CERTIFICATE, NAME.encode(), b"19710415")


def record() -> FaceRecord:
    return FaceRecord(
        photo=Secret(PHOTO),
        birth_date=Secret(b"19710415"),
        sex=Secret(b"2"),
        chip_key=Secret(b"CHIP-KEY"),
        text_hash=b"t",
        photo_hash=b"p",
        signature=b"s",
        expiry=Secret(b"20291231"),
    )


class Blocker:
    """Lets a fake's call hang until it is released."""

    def __init__(self) -> None:
        self._gate = threading.Event()
        self._gate.set()
        self.entered = threading.Event()

    def hold(self) -> None:
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    def wait(self) -> None:
        """Called on a lane."""
        self.entered.set()
        self._gate.wait(10.0)


class FakeReader:
    """A reader whose watch thread is the test."""

    def __init__(self) -> None:
        self.present = False
        self.stopped = False
        self.fault: FaultCode | None = None
        self.reader_fault = FaultCode.READER_LOST
        self.sent: list[bytes] = []
        self._post: Callable[[CardPresence], None] = lambda _: None

    def watch(self, post: Callable[[CardPresence], None]) -> None:
        if self.fault is not None:
            raise DeviceError(self.fault)
        self._post = post
        post(CardPresence.PRESENT if self.present else CardPresence.ABSENT)

    def report(self, presence: CardPresence) -> None:
        self.present = presence is CardPresence.PRESENT
        self._post(presence)

    def stop(self) -> None:
        self.stopped = True

    @property
    def longest_answer(self) -> int:
        return 256

    def connect(self) -> bytes:
        return b"\x3b"

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        self.sent.append(apdu)
        raise DeviceError(FaultCode.CARD_GONE)

    def disconnect(self) -> None:
        pass

    def cancel(self) -> None:
        pass


@dataclass
class FakeCard:
    """One card, and the calls it got. `tries`: of the PIN; `left`: of number B. A phone without token is an iPhone."""

    kind: CardKind = CardKind.MY_NUMBER
    token: bytes | None = TOKEN
    left: int = 10
    tries: int = 3
    chip: ChipCheck = ChipCheck.PROVED
    signed: RecordCheck = RecordCheck.SIGNED
    issuer: IssuerCheck = IssuerCheck.VERIFIED
    check: CertificateCheck = CertificateCheck.VALID
    holder: HolderCheck = HolderCheck.SAME
    ca: bytes | None = CA
    faults: dict[str, FaultCode] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    handed_out: list[Secret] = field(default_factory=list)
    blockers: dict[str, Blocker] = field(default_factory=dict)
    digests: list[bytes] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    clocks: list[tuple[float, ClockState]] = field(default_factory=list)
    cancelled: int = 0

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.blockers:
            self.blockers[name].wait()
        if name in self.faults:
            raise DeviceError(self.faults[name])

    def block(self, name: str) -> Blocker:
        self.blockers[name] = blocker = Blocker()
        blocker.hold()
        return blocker

    def identify(self) -> CardIdentity:
        self._call("identify")
        self.read.clear()
        if self.kind is CardKind.UNKNOWN or self.token is None:
            return CardIdentity(self.kind, None)
        self.handed_out.append(Secret(self.token))
        return CardIdentity(self.kind, self.handed_out[-1])

    def unlock(self, number_b: Secret) -> TryResult:
        self._call("unlock")
        if number_b == Secret(NUMBER_B):
            self.left = 10
            return TryResult(TryCode.ACCEPTED, None, counter=self.left)
        self.left -= 1
        allowed = max(self.left - 5, 0)
        return TryResult(TryCode.WRONG if allowed else TryCode.STOPPED, allowed, counter=self.left)

    def read_record(self) -> FaceRecord:
        self._call("read_record")
        found = record()
        self.handed_out += [found.photo, found.birth_date, found.sex, found.chip_key, found.expiry]
        return found

    def check_chip(self, record: FaceRecord, digest: bytes) -> ChipEvidence:
        self._call("check_chip")
        assert record.photo == Secret(PHOTO)
        self.digests.append(digest)
        holder = self._compared("face")
        return ChipEvidence(self.chip, self.signed, self.issuer, b"chip-signature", b"EF 0004", holder)

    def read_certificate(self, wall: float, clock: ClockState) -> CertificateEvidence:
        self._call("read_certificate")
        if self.kind is CardKind.PHONE and "pin" not in self.read:
            raise DeviceError(FaultCode.CARD_GARBAGE, "the PIN first")
        self.clocks.append((wall, clock))
        holder = self._compared("certificate")
        found = CertificateEvidence(Secret(CERTIFICATE), self.check, expires_soon=False, issuer=self.ca, holder=holder)
        self.handed_out.append(found.der)
        return found

    def _compared(self, what: str) -> HolderCheck:
        """Card face and certificate can be compared when the second of them is there."""
        self.read.add(what)
        return self.holder if {"face", "certificate"} <= self.read else HolderCheck.NOT_CHECKED

    def pin_tries(self) -> int:
        self._call("pin_tries")
        return self.tries

    def sign_with_pin(self, pin: Secret, message: bytes) -> TryResult:
        self._call("sign_with_pin")
        self.messages.append(message)
        if pin == Secret(PIN):
            self.tries = 3
            self.read.add("pin")
            return TryResult(TryCode.ACCEPTED, None, b"pin-signature", self.tries)
        self.tries -= 1
        return TryResult(TryCode.WRONG if self.tries else TryCode.BLOCKED, self.tries, counter=self.tries)

    def release(self) -> None:
        self._call("release")

    def cancel(self) -> None:
        self.cancelled += 1
        for blocker in self.blockers.values():
            blocker.release()
