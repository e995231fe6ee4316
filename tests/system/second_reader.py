"""A second reader of the card face, written from ISO 7816-4 and X.690 alone: it shares no line with `firmware/card`.

`WireReader` plays vpcd, the driver of a virtual reader: the card connects to it and gets plain APDUs over the socket.
`objects` walks TLV with a work list instead of recursion; `public_key_der` writes X.509 key bytes by hand, so that the
`openssl` command line can judge signatures. One thread each; lengths in bytes, times in seconds. Raises
AssertionError for everything a card should not do here. Source: card.md 2.3, 2.4, 3 and 8 (framing).
"""

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 20.0
SELECT_SURFACE = "00A4040C0AD3921000310001010402"
RECORD_PREFIX = "3071300D060960864801650304020105000460"
SHA256_PREFIX = "3031300D060960864801650304020105000420"
_POWER_ON, _GIVE_ATR = b"\x01", b"\x04"


class WireReader:
    """Listens where a card of `firmware.sim.pcsc.vpcd` connects; one card at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self._card: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Idempotent."""
        for each in (self._card, self._listener):
            if each is not None:
                each.close()

    def power_on(self) -> bytes:
        """Take the card that connects next, switch it on; its ATR."""
        self._card, _ = self._listener.accept()
        self._card.settimeout(PATIENCE)
        self._card.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._put(_POWER_ON)
        self._put(_GIVE_ATR)
        return self._take()

    def ask(self, command: str) -> tuple[bytes, str]:
        """One APDU in hex digits; response data and status word."""
        self._put(bytes.fromhex(command))
        answer = self._take()
        assert len(answer) >= 2
        return answer[:-2], answer[-2:].hex()

    def expect(self, command: str) -> bytes:
        data, status = self.ask(command)
        assert status == "9000", f"{command[:8]} answered {status}"
        return data

    def _put(self, payload: bytes) -> None:
        assert self._card is not None
        self._card.sendall(len(payload).to_bytes(2, "big") + payload)

    def _take(self) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def _exactly(self, count: int) -> bytes:
        assert self._card is not None
        parts: list[bytes] = []
        while count > 0:
            part = self._card.recv(count)
            assert part, "the card hung up"
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


@dataclass(frozen=True)
class CardFace:
    """EF 0002 and EF 0004 to their very end, filler and all."""

    record: bytes
    certificate: bytes


def read_card_face(reader: WireReader, number_b: str) -> CardFace:
    """SELECT, VERIFY, and READ BINARY until the card has no more to give."""
    reader.expect(SELECT_SURFACE)
    reader.expect("00A4020C020012")
    reader.expect("002000800E" + number_b.encode().hex())
    return CardFace(_whole_file(reader, "0002"), _whole_file(reader, "0004"))


def _whole_file(reader: WireReader, name: str) -> bytes:
    """In pieces of 223 bytes: no other reader here cuts a file like that."""
    reader.expect("00A4020C02" + name)
    content = b""
    while True:
        data, status = reader.ask(f"00B0{len(content):04X}DF")
        content += data
        if status != "9000":
            assert status in {"6282", "6b00"}, f"READ BINARY answered {status}"
            return content


@dataclass(frozen=True)
class Piece:
    """One TLV object: its value, and the whole of it."""

    value: bytes
    whole: bytes


def objects(content: bytes, at: int = 0) -> dict[int, Piece]:
    """The object that begins at `at` and all objects inside it, by tag."""
    found: dict[int, Piece] = {}
    ends = [len(content)]
    while not found or len(ends) > 1:
        tag, value_at, end = _frame(content, at)
        assert end <= ends[-1], "an object is longer than what is around it"
        assert tag not in found, "a tag stands twice"
        found[tag] = Piece(content[value_at:end], content[at:end])
        if content[at] & 0x20:
            ends.append(end)
            at = value_at
        else:
            at = end
        while len(ends) > 1 and at == ends[-1]:
            ends.pop()
    return found


def _frame(content: bytes, at: int) -> tuple[int, int, int]:
    """Tag, where the value begins and where it ends. X.690: 8.1.2 (identifier), 8.1.3 (length)."""
    cursor = at + 1
    if content[at] % 32 == 31:
        while content[cursor] >= 128:
            cursor += 1
        cursor += 1
    tag = int(content[at:cursor].hex(), 16)
    size = content[cursor]
    cursor += 1
    if size >= 128:
        digits = size - 128
        assert digits > 0, "indefinite length"
        size = int(content[cursor : cursor + digits].hex(), 16)
        cursor += digits
    return tag, cursor, cursor + size


def public_key_der(field: bytes) -> bytes:
    """A card's key (90 and 91 in either reading) as the SubjectPublicKeyInfo that OpenSSL wants."""
    numbers = []
    at = 0
    while at < len(field):
        tag, value_at, at = _frame(field, at)
        assert tag in {0x90, 0x91}
        numbers.append(int.from_bytes(field[value_at:at], "big"))
    pair = _der(0x30, b"".join(_der(2, _signed(number)) for number in sorted(numbers, reverse=True)))
    rsa = bytes.fromhex("300D06092A864886F70D0101010500")
    return _der(0x30, rsa + _der(3, b"\0" + pair))


def _signed(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _der(tag: int, value: bytes) -> bytes:
    size = len(value)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + value


def recovered(folder: Path, key: bytes, signature: bytes) -> bytes:
    """What was signed, by OpenSSL: the block inside a PKCS#1 v1.5 signature. Fails for a signature by another key."""
    (folder / "key.der").write_bytes(key)
    (folder / "signature").write_bytes(signature)
    command = ["openssl", "pkeyutl", "-verifyrecover", "-pubin", "-keyform", "DER"]
    return _run(*command, "-inkey", folder / "key.der", "-in", folder / "signature")


@dataclass(frozen=True)
class Pixels:
    """Rows from the top, channels side by side."""

    width: int
    height: int
    channels: int
    values: bytes


def decoded(folder: Path, photo: bytes) -> Pixels:
    """By OpenJPEG's own program, which writes binary PNM (1 channel: P5, 3 channels: P6)."""
    (folder / "photo.jp2").write_bytes(photo)
    _run("opj_decompress", "-quiet", "-i", folder / "photo.jp2", "-o", folder / "photo.pnm")
    text = (folder / "photo.pnm").read_bytes()
    lines = [line for line in text.split(b"\n", 8) if not line.startswith(b"#")]
    kind, size, most = lines[0], lines[1], lines[2]
    width, height = map(int, size.split())
    channels = {b"P5": 1, b"P6": 3}[kind]
    assert most == b"255"
    return Pixels(width, height, channels, text[-width * height * channels :])


def _run(*command: str | Path) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, f"{command[0]}: {done.stderr.decode()}"
    return done.stdout
