"""One file per state: what it does with each event. `TABLE` holds them all."""

from firmware.session.handlers import Handlers
from firmware.session.model import State
from firmware.session.states import (
    awaiting_staff,
    choosing_method,
    confirming_last_try,
    consenting,
    entering_pin,
    identifying,
    idle,
    information,
    looking_up,
    matching,
    out_of_service,
    reading_front,
    registering,
    remove_card,
    service,
    showing,
    starting,
    unlocking,
    unprovisioned,
)

TABLE: dict[type[State], Handlers] = {
    module.HANDLERS.state: module.HANDLERS
    for module in (
        starting,
        unprovisioned,
        out_of_service,
        idle,
        information,
        identifying,
        choosing_method,
        reading_front,
        unlocking,
        matching,
        entering_pin,
        confirming_last_try,
        awaiting_staff,
        consenting,
        registering,
        looking_up,
        showing,
        remove_card,
        service,
    )
}
