"""Servers that are no gateway: one on the loop that says one thing, one on a thread with OpenSSL's own manners."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator


@contextlib.asynccontextmanager
async def saying(
    context: ssl.SSLContext | None, answer: bytes, *, pause: float = 0.0, reset: bool = False
) -> AsyncIterator[str]:
    """Answers every request with `answer`, byte by byte where there is a pause, and hangs up or cuts; the address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read(65536)
            for each in [answer[at : at + 1] for at in range(len(answer))] if pause else [answer]:
                writer.write(each)
                await writer.drain()
                await asyncio.sleep(pause)
        if reset:
            writer.transport.abort()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextlib.contextmanager
def refusing(context: ssl.SSLContext) -> Iterator[str]:
    """Refuses handshakes as servers in the field do, with an alert; asyncio's server only cuts the connection."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.settimeout(2)
                    _refuse(context, connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _refuse(context: ssl.SSLContext, connection: socket.socket) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    with contextlib.suppress(OSError):
        while data := connection.recv(65536):
            incoming.write(data)
            with contextlib.suppress(ssl.SSLError):
                tls.do_handshake()
            # An alert lies in the BIO even when the handshake has failed.
            connection.sendall(outgoing.read())
