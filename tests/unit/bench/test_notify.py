"""The notification socket (tools/bench/notify.py), with the product's own notifier."""

import os
from pathlib import Path

import pytest

from firmware.health.watchdog import Notifier
from tools.bench.notify import NotifySocket


async def test_ready_is_heard_with_the_sender(tmp_path: Path) -> None:
    heard = NotifySocket(tmp_path / "notify")
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    try:
        assert notifier.alive()
        assert notifier.ready("serving")
        notification = await heard.ready(5.0)
    finally:
        heard.close()
    assert notification.pid == os.getpid()
    assert "STATUS=serving" in notification.text
    assert not (tmp_path / "notify").exists()


async def test_nothing_but_ready_counts(tmp_path: Path) -> None:
    heard = NotifySocket(tmp_path / "notify")
    try:
        Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}).status("READY=1 is not meant")
        with pytest.raises(TimeoutError):
            await heard.ready(0.05)
    finally:
        heard.close()
