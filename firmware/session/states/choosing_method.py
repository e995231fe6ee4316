"""ChoosingMethod: the notice, and left = face, middle = PIN, right = staff."""

from firmware.core.effects import Play, Tone
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
)
from firmware.core.outcomes import Method
from firmware.session.handlers import Handlers
from firmware.session.methods import methods
from firmware.session.model import AwaitingStaff, ChoosingMethod, EnteringPin, ReadingFront, Step
from firmware.session.moves import ask_number_b, await_staff, begin_pin
from firmware.session.policy import Policy

HANDLERS = Handlers(
    ChoosingMethod,
    # Ends of an entry, a comparison or a reading that the choice replaced.
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
        StaffAnswered,
    ),
)

_BUTTONS = {Button.LEFT: Method.FACE, Button.MIDDLE: Method.PIN, Button.RIGHT: Method.STAFF}


@HANDLERS.on(ButtonPressed, to=(ReadingFront, EnteringPin, AwaitingStaff))
def chosen(state: ChoosingMethod, event: ButtonPressed, policy: Policy) -> Step:
    method = _BUTTONS[event.button]
    if method not in methods(state, policy):
        return Step(state, (Play(Tone.WRONG),))
    if method is Method.FACE:
        return ask_number_b(state, policy)
    return begin_pin(state, policy) if method is Method.PIN else await_staff(state, policy)
