"""Views: what the screen shall say, as data. A View knows nothing about pixels, languages or fonts.

No View carries a name, an insurer or the reason of "invalid": bystanders read the screen. `panel/render.py` draws them.
"""

from dataclasses import dataclass
from enum import StrEnum

from firmware.core.faults import FaultCode
from firmware.core.outcomes import EligibilityCode, FacePrompt, FrontHint, Method, UnsureReason


class InformationPage(StrEnum):
    """Pages behind the left button of Idle."""

    HOW_TO = "how-to"
    PRIVACY = "privacy"
    CARD_LOST = "card-lost"


class NextStep(StrEnum):
    """All a patient is told at the end."""

    DONE = "done"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class View:
    """Root of all views."""


@dataclass(frozen=True, slots=True)
class StartingView(View):
    """Power-on."""


@dataclass(frozen=True, slots=True)
class UnprovisionedView(View):
    """No site's settings or keys yet."""


@dataclass(frozen=True, slots=True)
class OutOfServiceView(View):
    """A part without which nothing works is missing; `fault` names it and its remedy."""

    fault: FaultCode


@dataclass(frozen=True, slots=True)
class IdleView(View):
    """Place your card. `warnings`: parts that are missing but not needed for every visit. `held`: unsent results."""

    warnings: tuple[FaultCode, ...] = ()
    held: int = 0


@dataclass(frozen=True, slots=True)
class InformationView(View):
    """One page of information."""

    page: InformationPage


@dataclass(frozen=True, slots=True)
class IdentifyingView(View):
    """The card is being recognised. `put_back`: it was just taken away; please put it back."""

    put_back: bool = False


@dataclass(frozen=True, slots=True)
class NoticeView(View):
    """The face will be compared on the device and not stored; left = face, middle = PIN, right = staff.

    `methods`: those offered; `because`: why the previous method did not work.
    """

    methods: tuple[Method, ...]
    because: FaultCode | None = None


@dataclass(frozen=True, slots=True)
class NumberBView(View):
    """The 14 digits of the card's front: birth YYMMDD, expiry YYYY, code. `card_out`: put the card back.

    `reading`: the camera reads them as long as nothing is typed; `front_hint`: what would help it; `show_card`: the
    card has to be lifted and shown for it. `keypad`: there is one to type on.
    """

    count: int
    wrong: bool = False
    tries_left: int | None = None
    card_out: bool = False
    reading: bool = False
    front_hint: FrontHint | None = None
    show_card: bool = False
    keypad: bool = True


@dataclass(frozen=True, slots=True)
class ReadingChipView(View):
    """The chip is being read; leave the card. Repeats the notice on the face comparison."""


@dataclass(frozen=True, slots=True)
class FaceView(View):
    """Look at the camera. `hint`: what to do better. `prompt`: what the challenge asks for now, shown before a hint."""

    attempt: int
    attempts: int
    hint: UnsureReason | None = None
    prompt: FacePrompt | None = None


@dataclass(frozen=True, slots=True)
class PinView(View):
    """Type the 4-digit PIN. `count` digits so far."""

    count: int
    tries_left: int | None
    wrong: bool = False
    checking: bool = False


@dataclass(frozen=True, slots=True)
class LastTryView(View):
    """One try left: go on (left), another way (right)."""


@dataclass(frozen=True, slots=True)
class StaffView(View):
    """Staff have been called; please wait. `other_way`: the left button offers another method."""

    because: FaultCode | None = None
    other_way: bool = True


@dataclass(frozen=True, slots=True)
class ConsentView(View):
    """May medicines, checkups and treatment be shared with this facility? left = yes, right = no. Valid 24 h."""


@dataclass(frozen=True, slots=True)
class RegisterView(View):
    """The card is not yet registered as insurance card: register now? left = yes, right = no."""

    working: bool = False


@dataclass(frozen=True, slots=True)
class LookingUpView(View):
    """The eligibility is being checked."""


@dataclass(frozen=True, slots=True)
class ResultView(View):
    """The end: done, or go to the counter. `held` > 0: the reception has not taken it yet, n waiting.

    `outcome`: whose words for the patient are shown (`core/outcome_texts.toml`); None: the screen's own.
    """

    next_step: NextStep
    held: int = 0
    because: FaultCode | None = None
    outcome: EligibilityCode | None = None


@dataclass(frozen=True, slots=True)
class RemoveCardView(View):
    """Take the card. `left_behind`: it has been lying there for long. `because`: why the visit ended."""

    left_behind: bool = False
    because: FaultCode | None = None


@dataclass(frozen=True, slots=True)
class ServiceView(View):
    """Technician's page: faults that are present."""

    faults: tuple[FaultCode, ...]
