"""What must come of the answer about each invented person of the seed: code, remarks, the screen's next step.

Pure. Written down here once more, person by person, and not derived from the device's rules: a scenario judges the
device by it. The ways on are those of the shipped texts. Raises KeyError for a name that `named` does not know.
Source: eligibility.md 1.8, 2.10.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from firmware.core.outcome_texts import SHIPPED
from firmware.core.outcomes import EligibilityCode
from firmware.sim.gateway.people import SEED
from firmware.sim.gateway.seed import CONFLICTS

DEFAULT: Final = "taro"
"""Whose answer it is where nobody chooses."""


@dataclass(frozen=True, slots=True)
class Told:
    """`step`: what the result screen tells the patient, as the control socket names it.

    `first`: the code before the patient agreed to the registration of the card, for whom that is offered.
    """

    code: str
    flags: tuple[str, ...] = ()
    step: str = "done"
    first: str | None = None

    @property
    def outcome(self) -> str:
        """Under which outcome the person is listed."""
        return self.first or self.code

    @property
    def ways(self) -> list[str]:
        """The ways on that the reception has to read, best first."""
        return [str(way) for way in SHIPPED.outcomes[EligibilityCode(self.code)].ways]

    def confirmed(self) -> "Told":
        """The same, picked up from the official reader and confirmed by staff."""
        return replace(self, flags=(*self.flags, "staff-confirmed"))


ANSWERS: Final[Mapping[str, Told]] = MappingProxyType(
    {
        "taro": Told("valid"),
        "hanako": Told("valid"),
        "kazue": Told("valid"),
        "setsu": Told("valid"),
        "ken": Told("valid"),
        "mirai": Told("valid", ("replaced-character",), "counter"),
        "ooi": Told("valid", ("replaced-character",), "counter"),
        "haru": Told("valid", ("preschool-missing",)),
        "fumi": Told("valid", ("elderly-recipient-missing",), "counter"),
        "noboru": Told("valid", ("beyond-jis-x-0208",)),
        "kigen": Told("valid", ("card-expired",)),
        "tsunagu": Told("valid-several"),
        "sachi": Told("valid-unregistered"),
        "jiro": Told("invalid", ("insurer-changed",), "counter"),
        "saburo": Told("invalid-new-exists", ("insurer-changed",), "counter"),
        "shiro": Told("none", step="counter"),
        "goro": Told("several", step="counter"),
        "nozomi": Told("valid", first="not-registered"),
        "matsu": Told("pending", step="waiting"),
        "tooru": Told("not-reachable", step="unchecked"),
        "kotowari": Told("exchange-error", step="unchecked"),
        "ayame": Told("processing-error", step="counter"),
        "mujun": Told("contradictory", ("contradiction",), "counter"),
        "shun": Told("refused", step="counter"),
        "betsu": Told("identity-conflict", step="counter"),
    }
)
NOT_REACHED: Final = Told("not-reachable", step="unchecked")
"""Nobody was there to ask."""
NOT_ATTRIBUTED: Final = Told("not-attributed", step="counter")
"""What was found fits another one as well."""


def named(text: str) -> str:
    """The person of that name, or the first one with that outcome or remark."""
    if text in ANSWERS:
        return text
    for name, told in ANSWERS.items():
        if text == told.outcome or text in told.flags:
            return name
    raise KeyError(text)


def listed() -> str:
    """All names by outcome and remark, a line each, for --help and for who asked for somebody else."""
    rows: dict[str, list[str]] = {}
    for name, told in ANSWERS.items():
        rows.setdefault(", ".join((told.outcome, *told.flags)), []).append(name)
    return "\n".join(f"  {outcome:36} {', '.join(names)}" for outcome, names in rows.items())


def has_number(name: str) -> bool:
    """Whether the person can be asked for without a card, and found by the official reader."""
    return bool(SEED[name].coverages) and name not in CONFLICTS
