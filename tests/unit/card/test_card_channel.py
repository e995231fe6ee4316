"""The channel on a hand-written fake: what goes out, in which order, and what is written into the log."""

import pytest

from firmware.card.apdu import CommandApdu
from firmware.card.channel import CardChannel, FileShape
from firmware.card.names import Application, SurfaceFile
from firmware.card.tlv import TlvError, TlvTooLargeError
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from tests.unit.card.card_fakes import JPKI, SURFACE, FakeCard

SHAPE = FileShape(tag=0xFF20, probe=7, limit=32_768, stray=2)


def file_of(length: int, stray: bytes = b"", filler: int = 300) -> bytes:
    body = bytes(number % 251 for number in range(length))
    return stray + b"\xff\x20\x82" + length.to_bytes(2, "big") + body + b"\xff" * filler


def channel_on(content: bytes) -> tuple[CardChannel, FakeCard]:
    card = FakeCard(files={(SURFACE, 2): content}, secrets={(SURFACE, 0x12): [b"1" * 14, 10]})
    channel = CardChannel(card)
    channel.connect()
    channel.select_file(Application.SURFACE, SurfaceFile.RECORD)
    return channel, card


def reads(card: FakeCard) -> list[tuple[int, int]]:
    return [(apdu[2] << 8 | apdu[3], apdu[4] or 256) for apdu in card.sent if apdu[1] == 0xB0]


def fault_of(error: pytest.ExceptionInfo[DeviceError]) -> FaultCode:
    return error.value.code


def test_selects_are_sent_once() -> None:
    channel, card = channel_on(file_of(1))
    channel.select_file(Application.SURFACE, SurfaceFile.RECORD)
    channel.select_application(Application.SURFACE)
    assert [apdu.hex() for apdu in card.sent] == ["00a4040c0a" + SURFACE.hex(), "00a4020c020002"]


def test_switching_the_application_selects_the_file_again() -> None:
    channel, card = channel_on(file_of(1))
    channel.select_application(Application.JPKI)
    channel.select_file(Application.SURFACE, SurfaceFile.RECORD)
    assert [apdu[5:] for apdu in card.sent] == [SURFACE, b"\0\2", JPKI, SURFACE, b"\0\2"]


def test_a_new_connection_has_nothing_selected() -> None:
    channel, card = channel_on(file_of(1))
    channel.connect()
    channel.select_application(Application.SURFACE)
    assert (len(card.sent), card.connects) == (3, 2)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (1, [(0, 7)]),
        (2, [(0, 7)]),
        (3, [(0, 7), (7, 1)]),
        (258, [(0, 7), (7, 256)]),
        (259, [(0, 7), (7, 256), (263, 1)]),
        (600, [(0, 7), (7, 256), (263, 256), (519, 86)]),
    ],
)
def test_files_are_read_by_their_header_without_filler(length: int, expected: list[tuple[int, int]]) -> None:
    channel, card = channel_on(file_of(length))
    content = channel.read_file(SHAPE)
    assert reads(card) == expected
    assert bytes(content.view()) == file_of(length, filler=0)


@pytest.mark.parametrize("stray", [b"\x00", b"\xff\xff", b"\xff\x00"])
def test_stray_bytes_before_the_tag_are_dropped(stray: bytes) -> None:
    channel, card = channel_on(file_of(400, stray))
    assert bytes(channel.read_file(SHAPE).view()) == file_of(400, filler=0)
    last_offset, last_count = reads(card)[-1]
    assert last_offset + last_count == len(stray) + 405


@pytest.mark.parametrize("content", [b"\x00" * 40, b"\x00\x00\x00" + file_of(9), b"\xff\x20\x80" + bytes(40)])
def test_a_file_that_begins_otherwise_is_refused(content: bytes) -> None:
    channel, _ = channel_on(content)
    with pytest.raises(TlvError):
        channel.read_file(SHAPE)


def test_the_longest_file_is_read_and_a_longer_one_is_not() -> None:
    channel, card = channel_on(file_of(32_763, filler=0))
    assert len(channel.read_file(SHAPE)) == 32_768
    assert max(offset for offset, _ in reads(card)) < 0x8000
    channel, card = channel_on(file_of(32_764, filler=0))
    with pytest.raises(TlvTooLargeError):
        channel.read_file(SHAPE)
    assert reads(card) == [(0, 7)]


def test_stray_bytes_count_towards_the_longest_file() -> None:
    channel, _ = channel_on(file_of(32_763, b"\0\0", filler=0))
    with pytest.raises(TlvTooLargeError):
        channel.read_file(SHAPE)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ((b"", 0x6B00), "READ BINARY answered 6B00"),
        ((b"12345", 0x6282), "READ BINARY answered 6282"),
        ((b"", 0x6982), "READ BINARY answered 6982"),
        ((b"123", 0x9000), "READ BINARY came short"),
        ((b"", 0x9000), "READ BINARY came short"),
        ((bytes(8), 0x9000), "more data than asked for"),
        ((b"", 0x1234), "no status word"),
    ],
)
def test_answers_that_fit_no_read_are_garbage(answer: tuple[bytes, int], detail: str) -> None:
    channel, card = channel_on(file_of(400))
    card.script[3] = answer
    with pytest.raises(DeviceError) as caught:
        channel.read_file(SHAPE)
    assert (fault_of(caught), caught.value.detail) == (FaultCode.CARD_GARBAGE, detail)


def test_a_lie_about_the_length_ends_at_the_end_of_the_file() -> None:
    channel, card = channel_on(file_of(400, filler=0)[:300])
    with pytest.raises(DeviceError) as caught:
        channel.read_file(SHAPE)
    assert fault_of(caught) is FaultCode.CARD_GARBAGE
    assert len(reads(card)) == 3


