"""RemoveCard: the visit is over and closed; light, sound and a progress event until the card is taken."""

from dataclasses import replace

from firmware.core.effects import Effect, Play, Progress, RaiseAlert, ReportProgress, Show, StartTimer, StopTimer, Tone
from firmware.core.events import ButtonPressed, CardPlaced, CardRemoved, Timer, TimerFired
from firmware.core.faults import FaultCode
from firmware.core.views import RemoveCardView
from firmware.session.handlers import Handlers
from firmware.session.model import Idle, OutOfService, RemoveCard, Step
from firmware.session.moves import home
from firmware.session.policy import Policy

HANDLERS = Handlers(RemoveCard, ignores=(ButtonPressed,))

_ALERT_AFTER = 3
"""Reminders before staff are alerted to a card left behind."""


@HANDLERS.on(CardRemoved)
def lifted(state: RemoveCard, _event: CardRemoved, policy: Policy) -> Step:
    """Taken, if it stays away: a card that flutters on the reader begins no second visit."""
    effects = (StopTimer(None, Timer.REMIND), StartTimer(None, Timer.ABSENCE, policy.absence_seconds))
    return Step(replace(state, away=True), effects)


@HANDLERS.on(CardPlaced)
def put_back(state: RemoveCard, _event: CardPlaced, policy: Policy) -> Step:
    """Back too soon, or another one: it must be lifted for longer."""
    if not state.away:
        return Step(state)
    effects = (
        StopTimer(None, Timer.ABSENCE),
        Show(RemoveCardView(because=state.because)),
        StartTimer(None, Timer.REMIND, policy.remind_seconds),
    )
    return Step(replace(state, away=False), effects)


@HANDLERS.on(TimerFired, to=(Idle, OutOfService))
def timer(state: RemoveCard, event: TimerFired, policy: Policy) -> Step:
    if event.name is Timer.ABSENCE and state.away:
        out: tuple[Effect, ...] = () if state.ended is None else (ReportProgress(state.ended, Progress.CARD_OUT),)
        return home(state.device, policy).before(*out)
    return _remind(state, policy) if event.name is Timer.REMIND and not state.away else Step(state)


def _remind(state: RemoveCard, policy: Policy) -> Step:
    reminders = state.reminders + 1
    effects: list[Effect] = [
        Show(RemoveCardView(left_behind=True, because=state.because)),
        Play(Tone.REMIND),
        StartTimer(None, Timer.REMIND, policy.remind_seconds),
    ]
    if state.ended is not None:
        effects.append(ReportProgress(state.ended, Progress.CARD_LEFT))
    if reminders == _ALERT_AFTER:
        effects.append(RaiseAlert(FaultCode.CARD_LEFT_BEHIND, state.ended))
    return Step(replace(state, reminders=reminders), tuple(effects))
