"""`step`: the whole session as one pure function, and what all states have in common.

It reads no clock, no settings, no random source. Order of decision for an event: another visit's results are counted
and ignored; the state's own file; the rules of its group (identity not yet settled, or settled); the rules of every
state. A pair that none of them decides raises `UndefinedPairError`.
"""

from dataclasses import replace

from firmware.core.effects import (
    CloseVisit,
    CountIgnored,
    Effect,
    IdentifyCard,
    RaiseAlert,
    ReleaseCard,
    Show,
    StartTimer,
    StopAskingStaff,
    StopFront,
    StopTimer,
    StopTimers,
)
from firmware.core.events import (
    CancelRequested,
    CardFailed,
    CardIdentified,
    CardPlaced,
    CardRemoved,
    CertificateRead,
    ChipChecked,
    DeviceStarted,
    DeviceStopping,
    EntryCancelled,
    EntryChanged,
    EntryDone,
    Event,
    FaceCompared,
    FaceFailed,
    FacePrompted,
    FrontHinted,
    FrontRead,
    HeldChanged,
    LookUpAnswered,
    LookUpFailed,
    NumberBChecked,
    Part,
    PartFailed,
    PartRecovered,
    PhotoRead,
    PinChecked,
    PinCounted,
    PublishFailed,
    ResultCommitted,
    RevocationChecked,
    StaffAnswered,
    Timer,
    TimerFired,
    VisitEvent,
)
from firmware.core.faults import FaultCode
from firmware.core.outcomes import VisitOutcome
from firmware.core.views import ConsentView, IdleView, OutOfServiceView, RegisterView
from firmware.session.conclusion import cut_off, go_on, leave_early
from firmware.session.handlers import Handlers, UndefinedPairError
from firmware.session.identity import note_card_failure, note_certificate, note_chip, note_revocation
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Consenting,
    Identifying,
    Idle,
    LookingUp,
    OutOfService,
    ReadingFront,
    Registering,
    RemoveCard,
    Service,
    Showing,
    Starting,
    State,
    Step,
    Unprovisioned,
    VisitState,
)
from firmware.session.moves import card_away, end_visit, home, shown_held, timed_out
from firmware.session.policy import Policy
from firmware.session.states import TABLE

_SETTLED = (Consenting, LookingUp, Registering)
_ENDS = (RemoveCard, Idle, OutOfService)

# No look-up is sent before identity is settled; cameras say their last word in a state that did not ask for it.
UNSETTLED_RULES = Handlers(VisitState, ignores=(FacePrompted, FrontHinted, FrontRead, LookUpAnswered, LookUpFailed))
SETTLED_RULES = Handlers(
    VisitState,
    # Ends of readings, entries and comparisons that were under way when identity was settled.
    ignores=(
        CancelRequested,
        CertificateRead,
        ChipChecked,
        EntryCancelled,
        EntryChanged,
        EntryDone,
        FaceCompared,
        FaceFailed,
        FacePrompted,
        FrontHinted,
        FrontRead,
        NumberBChecked,
        PhotoRead,
        PinChecked,
        PinCounted,
        RevocationChecked,
        StaffAnswered,
    ),
)
EVERY_STATE_RULES = Handlers(State, ignores=(DeviceStarted,))


def step(state: State, event: Event, policy: Policy) -> Step:
    """What `event` leads to. Raises UndefinedPairError for a pair that nobody decided."""
    state = _with_presence(state, event)
    if _of_another_visit(state, event):
        return _another_visit(state, event)
    for handlers in rules(type(state)):
        if handlers.decides(type(event)):
            return _let_go(state, event, handlers.handle(state, event, policy))
    raise UndefinedPairError(type(state), type(event))


def _let_go(before: State, event: Event, after: Step) -> Step:
    """What a state had under way ends with it, where the visit goes on: a staff check, and the card's camera.

    `FrontRead` is the camera's own end, and its digits are wanted.
    """
    if not isinstance(before, VisitState) or not isinstance(after.state, VisitState):
        return after
    if isinstance(before, AwaitingStaff) and not isinstance(after.state, AwaitingStaff):
        return after.before(StopAskingStaff(before.visit.id))
    if _reads_front(before) and not _reads_front(after.state) and not isinstance(event, FrontRead):
        return after.before(StopFront(before.visit.id))
    return after


def _reads_front(state: State) -> bool:
    return isinstance(state, ReadingFront) and state.reading


