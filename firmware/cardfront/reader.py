"""`FrontReader`: number B off frames of a card's front.

Inference lane, blocking; seconds are monotonic. Frames and every picture made of them are wiped here. A frame that may
show the back is dropped before any line of it is read. Digits leave only as a `Secret`. Raises MODEL_…, and what
`frames` raises other than CAMERA_NO_FRAME. Sources: card.md 2.2, face.md section 8.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from firmware.cardfront import picture as pic
from firmware.cardfront.find import FindLimits, Quad, find_cards
from firmware.cardfront.layout import HEIGHT, WIDTH
from firmware.cardfront.light import hint_for
from firmware.cardfront.number_b import NumberB
from firmware.cardfront.reading import Attempt
from firmware.cardfront.recognise import READER, LineReader
from firmware.cardfront.sides import Look, Side, codes_in, look_at
from firmware.cardfront.sight import Agreement, FrontHint, Sight, SightCode
from firmware.core.faults import DeviceError, FaultCode
from firmware.core.secret import Secret
from firmware.inference.models import ModelStore
from firmware.inference.onnx import Session, trim
from firmware.inference.pictures import Picture, view, wiped
from firmware.ports import Frame

SMALLEST, LARGEST = 120, 8192
"""Bounds of a frame's sides, pixels: smaller ones cannot show a line, larger ones no camera makes."""
_SURE_BORDER = 0.75
_FRAME_SECONDS = 0.25
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class FrontConfig:
    """`models`: the folder with manifest and models. `confidence`: least probability of any digit of a reading.

    `lines`: most lines read of one frame.
    """

    models: Path
    confidence: float = 0.9
    lines: int = 10
    threads: int = 1
    find: FindLimits = field(default_factory=FindLimits)


class FrontCode(StrEnum):
    AGREED = "agreed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, repr=False)
class FrontReading:
    """`digits`: 14 ASCII digits, only with AGREED; the receiver owns and wipes them. `frames`: looked at."""

    code: FrontCode
    digits: Secret | None = None
    frames: int = 0


