"""Runs of `make run` for the system tests: started as a process of their own, and what they said."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.sim.processes import CHECKOUT


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has ended."""

    code: int
    out: str
    errors: str

    @property
    def told(self) -> dict[str, Any]:
        assert self.out, self.errors
        document: dict[str, Any] = json.loads(self.out)
        return document


def start(films: Path, flags: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start one; its film strip goes into `films`."""
    command = [*prefix, sys.executable, "-m", "firmware.sim", *flags.split()]
    film = films / f"{flags.replace(' ', '') or 'face'}.png"
    return subprocess.Popen(
        [*command, "--film", str(film)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


def end(process: subprocess.Popen[str], seconds: float = 100.0) -> Ended:
    """Wait for it."""
    out, errors = process.communicate(timeout=seconds)
    return Ended(process.returncode, out, errors)
