"""Cards of other kinds, and the kinds of the simulated world."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path

import pytest

from firmware.sim import cards as world
from firmware.sim.card.contract import Card, CardSilentError
from firmware.sim.card.link import LinkedCard
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.others import OtherCard, OtherKind
from firmware.sim.cards import KINDS, Cards, CardsError

Send = Callable[[str], tuple[bytes, int]]
SURFACE = bytes.fromhex("00A4040C0AD3921000310001010402")
JPKI = bytes.fromhex("00A4040C0AD392F000260100000001")
UID = bytes.fromhex("FFCA000000")
TALKING = [kind for kind in OtherKind if kind is not OtherKind.MUTE]


@pytest.mark.parametrize("kind", TALKING)
def test_no_other_card_knows_either_application(kind: OtherKind) -> None:
    card = OtherCard(kind)
    card.power_on()
    for command in (SURFACE, JPKI, b"", b"\x00", bytes.fromhex("00B0000000"), bytes(300)):
        assert card.process(command)[-2:] != b"\x90\x00"
    card.power_off()
    assert card.headers[:2] == [SURFACE[:4], JPKI[:4]]


def test_a_mute_card() -> None:
    card = OtherCard(OtherKind.MUTE)
    with pytest.raises(CardSilentError):
        card.process(JPKI)


def test_other_cards_are_themselves() -> None:
    assert (
        OtherCard(OtherKind.TRANSIT).process(UID)[-2:] == OtherCard(OtherKind.STORAGE).process(UID)[-2:] == b"\x90\x00"
    )
    residence = OtherCard(OtherKind.RESIDENCE)
    assert residence.process(bytes.fromhex("00A4040C10D392F0004F0200000000000000000000")) == b"\x90\x00"
    assert residence.process(bytes.fromhex("0084000008"))[8:] == b"\x90\x00"
    assert residence.process(bytes.fromhex("00B0820000")) == b"\x69\x82"
    assert residence.process(bytes.fromhex("00A40000023F00")) == b"\x90\x00"
    assert OtherCard(OtherKind.INSURANCE).process(bytes.fromhex("802A000000")) == b"\x6e\x00"


@pytest.mark.parametrize("kind", OtherKind)
def test_reset_answers_of_other_cards_are_whole(kind: OtherKind) -> None:
    atr = OtherCard(kind).atr
    assert atr[0] in {0x3B, 0x3F}
    if atr[1] & 0x80:
        assert reduce(lambda left, right: left ^ right, atr[1:]) == 0, "TCK"


class Slot:
    """A reader's slot that only remembers what lies in it."""

    def __init__(self, _port: int) -> None:
        self.card: Card | None = None

    @property
    def occupied(self) -> bool:
        return self.card is not None

    def insert(self, card: Card) -> None:
        self.card = card

    def remove(self) -> None:
        self.card = None


@pytest.fixture
def slot(monkeypatch: pytest.MonkeyPatch) -> Slot:
    slot = Slot(0)
    monkeypatch.setattr(world, "VpcdSlot", lambda _port: slot)
    return slot


def status(card: Card, *commands: str) -> list[str]:
    card.power_on()
    return [card.process(bytes.fromhex(command))[-2:].hex() for command in commands]


def test_the_kinds_of_the_world(slot: Slot, tmp_path: Path, photo: bytes) -> None:
    cards = Cards(tmp_path / "cards", photo)
    with pytest.raises(CardsError, match="not free"):
        cards.insert("holder")
    cards.attach(1)
    with pytest.raises(CardsError, match="issuers"):
        cards.insert("holder")
    cards.make_issuers()
    cards.issue()
    seen: dict[str, Card] = {}
    for kind in KINDS:
        cards.swap(kind)
        assert slot.card is not None
        seen[kind] = slot.card
    with pytest.raises(CardsError, match="no such card"):
        cards.swap("passport")
    surface, jpki = SURFACE.hex(), JPKI.hex()
    assert status(seen["foreign"], surface, jpki) == ["6a81", "6a81"]
    assert status(seen["phone"], surface, jpki) == ["6a82", "9000"]
    assert status(seen["no-pin"], surface, jpki, "00A4020C020018", "002000800431323334")[-1] == "6984"
    assert status(seen["licence"], "00A4040C07A0000002310600") == ["9000"]
    assert status(seen["holder"], "00A4040C07A0000002310600") == ["6a82"]
    number = f"{cards.person.birth.year % 100}{cards.person.number_b[2:]}"
    printed = f"002000800E{number.encode().hex()}"
    assert status(seen["resident"], surface, "00A4020C020012", printed)[-1] == "9000"
    assert status(seen["holder"], surface, "00A4020C020012", printed)[-1] == "63c9"
    assert cards.commands() == 16
    assert len(cards.violations()) == 2, "the licence application was selected twice; the phone was asked rightly"
    cards.remove()
    assert not slot.occupied


def test_cards_of_the_world_over_the_air(slot: Slot, tmp_path: Path, photo: bytes) -> None:
    cards = Cards(tmp_path / "cards", photo, contactless=True)
    cards.attach(1)
    cards.insert("foreign")
    assert isinstance(slot.card, LinkedCard)
    assert not isinstance(slot.card, VirtualCard)
    with pytest.raises(CardsError, match="not free"):
        cards.insert("foreign")
