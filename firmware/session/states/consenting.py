"""Consenting: the bundled consent. Left: yes, right: no; no answer in time: not given. Refusing never blocks."""

from dataclasses import replace

from firmware.core.effects import Play, SendConsent, StopTimer, Tone
from firmware.core.events import Button, ButtonPressed, LookUpAnswered, LookUpFailed, Part, Timer, TimerFired
from firmware.core.faults import FaultCode
from firmware.core.outcomes import ConsentAnswer
from firmware.session.conclusion import go_on, leave_early, look_up_ended, note_failure
from firmware.session.handlers import Handlers
from firmware.session.model import Consenting, Idle, LookingUp, OutOfService, Registering, RemoveCard, Showing, Step
from firmware.session.policy import Policy

HANDLERS = Handlers(Consenting)


@HANDLERS.on(ButtonPressed, to=(LookingUp, Registering, Showing))
def button(state: Consenting, event: ButtonPressed, policy: Policy) -> Step:
    if event.button is Button.MIDDLE or not state.visit.present:
        return Step(state)
    answer = ConsentAnswer.GIVEN if event.button is Button.LEFT else ConsentAnswer.REFUSED
    if state.device.fault(Part.DISPLAY) is not None:
        answer = ConsentAnswer.NOT_GIVEN  # nobody consents to a question that was not seen
    given = answer is ConsentAnswer.GIVEN
    visit = replace(state.visit, consent=answer, consented_at=event.at if given else None)
    effects = (StopTimer(visit.id, Timer.CONSENT), SendConsent(visit.id, given), Play(Tone.PROMPT))
    return go_on(replace(state, visit=visit), policy).before(*effects)


@HANDLERS.on(LookUpAnswered, LookUpFailed)
def looked_up(state: Consenting, event: LookUpAnswered | LookUpFailed, _policy: Policy) -> Step:
    """Noted; the question stays on the screen."""
    visit, effects = look_up_ended(state.visit, event)
    return Step(replace(state, visit=visit), effects)


@HANDLERS.on(TimerFired, to=(LookingUp, Registering, Showing, Idle, OutOfService, RemoveCard))
def timer(state: Consenting, event: TimerFired, policy: Policy) -> Step:
    match event.name:
        case Timer.CONSENT if state.visit.present:
            visit = replace(state.visit, consent=ConsentAnswer.NOT_GIVEN)
            return go_on(replace(state, visit=visit), policy).before(SendConsent(visit.id, given=False))
        case Timer.LOOK_UP:
            visit, effects = note_failure(state.visit, FaultCode.GATEWAY_TIMEOUT)
            return Step(replace(state, visit=visit), effects)
        case Timer.ABSENCE | Timer.CARD:
            return leave_early(state, policy)
        case _:
            return Step(state)
