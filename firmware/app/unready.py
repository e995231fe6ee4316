"""A device without settings, or with wrong ones: it says so on its screen and waits for the file to change.

Used only under systemd; in a terminal the command ends with the reason instead. Nothing but the display is built, with
its defaults: without settings nobody knows better. When the file appears or changes the process ends, and systemd
starts it anew. Blocking; main thread.
"""

import time
from collections.abc import Callable
from pathlib import Path

from firmware.core.effects import Show
from firmware.core.events import DeviceStarted, Part, PartFailed
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Env
from firmware.core.views import View
from firmware.health.watchdog import Notifier
from firmware.panel.oled import OledConfig, OledDisplay
from firmware.panel.screen import Screen
from firmware.panel.sound import Silent
from firmware.ports import Display
from firmware.session.model import Device, Starting, State
from firmware.session.policy import Policy
from firmware.session.step import step

LOOK_SECONDS = 2.0


def first_view(fault: FaultCode) -> View:
    """What the session shows of a device that is not provisioned, or whose settings are wrong."""
    policy = Policy(env=Env.PRODUCTION)
    state: State = Starting(Device())
    if fault is not FaultCode.UNPROVISIONED:
        state = step(state, PartFailed(at=0.0, part=Part.SETTINGS, fault=fault), policy).state
    started = DeviceStarted(at=0.0, provisioned=fault is not FaultCode.UNPROVISIONED)
    return next(effect.view for effect in step(state, started, policy).effects if isinstance(effect, Show))


def wait_for_settings(
    path: Path,
    fault: FaultCode,
    notifier: Notifier,
    display: Display | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show `fault` until the file at `path` is another one. A display that does not work is tried again."""
    screen = Screen(display or OledDisplay(OledConfig()), Silent(), "ja", Env.PRODUCTION)
    view, before, shown = first_view(fault), _stamp(path), False
    notifier.ready(f"waiting for settings: {fault}")
    try:
        while _stamp(path) == before:
            shown = shown or _shown(screen, view)
            notifier.alive()
            sleep(LOOK_SECONDS)
    finally:
        notifier.stopping()
        screen.close()


def _shown(screen: Screen, view: View) -> bool:
    try:
        screen.show(view)
    except DeviceError:
        return False
    return True


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
