"""The liveness challenge as one attempt of the comparison has it: `Trial`. Inference lane; seconds of the frames.

A challenge starts with the first frame that is fit, so that nobody's time runs while they are still coming. As long as
no movement was asked for, it is begun again quietly whenever it ends undecided: nothing was given away. Once a movement
was asked for it counts, whatever ends it, and what fails is never told apart to the person. Source: face.md section 6.
"""

import secrets
from collections.abc import Callable
from typing import Protocol

from firmware.core.outcomes import FacePrompt, Liveness
from firmware.face.liveness import Challenge
from firmware.face.liveness_model import (
    Live,
    LivenessLimits,
    Observation,
    Progress,
    Prompt,
    ReliefLimits,
    Spoof,
    StraightLimits,
    random_steps,
)

_PROMPTS = {
    Prompt.LOOK_STRAIGHT: FacePrompt.LOOK_STRAIGHT,
    Prompt.TURN_LEFT: FacePrompt.TURN_LEFT,
    Prompt.TURN_RIGHT: FacePrompt.TURN_RIGHT,
    Prompt.COME_CLOSER: FacePrompt.COME_CLOSER,
    Prompt.HOLD: FacePrompt.HOLD,
}


class Judge(Protocol):
    """A challenge under way: `liveness.Challenge`, or a test's own."""

    def observe(self, seen: Observation, /) -> Progress: ...


Challenger = Callable[[float, float | None], Judge]
"""Makes a challenge that starts at this time, for a photo of this proportion."""

# A folded picture is narrower. Much wider than the challenge's own 0.16, by which 18 % of 79 genuine LFW pairs differ
# (chin up, chin down), none by more than 0.28. Of simulated folded prints 5 of 60 pass, 18 if it is not asked for.
# Landmarks alone let rolled prints pass (liveness_parallax), so pixels are asked too.
LIMITS = LivenessLimits(straight=StraightLimits(proportions=0.3), relief=ReliefLimits())


def random_challenge(started_at: float, proportion: float | None) -> Judge:
    """Steps that nobody can know before."""
    return Challenge(random_steps(secrets.SystemRandom()), started_at, LIMITS, proportion)


class Trial:
    """What the challenge said so far."""

    def __init__(self, challenger: Challenger, proportion: float | None = None) -> None:
        self._challenger = challenger
        self._proportion = proportion
        self._judge: Judge | None = None
        self._progress = Progress(0, Prompt.LOOK_STRAIGHT)
        self.told = False
        """A movement was asked for."""
        self.liveness = Liveness.UNSURE
        self.over = False

    @property
    def prompt(self) -> FacePrompt:
        """What the person should do now."""
        return _PROMPTS[self._progress.prompt]

    @property
    def moving(self) -> bool:
        """The person was asked for something else than to look straight."""
        return self._progress.prompt is not Prompt.LOOK_STRAIGHT

    @property
    def compare(self) -> bool:
        """The challenge waits for a similarity."""
        return self._progress.compare

    def observe(self, seen: Observation, *, fit: bool) -> None:
        """One frame. `fit`: it passed all gates."""
        if self.over or (self._judge is None and not fit):
            return
        if self._judge is None:
            self._judge = self._challenger(seen.at, self._proportion)
        self._progress = self._judge.observe(seen)
        self.told = self.told or self.moving
        verdict = self._progress.verdict
        if verdict is None:
            return
        if isinstance(verdict, Live):
            self._end(Liveness.PASSED)
        elif isinstance(verdict, Spoof):
            self._end(Liveness.FAILED)
        else:
            self.interrupt()

    def interrupt(self) -> None:
        """Another person, or an undecided end: begun again, or over if a movement was asked for."""
        if self.told:
            self._end(Liveness.UNSURE)
            return
        self._judge = None
        self._progress = Progress(0, Prompt.LOOK_STRAIGHT)

    def _end(self, liveness: Liveness) -> None:
        self.over, self.liveness = True, liveness
