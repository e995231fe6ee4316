"""The liveness challenge: a random sequence of turns and an approach, judged from five points of each frame. Pure.

    challenge = Challenge(random_steps(secrets.SystemRandom()), started_at=now)
    progress = challenge.observe(Observation(...))      # each frame; show progress.prompt; progress.compare: embed it

Looked at straight first (that is the reference), then each step after its prompt and back again. A turn counts once
the four corners of eyes and mouth say that it is far enough and the nose moved to the asked side; the depth of the nose
is then taken from further frames (`liveness_shape`). Where the limits ask for it, the pixels of each turn must show a
nose too (`liveness_relief`): they only refuse. Every reference and every step needs a similarity of the same
person, so that nobody swaps in. A step done wrongly, before its prompt, or with a jump, ends the challenge undecided.

Seconds are monotonic and given by the caller; bad input (not finite, absurd, no later than before) is left out, never
an exception. Source: face.md sections 1 and 6.

Not claimed: conformity to ISO 30107-3 or a level of iBeta. A replay of the person's own movement that fits the prompts,
a mask with a nose, and a picture made into a relief pass as far as landmarks go (tools/bench_liveness.py measures it).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from firmware.face.liveness_model import (
    DepthLimits,
    Live,
    LivenessLimits,
    Observation,
    Progress,
    Prompt,
    Relief,
    Spoof,
    SpoofReason,
    Step,
    StraightLimits,
    Undecided,
    UnsureCause,
    Verdict,
)
from firmware.face.liveness_relief import Side, relief_of, side_of
from firmware.face.liveness_shape import Points, Pose, aside, averaged, height, normal, pose
from firmware.face.liveness_track import Sight, Track

_PROMPTS = {Step.LEFT: Prompt.TURN_LEFT, Step.RIGHT: Prompt.TURN_RIGHT, Step.CLOSER: Prompt.COME_CLOSER}
_SIDES = {Step.LEFT: 1.0, Step.RIGHT: -1.0}
# Similarities below the limit that end a phase: one may be a blurred frame.
_STRANGERS = 3
# More frames than any phase averages.
_KEPT = 16
# More frames than any turn takes.
_MOST_RELIEFS = 200


@dataclass(frozen=True, slots=True, repr=False)
class Turn:
    """A turn that was held. `shift`: of the nose, in the asked direction positive."""

    sine: float
    shift: float


def depth_of(turns: Sequence[Turn], limits: DepthLimits) -> SpoofReason | None:
    """Whether all turns together are those of one nose of human depth; what they are instead.

    A reference that was not quite straight makes one side look deeper and the other flatter by the same amount: the sum
    of both is right, and each may differ from it only so far.
    """
    depth = sum(turn.shift for turn in turns) / sum(turn.sine for turn in turns)
    if depth < limits.mean:
        return SpoofReason.FLAT
    apart = max(abs(turn.shift - depth * turn.sine) for turn in turns)
    return SpoofReason.DEPTH if depth > limits.most or apart > limits.apart else None


def _moving(shapes: Sequence[Points], units: Sequence[float], limits: StraightLimits) -> bool:
    """Whether the face still turns or comes nearer: the later half of the frames against the former."""
    half = len(shapes) // 2
    if abs(math.log(median(units[half:]) / median(units[:half]))) > limits.growth:
        return True
    return float(np.abs(averaged(shapes[half:]) - averaged(shapes[:half])).max()) > limits.drift


class Challenge:
    """One challenge. `proportion`: of the chip's photo (`liveness_shape.proportion`), if it is to be compared."""

    def __init__(
        self,
        steps: Sequence[Step],
        started_at: float,
        limits: LivenessLimits | None = None,
        proportion: float | None = None,
    ) -> None:
        if not steps or not set(steps) & _SIDES.keys() or not math.isfinite(started_at):
            raise ValueError("a challenge has a start and at least one turn")
        if proportion is not None and not 0 < proportion < math.inf:
            raise ValueError("no proportion of a face")
        self._steps = tuple(steps)
        self._limits = limits or LivenessLimits()
        self._proportion = proportion
        self._track = Track(self._limits.track)
        self._started = self._at = self._phase_at = started_at
        self._prompt = Prompt.LOOK_STRAIGHT
        self._reference: Points | None = None
        self._sights: list[Sight] = []
        self._straights: list[Points] = []
        self._unit = 1.0
        self._turns: list[Turn] = []
        self._reliefs: list[Relief] = []
        self._sides: list[Side] = []
        self._done = 0
        self._waiting = False
        self._strangers = 0
        self._verdict: Verdict | None = None

    def observe(self, seen: Observation) -> Progress:
        """Judge one frame. After a verdict nothing changes any more."""
        if self._verdict is None and math.isfinite(seen.at) and seen.at > self._at:
            self._at = seen.at
            self._verdict = self._judge(seen)
        return Progress(self._done, self._prompt, self._waiting and self._verdict is None, self._verdict)

    def _judge(self, seen: Observation) -> Verdict | None:
        limits = self._limits
        longest = limits.straight.seconds if self._prompt is Prompt.LOOK_STRAIGHT else limits.move.seconds
        if seen.at - self._phase_at > longest or seen.at - self._started > limits.seconds:
            return Undecided(UnsureCause.TIMEOUT)
        sight = self._track.follow(seen)
        if isinstance(sight, UnsureCause):
            return Undecided(sight)
        if sight is None:
            return None
        if seen.relief is not None:
            self._reliefs = [*self._reliefs, seen.relief][-_MOST_RELIEFS:]
        if self._waiting:
            return self._compared(sight)
        self._sights = [*self._sights, sight][-_KEPT:]
        match self._prompt:
            case Prompt.LOOK_STRAIGHT:
                return self._straight()
            case Prompt.HOLD:
                return self._hold()
            case _:
                return self._move()

    def _straight(self) -> Verdict | None:
        """Looked straight and still for a while: the reference of the next step."""
        limits = self._limits.straight
        frames = limits.frames if self._straights else limits.first_frames
        sights = self._sights[-frames:]
        if len(sights) < frames:
            return None
        shapes = [sight.shape for sight in sights]
        units = [sight.unit for sight in sights]
        if abs(aside(averaged(shapes))) > limits.aside or _moving(shapes, units, limits):
            return None
        back = self._lately(frames)
        if back is not None and abs(back.shift) > limits.back:
            return None
        self._straights = [*self._straights, *shapes][-limits.kept :]
        self._reference, self._unit = normal(averaged(self._straights)), median(units)
        self._waiting = True
        wanted = self._proportion
        if wanted is not None and abs(height(self._reference) / wanted - 1) > limits.proportions:
            return Undecided(UnsureCause.PROPORTIONS)
        return None

    # ---- moving ----------------------------------------------------------------------------------------------------

    def _move(self) -> Verdict | None:
        """After the prompt of a step, until it is reached."""
        limits, step = self._limits.move, self._steps[self._done]
        now = self._lately(limits.window)
        if now is None:
            return None
        if self._wrong(now, step):
            return Undecided(UnsureCause.WRONG_MOVE)
        if step is Step.CLOSER:
            reached = now.scale >= limits.growth
        else:
            reached = now.sine >= limits.sine and now.shift * _SIDES[step] >= limits.shift
        if reached and self._at - self._phase_at < limits.soon:
            return Undecided(UnsureCause.TOO_SOON)
        if reached:
            self._enter(Prompt.HOLD)
            return None
        return self._flat(step)

    def _flat(self, step: Step) -> Verdict | None:
        """Turned for a while, and the nose stays where a picture has it."""
        limits = self._limits.move
        now = self._lately(limits.frames)
        if now is None or step is Step.CLOSER or now.sine < limits.flat_sine or abs(now.shift) >= limits.flat_shift:
            return None
        return Spoof(SpoofReason.FLAT)

    def _wrong(self, now: Pose, step: Step) -> bool:
        """Something else than asked, clearly."""
        limits = self._limits.move
        turned = now.sine >= limits.sine
        if step is Step.CLOSER:
            return turned and abs(now.shift) >= 2 * limits.wrong
        return now.scale >= limits.wrong_growth or (turned and now.shift * _SIDES[step] <= -limits.wrong)

    def _hold(self) -> Verdict | None:
        """Further frames of a reached step; the depth of the nose is taken from these alone."""
        limits, step = self._limits.move, self._steps[self._done]
        now = self._lately(limits.frames)
        if now is None:
            return None
        if step is Step.CLOSER:
            self._waiting = now.scale >= limits.keep_growth
            return None
        if now.sine < limits.keep or now.shift * _SIDES[step] < limits.shift:
            return self._flat(step)
        self._waiting = True
        turn = Turn(now.sine, now.shift * _SIDES[step])
        self._turns.append(turn)
        return Spoof(SpoofReason.FLAT) if turn.shift < self._limits.depth.least * turn.sine else None

    def _lately(self, frames: int) -> Pose | None:
        """The mean pose of the last frames of this phase, `scale` against the reference; None if there are too few."""
        sights = self._sights[-frames:]
        if len(sights) < frames or self._reference is None:
            return None
        now = pose(self._reference, averaged([sight.shape for sight in sights]))
        unit = median(sight.unit for sight in sights)
        return None if now is None else replace(now, scale=now.scale * unit / self._unit)

    # ---- the same person -------------------------------------------------------------------------------------------

    def _compared(self, sight: Sight) -> Verdict | None:
        """Reference or step is done; it counts once a frame of it shows the same person."""
        if sight.similarity is None:
            return None
        if sight.similarity < self._limits.same:
            self._strangers += 1
            return Undecided(UnsureCause.SWAPPED) if self._strangers >= _STRANGERS else None
        if self._prompt is Prompt.LOOK_STRAIGHT:
            self._enter(_PROMPTS[self._steps[self._done]])
            return None
        self._finish(self._steps[self._done])
        self._done += 1
        if self._done == len(self._steps):
            return self._conclude()
        self._enter(Prompt.LOOK_STRAIGHT)
        return None

    def _finish(self, step: Step) -> None:
        """What the pixels of a step say, if it is a turn."""
        limits = self._limits.relief
        if limits is not None and step is not Step.CLOSER:
            self._sides.append(side_of(self._reliefs, _SIDES[step], limits))

    def _conclude(self) -> Verdict:
        spoof = depth_of(self._turns, self._limits.depth)
        if spoof is not None:
            return Spoof(spoof)
        limits = self._limits.relief
        refused = None if limits is None else relief_of(self._sides, limits)
        return Live() if refused is None else refused

    def _enter(self, prompt: Prompt) -> None:
        self._prompt, self._phase_at = prompt, self._at
        self._sights = []
        if prompt is not Prompt.HOLD:
            self._reliefs = []
        self._waiting, self._strangers = False, 0
