"""What the patient will do and what is broken around the device: one `Plan`, made from the flags of `make run`.

Pure values. PlanError for flags that contradict each other. States are named as the device's control socket names them
(design.md, "States").
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class PlanError(Exception):
    """These flags make no visit."""


class Way(StrEnum):
    """How the patient wants to be identified."""

    FACE = "face"
    PIN = "pin"
    STAFF = "staff"


class Away(StrEnum):
    """A part that is down until the visit is over."""

    GATEWAY = "gateway"
    BROKER = "broker"
    RECEPTION = "reception"


class Face(StrEnum):
    """Who sits before the camera."""

    HOLDER = "holder"
    IMPOSTOR = "impostor"
    NOBODY = "nobody"
    PRINT = "print"
    """Somebody holds a print of the holder."""


PULLABLE: Final = {
    "Identifying": Way.FACE,
    "ChoosingMethod": Way.FACE,
    "ReadingFront": Way.FACE,
    "Unlocking": Way.FACE,
    "Matching": Way.FACE,
    "EnteringPin": Way.PIN,
    "AwaitingStaff": Way.STAFF,
    "Consenting": Way.FACE,
    "LookingUp": Way.FACE,
    "Showing": Way.FACE,
}
"""States in which the card can be pulled, and the way on which the visit comes there."""

SETTLED: Final = frozenset({"Consenting", "LookingUp", "Showing"})
"""States in which identity is settled: a card pulled there still brings a result."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The command line, as far as it says what happens in the visit."""

    impostor: bool = False
    pin: bool = False
    wrong_pin: bool = False
    staff: bool = False
    refuse_consent: bool = False
    pull_card_at: str | None = None
    gateway_down: bool = False
    broker_down: bool = False
    reception_down: bool = False
    forged_chip: bool = False
    accept_unknown_issuer: bool = False
    front: bool = False
    back_first: bool = False
    one_camera: bool = False
    liveness: bool = False
    printed: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One visit. `pins`: for each time the PIN is asked, whether the right one is typed.

    `front`: a camera reads number B off the card; `back_first`: which lies with its back up until the device says so;
    `one_camera`: the face camera does, and the card is lifted for it. `liveness`: the site demands a challenge.
    `slow_look_up`: seconds the gateway takes, so that the visit waits in LookingUp.
    """

    way: Way = Way.FACE
    face: Face = Face.HOLDER
    forged: bool = False
    accept_unknown_issuer: bool = False
    front: bool = False
    back_first: bool = False
    one_camera: bool = False
    liveness: bool = False
    pins: tuple[bool, ...] = (True,)
    consent: bool = True
    staff_approves: bool = True
    pull_at: str | None = None
    slow_look_up: float = 0.0
    away: frozenset[Away] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """What the visit is, in words."""
        who = _WHO.get(self.face, "the invented holder")
        parts = [f"a visit of {who}" + (" and a forged chip" if self.forged else ""), f"by {self.way}"]
        parts += ["number B read by camera"] if self.front else []
        parts += ["one camera for face and card"] if self.one_camera else []
        parts += ["the card's back shown first"] if self.back_first else []
        parts += ["with a liveness challenge"] if self.liveness else []
        parts += ["one wrong PIN first"] if len(self.pins) > 1 else []
        parts += ["consent refused"] if not self.consent else []
        parts += [f"card pulled at {self.pull_at}"] if self.pull_at else []
        parts += [f"{part} down" for part in sorted(self.away)]
        return ", ".join(parts)


_WHO: Final = {
    Face.IMPOSTOR: "an impostor with the holder's card",
    Face.PRINT: "somebody with the holder's card and a print of the holder's face",
}


def make_plan(flags: Flags) -> Plan:
    """The visit that `flags` ask for."""
    _refuse_contradictions(flags)
    return Plan(
        way=_way(flags),
        face=_face(flags),
        forged=flags.forged_chip,
        accept_unknown_issuer=flags.accept_unknown_issuer,
        front=_reads_front(flags),
        back_first=flags.back_first,
        one_camera=flags.one_camera,
        liveness=flags.liveness,
        pins=(False, True) if flags.wrong_pin else (True,),
        consent=not flags.refuse_consent,
        # Staff who look at a forged card see that no issuer is known, and do not vouch for it.
        staff_approves=not flags.forged_chip,
        pull_at=flags.pull_card_at,
        slow_look_up=2.0 if flags.pull_card_at in {"Consenting", "LookingUp"} else 0.0,
        away=frozenset(_away(flags)),
    )


def _way(flags: Flags) -> Way:
    if flags.pin or flags.wrong_pin:
        return Way.PIN
    if flags.staff:
        return Way.STAFF
    return PULLABLE.get(flags.pull_card_at or "", Way.FACE)


def _reads_front(flags: Flags) -> bool:
    return flags.front or flags.back_first or flags.one_camera


def _face(flags: Flags) -> Face:
    if flags.impostor:
        return Face.IMPOSTOR
    if flags.printed:
        return Face.PRINT
    # Nobody before the camera keeps the device looking until the card is pulled.
    return Face.NOBODY if flags.pull_card_at in {"Unlocking", "Matching"} else Face.HOLDER


def _away(flags: Flags) -> list[Away]:
    parts = (
        (Away.GATEWAY, flags.gateway_down),
        (Away.BROKER, flags.broker_down),
        (Away.RECEPTION, flags.reception_down),
    )
    return [part for part, down in parts if down]


def _refuse_contradictions(flags: Flags) -> None:
    pin = flags.pin or flags.wrong_pin
    staffed = flags.staff or flags.pull_card_at == "AwaitingStaff" or (flags.forged_chip and not pin)
    rules = (
        (pin and flags.staff, "--pin and --staff are two ways"),
        (flags.impostor and (pin or flags.staff), "--impostor is about the face, not about PIN or staff"),
        (flags.impostor and bool(flags.pull_card_at), "--impostor ends with the card pulled anyway"),
        (flags.forged_chip and (pin or flags.staff or flags.impostor), "--forged-chip goes the way of the face"),
        (_reads_front(flags) and _way(flags) is not Way.FACE, "the card's front is read for the face only"),
        (flags.liveness and _way(flags) is not Way.FACE, "--liveness is about the face, not about PIN or staff"),
        (flags.liveness and (flags.impostor or flags.forged_chip), "--liveness is for the holder, or with --print"),
        (flags.printed and not flags.liveness, "--print needs --liveness: without a challenge nothing tells a print"),
        (flags.printed and bool(flags.pull_card_at), "--print ends with the card pulled anyway"),
        (flags.accept_unknown_issuer and not flags.forged_chip, "--accept-unknown-issuer needs --forged-chip"),
        (
            staffed and not flags.accept_unknown_issuer and (flags.broker_down or flags.reception_down),
            "a staff check needs broker and reception",
        ),
        (
            flags.pull_card_at is not None and flags.pull_card_at not in PULLABLE,
            f"--pull-card-at takes one of {', '.join(PULLABLE)}",
        ),
        (
            flags.pull_card_at is not None and _way(flags) not in _ways_to(flags.pull_card_at),
            f"this visit does not come to {flags.pull_card_at}",
        ),
        (
            flags.pull_card_at in {"Consenting", "LookingUp"} and flags.gateway_down,
            "with the gateway down there is no look-up to leave behind",
        ),
    )
    for broken, why in rules:
        if broken:
            raise PlanError(why)


def _ways_to(state: str) -> frozenset[Way]:
    if state in SETTLED or state in {"Identifying", "ChoosingMethod"}:
        return frozenset(Way)
    return frozenset({PULLABLE.get(state, Way.FACE)})
