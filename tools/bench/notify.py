"""What systemd hears of a service: a datagram socket of our own for `NOTIFY_SOCKET`.

Runs on the loop. The kernel says who sent a datagram, so the process id need not be known before. Times are monotonic
seconds. TimeoutError when nothing comes. Source: sd_notify(3), unix(7) SCM_CREDENTIALS.
"""

import asyncio
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CREDENTIALS: Final = struct.Struct("3i")
_LARGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Notification:
    """`text`: the assignments, one a line; `pid`: of the sender; `at`: when it was read."""

    text: str
    pid: int
    at: float


class NotifySocket:
    """Bound to `path` until closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(str(path))
        path.chmod(0o666)  # the device may run as another user

    async def ready(self, seconds: float) -> Notification:
        """The next READY=1; everything else is passed over."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(seconds):
            while True:
                readable = asyncio.Event()
                loop.add_reader(self._socket, readable.set)
                try:
                    await readable.wait()
                finally:
                    loop.remove_reader(self._socket)
                for notification in self._received():
                    if "READY=1" in notification.text.splitlines():
                        return notification

    def _received(self) -> list[Notification]:
        found: list[Notification] = []
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(_LARGEST, socket.CMSG_SPACE(_CREDENTIALS.size))
            except BlockingIOError:
                return found
            pid = next(
                (_CREDENTIALS.unpack(item)[0] for _, kind, item in ancillary if kind == socket.SCM_CREDENTIALS), 0
            )
            found.append(Notification(data.decode(errors="replace"), pid, time.monotonic()))

    def close(self) -> None:
        """Idempotent."""
        self._socket.close()
        self._path.unlink(missing_ok=True)
