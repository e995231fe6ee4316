"""Starting: power-on. Faults may be reported before `DeviceStarted`; nothing is shown for them yet."""

from dataclasses import replace

from firmware.core.events import ButtonPressed, CardPlaced, CardRemoved, DeviceStarted
from firmware.session.handlers import Handlers
from firmware.session.model import Idle, OutOfService, RemoveCard, Starting, Step, Unprovisioned
from firmware.session.moves import home
from firmware.session.policy import Policy

HANDLERS = Handlers(Starting, ignores=(ButtonPressed, CardPlaced, CardRemoved))


@HANDLERS.on(DeviceStarted, to=(Unprovisioned, OutOfService, Idle, RemoveCard))
def started(state: Starting, event: DeviceStarted, policy: Policy) -> Step:
    """Show the first screen."""
    return home(replace(state.device, provisioned=event.provisioned), policy)
