"""The guard: everything the device needs passes, everything else is refused before the transport."""

import pytest

from firmware.card.guard import Guard
from firmware.core.faults import DeviceError, FaultCode

DF_SURFACE = "00A4040C0AD3921000310001010402"
DF_JPKI = "00A4040C0AD392F000260100000001"
INFO = "3031300D060960864801650304020105000420" + "AB" * 32
DIGITS_14 = "36313131303332303335" + "34383137"


def ef(name: str) -> str:
    return f"00A4020C02{name}"


NOTHING: tuple[str, ...] = ()
SURFACE = (DF_SURFACE,)
JPKI = (DF_JPKI,)
NUMBER_B = (DF_SURFACE, ef("0012"))
RECORD = (DF_SURFACE, ef("0002"))
PIN = (DF_JPKI, ef("0018"))
KEY = (DF_JPKI, ef("0017"))
CERTIFICATE = (DF_JPKI, ef("000A"))

ALLOWED = [
    (NOTHING, DF_SURFACE),
    (NOTHING, DF_JPKI),
    (JPKI, DF_SURFACE),
    *((SURFACE, ef(name)) for name in ("0002", "0004", "0012")),
    *((JPKI, ef(name)) for name in ("0006", "000A", "000B", "0017", "0018")),
    (NUMBER_B, "00200080"),
    (NUMBER_B, "002000800E" + DIGITS_14),
    (PIN, "00200080"),
    (PIN, "002000800432393633"),
    (RECORD, "00B0000007"),
    (RECORD, "00B07FFF01"),
    (RECORD, "00B0000000"),
    (RECORD, "00B00000000400"),
    ((DF_SURFACE, ef("0004")), "00B0000005"),
    ((DF_JPKI, ef("0006")), "00B0005010"),
    (CERTIFICATE, "00B0000004"),
    ((DF_JPKI, ef("000B")), "00B0000004"),
    (SURFACE, f"802A000033{INFO}00"),
    (RECORD, f"802A000033{INFO}00"),
    (KEY, f"802A008033{INFO}00"),
    (KEY, f"802A0080000033{INFO}0200"),
    (KEY, "802A008030" + "AB" * 48 + "68"),
]

