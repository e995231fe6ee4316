"""Identifying: which applications answer. Also where a visit waits for a card that went away for a moment."""

from dataclasses import replace

from firmware.core.effects import CloseVisit, IdentifyCard, Progress, ReportProgress, Show, StartTimer, StopTimers
from firmware.core.events import (
    ButtonPressed,
    CardIdentified,
    CardPlaced,
    CertificateRead,
    ChipChecked,
    EntryCancelled,
    EntryChanged,
    EntryDone,
    FaceCompared,
    FaceFailed,
    NumberBChecked,
    PhotoRead,
    PinChecked,
    PinCounted,
    RevocationChecked,
    StaffAnswered,
    Timer,
)
from firmware.core.faults import FaultCode
from firmware.core.outcomes import CardKind, Method, VisitOutcome
from firmware.core.views import IdentifyingView
from firmware.session.handlers import Handlers
from firmware.session.model import AwaitingStaff, ChoosingMethod, Identifying, Idle, OutOfService, RemoveCard, Step
from firmware.session.moves import choose, end_visit, remove_card
from firmware.session.policy import Policy

HANDLERS = Handlers(
    Identifying,
    # What a removed card, its entry or its comparison had still under way when it went.
    ignores=(
        ButtonPressed,
        CertificateRead,
        ChipChecked,
        EntryCancelled,
        EntryChanged,
        EntryDone,
        FaceCompared,
        FaceFailed,
        NumberBChecked,
        PhotoRead,
        PinChecked,
        PinCounted,
        RevocationChecked,
        StaffAnswered,
    ),
)


@HANDLERS.on(CardIdentified, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def identified(state: Identifying, event: CardIdentified, policy: Policy) -> Step:
    if not state.visit.present:
        return Step(state)
    foreign = _foreign(event)
    if foreign is not None and not state.visit.passed:
        visit = state.visit.id
        after = remove_card(state.device, policy, ended=None, because=foreign)
        return after.before(StopTimers(visit), CloseVisit(visit))
    if not event.same_card or state.visit.kind not in {None, event.kind}:
        return end_visit(state, policy, VisitOutcome.ABORTED, FaultCode.CARD_SWAPPED)
    return choose(_passed(state, event.kind), policy, event.at).before(
        ReportProgress(state.visit.id, Progress.CARD_PRESENT)
    )


def _foreign(event: CardIdentified) -> FaultCode | None:
    """Why nothing can be done with what lies there: not the card, or a phone that keeps its card to other readers."""
    if event.kind is CardKind.UNKNOWN:
        return FaultCode.CARD_NOT_MYNUMBER
    return FaultCode.CARD_ON_PHONE if event.kind is CardKind.PHONE and not event.same_card else None


def _passed(state: Identifying, kind: CardKind) -> Identifying:
    """A phone has no photo to compare with, neither for a camera nor for staff."""
    visit = replace(state.visit, passed=True, kind=kind)
    if visit.on_phone:
        visit = visit.without(Method.FACE).without(Method.STAFF)
    return replace(state, visit=visit)


@HANDLERS.on(CardPlaced)
def placed(state: Identifying, _event: CardPlaced, policy: Policy) -> Step:
    """The card is back: every chip step starts again."""
    if state.visit.present:
        return Step(state)
    visit = replace(state.visit, present=True)
    effects = (
        StopTimers(visit.id),
        Show(IdentifyingView()),
        StartTimer(visit.id, Timer.CARD, policy.card_seconds),
        IdentifyCard(visit.id),
    )
    return Step(replace(state, visit=visit), effects)
