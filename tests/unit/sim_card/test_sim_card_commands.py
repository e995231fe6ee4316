"""The chip's state machine against hand-written command bytes (facts card.md 3)."""

from collections.abc import Callable

import pytest

from firmware.sim.card.image import CardImage
from firmware.sim.card.machine import Interface, VirtualCard
from firmware.sim.card.person import Person

Send = Callable[[str], tuple[bytes, int]]
SURFACE = "00 A4 04 0C 0A D3 92 10 00 31 00 01 01 04 02"
JPKI = "00 A4 04 0C 0A D3 92 F0 00 26 01 00 00 00 01"
TRIES = "00 20 00 80"
WRONG_PIN = "00 20 00 80 04 30 30 30 30"


def select(number: str) -> str:
    return f"00 A4 02 0C 02 {number}"


def verify(digits: str) -> str:
    return f"00 20 00 80 {len(digits):02X} {digits.encode().hex()}"


def status(send: Send, *commands: str) -> list[int]:
    return [send(command)[1] for command in commands]


def test_both_applications_and_nothing_foreign(send: Send) -> None:
    assert status(send, SURFACE, JPKI, "00A4040C 07 A0000000041010", "00A4040C 05 A000000003") == [
        0x9000,
        0x9000,
        0x6A82,
        0x6A82,
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("01 A4 04 0C 0A D392F000260100000001", 0x6881),
        ("83 2A 00 80 01 00 00", 0x6881),
        ("04 B0 00 00 04", 0x6882),
        ("10 A4 04 0C 01 D3", 0x6884),
        ("00 CA DF 30 05", 0x6A88),
        ("00 CB 3F FF 03 5C 01 7E", 0x6D00),
        ("00 2A 00 80 01 00 00", 0x6D00),
        ("A0 A4 00 00 02 3F00", 0x6E00),
        ("00 A4 04", 0x6700),
        ("00 A4 04 0C 05 D392", 0x6700),
        ("00 A4 00 0C 02 3F00", 0x6A82),
        ("00 A4 04 0C 07 A0000001510000", 0x9000),
        ("00 A4 04 0C 0A A0000001510000000000", 0x6A82),
        ("00 A4 00 00", 0x6A86),
        ("00 A4 01 0C 02 0018", 0x6A86),
        ("00 A4 02 0C 02 0018", 0x6A82),
        ("00 20 00 80", 0x6986),
        ("00 B0 00 00 00", 0x6986),
        ("80 2A 00 80 01 00 00", 0x6985),
    ],
)
def test_right_after_reset(send: Send, command: str, expected: int) -> None:
    assert send(command) == (b"", expected)


def test_wrong_pin_costs_tries_until_blocked(card: VirtualCard, send: Send, person: Person) -> None:
    assert status(send, JPKI, select("0018"), TRIES) == [0x9000, 0x9000, 0x63C3]
    assert status(send, WRONG_PIN, TRIES, WRONG_PIN) == [0x63C2, 0x63C2, 0x63C1]
    card.power_off()
    card.power_on()
    assert status(send, JPKI, select("0018"), TRIES) == [0x9000, 0x9000, 0x63C1]
    assert status(send, WRONG_PIN, WRONG_PIN, TRIES, verify(person.pin)) == [0x63C0, 0x6984, 0x63C0, 0x6984]
    assert card.tries("jpki", 0x0018) == 0


def test_right_pin_restores_the_counter(card: VirtualCard, send: Send, person: Person) -> None:
    send(JPKI)
    assert status(send, select("0018"), WRONG_PIN, verify(person.pin), TRIES) == [0x9000, 0x63C2, 0x9000, 0x9000]
    assert card.tries("jpki", 0x0018) == 3


def test_a_wrong_pin_takes_the_verified_state_away(send: Send, person: Person) -> None:
    send(JPKI)
    assert status(send, select("0018"), verify(person.pin), WRONG_PIN, TRIES) == [0x9000, 0x9000, 0x63C2, 0x63C2]


def test_number_b_has_ten_tries_and_a_wrong_length_costs_one(card: VirtualCard, send: Send, person: Person) -> None:
    send(SURFACE)
    assert status(send, select("0012"), TRIES, verify("12345678901234")) == [0x9000, 0x63CA, 0x63C9]
    assert status(send, verify("123"), verify(person.number_b), TRIES) == [0x63C8, 0x9000, 0x9000]
    assert card.tries("card-face", 0x0012) == 10


def test_blocked_from_birth(image: CardImage, new_sender: Callable[[VirtualCard], Send]) -> None:
    blocked = VirtualCard(
        CardImage(
            image.surface,
            image.jpki,
            image.certificate,
            type(image.secrets)("0" * 12, "1" * 14, "1234", "A" * 16, number_b_blocked=True, pin_blocked=True),
            image.keys,
            "blocked",
        )
    )
    send = new_sender(blocked)
    assert status(send, JPKI, select("0018"), TRIES, verify("1234")) == [0x9000, 0x9000, 0x63C0, 0x6984]
    assert status(send, SURFACE, select("0012"), TRIES, verify("1" * 14)) == [0x9000, 0x9000, 0x63C0, 0x6984]


