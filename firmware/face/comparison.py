"""One attempt: live frames of one person against the embedding of the chip's photo, with the challenge if one is asked.

Each frame: detect, quality gates, challenge, embed and compare; then it is wiped. The best similarity of several frames
counts, as long as one and the same person was seen; when the person changes, what was collected is dropped, and a
decision needs some frames more, so that two people by turns never add up to a match.

Inference lane, blocking; deadlines are monotonic seconds, the frames' own times tell movement. Raises what `frames`
raises other than CAMERA_NO_FRAME, and MODEL_FAILED. The similarity itself never leaves this file. Source: face.md
sections 1, 4 and 6.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import Liveness, LivenessMode, MatchBand, UnsureReason
from firmware.face.align import align
from firmware.face.box import FaceBox
from firmware.face.decide import Decision, Match, Thresholds, Unsure, band_of, decide
from firmware.face.embed import cosine
from firmware.face.guide import Guide
from firmware.face.liveness_hints import hints
from firmware.face.liveness_model import Observation, Relief
from firmware.face.liveness_parallax import Parallax
from firmware.face.person import Person, PersonLimits
from firmware.face.quality import QualityLimits, choose, emptiness, facing, people, visible
from firmware.face.trial import Challenger, Trial, random_challenge
from firmware.inference.pictures import Floats, Picture, view, wiped
from firmware.ports import Frame, MatchLimits, Sitting

# How long one wait for a frame may hold up a cancelled visit, and the least pause after a camera that gave up at once.
_FRAME_SECONDS = 0.25
_PAUSE_SECONDS = 0.02
# Comparisons with one person that a decision needs once somebody else was seen in the same attempt.
_SETTLED = 3

Judged = tuple[UnsureReason | None, float | None]
"""Why a frame is not fit, and its similarity."""


class Senses(Protocol):
    """The two models."""

    @property
    def thresholds(self) -> Thresholds: ...

    def detect(self, picture: Picture) -> list[FaceBox]: ...

    def embed(self, chip: Picture) -> Floats: ...


@dataclass(frozen=True, slots=True, repr=False)
class Reference:
    """The chip's photo: its embedding, and the height of its face by the distance of the eyes if it looks straight."""

    embedding: Floats
    proportion: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of the gates and of following a person; where challenges come from; what speaks against a live face."""

    quality: QualityLimits = field(default_factory=QualityLimits)
    person: PersonLimits = field(default_factory=PersonLimits)
    challenger: Challenger = random_challenge
    hints: Callable[[Picture, FaceBox], Collection[object]] = hints


class Comparison:
    """What the frames of one attempt have shown so far."""

    def __init__(
        self, senses: Senses, reference: Reference, rules: Rules, sitting: Sitting, limits: MatchLimits
    ) -> None:
        self._senses = senses
        self._reference = reference.embedding
        self._quality = rules.quality
        self._hints = rules.hints
        self._sitting = sitting
        self._limits = limits
        self._guide = Guide(sitting)
        self._person = Person(senses.thresholds, rules.person)
        self._parallax = Parallax()
        challenged = limits.liveness is not LivenessMode.OFF
        self._trial = Trial(rules.challenger, reference.proportion) if challenged else None
        self._best: float | None = None
        self._compared = 0
        self._hinted = 0
        self._changed = False
        self._reason = UnsureReason.NO_FRAMES

    def run(self) -> tuple[Decision, Liveness]:
        """Compare until sure, until the limits are used up, or until cancelled (the decision is then of no use)."""
        deadline = time.monotonic() + self._limits.seconds
        try:
            while not self._sitting.cancelled():
                frame = self._next_frame(deadline)
                if frame is not None:
                    try:
                        self._look(frame)
                    finally:
                        frame.wipe()
                if self._over() or time.monotonic() >= deadline:
                    break
        finally:
            self._person.wipe()
            self._parallax.wipe()
        return self._outcome()

    def _next_frame(self, deadline: float) -> Frame | None:
        asked = time.monotonic()
        try:
            return self._sitting.frames(max(0.0, min(_FRAME_SECONDS, deadline - asked)))
        except DeviceError as error:
            if error.code is not FaultCode.CAMERA_NO_FRAME:
                raise
        if time.monotonic() - asked < _PAUSE_SECONDS:
            time.sleep(_PAUSE_SECONDS)
        return None

    # ---- one frame -------------------------------------------------------------------------------------------------

    def _look(self, frame: Frame) -> None:
        picture, size = view(frame.pixels, frame.width, frame.height), (frame.width, frame.height)
        found = self._senses.detect(picture)
        crowd = people(found, self._quality)
        if len(crowd) == 1:
            self._person.move(frame.at, crowd[0])
        reason, similarity = self._judge(picture, found, crowd)
        face = crowd[0] if crowd else None
        self._guide.light(frame.at, face, size, reason)
        if self._trial is not None:
            relief = self._relief(picture, crowd, self._trial, straight=similarity is not None)
            seen = Observation(frame.at, face, size, similarity, max(1, len(crowd)), relief)
            self._trial.observe(seen, fit=reason is None)
        self._tell(reason)

    def _relief(self, picture: Picture, crowd: list[FaceBox], trial: Trial, *, straight: bool) -> Relief | None:
        """Of a face under way. The look that ends a wait for a straight one is what it is measured against."""
        if len(crowd) != 1:
            return None
        if trial.moving:
            return self._parallax.look(picture, crowd[0].points)
        if straight and trial.compare:
            self._parallax.keep(picture, crowd[0].points)
        return None

    def _judge(self, picture: Picture, found: list[FaceBox], crowd: list[FaceBox]) -> Judged:
        """Why this frame is not fit, or its similarity where one is wanted."""
        if not crowd:
            return emptiness(picture, self._quality.light), None
        if len(crowd) == 1 and self._trial is not None and self._trial.told:
            return self._moved(picture, crowd[0], self._trial)
        face = choose(found, (picture.shape[1], picture.shape[0]), self._quality)
        if isinstance(face, UnsureReason):
            return face, None
        reason = facing(face, self._quality.pose)
        if reason is not None:
            return reason, None
        chip = align(picture, face.points)
        with wiped(chip):
            reason = visible(picture, face, chip, self._quality)
            if reason is not None or not self._wanted():
                return reason, None
            self._hinted += self._trial is not None and bool(self._hints(picture, face))
            return self._compare(chip)

    def _moved(self, picture: Picture, face: FaceBox, trial: Trial) -> Judged:
        """A face under way: turned or near the border, but clear enough where the challenge wants to know who it is."""
        if not trial.compare:
            return None, None
        straight = not trial.moving and facing(face, self._quality.pose) is None
        chip = align(picture, face.points)
        with wiped(chip):
            reason = visible(picture, face, chip, self._quality, turned=True)
            return self._compare(chip, straight=straight) if reason is None else (reason, None)

    def _wanted(self) -> bool:
        """Whether a frame that is fit shall be compared: the challenge asks, or there is no decision yet."""
        asked = self._trial is not None and self._trial.compare
        return asked or not (self._settled() and (self._accepted() or self._compared >= self._limits.frames))

    def _compare(self, chip: Picture, *, straight: bool = True) -> Judged:
        embedding = self._senses.embed(chip)
        with wiped(embedding):
            same = self._person.same(embedding, turned=not straight)
            similarity = cosine(self._reference, embedding)
        if not same:
            self._start_again()
        # A turned face is less like its photo: it shows who is there, but the best similarity is one of straight looks.
        if straight:
            self._compared += 1
            self._best = similarity if self._best is None else max(self._best, similarity)
        return (None, similarity) if same else (UnsureReason.PERSON_CHANGED, None)

    def _start_again(self) -> None:
        self._best, self._compared, self._hinted, self._changed = None, 0, 0, True
        if self._trial is not None:
            self._trial.interrupt()

    def _tell(self, reason: UnsureReason | None) -> None:
        if reason is not None:
            self._reason = reason
            self._guide.say(reason)
        elif self._trial is not None:
            self._guide.say(self._trial.prompt)
        else:
            self._guide.take_back()

    # ---- the decision ----------------------------------------------------------------------------------------------

    def _over(self) -> bool:
        """More frames change nothing."""
        trial = self._trial
        if trial is not None and trial.over:
            return True
        if not self._settled() or self._best is None:
            return False
        if self._accepted():
            return trial is None
        # Whoever is not the person of the photo need not be asked to move. Under way, the challenge goes to its end.
        return self._compared >= self._limits.frames and (trial is None or not trial.told)

    def _settled(self) -> bool:
        return not self._changed or self._compared >= _SETTLED

    def _accepted(self) -> bool:
        return isinstance(self._identity(), Match)

    def _identity(self) -> Decision:
        """What the similarity says, without regard to the challenge."""
        if not self._settled():
            return Unsure(UnsureReason.PERSON_CHANGED)
        band = self._band()
        # Hints of a screen or a sheet only make it harder: their error rates are not known (liveness_hints).
        strict = self._limits.threshold == "strict" or 2 * self._hinted > self._compared
        return Unsure(self._reason) if band is None else decide(band, strict=strict)

    def _outcome(self) -> tuple[Decision, Liveness]:
        identity, trial = self._identity(), self._trial
        if trial is None:
            return identity, Liveness.OFF
        alive = trial.liveness is Liveness.PASSED
        undecided = isinstance(identity, Unsure) and identity.reason is not UnsureReason.PERSON_CHANGED
        if not alive and (isinstance(identity, Match) or (undecided and trial.over)):
            return Unsure(UnsureReason.NOT_ALIVE, identity.band), trial.liveness
        return identity, trial.liveness

    def _band(self) -> MatchBand | None:
        return None if self._best is None else band_of(self._best, self._senses.thresholds)
