"""Responders on loopback: OpenSSL makes the answers (`openssl ocsp` as its own process), the HTTP around them is ours.

OpenSSL's own HTTP server is not used: it listens on every address of the machine.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.eligibility.ocsp_hand import Party

Respond = Callable[[bytes], Awaitable[bytes]]
"""Body of a request to the whole HTTP answer."""


def http(body: bytes, status: str = "200 OK", media: str = "application/ocsp-response", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


@dataclass
class Served:
    """`heads`: request lines and headers as they came; `connections`: how often somebody called."""

    port: int = 0
    connections: int = 0
    heads: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def serving(respond: Respond, tls: ssl.SSLContext | None = None) -> AsyncIterator[Served]:
    """Answers every request on a connection; one that ends in nothing is closed."""
    served = Served()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                served.heads.append(head)
                length = int(head.lower().partition("content-length:")[2].split()[0])
                answer = await respond(await reader.readexactly(length))
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()


def write(folder: Path, name: str, party: Party) -> tuple[Path, Path]:
    """Certificate and key in PEM."""
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(party.certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(party.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


@dataclass(frozen=True)
class OpenSsl:
    """`openssl ocsp` over the CA's index. `options`: how this responder answers."""

    folder: Path
    ca: Party
    signer: Party
    options: tuple[str, ...] = ("-ndays", "1")

    def list(self, *certificates: tuple[Party, str]) -> None:
        """Write the index: V valid, R revoked; whoever is not in it is unknown."""
        lines = []
        for party, state in certificates:
            since = "260101000000Z,keyCompromise" if state == "R" else ""
            lines.append(
                f"{state}\t350101000000Z\t{since}\t{party.certificate.serial_number:040X}\tunknown\t/CN=card\n"
            )
        (self.folder / "index.txt").write_text("".join(lines))

    async def respond(self, request: bytes) -> bytes:
        (self.folder / "request.der").write_bytes(request)
        write(self.folder, "ca", self.ca)
        write(self.folder, "signer", self.signer)
        files = ["-index", "index.txt", "-CA", "ca.pem", "-rsigner", "signer.pem", "-rkey", "signer.key"]
        ways = ["-reqin", "request.der", "-respout", "answer.der"]
        process = await asyncio.create_subprocess_exec(
            "openssl", "ocsp", *files, *ways, *self.options, cwd=self.folder, stderr=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0
        return http((self.folder / "answer.der").read_bytes())