def rules(state: type[State]) -> tuple[Handlers, ...]:
    """The handlers that apply in `state`, first come first served."""
    if not issubclass(state, VisitState):
        return (TABLE[state], EVERY_STATE_RULES)
    group = SETTLED_RULES if issubclass(state, (*_SETTLED, Showing)) else UNSETTLED_RULES
    return (TABLE[state], group, EVERY_STATE_RULES)


def _with_presence(state: State, event: Event) -> State:
    if isinstance(event, CardPlaced | CardRemoved):
        present = isinstance(event, CardPlaced)
        return replace(state, device=replace(state.device, card_present=present))
    return state


def _of_another_visit(state: State, event: Event) -> bool:
    current = state.visit.id if isinstance(state, VisitState) else None
    if isinstance(event, VisitEvent):
        return event.visit != current
    return isinstance(event, TimerFired) and event.visit != current


def _another_visit(state: State, event: Event) -> Step:
    """A closed visit's commit is noted, all else of it is counted and ignored."""
    if isinstance(event, ResultCommitted):
        return _note_held(state, event.held)
    if isinstance(event, PublishFailed):
        return Step(state, (RaiseAlert(event.fault, event.visit),))
    return Step(state, (CountIgnored(),))


# ---- every state -----------------------------------------------------------------------------------------------


@EVERY_STATE_RULES.on(PartFailed, to=(OutOfService,))
def part_failed(state: State, event: PartFailed, policy: Policy) -> Step:
    known = state.device.fault(event.part) is event.fault
    state = replace(state, device=state.device.failed(event.part, event.fault))
    alert: tuple[Effect, ...] = () if known else (RaiseAlert(event.fault),)
    if event.part is Part.READER:
        return _reader_lost(state, policy, event.fault).before(*alert)
    return _refresh(state, policy).before(*alert)


@EVERY_STATE_RULES.on(PartRecovered, to=(Idle, RemoveCard))
def part_recovered(state: State, event: PartRecovered, policy: Policy) -> Step:
    if state.device.fault(event.part) is None:
        return Step(state)
    return _refresh(replace(state, device=state.device.recovered(event.part)), policy)


@EVERY_STATE_RULES.on(DeviceStopping, to=(Starting,))
def stopping(state: State, _event: DeviceStopping, _policy: Policy) -> Step:
    """An open visit ends with its one outcome; the screen stays, nothing is begun any more."""
    return cut_off(state) if isinstance(state, VisitState) else Step(state)


@EVERY_STATE_RULES.on(HeldChanged)
def held_changed(state: State, event: HeldChanged, _policy: Policy) -> Step:
    return _note_held(state, event.held)


@EVERY_STATE_RULES.on(CardRemoved, CardPlaced, ResultCommitted, PublishFailed)
def nothing(state: State, _event: Event, _policy: Policy) -> Step:
    return Step(state)


@EVERY_STATE_RULES.on(TimerFired)
def late_timer(state: State, _event: TimerFired, _policy: Policy) -> Step:
    """A timer that fired while it was being stopped."""
    return Step(state)


def _note_held(state: State, held: int) -> Step:
    before = shown_held(state.device)
    state = replace(state, device=replace(state.device, held=held))
    if isinstance(state, Idle) and not state.glance and shown_held(state.device) != before:
        return Step(state, (_idle_view(state),))
    return Step(state)


def _idle_view(state: Idle) -> Show:
    return Show(IdleView(state.device.warnings(), shown_held(state.device)))


def _refresh(state: State, policy: Policy) -> Step:
    """Show what changed where the screen speaks of the device; visits go on until they end."""
    fault = state.device.essential_fault()
    if isinstance(state, Starting | Unprovisioned | VisitState | Service | RemoveCard):
        return Step(state)
    if isinstance(state, OutOfService):
        return Step(state, (Show(OutOfServiceView(fault)),)) if fault is not None else home(state.device, policy)
    if fault is not None:
        return home(state.device, policy).before(StopTimer(None, Timer.PAGE))
    return Step(state, (_idle_view(state),)) if isinstance(state, Idle) and not state.glance else Step(state)