def test_a_select_that_returns_data_is_garbage() -> None:
    card = FakeCard(script={1: (b"x", 0x9000)})
    with pytest.raises(DeviceError) as caught:
        CardChannel(card).select_application(Application.JPKI)
    assert fault_of(caught) is FaultCode.CARD_GARBAGE


@pytest.mark.parametrize("sw", [0x6A82, 0x6D00, 0x6E00, 0x6A81, 0x6999])
def test_an_application_is_there_only_with_9000(sw: int) -> None:
    channel = CardChannel(FakeCard(script={1: (b"", sw), 2: (b"", sw)}))
    assert not channel.has_application(Application.JPKI)
    with pytest.raises(DeviceError) as caught:
        channel.select_application(Application.JPKI)
    assert fault_of(caught) is FaultCode.CARD_GARBAGE


def test_a_missing_file_is_garbage() -> None:
    channel = CardChannel(FakeCard(script={2: (b"", 0x6A82)}))
    with pytest.raises(DeviceError, match="SELECT answered 6A82"):
        channel.select_file(Application.SURFACE, SurfaceFile.RECORD)


def test_the_guard_stands_before_the_transport_and_the_log() -> None:
    channel, card = channel_on(file_of(1))
    sent, logged = len(card.sent), len(channel.log)
    with pytest.raises(DeviceError) as caught:
        channel.send(CommandApdu(0, 0xA4, 2, 0x0C, b"\x00\x13"))
    assert fault_of(caught) is FaultCode.GUARD_REFUSED
    assert (len(card.sent), len(channel.log)) == (sent, logged)


def test_after_a_fault_everything_has_to_be_selected_again() -> None:
    channel, card = channel_on(file_of(400))
    card.script[3] = DeviceError(FaultCode.CARD_GONE)
    with pytest.raises(DeviceError):
        channel.read(0, 7)
    with pytest.raises(DeviceError) as caught:
        channel.read(0, 7)
    assert fault_of(caught) is FaultCode.GUARD_REFUSED
    assert len(card.sent) == 3


def test_cancel_ends_the_operation_before_the_next_apdu_until_a_new_one_begins() -> None:
    channel, card = channel_on(file_of(1))
    channel.cancel()
    with pytest.raises(DeviceError) as caught:
        channel.read(0, 1)
    assert fault_of(caught) is FaultCode.CARD_SILENT
    assert (len(card.sent), card.cancels) == (2, 1)
    channel.begin()
    assert len(channel.read(0, 1)) == 1


def test_the_log_holds_lengths_and_no_data() -> None:
    ticks = iter(range(100))
    card = FakeCard(secrets={(SURFACE, 0x12): [b"7" * 14, 10]})
    channel = CardChannel(card, clock=lambda: float(next(ticks)))
    channel.select_file(Application.SURFACE, SurfaceFile.NUMBER_B)
    channel.verify(Secret(b"7" * 14))
    line = channel.log[-1]
    assert (line.header, line.sent, line.received, line.sw, line.fault) == ("00200080", 14, 0, 0x9000, None)
    assert (line.target, line.at, line.seconds) == ("surface/0012", 4.0, 1.0)
    text = "\n".join(f"{line} {line!r}" for line in channel.log)
    assert "7777" not in text
    assert b"7777".hex() not in text
    assert str(line).split() == ["00200080", "14", ">", "0", "9000", "1000.0", "ms", "surface/0012"]


def test_the_log_shows_exchanges_without_answer() -> None:
    card = FakeCard(script={1: DeviceError(FaultCode.CARD_SILENT)})
    channel = CardChannel(card)
    with pytest.raises(DeviceError):
        channel.has_application(Application.JPKI)
    assert (channel.log[0].sw, channel.log[0].fault) == (None, FaultCode.CARD_SILENT)
    assert "CRD-002" in str(channel.log[0])


def test_the_log_is_bounded() -> None:
    channel, _ = channel_on(file_of(1))
    for _ in range(2_100):
        channel.read(0, 1)
    assert len(channel.log) == 2_048


def test_a_file_given_up_halfway_is_wiped() -> None:
    channel, card = channel_on(file_of(600))
    card.script[5] = DeviceError(FaultCode.CARD_GONE)
    with pytest.raises(DeviceError) as caught:
        channel.read_file(SHAPE)
    frames = [entry.frame.f_locals for entry in caught.traceback if "buffer" in entry.frame.f_locals]
    assert frames
    assert all(not any(frame["buffer"]) for frame in frames)


@pytest.mark.parametrize(("sw", "tries"), [(0x63CA, 10), (0x63C0, 0), (0x6984, 0), (0x6983, 0), (0x9000, None)])
def test_counting_tries(sw: int, tries: int | None) -> None:
    card = FakeCard(script={3: (b"", sw)})
    channel = CardChannel(card)
    channel.select_file(Application.SURFACE, SurfaceFile.NUMBER_B)
    assert channel.count_tries() == tries
    assert card.sent[2].hex() == "00200080"


@pytest.mark.parametrize("sw", [0x6300, 0x6A88, 0x6700])
def test_a_counter_the_card_does_not_tell_is_garbage(sw: int) -> None:
    channel = CardChannel(FakeCard(script={3: (b"", sw)}))
    channel.select_file(Application.SURFACE, SurfaceFile.NUMBER_B)
    with pytest.raises(DeviceError, match=f"{sw:04X}"):
        channel.count_tries()
