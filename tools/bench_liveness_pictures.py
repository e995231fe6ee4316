"""How often the liveness challenge errs before rendered pictures, real detector and embedder (C4).

Portraits over heads with noses of many lengths, and prints of those heads: flat, rolled, folded. Real YuNet, SFace,
quality gates and judge look at them; each sequence is judged by landmarks alone, by the device (landmarks and pixels),
and by pixels with hardly any depth asked of the landmarks. APCER: attacks that end LIVE. BPCER: people that do not,
for whatever reason, within one challenge. 95 % intervals of Clopper and Pearson.

Portraits are those of `make setup`, and of `--faces FOLDER` (pictures NAME/*_0001.jpg): of those every second one,
since the limits were chosen on the others (`--choosing`). Seeds differ likewise.

What this is not: a test after ISO 30107-3, or iBeta. Heads are smooth and evenly lit, their noses hide nothing but what
lies behind, nothing blinks or speaks; YuNet reads them flatter (about 0.34) than photographed heads (0.54), so that the
landmarks refuse more people here than there. `added` is what the pixels refuse of those whom the landmarks let pass.

Exit codes: 0 within the goals, 1 beyond one, 2 wrong arguments or no pictures.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Started as a script: the checkout is put on the path first.
from tools.bench.liveness_pictures import SPECIES, Portrait, portraits  # noqa: E402
from tools.bench.liveness_pictures_play import Ended, Senses, play  # noqa: E402
from tools.bench_liveness import clopper_pearson  # noqa: E402
from tools.measure import record  # noqa: E402

COMMAND: Final = "python tools/bench_liveness_pictures.py --faces FOLDER"
CHOOSING: Final = 1_000
HELD_OUT: Final = 100_000
"""First of the seeds on which limits were chosen, and of those that are reported."""

APCER_GOAL: Final = 0.02
AIMED: Final = ("print flat", "print bent, upright axis", "print bent, level axis")
_PART: Final = 5
_MOST: Final = 10_000
_WEIGHTS: Final = {"print bent, upright axis": 2.0, "print flat": 0.5}
"""Sequences of a species, as shares of `--runs`; 1 unless given."""


@dataclass(frozen=True, slots=True)
class Part:
    """Sequences `first` to `first + runs - 1` of a species, for one process."""

    species: str
    first: int
    runs: int
    faces: Path | None
    choosing: bool


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `runs`."""

    hits: int
    runs: int

    def __str__(self) -> str:
        low, high = clopper_pearson(self.hits, self.runs) if self.runs else (0.0, 1.0)
        return f"{self.hits}/{self.runs} = {self.value:.1%} [{low:.1%}, {high:.1%}]"

    @property
    def value(self) -> float:
        return self.hits / self.runs if self.runs else 0.0


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors of a species by each judge. `added`: people whom only the pixels refuse. `causes`: of the device's end."""

    species: str
    live: bool
    landmarks: Share
    both: Share
    pixels: Share
    added: Share
    causes: dict[str, int]


@cache
def _material(faces: Path | None, *, choosing: bool) -> tuple[Senses, list[Portrait]]:
    senses = Senses(ROOT / "models")
    files = sorted((ROOT / ".cache" / "faces").glob("*.jpg"))
    if faces is not None:
        files += sorted(faces.glob("*/*_0001.jpg"))[0 if choosing else 1 :: 2]
    return senses, portraits(files, senses.detector)


def endings(part: Part) -> list[Ended]:
    """Play the sequences of a part."""
    senses, found = _material(part.faces, choosing=part.choosing)
    return [play(part.species, seed, found, senses) for seed in range(part.first, part.first + part.runs)]


def rate(species: str, ended: Sequence[Ended]) -> Rate:
    """What the endings of a species come to."""
    live, runs = SPECIES[species][0], len(ended)

    def errors(names: Iterator[str]) -> Share:
        return Share(sum((name == "live") != live for name in names), runs)

    passed = [each for each in ended if each.landmarks == "live"]
    return Rate(
        species,
        live,
        errors(each.landmarks for each in ended),
        errors(each.both for each in ended),
        errors(each.pixels for each in ended),
        Share(sum(each.both != "live" for each in passed), len(passed)),
        dict(Counter(each.both for each in ended).most_common()),
    )


