"""The chip: an ISO 7816 state machine over a card image, with real try counters and real signatures.

Driven by one thread at a time; nothing blocks except an RSA operation (about 1 ms). No exception leaves `process`:
every command gets a status word. The commands are in `state`, `references`, `reading`, `signing` and `closed`.
Source: facts card.md 1.2, 1.4, 2, 3.
"""

from collections.abc import Callable
from enum import Enum

from firmware.sim.card.apdu import CHAINING, Chain, Command, StatusError, WrongLengthError, parse_command
from firmware.sim.card.applications import AID_JPKI, AID_SURFACE, build_applications
from firmware.sim.card.audit import JPKI, SURFACE, CommandLog, Context, LogEntry
from firmware.sim.card.closed import session_key, terminal_key
from firmware.sim.card.image import CardImage
from firmware.sim.card.quirks import BeyondLimit, Quirks
from firmware.sim.card.reading import get_challenge, get_data, read_binary, read_record
from firmware.sim.card.references import change, verify
from firmware.sim.card.signing import sign
from firmware.sim.card.state import SHORT_ID, ChipState, select

_OK = 0x9000
# Class byte: logical channels (first and further), secure messaging.
_CLASS_REFUSALS = ((0x43, 0x6881), (0x0C, 0x6882))
_KNOWN_CLASSES = {0x00, 0x80}
_GET_RESPONSE = (0x00, 0xC0)
_SHORT_MAXIMUM = 256
# What a reader may ask every card for, whether it is there or not: a phone has no card face.
_RIGHTLY_ASKED = {AID_SURFACE: SURFACE, AID_JPKI: JPKI}
_HANDLERS: dict[tuple[int, int], Callable[[ChipState, Command], bytes]] = {
    (0x00, 0xA4): select,
    (0x00, 0x20): verify,
    (0x00, 0x24): change,
    (0x00, 0xB0): read_binary,
    (0x00, 0xB2): read_record,
    (0x00, 0x84): get_challenge,
    (0x00, 0xCA): get_data,
    (0x80, 0xCA): get_data,
    (0x80, 0x2A): sign,
    (0x80, 0xA2): terminal_key,
    (0x80, 0xAE): session_key,
}


class Interface(Enum):
    """How the card lies in the reader; the value is the ATR that a PC/SC reader reports (card.md 1.2).

    CONTACT_2 names its country. PHONE_*: contact or secure-element forms whose meaning is unknown. CONTACTLESS_2 has
    other application data, _3 and _4 are 106 kbit/s only and a slower waiting time.
    """

    CONTACT = bytes.fromhex("3be000ff8131fe4514")
    CONTACT_2 = bytes.fromhex("3bda13ff8131fb468012392f31c173c601c03b")
    PHONE_1 = bytes.fromhex("3bc5ff8131fb458073c6010000")
    PHONE_2 = bytes.fromhex("3bf59100ff918171fe400042000100d1d6")
    PHONE_3 = bytes.fromhex("3bf59100ff918171fe4000420001b3a115")
    CONTACTLESS = bytes.fromhex("3b888001000041e0b381a1003b")
    CONTACTLESS_2 = bytes.fromhex("3b888001000005e0b381a1007f")
    CONTACTLESS_3 = bytes.fromhex("3b888001004b51ff0081d100bc")
    CONTACTLESS_4 = bytes.fromhex("3b888001004b51ffb381d1000f")


