"""Cards that lie: a wrapper which changes commands and answers by rules, and ready-made liars by name.

Driven by the card's one thread. `EvilCard` implements `contract.Card`; nothing here raises by itself. Commands that fit
a rule are counted from 1 since the last power-on, so that a card can be good at the first read and bad at the second.
Sizes in bytes. Source: ISO 7816-4 (status words), card.md 4.2 (a fake card brings its own CA).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from firmware.sim.card.applications import AID_JPKI, AID_SURFACE
from firmware.sim.card.certificates import make_authority, make_holder_certificate
from firmware.sim.card.contract import Card
from firmware.sim.card.files import with_filler
from firmware.sim.card.image import CardImage
from firmware.sim.card.machine import VirtualCard
from firmware.sim.card.person import Municipality
from firmware.sim.card.wrapper import WrappedCard

_STATUS_SIZE = 2
_OK = b"\x90\x00"
_SELECT, _VERIFY, _READ, _SIGN = 0xA4, 0x20, 0xB0, 0x2A
_READ_AT_START = b"\x00\xb0\x00\x00"
_HUGE = 65_536

Change = Callable[[bytes, bytes], bytes]
"""Command and true answer (data and status word) to the answer that is given."""
Ask = Callable[[bytes], bytes]
"""Command to the command that the chip gets instead."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a command fits, `ask` changes it before the chip sees it and `change` what the chip answers.

    ins: instruction, None for every one. application (AID) and file: what is selected. since, until: which of the
    fitting commands. header: first bytes of the command.
    """

    change: Change = lambda _, answer: answer
    ask: Ask = lambda command: command
    ins: int | None = None
    application: bytes | None = None
    file: int | None = None
    since: int = 1
    until: int | None = None
    header: bytes = b""

    def fits(self, command: bytes, application: bytes | None, file: int | None) -> bool:
        return (
            (self.ins is None or command[1:2] == bytes([self.ins]))
            and command.startswith(self.header)
            and self.application in {None, application}
            and self.file in {None, file}
        )

    def in_turn(self, count: int) -> bool:
        return count >= self.since and (self.until is None or count <= self.until)


class EvilCard(WrappedCard):
    """A card behind rules, all that fit applied in order."""

    def __init__(self, card: Card, rules: Sequence[Rule]) -> None:
        super().__init__(card)
        self._rules = rules
        self._counts = [0] * len(rules)
        self._application: bytes | None = None
        self._file: int | None = None
        self.commands = 0

    def power_on(self) -> None:
        self._forget()
        super().power_on()

    def power_off(self) -> None:
        self._forget()
        super().power_off()

    def process(self, apdu: bytes) -> bytes:
        self.commands += 1
        rules = [rule for number, rule in enumerate(self._rules) if self._turn_of(number, rule, apdu)]
        asked = apdu
        for rule in rules:
            asked = rule.ask(asked)
        answer = self._card.process(asked)
        self._note_selection(apdu, answer)
        for rule in rules:
            answer = rule.change(apdu, answer)
        return answer

    def _turn_of(self, number: int, rule: Rule, apdu: bytes) -> bool:
        if not rule.fits(apdu, self._application, self._file):
            return False
        self._counts[number] += 1
        return rule.in_turn(self._counts[number])

    def _note_selection(self, apdu: bytes, answer: bytes) -> None:
        if apdu[1:2] != bytes([_SELECT]) or not answer.endswith(_OK):
            return
        name = apdu[5:]
        if apdu[2] == 0x04:
            self._application, self._file = name, None
        elif len(name) == 2:
            self._file = int.from_bytes(name, "big")

    def _forget(self) -> None:
        self._counts = [0] * len(self._rules)
        self._application = self._file = None


# ---- changes of an answer --------------------------------------------------------------------------------------


def with_data(change: Callable[[bytes], bytes]) -> Change:
    """Change the data of successful answers that have some."""

    def changed(_: bytes, answer: bytes) -> bytes:
        data = answer[:-_STATUS_SIZE]
        return change(data) + answer[-_STATUS_SIZE:] if data else answer

    return changed


def instead(answer: bytes) -> Change:
    """Always this, whatever the chip said."""
    return lambda _command, _answer: answer


def flipped(offset: int) -> Callable[[bytes], bytes]:
    """One bit of the byte at `offset` (from the end if negative, the last one if there are fewer)."""

    def flip(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[offset if -len(data) <= offset < len(data) else -1] ^= 0x01
        return bytes(changed)

    return flip


# ---- ready-made liars ------------------------------------------------------------------------------------------

Evil = Callable[[CardImage, CardImage], Card]
"""Makes a liar from a good card's image and the image of somebody else's good card."""


def _chip(*rules: Rule) -> Evil:
    return lambda image, _other: EvilCard(VirtualCard(image), rules)


def _reads(change: Change, file: int | None = None, since: int = 1) -> Evil:
    return _chip(Rule(change, ins=_READ, file=file, since=since))


def _always_right(image: CardImage, _other: CardImage) -> Card:
    """VERIFY says 9000 to any digits, and everything opens: the card gives itself the right ones."""
    digits = {0x000E: image.secrets.number_b, 0x0004: image.secrets.pin}

    def right(command: bytes) -> bytes:
        known = digits.get(len(command) - 5)
        return command if known is None else command[:5] + known.encode()

    return EvilCard(VirtualCard(image), [Rule(ask=right, ins=_VERIFY)])


def _replayed(image: CardImage, other: CardImage) -> Card:
    """The other person's files, with which this chip's keys have nothing to do."""
    return VirtualCard(replace(image, surface=other.surface, jpki=other.jpki, certificate=other.certificate))


def _mixed(image: CardImage, other: CardImage) -> Card:
    """The other person's user-authentication certificate under this card's face."""
    return VirtualCard(replace(image, jpki=other.jpki, certificate=other.certificate))


def _stolen_face(image: CardImage, other: CardImage) -> Card:
    """The other person's card face, opened by this card's printed number."""
    return VirtualCard(replace(image, surface=other.surface))


def _own_authority(image: CardImage, _other: CardImage) -> Card:
    """A CA of the forger's own in EF 000B, and a certificate of the chip's true key that it signed."""
    good = x509.load_der_x509_certificate(image.certificate)
    authority = make_authority(image.keys.chip, datetime(2023, 1, 1, tzinfo=UTC))
    certificate = make_holder_certificate(
        authority, image.keys.auth.public_key(), Municipality(), good.not_valid_before_utc, good.not_valid_after_utc
    )
    own = authority.certificate.public_bytes(Encoding.DER)
    jpki = {**image.jpki, 0x000A: with_filler(certificate), 0x000B: with_filler(own)}
    return VirtualCard(replace(image, jpki=jpki, certificate=certificate))


def _swapped(image: CardImage, other: CardImage) -> Card:
    """Becomes somebody else's card when the JPKI application is selected for the second time."""
    return _Swap(VirtualCard(image), VirtualCard(other))


