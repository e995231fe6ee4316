"""Ways into every state, the shortest ones that a patient can take."""

from collections.abc import Callable

from firmware.core.events import Button, EntryKind, Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode
from firmware.session.model import (
    AwaitingStaff,
    ChoosingMethod,
    ConfirmingLastTry,
    Consenting,
    EnteringPin,
    Identifying,
    Idle,
    Information,
    LookingUp,
    Matching,
    OutOfService,
    ReadingFront,
    Registering,
    RemoveCard,
    Service,
    Showing,
    Starting,
    State,
    Unlocking,
    Unprovisioned,
)
from firmware.session.policy import Policy
from tests.unit.session.story import Story


def starting(policy: Policy | None = None) -> Story:
    return Story(policy)


def unprovisioned(policy: Policy | None = None) -> Story:
    return Story(policy).start(provisioned=False)


def out_of_service(policy: Policy | None = None) -> Story:
    return idle(policy).part_failed(Part.READER, FaultCode.READER_LOST)


def idle(policy: Policy | None = None) -> Story:
    return Story(policy).start()


def information(policy: Policy | None = None) -> Story:
    return idle(policy).press(Button.LEFT)


def service(policy: Policy | None = None) -> Story:
    return idle(policy).press(Button.RIGHT, held=True)


def identifying(policy: Policy | None = None) -> Story:
    return idle(policy).place_card()


def choosing_method(policy: Policy | None = None) -> Story:
    return identifying(policy).card_is()


def reading_front(policy: Policy | None = None) -> Story:
    return choosing_method(policy).press(Button.LEFT)


def unlocking(policy: Policy | None = None) -> Story:
    return reading_front(policy).digits(EntryKind.NUMBER_B, 14).enter(EntryKind.NUMBER_B)


def matching(policy: Policy | None = None) -> Story:
    return unlocking(policy).number_b().photo()


def entering_pin(policy: Policy | None = None) -> Story:
    return choosing_method(policy).press(Button.MIDDLE).pin_tries(3)


def checking_pin(policy: Policy | None = None) -> Story:
    return entering_pin(policy).digits(EntryKind.PIN, 4).enter(EntryKind.PIN)


def confirming_last_try(policy: Policy | None = None) -> Story:
    return choosing_method(policy).press(Button.MIDDLE).pin_tries(1)


def awaiting_staff(policy: Policy | None = None) -> Story:
    return choosing_method(policy).press(Button.RIGHT)


def consenting(policy: Policy | None = None) -> Story:
    return matching(policy).chip().certificate().face()


def looking_up(policy: Policy | None = None) -> Story:
    return consenting(policy).press(Button.LEFT)


def registering(policy: Policy | None = None) -> Story:
    return looking_up(policy).answer(EligibilityCode.NOT_REGISTERED, offered=True)


def showing(policy: Policy | None = None) -> Story:
    return looking_up(policy).answer()


def shown(policy: Policy | None = None) -> Story:
    return showing(policy).committed()


def remove_card(policy: Policy | None = None) -> Story:
    return shown(policy).wait(5.0)


Way = Callable[[Policy | None], Story]

UNSETTLED: dict[type[State], Way] = {
    ChoosingMethod: choosing_method,
    ReadingFront: reading_front,
    Unlocking: unlocking,
    Matching: matching,
    EnteringPin: entering_pin,
    ConfirmingLastTry: confirming_last_try,
    AwaitingStaff: awaiting_staff,
}
"""States of a visit that passed Identifying and whose identity is not settled."""

SETTLED: dict[type[State], Way] = {Consenting: consenting, LookingUp: looking_up, Registering: registering}

WAYS: dict[type[State], Way] = {
    Starting: starting,
    Unprovisioned: unprovisioned,
    OutOfService: out_of_service,
    Idle: idle,
    Information: information,
    Service: service,
    Identifying: identifying,
    **UNSETTLED,
    **SETTLED,
    Showing: showing,
    RemoveCard: remove_card,
}
