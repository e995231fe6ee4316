"""OutOfService: an essential part is missing; the screen names it. Left when the part recovers (`step.py`)."""

from firmware.core.effects import Play, Tone
from firmware.core.events import ButtonPressed, CardPlaced, CardRemoved
from firmware.session.handlers import Handlers
from firmware.session.model import OutOfService, Service, Step
from firmware.session.moves import open_service
from firmware.session.policy import Policy

HANDLERS = Handlers(OutOfService, ignores=(CardRemoved,))


@HANDLERS.on(CardPlaced)
def refuse(state: OutOfService, _event: CardPlaced, _policy: Policy) -> Step:
    """Say by sound that the card is not read; the screen already says why."""
    return Step(state, (Play(Tone.WRONG),))


@HANDLERS.on(ButtonPressed, to=(Service,))
def button(state: OutOfService, event: ButtonPressed, policy: Policy) -> Step:
    """A held button opens the technician's page."""
    return open_service(state, policy) if event.held else Step(state)
