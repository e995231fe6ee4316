"""Showing: the result is committed, then shown: "done" or "go to the counter", never why."""

from dataclasses import replace

from firmware.core.effects import (
    CloseVisit,
    Play,
    Progress,
    RaiseAlert,
    ReportProgress,
    Show,
    StartTimer,
    StopTimer,
    StopTimers,
    Tone,
)
from firmware.core.events import (
    ButtonPressed,
    CardFailed,
    CardIdentified,
    CardPlaced,
    CardRemoved,
    LookUpAnswered,
    LookUpFailed,
    PublishFailed,
    ResultCommitted,
    Timer,
    TimerFired,
)
from firmware.core.faults import FaultCode
from firmware.core.views import NextStep
from firmware.session.conclusion import result_view
from firmware.session.handlers import Handlers
from firmware.session.model import Identifying, Idle, OutOfService, RemoveCard, Showing, Step
from firmware.session.moves import home, remove_card, start_visit
from firmware.session.policy import Policy

HANDLERS = Handlers(Showing, ignores=(ButtonPressed, CardFailed, CardIdentified, LookUpAnswered, LookUpFailed))


@HANDLERS.on(ResultCommitted)
def committed(state: Showing, event: ResultCommitted, policy: Policy) -> Step:
    if state.committed:
        return Step(state)
    device = replace(state.device, held=event.held)
    view = result_view(device, state.summary)
    effects = (
        StopTimer(state.visit.id, Timer.PUBLISH),
        Show(view),
        Play(Tone.DONE if view.next_step is NextStep.DONE else Tone.PROMPT),
        _show_timer(state, policy),
        ReportProgress(state.visit.id, Progress.DONE),
    )
    return Step(replace(state, device=device, committed=True), effects)


def _show_timer(state: Showing, policy: Policy) -> StartTimer:
    seconds = policy.show_seconds if state.visit.present else policy.glance_seconds
    return StartTimer(state.visit.id, Timer.SHOW, seconds)


@HANDLERS.on(PublishFailed)
def failed(state: Showing, event: PublishFailed, policy: Policy) -> Step:
    return _failed(state, policy, event.fault)


def _failed(state: Showing, policy: Policy, fault: FaultCode) -> Step:
    effects = (
        StopTimer(state.visit.id, Timer.PUBLISH),
        Show(result_view(state.device, state.summary, fault)),
        Play(Tone.WRONG),
        RaiseAlert(fault, state.visit.id),
        _show_timer(state, policy),
        ReportProgress(state.visit.id, Progress.DONE),
    )
    return Step(state, effects)


@HANDLERS.on(CardRemoved)
def removed(state: Showing, _event: CardRemoved, policy: Policy) -> Step:
    if not state.visit.present:
        return Step(state)
    state = replace(state, visit=replace(state.visit, present=False), taken=False)
    absence = StartTimer(state.visit.id, Timer.ABSENCE, policy.absence_seconds)
    return Step(state, (absence, _show_timer(state, policy)) if state.committed else (absence,))


@HANDLERS.on(CardPlaced, to=(Identifying,))
def placed(state: Showing, event: CardPlaced, policy: Policy) -> Step:
    """Back within the absence: the result stays. Later: the next patient need not wait for the glance to end."""
    if state.visit.present:
        return Step(state)
    if not state.taken:
        back = replace(state, visit=replace(state.visit, present=True))
        absence = StopTimer(state.visit.id, Timer.ABSENCE)
        return Step(back, (absence, _show_timer(back, policy)) if state.committed else (absence,))
    if not state.committed or state.device.essential_fault() is not None:
        return Step(state)
    close = (StopTimers(state.visit.id), CloseVisit(state.visit.id))
    return start_visit(state.device, event, policy).before(*close)


@HANDLERS.on(TimerFired, to=(RemoveCard, Idle, OutOfService))
def timer(state: Showing, event: TimerFired, policy: Policy) -> Step:
    if event.name is Timer.PUBLISH and not state.committed:
        return _failed(state, policy, FaultCode.OUTBOX_BROKEN)
    if event.name is Timer.ABSENCE and not state.visit.present:
        return Step(replace(state, taken=True))
    return _end(state, policy) if event.name is Timer.SHOW else Step(state)


def _end(state: Showing, policy: Policy) -> Step:
    close = (StopTimers(state.visit.id), CloseVisit(state.visit.id))
    if not (state.visit.present or state.taken) and state.device.essential_fault() is None:
        away = RemoveCard(state.device, state.visit.id, None, away=True)
        return Step(away, (*close, StartTimer(None, Timer.ABSENCE, policy.absence_seconds)))
    if state.visit.present and state.device.card_present:
        return remove_card(state.device, policy, ended=state.visit.id, because=None).before(*close)
    return home(state.device, policy).before(*close)
