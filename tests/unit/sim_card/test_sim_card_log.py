"""The card's own log: what counts as going near the 12-digit number, and that no data is kept."""

from collections.abc import Callable

import pytest

from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import Person

Send = Callable[[str], tuple[bytes, int]]
DIGEST = f"33 3031300D060960864801650304020105000420 {'00' * 32} 00"
SURFACE = "00 A4 04 0C 0A D3921000310001010402"
JPKI = "00 A4 04 0C 0A D392F000260100000001"


def select(number: str) -> str:
    return f"00 A4 02 0C 02 {number}"


def test_the_commands_of_a_visit_are_all_allowed(card: VirtualCard, send: Send, person: Person) -> None:
    commands = [
        *(SURFACE, select("0012"), "00 20 00 80", f"00 20 00 80 0E {person.number_b.encode().hex()}"),
        *(select("0002"), "00 B0 00 00 07", "00 B0 00 07 00", select("0004"), "00 B0 00 00 00"),
        *(f"80 2A 00 00 {DIGEST}", JPKI, select("0006"), "00 B0 00 00 A0", select("000A"), "00 B0 00 00 04"),
        *(select("000B"), "00 B0 01 00 00 01 00", select("0018"), "00 20 00 80"),
        *(
            f"00 20 00 80 04 {person.pin.encode().hex()}",
            select("0017"),
            f"80 2A 00 80 {DIGEST}",
            f"80 2A 00 80 30 {'00' * 48} 00",
        ),
    ]
    assert {send(command)[1] for command in commands} == {0x9000, 0x63CA, 0x63C3}
    assert card.violations() == []
    assert len(card.log.entries) == len(commands)


@pytest.mark.parametrize(
    ("before", "command", "why"),
    [
        ("", "00 A4 04 0C 0A D3921000310001010408", "application"),
        ("", "00 A4 04 0C 0A D3921000310001010401", "application"),
        ("", "00 A4 04 0C 0A D3921000310001010100", "application"),
        ("", "00 A4 04 0C 09 D39210003100010104", "application id of another length"),
        ("", "00 A4 04 0C 0A A0000001510000000000", "application"),
        ("", "00 A4 04 00 0A D3921000310001010402", "form of SELECT"),
        (SURFACE, select("0013"), "file 0013"),
        (SURFACE, select("0005"), "file 0005"),
        (SURFACE, select("0003"), "file 0003"),
        (SURFACE, "00 B0 85 00 00", "READ by short file id"),
        (SURFACE, "00 B0 00 00 00", "READ of -"),
        (SURFACE, "00 20 00 93 0C 303030303030303030303031", "form of VERIFY"),
        (SURFACE + select("0013"), "00 20 00 80 0C 303030303030303030303031", "VERIFY of 0013"),
        (SURFACE + select("0012"), "00 20 00 80 0C 303030303030303030303031", "form of VERIFY's data"),
        (SURFACE + select("0012"), "00 20 00 80 0E 4141414141414141414141414141", "form of VERIFY's data"),
        (JPKI, select("001B"), "file 001B"),
        (JPKI, select("0001"), "file 0001"),
        (JPKI + select("0018"), "80 2A 00 80 01 00 00", "signature"),
        (JPKI, "80 2A 00 00 01 00 00", "signature"),
        (SURFACE, "80 2A 05 00 01 00 00", "signature"),
        (JPKI + select("0017"), f"80 2A 00 80 33 {'00' * 51} 00", "form of signature's data"),
        (JPKI + select("0017"), "80 2A 00 80 01 00 00", "form of signature's data"),
        (JPKI + select("0017"), f"90 2A 00 80 {DIGEST}", "signature"),
        (JPKI + select("0017"), f"80 2A 00 97 {DIGEST}", "signature"),
        (SURFACE, f"80 2A 00 00 30 {'00' * 48} 00", "form of signature's data"),
        (SURFACE + select("0012"), "10 20 00 80 02 3030", "form of VERIFY"),
        (SURFACE + select("0012"), "00 20 00 80 00 00 0E 3030303030303030303030303030", "extended form"),
        (SURFACE + select("0002"), "00 B0 00 00 01 00 04", "form of READ"),
        ("", "00 A4 04 0C 07 A0000001510000", "application id of another length"),
        ("", "00 CA 5F 51 00", "instruction"),
        (JPKI, "00 24 01 80 04 31323334", "instruction"),
        (JPKI, "00 84 00 00 08", "instruction"),
        (JPKI, "00 A4 04 0C 0A D392", "malformed command"),
    ],
)
def test_violations(card: VirtualCard, send: Send, before: str, command: str, why: str) -> None:
    for part in _split(before):
        send(part)
    known = len(card.violations())
    send(command)
    assert [entry.violation for entry in card.violations()[known:]] == [why]


def _split(commands: str) -> list[str]:
    """SELECTs one after the other, each with its length in the fifth byte."""
    raw, parts = bytes.fromhex(commands), []
    while raw:
        size = 5 + raw[4]
        parts.append(raw[:size].hex())
        raw = raw[size:]
    return parts


def test_log_holds_lengths_and_status_but_no_data(card: VirtualCard, send: Send, person: Person) -> None:
    send(SURFACE)
    send(select("0012"))
    send(f"00 20 00 80 0E {person.number_b.encode().hex()}")
    send(select("0002"))
    send("00 B0 00 00 40")
    text = "\n".join(str(entry) for entry in card.log.entries) + repr(list(card.log.entries))
    assert person.number_b not in text
    assert person.number_b.encode().hex() not in text.lower()
    assert f"{person.birth:%Y%m%d}" not in text
    verify, read = card.log.entries[2], card.log.entries[4]
    assert (verify.header, verify.sent, verify.received, verify.status) == ("00200080", 14, 0, 0x9000)
    assert (read.expected, read.received, read.context.application, read.context.file) == (64, 64, "card-face", 2)


def test_no_secret_in_reprs(card: VirtualCard, person: Person) -> None:
    for thing in (person, card, card.log):
        assert person.pin not in repr(thing)
        assert person.number_b not in repr(thing)
