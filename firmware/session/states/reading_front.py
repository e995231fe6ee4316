"""ReadingFront: number B is typed from the card's front, or read by camera. The card may be lifted for `front_seconds`.

The camera reads beside the keypad until the first digit is typed. It reads on while the card is away, for a device with
one camera is shown the card then. What was not readable, or was wrong, is typed: no second reading in a visit.
`step` switches the camera off with the end of `reading`, however that comes.

A removal closes the card's scope, not the visit's; on return every chip step starts again, and another token serial
ends the visit before any VERIFY (design.md, step "number B").
"""

from dataclasses import replace

from firmware.core.effects import (
    CloseCardScope,
    Effect,
    IdentifyCard,
    Play,
    ReadFront,
    Show,
    StartTimer,
    StopEntry,
    StopTimer,
    Tone,
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
    FrontHinted,
    FrontRead,
    NumberBChecked,
    PhotoRead,
    PinChecked,
    PinCounted,
    StaffAnswered,
    Timer,
)
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Method, VisitOutcome
from firmware.core.views import ReadingChipView
from firmware.session.handlers import Handlers
from firmware.session.methods import can_type, no_frame_before, number_b_view
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
from firmware.session.moves import NUMBER_B_DIGITS, choose, end_visit, unlock
from firmware.session.policy import Policy

HANDLERS = Handlers(
    ReadingFront,
    ignores=(FaceCompared, FaceFailed, NumberBChecked, PhotoRead, PinChecked, PinCounted, StaffAnswered),
)


def _show(state: ReadingFront, policy: Policy) -> Show:
    return Show(number_b_view(state, policy))


def _typing(state: ReadingFront) -> ReadingFront:
    """The same without the camera."""
    return replace(state, reading=False, hint=None)


@HANDLERS.on(EntryChanged)
def changed(state: ReadingFront, event: EntryChanged, policy: Policy) -> Step:
    if event.kind is not EntryKind.NUMBER_B:
        return Step(state)
    state = replace(state, count=event.count, wrong=False)
    if event.count > 0:
        state = _typing(state)
    return Step(state, (_show(state, policy), StartTimer(state.visit.id, Timer.ENTRY, policy.entry_seconds)))


@HANDLERS.on(EntryDone, to=(Unlocking,))
def done(state: ReadingFront, event: EntryDone, policy: Policy) -> Step:
    if event.kind is not EntryKind.NUMBER_B:
        return Step(state)
    if state.visit.present and state.identified:
        return unlock(state, policy, event.entry)
    typed = replace(_typing(state), entry=event.entry)
    return Step(typed, (_show(typed, policy), StopTimer(state.visit.id, Timer.ENTRY)))


@HANDLERS.on(FrontHinted)
def hinted(state: ReadingFront, event: FrontHinted, policy: Policy) -> Step:
    if not state.reading:
        return Step(state)
    state = replace(state, hint=event.hint)
    return Step(state, (_show(state, policy),))


@HANDLERS.on(FrontRead, to=(Unlocking, ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def front_read(state: ReadingFront, event: FrontRead, policy: Policy) -> Step:
    """Digits of the camera are tried as if typed; without any, the keypad is left."""
    if not state.reading or event.number != state.visit.fronts:
        return Step(state)
    state, visit = _typing(state), state.visit.id
    if event.entry is None:
        return _not_readable(state, policy, event.at)
    if state.visit.present and state.identified:
        return unlock(state, policy, event.entry)
    read = replace(state, count=NUMBER_B_DIGITS, entry=event.entry)
    effects = (StopEntry(visit), _show(read, policy), Play(Tone.PROMPT), StopTimer(visit, Timer.ENTRY))
    return Step(read, effects)


def _not_readable(state: ReadingFront, policy: Policy, at: float) -> Step:
    state = replace(state, visit=replace(state.visit, front_spent=True))
    if can_type(state.device, policy):
        again = StartTimer(state.visit.id, Timer.ENTRY, policy.entry_seconds)
        return Step(state, (_show(state, policy), Play(Tone.PROMPT), again))
    if state.visit.present and state.identified:
        return _without_face(state, policy, at)
    return Step(state, (_show(state, policy),))


def _without_face(state: ReadingFront, policy: Policy, at: float) -> Step:
    """Neither camera nor keypad: another way, once the card is back."""
    state = replace(state, visit=state.visit.without(Method.FACE))
    return choose(state, policy, at, FaultCode.FRONT_UNREADABLE)


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
        _show(away, policy),
    )
    return Step(away, (*effects, *_read_on(away, policy)))


def _read_on(state: ReadingFront, policy: Policy) -> tuple[Effect, ...]:
    """A camera that reads goes on for as long as the card may be away."""
    if not state.reading:
        return ()
    visit = state.visit
    return (
        ReadFront(visit.id, policy.front_seconds, no_frame_before(visit, policy), visit.fronts, prolong=True),
        StartTimer(visit.id, Timer.ENTRY, policy.entry_seconds),
    )


@HANDLERS.on(CardPlaced)
def placed(state: ReadingFront, _event: CardPlaced, policy: Policy) -> Step:
    if state.visit.present:
        return Step(state)
    back = replace(state, visit=replace(state.visit, present=True))
    # With all digits known there is nothing to type or to show any more.
    view = number_b_view(back, policy) if back.entry is None else ReadingChipView()
    effects = (
        StopTimer(back.visit.id, Timer.FRONT),
        StartTimer(back.visit.id, Timer.CARD, policy.card_seconds),
        IdentifyCard(back.visit.id),
        Show(view),
    )
    return Step(back, effects)


@HANDLERS.on(CardIdentified, to=(Unlocking, ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def identified(state: ReadingFront, event: CardIdentified, policy: Policy) -> Step:
    if not state.visit.present or state.identified:
        return Step(state)
    if not state.visit.is_same(event):
        return end_visit(state, policy, VisitOutcome.ABORTED, FaultCode.CARD_SWAPPED).before(StopEntry(state.visit.id))
    known = replace(state, identified=True)
    if state.entry is not None:
        return unlock(known, policy, state.entry)
    if not known.reading and not can_type(known.device, policy):
        return _without_face(known, policy, event.at)
    return Step(known, (StopTimer(state.visit.id, Timer.CARD),))
