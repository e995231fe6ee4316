"""Wall time and how far to trust it: disciplined, running on, or unknown after a power cut."""

from pathlib import Path

import pytest

from firmware.core.outcomes import ClockState
from firmware.runtime.clock import BUILD_TIME, SystemClock, kernel_disciplined

LATER = BUILD_TIME + 1_000_000.0


class Times:
    """What system clock, monotonic clock and kernel say."""

    def __init__(self, system: float, *, disciplined: bool = True) -> None:
        self.system = system
        self.monotonic = 50.0
        self.disciplined = disciplined

    def clock(self, folder: Path) -> SystemClock:
        return SystemClock(
            folder / "clock-floor", lambda: self.system, lambda: self.monotonic, lambda: self.disciplined
        )


def test_1970_is_unknown(tmp_path: Path) -> None:
    times = Times(12.0)
    clock = times.clock(tmp_path)
    assert clock.state() is ClockState.UNKNOWN
    assert clock.now() == BUILD_TIME
    clock.keep()
    assert not list(tmp_path.iterdir())


def test_synced_or_running_on(tmp_path: Path) -> None:
    times = Times(LATER)
    clock = times.clock(tmp_path)
    assert (clock.state(), clock.now()) == (ClockState.SYNCED, LATER)
    times.disciplined = False
    assert (clock.state(), clock.now()) == (ClockState.HOLDOVER, LATER)
    times.system = BUILD_TIME
    assert clock.state() is ClockState.HOLDOVER
    times.system = BUILD_TIME - 1.0
    assert clock.state() is ClockState.UNKNOWN


def test_the_floor_survives_a_restart(tmp_path: Path) -> None:
    times = Times(LATER)
    times.clock(tmp_path).keep()
    assert [path.name for path in tmp_path.iterdir()] == ["clock-floor"]
    times.system = 12.0
    restarted = times.clock(tmp_path)
    assert (restarted.now(), restarted.state()) == (LATER, ClockState.UNKNOWN)


def test_the_floor_moves_once_an_hour(tmp_path: Path) -> None:
    times, floor = Times(LATER), tmp_path / "clock-floor"
    clock = times.clock(tmp_path)
    clock.keep()
    written = floor.read_text(encoding="ascii")
    times.system += 3599.0
    clock.keep()
    assert floor.read_text(encoding="ascii") == written == f"{LATER:.0f}\n"
    times.system += 1.0
    clock.keep()
    assert float(floor.read_text(encoding="ascii")) == LATER + 3600.0


@pytest.mark.parametrize("text", ["", "soon", "1.8e9x", "\xff", "inf", "nan", "1e12"])
def test_a_floor_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock-floor").write_text(text, encoding="utf-8")
    assert Times(12.0).clock(tmp_path).now() == BUILD_TIME


def test_a_floor_before_the_build_is_none(tmp_path: Path) -> None:
    (tmp_path / "clock-floor").write_text("1000\n", encoding="ascii")
    assert Times(12.0).clock(tmp_path).now() == BUILD_TIME


def test_a_floor_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    clock = Times(LATER).clock(tmp_path / "missing")
    with pytest.raises(OSError, match="clock-floor"):
        clock.keep()


def test_a_monotonic_instant_in_wall_time(tmp_path: Path) -> None:
    times = Times(LATER)
    clock = times.clock(tmp_path)
    times.monotonic = 80.0
    assert clock.wall(80.0) == LATER
    assert clock.wall(20.0) == LATER - 60.0


async def test_the_kernel_is_asked_without_blocking() -> None:
    assert kernel_disciplined() in {True, False}
