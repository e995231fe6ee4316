"""Which ways a visit has left: what each method needs of the device, and how number B can be had."""

from firmware.core.events import Part
from firmware.core.faults import FaultCode
from firmware.core.outcomes import Method
from firmware.core.views import NumberBView
from firmware.session.model import Device, ReadingFront, Visit, VisitState
from firmware.session.policy import Policy

_NEEDS: dict[Method, tuple[Part, ...]] = {
    # The display too: the notice must have been seen before a camera opens, and digits are not typed blindly.
    Method.FACE: (Part.FACE_CAMERA, Part.INFERENCE, Part.KEYPAD, Part.DISPLAY),
    Method.PIN: (Part.KEYPAD, Part.DISPLAY),
    Method.STAFF: (Part.BROKER, Part.RECEPTION),
}
_READS_FRONT = (Part.CARD_CAMERA, Part.CARD_FRONT)


def methods(state: VisitState, policy: Policy) -> tuple[Method, ...]:
    """Methods that the site allows, this visit has not used up, and whose parts work."""
    return tuple(
        method for method in policy.methods if method not in state.visit.excluded and _works(method, state, policy)
    )


def _works(method: Method, state: VisitState, policy: Policy) -> bool:
    """Number B is typed or read: for the face, the camera stands in for the keypad."""
    missing = {part for part in _NEEDS[method] if state.device.fault(part) is not None}
    if Part.KEYPAD in _NEEDS[method] and not policy.keypad:
        missing.add(Part.KEYPAD)
    if method is Method.FACE and missing == {Part.KEYPAD}:
        return can_read_front(state.device, state.visit, policy)
    return not missing


def missing_for(device: Device, wanted: tuple[Method, ...]) -> FaultCode | None:
    """The fault of the first part that one of these methods lacks."""
    faults = (device.fault(part) for method in wanted for part in _NEEDS[method])
    return next((fault for fault in faults if fault is not None), None)


def can_type(device: Device, policy: Policy) -> bool:
    return policy.keypad and device.fault(Part.KEYPAD) is None


def can_read_front(device: Device, visit: Visit, policy: Policy) -> bool:
    """Whether the card's front may be read by camera: it works, and in this visit it has not failed or been wrong."""
    works = all(device.fault(part) is None for part in _READS_FRONT)
    return policy.front_camera and works and not visit.front_spent


def no_frame_before(visit: Visit, policy: Policy) -> float:
    """When the notice has been on the screen for its time: no earlier frame leaves a camera."""
    return (visit.notice_at or visit.started_at) + policy.notice_seconds


def number_b_view(state: ReadingFront, policy: Policy) -> NumberBView:
    """What the patient sees while number B is wanted."""
    return NumberBView(
        state.count,
        state.wrong,
        state.tries_left,
        card_out=not state.visit.present,
        reading=state.reading,
        front_hint=state.hint,
        show_card=state.reading and policy.front_lifted,
        keypad=can_type(state.device, policy),
    )
