"""Which TCP ports a process listens on, from /proc (Linux). Any thread; no process is started, nothing is connected.

A vpcd port must not be probed by connecting: a connection is a card.
"""

import socket
from ipaddress import IPv4Address
from pathlib import Path

_LISTEN = "0A"
_LOOPBACK = "127.0.0.1"


def listening_ports(pid: int) -> set[tuple[str, int]]:
    """(address, port) of every TCP socket that `pid` listens on; IPv6 addresses as raw hex. Empty if it is gone."""
    own = _socket_inodes(pid)
    found: set[tuple[str, int]] = set()
    for table in ("tcp", "tcp6"):
        for line in _lines(Path(f"/proc/{pid}/net/{table}")):
            fields = line.split()
            if fields[3] == _LISTEN and fields[9] in own:
                address, port = fields[1].split(":")
                found.add((_readable(address), int(port, 16)))
    return found


def is_free(port: int) -> bool:
    """Whether a loopback TCP port can be bound now."""
    with socket.socket() as probe:
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
    return True


def _readable(address: str) -> str:
    return str(IPv4Address(int.from_bytes(bytes.fromhex(address), "little"))) if len(address) == 8 else address


def _lines(table: Path) -> list[str]:
    try:
        return table.read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return []


def _socket_inodes(pid: int) -> set[str]:
    inodes: set[str] = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            target = str(entry.readlink())
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    except OSError:
        # The process or one of its descriptors went away while we looked: the caller asks again.
        return inodes
    return inodes
