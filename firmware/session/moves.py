"""Moves that several states share: going home, beginning a visit, choosing, ending, removal.

Each returns a whole `Step`. Identity (settling, staff check) is in `identity.py`, the end of a settled visit in
`conclusion.py`.
"""

from dataclasses import replace

from firmware.core.effects import (
    AskStaff,
    CloseCamera,
    CloseCardScope,
    CloseVisit,
    CountPinTries,
    Effect,
    IdentifyCard,
    OpenVisit,
    Play,
    Progress,
    Publish,
    RaiseAlert,
    ReadCertificate,
    ReadFront,
    ReportProgress,
    Show,
    StartEntry,
    StartTimer,
    StopEntry,
    StopTimers,
    Tone,
    UnlockFace,
)
from firmware.core.events import CardPlaced, EntryKind, Part, Timer, TimerFired
from firmware.core.faults import FaultCode
from firmware.core.ids import Handle, VisitId
from firmware.core.outcomes import Method, StaffHint, VisitOutcome
from firmware.core.views import (
    IdentifyingView,
    IdleView,
    NoticeView,
    OutOfServiceView,
    PinView,
    ReadingChipView,
    RemoveCardView,
    ServiceView,
    StaffView,
    UnprovisionedView,
)
from firmware.session.methods import can_read_front, methods, missing_for, no_frame_before, number_b_view
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Device,
    EnteringPin,
    Identifying,
    Idle,
    OutOfService,
    ReadingFront,
    RemoveCard,
    Service,
    State,
    Step,
    Unlocking,
    Unprovisioned,
    Visit,
    VisitState,
)
from firmware.session.policy import Policy
from firmware.session.summary import summarize

NUMBER_B_DIGITS = 14
PIN_DIGITS = 4

AT_COUNTER = FaultCode.STAFF_TIMEOUT
"""Its text says "go to the counter": for ends where nobody can be called and the fault's own text does not."""

_HINTS: dict[FaultCode | None, tuple[StaffHint, ...]] = {
    FaultCode.CARD_NOT_GENUINE: (StaffHint.POSSIBLE_FORGERY,),
    FaultCode.CARD_RECORD_UNSIGNED: (StaffHint.POSSIBLE_FORGERY,),
    FaultCode.CARD_ON_PHONE: (StaffHint.ASK_DOCUMENT,),
    FaultCode.CERTIFICATE_UNTRUSTED: (StaffHint.POSSIBLE_FORGERY,),
    FaultCode.CERTIFICATE_REVOKED: (StaffHint.ASK_DOCUMENT, StaffHint.RENEW_CERTIFICATE),
    FaultCode.HOLDER_DIFFERS: (StaffHint.POSSIBLE_FORGERY,),
    FaultCode.NUMBER_B_BLOCKED: (StaffHint.UNBLOCK_AT_MUNICIPALITY,),
    FaultCode.PIN_BLOCKED: (StaffHint.UNBLOCK_AT_MUNICIPALITY,),
}


def home(device: Device, policy: Policy) -> Step:
    """Where the device rests: Idle if it can, else the state that says what is missing."""
    if not device.provisioned:
        return Step(Unprovisioned(device), (Show(UnprovisionedView()),))
    fault = device.essential_fault()
    if fault is not None:
        return Step(OutOfService(device), (Show(OutOfServiceView(fault)),))
    if device.card_present:
        return remove_card(device, policy, ended=None, because=None)
    return Step(Idle(device), (Show(IdleView(device.warnings(), shown_held(device))),))


def open_service(state: State, policy: Policy) -> Step:
    """The technician's page, for a while."""
    faults = tuple(fault for _, fault in state.device.faults)
    effects = (Show(ServiceView(faults)), StartTimer(None, Timer.PAGE, policy.page_seconds))
    return Step(Service(state.device), effects)


def shown_held(device: Device) -> int:
    """Results that wait because broker or reception is away; rows merely on their way are not worth a word."""
    away = device.fault(Part.BROKER) is not None or device.fault(Part.RECEPTION) is not None
    return device.held if away else 0


def start_visit(device: Device, event: CardPlaced, policy: Policy) -> Step:
    visit = Visit(event.visit, event.at)
    effects = (
        OpenVisit(visit.id),
        Show(IdentifyingView()),
        StartTimer(visit.id, Timer.CARD, policy.card_seconds),
        IdentifyCard(visit.id),
    )
    return Step(Identifying(device, visit), effects)


