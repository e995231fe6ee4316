"""Service: the technician's page. Any button or its timer leads home; a card starts a visit if the device can."""

from firmware.core.effects import StopTimer
from firmware.core.events import ButtonPressed, CardPlaced, CardRemoved, Timer, TimerFired
from firmware.session.handlers import Handlers
from firmware.session.model import Identifying, Idle, OutOfService, RemoveCard, Service, Step
from firmware.session.moves import home, start_visit
from firmware.session.policy import Policy

HANDLERS = Handlers(Service, ignores=(CardRemoved,))


@HANDLERS.on(CardPlaced, to=(Identifying, OutOfService))
def placed(state: Service, event: CardPlaced, policy: Policy) -> Step:
    stop = StopTimer(None, Timer.PAGE)
    if state.device.essential_fault() is not None:
        return home(state.device, policy).before(stop)
    return start_visit(state.device, event, policy).before(stop)


@HANDLERS.on(ButtonPressed, to=(Idle, OutOfService, RemoveCard))
def button(state: Service, _event: ButtonPressed, policy: Policy) -> Step:
    return home(state.device, policy).before(StopTimer(None, Timer.PAGE))


@HANDLERS.on(TimerFired, to=(Idle, OutOfService, RemoveCard))
def timer(state: Service, event: TimerFired, policy: Policy) -> Step:
    return home(state.device, policy) if event.name is Timer.PAGE else Step(state)
