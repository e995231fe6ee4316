"""ReadingFront: number B is typed from the card's front. The card may be lifted for `front_seconds`.

A removal closes the card's scope, not the visit's; on return every chip step starts again, and another token serial
ends the visit before any VERIFY (design.md, step "number B").
"""

from dataclasses import replace

from firmware.core.effects import (
    CloseCardScope,
    IdentifyCard,
    Show,
    StartTimer,
    StopEntry,
    StopTimer,
)
from firmware.core.events import (
    Button,
    ButtonPressed,
    CardIdentified,
    CardPlaced,
    CardRemoved,
    EntryCancelled,
    EntryChanged,
    EntryDone,
    EntryKind,
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
from firmware.core.outcomes import VisitOutcome
from firmware.core.views import NumberBView
from firmware.session.handlers import Handlers
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Idle,
    OutOfService,
    ReadingFront,
    RemoveCard,
    Step,
    Unlocking,
)
from firmware.session.moves import choose, end_visit, unlock
from firmware.session.policy import Policy

HANDLERS = Handlers(
    ReadingFront,
    ignores=(FaceCompared, FaceFailed, NumberBChecked, PhotoRead, PinChecked, PinCounted, StaffAnswered),
)


def _view(state: ReadingFront) -> Show:
    return Show(NumberBView(state.count, state.wrong, state.tries_left, not state.visit.present))


@HANDLERS.on(EntryChanged)
def changed(state: ReadingFront, event: EntryChanged, policy: Policy) -> Step:
    if event.kind is not EntryKind.NUMBER_B:
        return Step(state)
    state = replace(state, count=event.count, wrong=False)
    return Step(state, (_view(state), StartTimer(state.visit.id, Timer.ENTRY, policy.entry_seconds)))


@HANDLERS.on(EntryDone, to=(Unlocking,))
def done(state: ReadingFront, event: EntryDone, policy: Policy) -> Step:
    if event.kind is not EntryKind.NUMBER_B:
        return Step(state)
    if state.visit.present and state.identified:
        return unlock(state, policy, event.entry)
    typed = replace(state, entry=event.entry)
    return Step(typed, (_view(typed), StopTimer(state.visit.id, Timer.ENTRY)))


@HANDLERS.on(EntryCancelled, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def cancelled(state: ReadingFront, event: EntryCancelled, policy: Policy) -> Step:
    if event.kind is not EntryKind.NUMBER_B:
        return Step(state)
    return _back(state, policy, event.at)


@HANDLERS.on(ButtonPressed, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def button(state: ReadingFront, event: ButtonPressed, policy: Policy) -> Step:
    """Right: another way."""
    return _back(state, policy, event.at) if event.button is Button.RIGHT else Step(state)


def _back(state: ReadingFront, policy: Policy, at: float) -> Step:
    if state.visit.present and state.identified:
        return choose(state, policy, at)
    return Step(state)


@HANDLERS.on(CardRemoved)
def removed(state: ReadingFront, _event: CardRemoved, policy: Policy) -> Step:
    if not state.visit.present:
        return Step(state)
    visit = replace(state.visit.fresh_card(), present=False)
    away = replace(state, visit=visit, identified=False)
    effects = (
        CloseCardScope(visit.id),
        StopTimer(visit.id, Timer.CARD),
        StartTimer(visit.id, Timer.FRONT, policy.front_seconds),
        _view(away),
    )
    return Step(away, effects)


@HANDLERS.on(CardPlaced)
def placed(state: ReadingFront, _event: CardPlaced, policy: Policy) -> Step:
    if state.visit.present:
        return Step(state)
    back = replace(state, visit=replace(state.visit, present=True))
    effects = (
        StopTimer(back.visit.id, Timer.FRONT),
        StartTimer(back.visit.id, Timer.CARD, policy.card_seconds),
        IdentifyCard(back.visit.id),
        _view(back),
    )
    return Step(back, effects)


@HANDLERS.on(CardIdentified, to=(Unlocking, RemoveCard, Idle, OutOfService))
def identified(state: ReadingFront, event: CardIdentified, policy: Policy) -> Step:
    if not state.visit.present or state.identified:
        return Step(state)
    if not state.visit.is_same(event):
        return end_visit(state, policy, VisitOutcome.ABORTED, FaultCode.CARD_SWAPPED).before(StopEntry(state.visit.id))
    known = replace(state, identified=True)
    if state.entry is not None:
        return unlock(known, policy, state.entry)
    return Step(known, (StopTimer(state.visit.id, Timer.CARD),))
