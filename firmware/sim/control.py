"""Control socket of the simulator: JSON lines over a unix stream socket, and its client.

The device process opens one when simulated adapters are composed; the world process opens another. A line is one JSON
object of at most 64 KB. Events go to every client (`broadcast`, from other threads `post`); a command `{"cmd": …}` is
answered `{"ok": true, …}` or `{"ok": false, "error": …}`, with the command's "id" if it had one. The newest event of
each sticky kind is repeated to a new client, so nobody needs to be there first.

Runs on the loop's thread; `post` may be called from any. A client that does not read loses its oldest events and is
told how many; it never holds up the device. Raises ControlError. The socket has mode 0600: whoever runs the simulator
commands it. Source: design.md, "The simulator is product code".
"""

import asyncio
import contextlib
import json
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from firmware.core.faults import DeviceError

MAX_LINE: Final = 64 * 1024
MAX_PATH: Final = 100
"""A unix socket's address has 108 bytes on Linux; the rest is reserve for names beside it."""
_MAX_ID: Final = 64

Message = dict[str, object]
Answer = Mapping[str, object]
Handler = Callable[[Message], Answer | Awaitable[Answer]]


class ControlError(Exception):
    """The control socket cannot be opened or reached, or a command was refused."""


@dataclass(frozen=True, slots=True)
class ControlLimits:
    """Bounds of a server: clients at once, messages waiting for one client, seconds to wait for one that goes."""

    clients: int = 8
    queue: int = 256
    goodbye: float = 1.0


@dataclass(slots=True, eq=False)
class _Client:
    """One connection: what still has to be written to it, and how much was dropped."""

    writer: asyncio.StreamWriter
    limit: int
    waiting: deque[bytes] = field(default_factory=deque)
    dropped: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, line: bytes) -> None:
        if len(self.waiting) >= self.limit:
            self.waiting.popleft()
            self.dropped += 1
        self.waiting.append(line)
        self.ready.set()

    async def pump(self) -> None:
        """Write what waits, one line after the other, until cancelled or the client has gone."""
        while True:
            await self.ready.wait()
            self.ready.clear()
            while self.waiting:
                if self.dropped:
                    self.writer.write(encode({"event": "dropped", "count": self.dropped}))
                    self.dropped = 0
                self.writer.write(self.waiting.popleft())
                await self.writer.drain()


def encode(message: Mapping[str, object]) -> bytes:
    """One line; ControlError when it would be longer than a line may be."""
    line = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise ControlError(f"message of {len(line)} bytes is longer than {MAX_LINE}")
    return line