def choose(state: VisitState, policy: Policy, at: float, because: FaultCode | None = None) -> Step:
    """To the notice and the choice of method; straight to staff where only they are left; the end where nobody is."""
    visit = state.visit.hinted(*_HINTS.get(because, ()))
    offered = methods(state, policy)
    if not offered:
        return _no_method(replace(state, visit=visit), policy, because)
    if offered == (Method.STAFF,):
        return await_staff(state, policy, because)
    visit = replace(visit, notice_at=at if visit.notice_at is None else visit.notice_at)
    effects = (
        StopEntry(visit.id),
        CloseCamera(visit.id),
        StopTimers(visit.id),
        Show(NoticeView(offered, because)),
        Play(Tone.PROMPT if because is None else Tone.WRONG),
        StartTimer(visit.id, Timer.CHOICE, policy.choice_seconds),
        ReportProgress(visit.id, Progress.CHOOSING),
    )
    return Step(ChoosingMethod(state.device, visit, because), effects)


def _no_method(state: VisitState, policy: Policy, because: FaultCode | None) -> Step:
    if state.visit.on_phone:
        phone = FaultCode.CARD_ON_PHONE
        return end_visit(state, policy, VisitOutcome.NOT_IDENTIFIED, because or phone, shown=phone)
    if because is not None:
        return end_visit(state, policy, VisitOutcome.NOT_IDENTIFIED, because)
    wanted = tuple(method for method in policy.methods if method not in state.visit.excluded)
    fault = missing_for(state.device, wanted)
    if fault is None:
        return end_visit(state, policy, VisitOutcome.NOT_IDENTIFIED, FaultCode.VISIT_TIMEOUT)
    return end_visit(state, policy, VisitOutcome.NOT_IDENTIFIED, fault, shown=AT_COUNTER)


def ask_number_b(state: VisitState, policy: Policy, *, wrong: bool = False, tries_left: int | None = None) -> Step:
    """Let the card's number B be typed, and read it by camera where that can be."""
    visit = state.visit
    reading = can_read_front(state.device, visit, policy)
    if reading:
        visit = replace(visit, fronts=visit.fronts + 1)
    front = ReadingFront(state.device, visit, wrong=wrong, tries_left=tries_left, reading=reading)
    effects: tuple[Effect, ...] = (
        StopTimers(visit.id),
        Show(number_b_view(front, policy)),
        Play(Tone.WRONG if wrong else Tone.PROMPT),
        StartEntry(visit.id, EntryKind.NUMBER_B, NUMBER_B_DIGITS),
        StartTimer(visit.id, Timer.ENTRY, policy.entry_seconds),
    )
    if reading:
        seconds, not_before = policy.front_read_seconds, no_frame_before(visit, policy)
        effects = (*effects, ReadFront(visit.id, seconds, not_before, visit.fronts))
    return Step(front, effects)


def unlock(state: VisitState, policy: Policy, entry: Handle) -> Step:
    """VERIFY what was typed or read."""
    visit = state.visit
    effects = (
        StopEntry(visit.id),
        StopTimers(visit.id),
        Show(ReadingChipView()),
        StartTimer(visit.id, Timer.CARD, policy.card_seconds),
        UnlockFace(visit.id, entry),
        ReportProgress(visit.id, Progress.READING),
    )
    return Step(Unlocking(state.device, visit), effects)


def begin_pin(state: VisitState, policy: Policy) -> Step:
    """Read the certificate, then count the PIN's tries: in this order the key stays selected for the VERIFY."""
    visit, reading = ask_certificate(state.visit)
    effects = (
        StopTimers(visit.id),
        Show(PinView(0, None)),
        StartTimer(visit.id, Timer.CARD, policy.card_seconds),
        *reading,
        CountPinTries(visit.id),
        ReportProgress(visit.id, Progress.PIN_ENTRY),
    )
    return Step(EnteringPin(state.device, visit), effects)


def ask_pin(state: EnteringPin, policy: Policy) -> Step:
    """Let the PIN be typed."""
    visit = state.visit
    effects = (
        StopTimers(visit.id),
        Show(PinView(0, state.tries_left, state.wrong)),
        Play(Tone.WRONG if state.wrong else Tone.PROMPT),
        StartEntry(visit.id, EntryKind.PIN, PIN_DIGITS),
        StartTimer(visit.id, Timer.ENTRY, policy.entry_seconds),
    )
    return Step(replace(state, count=0, checking=False), effects)


