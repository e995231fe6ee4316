"""Whatever is asked of `CardService` and whatever the card answers: only the allow-list leaves the device.

Nothing but DeviceError escapes. The checker here is written apart from the guard: it walks the recorded bytes with its
own state.
"""

import contextlib
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.card.certificates import load_trust
from firmware.card.guard import Guard
from firmware.card.service import CardService
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import ClockState
from firmware.core.secret import Secret
from firmware.ports import FaceRecord

Answer = tuple[bytes, int]
SURFACE, JPKI = "D3921000310001010402", "D392F000260100000001"
INFO = "3031300D060960864801650304020105000420"


@dataclass
class Recorder:
    """A card that answers what it is told, shaped a little so that calls get deep; faults now and then."""

    answers: list[Answer | FaultCode]
    sent: list[tuple[bytes, int]] = field(default_factory=list)

    def watch(self, post: object) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def connect(self) -> bytes:
        self.sent.append((b"", 0))
        return b"\x3b"

    def disconnect(self) -> None:
        self.sent.append((b"", 0))

    def cancel(self) -> None:
        return

    def transmit(self, apdu: bytes) -> Answer:
        answer = self.answers.pop(0) if self.answers else (b"", 0x9000)
        if isinstance(answer, FaultCode):
            self.sent.append((apdu, 0))
            raise DeviceError(answer)
        data, sw = answer
        if apdu[1] == 0xB0 and sw == 0x9000:
            data = (data * 256)[: apdu[4] or 256]
        self.sent.append((apdu, sw))
        return data, sw


def violation(sent: list[tuple[bytes, int]]) -> str | None:
    """Own reading of the allow-list (card.md 7), by whole byte strings."""
    application = file = ""
    for raw, sw in sent:
        text = raw.hex().upper()
        if not text:
            application = file = ""
        elif text.startswith("00A4040C"):
            if text[8:] not in {"0A" + SURFACE, "0A" + JPKI}:
                return text[:8] + " application"
            application, file = (text[10:] if sw == 0x9000 else ""), ""
        elif text.startswith("00A4020C02"):
            allowed = {SURFACE: {"0002", "0004", "0012"}, JPKI: {"0006", "000A", "000B", "0017", "0018"}}
            if text[10:] not in allowed.get(application, set()):
                return text[:8] + " file"
            file = text[10:] if sw == 0x9000 else ""
        elif not allowed_on(application, file, text):
            return text[:8]
    return None


def allowed_on(application: str, file: str, text: str) -> bool:
    place, body = (application, file), text[10:]
    if text.startswith("00B0"):
        readable = {(SURFACE, "0002"), (SURFACE, "0004"), (JPKI, "0006"), (JPKI, "000A"), (JPKI, "000B")}
        return place in readable and text[4] < "8" and len(text) == 10
    if text.startswith("00200080"):
        size = {(SURFACE, "0012"): 14, (JPKI, "0018"): 4}.get(place)
        digits = len(body) == 2 * (size or 0) and all(
            body[i] == "3" and body[i + 1] in "0123456789" for i in range(0, len(body), 2)
        )
        return size is not None and (len(text) == 8 or (digits and int(text[8:10], 16) == size))
    if text.startswith("802A0000"):
        return application == SURFACE and len(text) == 114 and body.startswith(INFO) and text[-2:] == "00"
    return text.startswith("802A008033" + INFO) and place == (JPKI, "0017") and len(text) == 114 and text[-2:] == "00"


STATUS = st.one_of(
    st.just(0x9000),
    st.sampled_from(
        [0x9000, 0x63CA, 0x63C3, 0x63C1, 0x63C0, 0x6983, 0x6984, 0x6300, 0x6982, 0x6A82, 0x6B00, 0x6282, 0]
    ),
)
START = [bytes.fromhex(text) for text in ("FF20820200DF22", "30820100", "7F21820233", "0000FF208190", "FF", "3080")]
DATA = st.one_of(st.just(b""), st.sampled_from(START), st.binary(max_size=300))
FAULTS = st.sampled_from([FaultCode.CARD_GONE, FaultCode.CARD_SILENT, FaultCode.CARD_GARBAGE, FaultCode.PCSC_DOWN])
ANSWERS = st.lists(st.one_of(st.tuples(st.just(b""), st.just(0x9000)), st.tuples(DATA, STATUS), FAULTS), max_size=40)

