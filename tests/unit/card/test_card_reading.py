"""Files read by their header: lengths, stray bytes, filler, lies; short READs and READs of extended length."""

import pytest

from firmware.card.channel import CardChannel
from firmware.card.names import Application, SurfaceFile
from firmware.card.reading import FileShape, read_file
from firmware.card.tlv import TlvError, TlvTooLargeError
from firmware.core.faults import DeviceError, FaultCode
from tests.unit.card.card_fakes import SURFACE, FakeCard

SHAPE = FileShape(tag=0xFF20, probe=7, limit=32_768, stray=2)


def file_of(length: int, stray: bytes = b"", filler: int = 300) -> bytes:
    body = bytes(number % 251 for number in range(length))
    return stray + b"\xff\x20\x82" + length.to_bytes(2, "big") + body + b"\xff" * filler


def channel_on(content: bytes, **options: int) -> tuple[CardChannel, FakeCard]:
    card = FakeCard(files={(SURFACE, 2): content}, **options)  # type: ignore[arg-type]  # only whole numbers are given
    channel = CardChannel(card)
    channel.connect()
    channel.select_file(Application.SURFACE, SurfaceFile.RECORD)
    return channel, card


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
    content = read_file(channel, SHAPE)
    assert card.reads() == expected
    assert bytes(content.view()) == file_of(length, filler=0)


@pytest.mark.parametrize("stray", [b"\x00", b"\xff\xff", b"\xff\x00"])
def test_stray_bytes_before_the_tag_are_dropped(stray: bytes) -> None:
    channel, card = channel_on(file_of(400, stray))
    assert bytes(read_file(channel, SHAPE).view()) == file_of(400, filler=0)
    last_offset, last_count = card.reads()[-1]
    assert last_offset + last_count == len(stray) + 405


@pytest.mark.parametrize("content", [b"\x00" * 40, b"\x00\x00\x00" + file_of(9), b"\xff\x20\x80" + bytes(40)])
def test_a_file_that_begins_otherwise_is_refused(content: bytes) -> None:
    channel, _ = channel_on(content)
    with pytest.raises(TlvError):
        read_file(channel, SHAPE)


def test_the_longest_file_is_read_and_a_longer_one_is_not() -> None:
    channel, card = channel_on(file_of(32_763, filler=0))
    assert len(read_file(channel, SHAPE)) == 32_768
    assert max(offset for offset, _ in card.reads()) < 0x8000
    channel, card = channel_on(file_of(32_764, filler=0))
    with pytest.raises(TlvTooLargeError):
        read_file(channel, SHAPE)
    assert card.reads() == [(0, 7)]


def test_stray_bytes_count_towards_the_longest_file() -> None:
    channel, _ = channel_on(file_of(32_763, b"\0\0", filler=0))
    with pytest.raises(TlvTooLargeError):
        read_file(channel, SHAPE)


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
        read_file(channel, SHAPE)
    assert (caught.value.code, caught.value.detail) == (FaultCode.CARD_GARBAGE, detail)


def test_a_lie_about_the_length_ends_at_the_end_of_the_file() -> None:
    channel, card = channel_on(file_of(400, filler=0)[:300])
    with pytest.raises(DeviceError) as caught:
        read_file(channel, SHAPE)
    assert caught.value.code is FaultCode.CARD_GARBAGE
    assert len(card.reads()) == 3


def test_a_file_given_up_halfway_is_wiped() -> None:
    channel, card = channel_on(file_of(600))
    card.script[5] = DeviceError(FaultCode.CARD_GONE)
    with pytest.raises(DeviceError) as caught:
        read_file(channel, SHAPE)
    frames = [entry.frame.f_locals for entry in caught.traceback if "buffer" in entry.frame.f_locals]
    assert frames
    assert all(not any(frame["buffer"]) for frame in frames)


# ---- extended length -------------------------------------------------------------------------------------------


def extended_channel(length: int, **options: int) -> tuple[CardChannel, FakeCard]:
    channel, card = channel_on(file_of(length), **options)
    assert channel.carries_extended
    channel.try_extended(96)
    del card.sent[:]
    return channel, card


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (3, [(0, 7), (7, 1)]),
        (258, [(0, 7), (7, 256)]),
        (259, [(0, 7), (7, 257)]),
        (6_000, [(0, 7), (7, 5_998)]),
        (16_387, [(0, 7), (7, 16_384), (16_391, 1)]),
        (32_763, [(0, 7), (7, 16_384), (16_391, 16_377)]),
    ],
)
def test_a_card_of_extended_length_gives_as_much_as_a_read_carries(
    length: int, expected: list[tuple[int, int]]
) -> None:
    channel, card = extended_channel(length)
    assert bytes(read_file(channel, SHAPE).view()) == file_of(length, filler=0)
    assert card.reads() == expected


def test_what_reader_and_driver_carry_bounds_a_read() -> None:
    channel, card = extended_channel(6_000, longest_answer=4_096)
    assert len(read_file(channel, SHAPE)) == 6_005
    assert card.reads() == [(0, 7), (7, 4_096), (4_103, 1_902)]


def test_a_reader_of_short_apdus_says_so() -> None:
    channel, _ = channel_on(file_of(600), longest_answer=256)
    assert not channel.carries_extended
    assert channel.longest_read == 256


@pytest.mark.parametrize("answer", [(b"", 0x6700), (b"", 0x6D00), (bytes(95), 0x9000), (bytes(40), 0x6282)])
def test_a_card_that_does_not_answer_it_is_read_in_short_form(answer: tuple[bytes, int]) -> None:
    channel, card = channel_on(file_of(600))
    card.script[3] = answer
    assert channel.try_extended(96) is None
    assert len(read_file(channel, SHAPE)) == 605
    assert card.reads()[1:] == [(0, 7), (7, 256), (263, 256), (519, 86)]


def test_a_card_that_gives_less_is_asked_for_as_much_as_it_gave() -> None:
    channel, card = extended_channel(6_000, gives=2_000)
    assert bytes(read_file(channel, SHAPE).view()) == file_of(6_000, filler=0)
    assert card.reads() == [(0, 7), (7, 5_998), (2_007, 2_000), (4_007, 1_998)]


@pytest.mark.parametrize("answer", [(b"", 0x6700), (b"", 0x6C00), (bytes(255), 0x9000), (bytes(300), 0x6110)])
def test_a_card_that_refuses_so_much_at_once_is_read_in_short_form(answer: tuple[bytes, int]) -> None:
    channel, card = extended_channel(600)
    card.script[2] = answer
    assert bytes(read_file(channel, SHAPE).view()) == file_of(600, filler=0)
    assert card.reads() == [(0, 7), (7, 598), (7, 256), (263, 256), (519, 86)]
    assert channel.longest_read == 256


def test_extended_length_is_forgotten_with_the_connection() -> None:
    channel, _ = extended_channel(600)
    assert channel.longest_read == 16_384
    channel.connect()
    assert channel.longest_read == 256
