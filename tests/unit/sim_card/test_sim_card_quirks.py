"""Habits of single cards: chaining, extended length, blocked keys, uncounted VERIFYs, stray bytes, carriers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.sim.card.files import TokenLabel
from firmware.sim.card.image import CardImage
from firmware.sim.card.issue import issue_card
from firmware.sim.card.issuers import TestIssuers
from firmware.sim.card.machine import Interface, VirtualCard
from firmware.sim.card.person import Person
from firmware.sim.card.quirks import BeyondLimit, Quirks

Send = Callable[[str], tuple[bytes, int]]
NewSender = Callable[[VirtualCard], Send]
SURFACE = "00 A4 04 0C 0A D3921000310001010402"
JPKI = "00 A4 04 0C 0A D392F000260100000001"
TRIES = "00 20 00 80"
WRONG = "00 20 00 80 04 30303030"
READ_ALL = "00 B0 00 00 00 00 00"


def select(number: str) -> str:
    return f"00 A4 02 0C 02 {number}"


def status(send: Send, *commands: str) -> list[int]:
    return [send(command)[1] for command in commands]


@pytest.fixture
def quirky(image: CardImage, new_sender: NewSender) -> Callable[[Quirks], Send]:
    return lambda quirks: new_sender(VirtualCard(image, quirks=quirks))


# ---- reset answers -----------------------------------------------------------------------------------------------


def test_every_reset_answer_is_one_of_the_facts_and_whole() -> None:
    assert {item.value.hex() for item in Interface} == {
        *("3be000ff8131fe4514", "3bda13ff8131fb468012392f31c173c601c03b", "3bc5ff8131fb458073c6010000"),
        *("3bf59100ff918171fe400042000100d1d6", "3bf59100ff918171fe4000420001b3a115"),
        *("3b888001000005e0b381a1007f", "3b888001000041e0b381a1003b"),
        *("3b888001004b51ff0081d100bc", "3b888001004b51ffb381d1000f"),
    }
    for item in Interface:
        check = 0
        for byte in item.value[1:]:
            check ^= byte
        assert check == 0, item.name


# ---- command chaining ----------------------------------------------------------------------------------------------


def test_a_chained_verify_is_one_verify(card: VirtualCard, send: Send, person: Person) -> None:
    first, second = person.pin[:2].encode().hex(), person.pin[2:].encode().hex()
    status(send, JPKI, select("0018"))
    assert status(send, f"10 20 00 80 02 {first}", f"00 20 00 80 02 {second}", TRIES) == [0x9000, 0x9000, 0x9000]
    assert status(send, "10 20 00 80 02 3030", "00 20 00 80 02 3030") == [0x9000, 0x63C2]
    assert card.tries("jpki", 0x18) == 2, "the first half alone cost nothing"
    assert [entry.violation for entry in card.violations()] == [
        *("form of VERIFY", "form of VERIFY's data", "form of VERIFY", "form of VERIFY's data")
    ]


def test_a_broken_chain_ends_and_is_forgotten(card: VirtualCard, send: Send, person: Person) -> None:
    status(send, JPKI, select("0018"), "10 20 00 80 02 3030")
    assert status(send, select("0017"), TRIES) == [0x6883, 0x63C3]
    assert status(send, "10 20 00 80 02 3030", "10 20 00 98 02 3030", TRIES) == [0x9000, 0x6883, 0x63C3]
    send("10 20 00 80 02 3030")
    card.power_on()
    status(send, JPKI, select("0018"))
    assert send(f"00 20 00 80 04 {person.pin.encode().hex()}")[1] == 0x9000


@pytest.mark.parametrize("command", ["10 B0 00 00 01 00", "10 84 00 00 08", "10 A4 02 0C 02 0018", "90 CA 00 42 00"])
def test_chaining_where_it_makes_no_sense(send: Send, command: str) -> None:
    assert status(send, JPKI, command) == [0x9000, 0x6884]


def test_a_chain_has_an_end(send: Send) -> None:
    part = f"90 2A 00 00 F0 {'00' * 0xF0}"
    assert status(send, SURFACE, *([part] * 9)) == [0x9000] * 9 + [0x6700]


def test_data_to_sign_may_come_in_two_commands(send: Send, card: VirtualCard) -> None:
    status(send, SURFACE)
    assert send(f"90 2A 00 00 20 {'11' * 32}") == (b"", 0x9000)
    chained, sw = send(f"80 2A 00 00 13 {'22' * 19} 00")
    assert (sw, chained) == (0x9000, send(f"80 2A 00 00 33 {'11' * 32 + '22' * 19} 00")[0])
    assert len(card.violations()) == 3


# ---- extended length -------------------------------------------------------------------------------------------


def test_a_card_without_extended_length(quirky: Callable[[Quirks], Send]) -> None:
    send = quirky(Quirks(extended=False))
    assert status(send, JPKI, select("000A"), READ_ALL, "00 B0 00 00 00 00 04") == [0x9000, 0x9000, 0x6700, 0x6700]
    assert len(send("00 B0 00 00 00")[0]) == 256


@pytest.mark.parametrize(
    ("beyond", "size", "expected"),
    [
        (BeyondLimit.REFUSED, 0, 0x6700),
        (BeyondLimit.EXACT_LENGTH, 0, 0x6C00),
        (BeyondLimit.MORE, 1000, 0x6100),
        (BeyondLimit.SHORTER, 1000, 0x9000),
    ],
)
def test_extended_up_to_a_limit(
    quirky: Callable[[Quirks], Send], beyond: BeyondLimit, size: int, expected: int
) -> None:
    send = quirky(Quirks(answer_limit=1000, beyond_limit=beyond))
    status(send, JPKI, select("000A"))
    assert len(send("00 B0 00 00 00 03 E8")[0]) == 1000
    data, sw = send("00 B0 00 00 00 05 DC")
    assert (len(data), sw) == (size, expected)


def test_the_rest_comes_by_get_response(quirky: Callable[[Quirks], Send]) -> None:
    send = quirky(Quirks(answer_limit=700, beyond_limit=BeyondLimit.MORE))
    status(send, JPKI, select("000A"))
    whole = send("00 B0 00 00 00 02 BC")[0] + send("00 B0 02 BC 00 01 90")[0]
    first, sw = send("00 B0 00 00 00 04 4C")
    assert sw == 0x6100
    second, sw = send("00 C0 00 00 00")
    assert sw == 0x6190
    third, sw = send("00 C0 00 00 90")
    assert (first + second + third, sw) == (whole, 0x9000)
    assert send("00 C0 00 00 00")[1] == 0x6D00


# ---- blocked and uncounted -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quirks", "query", "verify"),
    [
        (Quirks(), 0x63C0, 0x6984),
        (Quirks(blocked_verify=0x6983), 0x63C0, 0x6983),
        (Quirks(blocked_query=0x6984), 0x6984, 0x6984),
        (Quirks(blocked_query=0x6983, blocked_verify=0x6983), 0x6983, 0x6983),
    ],
)
def test_answers_of_a_blocked_key(quirky: Callable[[Quirks], Send], quirks: Quirks, query: int, verify: int) -> None:
    send = quirky(quirks)
    status(send, JPKI, select("0018"), WRONG, WRONG, WRONG)
    assert status(send, TRIES, WRONG) == [query, verify]


def test_uncounted_verifies(image: CardImage, new_sender: NewSender, person: Person) -> None:
    chip = VirtualCard(image, quirks=Quirks(uncounted=True, tries_query=0x6300))
    send = new_sender(chip)
    assert status(send, JPKI, select("0018"), TRIES, *[WRONG] * 5) == [0x9000, 0x9000] + [0x6300] * 6
    assert chip.tries("jpki", 0x18) == 3
    assert status(send, f"00 20 00 80 04 {person.pin.encode().hex()}", TRIES) == [0x9000, 0x9000]


def test_stray_bytes_in_front_of_the_record(quirky: Callable[[Quirks], Send], person: Person, image: CardImage) -> None:
    send = quirky(Quirks(stray=b"\x00\x01"))
    status(send, SURFACE, select("0012"), f"00 20 00 80 0E {person.number_b.encode().hex()}", select("0002"))
    assert send("00 B0 00 00 07")[0] == b"\x00\x01" + image.surface[0x0002][:5]


# ---- carriers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [TokenLabel.ANDROID, TokenLabel.IPHONE])
def test_a_phone_has_only_the_jpki_application(
    folder: Path, image: CardImage, person: Person, photo: bytes, issuers: TestIssuers, label: TokenLabel
) -> None:
    phone = VirtualCard(issue_card(folder, person, photo, issuers, keys=image.keys, token_label=label))

    def sw(command: str) -> int:
        return int.from_bytes(phone.process(bytes.fromhex(command))[-2:], "big")

    assert [sw(SURFACE), sw(JPKI), sw("00 A4 04 0C 0A D3921000310001010408")] == [0x6A82, 0x9000, 0x6A82]
    assert sw(select("000A")) == 0x9000
    assert sw("00 B0 00 00 04") == (0x6982 if label is TokenLabel.ANDROID else 0x9000)
    assert [sw(select("0018")), sw(f"00 20 00 80 04 {person.pin.encode().hex()}"), sw(select("000A"))] == [0x9000] * 3
    assert sw("00 B0 00 00 04") == 0x9000


def test_the_old_card_has_a_label_of_its_own(
    folder: Path, image: CardImage, person: Person, photo: bytes, issuers: TestIssuers
) -> None:
    old = issue_card(folder, person, photo, issuers, keys=image.keys, token_label=TokenLabel.OLD_CARD)
    assert old.jpki[0x0006].startswith(b"JPKIAPICCTOKEN ")