class _Swap:
    def __init__(self, first: Card, second: Card) -> None:
        self._cards = [first, second]
        self._selections = 0

    @property
    def atr(self) -> bytes:
        return self._cards[0].atr

    def power_on(self) -> None:
        for card in self._cards:
            card.power_on()

    def power_off(self) -> None:
        for card in self._cards:
            card.power_off()

    def process(self, apdu: bytes) -> bytes:
        self._selections += apdu[:3] == b"\x00\xa4\x04" and apdu[5:] == AID_JPKI
        return self._cards[self._selections > 1].process(apdu)


def _grown_header(data: bytes) -> bytes:
    """A length field one larger where a file begins, so that header and content no longer agree."""
    return data[:4] + bytes([data[4] ^ 0x01]) + data[5:] if len(data) > 4 else data


def _refilled(_: bytes, answer: bytes) -> bytes:
    """The chip's own answer with the counter that a fresh card would show."""
    return b"\x63\xc3" if answer[:1] == b"\x63" else answer


EVILS: Final[Mapping[str, Evil]] = {
    "record-bit": _reads(with_data(flipped(0x60)), 0x0002),
    "record-last-bit": _reads(with_data(flipped(-1)), 0x0002),
    "certificate-bit": _reads(with_data(flipped(0x40)), 0x000A),
    "authority-bit": _reads(with_data(flipped(0x40)), 0x000B),
    "face-certificate-bit": _reads(with_data(flipped(0x40)), 0x0004),
    "token-bit": _reads(with_data(flipped(0)), 0x0006),
    "signature-bit": _chip(Rule(with_data(flipped(7)), ins=_SIGN)),
    "signature-zero": _chip(Rule(with_data(lambda data: bytes(len(data))), ins=_SIGN)),
    "signature-short": _chip(Rule(with_data(lambda data: data[:-1]), ins=_SIGN)),
    "signature-empty": _chip(Rule(instead(_OK), ins=_SIGN)),
    "reads-truncated": _reads(with_data(lambda data: data[: len(data) // 2])),
    "reads-one-short": _reads(with_data(lambda data: data[:-1])),
    "reads-empty": _reads(instead(_OK)),
    "reads-one-longer": _reads(with_data(lambda data: data + b"\x00")),
    "reads-huge": _reads(instead(bytes(_HUGE) + _OK)),
    "everything-huge": _chip(Rule(instead(b"\x30\x82\xff\xff" + bytes(_HUGE - 4) + _OK))),
    "data-with-select": _chip(Rule(instead(b"\x6f\x00" + _OK), ins=_SELECT)),
    "data-with-verify": _chip(Rule(instead(b"2963" + _OK), ins=_VERIFY)),
    "status-zero": _chip(Rule(instead(b"\x00\x00"))),
    "status-proprietary": _chip(Rule(instead(b"\x9f\xff"))),
    "status-unknown": _chip(Rule(instead(b"\x6f\xff"))),
    "status-half": _chip(Rule(instead(b"\x90"))),
    "nothing-at-all": _chip(Rule(instead(b""))),
    "second-header": _chip(Rule(with_data(_grown_header), header=_READ_AT_START, since=2)),
    "record-second-header": _chip(Rule(with_data(_grown_header), header=_READ_AT_START, file=0x0002, since=2)),
    "record-second-read": _reads(with_data(flipped(0x80)), 0x0002, since=2),
    "verify-always-right": _always_right,
    "verify-says-right": _chip(Rule(instead(_OK), ins=_VERIFY)),
    "verify-says-wrong": _chip(Rule(instead(b"\x63\xc0"), ins=_VERIFY)),
    "counter-never-falls": _chip(Rule(_refilled, ins=_VERIFY)),
    "counter-of-fifteen": _chip(Rule(instead(b"\x63\xcf"), ins=_VERIFY)),
    "counter-rises": _chip(
        Rule(instead(b"\x63\xc6"), ins=_VERIFY, until=1), Rule(instead(b"\x63\xc9"), ins=_VERIFY, since=2)
    ),
    "own-authority": _own_authority,
    "replayed-files": _replayed,
    "mixed-certificate": _mixed,
    "face-of-another": _stolen_face,
    "swapped-in-visit": _swapped,
    "endless-6282": _reads(instead(b"\x62\x82")),
    "endless-61xx": _chip(Rule(instead(b"\x61\x00"))),
    "endless-6cxx": _reads(instead(b"\x6c\x01")),
    "selects-everything": _chip(Rule(instead(_OK), ins=_SELECT)),
    "no-card-face": _chip(Rule(instead(b"\x6a\x82"), header=b"\x00\xa4\x04\x0c\x0a" + AID_SURFACE)),
    "forgets-selection": _reads(instead(b"\x69\x86"), since=3),
    "closes-in-the-middle": _reads(instead(b"\x69\x82"), 0x0002, since=2),
}
"""Name to maker. Each is a card that no reader may trust, hang on or fall over."""
