"""The chip: an ISO 7816 state machine over a card image, with real try counters and real RSA.

Driven by one thread at a time; nothing blocks except an RSA operation (about 1 ms). No exception leaves `process`:
every command gets a status word. Source: facts card.md 1.4, 2, 3. Where sources are silent the card is strict: a READ
without Le, a signature without room for its result and a VERIFY of a wrong length are refused or cost a try.
"""

from enum import Enum

from firmware.sim.card.apdu import Command, WrongLengthError, parse_command
from firmware.sim.card.applications import Application, ReferenceData, SigningKey, TransparentFile, build_applications
from firmware.sim.card.audit import CommandLog, Context, LogEntry
from firmware.sim.card.image import CardImage
from firmware.sim.card.keys import KEY_BITS, sign_block

_OK = 0x9000
_AID_PREFIX_MINIMUM = 5
_BLOCK_MAXIMUM = KEY_BITS // 8 - 11
# Class byte: logical channels (first and further), secure messaging, command chaining.
_CLASS_REFUSALS = ((0x43, 0x6881), (0x0C, 0x6882), (0x10, 0x6884))


class Interface(Enum):
    """How the card lies in the reader; the value is the ATR that a PC/SC reader reports (card.md 1.2)."""

    CONTACT = bytes.fromhex("3be000ff8131fe4514")
    CONTACTLESS = bytes.fromhex("3b888001000041e0b381a1003b")


