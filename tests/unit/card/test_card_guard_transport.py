"""What the guard refuses never reaches the transport, and the forbidden forms that the main list leaves to this one.

The main list is in test_card_guard.py; here both go down the whole stack of links, over a transport that keeps count.
"""

import pytest

from firmware.card.channel import CardChannel
from firmware.core.faults import DeviceError, FaultCode
from tests.unit.card.card_fakes import FakeCard
from tests.unit.card.test_card_guard import (
    ALLOWED,
    CERTIFICATE,
    DF_SURFACE,
    DIGITS_14,
    FORBIDDEN,
    INFO,
    JPKI,
    KEY,
    NOTHING,
    NUMBER_B,
    PIN,
    RECORD,
    SURFACE,
    ef,
)

SHA384 = "CD" * 48
TWELVE = "31" * 12

FURTHER = [
    # 12 digits, in every form in which a VERIFY can be written
    (NUMBER_B, "102000800C" + TWELVE, "12 digits, chained in one"),
    (NUMBER_B, "1020008006" + "31" * 6, "12 digits, chained in two: the first half"),
    (NUMBER_B, "0020008006" + "31" * 6, "12 digits, chained in two: the second half"),
    (NUMBER_B, "1020008000000C" + TWELVE, "12 digits, chained and extended"),
    (PIN, "0020008000000C" + TWELVE, "12 digits on the PIN in extended form"),
    (NUMBER_B, "002000800C" + TWELVE + "00", "12 digits with Le"),
    (NUMBER_B, "0020008000000C" + TWELVE + "0000", "12 digits with Le in extended form"),
    (NUMBER_B, "002100800E" + DIGITS_14, "VERIFY with odd instruction"),
    (NUMBER_B, "802000800E" + DIGITS_14, "VERIFY with proprietary class"),
    (NUMBER_B, "012000800E" + DIGITS_14, "VERIFY on a channel"),
    (NUMBER_B, "0C2000800E" + DIGITS_14, "VERIFY with secure messaging"),
    (NUMBER_B, "0020008000000E" + DIGITS_14, "number B in extended form"),
    (NUMBER_B, "0020009200", "tries by SFI with Le"),
    (NUMBER_B, "00200092", "tries by SFI"),
    (NUMBER_B, "00200012", "global key"),
    (NUMBER_B, "00200000", "no key named"),
    (NUMBER_B, "0020008001", "tries with Le"),
    (PIN, "0020008004EFBC9131", "digits of another script"),
    (RECORD, "002000800E" + DIGITS_14, "number B with a file selected"),
    # SELECT
    (NOTHING, "01A4040C0AD3921000310001010402", "SELECT on a channel"),
    (NOTHING, "10A4040C05D392100031", "SELECT chained"),
    (NOTHING, "04A4040C0AD3921000310001010402", "SELECT with secure messaging"),
    (NOTHING, "00A4040E0AD3921000310001010402", "SELECT of the next one"),
    (NOTHING, "00A4060C0AD3921000310001010402", "SELECT by another method"),
    (NOTHING, "00A4040C06A00000023106", "driver's licence"),
    (SURFACE, "00A4000C020005", "EF 0005 by another method"),
    (SURFACE, "00A4000C020002", "EF 0002 by another method"),
    (SURFACE, "00A4030C", "parent"),
    (SURFACE, "00A4020C", "EF without a name"),
    (SURFACE, "00A4020C02000200", "SELECT EF with Le"),
    (SURFACE, "00A4020C0000020002", "SELECT EF in extended form"),
    (SURFACE, ef("0014"), "number A of the text application"),
    (SURFACE, ef("0017"), "key of the other application"),
    (JPKI, ef("0016"), "key of the specified terminal"),
    (JPKI, ef("0005"), "unknown file"),
    # READ
    (RECORD, "00B0800000000400", "SFI in extended form, offset zero"),
    (RECORD, "00B0FFFF07", "highest P1"),
    (RECORD, "00B2018C00", "READ RECORD by SFI"),
    (RECORD, "00B3010400", "READ RECORD with odd instruction"),
    (RECORD, "00B00000000001AA0400", "READ with data in extended form"),
    (RECORD, "00CB3FFF035C017E00", "GET DATA by tag list"),
    (RECORD, "80CA00F200", "GET DATA, proprietary"),
    # signatures
    (SURFACE, f"802A000030{SHA384}00", "bare hash by the chip's key"),
    (PIN, f"802A008030{SHA384}00", "bare hash with the PIN selected"),
    (KEY, f"802A00802F{SHA384[2:]}00", "47 bytes"),
    (KEY, f"802A008031{SHA384}0000", "49 bytes"),
    (KEY, f"802A008030{SHA384}", "bare hash without Le"),
    (KEY, f"802A0080000033{INFO}0000", "room for 65,536"),
    (KEY, f"802A018033{INFO}00", "card hashes"),
    (KEY, f"802A028033{INFO}00", "ready hash"),
    (KEY, f"802A048033{INFO}00", "PSS with ready hash"),
    (KEY, f"002A9E9A33{INFO}00", "standard PSO"),
    (KEY, f"802A000033{INFO}00", "default key with the holder's selected"),
    (KEY, f"902A008033{INFO}00", "signature chained"),
    (CERTIFICATE, f"802A008033{INFO}00", "signature with a file selected"),
    # writing, unlocking, other keys
    (NUMBER_B, "002C03800E" + DIGITS_14, "RESET RETRY COUNTER"),
    (PIN, "0024008008" + "31" * 8, "CHANGE REFERENCE DATA with old and new"),
    (JPKI, "80A200C101AA", "terminal signature"),
    (SURFACE, "80AE0000" + "01AA", "session key"),
    (SURFACE, "0082000008" + "AA" * 8, "EXTERNAL AUTHENTICATE"),
    (SURFACE, "002241B603840112", "MANAGE SECURITY ENVIRONMENT"),
    (SURFACE, "00D0000001AA", "WRITE BINARY"),
    (SURFACE, "00E2000001AA", "APPEND RECORD"),
    (SURFACE, "0046000000", "GENERATE KEY PAIR"),
]  # fmt: skip
REFUSED = [*FORBIDDEN, *FURTHER]

