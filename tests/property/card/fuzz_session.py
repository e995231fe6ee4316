"""One visit of `CardService` to a hostile card, and what must hold of it whatever the card answers.

`play(seed, number)` draws everything from those two and returns what happened. Raises AssertionError where a promise
was broken; any exception but DeviceError that escapes is the device's. No waiting, no clock: a visit's time is bounded
by the number of APDUs of each call, and by `cancel`, after which nothing may leave (the session's timer calls it).
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar
from unittest import mock

from firmware.card.certificates import CertificateTrust
from firmware.card.service import CardService
from firmware.core.evidence import CertificateEvidence, ChipEvidence, FaceRecord, TryResult
from firmware.core.faults import DeviceError
from firmware.core.outcomes import CertificateCheck, ChipCheck, ClockState, IssuerCheck, RecordCheck, TryCode
from firmware.core.secret import Secret
from firmware.sim.card.image import CardImage
from firmware.sim.card.machine import VirtualCard
from tests.property.card.fuzz_card import FuzzedCard, mood
from tests.property.card.fuzz_corpus import NOW, SMALL_PHOTO, WHOLE_PHOTO, Corpus, corpus
from tests.property.card.fuzz_mutate import mutate
from tests.property.card.fuzz_promises import Promises
from tests.property.card.fuzz_targets import genuine_records

Result = TypeVar("Result")
_ORDER = ("certificate", "unlock", "record", "chip", "tries", "sign")
_READABLE = (("surface", 0x0002), ("surface", 0x0004), ("jpki", 0x0006), ("jpki", 0x000A), ("jpki", 0x000B))
_BELIEVED = frozenset(CertificateCheck) - {CertificateCheck.UNKNOWN_ISSUER, CertificateCheck.NOT_CHECKED}


@dataclass(slots=True)
class Played:
    """One session. `responses`: answers altered and files mutated; `answers`: all that the device was given.

    `outcomes`: how often what came out; `most`: the most APDUs of one call, by its name.
    """

    responses: int = 0
    answers: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    most: dict[str, int] = field(default_factory=dict)


class GivenChance(Random):
    """Draws from given bytes, so that a coverage-guided fuzzer decides; without bytes left, nothing more is altered."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data = data
        self._at = 0

    def _next(self, size: int) -> int:
        taken = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken, "big")

    def random(self) -> float:
        return 0.999 if self._at >= len(self._data) else self._next(1) / 256

    def getrandbits(self, count: int, /) -> int:
        """Long ones are stretched from eight bytes."""
        if count > 64:
            return Random(self._next(8)).getrandbits(count)  # noqa: S311 - it has to repeat
        return self._next((count + 7) // 8) >> -count % 8


def play(seed: int, number: int) -> Played:
    """Session `number` of the series `seed`."""
    return visit(Random(f"{seed}/session/{number}"))  # noqa: S311 - it has to repeat


def visit(chance: Random) -> Played:
    """One session, drawn from `chance`."""
    genuine_records()  # made before Secrets are noted: these are none of the device's
    made: list[Secret] = []
    hidden = Secret.__init__

    def noted(self: Secret, data: bytes | bytearray | memoryview = b"") -> None:
        hidden(self, data)
        made.append(self)

    with mock.patch.object(Secret, "__init__", noted):
        return _Visit(chance, made).run()


def _issue(chance: Random, valid: Corpus) -> tuple[CardImage, int]:
    """The valid card, or one with some of its files mutated, and how many those are."""
    image, hurt = valid.image, 0
    if chance.random() < 0.75:
        return image, 0
    files = {"surface": dict(image.surface), "jpki": dict(image.jpki)}
    for place, number in chance.sample(_READABLE, chance.choice((1, 1, 2))):
        content = mutate(chance, files[place][number].rstrip(b"\xff"))
        files[place][number] = content + b"\xff" * chance.choice((0, 1, 600))
        hurt += 1
    return replace(image, surface=files["surface"], jpki=files["jpki"]), hurt


class _Visit:
    """Calls in a mostly sensible order; after a fault sometimes on, sometimes from the start."""

    def __init__(self, chance: Random, made: list[Secret]) -> None:
        self._chance = chance
        valid = corpus(SMALL_PHOTO if chance.random() < 0.95 else WHOLE_PHOTO)
        image, self._hurt = _issue(chance, valid)
        self._person = valid.person
        self._card = FuzzedCard(VirtualCard(image), chance, mood(chance))
        trust = valid.trust() if chance.random() < 0.5 else CertificateTrust([valid.issuers.auth_ca_sha256])
        short = chance.random() < 0.2
        self._service = CardService(self._card, trust, valid.face_issuers(), short_apdus=short)
        self._promises = Promises(valid, self._card, self._service, made)
        self._record: FaceRecord | None = None
        self._played = Played(responses=self._hurt)
        self._steps: dict[str, Callable[[], None]] = {
            "identify": self._identify,
            "certificate": self._certificate,
            "unlock": self._unlock,
            "record": self._read_record,
            "chip": self._chip,
            "tries": self._tries,
            "sign": self._sign,
            "release": self._release,
        }

    def run(self) -> Played:
        """Whole visits with a few calls out of turn."""
        self._identify()
        for number in range(self._chance.choice((6, 9, 14))):
            usual = self._chance.random() < 0.85
            name = _ORDER[number % len(_ORDER)] if usual else self._chance.choice(tuple(self._steps))
            self._steps[name]()
        self._release()
        self._promises.end()
        self._played.responses += self._card.altered
        self._played.answers = len(self._card.exchanges)
        self._played.most = self._promises.most
        return self._played

    def _call(self, name: str, function: Callable[[], Result]) -> Result | None:
        self._promises.begin()
        try:
            result = function()
        except DeviceError as error:
            self._promises.failed(name, error)
            self._played.outcomes[f"{name} {error.code}"] += 1
            if self._chance.random() < 0.5 and name != "identify":
                self._identify()
            return None
        self._promises.finished(name)
        return result

    def _identify(self) -> None:
        identity = self._call("identify", self._service.identify)
        if identity is not None:
            self._promises.identified(identity)
            self._played.outcomes[identity.kind.value] += 1

    def _unlock(self) -> None:
        result = self._verify("unlock", self._person.number_b, self._service.unlock)
        if result is not None:
            self._promises.unlocked(result)

    def _verify(self, name: str, right: str, function: Callable[[Secret], TryResult]) -> TryResult | None:
        wrong = f"{self._chance.randrange(10 ** len(right)):0{len(right)}}"
        digits = (right if self._chance.random() < 0.8 else wrong).encode()
        with Secret(digits) as secret:
            result = self._call(name, lambda: function(secret))
        if result is not None:
            self._played.outcomes[f"{name} {result.code}"] += 1
        return result

    def _read_record(self) -> None:
        record = self._call("record", self._service.read_record)
        if record is not None:
            self._record = record
            self._promises.handed(record.photo, record.birth_date, record.sex, record.chip_key, record.expiry)
            self._played.outcomes["record"] += 1

    def _chip(self) -> None:
        record = self._record
        if record is None:
            return
        digest = self._chance.randbytes(32)
        evidence: ChipEvidence | None = self._call("chip", lambda: self._service.check_chip(record, digest))
        if evidence is not None:
            self._promises.proved(evidence, record)
            self._count(evidence.chip, evidence.record, evidence.issuer)

    def _count(self, *outcomes: ChipCheck | RecordCheck | IssuerCheck) -> None:
        for outcome in outcomes:
            self._played.outcomes[f"{type(outcome).__name__} {outcome.value}"] += 1

    def _certificate(self) -> None:
        state = self._chance.choice(tuple(ClockState))
        evidence: CertificateEvidence | None = self._call(
            "certificate", lambda: self._service.read_certificate(NOW, state)
        )
        if evidence is None:
            self._promises.certified(None, believed=False)
            return
        self._promises.handed(evidence.der)
        self._promises.certified(evidence, believed=evidence.check in _BELIEVED)
        self._played.outcomes[f"certificate {evidence.check.value}"] += 1

    def _tries(self) -> None:
        self._call("tries", self._service.pin_tries)

    def _sign(self) -> None:
        message = self._chance.randbytes(40)
        result = self._verify("sign", self._person.pin, lambda pin: self._service.sign_with_pin(pin, message))
        if result is not None and result.code is TryCode.ACCEPTED:
            self._promises.signed(result)

    def _release(self) -> None:
        self._promises.begin()
        self._service.release()
        self._promises.released()
