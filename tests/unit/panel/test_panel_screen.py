"""`Screen` as the runtime uses it."""

import pytest

from firmware.core.effects import Tone
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Env
from firmware.core.views import IdleView, StartingView
from firmware.panel.raster import to_rows
from firmware.panel.render import BENCH, FULL, Format
from firmware.panel.screen import NoDisplay, Screen
from firmware.ports import Display, Panel
from tests.screens.pictures import picture


class Recorder:
    """A display that keeps its last picture."""

    def __init__(self, width: int = 256, height: int = 64) -> None:
        self.width, self.height = width, height
        self.rows = b""
        self.broken = False
        self.closed = False

    def draw(self, rows: bytes) -> None:
        if self.broken:
            raise DeviceError(FaultCode.DISPLAY_FAILED)
        self.rows = rows

    def close(self) -> None:
        self.closed = True


class Tones:
    def __init__(self) -> None:
        self.played: list[Tone] = []
        self.closed = False

    def play(self, tone: Tone) -> None:
        self.played.append(tone)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("form", [FULL, BENCH])
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("env", list(Env))
def test_a_view_arrives_at_the_display(form: Format, language: str, env: Env) -> None:
    display = Recorder(form.width, form.height)
    panel: Panel = Screen(display, Tones(), language, env)
    panel.show(IdleView())
    assert display.rows == to_rows(picture("04-idle", language, form, env).image)


def test_every_picture_outside_production_is_marked() -> None:
    rows = set()
    for env in Env:
        display = Recorder()
        Screen(display, Tones(), "ja", env).show(StartingView())
        rows.add(display.rows)
    assert len(rows) == len(Env)


def test_sound_and_close_are_passed_on() -> None:
    display, tones = Recorder(), Tones()
    screen = Screen(display, tones, "ja", Env.SIM)
    screen.play(Tone.DONE)
    screen.close()
    assert tones.played == [Tone.DONE]
    assert tones.closed
    assert display.closed


def test_a_broken_display_is_a_fault_and_may_recover() -> None:
    display = Recorder()
    screen = Screen(display, Tones(), "ja", Env.SIM)
    display.broken = True
    with pytest.raises(DeviceError):
        screen.show(StartingView())
    display.broken = False
    screen.show(StartingView())
    assert display.rows


def test_unknown_sizes_and_languages_are_refused() -> None:
    with pytest.raises(ValueError, match="96x16"):
        Screen(Recorder(96, 16), Tones(), "ja", Env.SIM)
    with pytest.raises(ValueError, match="language"):
        Screen(Recorder(), Tones(), "xx", Env.SIM)


def test_a_device_without_a_display() -> None:
    display: Display = NoDisplay()
    screen = Screen(display, Tones(), "ja", Env.PRODUCTION)
    screen.show(StartingView())
    screen.close()
