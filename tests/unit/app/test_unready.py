"""A device without settings says so and notices when they come (firmware/app/unready.py)."""

import socket
from pathlib import Path

from firmware.app.unready import first_view, wait_for_settings
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.views import OutOfServiceView, UnprovisionedView
from firmware.health.watchdog import Notifier


class _Display:
    """A display that fails a few times, then keeps what is drawn."""

    width, height = 256, 64

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.pictures: list[bytes] = []
        self.closed = False

    def draw(self, rows: bytes) -> None:
        if self.failures:
            self.failures -= 1
            raise DeviceError(FaultCode.DISPLAY_FAILED)
        self.pictures.append(rows)

    def close(self) -> None:
        self.closed = True


def test_what_is_shown_depends_on_what_is_missing() -> None:
    assert first_view(FaultCode.UNPROVISIONED) == UnprovisionedView()
    assert first_view(FaultCode.SECRET_EXPOSED) == OutOfServiceView(FaultCode.SECRET_EXPOSED)


def test_it_waits_until_the_file_appears_and_feeds_the_watchdog(tmp_path: Path) -> None:
    path = tmp_path / "madoguchi.toml"
    display = _Display(failures=2)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            path.write_text("version = 1\n", encoding="utf-8")

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        wait_for_settings(path, FaultCode.UNPROVISIONED, notifier, display, sleep)
        listener.settimeout(1)
        heard = [listener.recv(200).decode() for _ in range(6)]

    assert len(pauses) == 4
    assert len(display.pictures) == 1, "a display that failed is tried again, one that shows it is left alone"
    assert display.closed
    assert heard[0].startswith("READY=1")
    assert heard[1:] == ["WATCHDOG=1"] * 4 + ["STOPPING=1"]


def test_a_changed_file_ends_the_wait(tmp_path: Path) -> None:
    path = tmp_path / "madoguchi.toml"
    path.write_text("nonsense", encoding="utf-8")
    changes = iter(["version = 1\n"])
    wait_for_settings(path, FaultCode.SETTINGS_INVALID, Notifier({}), _Display(), lambda _: _write(path, next(changes)))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
