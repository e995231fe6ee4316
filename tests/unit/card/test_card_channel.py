"""The channel on a hand-written fake: what goes out, in which order, and what is written into the log."""

import pytest

from firmware.card.apdu import CommandApdu
from firmware.card.channel import CardChannel
from firmware.card.names import Application, SurfaceFile
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from tests.unit.card.card_fakes import JPKI, SURFACE, FakeCard


def file_of(length: int) -> bytes:
    return b"\xff\x20\x82" + length.to_bytes(2, "big") + bytes(length) + b"\xff" * 300


def channel_on(content: bytes) -> tuple[CardChannel, FakeCard]:
    card = FakeCard(files={(SURFACE, 2): content}, secrets={(SURFACE, 0x12): [b"1" * 14, 10]})
    channel = CardChannel(card)
    channel.connect()
    channel.select_file(Application.SURFACE, SurfaceFile.RECORD)
    return channel, card


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


@pytest.mark.parametrize(("sw", "tries"), [(0x63CA, 10), (0x63C0, 0), (0x6984, 0), (0x6983, 0), (0x9000, None)])
def test_counting_tries(sw: int, tries: int | None) -> None:
    card = FakeCard(script={3: (b"", sw)})
    channel = CardChannel(card)
    channel.select_file(Application.SURFACE, SurfaceFile.NUMBER_B)
    assert channel.count_tries() == tries
    assert card.sent[2].hex() == "00200080"


def test_a_counter_is_not_asked_for_twice_in_a_row() -> None:
    card = FakeCard(secrets={(SURFACE, 0x12): [b"7" * 14, 10]})
    channel = CardChannel(card)
    channel.select_file(Application.SURFACE, SurfaceFile.NUMBER_B)
    assert [channel.count_tries(), channel.count_tries(), len(card.sent)] == [10, 10, 3]
    channel.verify(Secret(b"8" * 14))
    assert [channel.count_tries(), len(card.sent)] == [9, 5]
    channel.verify(Secret(b"7" * 14))
    assert channel.count_tries() is None
    channel.connect()
    channel.select_file(Application.SURFACE, SurfaceFile.NUMBER_B)
    assert channel.count_tries() == 9


@pytest.mark.parametrize("sw", [0x6300, 0x6A88, 0x6700])
def test_a_counter_the_card_does_not_tell_is_garbage(sw: int) -> None:
    channel = CardChannel(FakeCard(script={3: (b"", sw)}))
    channel.select_file(Application.SURFACE, SurfaceFile.NUMBER_B)
    with pytest.raises(DeviceError, match=f"{sw:04X}"):
        channel.count_tries()