def plan(arguments: argparse.Namespace) -> list[Part]:
    start = CHOOSING if arguments.choosing else HELD_OUT
    made: list[Part] = []
    for species in SPECIES:
        runs = max(1, round(arguments.runs * _WEIGHTS.get(species, 1.0)))
        made += [
            Part(species, start + first, min(_PART, runs - first), arguments.faces, arguments.choosing)
            for first in range(0, runs, _PART)
        ]
    return made


def measure(arguments: argparse.Namespace) -> list[Rate]:
    """Every species."""
    parts = plan(arguments)
    ended: dict[str, list[Ended]] = {species: [] for species in SPECIES}
    with ProcessPoolExecutor(arguments.processes) as pool:
        for number, (part, more) in enumerate(zip(parts, pool.map(endings, parts), strict=True), 1):
            ended[part.species] += more
            print(f"[{number}/{len(parts)}] {part.species}", file=sys.stderr, flush=True)
    return [rate(species, found) for species, found in ended.items()]


def show(found: Sequence[Rate]) -> None:
    print("Liveness challenge on rendered pictures; real detector, embedder, gates. 95 % intervals (Clopper-Pearson).")
    print("Rendered surfaces of ours; no test after ISO 30107-3, no iBeta level is claimed.")
    for each in found:
        print(f"\n{each.species}: {'BPCER' if each.live else 'APCER'}")
        print(f"  landmarks alone            {each.landmarks}")
        print(f"  the device (both)          {each.both}")
        print(f"  pixels, hardly landmarks   {each.pixels}")
        if each.live:
            print(f"  added by the pixels        {each.added}")
        print("  " + "; ".join(f"{cause} {count}" for cause, count in each.causes.items()))


def store(found: Sequence[Rate]) -> None:
    """Into docs/measurements.json."""
    for each in found:
        aimed = each.species in AIMED
        figure = f"{each.both}; by landmarks alone {each.landmarks}; by pixels, hardly landmarks {each.pixels}"
        record(
            id="C4-pictures-" + re.sub(r"[^a-z]+", "-", each.species),
            what=f"Liveness, rendered pictures before the real detector: {'BPCER' if each.live else 'APCER'}, "
            + each.species,
            figure=figure + (f"; people refused by the pixels alone {each.added}" if each.live else ""),
            unit="",
            goal=f"at most {APCER_GOAL:.0%}" if aimed else "as measured",
            met=not aimed or each.both.value <= APCER_GOAL,
            command=COMMAND,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description="APCER and BPCER of the liveness challenge on rendered pictures (C4).")
    parser.add_argument("--faces", type=Path, help="folder with portraits NAME/*_0001.jpg (default: none but ours)")
    parser.add_argument("--runs", type=int, default=40, help="sequences of a species (default 40; bent prints more)")
    parser.add_argument("--processes", type=int, default=2, help="at once (default 2)")
    parser.add_argument("--choosing", action="store_true", help="portraits and seeds for choosing limits; not recorded")
    parser.add_argument("--no-record", action="store_true", help="leave docs/measurements.json alone")
    arguments = parser.parse_args()
    if not (1 <= arguments.runs <= _MOST and 1 <= arguments.processes <= _MOST):
        print(f"bench_liveness_pictures: --runs and --processes are 1 to {_MOST}", file=sys.stderr)
        return 2
    try:
        found = measure(arguments)
    except OSError as error:
        print(f"bench_liveness_pictures: {error}", file=sys.stderr)
        return 2
    show(found)
    if not (arguments.no_record or arguments.choosing):
        store(found)
    return int(any(each.species in AIMED and each.both.value > APCER_GOAL for each in found))


if __name__ == "__main__":
    sys.exit(main())
