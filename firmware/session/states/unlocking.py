"""Unlocking: VERIFY of number B, then the photo. Chip and certificate follow while the face is matched.

In this order the card-face application stays selected until the chip was checked, and one SELECT less is sent.
"""

from dataclasses import replace

from firmware.core.effects import (
    CheckChip,
    CompareFace,
    OpenCamera,
    Progress,
    ReadPhoto,
    ReportProgress,
    Show,
    StartTimer,
    StopTimers,
)
from firmware.core.events import (
    ButtonPressed,
    CardFailed,
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
)
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Method, TryCode
from firmware.core.views import FaceView
from firmware.session.handlers import Handlers
from firmware.session.identity import note_card_failure
from firmware.session.methods import can_type, no_frame_before
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    Idle,
    Matching,
    OutOfService,
    ReadingFront,
    RemoveCard,
    Step,
    Unlocking,
    Visit,
)
from firmware.session.moves import ask_certificate, ask_number_b, choose
from firmware.session.policy import Policy

HANDLERS = Handlers(
    Unlocking,
    ignores=(
        ButtonPressed,
        CardIdentified,
        CardPlaced,
        EntryCancelled,
        EntryChanged,
        EntryDone,
        # Of an earlier comparison: a camera that could not be opened shows in the next one.
        FaceCompared,
        FaceFailed,
        PinChecked,
        PinCounted,
        StaffAnswered,
    ),
)

_NO_PHOTO = frozenset({FaultCode.PHOTO_TOO_LARGE, FaultCode.PHOTO_BROKEN})

MATCH_MARGIN = 10.0
"""Seconds beyond an attempt's own bound before the session gives it up; chip and certificate are read in them."""


@HANDLERS.on(NumberBChecked, to=(ReadingFront, ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def checked(state: Unlocking, event: NumberBChecked, policy: Policy) -> Step:
    if event.counter is not None:
        state = replace(state, visit=replace(state.visit, number_b_counter=event.counter))
    if event.code is TryCode.ACCEPTED:
        return _read(state, policy)
    if event.code in {TryCode.WRONG, TryCode.REPEATED}:
        return _again(state, policy, event)
    stopped = event.code is TryCode.STOPPED
    fault = FaultCode.NUMBER_B_STOPPED if stopped else FaultCode.NUMBER_B_BLOCKED
    return _without_face(state, policy, event.at, fault)


def _again(state: Unlocking, policy: Policy, event: NumberBChecked) -> Step:
    """From now on digits are typed: a camera that was wrong once would be wrong again and spend another try."""
    state = replace(state, visit=replace(state.visit, front_spent=True))
    if not can_type(state.device, policy):
        return _without_face(state, policy, event.at, FaultCode.FRONT_UNREADABLE)
    return ask_number_b(state, policy, wrong=True, tries_left=event.tries_left)


def _read(state: Unlocking, policy: Policy) -> Step:
    return Step(state, (open_camera(state.visit, policy), ReadPhoto(state.visit.id)))


def open_camera(visit: Visit, policy: Policy) -> OpenCamera:
    """No frame before the notice was shown for its time."""
    return OpenCamera(visit.id, no_frame_before(visit, policy))


@HANDLERS.on(PhotoRead, to=(Matching,))
def photo(state: Unlocking, event: PhotoRead, policy: Policy) -> Step:
    """The chip is checked only now: its proof is over what the record says."""
    visit, reading = ask_certificate(replace(state.visit, comparisons=state.visit.comparisons + 1))
    effects = (
        StopTimers(visit.id),
        Show(FaceView(1, policy.match_attempts)),
        StartTimer(visit.id, Timer.MATCH, policy.attempt_seconds + MATCH_MARGIN),
        CompareFace(visit.id, event.photo, visit.comparisons),
        CheckChip(visit.id),
        *reading,
        ReportProgress(visit.id, Progress.FACE_PROMPT),
    )
    return Step(Matching(state.device, visit, event.photo), effects)


@HANDLERS.on(CardFailed, to=(ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def card_failed(state: Unlocking, event: CardFailed, policy: Policy) -> Step:
    """A photo that cannot be used leaves the other ways."""
    if event.fault in _NO_PHOTO:
        return _without_face(state, policy, event.at, event.fault)
    return note_card_failure(state, event, policy)


def _without_face(state: Unlocking, policy: Policy, at: float, fault: FaultCode) -> Step:
    return choose(replace(state, visit=state.visit.without(Method.FACE)), policy, at, fault)