def decode(line: bytes) -> Message:
    """The object in `line`; ControlError when it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ControlError("not JSON") from error
    if not isinstance(value, dict):
        raise ControlError("not a JSON object")
    return cast("Message", value)


class ControlServer:
    """Listens on `path`. Commands are registered with `on` before or after `start`."""

    STICKY: Final = frozenset({"screen", "state"})

    def __init__(self, path: Path, limits: ControlLimits | None = None) -> None:
        self._path = path
        self._limits = limits or ControlLimits()
        self._handlers: dict[str, Handler] = {}
        self._clients: set[_Client] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sticky: dict[str, bytes] = {}
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def on(self, cmd: str, handler: Handler) -> None:
        """Let `handler` answer `cmd`: on the loop, at once or as a coroutine.

        DeviceError, ControlError and the errors of wrong arguments (KeyError, TypeError, ValueError) become the
        answer's "error".
        """
        self._handlers[cmd] = handler

    async def start(self) -> None:
        """Listen. ControlError when the address is too long, taken, or cannot be made."""
        if len(str(self._path).encode()) > MAX_PATH:
            raise ControlError(f"socket path is longer than {MAX_PATH} bytes")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(self._path))
            # Before listen(): nobody could connect yet, so there is no moment with wider permissions.
            self._path.chmod(0o600)
            self._loop = asyncio.get_running_loop()
            self._server = await asyncio.start_unix_server(self._accept, sock=listening, limit=MAX_LINE)
        except OSError as error:
            listening.close()
            raise ControlError(f"cannot listen: {error.strerror}") from error

    async def close(self) -> None:
        """Drop every client and remove the socket. Idempotent."""
        server, self._server, self._loop = self._server, None, None
        if server is None:
            return
        server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await server.wait_closed()
        self._path.unlink(missing_ok=True)

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    def broadcast(self, message: Mapping[str, object]) -> None:
        """Send an event to every client; on the loop's thread."""
        line = encode(message)
        kind = message.get("event")
        if isinstance(kind, str) and kind in self.STICKY:
            self._sticky[kind] = line
        for client in self._clients:
            client.offer(line)

    def post(self, message: Mapping[str, object]) -> None:
        """`broadcast` from any thread; silently nothing before `start` and after `close`."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed between the two lines
                loop.call_soon_threadsafe(self.broadcast, message)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._tasks.add(task)
        try:
            if len(self._clients) >= self._limits.clients:
                writer.write(encode({"ok": False, "error": "too many clients"}))
                await writer.drain()
            else:
                await self._serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # asyncio's stream server would print the cancellation of `close` as an error
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError, asyncio.CancelledError):
                async with asyncio.timeout(self._limits.goodbye):
                    await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(writer, self._limits.queue)
        for line in self._sticky.values():
            client.offer(line)
        self._clients.add(client)
        pump = asyncio.create_task(client.pump())
        try:
            await self._read(client, reader, pump)
        finally:
            self._clients.discard(client)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _read(self, client: _Client, reader: asyncio.StreamReader, pump: asyncio.Task[None]) -> None:
        while not pump.done():
            try:
                line = await reader.readline()
            except ValueError:
                client.writer.write(encode({"ok": False, "error": f"line longer than {MAX_LINE} bytes"}))
                await client.writer.drain()
                return
            if not line.endswith(b"\n"):
                return
            # Straight to the writer, not into the queue: an answer is never dropped, and a client that does not
            # read its answers is not read either.
            client.writer.write(await self._answer(line))
            await client.writer.drain()

    async def _answer(self, line: bytes) -> bytes:
        number: Message = {}
        try:
            message = decode(line)
            if isinstance(message.get("id"), int | str) and len(str(message["id"])) <= _MAX_ID:
                number["id"] = message["id"]
            return encode({**await self._dispatch(message), **number, "ok": True})
        except DeviceError as error:
            why = str(error.code)
        except ControlError as error:
            why = str(error)
        except (KeyError, TypeError, ValueError) as error:
            why = f"bad arguments ({type(error).__name__})"
        return encode({"ok": False, "error": why, **number})

    async def _dispatch(self, message: Message) -> Answer:
        cmd = message.get("cmd")
        handler = self._handlers.get(cmd) if isinstance(cmd, str) else None
        if handler is None:
            raise ControlError("unknown command")
        answer = handler(message)
        return await answer if isinstance(answer, Awaitable) else answer


class ControlClient:
    """The other side. `events` yields what is broadcast; `call` sends a command and waits for its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._next = 0
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._events: asyncio.Queue[Message | None] = asyncio.Queue(10_000)
        self._task = asyncio.create_task(self._pump())

    @classmethod
    async def connect(cls, path: Path) -> "ControlClient":
        """ControlError when nobody listens."""
        try:
            return cls(*await asyncio.open_unix_connection(str(path), limit=MAX_LINE))
        except OSError as error:
            raise ControlError(f"cannot connect: {error.strerror}") from error

    async def call(self, cmd: str, **arguments: object) -> Message:
        """The answer to `cmd`, as `ask`."""
        return await self.ask({**arguments, "cmd": cmd})

    async def ask(self, command: Mapping[str, object], seconds: float = 30.0) -> Message:
        """The answer to a command. ControlError: it was refused, no answer came in time, or the server has gone."""
        cmd = command["cmd"]
        if self._task.done():
            raise ControlError("connection closed")
        self._next += 1
        number = self._next
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                self._writer.write(encode({**command, "id": number}))
                await self._writer.drain()
                result: Message = await answer
        except TimeoutError as error:
            raise ControlError(f"{cmd}: no answer") from error
        except ConnectionError as error:
            raise ControlError(f"{cmd}: connection closed") from error
        finally:
            self._answers.pop(number, None)
        if result.get("ok") is not True:
            raise ControlError(f"{cmd}: {result.get('error')}")
        return result

    async def event(self) -> Message | None:
        """The next event; None once the server has gone."""
        return await self._events.get()

    async def close(self) -> None:
        """Idempotent."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _pump(self) -> None:
        try:
            while (line := await self._reader.readline()).endswith(b"\n"):
                self._take(decode(line))
        except (ControlError, ConnectionError, ValueError):
            pass  # a broken server is a server that has gone
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ControlError("connection closed"))
            self._offer(None)

    def _take(self, message: Message) -> None:
        number = message.get("id")
        if "event" in message:
            self._offer(message)
        elif isinstance(number, int) and (answer := self._answers.get(number)) and not answer.done():
            answer.set_result(message)

    def _offer(self, message: Message | None) -> None:
        if self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(message)
