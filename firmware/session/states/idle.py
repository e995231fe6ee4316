"""Idle: waiting for a card. Left button: information; a held button: the technician's page."""

from firmware.core.effects import Show, StartTimer, StopTimer
from firmware.core.events import Button, ButtonPressed, CardPlaced, CardRemoved, Timer, TimerFired
from firmware.core.views import InformationPage, InformationView
from firmware.session.handlers import Handlers
from firmware.session.model import Identifying, Idle, Information, Service, Step
from firmware.session.moves import home, open_service, start_visit
from firmware.session.policy import Policy

HANDLERS = Handlers(Idle, ignores=(CardRemoved,))


@HANDLERS.on(CardPlaced, to=(Identifying,))
def placed(state: Idle, event: CardPlaced, policy: Policy) -> Step:
    start = start_visit(state.device, event, policy)
    return start.before(StopTimer(None, Timer.PAGE)) if state.glance else start


@HANDLERS.on(TimerFired)
def glanced(state: Idle, event: TimerFired, policy: Policy) -> Step:
    """The patient who left early has been told where to go."""
    return home(state.device, policy) if state.glance and event.name is Timer.PAGE else Step(state)


@HANDLERS.on(ButtonPressed, to=(Information, Service))
def button(state: Idle, event: ButtonPressed, policy: Policy) -> Step:
    if event.held:
        return open_service(state, policy)
    if event.button is not Button.LEFT or state.glance:
        return Step(state)
    page = InformationPage.HOW_TO
    effects = (Show(InformationView(page)), StartTimer(None, Timer.PAGE, policy.page_seconds))
    return Step(Information(state.device, page), effects)
