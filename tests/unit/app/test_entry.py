"""The command's entry: the daemon's way imports no library of the command line (firmware/app/entry.py)."""

import subprocess
import sys
from pathlib import Path

from firmware.app.entry import EX_CONFIG

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from firmware.app import entry
sys.argv = ["madoguchi", *sys.argv[1:]]
try:
    entry.main()
finally:
    print(*sorted({"typer", "rich", "click"} & {name.split(".")[0] for name in sys.modules}))
"""


def _entry(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_run_goes_straight_to_the_daemon(tmp_path: Path) -> None:
    ended = _entry("run", "--config", str(tmp_path / "nothing.toml"))
    assert ended.returncode == EX_CONFIG
    assert "SET-003" in ended.stderr
    assert ended.stdout.strip() == ""


def test_everything_else_is_the_command_line() -> None:
    ended = _entry("--version")
    assert ended.returncode == 0
    assert ended.stdout.startswith("madoguchi ")
    assert "typer" in ended.stdout