class FrontReader:
    """The line reader and what happens around it."""

    def __init__(self, config: FrontConfig) -> None:
        self._config = config
        self._lines: LineReader | None = None

    def load(self) -> None:
        """Load the model. Idempotent."""
        self._reader()

    def close(self) -> None:
        """Drop the model. Idempotent."""
        self._lines = None
        trim()

    @property
    def lines_read(self) -> int:
        """How many lines have been read so far, for tests and benches."""
        return 0 if self._lines is None else self._lines.reads

    def look(self, frame: Frame) -> Sight:
        """What one frame says; the frame is not wiped. A READ sight's digits belong to the caller."""
        if not all(SMALLEST <= side <= LARGEST for side in (frame.width, frame.height)):
            return Sight(SightCode.NO_CARD, FrontHint.NO_CARD)
        if len(frame.pixels) != frame.width * frame.height * 3:
            return Sight(SightCode.NO_CARD, FrontHint.NO_CARD)
        picture = view(frame.pixels, frame.width, frame.height)
        quads = find_cards(picture, self._config.find)
        if not quads:
            return Sight(SightCode.NO_CARD, FrontHint.NO_CARD)
        if _code_on_card(picture, quads):
            return Sight(SightCode.BACK, FrontHint.TURN_OVER)
        # All candidates are looked at before any is read: one of them may show what the others cut off.
        whole = pic.grey(picture)
        with wiped(whole):
            looks = [_side_of(whole, quad) for quad in quads]
        if any(look.side is Side.BACK for look in looks):
            return Sight(SightCode.BACK, FrontHint.TURN_OVER)
        fronts = [(quad, look) for quad, look in zip(quads, looks, strict=True) if look.side is Side.FRONT]
        if not fronts:
            return Sight(SightCode.UNSURE, FrontHint.OTHER_CARD)
        return self._read_fronts(picture, fronts)

    def read(
        self,
        frames: Callable[[float], Frame],
        seconds: float,
        cancelled: Callable[[], bool],
        hint: Callable[[FrontHint], None],
    ) -> FrontReading:
        """Look at frames until two agree, `seconds` are over, or `cancelled`; `hint` is told what changes."""
        deadline = time.monotonic() + seconds
        # Before the first frame is waited for: the camera opens meanwhile.
        self.load()
        agreement, told, looked = Agreement(), None, 0
        try:
            while not cancelled() and time.monotonic() < deadline:
                frame = _next_frame(frames, deadline)
                if frame is None:
                    continue
                looked += 1
                sight = self._look_and_wipe(frame)
                agreed = agreement.add(sight, frame.at)
                if agreed is not None:
                    return FrontReading(FrontCode.AGREED, agreed, looked)
                if sight.hint is not None and sight.hint is not told:
                    told = sight.hint
                    hint(told)
            return FrontReading(FrontCode.CANCELLED if cancelled() else FrontCode.TIMEOUT, None, looked)
        finally:
            agreement.wipe()
            trim()

    def _look_and_wipe(self, frame: Frame) -> Sight:
        try:
            return self.look(frame)
        finally:
            frame.wipe()

    def _read_fronts(self, picture: Picture, fronts: list[tuple[Quad, Look]]) -> Sight:
        """The first of the candidates that gives a number; else why the likeliest one gave none."""
        attempt = Attempt(self._reader(), self._config.lines)
        hint: FrontHint | None = None
        for quad, look in fronts:
            card = pic.rectified(picture, quad.corners, WIDTH, HEIGHT)
            with wiped(card):
                number = self._either_way_up(card, attempt, upside_down=look.upside_down)
                if number is not None:
                    return self._judged(number)
                hint = hint or _hint(card, quad.share)
        return Sight(SightCode.UNSURE, hint)

    @staticmethod
    def _either_way_up(card: Picture, attempt: Attempt, *, upside_down: bool) -> NumberB | None:
        """The likelier way first; the other one only where no date was seen."""
        for turned in (upside_down, not upside_down):
            upright = pic.half_turned(card) if turned else card.copy()
            with wiped(upright):
                number = attempt.read(upright)
            if number is not None or attempt.saw_a_date:
                return number
        return None

    def _judged(self, number: NumberB) -> Sight:
        if min(number.confidences) < self._config.confidence:
            number.digits.wipe()
            return Sight(SightCode.UNSURE, FrontHint.HOLD_STILL)
        return Sight(SightCode.READ, None, number.digits, number.confidences, number.birthday)

    def _reader(self) -> LineReader:
        if self._lines is None:
            session = Session(ModelStore(self._config.models), READER, threads=self._config.threads)
            self._lines = LineReader(session)
            trim()
        return self._lines


def _code_on_card(picture: Picture, quads: list[Quad]) -> bool:
    """Whether a QR code may belong to a card.

    One beside a card is a poster's; but where a border is in doubt, it may have left the card's own code outside.
    """
    codes = codes_in(picture)
    in_doubt = quads[0].support < _SURE_BORDER
    return any(in_doubt or pic.holds(quad.corners, code) for code in codes for quad in quads)


def _side_of(whole: Picture, quad: Quad) -> Look:
    """Of a candidate in the grey frame."""
    card = pic.rectified(whole, quad.corners, WIDTH, HEIGHT)
    with wiped(card):
        return look_at(card)


def _hint(card: Picture, share: float) -> FrontHint:
    grey = pic.grey(card)
    with wiped(grey):
        return hint_for(grey, share)


def _next_frame(frames: Callable[[float], Frame], deadline: float) -> Frame | None:
    asked = time.monotonic()
    try:
        return frames(max(0.0, min(_FRAME_SECONDS, deadline - asked)))
    except DeviceError as error:
        if error.code is not FaultCode.CAMERA_NO_FRAME:
            raise
    if time.monotonic() - asked < _PAUSE_SECONDS:
        time.sleep(_PAUSE_SECONDS)
    return None
