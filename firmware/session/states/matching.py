"""Matching: live face against the chip's photo. Right button: another way. Unsure is never a silent accept."""

from dataclasses import replace

from firmware.core.effects import CloseCamera, CompareFace, Play, RaiseAlert, Show, StartTimer, Tone
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
    FacePrompted,
    NumberBChecked,
    PhotoRead,
    PinChecked,
    PinCounted,
    StaffAnswered,
    Timer,
    TimerFired,
)
from firmware.core.faults import FaultCode
from firmware.core.outcomes import (
    FacePrompt,
    Liveness,
    LivenessMode,
    MatchCode,
    MatchVerdict,
    Method,
    Revocation,
    UnsureReason,
    VisitOutcome,
)
from firmware.core.views import FaceView, ReadingChipView
from firmware.session.handlers import Handlers
from firmware.session.identity import advance, note_revocation
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Consenting,
    Idle,
    LookingUp,
    Matching,
    OutOfService,
    RemoveCard,
    Showing,
    Step,
)
from firmware.session.moves import choose, end_visit
from firmware.session.policy import Policy
from firmware.session.states.unlocking import MATCH_MARGIN, open_camera

HANDLERS = Handlers(
    Matching,
    ignores=(
        CardIdentified,
        CardPlaced,
        EntryCancelled,
        EntryChanged,
        EntryDone,
        NumberBChecked,
        PhotoRead,
        PinChecked,
        PinCounted,
        StaffAnswered,
    ),
)


_OF_DEVICE = frozenset(
    {
        FaultCode.CAMERA_MISSING,
        FaultCode.CAMERA_NO_FRAME,
        FaultCode.MODEL_MISSING,
        FaultCode.MODEL_HASH_WRONG,
        FaultCode.MODEL_FAILED,
        FaultCode.LANE_STUCK,
    }
)


@HANDLERS.on(
    FaceCompared, to=(ChoosingMethod, AwaitingStaff, Consenting, LookingUp, Showing, RemoveCard, Idle, OutOfService)
)
def compared(state: Matching, event: FaceCompared, policy: Policy) -> Step:
    if _matched(state) or event.attempt != state.visit.comparisons:
        return Step(state)
    verdict = _alive(event.verdict, policy)
    state = replace(state, visit=state.visit.compared(verdict))
    if verdict.code is MatchCode.MATCH:
        waiting = (CloseCamera(state.visit.id), Show(ReadingChipView()), Play(Tone.PROMPT))
        return advance(state, policy, event.at).before(*waiting)
    if state.attempt < policy.match_attempts:
        return _again(state, policy)
    unsure = verdict.code is MatchCode.UNSURE
    return _give_up(state, policy, event.at, FaultCode.FACE_UNSURE if unsure else FaultCode.FACE_NOT_MATCHED)


def _alive(verdict: MatchVerdict, policy: Policy) -> MatchVerdict:
    """Where the site demands a challenge, a match without a passed one decides nothing."""
    demanded = policy.liveness is not LivenessMode.OFF and verdict.code is MatchCode.MATCH
    if not demanded or verdict.liveness is Liveness.PASSED:
        return verdict
    return replace(verdict, code=MatchCode.UNSURE, reason=UnsureReason.NOT_ALIVE)


@HANDLERS.on(FacePrompted)
def prompted(state: Matching, event: FacePrompted, policy: Policy) -> Step:
    """With a sound for each step of a challenge: who turns the head does not see the screen."""
    if _matched(state) or event.attempt != state.visit.comparisons:
        return Step(state)
    if isinstance(event.prompt, FacePrompt):
        view = FaceView(state.attempt, policy.match_attempts, prompt=event.prompt)
        return Step(state, (Show(view), Play(Tone.PROMPT)))
    return Step(state, (Show(FaceView(state.attempt, policy.match_attempts, event.prompt)),))


def _matched(state: Matching) -> bool:
    return state.visit.match is not None and state.visit.match.code is MatchCode.MATCH


def _again(state: Matching, policy: Policy) -> Step:
    """The camera is opened anew: after a missing frame it had closed."""
    visit, attempt = replace(state.visit, comparisons=state.visit.comparisons + 1), state.attempt + 1
    hint = visit.match.reason if visit.match is not None else None
    effects = (
        Show(FaceView(attempt, policy.match_attempts, hint)),
        Play(Tone.PROMPT),
        StartTimer(visit.id, Timer.MATCH, policy.attempt_seconds + MATCH_MARGIN),
        open_camera(visit, policy),
        CompareFace(visit.id, state.photo, visit.comparisons),
    )
    return Step(replace(state, visit=visit, attempt=attempt), effects)


def _give_up(state: Matching, policy: Policy, at: float, fault: FaultCode) -> Step:
    return choose(replace(state, visit=state.visit.without(Method.FACE)), policy, at, fault)


@HANDLERS.on(FaceFailed, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def failed(state: Matching, event: FaceFailed, policy: Policy) -> Step:
    """A photo, camera or model that cannot be used: another way. What is wrong with the device, staff are told."""
    if _matched(state) or event.attempt != state.visit.comparisons:
        return Step(state)
    after = _give_up(state, policy, event.at, event.fault)
    told = event.fault in dict(state.device.faults).values()
    return after.before(RaiseAlert(event.fault)) if event.fault in _OF_DEVICE and not told else after


@HANDLERS.on(ButtonPressed, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def button(state: Matching, event: ButtonPressed, policy: Policy) -> Step:
    if event.button is not Button.RIGHT or _matched(state):
        return Step(state)
    return choose(state, policy, event.at)


@HANDLERS.on(
    TimerFired, to=(ChoosingMethod, AwaitingStaff, Consenting, LookingUp, Showing, RemoveCard, Idle, OutOfService)
)
def timer(state: Matching, event: TimerFired, policy: Policy) -> Step:
    """MATCH: the comparison, or the chip behind it, did not come back in time."""
    if event.name is Timer.CARD or (event.name is Timer.MATCH and _matched(state)):
        return end_visit(state, policy, VisitOutcome.FAULT, FaultCode.CARD_SILENT)
    if event.name is Timer.MATCH:
        return _give_up(state, policy, event.at, FaultCode.FACE_UNSURE)
    if event.name is Timer.REVOCATION:
        return note_revocation(state, Revocation.UNKNOWN, policy, event.at)
    return Step(state)
