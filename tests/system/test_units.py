"""The units as systemd's own tools read them (no systemd needs to run).

`systemd-analyze verify` wants the program of ExecStart to exist; a development machine has none under /opt, so the
check runs on a copy whose ExecStart begins with /bin/true instead. Nothing else of the copy differs.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
EXPOSURE = 16
"""Highest exposure accepted, ten times the figure that `systemd-analyze security` prints."""

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=30)


def installed(folder: Path, text: str) -> Path:
    unit = folder / "madoguchi.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    return unit


def test_verify_prints_nothing(tmp_path: Path) -> None:
    unit = installed(tmp_path, (UNITS / "madoguchi.service").read_text())
    result = analyze("verify", "--man=no", str(unit))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_verify_would_report_a_misspelt_key(tmp_path: Path) -> None:
    text = (UNITS / "madoguchi.service").read_text().replace("WatchdogSec", "WatchdogSecs")
    result = analyze("verify", "--man=no", str(installed(tmp_path, text)))
    assert "WatchdogSecs" in result.stdout + result.stderr


def test_exposure_stays_low(tmp_path: Path) -> None:
    unit = installed(tmp_path, (UNITS / "madoguchi.service").read_text())
    result = analyze("security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE}", str(unit))
    assert result.returncode == 0, result.stdout.splitlines()[-1:]


def test_the_unit_promises_what_the_design_asks() -> None:
    text = (UNITS / "madoguchi.service").read_text()
    for line in (
        "Type=notify",
        "User=madoguchi",
        "LimitCORE=0",
        "ExecStart=/opt/madoguchi/bin/madoguchi run --config /etc/madoguchi/madoguchi.toml",
    ):
        assert re.search(f"^{re.escape(line)}$", text, re.MULTILINE), line
    assert re.search(r"^WatchdogSec=\d+$", text, re.MULTILINE)
    assert re.search(r"^Environment=.*PYTHONMALLOC=malloc\b", text, re.MULTILINE)
    for tunable in ("malloc.perturb=", "malloc.tcache_count=0", "malloc.mxfast=0"):
        assert re.search(rf"^Environment=GLIBC_TUNABLES=\S*glibc\.{re.escape(tunable)}", text, re.MULTILINE), tunable


def test_users_and_folders_are_declared_as_the_tools_read_them(tmp_path: Path) -> None:
    if shutil.which("systemd-sysusers") is None or shutil.which("systemd-tmpfiles") is None:
        pytest.skip("systemd-sysusers or systemd-tmpfiles is not installed")
    (tmp_path / "etc").mkdir()
    users = [str(UNITS / "sysusers.conf")]
    made = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", *users], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert re.search(r"^madoguchi:[^:]*:\d+:\d+:", (tmp_path / "etc" / "passwd").read_text(), re.MULTILINE)
    folders = ["systemd-tmpfiles", f"--root={tmp_path}", "--create", str(UNITS / "tmpfiles.conf")]
    made = subprocess.run(folders, capture_output=True, text=True, check=False)
    assert "Unknown" not in made.stderr
    assert (tmp_path / "var" / "lib" / "madoguchi").is_dir()


def test_the_service_user_is_let_through_to_the_reader() -> None:
    rule = (UNITS / "60-madoguchi.rules").read_text()
    assert 'subject.user === "madoguchi"' in rule
    assert "org.debian.pcsc-lite.access_card" in rule
