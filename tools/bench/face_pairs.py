"""Pairs of pictures for `make bench-face`, and what a set of similarities says about accuracy.

A folder with `pairs.csv` (columns `live`, `card`, `same` as 0 or 1, and optionally `subset`) and the pictures it names,
relative to it. The statistics are pure. Raises PairsError. Source: face.md sections 3 and 4; Wilson's interval: Wilson
1927, equation for a proportion.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware.core.outcomes import MatchBand
from firmware.face.decide import Thresholds, band_of

FOLDS: Final = 10
_MOST_PAIRS: Final = 100_000
_LARGEST_FILE: Final = 16 << 20
_Z: Final = 1.959964  # 95 %


class PairsError(Exception):
    """The folder is not one with pairs; says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`live`: before the camera; `card`: what the card's photo is made from; `same`: one person."""

    live: Path
    card: Path
    same: bool
    subset: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """`good` of `total`."""

    good: int
    total: int

    @property
    def value(self) -> float:
        return self.good / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval, 95 %."""
        if not self.total:
            return (0.0, 1.0)
        share, squared = self.value, _Z * _Z / self.total
        half = _Z * math.sqrt(share * (1 - share) / self.total + squared / (4 * self.total))
        centre = share + squared / 2
        return (max(0.0, (centre - half) / (1 + squared)), min(1.0, (centre + half) / (1 + squared)))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Decisions at one set of thresholds.

    `decided`: right ones of those that the device decides. `unsure_…`: from `retry` up to `accept`, where it decides
    nothing but tries again or asks staff. `single`: as if `accept` alone decided, unsure ones counted by their side of
    it. `missed`: no face found in a picture. `best_threshold`: the figure that LFW is reported with.
    """

    decided: Share
    single: Share
    false_accepts: Share
    false_rejects: Share
    unsure_same: int
    unsure_other: int
    missed: int
    best_threshold: float


def read_pairs(folder: Path) -> list[Pair]:
    """The pairs of `folder`, every picture present."""
    table = folder / "pairs.csv"
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = [row for row, _ in zip(csv.DictReader(file), range(_MOST_PAIRS), strict=False)]
        pairs = [_pair(folder.resolve(), row) for row in rows]
    except OSError as error:
        raise PairsError(f"{table}: {error.strerror}") from error
    except (KeyError, ValueError, csv.Error) as error:
        raise PairsError(f"{table}: columns live, card and same (0 or 1) expected: {error}") from error
    if not pairs:
        raise PairsError(f"{table}: no pairs")
    return pairs


def accuracy(similarities: Sequence[float | None], same: Sequence[bool], thresholds: Thresholds) -> Accuracy:
    """What decisions by `thresholds` would be. None: no face was found, which is never a match."""
    values = [-1.0 if each is None else each for each in similarities]
    bands = [band_of(value, thresholds) for value in values]
    accepted = [band in {MatchBand.ACCEPT, MatchBand.STRICT} for band in bands]
    unsure = [band is MatchBand.BETWEEN for band in bands]
    holders = sum(same)
    agreed = [yes == truth for yes, truth in zip(accepted, same, strict=True)]
    return Accuracy(
        decided=Share(sum(good and not open_ for good, open_ in zip(agreed, unsure, strict=True)), unsure.count(False)),
        single=Share(sum(agreed), len(same)),
        false_accepts=Share(
            sum(yes and not truth for yes, truth in zip(accepted, same, strict=True)), len(same) - holders
        ),
        false_rejects=Share(sum(truth and not yes for yes, truth in zip(accepted, same, strict=True)), holders),
        unsure_same=sum(each and truth for each, truth in zip(unsure, same, strict=True)),
        unsure_other=sum(each and not truth for each, truth in zip(unsure, same, strict=True)),
        missed=sum(each is None for each in similarities),
        best_threshold=best_threshold_accuracy(values, same),
    )


def best_threshold_accuracy(values: Sequence[float], same: Sequence[bool]) -> float:
    """As LFW is reported: the threshold that is best on nine tenths judges the tenth; mean over the ten tenths."""
    folds = [range(first, len(values), FOLDS) for first in range(min(FOLDS, len(values)))]
    found = []
    for fold in folds:
        rest = [place for place in range(len(values)) if place not in fold]
        limit = _best([values[place] for place in rest], [same[place] for place in rest])
        found.append(sum((values[place] >= limit) == same[place] for place in fold) / len(fold))
    return sum(found) / len(found)


def _best(values: Sequence[float], same: Sequence[bool]) -> float:
    """The value that divides best, in the middle between its neighbours; of equally good ones the highest."""
    falling = sorted(zip(values, same, strict=True), reverse=True)
    limit, right = math.inf, sum(not truth for truth in same)
    score = right
    for place, (value, truth) in enumerate(falling):
        score += 1 if truth else -1
        if score > right:
            below = falling[place + 1][0] if place + 1 < len(falling) else value
            limit, right = (value + below) / 2, score
    return limit


def _pair(folder: Path, row: dict[str, str]) -> Pair:
    if row["same"] not in {"0", "1"}:
        raise ValueError(f"same is {row['same']!r}")
    live, card = (_picture(folder, row[side]) for side in ("live", "card"))
    return Pair(live, card, row["same"] == "1", (row.get("subset") or "").strip())


def _picture(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise ValueError(f"{name} lies outside the folder")
    if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
        raise ValueError(f"{name} is no picture file")
    return path
