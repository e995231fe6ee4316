"""The control socket: limits, garbage, several and slow clients, threads."""

import asyncio
import json
import socket
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.sim.control import MAX_LINE, ControlClient, ControlError, ControlLimits, ControlServer, Message


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ControlServer]:
    made = ControlServer(tmp_path / "c.sock", ControlLimits(clients=2, queue=4))
    made.on("echo", lambda message: {"value": message["value"]})
    await made.start()
    yield made
    await made.close()


async def _raw(tmp_path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(str(tmp_path / "c.sock"), limit=MAX_LINE * 2)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> Message:
    writer.write(line)
    await writer.drain()
    async with asyncio.timeout(5):
        answer: Message = json.loads(await reader.readline())
    return answer


async def test_only_the_owner_may_connect(server: ControlServer, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "c.sock").stat().st_mode) == 0o600


async def test_a_command_is_answered_with_its_id(server: ControlServer, tmp_path: Path) -> None:
    reader, writer = await _raw(tmp_path)
    assert await _ask(reader, writer, b'{"cmd":"echo","value":7,"id":"x"}\n') == {"ok": True, "id": "x", "value": 7}
    writer.close()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"rubbish\n", "not JSON"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[" * 5000 + b"\n", "not JSON"),
        (b"[1]\n", "not a JSON object"),
        (b"{}\n", "unknown command"),
        (b'{"cmd":["echo"]}\n', "unknown command"),
        (b'{"cmd":"echo"}\n', "bad arguments (KeyError)"),
    ],
)
async def test_garbage_is_refused_and_the_connection_lives(
    server: ControlServer, tmp_path: Path, line: bytes, error: str
) -> None:
    reader, writer = await _raw(tmp_path)
    assert await _ask(reader, writer, line) == {"ok": False, "error": error}
    assert (await _ask(reader, writer, b'{"cmd":"echo","value":1}\n'))["ok"] is True
    writer.close()


async def test_a_line_that_is_too_long_ends_the_connection(server: ControlServer, tmp_path: Path) -> None:
    reader, writer = await _raw(tmp_path)
    answer = await _ask(reader, writer, b"x" * (MAX_LINE + 10) + b"\n")
    assert answer["ok"] is False
    assert await reader.read() == b""
    writer.close()


async def test_an_answer_that_is_too_long_becomes_an_error(server: ControlServer, tmp_path: Path) -> None:
    server.on("long", lambda _: {"value": "x" * MAX_LINE})
    client = await ControlClient.connect(tmp_path / "c.sock")
    with pytest.raises(ControlError, match="longer than"):
        await client.call("long")
    await client.close()


async def test_a_fault_of_the_device_is_answered_with_its_code(server: ControlServer, tmp_path: Path) -> None:
    def broken(_: Message) -> Message:
        raise DeviceError(FaultCode.CAMERA_MISSING, "detail stays inside")

    server.on("broken", broken)
    client = await ControlClient.connect(tmp_path / "c.sock")
    with pytest.raises(ControlError, match=r"^broken: CAM-001$"):
        await client.call("broken")
    await client.close()


async def test_a_command_may_take_its_time(server: ControlServer, tmp_path: Path) -> None:
    async def slow(_: Message) -> Message:
        await asyncio.sleep(0)
        return {"slow": True}

    server.on("slow", slow)
    client = await ControlClient.connect(tmp_path / "c.sock")
    assert (await client.call("slow"))["slow"] is True
    await client.close()


async def test_every_client_gets_every_event_and_a_late_one_the_last_screen(
    server: ControlServer, tmp_path: Path
) -> None:
    first = await ControlClient.connect(tmp_path / "c.sock")
    await first.call("echo", value=0)
    server.broadcast({"event": "screen", "view": "A"})
    server.broadcast({"event": "screen", "view": "B"})
    server.broadcast({"event": "apdu"})
    assert [(await first.event() or {}).get("view") for _ in range(3)] == ["A", "B", None]
    second = await ControlClient.connect(tmp_path / "c.sock")
    assert (await second.event() or {}).get("view") == "B"
    await first.close()
    await second.close()


async def test_more_clients_than_allowed_are_told_so(server: ControlServer, tmp_path: Path) -> None:
    clients = [await ControlClient.connect(tmp_path / "c.sock") for _ in range(2)]
    for client in clients:
        await client.call("echo", value=0)
    reader, writer = await _raw(tmp_path)
    assert json.loads(await reader.readline()) == {"ok": False, "error": "too many clients"}
    writer.close()
    await clients[0].close()
    async with asyncio.timeout(5):
        while server.clients > 1:  # noqa: ASYNC110 - the server has no reason to announce this
            await asyncio.sleep(0.01)
    again = await ControlClient.connect(tmp_path / "c.sock")
    assert (await again.call("echo", value=3))["value"] == 3
    for client in (again, clients[1]):
        await client.close()


async def test_a_slow_client_loses_old_events_and_holds_nobody_up(server: ControlServer, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(str(tmp_path / "c.sock"))
        quick = await ControlClient.connect(tmp_path / "c.sock")
        await quick.call("echo", value=0)
        filler = "x" * 60_000
        for number in range(40):
            server.broadcast({"event": "big", "number": number, "filler": filler})
            assert (await quick.event() or {})["number"] == number
        slow.setblocking(False)
        text = await asyncio.to_thread(_read_until, slow, b'"number":39')
    lines = [json.loads(line) for line in text.splitlines() if line.endswith(b"}")]
    assert sum(line.get("count", 0) for line in lines) + sum(line["event"] == "big" for line in lines) == 40
    assert any(line["event"] == "dropped" for line in lines)
    await quick.close()


def _read_until(connection: socket.socket, mark: bytes) -> bytes:
    connection.settimeout(5)
    text = b""
    while mark not in text or not text.endswith(b"\n"):
        text += connection.recv(1 << 20)
    return text


async def test_events_may_come_from_any_thread(server: ControlServer, tmp_path: Path) -> None:
    client = await ControlClient.connect(tmp_path / "c.sock")
    await client.call("echo", value=0)
    thread = threading.Thread(target=lambda: server.post({"event": "apdu", "sw": "9000"}))
    thread.start()
    thread.join()
    async with asyncio.timeout(5):
        assert await client.event() == {"event": "apdu", "sw": "9000"}
    await client.close()
    await server.close()
    server.post({"event": "apdu"})


async def test_close_ends_clients_and_removes_the_socket(server: ControlServer, tmp_path: Path) -> None:
    client = await ControlClient.connect(tmp_path / "c.sock")
    await client.call("echo", value=0)
    await server.close()
    async with asyncio.timeout(5):
        assert await client.event() is None
    with pytest.raises(ControlError):
        await client.call("echo", value=0)
    assert not (tmp_path / "c.sock").exists()
    await client.close()
    with pytest.raises(ControlError):
        await ControlClient.connect(tmp_path / "c.sock")


async def test_no_answer_is_an_error_not_a_wait_for_ever(server: ControlServer, tmp_path: Path) -> None:
    async def never(_: Message) -> Message:
        await asyncio.Event().wait()
        return {}

    server.on("never", never)
    client = await ControlClient.connect(tmp_path / "c.sock")
    with pytest.raises(ControlError, match="no answer"):
        await client.ask({"cmd": "never"}, seconds=0.05)
    await client.close()


async def test_a_path_no_socket_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="longer"):
        await ControlServer(tmp_path / ("x" * 120)).start()
    with pytest.raises(ControlError, match="cannot listen"):
        await ControlServer(tmp_path / "no" / "c.sock").start()
