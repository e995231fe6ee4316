"""Wall time = max(system, persisted floor), and how far to trust it (design.md, "Clock").

synced: the kernel says that its clock is disciplined (adjtimex without STA_UNSYNC). holdover: not disciplined now, but
past the floor, so it ran on from a time once known. unknown: before the floor, as after a power cut without RTC.
Any thread.
"""

import ctypes
import time
from collections.abc import Callable
from pathlib import Path

from firmware.core.outcomes import ClockState

BUILD_TIME = 1_780_272_000.0
"""2026-06-01, some months before the release: no true clock shows less, and one that is a day late is not doubted."""

_STA_UNSYNC = 0x0040
_FLOOR_STEP = 3600.0
_LATEST = 4_102_444_800.0
"""2100-01-01: a floor beyond it is a broken file, and would hold the clock for ever."""


def kernel_disciplined() -> bool:
    """Whether the kernel's clock is synchronised, by adjtimex(2) with modes = 0 (reads only)."""
    # The process's own symbols, hence libc's: `find_library` would start ldconfig at every call.
    libc = ctypes.CDLL(None, use_errno=True)
    # struct timex: unsigned modes; long offset, freq, maxerror, esterror; int status; the rest is not read.
    buffer = (ctypes.c_long * 64)()
    if libc.adjtimex(buffer) < 0:
        return False
    status = ctypes.c_int.from_buffer(buffer, 5 * ctypes.sizeof(ctypes.c_long)).value
    return not status & _STA_UNSYNC


class SystemClock:
    """The device's clock. `floor_file` keeps the latest time known, moved on at most once an hour."""

    def __init__(
        self,
        floor_file: Path,
        system: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        disciplined: Callable[[], bool] = kernel_disciplined,
    ) -> None:
        self._file = floor_file
        self._system = system
        self._monotonic = monotonic
        self._disciplined = disciplined
        self._floor = max(BUILD_TIME, _read_floor(floor_file))

    def now(self) -> float:
        return max(self._system(), self._floor)

    def state(self) -> ClockState:
        if self._system() < self._floor:
            return ClockState.UNKNOWN
        return ClockState.SYNCED if self._disciplined() else ClockState.HOLDOVER

    def wall(self, at: float) -> float:
        return self.now() - (self._monotonic() - at)

    def keep(self) -> None:
        """Persist the floor if it moved on by an hour and the clock is known. Raises OSError."""
        now = self._system()
        if self.state() is ClockState.UNKNOWN or now < self._floor + _FLOOR_STEP:
            return
        self._floor = now
        scratch = self._file.with_suffix(".new")
        scratch.write_text(f"{now:.0f}\n", encoding="ascii")
        scratch.replace(self._file)


def _read_floor(path: Path) -> float:
    """A floor that cannot be read is none: the build time still holds."""
    try:
        floor = float(path.read_text(encoding="ascii")[:32])
    except (OSError, ValueError):
        return 0.0
    return floor if floor < _LATEST else 0.0
