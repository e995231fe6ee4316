"""System packages by apt: says what is missing, installs it, and says what takes its place where it cannot be had.

Standard library only. `sudo` is used only by an ordinary user, after the list was printed. A failure is remembered, so
that `make run` does not ask for a password each time; `make setup` tries again.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

PACKAGES = {
    "python3-venv": "needed to make .venv with Debian's Python",
    "python3-dev": "needed to build pyscard",
    "gcc": "needed to build pyscard",
    "libc6-dev": "needed to build pyscard",
    "libpcsclite-dev": "needed to build pyscard",
    "pcscd": "without it the simulated card is read in process, not through PC/SC",
    "vsmartcard-vpcd": "without it the simulated card is read in process, not through PC/SC",
    "mosquitto": "without it an in-process stand-in takes the broker's place",
    "opensc": "without it the tests with opensc-tool are skipped",
    "fonts-ipafont-gothic": "without it no simulated card front is drawn: no `make run --front`, no bench-front",
    "fonts-ipafont-mincho": "the same",
    "samba": "without it the test of the terminal's folder over a real SMB share is skipped",
    "smbnetfs": "the same",
    "libopenjp2-tools": "without it the tests that decode the chip's photo a second time are skipped",
}


class Run(Protocol):
    def __call__(self, *command: str | Path, env: dict[str, str] | None = None) -> bool: ...


def bring_up(stamp: Path, say: Callable[[str], None], run: Run, *, retry: bool) -> None:
    """Install what is missing. Never raises for a package that cannot be had."""
    missing = missing_packages()
    if not missing:
        return
    names = " ".join(missing)
    if not retry and stamp.exists() and stamp.read_text() == names:
        say(f"system packages still missing: {names} (`make setup` tries again)")
        return
    say(f"system packages to install: {names}")
    if not install(missing, say, run):
        for name in missing_packages():
            say(f"  {name} is missing: {PACKAGES[name]}")
        stamp.write_text(names)


def missing_packages() -> list[str]:
    """Names that dpkg does not know as installed; all of them where there is no dpkg."""
    if shutil.which("dpkg-query") is None:
        return list(PACKAGES)
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *PACKAGES]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return [name for name in PACKAGES if f"{name} installed" not in lines]


def install(names: list[str], say: Callable[[str], None], run: Run) -> bool:
    """By apt-get, as root or through sudo; whether all were installed."""
    if shutil.which("apt-get") is None:
        say("apt-get is not there: install the packages of these names by the means of your system")
        return False
    if os.geteuid() == 0:
        as_root: list[str] = []
    elif shutil.which("sudo") is not None:
        as_root = ["sudo"]
        say("asking sudo for apt-get (nothing else runs as root)")
    else:
        say("neither root nor sudo: ask an administrator to install them")
        return False
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    options = ["-o", "DPkg::Lock::Timeout=60", "-o", "Dpkg::Use-Pty=0"]
    # A failed update still leaves lists that may be good enough.
    run(*apt, *options, "update")
    return run(*apt, *options, "install", "--yes", "--no-install-recommends", *names)
