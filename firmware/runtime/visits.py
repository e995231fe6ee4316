"""The open visit: its vault, its scopes and its challenge. Loop thread only."""

from dataclasses import dataclass, field

from firmware.core.challenge import Challenge
from firmware.core.ids import VisitId
from firmware.core.outcomes import MatchVerdict
from firmware.core.secret import Secret
from firmware.runtime.mailbox import FrameMailbox
from firmware.runtime.scope import Scope
from firmware.runtime.vault import Vault


@dataclass(slots=True, repr=False)
class FrontReading:
    """One reading of the card's front. `ends`: monotonic; `digits`: what it put into the vault."""

    number: int
    frames: FrameMailbox
    ends: float
    digits: Secret | None = None


@dataclass(slots=True, repr=False)
class OpenVisit:
    """`card`: work that ends with the card; `rest`: work that ends with the visit; `look_up` may be detached.

    `frames` of the face camera; `front`: the newest reading of the card's front, until it is stopped.
    """

    id: VisitId
    challenge: Challenge
    vault: Vault = field(default_factory=Vault)
    card: Scope = field(default_factory=Scope)
    rest: Scope = field(default_factory=Scope)
    look_up: Scope = field(default_factory=Scope)
    frames: FrameMailbox | None = None
    front: FrontReading | None = None
    staff_asked: bool = False
    verdict: MatchVerdict | None = None

    def ask_staff(self) -> None:
        """From now on a staff-check request for this visit counts."""
        self.staff_asked = True

    def stop_asking_staff(self) -> None:
        """A request that still comes does not count. Idempotent."""
        self.staff_asked = False

    def close_camera(self) -> None:
        """The camera lane ends its loop at its next frame."""
        if self.frames is not None:
            self.frames.close()
        self.frames = None

    def stop_front(self) -> None:
        """The card's camera ends at its next frame; digits that nobody asked for are wiped."""
        if self.front is not None:
            self.front.frames.close()
            if self.front.digits is not None and self.vault.entry is self.front.digits:
                self.vault.wipe_entry()
        self.front = None

    def close_card(self) -> None:
        """Cancel what works with the card, forget what was read; work begun afterwards belongs to a fresh scope."""
        self.card.cancel()
        self.card = Scope()
        self.close_camera()
        self.verdict = None
        self.vault.wipe_card()

    def close(self) -> None:
        """Cancel everything and wipe. Idempotent."""
        self.card.cancel()
        self.rest.cancel()
        self.look_up.cancel()
        self.stop_front()
        self.close_camera()
        self.vault.wipe()
