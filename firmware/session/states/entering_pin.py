"""EnteringPin: tries counted, four digits, one VERIFY, one signature. A PIN is never sent twice unasked."""

from dataclasses import replace

from firmware.core.effects import (
    CountPinTries,
    Play,
    Show,
    SignWithPin,
    StartTimer,
    StopEntry,
    StopTimer,
    StopTimers,
    Tone,
)
from firmware.core.events import (
    Button,
    ButtonPressed,
    CardIdentified,
    CardPlaced,
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
    TimerFired,
)
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Method, Revocation, TryCode
from firmware.core.views import LastTryView, PinView
from firmware.session.handlers import Handlers
from firmware.session.identity import advance, note_revocation
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    ConfirmingLastTry,
    Consenting,
    EnteringPin,
    Idle,
    LookingUp,
    OutOfService,
    RemoveCard,
    Showing,
    Step,
)
from firmware.session.moves import ask_certificate, ask_pin, choose, timed_out
from firmware.session.policy import Policy

HANDLERS = Handlers(
    EnteringPin,
    ignores=(CardIdentified, CardPlaced, FaceCompared, FaceFailed, NumberBChecked, PhotoRead, StaffAnswered),
)


@HANDLERS.on(PinCounted, to=(ConfirmingLastTry, ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def counted(state: EnteringPin, event: PinCounted, policy: Policy) -> Step:
    if state.tries_left is not None:
        return Step(state)
    visit = replace(state.visit, pin_counter=event.tries_left)
    return _ask_again(replace(state, visit=visit, tries_left=event.tries_left), policy, event.at)


def _ask_again(state: EnteringPin, policy: Policy, at: float) -> Step:
    if state.tries_left == 0:
        blocked = replace(state, visit=state.visit.without(Method.PIN))
        return choose(blocked, policy, at, FaultCode.PIN_BLOCKED)
    if state.tries_left is None:
        return _count_again(state, policy)
    if state.tries_left == 1 and not state.last_confirmed:
        visit = state.visit
        effects = (
            StopEntry(visit.id),
            StopTimers(visit.id),
            Show(LastTryView()),
            Play(Tone.WRONG),
            StartTimer(visit.id, Timer.CHOICE, policy.choice_seconds),
        )
        return Step(ConfirmingLastTry(state.device, visit), effects)
    return ask_pin(state, policy)


def _count_again(state: EnteringPin, policy: Policy) -> Step:
    """The card refused the PIN without saying what is left: nothing is typed before that is known."""
    effects = (
        Show(PinView(0, None, state.wrong)),
        StartTimer(state.visit.id, Timer.CARD, policy.card_seconds),
        CountPinTries(state.visit.id),
    )
    return Step(state, effects)


@HANDLERS.on(EntryChanged)
def changed(state: EnteringPin, event: EntryChanged, policy: Policy) -> Step:
    if event.kind is not EntryKind.PIN or state.checking:
        return Step(state)
    effects = (
        Show(PinView(event.count, state.tries_left)),
        StartTimer(state.visit.id, Timer.ENTRY, policy.entry_seconds),
    )
    return Step(replace(state, count=event.count, wrong=False), effects)


@HANDLERS.on(EntryDone)
def done(state: EnteringPin, event: EntryDone, policy: Policy) -> Step:
    if event.kind is not EntryKind.PIN or state.checking or state.tries_left is None:
        return Step(state)
    effects = (
        StopEntry(state.visit.id),
        StopTimer(state.visit.id, Timer.ENTRY),
        Show(PinView(state.count, state.tries_left, checking=True)),
        StartTimer(state.visit.id, Timer.CARD, policy.card_seconds),
        SignWithPin(state.visit.id, event.entry),
    )
    return Step(replace(state, checking=True), effects)


@HANDLERS.on(
    PinChecked,
    to=(
        ConfirmingLastTry,
        ChoosingMethod,
        AwaitingStaff,
        Consenting,
        LookingUp,
        Showing,
        RemoveCard,
        Idle,
        OutOfService,
    ),
)
def checked(state: EnteringPin, event: PinChecked, policy: Policy) -> Step:
    if not state.checking:
        return Step(state)
    if event.counter is not None:
        state = replace(state, visit=replace(state.visit, pin_counter=event.counter))
    if event.code is TryCode.ACCEPTED:
        return _accepted(state, policy, event.at)
    left = 0 if event.code is TryCode.BLOCKED else event.tries_left
    again = replace(state, tries_left=left, wrong=True, checking=False, last_confirmed=False)
    return _ask_again(again, policy, event.at)


def _accepted(state: EnteringPin, policy: Policy, at: float) -> Step:
    """A phone gives its certificate only now; of a card it was asked for before."""
    visit, reading = ask_certificate(replace(state.visit, pin_accepted=True))
    after = advance(replace(state, visit=visit), policy, at)
    if not reading:
        return after
    return after.before(StartTimer(visit.id, Timer.CARD, policy.card_seconds), *reading)


@HANDLERS.on(EntryCancelled, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def cancelled(state: EnteringPin, event: EntryCancelled, policy: Policy) -> Step:
    if event.kind is not EntryKind.PIN or state.checking:
        return Step(state)
    return choose(state, policy, event.at)


@HANDLERS.on(ButtonPressed, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def button(state: EnteringPin, event: ButtonPressed, policy: Policy) -> Step:
    """Right: another way, unless the PIN is just being checked."""
    if event.button is not Button.RIGHT or state.checking:
        return Step(state)
    return choose(state, policy, event.at)


@HANDLERS.on(TimerFired, to=(Consenting, LookingUp, Showing, RemoveCard, Idle, OutOfService))
def timer(state: EnteringPin, event: TimerFired, policy: Policy) -> Step:
    """REVOCATION: the PIN is accepted, and nobody said whether its certificate was revoked."""
    if event.name is Timer.REVOCATION:
        return note_revocation(state, Revocation.UNKNOWN, policy, event.at)
    return timed_out(state, event, policy)
