"""The applications that a reader must leave alone, with what would give them away, and the card's minor commands."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.sim.card.image import CardImage, load_image
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import Person

Send = Callable[[str], tuple[bytes, int]]
SURFACE = "00 A4 04 0C 0A D3921000310001010402"
TEXT = "00 A4 04 0C 0A D3921000310001010408"
REGISTRY = "00 A4 04 0C 0A D3921000310001010401"
COMMON = "00 A4 04 0C 0A D3921000310001010100"
LICENCE = "00 A4 04 0C 07 A0000002310600"
JPKI = "00 A4 04 0C 0A D392F000260100000001"


def select(number: str) -> str:
    return f"00 A4 02 0C 02 {number}"


def verify(text: str) -> str:
    return f"00 20 00 80 {len(text):02X} {text.encode().hex()}"


def status(send: Send, *commands: str) -> list[int]:
    return [send(command)[1] for command in commands]


def test_a_reader_gone_astray_gets_the_number_and_is_seen(card: VirtualCard, send: Send, person: Person) -> None:
    assert status(send, TEXT, select("0001"), "00 B0 00 00 11") == [0x9000, 0x9000, 0x6982]
    assert status(send, select("0011"), verify(person.pin), select("0001")) == [0x9000] * 3
    assert send("00 B0 00 00 11") == (b"\xff\x10\x0c" + person.number_a.encode() + b"\xff\xff", 0x9000)
    seen = [entry.violation for entry in card.violations()]
    assert len(seen) == len(card.log.entries)
    assert "READ of 0001" in seen


@pytest.mark.parametrize(
    ("key", "opens"),
    [
        ("0011", {"0001", "0002", "0003"}),
        ("0014", {"0001", "0003"}),
        ("0015", {"0002", "0003"}),
    ],
)
def test_what_each_key_of_the_text_application_opens(send: Send, person: Person, key: str, opens: set[str]) -> None:
    digits = {"0011": person.pin, "0014": person.number_a, "0015": person.number_b}[key]
    assert status(send, TEXT, select(key), verify(digits)) == [0x9000] * 3
    found = {
        number for number in ("0001", "0002", "0003") if status(send, select(number), "00 B0 00 00 01")[1] == 0x9000
    }
    assert found == opens
    assert status(send, select("0004"), "00 B0 00 00 01") == [0x9000, 0x9000]


def test_attributes_are_text(send: Send, person: Person) -> None:
    status(send, TEXT, f"00 20 00 95 0E {person.number_b.encode().hex()}", select("0002"))
    content = send("00 B0 00 00 A0")[0]
    assert "MADO\u3000TARO".encode() in content
    offsets = [int.from_bytes(content[8 + at : 10 + at], "big") for at in range(0, 8, 2)]
    assert [content[at : at + 2].hex() for at in offsets] == ["df22", "df23", "df24", "df25"]


def test_registry_and_licence_are_behind_a_pin(
    send: Send, other_image: CardImage, new_sender: Callable[[VirtualCard], Send], person: Person
) -> None:
    assert send(LICENCE)[1] == 0x6A82, "an ordinary card has none"
    licensed = new_sender(VirtualCard(other_image))
    for application, number, key in ((REGISTRY, "0002", "001C"), (LICENCE, "0001", "001F")):
        assert status(licensed, application, select(number), "00 B0 00 00 04") == [0x9000, 0x9000, 0x6982]
        assert status(licensed, select(key), verify(person.pin), select(number)) == [0x9000] * 3
        assert licensed("00 B0 00 00 04")[1] == 0x9000


def test_the_record_of_the_common_application(card: VirtualCard, send: Send, person: Person) -> None:
    status(send, COMMON, select("0001"))
    record, sw = send("00 B2 01 04 00")
    assert (sw, record[:2].hex(), len(record)) == (0x9000, "011c", 30)
    assert record[17:] == f"99201{person.card_expiry:%Y%m%d}".encode()
    assert record[2:17].isdigit()
    assert send("00 B2 01 0C 02") == (record[:2], 0x9000)
    assert status(send, "00 B2 02 04 00", "00 B2 01 00 00", "00 B2 01 04", "00 B0 00 00 00", "00 B2 01 14 00") == [
        *(0x6A83, 0x6A86, 0x6700, 0x6981, 0x6A82)
    ]
    assert {entry.violation for entry in list(card.log.entries)[2:4]} == {"instruction"}


def test_get_data_outside_all_applications(send: Send) -> None:
    assert send("00 CA 5F 51 00") == (bytes.fromhex("3be000ff8131fe4514"), 0x9000)
    assert (
        status(send, *(f"80 CA {tag} 00" for tag in ("0042", "0045", "0066", "00F0", "00F2", "00F7", "00F8")))
        == [0x9000] * 7
    )
    assert send("00 CA 7F 21 00")[1] == 0x6700, "a long object wants an extended Le"
    assert len(send("00 CA 7F 21 00 00 00")[0]) == 568
    assert status(send, "00 CA 00 43 00", "00 CA 5F 51", JPKI, "00 CA 5F 51 00") == [0x6A88, 0x6700, 0x9000, 0x6A88]


def test_challenges_differ(send: Send) -> None:
    first, second = send("00 84 00 00 08"), send("00 84 00 00 08")
    assert (first[1], len(first[0])) == (0x9000, 8)
    assert first[0] != second[0]
    assert len(send("00 84 00 00 00")[0]) == 256
    assert status(send, "00 84 00 00", "00 84 01 00 08", "00 84 00 00 00 01 01") == [0x6700, 0x6A86, 0x6700]


def test_change_of_a_pin(card: VirtualCard, send: Send, person: Person) -> None:
    new = "00 24 01 80 04 31323334"
    assert status(send, JPKI, select("0018"), new) == [0x9000, 0x9000, 0x6982]
    assert status(send, verify(person.pin), new) == [0x9000, 0x9000]
    card.power_on()
    assert status(send, JPKI, select("0018"), verify(person.pin), verify("1234")) == [0x9000, 0x9000, 0x63C2, 0x9000]
    assert status(send, "00 24 01 80 05 3132333435", "00 24 00 80 04 31323334", "00 24 01 80") == [
        *(0x6A80, 0x6A86, 0x6700)
    ]
    assert {entry.violation for entry in card.violations()} == {"instruction"}


def test_printed_numbers_cannot_be_changed(send: Send, person: Person) -> None:
    status(send, SURFACE, select("0012"), verify(person.number_b))
    assert send("00 24 01 80 0E 3131313131313131313131313131")[1] == 0x6985


@pytest.mark.parametrize(
    ("application", "terminal", "session"),
    [(JPKI, 0x6700, 0x6D00), (SURFACE, 0x6D00, 0x66F1), (TEXT, 0x6D00, 0x6985)],
)
def test_modes_of_approved_makers_are_closed(send: Send, application: str, terminal: int, session: int) -> None:
    assert status(send, "80 A2 06 C1 01 00", "80 AE 00 00 01 00") == [0x6D00, 0x6D00]
    assert status(send, application, "80 A2 06 C1 01 00", "80 AE 00 00 01 00") == [0x9000, terminal, session]


def test_the_age_record_opens_with_the_printed_birth_date(send: Send, person: Person) -> None:
    assert status(send, SURFACE, select("0001"), "00 B0 00 00 10") == [0x9000, 0x9000, 0x6982]
    status(send, select("0011"), verify(person.number_b[:6]), select("0001"))
    assert send("00 B0 00 00 10")[0] == bytes.fromhex("ff1082021e df1108") + b"19721103"


def test_all_applications_are_kept_in_the_folder(other_image: CardImage, tmp_path: Path) -> None:
    other_image.save(tmp_path / "card")
    again = load_image(tmp_path / "card")
    for name in ("surface", "jpki", "text", "registry", "common", "licence"):
        assert getattr(again, name) == getattr(other_image, name) != {}, name