FORBIDDEN = [
    # applications that hold or lead to the number, and everything else
    (NOTHING, "00A4040C0AD3921000310001010408", "text application"),
    (NOTHING, "00A4040C0AD3921000310001010401", "registry application"),
    (NOTHING, "00A4040C0AD3921000310001010100", "common application"),
    (NOTHING, "00A4040C07A0000001510000", "card manager"),
    (NOTHING, "00A4040C0AD3921000310001010403", "neighbour of the card face"),
    (NOTHING, "00A4040C09D39210003100010104", "prefix of the card face"),
    (NOTHING, "00A4040C05D392100031", "short prefix"),
    (NOTHING, "00A4040C0BD392100031000101040200", "AID with a byte behind"),
    (NOTHING, "00A4040C", "SELECT without AID"),
    (NOTHING, "00A404000AD3921000310001010402", "SELECT that returns data"),
    (NOTHING, "00A4040C0AD392100031000101040200", "SELECT with Le"),
    (NOTHING, "00A4040C00000AD3921000310001010402", "SELECT in extended form"),
    (NOTHING, "00A4000C023F00", "master file"),
    (SURFACE, "00A4010C020002", "child DF"),
    (SURFACE, "00A4080C020002", "path from the master file"),
    (SURFACE, "00A4090C020002", "path"),
    (SURFACE, "00A40200020002", "SELECT EF that returns data"),
    # files and keys
    (NOTHING, ef("0002"), "file without application"),
    (SURFACE, ef("0013"), "key opened by the number"),
    (SURFACE, ef("0005"), "picture of the number"),
    (SURFACE, ef("0003"), "application info"),
    (SURFACE, ef("0001"), "age record"),
    (SURFACE, ef("0011"), "age key"),
    (SURFACE, ef("000A"), "file of the other application"),
    (JPKI, ef("0001"), "signing certificate"),
    (JPKI, ef("0002"), "signing CA"),
    (JPKI, ef("001A"), "signing key"),
    (JPKI, ef("001B"), "signing password"),
    (JPKI, ef("0012"), "file of the other application"),
    (SURFACE, "00A4020C0102", "name of one byte"),
    (SURFACE, "00A4020C03000002", "name of three bytes"),
    # READ
    (SURFACE, "00B0000007", "READ without file"),
    (RECORD, "00B0820007", "SFI of the record"),
    (RECORD, "00B0850007", "SFI of the number's picture"),
    (RECORD, "00B0800007", "SFI zero"),
    (RECORD, "00B0850000000400", "SFI in extended form"),
    (RECORD, "00B00000", "READ without Le"),
    (RECORD, "00B0000002AABB00", "READ with data"),
    (NUMBER_B, "00B0000007", "READ of a key"),
    (KEY, "00B0000007", "READ of a private key"),
    (RECORD, "00B1000007", "READ with odd instruction"),
    (RECORD, "00B2010407", "READ RECORD"),
    # VERIFY
    (SURFACE, "00200080", "VERIFY without key"),
    (NUMBER_B, "002000800C" + "31" * 12, "12 digits"),
    (NUMBER_B, "0020008000000C" + "31" * 12, "12 digits in extended form"),
    (PIN, "002000800C" + "31" * 12, "12 digits on the PIN"),
    (NUMBER_B, "0020009300", "VERIFY by SFI with Le"),
    (NUMBER_B, "002000930C" + "31" * 12, "VERIFY by SFI"),
    (NUMBER_B, "002000920E" + DIGITS_14, "number B by SFI"),
    (NUMBER_B, "002001800E" + DIGITS_14, "other P1"),
    (NUMBER_B, "0020008004" + "31" * 4, "PIN on number B"),
    (PIN, "002000800E" + DIGITS_14, "number B on the PIN"),
    (NUMBER_B, "002000800E" + "31" * 13 + "41", "a letter in number B"),
    (PIN, "0020008004313233FF", "padding in the PIN"),
    (PIN, "0020008003" + "31" * 3, "three digits"),
    (PIN, "0020008005" + "31" * 5, "five digits"),
    (PIN, "0020008004" + "31" * 4 + "00", "VERIFY with Le"),
    (PIN, "00200080000004" + "31" * 4, "PIN in extended form"),
    (CERTIFICATE, "0020008004" + "31" * 4, "VERIFY of a file"),
    # signatures
    (JPKI, f"802A008033{INFO}00", "signature without key"),
    (PIN, f"802A008033{INFO}00", "signature with the PIN selected"),
    (JPKI, f"802A000033{INFO}00", "default key in JPKI"),
    (NOTHING, f"802A000033{INFO}00", "default key without application"),
    (SURFACE, f"802A008033{INFO}00", "selected key in the card face"),
    (SURFACE, f"802A050033{INFO}00", "PSS"),
    (KEY, f"802A009733{INFO}00", "key by reference"),
    (KEY, f"802A009A33{INFO}00", "signing key by reference"),
    (KEY, f"802A008033{INFO}", "signature without Le"),
    (KEY, f"802A0080000033{INFO}0201", "signature longer than any key's"),
    (KEY, f"802A0080000033{INFO}", "extended signature without Le"),
    (KEY, "802A00802F" + "AB" * 47 + "00", "hash of 47 bytes"),
    (KEY, "802A008031" + "AB" * 49 + "00", "hash of 49 bytes"),
    (KEY, "802A008020" + "AB" * 32 + "00", "bare SHA-256"),
    (SURFACE, "802A000030" + "AB" * 48 + "00", "bare hash for the chip's key"),
    (KEY, "802A008033" + "31" * 51 + "00", "51 bytes of another kind"),
    (KEY, f"802A008034{INFO}0000", "one byte more"),
    (KEY, "802A008013" + INFO[:38] + "00", "DigestInfo without digest"),
    (SURFACE, "802A000001AA00", "one byte"),
    (KEY, f"002A008033{INFO}00", "other class"),
    # other classes and instructions
    (RECORD, "10B0000007", "chaining"),
    (PIN, "1020008004" + "31" * 4, "chained VERIFY"),
    (RECORD, "01B0000007", "logical channel"),
    (RECORD, "04B0000007", "secure messaging"),
    (RECORD, "0CB0000007", "secure messaging with header"),
    (RECORD, "80B0000007", "proprietary READ"),
    (NOTHING, "80A4040C0AD3921000310001010402", "proprietary SELECT"),
    (PIN, "002401800431313131", "change PIN"),
    (PIN, "002C0280", "unblock PIN"),
    (RECORD, "00D6000001AA", "UPDATE BINARY"),
    (NOTHING, "00CA004207", "GET DATA"),
    (NOTHING, "0084000008", "GET CHALLENGE"),
    (NOTHING, "0088000008" + "AA" * 8, "INTERNAL AUTHENTICATE"),
    (JPKI, "80A206C1" + "01AA", "terminal certificate"),
    (NOTHING, "0070000001", "MANAGE CHANNEL"),
    (NOTHING, "00C0000000", "GET RESPONSE"),
    # broken bytes
    (NOTHING, "", "nothing"),
    (NOTHING, "00A404", "cut off"),
    (SURFACE, "00A4020C02000200AA", "bytes behind"),
    (RECORD, "00B00000000000AA", "extended length of nothing"),
]


