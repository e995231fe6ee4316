"""The end of a settled visit: the look-up's answer noted, one result published, the card waited for.

Removal after identity is settled: unanswered consents count as not given, the look-up runs on detached, and the
runtime publishes one `late` amendment (design.md, "Removal").
"""

from dataclasses import replace

from firmware.core.effects import (
    CloseCamera,
    CloseVisit,
    DetachLookUp,
    Effect,
    Play,
    Progress,
    Publish,
    RaiseAlert,
    ReportProgress,
    SendConsent,
    Show,
    StartTimer,
    StopEntry,
    StopTimer,
    StopTimers,
    Tone,
)
from firmware.core.events import LookUpAnswered, LookUpFailed, Timer
from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode, StaffHint, VisitOutcome, VisitSummary
from firmware.core.views import LookingUpView, NextStep, RegisterView, ResultView
from firmware.session.model import (
    Consenting,
    Device,
    Idle,
    LookingUp,
    Registering,
    Showing,
    Starting,
    Step,
    Visit,
    VisitState,
)
from firmware.session.moves import home, remove_card, shown_held
from firmware.session.policy import Policy
from firmware.session.summary import summarize

_HINTS: dict[EligibilityCode, tuple[StaffHint, ...]] = {
    EligibilityCode.VALID: (StaffHint.GO_ON,),
    EligibilityCode.INVALID: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.INVALID_NEW_EXISTS: (StaffHint.ASK_DOCUMENT, StaffHint.ASK_AGAIN),
    EligibilityCode.NONE: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.SEVERAL: (StaffHint.ASK_DOCUMENT, StaffHint.ASK_AGAIN),
    EligibilityCode.NOT_REGISTERED: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.PENDING: (StaffHint.CHECK_LATER,),
    EligibilityCode.NOT_REACHABLE: (StaffHint.CHECK_LATER, StaffHint.ASK_DOCUMENT),
    EligibilityCode.REFUSED: (StaffHint.CHECK_LATER, StaffHint.ASK_DOCUMENT),
    EligibilityCode.IDENTITY_CONFLICT: (StaffHint.POSSIBLE_FORGERY,),
    EligibilityCode.NOT_ASKED: (),
}
_REFUSALS = frozenset({FaultCode.GATEWAY_REFUSED, FaultCode.CHALLENGE_REFUSED})


Noted = tuple[Visit, tuple[Effect, ...]]
"""The visit that knows how its look-up ended, and what follows at once."""


def note_answer(visit: Visit, event: LookUpAnswered) -> Noted:
    """Keep the answer; a contradiction with the chip is shown to nobody and raises an alert."""
    visit = replace(visit, eligibility=event.code, registration_offered=event.registration_offered)
    stop = StopTimer(visit.id, Timer.LOOK_UP)
    if event.code is EligibilityCode.IDENTITY_CONFLICT:
        visit = replace(visit, look_up_fault=FaultCode.IDENTITY_CONFLICT)
        return visit, (stop, RaiseAlert(FaultCode.IDENTITY_CONFLICT, visit.id))
    return visit, (stop,)


def note_failure(visit: Visit, fault: FaultCode) -> Noted:
    """No answer is an outcome of its own, never "not eligible"."""
    visit = replace(visit, eligibility=without_answer(fault), look_up_fault=fault)
    return visit, (StopTimer(visit.id, Timer.LOOK_UP),)


def look_up_ended(visit: Visit, event: LookUpAnswered | LookUpFailed) -> Noted:
    """Either way a look-up can end."""
    return note_answer(visit, event) if isinstance(event, LookUpAnswered) else note_failure(visit, event.fault)


def without_answer(fault: FaultCode) -> EligibilityCode:
    """What a look-up that failed is called."""
    return EligibilityCode.REFUSED if fault in _REFUSALS else EligibilityCode.NOT_REACHABLE


def amended(published: VisitSummary, code: EligibilityCode, fault: FaultCode | None) -> VisitSummary:
    """The published summary of a visit left early, with how its look-up ended and the hints that follow from it."""
    if code is EligibilityCode.IDENTITY_CONFLICT:
        fault = FaultCode.IDENTITY_CONFLICT
    kept = tuple(hint for hint in published.hints if hint not in _HINTS[published.eligibility])
    hints = (*kept, *(hint for hint in _HINTS[code] if hint not in kept))
    return replace(published, eligibility=code, fault=fault, hints=hints)


