"""Lying cards: what the rules do, and that each ready-made liar lies in a way that its name says."""

import pytest
from cryptography import x509

from firmware.sim.card.contract import Card
from firmware.sim.card.evil import EVILS, EvilCard, Rule, flipped, instead, with_data
from firmware.sim.card.image import CardImage
from firmware.sim.card.machine import VirtualCard

SURFACE = "00A4040C0AD3921000310001010402"
JPKI = "00A4040C0AD392F000260100000001"
CERTIFICATE, AUTHORITY, RECORD = "00A4020C02000A", "00A4020C02000B", "00A4020C020002"
NUMBER_B, PIN = "00A4020C020012", "00A4020C020018"
TRIES, READ = "00200080", "00B0000000"
DIGEST = "3031300d060960864801650304020105000420" + "00" * 32


def visit(card: Card, image: CardImage) -> list[bytes]:
    """Everything a reader asks of a card, in its order; the answers."""
    secrets = image.secrets
    commands = [
        *(SURFACE, NUMBER_B, TRIES, f"002000800E{secrets.number_b.encode().hex()}", RECORD),
        *(
            "00B0000007",
            "00B0000700",
            "00B0010700",
            "00B0020700",
            "00B0000007",
            "00A4020C020004",
            READ,
            f"802A000033{DIGEST}00",
        ),
        *(JPKI, "00A4020C020006", "00B00000A0", CERTIFICATE, READ, "00B0010000", AUTHORITY, READ),
        *(PIN, TRIES, f"0020008004{secrets.pin.encode().hex()}", "00A4020C020017", f"802A008033{DIGEST}00"),
        *(PIN, "002000800430303030", TRIES, JPKI, CERTIFICATE, READ, "00A4040C07A0000000031010"),
    ]
    card.power_on()
    return [card.process(bytes.fromhex(command)) for command in commands]


@pytest.fixture(scope="module")
def honest(image: CardImage) -> list[bytes]:
    return visit(VirtualCard(image), image)


@pytest.mark.parametrize("name", EVILS)
def test_every_liar_lies_somewhere_in_a_visit(
    name: str, image: CardImage, other_image: CardImage, honest: list[bytes]
) -> None:
    card = EVILS[name](image, other_image)
    assert card.atr == VirtualCard(image).atr
    answers = visit(card, image)
    assert answers != honest
    longest = max(len(answer) for answer in answers)
    assert longest == (65_538 if name.endswith("huge") else longest) <= 65_538


def test_honest_rules_change_nothing(image: CardImage, honest: list[bytes]) -> None:
    card = EvilCard(VirtualCard(image), [Rule()])
    assert visit(card, image) == honest
    assert card.commands == len(honest)


def test_a_rule_fits_by_instruction_application_file_header_and_turn(image: CardImage) -> None:
    lie = instead(b"\x6f\x00")
    jpki = bytes.fromhex(JPKI[10:])
    card = EvilCard(
        VirtualCard(image),
        [
            Rule(lie, ins=0xB0, application=jpki, file=0x000B, since=2, until=2),
            Rule(lie, header=b"\x00\x84"),
        ],
    )

    def good(*commands: str) -> list[bool]:
        return [card.process(bytes.fromhex(command)) != b"\x6f\x00" for command in commands]

    assert good(JPKI, CERTIFICATE, READ, AUTHORITY, READ, READ, READ, "0084000008") == [True] * 5 + [False, True, False]
    card.power_on()
    assert good(JPKI, AUTHORITY, READ, READ) == [True, True, True, False], "turns are counted anew"


def test_changes_of_data() -> None:
    change = with_data(flipped(1))
    assert change(b"", b"\x00\x00\x00\x90\x00") == b"\x00\x01\x00\x90\x00"
    assert change(b"", b"\x69\x82") == b"\x69\x82"
    assert flipped(9)(b"\x00\x00") == flipped(-1)(b"\x00\x00") == b"\x00\x01"


def test_always_right_opens_the_card_to_wrong_digits(image: CardImage, other_image: CardImage) -> None:
    card = EVILS["verify-always-right"](image, other_image)
    for command in (SURFACE, NUMBER_B, "002000800E" + "30" * 14, RECORD):
        assert card.process(bytes.fromhex(command)) == b"\x90\x00"
    assert card.process(bytes.fromhex("00B0000002")) == b"\xff\x20\x90\x00"


def test_own_authority_is_consistent_in_itself(image: CardImage, other_image: CardImage) -> None:
    card = EVILS["own-authority"](image, other_image)

    def content(select: str) -> x509.Certificate:
        card.process(bytes.fromhex(select))
        whole = card.process(bytes.fromhex("00B00000000800"))[:-2]
        return x509.load_der_x509_certificate(whole[: 4 + int.from_bytes(whole[2:4], "big")])

    card.process(bytes.fromhex(JPKI))
    holder, authority = content(CERTIFICATE), content(AUTHORITY)
    holder.verify_directly_issued_by(authority)
    assert holder.public_key() == image.keys.auth.public_key()
    assert holder.not_valid_after_utc == x509.load_der_x509_certificate(image.certificate).not_valid_after_utc
