"""SES-001: what to do when `step` met a pair that nobody decided. The visit ends safely, the device keeps running."""

from firmware.core.effects import CloseVisit, RaiseAlert, StopTimers
from firmware.core.faults import FaultCode
from firmware.core.outcomes import VisitOutcome
from firmware.session.model import Showing, State, Step, VisitState
from firmware.session.moves import end_visit, home
from firmware.session.policy import Policy


def rescue(state: State, policy: Policy) -> Step:
    """End the visit as a fault; a result that was already published is not published again."""
    alert = RaiseAlert(FaultCode.SESSION_UNDEFINED)
    if not isinstance(state, VisitState):
        return home(state.device, policy).before(alert)
    if isinstance(state, Showing):
        close = (StopTimers(state.visit.id), CloseVisit(state.visit.id))
        return home(state.device, policy).before(*close, alert)
    return end_visit(state, policy, VisitOutcome.FAULT, FaultCode.SESSION_UNDEFINED).before(alert)
