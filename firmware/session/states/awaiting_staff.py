"""AwaitingStaff: a signed request of the reception says whether staff know the person by the card's printed photo."""

from dataclasses import replace

from firmware.core.events import (
    Button,
    ButtonPressed,
    CardIdentified,
    CardPlaced,
    EntryCancelled,
    EntryChanged,
    EntryDone,
    FaceCompared,
    FaceFailed,
    NumberBChecked,
    PhotoRead,
    PinChecked,
    PinCounted,
    StaffAnswered,
    Timer,
    TimerFired,
)
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Revocation, VisitOutcome
from firmware.session.handlers import Handlers
from firmware.session.identity import advance, note_revocation
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Consenting,
    Idle,
    LookingUp,
    OutOfService,
    RemoveCard,
    Showing,
    Step,
)
from firmware.session.moves import choose, end_visit, other_way
from firmware.session.policy import Policy

HANDLERS = Handlers(
    AwaitingStaff,
    ignores=(
        CardIdentified,
        CardPlaced,
        EntryCancelled,
        EntryChanged,
        EntryDone,
        FaceCompared,
        FaceFailed,
        NumberBChecked,
        PhotoRead,
        PinChecked,
        PinCounted,
    ),
)


@HANDLERS.on(StaffAnswered, to=(Consenting, LookingUp, Showing, RemoveCard, Idle, OutOfService))
def answered(state: AwaitingStaff, event: StaffAnswered, policy: Policy) -> Step:
    if not event.approved:
        return end_visit(state, policy, VisitOutcome.NOT_IDENTIFIED, FaultCode.STAFF_REFUSED)
    return advance(replace(state, visit=replace(state.visit, staff_approved=True)), policy, event.at)


@HANDLERS.on(ButtonPressed, to=(ChoosingMethod, RemoveCard, Idle, OutOfService))
def button(state: AwaitingStaff, event: ButtonPressed, policy: Policy) -> Step:
    """Left: another way, unless there is none or the chip's record made the staff check necessary."""
    if event.button is not Button.LEFT or state.visit.staff_approved or not other_way(state, policy, state.because):
        return Step(state)
    return choose(state, policy, event.at)


@HANDLERS.on(TimerFired, to=(Consenting, LookingUp, Showing, RemoveCard, Idle, OutOfService))
def timer(state: AwaitingStaff, event: TimerFired, policy: Policy) -> Step:
    if event.name is Timer.STAFF:
        return end_visit(state, policy, VisitOutcome.NOT_IDENTIFIED, FaultCode.STAFF_TIMEOUT)
    if event.name is Timer.CARD:
        return end_visit(state, policy, VisitOutcome.FAULT, FaultCode.CARD_SILENT)
    if event.name is Timer.REVOCATION:
        return note_revocation(state, Revocation.UNKNOWN, policy, event.at)
    return Step(state)
