"""A process that compares faces with the device's own code and then waits: `face_process.py FOLDER careful|careless`.

`careless`: nothing is wiped, and a copy kept of what should have been. Started by `test_privacy.py`, which searches its
memory. Prints the last verdict and ends with its standard input. FOLDER: the simulator's portraits.
"""

import contextlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.camera.files import read_picture
from firmware.core.secret import Secret
from firmware.inference import pictures
from firmware.ports import Frame, MatchLimits, Sitting

FOLDER, KIND = Path(sys.argv[1]), sys.argv[2]
SIZE = (640, 480)
COMPARISONS = 3
kept: list[NDArray[Any]] = []


@contextlib.contextmanager
def keeps(*arrays: NDArray[Any]) -> Iterator[None]:
    yield
    kept.extend(np.array(array) for array in arrays)


if KIND == "careless":
    # Before any other file of the package takes the name over.
    pictures.wiped = keeps

from firmware.face.matcher import FaceConfig, FaceMatcher  # noqa: E402  # after the above


def compare(matcher: FaceMatcher) -> str:
    """One comparison that looks at both pictures."""
    names = itertools.cycle(("holder-1.jpg", "holder-2.jpg"))

    def frames(_seconds: float) -> Frame:
        picture = read_picture(FOLDER / next(names), SIZE)
        frame = Frame(bytearray(picture.tobytes()), *SIZE, 0.0)
        picture.fill(0)
        return frame

    with Secret((FOLDER / "chip.jp2").read_bytes()) as photo:
        limits = MatchLimits(9.0, frames=2, threshold="strict")
        verdict = matcher.match(photo, Sitting(frames, lambda: False), limits)
    return str(verdict.code)


matcher = FaceMatcher(FaceConfig(Path("models")))
verdicts = [compare(matcher) for _ in range(COMPARISONS)]
print(verdicts[-1], flush=True)
sys.stdin.read()
matcher.close()