class _StatusError(Exception):
    """A command ends with this status word and no data."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


class VirtualCard:
    """A simulated My Number Card. Implements `contract.Card`."""

    def __init__(self, image: CardImage, interface: Interface = Interface.CONTACTLESS) -> None:
        self.interface = interface
        self.log = CommandLog()
        self._applications = build_applications(image)
        self._application: Application | None = None
        self._file: int | None = None
        self._verified: set[int] = set()
        self._handlers = {
            (0x00, 0xA4): self._select,
            (0x00, 0x20): self._verify,
            (0x00, 0xB0): self._read_binary,
            (0x80, 0x2A): self._sign,
        }

    @property
    def atr(self) -> bytes:
        return self.interface.value

    def power_on(self) -> None:
        self._forget()

    def power_off(self) -> None:
        self._forget()

    def process(self, apdu: bytes) -> bytes:
        """Answer one command: response data followed by the status word."""
        context = Context(None, None)
        try:
            command = parse_command(apdu)
        except WrongLengthError:
            answer = (0x6700).to_bytes(2, "big")
            self.log.add(apdu, None, answer, context)
            return answer
        context = self._context(command)
        try:
            answer = self._answer(command) + _OK.to_bytes(2, "big")
        except _StatusError as refusal:
            answer = refusal.status.to_bytes(2, "big")
        except _ShortReadError as short:
            answer = short.data + (0x6282).to_bytes(2, "big")
        self.log.add(apdu, command, answer, context)
        return answer

    def violations(self) -> list[LogEntry]:
        """Every command outside the allow-list of facts card.md section 7, since the card was made."""
        return self.log.violations()

    def tries(self, application: str, key: int) -> int:
        """Tries left of a key, for tests and scenarios; costs nothing and is not logged."""
        owner = next(item for item in self._applications if item.name == application)
        return owner.references[key].left

    def _forget(self) -> None:
        self._application = None
        self._file = None
        self._verified.clear()

    def _context(self, command: Command) -> Context:
        """What the command is about, for the log: the target of a SELECT or short id, else what is selected."""
        application, file = self._application, self._file
        if command.ins == 0xA4 and command.p1 == 0x04:
            application, file = self._find(command.data), None
        elif command.ins == 0xA4 and len(command.data) == 2:
            file = int.from_bytes(command.data, "big")
        elif command.ins == 0xB0 and command.p1 >= 0x80:
            file = command.p1 & 0x1F
        elif command.ins == 0x20 and command.p2 > 0x80:
            file = command.p2 & 0x1F
        return Context(application.name if application else None, file)

    def _answer(self, command: Command) -> bytes:
        for bits, status in _CLASS_REFUSALS:
            if command.cla & bits:
                raise _StatusError(status)
        handler = self._handlers.get((command.cla, command.ins))
        if handler is None:
            raise _StatusError(0x6D00 if command.cla in {0x00, 0x80} else 0x6E00)
        return handler(command)

    # ---- SELECT ------------------------------------------------------------------------------------------------

    def _select(self, command: Command) -> bytes:
        match command.p1:
            case 0x04:
                self._select_application(command)
            case 0x02:
                self._select_file(command)
            case 0x00:
                self._select_master(command)
            case _:
                raise _StatusError(0x6A86)
        return b""

    def _find(self, name: bytes) -> Application | None:
        """By full AID or by a prefix of it, the first that fits (card.md 1.4)."""
        if len(name) < _AID_PREFIX_MINIMUM:
            return None
        return next((item for item in self._applications if item.aid.startswith(name)), None)

    def _select_application(self, command: Command) -> None:
        found = self._find(command.data)
        if found is None:
            raise _StatusError(0x6A82)
        if command.p2 != 0x0C:
            raise _StatusError(0x6A86)
        if found is not self._application:
            self._verified.clear()
        self._application = found
        self._file = None

    def _select_file(self, command: Command) -> None:
        if command.p2 != 0x0C:
            raise _StatusError(0x6A86)
        if len(command.data) != 2:
            raise _StatusError(0x6700)
        number = int.from_bytes(command.data, "big")
        if self._application is None or not self._application.knows(number):
            raise _StatusError(0x6A82)
        self._file = number

    def _select_master(self, command: Command) -> None:
        """No master file to select; without a name the command succeeds once an application is current."""
        if command.data:
            raise _StatusError(0x6A82)
        if self._application is None:
            raise _StatusError(0x6A86)

    # ---- VERIFY ------------------------------------------------------------------------------------------------

    def _verify(self, command: Command) -> bytes:
        number = self._addressed(command.p1, command.p2)
        reference = self._reference(number)
        if not command.data:
            if number in self._verified:
                return b""
            raise _StatusError(0x63C0 | reference.left)
        if reference.blocked:
            raise _StatusError(0x6984)
        if not reference.compare(command.data):
            self._verified.discard(number)
            raise _StatusError(0x63C0 | reference.left)
        self._verified.add(number)
        return b""

    def _addressed(self, p1: int, p2: int) -> int:
        """The key a VERIFY means: the selected one (80) or, by short id, one of 0001 to 001E (81 to 9E)."""
        if p1 != 0 or p2 < 0x80:
            raise _StatusError(0x6A86)
        if p2 == 0x80:
            return self._selected()
        self._file = p2 & 0x1F
        return self._file

    def _reference(self, number: int) -> ReferenceData:
        if self._application is None or not self._application.knows(number):
            raise _StatusError(0x6A82)
        reference = self._application.references.get(number)
        if reference is None:
            raise _StatusError(0x6981)
        return reference

    def _selected(self) -> int:
        if self._file is None:
            raise _StatusError(0x6986)
        return self._file

    # ---- READ BINARY -------------------------------------------------------------------------------------------

    def _read_binary(self, command: Command) -> bytes:
        if command.p1 & 0x80:
            self._file, offset = command.p1 & 0x1F, command.p2
        else:
            offset = command.p1 << 8 | command.p2
        content = self._readable(self._selected()).content
        if command.data or command.expected is None:
            raise _StatusError(0x6700)
        if offset >= len(content):
            raise _StatusError(0x6B00)
        data = content[offset : offset + command.expected]
        if len(data) < command.expected:
            raise _ShortReadError(data)
        return data

    def _readable(self, number: int) -> TransparentFile:
        if self._application is None or not self._application.knows(number):
            raise _StatusError(0x6A82)
        file = self._application.files.get(number)
        if file is None:
            raise _StatusError(0x6981)
        if file.opened_by and not file.opened_by & self._verified:
            raise _StatusError(0x6982)
        return file

    # ---- PSO: COMPUTE DIGITAL SIGNATURE ------------------------------------------------------------------------

    def _sign(self, command: Command) -> bytes:
        signer = self._signer(command)
        if signer.opened_by is not None and signer.opened_by not in self._verified:
            raise _StatusError(0x6982)
        room = command.expected or 0
        if not 0 < len(command.data) <= _BLOCK_MAXIMUM or room < KEY_BITS // 8:
            raise _StatusError(0x6700)
        return sign_block(signer.key, command.data)

    def _signer(self, command: Command) -> SigningKey:
        if command.p1 != 0 or command.p2 not in {0x00, 0x80}:
            raise _StatusError(0x6A86)
        if self._application is None:
            raise _StatusError(0x6985)
        default = command.p2 == 0x00
        signer = self._application.default_key if default else self._application.keys.get(self._selected())
        if signer is None:
            raise _StatusError(0x6A88 if default else 0x6981)
        return signer


class _ShortReadError(Exception):
    """The file ended before as many bytes as asked for: data with status 6282."""

    def __init__(self, data: bytes) -> None:
        super().__init__("end of file")
        self.data = data
