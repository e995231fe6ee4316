"""A small card for tests: files and counters in dictionaries, every APDU recorded, single answers replaced on cue."""

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.card.apdu import CommandApdu
from firmware.core.events import CardPresence
from firmware.core.faults import DeviceError, FaultCode

SURFACE = bytes.fromhex("D3921000310001010402")
JPKI = bytes.fromhex("D392F000260100000001")


@dataclass
class FakeCard:
    """`files`: (AID, id) to content. `secrets`: (AID, id) to [value, tries left]. `signers`: P2 to a signing function.

    `script`: number of an APDU (from 1) to the answer or fault that replaces the card's own. `longest_answer`: of the
    reader. `gives`: most bytes of one READ; a READ in extended form is answered 6700 unless it is more than 256.
    """

    files: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    secrets: dict[tuple[bytes, int], list[bytes | int]] = field(default_factory=dict)
    signers: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)
    script: dict[int, tuple[bytes, int] | DeviceError] = field(default_factory=dict)
    applications: tuple[bytes, ...] = (SURFACE, JPKI)
    sent: list[bytes] = field(default_factory=list)
    longest_answer: int = 65_536
    gives: int = 65_536
    connects: int = 0
    disconnects: int = 0
    cancels: int = 0
    connect_fault: DeviceError | None = None

    def __post_init__(self) -> None:
        self._aid = b""
        self._file = 0
        self._verified: set[tuple[bytes, int]] = set()

    @property
    def reader_fault(self) -> FaultCode:
        return FaultCode.READER_LOST

    def watch(self, post: Callable[[CardPresence], None]) -> None:
        post(CardPresence.PRESENT)

    def stop(self) -> None:
        self.disconnect()

    def connect(self) -> bytes:
        self.connects += 1
        if self.connect_fault:
            raise self.connect_fault
        return b"\x3b\x00"

    def disconnect(self) -> None:
        self.disconnects += 1
        self._aid = b""
        self._verified.clear()

    def cancel(self) -> None:
        self.cancels += 1

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        self.sent.append(apdu)
        scripted = self.script.get(len(self.sent))
        if isinstance(scripted, DeviceError):
            raise scripted
        if scripted is not None:
            return scripted
        match apdu[1]:
            case 0xA4:
                return b"", self._select(apdu)
            case 0x20:
                return b"", self._verify(apdu[5:])
            case 0xB0:
                return self._read(CommandApdu.parse(apdu))
            case _:
                return self.signers[apdu[3]](CommandApdu.parse(apdu).data), 0x9000

    def verifies(self) -> list[bytes]:
        """Bodies of all VERIFYs that cost a try."""
        return [apdu[5:] for apdu in self.sent if apdu[1] == 0x20 and len(apdu) > 4]

    def _select(self, apdu: bytes) -> int:
        if apdu[2] == 4:
            if apdu[5:] not in self.applications:
                return 0x6A82
            self._aid = apdu[5:]
            self._verified.clear()
            return 0x9000
        self._file = int.from_bytes(apdu[5:], "big")
        return 0x9000

    def _verify(self, body: bytes) -> int:
        key = (self._aid, self._file)
        secret = self.secrets[key]
        value, left = secret
        assert isinstance(left, int)
        if not body:
            return 0x9000 if key in self._verified else 0x63C0 | left
        if left == 0:
            return 0x6984
        if body == value:
            self._verified.add(key)
            return 0x9000
        secret[1] = left - 1
        return 0x63C0 | left - 1

    def reads(self) -> list[tuple[int, int]]:
        """Offset and length of all READ BINARYs."""
        commands = [CommandApdu.parse(apdu) for apdu in self.sent if apdu[1] == 0xB0]
        return [(command.p1 << 8 | command.p2, command.expected) for command in commands]

    def _read(self, command: CommandApdu) -> tuple[bytes, int]:
        if command.extended and self.gives <= 256:
            return b"", 0x6700
        offset, count = command.p1 << 8 | command.p2, min(command.expected, self.gives)
        content = self.files[self._aid, self._file]
        if offset >= len(content):
            return b"", 0x6B00
        data = content[offset : offset + count]
        return data, 0x9000 if len(data) == count else 0x6282
