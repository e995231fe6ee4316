"""APDU codec against hand-written bytes (ISO 7816-4, 5.1)."""

import pytest

from firmware.card.apdu import OK, WRONG_UNCOUNTED, ApduError, CommandApdu, is_status_word, tries_left

FORMS = [
    ("00200080", CommandApdu(0, 0x20, 0, 0x80)),
    ("00B0000007", CommandApdu(0, 0xB0, 0, 0, expected=7)),
    ("00B0000000", CommandApdu(0, 0xB0, 0, 0, expected=256)),
    ("00200080000001AA", CommandApdu(0, 0x20, 0, 0x80, b"\xaa", extended=True)),
    ("00A4020C020012", CommandApdu(0, 0xA4, 2, 0x0C, b"\x00\x12")),
    ("802A008002AABB00", CommandApdu(0x80, 0x2A, 0, 0x80, b"\xaa\xbb", 256)),
    ("802A008002AABB10", CommandApdu(0x80, 0x2A, 0, 0x80, b"\xaa\xbb", 16)),
    ("00B00000000400", CommandApdu(0, 0xB0, 0, 0, expected=1024, extended=True)),
    ("00B00000000000", CommandApdu(0, 0xB0, 0, 0, expected=65536, extended=True)),
    ("00A4020C0000020012", CommandApdu(0, 0xA4, 2, 0x0C, b"\x00\x12", extended=True)),
    ("802A0080000002AABB0000", CommandApdu(0x80, 0x2A, 0, 0x80, b"\xaa\xbb", 65536, extended=True)),
    ("802A0080000002AABB0100", CommandApdu(0x80, 0x2A, 0, 0x80, b"\xaa\xbb", 256, extended=True)),
]


@pytest.mark.parametrize(("text", "command"), FORMS)
def test_every_form_is_written_and_read(text: str, command: CommandApdu) -> None:
    assert command.encode().hex().upper() == text
    assert CommandApdu.parse(bytes.fromhex(text)) == command


def test_an_extended_command_without_lengths_is_the_short_one() -> None:
    assert CommandApdu(0, 0x20, 0, 0x80, extended=True).encode().hex() == "00200080"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "002000",
        "0020008002AA",
        "0020008002AABBCCDD",
        "00200080000000AA",
        "0020008000AA",
        "00200080000002AA",
        "00200080000002AABBCC",
        "00200080000002AABBCCDDEE",
        "0020008000000000",
        "002000800000000100",
    ],
)
def test_lengths_that_do_not_fit_are_refused(text: str) -> None:
    with pytest.raises(ApduError):
        CommandApdu.parse(bytes.fromhex(text))


@pytest.mark.parametrize(
    "command",
    [
        CommandApdu(0, 0xB0, 0, 0, bytes(256)),
        CommandApdu(0, 0xB0, 0, 0, expected=257),
        CommandApdu(0, 0xB0, 0, 0, expected=-1),
        CommandApdu(0, 0xB0, 0, 0, bytes(65536), extended=True),
        CommandApdu(0, 0xB0, 0, 0, expected=65537, extended=True),
    ],
)
def test_what_no_form_can_carry_is_refused(command: CommandApdu) -> None:
    with pytest.raises(ApduError):
        command.encode()


def test_longest_forms_are_accepted() -> None:
    short = CommandApdu(0, 0x20, 0, 0, bytes(255), 256).encode()
    assert (len(short), short[4], short[-1]) == (4 + 1 + 255 + 1, 255, 0)
    long = CommandApdu(0, 0x20, 0, 0, bytes(65535), 65536, extended=True).encode()
    assert (len(long), long[4:7], long[-2:]) == (4 + 3 + 65535 + 2, b"\x00\xff\xff", b"\x00\x00")


def test_data_do_not_show_in_the_repr() -> None:
    text = repr(CommandApdu(0, 0x20, 0, 0x80, b"4711"))
    assert "data" not in text  # as every dataclass that shows its fields has it
    assert "b'" not in text


def test_status_words_that_others_compare_with() -> None:
    assert (OK, WRONG_UNCOUNTED) == (0x9000, 0x6300)


@pytest.mark.parametrize(
    ("sw", "left"),
    [(0x63CA, 10), (0x63C1, 1), (0x63C0, 0), (0x6983, 0), (0x6984, 0), (0x6300, None), (0x9000, None), (0x63D0, None)],
)
def test_tries_in_status_words(sw: int, left: int | None) -> None:
    assert tries_left(sw) == left


@pytest.mark.parametrize(
    ("sw", "known"),
    [
        (0x9000, True), (0x6100, True), (0x6FFF, True), (0x9FFF, True),
        (0x60FF, False), (0x7000, False), (0x8FFF, False), (0xA000, False), (0, False), (0x19000, False),
    ],
)  # fmt: skip
def test_status_words(sw: int, known: bool) -> None:
    assert is_status_word(sw) is known
