"""Information: pages for patients. Left: next page, right: back; a card starts a visit at once."""

from firmware.core.effects import Show, StartTimer, StopTimer
from firmware.core.events import Button, ButtonPressed, CardPlaced, CardRemoved, Timer, TimerFired
from firmware.core.views import InformationPage, InformationView
from firmware.session.handlers import Handlers
from firmware.session.model import Identifying, Idle, Information, OutOfService, RemoveCard, Step
from firmware.session.moves import home, start_visit
from firmware.session.policy import Policy

HANDLERS = Handlers(Information, ignores=(CardRemoved,))
_PAGES = tuple(InformationPage)


@HANDLERS.on(CardPlaced, to=(Identifying,))
def placed(state: Information, event: CardPlaced, policy: Policy) -> Step:
    return start_visit(state.device, event, policy).before(StopTimer(None, Timer.PAGE))


@HANDLERS.on(ButtonPressed, to=(Idle, OutOfService, RemoveCard))
def button(state: Information, event: ButtonPressed, policy: Policy) -> Step:
    if event.button is not Button.LEFT:
        return home(state.device, policy).before(StopTimer(None, Timer.PAGE))
    page = _PAGES[(_PAGES.index(state.page) + 1) % len(_PAGES)]
    effects = (Show(InformationView(page)), StartTimer(None, Timer.PAGE, policy.page_seconds))
    return Step(Information(state.device, page), effects)


@HANDLERS.on(TimerFired, to=(Idle, OutOfService, RemoveCard))
def timer(state: Information, event: TimerFired, policy: Policy) -> Step:
    return home(state.device, policy) if event.name is Timer.PAGE else Step(state)
