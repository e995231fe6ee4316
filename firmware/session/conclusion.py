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
from firmware.core.eligibility import NEEDS_PATIENT, EligibilityFlag
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

_UNCHECKED = (StaffHint.CHECK_LATER, StaffHint.ASK_DOCUMENT)
_HINTS: dict[EligibilityCode, tuple[StaffHint, ...]] = {
    EligibilityCode.VALID: (StaffHint.GO_ON,),
    EligibilityCode.VALID_SEVERAL: (StaffHint.CHOOSE_RESULT,),
    EligibilityCode.VALID_UNREGISTERED: (StaffHint.GO_ON,),
    EligibilityCode.INVALID: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.INVALID_NEW_EXISTS: (StaffHint.ASK_DOCUMENT, StaffHint.ASK_AGAIN),
    EligibilityCode.NONE: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.SEVERAL: (StaffHint.ASK_DOCUMENT, StaffHint.ASK_AGAIN),
    EligibilityCode.NOT_REGISTERED: (StaffHint.ASK_DOCUMENT,),
    EligibilityCode.PENDING: (StaffHint.CHECK_LATER,),
    EligibilityCode.NOT_REACHABLE: _UNCHECKED,
    EligibilityCode.TIMED_OUT: _UNCHECKED,
    EligibilityCode.EXCHANGE_ERROR: _UNCHECKED,
    EligibilityCode.PROCESSING_ERROR: _UNCHECKED,
    EligibilityCode.CONTRADICTORY: _UNCHECKED,
    EligibilityCode.NOT_ATTRIBUTED: _UNCHECKED,
    EligibilityCode.REFUSED: _UNCHECKED,
    EligibilityCode.IDENTITY_CONFLICT: (StaffHint.POSSIBLE_FORGERY,),
    EligibilityCode.NOT_ASKED: (StaffHint.ASK_DOCUMENT,),
}
_WITHOUT_ANSWER: dict[FaultCode, EligibilityCode] = {
    FaultCode.GATEWAY_REFUSED: EligibilityCode.REFUSED,
    FaultCode.CHALLENGE_REFUSED: EligibilityCode.REFUSED,
    FaultCode.GATEWAY_TIMEOUT: EligibilityCode.TIMED_OUT,
    FaultCode.GATEWAY_ERROR: EligibilityCode.EXCHANGE_ERROR,
    FaultCode.GATEWAY_BAD_ANSWER: EligibilityCode.EXCHANGE_ERROR,
    FaultCode.TERMINAL_BAD_FILE: EligibilityCode.EXCHANGE_ERROR,
    FaultCode.QUERY_UNWRITABLE: EligibilityCode.EXCHANGE_ERROR,
}
_DONE = frozenset({EligibilityCode.VALID, EligibilityCode.VALID_SEVERAL, EligibilityCode.VALID_UNREGISTERED})
"""One next step for all three: another one would hint at 医療扶助, and staff choose without the patient."""
_NO_WORDS = _DONE | {EligibilityCode.NOT_ASKED}
"""The screen's own words are enough."""

Noted = tuple[Visit, tuple[Effect, ...]]
"""The visit that knows how its look-up ended, and what follows at once."""


def note_answer(visit: Visit, event: LookUpAnswered) -> Noted:
    """Keep the answer; a contradiction with the chip is shown to nobody and raises an alert."""
    visit = replace(visit, eligibility=event.code, flags=event.flags, registration_offered=event.registration_offered)
    stop = StopTimer(visit.id, Timer.LOOK_UP)
    if event.code is EligibilityCode.IDENTITY_CONFLICT:
        visit = replace(visit, look_up_fault=FaultCode.IDENTITY_CONFLICT)
        return visit, (stop, RaiseAlert(FaultCode.IDENTITY_CONFLICT, visit.id))
    return visit, (stop,)


def note_failure(visit: Visit, fault: FaultCode) -> Noted:
    """No answer is an outcome of its own, never "not eligible"."""
    visit = replace(visit, eligibility=without_answer(fault), flags=(), look_up_fault=fault)
    return visit, (StopTimer(visit.id, Timer.LOOK_UP),)


def look_up_ended(visit: Visit, event: LookUpAnswered | LookUpFailed) -> Noted:
    """Either way a look-up can end."""
    return note_answer(visit, event) if isinstance(event, LookUpAnswered) else note_failure(visit, event.fault)


def without_answer(fault: FaultCode) -> EligibilityCode:
    """What a look-up that failed is called."""
    return _WITHOUT_ANSWER.get(fault, EligibilityCode.NOT_REACHABLE)


def _hints(code: EligibilityCode, flags: tuple[EligibilityFlag, ...]) -> tuple[StaffHint, ...]:
    return (*_HINTS[code], StaffHint.CHECK_DETAILS) if flags else _HINTS[code]


def amended(
    published: VisitSummary, code: EligibilityCode, fault: FaultCode | None, flags: tuple[EligibilityFlag, ...] = ()
) -> VisitSummary:
    """The published summary of a visit left early, with how its look-up ended and the hints that follow from it."""
    if code is EligibilityCode.IDENTITY_CONFLICT:
        fault = FaultCode.IDENTITY_CONFLICT
    kept = tuple(hint for hint in published.hints if hint not in _hints(published.eligibility, published.flags))
    hints = (*kept, *(hint for hint in _hints(code, flags) if hint not in kept))
    return replace(published, eligibility=code, flags=flags, fault=fault, hints=hints)


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
    """The card was pulled: publish what is known, let the look-up run on, close everything else.

    For receptions the visit is done once its look-up is: until then staff may still confirm what it found.
    """
    visit = state.visit
    pending = _pending(state)
    if visit.eligibility is None:
        state = replace(state, visit=replace(visit, eligibility=EligibilityCode.PENDING))
    summary = _identified(state, removed_early=True)
    effects: list[Effect] = [StopTimers(visit.id), Publish(visit.id, summary)]
    if isinstance(state, Consenting) and visit.consent is None:
        effects.append(SendConsent(visit.id, given=False))
    if pending:
        effects += [DetachLookUp(visit.id, summary), CloseVisit(visit.id)]
    else:
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
    """Done, or go to the counter; never why: the outcome's words are the same for all that would shame somebody."""
    code = summary.eligibility
    fine = code in _DONE and because is None and NEEDS_PATIENT.isdisjoint(summary.flags)
    told = code if because is None and code not in _NO_WORDS else None
    return ResultView(NextStep.DONE if fine else NextStep.COUNTER, shown_held(device), because, told)


def _identified(state: VisitState, *, removed_early: bool) -> VisitSummary:
    visit = state.visit
    visit = visit.hinted(*_hints(visit.eligibility or EligibilityCode.NOT_ASKED, visit.flags))
    return summarize(visit, VisitOutcome.IDENTIFIED, visit.look_up_fault, removed_early=removed_early)
