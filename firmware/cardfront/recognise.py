"""PP-OCRv6 small on one line, and CTC decoding of our own.

Inference lane. A line picture is uint8, height x width x 3, BGR, dark signs on light ground, cut close to the signs.
Raises MODEL_FAILED. The model is cut down to the characters that the manifest names, so it cannot spell a name or an
address. Source: face.md section 8.
"""

from firmware.cardfront.number_b import Line
from firmware.cardfront.picture import fit_line
from firmware.core.faults import DeviceError, FaultCode
from firmware.inference.onnx import Session
from firmware.inference.pictures import Floats, Picture, wiped

READER = "ppocr"
_BLANK = 0


class LineReader:
    """A loaded model. `reads` counts lines since the start, for tests and benches."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._characters = session.entry.characters
        _, channels, self._height, self._width = session.entry.input
        if not self._characters or channels != 3:
            raise DeviceError(FaultCode.MODEL_FAILED, f"{session.entry.name}: no line reader")
        self.reads = 0

    def read(self, picture: Picture) -> Line:
        """The text of one line; whoever asks wipes the picture."""
        self.reads += 1
        tensor = fit_line(picture, self._width, self._height)
        with wiped(tensor):
            (scores,) = self._session.run(tensor)
        with wiped(scores):
            if scores.shape[0] != 1 or scores.shape[-1] != len(self._characters) + 1:
                raise DeviceError(
                    FaultCode.MODEL_FAILED, f"{self._session.entry.name}: output differs from the manifest"
                )
            return decode(scores[0], self._characters)


def decode(scores: Floats, characters: str) -> Line:
    """Greedy CTC: the best class of each step, repetitions merged, blanks dropped.

    `scores`: steps x classes, probabilities; class 0 is the blank. A character's confidence is the best of its steps.
    """
    best = scores.argmax(axis=1)
    text: list[str] = []
    confidences: list[float] = []
    previous = _BLANK
    for step, found in enumerate(best.tolist()):
        if found != _BLANK:
            confidence = float(scores[step, found])
            if found == previous:
                confidences[-1] = max(confidences[-1], confidence)
            else:
                text.append(characters[found - 1])
                confidences.append(confidence)
        previous = found
    best.fill(0)
    return Line("".join(text), tuple(confidences))