def go_on(state: VisitState, policy: Policy) -> Step:
    """Consents are done: wait for the look-up, offer registration, or conclude."""
    visit = state.visit
    if visit.eligibility is None:
        return Step(LookingUp(state.device, visit), (Show(LookingUpView()),))
    if visit.eligibility is EligibilityCode.NOT_REGISTERED and visit.registration_offered:
        effects = (
            Show(RegisterView()),
            Play(Tone.PROMPT),
            StartTimer(visit.id, Timer.CONSENT, policy.consent_seconds),
        )
        return Step(Registering(state.device, visit), effects)
    return conclude(state, policy)


def conclude(state: VisitState, policy: Policy) -> Step:
    """Publish the one result; the screen says "done" only after it was committed."""
    summary = _identified(state, removed_early=False)
    effects = (
        StopTimers(state.visit.id),
        Show(LookingUpView()),
        StartTimer(state.visit.id, Timer.PUBLISH, policy.publish_seconds),
        Publish(state.visit.id, summary),
    )
    return Step(Showing(state.device, state.visit, summary), effects)


def leave_early(state: VisitState, policy: Policy, because: FaultCode | None = None) -> Step:
    """The card was pulled: publish what is known, let the look-up run on, close everything else."""
    visit = state.visit
    pending = _pending(state)
    if visit.eligibility is None:
        state = replace(state, visit=replace(visit, eligibility=EligibilityCode.PENDING))
    summary = _identified(state, removed_early=True)
    effects: list[Effect] = [StopTimers(visit.id), Publish(visit.id, summary)]
    if isinstance(state, Consenting) and visit.consent is None:
        effects.append(SendConsent(visit.id, given=False))
    if pending:
        effects.append(DetachLookUp(visit.id, summary))
    effects += [CloseVisit(visit.id), ReportProgress(visit.id, Progress.DONE)]
    if because is not None and state.device.card_present:
        return remove_card(state.device, policy, ended=visit.id, because=because).before(*effects)
    return _glance(home(state.device, policy), policy).before(*effects)


def _pending(state: VisitState) -> bool:
    return state.visit.eligibility is None or (isinstance(state, Registering) and state.working)


def _glance(rest: Step, policy: Policy) -> Step:
    """Before the idle screen, for a moment, where the patient who left is wanted; a new card need not wait for it."""
    if not isinstance(rest.state, Idle):
        return rest
    view = ResultView(NextStep.COUNTER, shown_held(rest.state.device))
    return Step(replace(rest.state, glance=True), (Show(view), StartTimer(None, Timer.PAGE, policy.glance_seconds)))


def cut_off(state: VisitState) -> Step:
    """The process ends during a visit: its one outcome is published, nothing is shown, asked or looked up any more.

    Before identity is settled: aborted, without a fault, for nothing is broken. After it: identified, with the
    eligibility pending if it has not been answered; as nobody is left to amend it, staff are told to check later.
    """
    visit = state.visit
    effects: list[Effect] = [StopEntry(visit.id), CloseCamera(visit.id), StopTimers(visit.id)]
    summary = _when_cut_off(state)
    if summary is not None:
        effects += [Publish(visit.id, summary), ReportProgress(visit.id, Progress.DONE)]
    effects.append(CloseVisit(visit.id))
    return Step(Starting(state.device), tuple(effects))


def _when_cut_off(state: VisitState) -> VisitSummary | None:
    """What is still to be published, if anything."""
    if isinstance(state, Showing) or not state.visit.passed:
        return None
    if state.visit.method is None:
        return summarize(state.visit, VisitOutcome.ABORTED, None)
    if _pending(state):
        state = replace(state, visit=replace(state.visit, eligibility=EligibilityCode.PENDING))
    return _identified(state, removed_early=not state.visit.present)


def result_view(device: Device, summary: VisitSummary, because: FaultCode | None = None) -> ResultView:
    """Done, or go to the counter; never why."""
    fine = summary.eligibility is EligibilityCode.VALID and because is None
    return ResultView(NextStep.DONE if fine else NextStep.COUNTER, shown_held(device), because)


def _identified(state: VisitState, *, removed_early: bool) -> VisitSummary:
    visit = state.visit
    visit = visit.hinted(*_HINTS[visit.eligibility or EligibilityCode.NOT_ASKED])
    return summarize(visit, VisitOutcome.IDENTIFIED, visit.look_up_fault, removed_early=removed_early)