def guard_after(*setup: str) -> Guard:
    guard = Guard()
    for text in setup:
        guard.check(bytes.fromhex(text))
        guard.settle(0x9000)
    return guard


def refused(guard: Guard, text: str) -> bool:
    try:
        guard.check(bytes.fromhex(text))
    except DeviceError as error:
        return error.code is FaultCode.GUARD_REFUSED
    return False


@pytest.mark.parametrize(("setup", "text"), ALLOWED)
def test_what_the_device_needs_passes(setup: tuple[str, ...], text: str) -> None:
    assert not refused(guard_after(*setup), text)


@pytest.mark.parametrize(
    ("setup", "text"), [(setup, text) for setup, text, _ in FORBIDDEN], ids=[f[2] for f in FORBIDDEN]
)
def test_everything_else_is_refused(setup: tuple[str, ...], text: str) -> None:
    assert refused(guard_after(*setup), text)


def test_the_list_is_long() -> None:
    assert len(FORBIDDEN) >= 40


def test_a_refusal_tells_nothing_of_the_data() -> None:
    with pytest.raises(DeviceError) as caught:
        guard_after(*NUMBER_B).check(bytes.fromhex("002000800C" + "31" * 12))
    assert "31" not in str(caught.value)
    assert "111" not in str(caught.value)


@pytest.mark.parametrize("sw", [0x6A82, 0x6283, 0x6100, 0x9001])
def test_an_application_the_card_did_not_select_does_not_count(sw: int) -> None:
    guard = guard_after(DF_SURFACE)
    guard.check(bytes.fromhex(DF_JPKI))
    guard.settle(sw)
    assert guard.application is None
    assert refused(guard, ef("0018"))
    assert refused(guard, ef("0012"))


def test_a_file_the_card_did_not_select_does_not_count() -> None:
    guard = guard_after(*NUMBER_B)
    guard.check(bytes.fromhex(ef("0002")))
    guard.settle(0x6A82)
    assert (guard.application is not None, guard.file) == (True, None)
    assert refused(guard, "00B0000007")
    assert refused(guard, "00200080")


def test_an_unanswered_select_does_not_count_even_if_the_next_answer_is_good() -> None:
    guard = guard_after(DF_SURFACE)
    guard.check(bytes.fromhex(ef("0012")))
    assert refused(guard, "00200080")
    guard.settle(0x9000)
    assert guard.file is None
    guard.check(bytes.fromhex(DF_JPKI))
    assert refused(guard, ef("0018"))
    guard.settle(0x9000)
    assert guard.application is None


def test_selecting_an_application_forgets_the_file() -> None:
    guard = guard_after(*KEY, DF_JPKI)
    assert refused(guard, f"802A008033{INFO}00")


def test_answers_to_other_commands_change_nothing() -> None:
    guard = guard_after(*NUMBER_B)
    guard.check(bytes.fromhex("00200080"))
    guard.settle(0x63CA)
    assert guard.file == 0x0012


def test_a_refused_select_leaves_the_selection() -> None:
    guard = guard_after(*NUMBER_B)
    assert refused(guard, ef("0013"))
    guard.settle(0x9000)
    assert guard.file == 0x0012


def test_reset_forgets_everything() -> None:
    guard = guard_after(*RECORD)
    guard.reset()
    assert (guard.application, guard.file, guard.target) == (None, None, "")


def test_the_target_names_what_is_worked_on() -> None:
    guard = Guard()
    guard.check(bytes.fromhex(DF_SURFACE))
    assert guard.target == "surface"
    guard.settle(0x9000)
    guard.check(bytes.fromhex(ef("0012")))
    assert guard.target == "surface/0012"
    guard.settle(0x6A82)
    assert guard.target == "surface"