class VirtualCard:
    """A simulated My Number Card. Implements `contract.Card`."""

    def __init__(
        self, image: CardImage, interface: Interface = Interface.CONTACTLESS, quirks: Quirks | None = None
    ) -> None:
        self.interface = interface
        self.quirks = quirks or Quirks()
        self.log = CommandLog()
        self._state = ChipState(build_applications(image, self.quirks.stray), self.quirks)
        self._chain = Chain()
        self._rest = b""

    @property
    def atr(self) -> bytes:
        return self.interface.value

    def power_on(self) -> None:
        self._forget()

    def power_off(self) -> None:
        self._forget()

    def process(self, apdu: bytes) -> bytes:
        """Answer one command: response data followed by the status word."""
        try:
            command = parse_command(apdu)
        except WrongLengthError:
            answer = (0x6700).to_bytes(2, "big")
            self.log.add(apdu, None, answer, Context(None, None))
            return answer
        context = self._context(command)
        data, status = self._answer(command)
        answer = data + status.to_bytes(2, "big")
        self.log.add(apdu, command, answer, context)
        return answer

    def violations(self) -> list[LogEntry]:
        """Every command outside the allow-list of facts card.md section 7, since the card was made."""
        return self.log.violations()

    def tries(self, application: str, key: int) -> int:
        """Tries left of a key, for tests and scenarios; costs nothing and is not logged."""
        owner = next(item for item in self._state.applications if item.name == application)
        return owner.references[key].left

    def _forget(self) -> None:
        self._state.forget()
        self._chain.forget()
        self._rest = b""

    def _context(self, command: Command) -> Context:
        """What the command is about, for the log: the target of a SELECT or short id, else what is selected."""
        application, file = self._state.application, self._state.file
        if command.ins == 0xA4 and command.p1 == 0x04:
            found = self._state.find(command.data)
            return Context(found.name if found else _RIGHTLY_ASKED.get(command.data), None)
        if command.ins == 0xA4 and len(command.data) == 2:
            file = int.from_bytes(command.data, "big")
        elif command.ins == 0xB0 and command.p1 >= 0x80:
            file = command.p1 & SHORT_ID
        elif command.ins == 0xB2 and command.p2 >> 3:
            file = command.p2 >> 3
        elif command.ins in {0x20, 0x24, 0x2A} and command.p2 > 0x80:
            file = command.p2 & SHORT_ID
        return Context(application.name if application else None, file)

    def _answer(self, command: Command) -> tuple[bytes, int]:
        try:
            data, status = self._run(command), _OK
        except StatusError as refusal:
            data, status = refusal.data, refusal.status
        return self._within_limit(data, status)

    def _run(self, command: Command) -> bytes:
        self._check_form(command)
        whole = self._chain.take(command)
        if whole is None:
            return b""
        rest, self._rest = self._rest, b""
        if (whole.cla, whole.ins) == _GET_RESPONSE and rest:
            self._rest = rest[whole.expected or 0 :]
            return rest[: whole.expected or 0]
        handler = _HANDLERS.get((whole.cla, whole.ins))
        if handler is None:
            raise StatusError(0x6D00 if whole.cla in _KNOWN_CLASSES else 0x6E00)
        return handler(self._state, whole)

    def _check_form(self, command: Command) -> None:
        for bits, status in _CLASS_REFUSALS:
            if command.cla & bits:
                raise StatusError(status)
        if command.cla & ~CHAINING not in _KNOWN_CLASSES:
            raise StatusError(0x6E00)
        if command.extended and not self.quirks.extended:
            raise StatusError(0x6700)
        limit = self.quirks.answer_limit
        if (command.expected or 0) > limit:
            if self.quirks.beyond_limit is BeyondLimit.REFUSED:
                raise StatusError(0x6700)
            if self.quirks.beyond_limit is BeyondLimit.EXACT_LENGTH:
                raise StatusError(_with_size(0x6C00, limit))

    def _within_limit(self, data: bytes, status: int) -> tuple[bytes, int]:
        limit = self.quirks.answer_limit
        if len(data) <= limit:
            more = self._rest and status == _OK
            return data, _with_size(0x6100, len(self._rest)) if more else status
        if self.quirks.beyond_limit is BeyondLimit.SHORTER:
            return data[:limit], _OK
        self._rest = data[limit:]
        return data[:limit], _with_size(0x6100, len(self._rest))


def _with_size(status: int, size: int) -> int:
    """61xx or 6Cxx: xx is the number of bytes, 00 for 256 and more."""
    return status | (size if size < _SHORT_MAXIMUM else 0)
