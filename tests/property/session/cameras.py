"""What must hold of the cameras in any sequence: opened for the face only, behind the notice, never two at a time."""

from dataclasses import dataclass

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.outcomes import TryCode
from firmware.session.methods import no_frame_before
from firmware.session.model import Matching, ReadingFront, State, Unlocking, VisitState
from firmware.session.policy import Policy


@dataclass
class Cameras:
    """`running`: the reading of the card's front under way. `spent`: this visit has to type from now on."""

    policy: Policy
    running: int | None = None
    begun: int = 0
    spent: bool = False
    read: int = 0
    """Readings that ended with digits, of all visits."""

    def delivers(self, state: State, event: ev.Event) -> bool:
        """Note the event before its step; whether it brings digits that the camera read just now."""
        if not isinstance(event, ev.VisitEvent) or not isinstance(state, VisitState) or event.visit != state.visit.id:
            return False
        match event:
            case ev.NumberBChecked(code=code) if isinstance(state, Unlocking):
                self.spent |= code in {TryCode.WRONG, TryCode.REPEATED}
            case ev.FrontRead(number=number, entry=entry) if number == self.running:
                self.running = None
                self.spent |= entry is None
                self.read += entry is not None
                return entry is not None
            case _:
                pass
        return False

    def check(self, effect: fx.VisitEffect, state: State) -> None:
        """`state`: what the step led to."""
        match effect:
            case fx.OpenVisit():
                self.running, self.begun, self.spent = None, 0, False
            case fx.CloseVisit():
                self.running = None
            case fx.StopFront():
                assert self.running is not None, "nothing to stop"
                self.running = None
            case fx.ReadFront(prolong=True):
                assert effect.number == self.running, "prolonged what is not under way"
            case fx.ReadFront():
                self._begin(effect, state)
            case fx.OpenCamera():
                assert self.running is None, "two cameras at a time"
                assert isinstance(state, Unlocking | Matching), "the face camera opens for the face only"
                assert effect.not_before >= no_frame_before(state.visit, self.policy)
                assert state.visit.notice_at is not None, "a camera before the notice"
            case _:
                pass

    def _begin(self, effect: fx.ReadFront, state: State) -> None:
        assert self.policy.front_camera
        assert self.running is None, "two readings at a time"
        assert not self.spent, "a second reading after a wrong or unreadable one"
        assert isinstance(state, ReadingFront), "the card's camera opens for the face only"
        assert state.visit.notice_at is not None, "a camera before the notice"
        assert effect.not_before >= state.visit.notice_at + self.policy.notice_seconds
        assert effect.number == self.begun + 1
        self.running = self.begun = effect.number

    def settled(self, state: State) -> None:
        """After a step and its effects: the camera is on as long as its state says so."""
        wanted = isinstance(state, ReadingFront) and state.reading
        assert (self.running is not None) == wanted, (self.running, state)
