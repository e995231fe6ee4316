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
    StaffAnswered,
    Timer,
)
from firmware.core.faults import FaultCode
from firmware.core.outcomes import CardKind, VisitOutcome
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
        StaffAnswered,
    ),
)


@HANDLERS.on(CardIdentified, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def identified(state: Identifying, event: CardIdentified, policy: Policy) -> Step:
    if not state.visit.present:
        return Step(state)
    if event.kind is CardKind.UNKNOWN and not state.visit.passed:
        visit = state.visit.id
        after = remove_card(state.device, policy, ended=None, because=FaultCode.CARD_NOT_MYNUMBER)
        return after.before(StopTimers(visit), CloseVisit(visit))
    if event.kind is CardKind.UNKNOWN or not event.same_card:
        return end_visit(state, policy, VisitOutcome.ABORTED, FaultCode.CARD_SWAPPED)
    passed = replace(state, visit=replace(state.visit, passed=True))
    return choose(passed, policy, event.at).before(ReportProgress(state.visit.id, Progress.CARD_PRESENT))


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
