"""ConfirmingLastTry: one try left. Left: go on; right: another way."""

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
from firmware.session.handlers import Handlers
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    ConfirmingLastTry,
    EnteringPin,
    Idle,
    OutOfService,
    RemoveCard,
    Step,
)
from firmware.session.moves import ask_pin, choose
from firmware.session.policy import Policy

HANDLERS = Handlers(
    ConfirmingLastTry,
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


@HANDLERS.on(ButtonPressed, to=(EnteringPin, ChoosingMethod, AwaitingStaff, RemoveCard, Idle, OutOfService))
def button(state: ConfirmingLastTry, event: ButtonPressed, policy: Policy) -> Step:
    if event.button is Button.LEFT:
        return ask_pin(EnteringPin(state.device, state.visit, tries_left=1, last_confirmed=True), policy)
    return choose(state, policy, event.at) if event.button is Button.RIGHT else Step(state)
