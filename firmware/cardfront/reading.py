"""Reading one upright card: which lines are read, in which order, and which of them say what.

Inference lane. Lines are personal and live no longer than a call. The only caller is `reader.py`, which has made sure
that the card is no back.
"""

from firmware.cardfront import picture as pic
from firmware.cardfront.dates import find_birth, find_expiry
from firmware.cardfront.layout import CODE, CODE_LINE, DATE_LINE, DATES
from firmware.cardfront.lines import Box, find_lines
from firmware.cardfront.number_b import Line, NumberB, compose, is_code
from firmware.cardfront.recognise import LineReader
from firmware.inference.pictures import Picture, wiped


class Attempt:
    """What one frame may cost: `lines` readings, whichever cards are found in it."""

    def __init__(self, reader: LineReader, lines: int) -> None:
        self._reader = reader
        self._left = lines
        self.saw_a_date = False

    def read(self, card: Picture) -> NumberB | None:
        """Number B of an upright card, None if a line is missing or two lines would do.

        Nothing is read where a front's lines are not all there to be read: two like dates, one like a code.
        """
        grey = pic.grey(card)
        with wiped(grey):
            dates, codes = find_lines(grey, DATES, DATE_LINE), find_lines(grey, CODE, CODE_LINE)
        if len(dates) < 2 or not codes:
            return None
        birth, expiry = self._dates(card, dates)
        if birth is None or expiry is None:
            return None
        code = self._code(card, codes)
        return None if code is None else compose(birth, expiry, code)

    def _dates(self, card: Picture, boxes: list[Box]) -> tuple[Line | None, Line | None]:
        """The line of birth and the line of expiry. Each stands once on a card, so the first one of a kind is it."""
        birth: Line | None = None
        expiry: Line | None = None
        for box in boxes:
            line = self._line(card, box)
            if line is None or (birth is not None and expiry is not None):
                break
            if birth is None and find_birth(line.text) is not None:
                birth = line
            elif expiry is None and find_expiry(line.text) is not None:
                expiry = line
        self.saw_a_date = self.saw_a_date or birth is not None or expiry is not None
        return birth, expiry

    def _code(self, card: Picture, boxes: list[Box]) -> Line | None:
        """The one line that is a code; None if there are two different ones."""
        codes: dict[str, Line] = {}
        for box in boxes:
            line = self._line(card, box)
            if line is None:
                return None
            if is_code(line):
                codes.setdefault(line.text, line)
        return codes.popitem()[1] if len(codes) == 1 else None

    def _line(self, card: Picture, box: Box) -> Line | None:
        """None once too many lines were read."""
        if self._left <= 0:
            return None
        self._left -= 1
        return self._reader.read(box.cut(card))
