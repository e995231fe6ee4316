"""A hostile card behind a hostile reader: the simulator's card answers, and some answers are altered on the way.

The card always runs the command, so its own audit log stays the judge of what was asked of it. Every choice is drawn
from the given generator. What the genuine answer was is kept, so that a proof that was not given is told from one that
was. Implements `ports.CardTransport`. Lengths are bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from firmware.core.events import CardPresence
from firmware.core.faults import DeviceError, FaultCode
from firmware.sim.card.machine import VirtualCard
from tests.property.card.fuzz_mutate import LONGEST, mutate

Answer = tuple[bytes, int]

FAULTS = (
    FaultCode.CARD_GONE,
    FaultCode.CARD_SILENT,
    FaultCode.CARD_GARBAGE,
    FaultCode.READER_LOST,
    FaultCode.READER_BUSY,
    FaultCode.PCSC_DOWN,
)
MARK = b"<the card's own words>"
"""Put into answers now and then: it must come up in no error text and no log line."""
_STATUS = (
    *(0x9000, 0x6A82, 0x6982, 0x6B00, 0x6282, 0x6700, 0x6300, 0x6983, 0x6984, 0x6D00, 0x6881, 0x6F00, 0x6CFF, 0x6C10),
    *(0x6100, 0x61FF, 0x9001, 0x9FFF, 0x0000, 0x5FFF, 0x6000, 0xFFFF, *range(0x63C0, 0x63D0)),
)


@dataclass(frozen=True, slots=True)
class Mood:
    """How hostile a session is. `rate`: share of the answers that are altered; `only`: one instruction, or all."""

    rate: float
    only: int | None
    longest_answer: int
    strange_connect: float


@dataclass(slots=True, repr=False)
class Exchange:
    """`genuine`: what the card said; `given`: what the device was told, None for a fault."""

    sent: bytes
    genuine: Answer
    given: Answer | None

    @property
    def altered(self) -> bool:
        return self.given != self.genuine


@dataclass(repr=False)
class FuzzedCard:
    """`exchanges`: of this session, in order. `altered`: how many answers were not the card's.

    `after_cancel`: APDUs that came after a cancel within one call.
    """

    card: VirtualCard
    chance: Random
    mood: Mood
    exchanges: list[Exchange] = field(default_factory=list)
    altered: int = 0
    after_cancel: int = 0

    def __post_init__(self) -> None:
        self._cancel: Callable[[], None] | None = None
        self._until_cancel = 0
        self._changes: tuple[Callable[[Answer], Answer], ...] = (
            self._hurt_data,
            self._hurt_data,
            self._other_status,
            self._other_status,
            self._cut,
            self._extend,
            self._repeat,
            self._speak,
            self._all_other,
        )

    @property
    def longest_answer(self) -> int:
        return self.mood.longest_answer

    @property
    def reader_fault(self) -> FaultCode:
        return FaultCode.READER_LOST

    def watch(self, post: Callable[[CardPresence], None]) -> None:
        post(CardPresence.PRESENT)

    def stop(self) -> None:
        self.disconnect()

    def connect(self) -> bytes:
        if self.chance.random() < self.mood.strange_connect:
            raise DeviceError(self.chance.choice((*FAULTS, FaultCode.CARD_NOT_MYNUMBER)))
        self.card.power_on()
        return self.card.atr

    def disconnect(self) -> None:
        self.card.power_off()

    def cancel(self) -> None:
        """Nothing here ever waits."""

    def cancel_soon(self, cancel: Callable[[], None]) -> None:
        """Forget an earlier cancel; sometimes call `cancel` during one of the next commands."""
        self._cancel = cancel if self.chance.random() < 0.02 else None
        self._until_cancel = self.chance.choice((1, 2, 3, 5, 8))

    def transmit(self, apdu: bytes) -> Answer:
        if self._cancel is not None:
            self._until_cancel -= 1
            self.after_cancel += self._until_cancel < 0
            if self._until_cancel == 0:
                self._cancel()
        raw = self.card.process(apdu)
        exchange = Exchange(apdu, (raw[:-2], int.from_bytes(raw[-2:], "big")), None)
        self.exchanges.append(exchange)
        wanted = self.mood.only in {None, apdu[1]}
        if wanted and self.chance.random() < self.mood.rate:
            self._alter(exchange)
        else:
            exchange.given = exchange.genuine
        self.altered += exchange.altered
        if exchange.given is None:
            raise DeviceError(self.chance.choice(FAULTS))
        return exchange.given

    def _alter(self, exchange: Exchange) -> None:
        """Half of the changes keep the length and the status word, so that they get past the first look."""
        if self.chance.random() < 0.05:
            return
        if self.chance.random() < 0.5 and exchange.genuine[0]:
            data = bytearray(exchange.genuine[0])
            for _ in range(self.chance.choice((1, 1, 1, 3, 64))):
                data[self.chance.randrange(len(data))] ^= 1 << self.chance.randrange(8)
            exchange.given = bytes(data), exchange.genuine[1]
            return
        exchange.given = self.chance.choice(self._changes)(exchange.genuine)

    def _hurt_data(self, answer: Answer) -> Answer:
        """Structured harm cut or filled to the length that was asked for, or left as it is."""
        data = mutate(self.chance, answer[0])
        if self.chance.random() < 0.7:
            data = data[: len(answer[0])].ljust(len(answer[0]), b"\xff")
        return data, answer[1]

    def _other_status(self, answer: Answer) -> Answer:
        status = self.chance.choice(_STATUS) if self.chance.random() < 0.9 else self.chance.randrange(0x10000)
        return (answer[0] if self.chance.random() < 0.5 else b""), status

    def _cut(self, answer: Answer) -> Answer:
        return answer[0][: self.chance.randrange(len(answer[0]) + 1)], answer[1]

    def _extend(self, answer: Answer) -> Answer:
        size = self.chance.choice((1, 1, 2, 256, LONGEST - len(answer[0])))
        return answer[0] + self.chance.choice((b"\x00", b"\xff", b"\x90")) * size, answer[1]

    def _repeat(self, answer: Answer) -> Answer:
        """An earlier genuine answer once more."""
        earlier = self.chance.choice(self.exchanges)
        return earlier.genuine if len(earlier.genuine[0]) == len(answer[0]) else (earlier.genuine[0], answer[1])

    def _speak(self, answer: Answer) -> Answer:
        size = len(answer[0])
        return (MARK * (size // len(MARK) + 1))[: size or None], answer[1]

    def _all_other(self, _: Answer) -> Answer:
        size = self.chance.choice((0, 1, 4, 7, 96, 256, LONGEST))
        return self.chance.randbytes(size), self.chance.choice(_STATUS)


def mood(chance: Random) -> Mood:
    """Mostly gentle, so that calls get deep; sometimes one instruction only; now and then every answer is wrong."""
    return Mood(
        rate=chance.choice((0.02, 0.05, 0.1, 0.3, 1.0)),
        only=chance.choice((None, None, None, 0xB0, 0x2A, 0x20, 0xA4)),
        longest_answer=chance.choice((256, 256, 261, 1_000, 4_096, 65_536)),
        strange_connect=chance.choice((0.0, 0.0, 0.0, 0.1)),
    )
