"""Issue 3, item 6: whatever is asked of `CardService` and whatever the card answers, only the allow-list leaves.

Nothing but DeviceError escapes. What left is judged by second_allow_list.py, which shares nothing with the guard. Two
cards: one that answers at random, and a whole virtual card some of whose answers are replaced, so that calls get deep.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.card.certificates import load_trust
from firmware.card.guard import Guard
from firmware.card.service import CardService
from firmware.core.evidence import FaceRecord
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState
from firmware.core.secret import Secret
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import create_issuers
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import invented_person
from firmware.sim.card.pictures import stand_in_photo
from tests.property.card.second_allow_list import INFO, JPKI, SURFACE, Sent, violation
from tests.unit.card.test_card_guard import ALLOWED, FORBIDDEN
from tests.unit.card.test_card_guard_transport import ALSO_ALLOWED, FURTHER

Answer = tuple[bytes, int]
Replacement = Answer | FaultCode
TODAY = date(2026, 1, 10)
NOW = datetime(2026, 1, 10, tzinfo=UTC).timestamp()
PERSON = invented_person(TODAY)
NUMBER_B, PIN = PERSON.number_b.encode(), PERSON.pin.encode()
TWELVE_DIGITS = PERSON.number_a.encode()


@dataclass
class Recorder:
    """A transport that keeps what it was given. `replaced`: answers by the number of the APDU, from 0.

    All other answers come from `card`; without one they are 9000, with as many bytes as a READ asked for.
    """

    replaced: Mapping[int, Replacement]
    card: VirtualCard | None = None
    longest_answer: int = 65_536
    sent: list[Sent] = field(default_factory=list)
    count: int = 0

    @property
    def reader_fault(self) -> FaultCode:
        return FaultCode.READER_LOST

    def watch(self, _: object) -> None:
        pytest.fail("nobody watches a reader here")

    def stop(self) -> None:
        pytest.fail("nobody watches a reader here")

    def connect(self) -> bytes:
        self.disconnect()
        return b"\x3b"

    def disconnect(self) -> None:
        self.sent.append((b"", 0))
        if self.card is not None:
            self.card.power_on()

    def cancel(self) -> None:
        return

    def transmit(self, apdu: bytes) -> Answer:
        answer = self._answer(apdu)
        self.count += 1
        if isinstance(answer, FaultCode):
            self.sent.append((apdu, 0))
            raise DeviceError(answer)
        self.sent.append((apdu, answer[1]))
        return answer

    def _answer(self, apdu: bytes) -> Replacement:
        replacement = self.replaced.get(self.count)
        if isinstance(replacement, FaultCode):
            return replacement
        if replacement is not None:
            data, sw = replacement
            return ((data * 256)[: wanted(apdu)] if apdu[1] == 0xB0 and sw == 0x9000 else data), sw
        if self.card is None:
            return bytes(wanted(apdu) if apdu[1] == 0xB0 else 0), 0x9000
        answer = self.card.process(apdu)
        return answer[:-2], int.from_bytes(answer[-2:], "big")


def wanted(apdu: bytes) -> int:
    """Le of a READ BINARY, at most 4,096 here."""
    return min(int.from_bytes(apdu[4:], "big") or 256, 4_096)


STATUS = st.sampled_from(
    [*[0x9000] * 8, 0x63CA, 0x63C3, 0x63C1, 0x63C0, 0x6983, 0x6984, 0x6300, 0x6982, 0x6A82, 0x6700, 0x6B00, 0x6282, 0]
)
START = [bytes.fromhex(text) for text in ("FF20820200DF22", "30820100", "7F21820233", "0000FF208190", "FF", "3080")]
LABELS = [b"JPKIAPICCTOKEN2".ljust(32), b"JPKIAPGPSETOKEN".ljust(32), b"JPKIAPIOSTOKEN".ljust(32)]
DATA = st.one_of(st.just(b""), st.sampled_from([*START, *LABELS]), st.binary(max_size=300))
FAULTS = st.sampled_from([FaultCode.CARD_GONE, FaultCode.CARD_SILENT, FaultCode.CARD_GARBAGE, FaultCode.PCSC_DOWN])
ANSWERS = st.one_of(st.tuples(DATA, STATUS), FAULTS)
READERS = st.sampled_from([256, 1_000, 65_536])

CODES = st.one_of(
    st.sampled_from([PIN, NUMBER_B, TWELVE_DIGITS, b"0000", b"", b"12345678901234"]),
    st.text("0123456789", max_size=16).map(str.encode),
    st.binary(max_size=16),
)
VERBS = st.sampled_from(
    ["identify", "unlock", "unlock", "record", "chip", "certificate", "tries", "sign", "sign", "release", "cancel"],
)
CALLS = st.lists(st.tuples(VERBS, CODES), max_size=14)


@cache
def image() -> CardImage:
    with TemporaryDirectory() as folder:
        return issue_card(Path(folder), PERSON, stand_in_photo((60, 80)), create_issuers(TODAY))


class Caller:
    """Calls everything `ports.Card` has; the record checked is the one read last."""

    def __init__(self, service: CardService) -> None:
        self._service = service
        self._record: FaceRecord | None = None

    def call(self, verb: str, code: bytes) -> None:
        with contextlib.suppress(DeviceError):
            self._call(verb, code)

    def _call(self, verb: str, code: bytes) -> None:
        service, some = self._service, Secret(code)
        match verb:
            case "identify":
                service.identify()
            case "unlock":
                service.unlock(some)
            case "record":
                self._record = service.read_record()
            case "chip":
                made_up = FaceRecord(some, some, some, some, code, code, code, some)
                service.check_chip(self._record or made_up, code * 2 if len(code) == 16 else bytes(32))
            case "certificate":
                service.read_certificate(NOW, ClockState.SYNCED)
            case "tries":
                service.pin_tries()
            case "sign":
                service.sign_with_pin(some, code * 9)
            case "release":
                service.release()
            case _:
                service.cancel()


def run(transport: Recorder, calls: list[tuple[str, bytes]]) -> None:
    trust = load_trust([], frozenset())
    caller = Caller(CardService(transport, trust))
    for verb, code in [("identify", b""), *calls]:
        caller.call(verb, code)
    assert violation(transport.sent) is None
    counted = [raw for raw, _ in transport.sent if raw]
    assert not any(TWELVE_DIGITS in raw or bytes.fromhex(PERSON.number_a) in raw for raw in counted)
    for before, raw in zip([b"", *counted], counted, strict=False):
        if raw[1] == 0x20 and len(raw) > 4:
            assert before == bytes.fromhex("00200080")


@settings(max_examples=400, deadline=None)
@given(st.lists(ANSWERS, max_size=40), CALLS, READERS)
def test_nothing_outside_the_allow_list_leaves(
    answers: list[Replacement], calls: list[tuple[str, bytes]], longest: int
) -> None:
    run(Recorder(dict(enumerate(answers)), longest_answer=longest), calls)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.integers(0, 60), ANSWERS, max_size=4), CALLS, READERS)
def test_nor_from_a_card_that_mostly_answers_as_it_should(
    replaced: dict[int, Replacement], calls: list[tuple[str, bytes]], longest: int
) -> None:
    run(Recorder(replaced, VirtualCard(image()), longest), calls)


WHOLE_VISIT = [("unlock", NUMBER_B), ("record", b""), ("chip", b"x" * 16), ("certificate", b""), ("sign", PIN)]


def test_a_whole_visit_uses_everything_on_the_list() -> None:
    for longest in (256, 65_536):
        transport = Recorder({}, VirtualCard(image()), longest)
        run(transport, WHOLE_VISIT)
        sent = [raw.hex().upper() for raw, _ in transport.sent]
        selected = {text[10:] for text in sent if text.startswith("00A4")}
        assert selected >= {SURFACE, JPKI, "0002", "0004", "0006", "000A", "000B", "0012", "0017", "0018"}
        assert {text[:4] for text in sent if text} == {"00A4", "0020", "00B0", "802A"}
        assert any(len(text) == 14 and text.startswith("00B0") for text in sent) is (longest > 256)


def after(*commands: str) -> list[Sent]:
    return [(bytes.fromhex(each), 0x9000) for each in commands]


def test_both_allow_lists_say_the_same_of_the_written_examples() -> None:
    for setup, text in [*ALLOWED, *(entry[:2] for entry in ALSO_ALLOWED)]:
        assert violation(after(*setup, text)) is None, text
    for setup, text, name in [*FORBIDDEN, *FURTHER]:
        assert text == "" or violation(after(*setup, text)) is not None, name


HEADERS = [
    *("00A4040C", "00A4020C", "00200080", "00B00000", "00B07FFF", "802A0000", "802A0080"),
    *("00A4000C", "00A40400", "10200080", "00B08500", "00B0FF00", "00A4024C", "802A0180", "802A009A", "002A0080"),
    *("00200093", "01B00000", "80200080", "00B20104", "00CA0042", "80A206C1", "00240180", "002C0280"),
]
FILES = ["0002", "0003", "0004", "0005", "0006", "000A", "000B", "0012", "0013", "0017", "0018", "001B"]
SIGNED = [bytes.fromhex(INFO) + bytes(32), bytes(48), bytes(51), bytes(47)]
BODIES = [
    *(bytes.fromhex(text) for text in ("", "0A" + SURFACE, "0A" + JPKI, "0AD3921000310001010408", "05D392100031")),
    *(b"\x02" + bytes.fromhex(name) for name in FILES),
    *(bytes((count,)) + b"1" * count for count in (14, 4, 12)),
    *(b"\x00\x00" + bytes((count,)) + b"1" * count for count in (14, 4, 12)),
    *(bytes((len(block),)) + block for block in SIGNED),
    *(b"\x00\x00" + bytes((len(block),)) + block for block in SIGNED),
]
TAILS = [b"", b"\x00", b"\x07", b"\x01\x00", b"\x00\x02\x00"]
COMBINED = [bytes.fromhex(header) + body + tail for header in HEADERS for body in BODIES for tail in TAILS]
SETUPS = sorted({setup for setup, _ in ALLOWED})


@pytest.mark.parametrize("setup", SETUPS)
def test_both_allow_lists_say_the_same_of_every_combination(setup: tuple[str, ...]) -> None:
    for raw in COMBINED:
        guard = Guard()
        for command, sw in after(*setup):
            guard.check(command)
            guard.settle(sw)
        try:
            guard.check(raw)
        except DeviceError:
            assert violation([*after(*setup), (raw, 0x9000)]) is not None, raw.hex()
        else:
            assert violation([*after(*setup), (raw, 0x9000)]) is None, raw.hex()


FITTING = [bytes.fromhex(text) for _, text in ALLOWED]
WRITTEN = [bytes.fromhex(text) for _, text, _ in [*FORBIDDEN, *FURTHER]]
ANY = st.one_of(*(st.sampled_from(each) for each in (FITTING, FITTING, WRITTEN, COMBINED)), st.binary(max_size=20))
# Something is selected, and then comes what may: without it nearly everything would be refused for one reason.
BLOCKS = st.lists(
    st.tuples(
        st.sampled_from(SETUPS),
        st.lists(st.tuples(ANY, st.sampled_from([0x9000, 0x9000, 0x6A82])), min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=250, deadline=None)
@given(BLOCKS)
def test_the_guard_alone_lets_nothing_else_through(blocks: list[tuple[tuple[str, ...], list[Sent]]]) -> None:
    guard, passed = Guard(), []
    for raw, sw in (each for setup, more in blocks for each in [*after(*setup), *more]):
        try:
            guard.check(raw)
        except DeviceError:
            continue
        guard.settle(sw)
        passed.append((raw, sw))
        assert violation(passed) is None
