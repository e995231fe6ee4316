"""LookingUp: consents are done, the answer is not there yet."""

from dataclasses import replace

from firmware.core.events import ButtonPressed, LookUpAnswered, LookUpFailed, Timer, TimerFired
from firmware.core.faults import FaultCode
from firmware.session.conclusion import Noted, go_on, leave_early, look_up_ended, note_failure
from firmware.session.handlers import Handlers
from firmware.session.model import Idle, LookingUp, OutOfService, Registering, RemoveCard, Showing, Step
from firmware.session.policy import Policy

HANDLERS = Handlers(LookingUp, ignores=(ButtonPressed,))


@HANDLERS.on(LookUpAnswered, LookUpFailed, to=(Registering, Showing))
def looked_up(state: LookingUp, event: LookUpAnswered | LookUpFailed, policy: Policy) -> Step:
    return _go_on(state, look_up_ended(state.visit, event), policy)


@HANDLERS.on(TimerFired, to=(Registering, Showing, Idle, OutOfService, RemoveCard))
def timer(state: LookingUp, event: TimerFired, policy: Policy) -> Step:
    match event.name:
        case Timer.LOOK_UP:
            return _go_on(state, note_failure(state.visit, FaultCode.GATEWAY_TIMEOUT), policy)
        case Timer.ABSENCE | Timer.CARD:
            return leave_early(state, policy)
        case _:
            return Step(state)


def _go_on(state: LookingUp, noted: Noted, policy: Policy) -> Step:
    """With the card away the answer waits until it is back or gone for good."""
    visit, effects = noted
    known = replace(state, visit=visit)
    return go_on(known, policy).before(*effects) if visit.present else Step(known, effects)
