"""The measuring of `make bench-face`: rounds in turn (C1) and the pairs (C2).

Main thread. The contestants work in processes of their own; only the photo decoder of C2 is called here, with its
jailed worker. Raises ContestantError, and DeviceError of the decoder.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from firmware.core.secret import Secret
from firmware.face.photo import PhotoDecoder
from firmware.face.pixels import bgr
from tools.bench.face_pairs import Pair
from tools.bench.face_serve import Answer, Contestant, Picture
from tools.build.faces import chip_photo

WARM_UP: Final = 2
_ROUND: Final = 5  # a line of progress each so many rounds
_PICTURES: Final = 40  # and pictures


@dataclass(slots=True)
class Times:
    """Milliseconds of one contestant: one list per round, one figure per frame."""

    wall: list[list[float]] = field(default_factory=list)
    cpu: list[list[float]] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(itertools.chain(*self.wall))

    @property
    def quartiles(self) -> tuple[float, float]:
        low, _, high = statistics.quantiles(itertools.chain(*self.wall), n=4)
        return low, high

    @property
    def cpu_median(self) -> float:
        return statistics.median(itertools.chain(*self.cpu))


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of medians over all rounds; `low` and `high`: quartiles of the ratios of single rounds; `cpu`: processor time."""

    value: float
    low: float
    high: float
    cpu: float


@dataclass(slots=True)
class Similarities:
    """Of every pair: by contestant, None where a face was not found; and the sizes of the photos."""

    by_name: dict[str, list[float | None]]
    photo_bytes: list[int] = field(default_factory=list)


def ratio(ours: Times, theirs: Times) -> Ratio:
    """How long ours takes of theirs."""
    rounds = [
        statistics.median(mine) / statistics.median(other) for mine, other in zip(ours.wall, theirs.wall, strict=True)
    ]
    low, _, high = statistics.quantiles(rounds, n=4) if len(rounds) > 1 else (rounds[0],) * 3
    return Ratio(ours.median / theirs.median, low, high, ours.cpu_median / theirs.cpu_median)


def race(
    contestants: Sequence[Contestant], frames: Sequence[Picture], rounds: int, tell: Callable[[str], None]
) -> dict[str, Times]:
    """All contestants on all frames, one after the other, in an order that turns with every frame."""
    times = {each.name: Times() for each in contestants}
    turns = itertools.cycle(range(len(contestants)))
    for number in range(WARM_UP + rounds):
        answers: dict[str, list[Answer]] = {each.name: [] for each in contestants}
        for frame in frames:
            first = next(turns)
            for each in (*contestants[first:], *contestants[:first]):
                answers[each.name].append(_found(each, frame))
        if number >= WARM_UP:
            for name, given in answers.items():
                times[name].wall.append([answer.wall * 1000 for answer in given])
                times[name].cpu.append([answer.cpu * 1000 for answer in given])
            if (number - WARM_UP + 1) % _ROUND == 0:
                tell(f"round {number - WARM_UP + 1} of {rounds}")
    return times


def compare(pairs: Sequence[Pair], contestants: Sequence[Contestant], tell: Callable[[str], None]) -> Similarities:
    """Live picture against card photo, each decoded by the device's decoder. The first contestant's boxes crop."""
    found = Similarities({each.name: [] for each in contestants})
    photos: dict[Path, dict[str, Answer]] = {}
    lives: dict[Path, dict[str, Answer]] = {}
    decoder = PhotoDecoder()
    try:
        for number, pair in enumerate(pairs, 1):
            if pair.live not in lives:
                lives[pair.live] = _looked(contestants, picture(pair.live))
            if pair.card not in photos:
                photo = card_photo(pair.card, contestants[0])
                found.photo_bytes.append(len(photo))
                photos[pair.card] = _looked(contestants, decoded(decoder, photo))
            for each in contestants:
                found.by_name[each.name].append(_cosine(lives[pair.live][each.name], photos[pair.card][each.name]))
            if number % _PICTURES == 0:
                tell(f"pair {number} of {len(pairs)}")
    finally:
        decoder.close()
    return found


def picture(path: Path) -> Picture:
    """A picture file as BGR."""
    with Image.open(path, formats=["JPEG", "PNG"]) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def card_photo(path: Path, finder: Contestant) -> bytes:
    """The picture as a card's chip would hold it: cut around the face nearest its middle.

    LFW's pictures are centred on the person they are named after, others may stand nearer to the camera. Where no face
    is found the whole picture is taken.
    """
    boxes = finder.look(picture(path)).boxes
    with Image.open(path, formats=["JPEG", "PNG"]) as image:
        across, down = image.size
        x, y, width, height = min(
            boxes,
            key=lambda box: math.hypot(box[0] + box[2] / 2 - across / 2, box[1] + box[3] / 2 - down / 2),
            default=(0, 0, across, down),
        )
        return chip_photo(image.convert("RGB"), (round(x), round(y), round(width), round(height)))


def decoded(decoder: PhotoDecoder, photo: bytes) -> Picture:
    """The photo through the jailed decoder, as the matcher sees it."""
    decoder.start_ahead()
    return bgr(decoder.decode(Secret(photo)))


def frames_of(folder: Path) -> Iterator[Picture]:
    """The live frames that set-up made, 640x480."""
    for name in ("holder-1.jpg", "holder-2.jpg", "impostor.jpg"):
        yield picture(folder / name)


def _looked(contestants: Sequence[Contestant], image: Picture) -> dict[str, Answer]:
    return {each.name: each.look(image) for each in contestants}


def _found(contestant: Contestant, frame: Picture) -> Answer:
    answer = contestant.look(frame)
    if not answer.boxes:
        raise LookupError(f"{contestant.name} found no face in a frame, so its time says nothing")
    return answer


def _cosine(left: Answer, right: Answer) -> float | None:
    if not left.embedding or not right.embedding:
        return None
    return float(np.dot(left.embedding, right.embedding))