def await_staff(state: VisitState, policy: Policy, because: FaultCode | None = None) -> Step:
    """Ask staff to compare the person with the card's printed photo; only where `methods` has them."""
    visit, reading = ask_certificate(state.visit)
    visit = visit.hinted(StaffHint.COMPARE_PERSON, *_HINTS.get(because, ()))
    effects = (
        StopEntry(visit.id),
        CloseCamera(visit.id),
        StopTimers(visit.id),
        Show(StaffView(because, other_way=other_way(state, policy, because))),
        Play(Tone.PROMPT),
        StartTimer(visit.id, Timer.STAFF, policy.staff_seconds),
        AskStaff(visit.id),
        ReportProgress(visit.id, Progress.STAFF_WANTED),
        *reading,
    )
    return Step(AwaitingStaff(state.device, visit, because), effects)


def other_way(state: VisitState, policy: Policy, because: FaultCode | None) -> bool:
    """Whether a staff check can be left for another method; a wrong record signature leaves none."""
    return because is not FaultCode.CARD_RECORD_UNSIGNED and methods(state, policy) != (Method.STAFF,)


def ask_certificate(visit: Visit) -> tuple[Visit, tuple[Effect, ...]]:
    """The reading, unless it was asked for since the card was placed; a phone refuses it before the PIN."""
    if visit.certificate_asked or (visit.on_phone and not visit.pin_accepted):
        return visit, ()
    return replace(visit, certificate_asked=True), (ReadCertificate(visit.id),)


def end_visit(
    state: VisitState,
    policy: Policy,
    outcome: VisitOutcome,
    fault: FaultCode | None,
    *,
    alert: bool = False,
    shown: FaultCode | None = None,
) -> Step:
    """End a visit whose identity is not settled: publish its one outcome (if it passed Identifying), close it.

    `shown`: the fault whose text the patient reads, where it is not the result's.
    """
    visit = state.visit.hinted(*_HINTS.get(fault, ()))
    effects: list[Effect] = [StopTimers(visit.id)]
    if visit.passed:
        effects += [Publish(visit.id, summarize(visit, outcome, fault)), ReportProgress(visit.id, Progress.DONE)]
    if alert and fault is not None:
        effects.append(RaiseAlert(fault, visit.id))
    effects.append(CloseVisit(visit.id))
    if state.device.card_present and state.device.essential_fault() is None:
        ended = visit.id if visit.passed else None
        return remove_card(state.device, policy, ended=ended, because=shown or fault).before(*effects)
    return home(state.device, policy).before(*effects)


def timed_out(state: VisitState, event: TimerFired, policy: Policy) -> Step:
    """The ends that timers of a visit bring whose identity is not settled."""
    match event.name:
        case Timer.ABSENCE | Timer.FRONT:
            return end_visit(state, policy, VisitOutcome.ABORTED, FaultCode.CARD_GONE)
        case Timer.CARD:
            return end_visit(state, policy, VisitOutcome.FAULT, FaultCode.CARD_SILENT)
        case Timer.CHOICE | Timer.ENTRY:
            return end_visit(state, policy, VisitOutcome.NOT_IDENTIFIED, FaultCode.VISIT_TIMEOUT)
        case _:
            return Step(state)


def remove_card(device: Device, policy: Policy, *, ended: VisitId | None, because: FaultCode | None) -> Step:
    """Ask for the card to be taken, with a reminder until it is."""
    effects = (
        Show(RemoveCardView(because=because)),
        Play(Tone.REMIND if because is None else Tone.WRONG),
        StartTimer(None, Timer.REMIND, policy.remind_seconds),
    )
    return Step(RemoveCard(device, ended, because), effects)


def card_away(state: VisitState, policy: Policy) -> Step:
    """The card went away before identity was settled: forget what it said, wait a moment for it to come back."""
    visit = replace(state.visit.fresh_card(), present=False)
    effects = (
        StopEntry(visit.id),
        CloseCamera(visit.id),
        CloseCardScope(visit.id),
        StopTimers(visit.id),
        StartTimer(visit.id, Timer.ABSENCE, policy.absence_seconds),
        Show(IdentifyingView(put_back=True)),
    )
    return Step(Identifying(state.device, visit), effects)