CODES = st.one_of(
    st.sampled_from([b"2963", b"0000", b"47110320344817", b"000000000001", b"", b"12345678901234"]),
    st.text("0123456789", max_size=16).map(str.encode),
    st.binary(max_size=16),
)
VERBS = st.sampled_from(
    ["identify", "identify", "unlock", "record", "chip", "certificate", "tries", "sign", "release", "cancel"],
)
CALLS = st.lists(st.tuples(VERBS, CODES), max_size=14)
TRUST = load_trust([], frozenset())


def call(service: CardService, verb: str, code: bytes) -> None:
    some = Secret(code)
    record = FaceRecord(some, some, some, some, code, code, code, some)
    match verb:
        case "identify":
            service.identify()
        case "unlock":
            service.unlock(some)
        case "record":
            service.read_record()
        case "chip":
            service.check_chip(record, code * 2)
        case "certificate":
            service.read_certificate(1.8e9, ClockState.SYNCED)
        case "tries":
            service.pin_tries()
        case "sign":
            service.sign_with_pin(some, bytes(32))
        case "release":
            service.release()
        case _:
            service.cancel()


@settings(max_examples=600, deadline=None)
@given(ANSWERS, CALLS)
def test_nothing_outside_the_allow_list_leaves(
    answers: list[Answer | FaultCode], calls: list[tuple[str, bytes]]
) -> None:
    card = Recorder(list(answers))
    service = CardService(card, TRUST)
    with contextlib.suppress(DeviceError):
        service.identify()
    for verb, code in calls:
        with contextlib.suppress(DeviceError):
            call(service, verb, code)
    assert violation(card.sent) is None
    counted = [raw for raw, _ in card.sent if raw]
    for before, raw in zip([b"", *counted], counted, strict=False):
        if raw[1] == 0x20 and len(raw) > 4:
            assert before == bytes.fromhex("00200080")


HEADERS = ["00A4040C", "00A4020C", "00200080", "00B00000", "802A0000", "802A0080", "00A4000C", "10200080", "00B08500"]
FILES = ["0002", "0004", "0005", "0006", "000A", "0012", "0013", "0017", "0018"]
BODIES = [
    *(bytes.fromhex(text) for text in ("", "0A" + SURFACE, "0A" + JPKI, "0AD3921000310001010408")),
    *(b"\x02" + bytes.fromhex(name) for name in FILES),
    *(bytes((count,)) + b"1" * count for count in (14, 4, 12)),
    bytes.fromhex("33" + INFO) + bytes(32),
]
SHAPES = st.builds(
    lambda header, body, tail: bytes.fromhex(header) + body + tail,
    st.sampled_from(HEADERS),
    st.sampled_from(BODIES),
    st.sampled_from([b"", b"\x00", b"\x07", b"\x00\x00\x00"]),
)
ANY = st.one_of(SHAPES, SHAPES, st.binary(max_size=20))
RAW = st.lists(st.tuples(ANY, st.sampled_from([0x9000, 0x9000, 0x6A82])), max_size=30)


@settings(max_examples=600, deadline=None)
@given(RAW)
def test_the_guard_alone_lets_nothing_else_through(stream: list[tuple[bytes, int]]) -> None:
    guard, passed = Guard(), []
    for raw, sw in stream:
        try:
            guard.check(raw)
        except DeviceError:
            continue
        guard.settle(sw)
        if not (raw[1] == 0xB0 and len(raw) == 7):  # extended READs are allowed, but not in the checker's words
            passed.append((raw, sw))
    assert violation(passed) is None
