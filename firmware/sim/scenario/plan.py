"""What the patient will do and what is broken around the device: one `Plan`, made of `Flags` by `wishes.make_plan`.

Pure values. States are named as the device's control socket names them
(design.md, "States").
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from firmware.sim.scenario.outcomes import DEFAULT


class Question(StrEnum):
    """What the reception asks by itself, without a card: its verb."""

    NUMBER = "lookup"
    PERSON = "emergency-search"


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
    answer: str | None = None
    number: bool = False
    disaster: bool = False
    terminal: bool = False
    pick_up: bool = False
    twins: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One visit, or one question of the reception.

    `pins`: for each time the PIN is asked, whether the right one is typed.
    `front`: a camera reads number B off the card; `back_first`: which lies with its back up until the device says so;
    `one_camera`: the face camera does, and the card is lifted for it. `liveness`: the site demands a challenge.
    `slow_look_up`: seconds the gateway takes, so that the visit waits in LookingUp. `answer`: about which invented
    person; None: the usual one, and nothing special is told of it. `question`: asked instead of a visit. `terminal`:
    the site has the official terminal's folders and no gateway. `pick_up`: the official reader leaves its results, and
    staff confirm; `twins`: two of them fit the patient.
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
    answer: str | None = None
    question: Question | None = None
    terminal: bool = False
    pick_up: bool = False
    twins: bool = False

    @property
    def insured(self) -> str:
        """Whose answer it is."""
        return self.answer or DEFAULT

    @property
    def tells_eligibility(self) -> bool:
        """Whether the story is about the answer."""
        return self.answer is not None or self.question is not None or self.pick_up

    @property
    def asks_consent(self) -> bool:
        """Whether this device does; the official reader asks for those of its own results."""
        return not self.pick_up

    @property
    def name(self) -> str:
        """What the visit is, in words."""
        if self.question is not None:
            return self._question_name
        who = _WHO.get(self.face, "the invented holder")
        parts = [f"a visit of {who}" + (" and a forged chip" if self.forged else ""), f"by {self.way}"]
        parts += ["number B read by camera"] if self.front else []
        parts += ["one camera for face and card"] if self.one_camera else []
        parts += ["the card's back shown first"] if self.back_first else []
        parts += ["with a liveness challenge"] if self.liveness else []
        parts += ["one wrong PIN first"] if len(self.pins) > 1 else []
        parts += ["consent refused"] if not self.consent else []
        parts += [f"card pulled at {self.pull_at}"] if self.pull_at else []
        parts += [f"the answer about {self.answer}"] if self.answer else []
        parts += ["two results of the official reader that fit"] if self.twins else []
        parts += ["the official reader's result confirmed by staff"] if self.pick_up and not self.twins else []
        parts += [f"{part} down" for part in sorted(self.away)]
        return ", ".join(parts)

    @property
    def _question_name(self) -> str:
        how = "by the person's own data, in disaster mode" if self.question is Question.PERSON else "by insured number"
        parts = [f"a question of the reception {how}"]
        parts += ["over the official terminal's folders" if self.terminal else "over the gateway"]
        parts += [f"about {self.answer}"] if self.answer else []
        parts += [f"{part} down" for part in sorted(self.away)]
        return ", ".join(parts)


_WHO: Final = {
    Face.IMPOSTOR: "an impostor with the holder's card",
    Face.PRINT: "somebody with the holder's card and a print of the holder's face",
}
