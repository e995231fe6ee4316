"""The allow-list of card.md section 7, written a second time: apart from the guard, over whole hex strings.

`violation` walks what a transport was given, with the status words that came back, and names the first APDU that should
never have left the device. An APDU whose answer is unknown has status 0; an empty one marks a power-up. Pure.
"""

from collections.abc import Sequence

SURFACE, JPKI = "D3921000310001010402", "D392F000260100000001"
INFO = "3031300D060960864801650304020105000420"
FILES = {SURFACE: ("0002", "0004", "0012"), JPKI: ("0006", "000A", "000B", "0017", "0018")}
KEYS = ("0012", "0017", "0018")
DIGITS = {"0012": 14, "0018": 4}
# What stands around the data of a signature: Lc and Le of a short and of an extended APDU.
FRAMES = (("33", 2), ("000033", 4), ("30", 2), ("000030", 4))

Sent = tuple[bytes, int]


def violation(sent: Sequence[Sent]) -> str | None:
    application = file = ""
    for raw, sw in sent:
        text = raw.hex().upper()
        if not text:
            application = file = ""
        elif text in {"00A4040C0A" + SURFACE, "00A4040C0A" + JPKI}:
            application, file = (text[10:] if sw == 0x9000 else ""), ""
        elif text[:10] == "00A4020C02" and text[10:] in FILES.get(application, ()):
            file = text[10:] if sw == 0x9000 else ""
        elif not (_reads(file, text) or _verifies(file, text) or _signs(application, file, text)):
            return f"{text[:10]} on {application or 'nothing'} {file}"
    return None


def _reads(file: str, text: str) -> bool:
    """By offset, never by short file id, and nothing that is a key."""
    short, extended = len(text) == 10, len(text) == 14 and text[8:10] == "00"
    return text[:4] == "00B0" and text[4:5] in tuple("01234567") and (short or extended) and file not in {"", *KEYS}


def _verifies(file: str, text: str) -> bool:
    """The counter's question, or exactly the digits that this key has."""
    if file not in DIGITS or text[:8] != "00200080":
        return False
    count = DIGITS[file]
    return not text[8:] or (text[8:10] == f"{count:02X}" and _are_digits(text[10:], count))


def _are_digits(text: str, count: int) -> bool:
    return len(text) == 2 * count and set(text[::2]) == {"3"} and set(text[1::2]) <= set("0123456789")


def _signs(application: str, file: str, text: str) -> bool:
    """A SHA-256 in its DigestInfo, by the chip's or the holder's key; a bare SHA-384 by the holder's alone."""
    block = _signed_block(text[8:])
    if text[:8] == "802A0000":
        return application == SURFACE and _is_digest_info(block)
    return text[:8] == "802A0080" and file == "0017" and (_is_digest_info(block) or len(block) == 96)


def _is_digest_info(block: str) -> bool:
    return block.startswith(INFO) and len(block) == 102


def _signed_block(body: str) -> str:
    """The data, where Le leaves room for a signature of RSA-4096 at most."""
    for lead, tail in FRAMES:
        if body.startswith(lead) and len(body) == len(lead) + 2 * int(lead, 16) + tail:
            fits = tail == 2 or 0 < int(body[-tail:], 16) <= 512
            return body[len(lead) : -tail] if fits else ""
    return ""
