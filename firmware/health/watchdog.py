"""Notifications to systemd (`sd_notify`): ready, alive, status, stopping. Standard library only.

Any thread; a datagram to a local socket that never blocks. Without systemd (`NOTIFY_SOCKET` unset) every call does
nothing. A send that fails is reported by the return value, never raised: systemd's own watchdog is the judge.
Source: sd_notify(3), sd_watchdog_enabled(3); hardware.md section 6.
"""

import os
import socket
from collections.abc import Mapping
from typing import Final

_MOST_BYTES: Final = 4096


class Notifier:
    """The notification socket named in the environment."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._interval = _interval(environment)

    @property
    def active(self) -> bool:
        """Whether somebody listens."""
        return self._address is not None

    def interval(self) -> float | None:
        """Seconds between two `alive` calls, half of what systemd allows; None without a watchdog."""
        return self._interval

    def ready(self, status: str) -> bool:
        """The first screen is shown. `status`: one line without personal data."""
        return self._send(f"READY=1\nSTATUS={_line(status)}")

    def alive(self) -> bool:
        """Loop and healthy lanes answered."""
        return self._send("WATCHDOG=1")

    def status(self, text: str) -> bool:
        """One line for `systemctl status`, without personal data."""
        return self._send(f"STATUS={_line(text)}")

    def stopping(self) -> bool:
        """Shutting down on request."""
        return self._send("STOPPING=1")

    def _send(self, message: str) -> bool:
        if self._address is None:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(0)
            try:
                sender.sendto(message.encode()[:_MOST_BYTES], self._address)
            except OSError:
                return False
        return True


def _address(name: str) -> str | None:
    """A path, or a leading NUL for the abstract namespace that systemd writes as `@`."""
    if name.startswith("@") and len(name) > 1:
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _interval(environment: Mapping[str, str]) -> float | None:
    """Half of WATCHDOG_USEC, if it is meant for this process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    microseconds = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return microseconds / 2_000_000 if microseconds else None


def _line(text: str) -> str:
    """Line feeds would start another assignment."""
    return " ".join(text.split())