def _reader_lost(state: State, policy: Policy, fault: FaultCode) -> Step:
    """Without a reader no removal is reported: what a card began ends now, as if the card were gone for good."""
    state = replace(state, device=replace(state.device, card_present=False))
    if isinstance(state, _SETTLED):
        return leave_early(state, policy)
    if isinstance(state, Showing):
        return Step(replace(state, visit=replace(state.visit, present=False)))
    if isinstance(state, VisitState):
        return end_visit(state, policy, VisitOutcome.FAULT, fault)
    if isinstance(state, RemoveCard):
        return home(state.device, policy).before(StopTimer(None, Timer.REMIND), StopTimer(None, Timer.ABSENCE))
    return _refresh(state, policy)


# ---- identity not yet settled ----------------------------------------------------------------------------------


@UNSETTLED_RULES.on(CardRemoved, to=(Identifying, *_ENDS))
def pulled(state: VisitState, _event: CardRemoved, policy: Policy) -> Step:
    if not state.visit.present:
        return Step(state)
    if not state.visit.passed:
        return home(state.device, policy).before(StopTimers(state.visit.id), CloseVisit(state.visit.id))
    return card_away(state, policy)


@UNSETTLED_RULES.on(ChipChecked, to=(ChoosingMethod, AwaitingStaff, Consenting, LookingUp, Showing, *_ENDS))
def chip(state: VisitState, event: ChipChecked, policy: Policy) -> Step:
    return note_chip(state, event, policy)


@UNSETTLED_RULES.on(CertificateRead, to=(ChoosingMethod, AwaitingStaff, Consenting, LookingUp, Showing, *_ENDS))
def certificate(state: VisitState, event: CertificateRead, policy: Policy) -> Step:
    return note_certificate(state, event, policy)


@UNSETTLED_RULES.on(RevocationChecked, to=(Consenting, LookingUp, Showing, *_ENDS))
def revocation(state: VisitState, event: RevocationChecked, policy: Policy) -> Step:
    return note_revocation(state, event.revocation, policy, event.at)


@UNSETTLED_RULES.on(CardFailed, to=_ENDS)
def card_failed(state: VisitState, event: CardFailed, policy: Policy) -> Step:
    return note_card_failure(state, event, policy)


@UNSETTLED_RULES.on(CancelRequested, to=_ENDS)
def cancelled(state: VisitState, _event: CancelRequested, policy: Policy) -> Step:
    return end_visit(state, policy, VisitOutcome.ABORTED, None)


@UNSETTLED_RULES.on(TimerFired, to=_ENDS)
def timer(state: VisitState, event: TimerFired, policy: Policy) -> Step:
    return timed_out(state, event, policy)


# ---- identity settled ------------------------------------------------------------------------------------------


@SETTLED_RULES.on(CardRemoved)
def pulled_early(state: VisitState, _event: CardRemoved, policy: Policy) -> Step:
    visit = replace(state.visit, present=False)
    effects = (StopTimer(visit.id, Timer.CARD), StartTimer(visit.id, Timer.ABSENCE, policy.absence_seconds))
    return Step(replace(state, visit=visit), effects)


@SETTLED_RULES.on(CardPlaced)
def put_back(state: VisitState, _event: CardPlaced, policy: Policy) -> Step:
    """Back within the absence: only the same card may go on answering."""
    if state.visit.present:
        return Step(state)
    visit = state.visit.id
    effects = (
        StopTimer(visit, Timer.ABSENCE),
        StartTimer(visit, Timer.CARD, policy.card_seconds),
        IdentifyCard(visit),
    )
    return Step(state, effects)


@SETTLED_RULES.on(CardIdentified, to=(LookingUp, Registering, Showing, *_ENDS))
def recognised(state: VisitState, event: CardIdentified, policy: Policy) -> Step:
    if state.visit.present or not state.device.card_present:
        return Step(state)
    if not state.visit.is_same(event):
        return leave_early(state, policy, FaultCode.CARD_SWAPPED)
    visit = replace(state.visit, present=True)
    state = replace(state, visit=visit)
    effects = (StopTimer(visit.id, Timer.CARD), ReleaseCard(visit.id))
    if isinstance(state, Consenting):
        asked = StartTimer(visit.id, Timer.CONSENT, policy.consent_seconds)
        return Step(state, (*effects, Show(ConsentView()), asked))
    if isinstance(state, Registering) and state.working:
        return Step(state, (*effects, Show(RegisterView(working=True))))
    return go_on(state, policy).before(*effects)


@SETTLED_RULES.on(CardFailed, to=_ENDS)
def not_recognised(state: VisitState, event: CardFailed, policy: Policy) -> Step:
    if state.visit.present or not state.device.card_present:
        return Step(state)
    return leave_early(state, policy, event.fault)
