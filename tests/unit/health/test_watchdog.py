"""Against real datagram sockets, in the file system and in the abstract namespace."""

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.health.watchdog import Notifier


def listener(address: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.bind(address)
    made.setblocking(False)
    return made


@pytest.fixture(params=["path", "abstract"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, Notifier]]:
    name = str(tmp_path / "notify") if request.param == "path" else "@madoguchi-" + secrets.token_hex(8)
    with listener(name.replace("@", "\0", 1) if name.startswith("@") else name) as made:
        yield made, Notifier({"NOTIFY_SOCKET": name})


def test_every_message_arrives_as_systemd_reads_it(listening: tuple[socket.socket, Notifier]) -> None:
    heard, notifier = listening
    assert notifier.active
    assert notifier.ready("idle\nWATCHDOG=trigger")
    assert heard.recv(4096) == b"READY=1\nSTATUS=idle WATCHDOG=trigger"
    assert notifier.alive()
    assert heard.recv(4096) == b"WATCHDOG=1"
    assert notifier.status("2 held")
    assert heard.recv(4096) == b"STATUS=2 held"
    assert notifier.stopping()
    assert heard.recv(4096) == b"STOPPING=1"
    with pytest.raises(BlockingIOError):
        heard.recv(4096)


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "@"}, {"NOTIFY_SOCKET": "name"}])
def test_without_systemd_nothing_is_sent(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    assert not notifier.active
    assert not notifier.alive()


def test_a_listener_that_went_away_is_a_value_not_an_exception(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    listener(str(path)).close()
    assert not Notifier({"NOTIFY_SOCKET": str(path)}).alive()


def test_a_listener_that_does_not_read_never_blocks(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with listener(str(path)):
        notifier = Notifier({"NOTIFY_SOCKET": str(path)})
        assert not all(notifier.status("x" * 9000) for _ in range(2000))


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, 10.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_interval_is_half_of_what_systemd_allows(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environment).interval() == seconds