ALSO_ALLOWED = [
    (KEY, f"802A008030{SHA384}00", "bare SHA-384"),
    (KEY, f"802A0080000030{SHA384}0068", "bare SHA-384 in extended form"),
    (KEY, f"802A0080000033{INFO}0100", "signature in extended form"),
    (KEY, f"802A0080000033{INFO}0200", "signature of RSA-4096"),
    (KEY, f"802A008033{INFO}01", "the least room"),
    (SURFACE, f"802A0000000033{INFO}0100", "chip proof in extended form"),
    (RECORD, "00B00000004000", "READ in extended form"),
    ((DF_SURFACE, ef("0004")), "00B07FFF000001", "READ in extended form at the last offset"),
]


def after(*setup: str) -> tuple[CardChannel, FakeCard]:
    """A channel on which `setup` was answered 9000."""
    card = FakeCard()
    channel = CardChannel(card)
    channel.connect()
    for text in setup:
        channel._top.send(bytes.fromhex(text))
    card.sent.clear()
    return channel, card


@pytest.mark.parametrize(("setup", "text"), [entry[:2] for entry in REFUSED], ids=[entry[2] for entry in REFUSED])
def test_nothing_forbidden_reaches_the_transport(setup: tuple[str, ...], text: str) -> None:
    channel, card = after(*setup)
    with pytest.raises(DeviceError) as caught:
        channel._top.send(bytes.fromhex(text))
    assert caught.value.code is FaultCode.GUARD_REFUSED
    assert card.sent == []


@pytest.mark.parametrize(("setup", "text"), [*ALLOWED, *(entry[:2] for entry in ALSO_ALLOWED)])
def test_what_is_allowed_does_reach_it(setup: tuple[str, ...], text: str) -> None:
    channel, card = after(*setup)
    card.script[1] = (b"", 0x9000)
    channel._top.send(bytes.fromhex(text))
    assert card.sent == [bytes.fromhex(text)]