def test_card_face_opens_with_number_b_only(send: Send, person: Person) -> None:
    read = "00 B0 00 00 05"
    assert status(send, SURFACE, select("0002"), read) == [0x9000, 0x9000, 0x6982]
    assert status(send, select("0012"), verify(person.number_b), select("0002")) == [0x9000] * 3
    assert send(read)[0][:3] == bytes.fromhex("ff2082")
    assert status(send, select("0005"), read) == [0x9000, 0x6982]


@pytest.mark.parametrize("leave", ["other application", "issuer domain", "power"])
def test_security_status_is_lost(card: VirtualCard, send: Send, person: Person, leave: str) -> None:
    status(send, SURFACE, select("0012"), verify(person.number_b))
    if leave == "power":
        card.power_on()
    elif leave == "issuer domain":
        assert status(send, "00 A4 04 0C 07 A0000001510000", TRIES, "00 A4 00 00") == [0x9000, 0x6986, 0x6A86]
    else:
        send(JPKI)
    assert status(send, SURFACE, select("0002"), "00 B0 00 00 05") == [0x9000, 0x9000, 0x6982]


def test_selecting_the_same_application_keeps_the_security_status(send: Send, person: Person) -> None:
    status(send, JPKI, select("0018"), verify(person.pin))
    assert status(send, JPKI, select("0018"), TRIES) == [0x9000, 0x9000, 0x9000]


def test_read_binary_at_the_end_of_a_file(send: Send) -> None:
    status(send, JPKI, select("0006"))
    assert send("00 B0 00 00 A0") == (send("00 B0 00 00 00")[0], 0x9000)
    assert send("00 B0 00 9F 01") == (b"9", 0x9000)
    assert send("00 B0 00 9F 02") == (b"9", 0x6282)
    assert send("00 B0 00 A0 01") == (b"", 0x6B00)
    assert send("00 B0 7F FF 01") == (b"", 0x6B00)
    assert send("00 B0 00 00") == (b"", 0x6700)


def test_short_le_of_zero_asks_for_256_and_extended_le_for_more(send: Send) -> None:
    status(send, JPKI, select("000A"))
    assert len(send("00 B0 00 00 00")[0]) == 256
    assert len(send("00 B0 00 00 00 02 01")[0]) == 513
    whole, sw = send("00 B0 00 00 00 00 00")
    assert sw == 0x6282
    assert whole[:2] == b"\x30\x82"


def test_files_end_in_filler_and_short_file_ids_work(send: Send, image: CardImage) -> None:
    send(JPKI)
    whole = send("00 B0 8A 00 00 00 00")[0]
    assert whole.startswith(image.certificate)
    assert set(whole[len(image.certificate) :]) == {0xFF}


def test_signing_needs_the_pin_and_room_for_the_result(send: Send, person: Person) -> None:
    sign = f"80 2A 00 80 33 {'00' * 51} 00"
    assert status(send, JPKI, select("0017"), sign) == [0x9000, 0x9000, 0x6982]
    assert status(send, select("0018"), verify(person.pin), sign, select("0017")) == [0x9000, 0x9000, 0x6981, 0x9000]
    assert [len(send(sign)[0]), send("80 2A 00 80 01 00")[1], send("80 2A 00 80 01 00 10")[1]] == [256, 0x6700, 0x6700]
    assert send("80 2A 06 80 01 00 00")[1] == 0x6A86
    assert send("80 2A 00 00 01 00 00")[1] == 0x6A88
    assert send(f"80 2A 00 80 F6 {'01' * 246} 00")[1] == 0x6700


def test_wrong_kinds_of_file(send: Send) -> None:
    send(JPKI)
    assert status(send, select("0018"), "00 B0 00 00 04", select("000A"), TRIES) == [0x9000, 0x6981, 0x9000, 0x6981]
    assert status(send, "00 20 00 8F", "00 20 01 80", select("00EE")) == [0x6A82, 0x6A86, 0x6A82]


def test_signing_certificate_stays_closed(send: Send) -> None:
    assert status(send, JPKI, select("0001"), "00 B0 00 00 04") == [0x9000, 0x9000, 0x6982]
    assert status(send, select("001B"), TRIES) == [0x9000, 0x63C5]


def test_atr_of_each_interface(image: CardImage) -> None:
    assert VirtualCard(image, Interface.CONTACT).atr.hex() == "3be000ff8131fe4514"
    assert VirtualCard(image).atr.hex() == "3b888001000041e0b381a1003b"
