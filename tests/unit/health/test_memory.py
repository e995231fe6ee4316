"""In processes of their own, for nothing of this can be undone: what the kernel says afterwards, and a real abort."""

import subprocess
import sys
from pathlib import Path

import pytest

from firmware.health import memory

CHECKOUT = Path(__file__).parents[3]
READ_BACK = """
import ctypes, os, resource, sys
from pathlib import Path
from firmware.health.memory import seal_process
refused = [seal_process(readable=word == "readable") for word in sys.argv[1:]]
print(refused)
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
filter = "import pathlib; print(pathlib.Path('/proc/self/coredump_filter').read_text().strip())"
sys.stdout.flush()
os.execv(sys.executable, [sys.executable, "-c", filter])
"""
ABORTED = """
import os, resource, sys
from firmware.health.memory import seal_process
if sys.argv[1] == "sealed":
    seal_process()
os.abort()
"""


def told(code: str, *words: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=20,
        env={"PYTHONPATH": str(CHECKOUT)},
    )


def test_a_sealed_process_has_no_dumps_and_hands_the_filter_down() -> None:
    made = told(READ_BACK, "sealed")
    assert made.stdout.splitlines() == ["[()]", "(0, 0) 0", "00000000"], made.stderr


def test_a_simulated_device_can_still_be_searched_and_be_sealed_later() -> None:
    assert told(READ_BACK, "readable").stdout.splitlines() == ["[()]", "(0, 0) 1", "00000000"]
    assert told(READ_BACK, "readable", "sealed", "sealed").stdout.splitlines()[0] == "[(), (), ()]"


def test_an_abort_leaves_no_core_where_one_would_have_been(tmp_path: Path) -> None:
    pattern = Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8").strip()
    if pattern.startswith(("|", "/")):
        pytest.skip("cores go elsewhere on this machine")
    allowed = f"import resource; resource.setrlimit(resource.RLIMIT_CORE, (64 << 20, 64 << 20))\n{ABORTED}"
    assert told(allowed, "sealed", cwd=tmp_path).returncode < 0
    assert list(tmp_path.iterdir()) == []
    assert told(allowed, "open", cwd=tmp_path).returncode < 0
    assert len(list(tmp_path.iterdir())) == 1


def test_what_the_kernel_refuses_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_FILTER", tmp_path / "missing")
    monkeypatch.setattr(memory, "_limit", lambda: None)
    monkeypatch.setattr(memory._libc, "prctl", lambda *_: -1)  # ours must go on
    assert memory.seal_process() == ("coredump_filter", "PR_SET_DUMPABLE")
