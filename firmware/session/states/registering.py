"""Registering: the gateway offered to register the card as insurance card. Left: yes, right: no."""

from dataclasses import replace

from firmware.core.effects import Register, Show, StartTimer, StopTimer
from firmware.core.events import Button, ButtonPressed, LookUpAnswered, LookUpFailed, Timer, TimerFired
from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.core.views import RegisterView
from firmware.session.conclusion import conclude, leave_early, look_up_ended
from firmware.session.handlers import Handlers
from firmware.session.identity import LOOK_UP_MARGIN
from firmware.session.model import Idle, OutOfService, Registering, RemoveCard, Showing, Step
from firmware.session.policy import Policy

HANDLERS = Handlers(Registering)


@HANDLERS.on(ButtonPressed, to=(Showing,))
def button(state: Registering, event: ButtonPressed, policy: Policy) -> Step:
    if event.button is Button.MIDDLE or state.working or not state.visit.present:
        return Step(state)
    if event.button is Button.RIGHT:
        return conclude(state, policy)
    visit = state.visit
    effects = (
        StopTimer(visit.id, Timer.CONSENT),
        Show(RegisterView(working=True)),
        StartTimer(visit.id, Timer.LOOK_UP, policy.look_up_seconds + LOOK_UP_MARGIN),
        Register(visit.id, policy.look_up_seconds),
    )
    return Step(replace(state, working=True), effects)


@HANDLERS.on(LookUpAnswered, to=(Showing,))
def registered(state: Registering, event: LookUpAnswered, policy: Policy) -> Step:
    if not state.working:
        return Step(state)
    visit, effects = look_up_ended(state.visit, event)
    known = replace(state, visit=visit)
    return conclude(known, policy).before(*effects) if visit.present else Step(_answered(known), effects)


def _answered(state: Registering) -> Registering:
    """Not asked a second time when the card is back."""
    return replace(state, visit=replace(state.visit, registration_offered=False), working=False)


@HANDLERS.on(LookUpFailed, to=(Showing,))
def failed(state: Registering, event: LookUpFailed, policy: Policy) -> Step:
    """What was known before stays: not registered."""
    return _failed(state, policy, event.fault) if state.working else Step(state)


def _failed(state: Registering, policy: Policy, fault: FaultCode) -> Step:
    visit = replace(state.visit, eligibility=EligibilityCode.NOT_REGISTERED, flags=(), look_up_fault=fault)
    state = _answered(replace(state, visit=visit))
    return conclude(state, policy) if visit.present else Step(state, (StopTimer(visit.id, Timer.LOOK_UP),))


@HANDLERS.on(TimerFired, to=(Showing, Idle, OutOfService, RemoveCard))
def timer(state: Registering, event: TimerFired, policy: Policy) -> Step:
    match event.name:
        case Timer.CONSENT if state.visit.present and not state.working:
            return conclude(state, policy)
        case Timer.LOOK_UP if state.working:
            return _failed(state, policy, FaultCode.GATEWAY_TIMEOUT)
        case Timer.ABSENCE | Timer.CARD:
            return leave_early(state, policy)
        case _:
            return Step(state)
