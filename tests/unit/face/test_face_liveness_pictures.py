"""Rendered heads and prints of many kinds before the real detector, embedder, gates and judge (`tools/bench`).

Needs the pictures and models of `make setup`. Seeds are of sequences that the landmarks alone let pass.
"""

from collections import Counter
from functools import cache

import pytest

from tests.unit.face.face_material import FACES, MODELS
from tools import bench_liveness_pictures
from tools.bench.liveness_pictures import SPECIES, Portrait, portraits
from tools.bench.liveness_pictures_play import Ended, Senses, play
from tools.bench_liveness_pictures import rate

PERSON, ROLLED = 0, 2


@cache
def senses() -> Senses:
    return Senses(MODELS)


@cache
def material() -> list[Portrait]:
    return portraits(sorted(FACES.glob("*.jpg")), senses().detector)


def test_a_head_that_turns_passes() -> None:
    ended = play("people", PERSON, material(), senses())
    assert (ended.landmarks, ended.both, ended.pixels) == ("live", "live", "live")


def test_a_rolled_print_that_deceives_the_detector_is_refused() -> None:
    ended = play("print bent, upright axis", ROLLED, material(), senses())
    assert (ended.landmarks, ended.both) == ("live", "spoof: flat")


def test_folders_without_a_portrait_are_named() -> None:
    with pytest.raises(OSError, match="no portrait"):
        portraits([FACES / "gone.jpg"], senses().detector)


def test_rates_count_errors_of_people_and_of_prints() -> None:
    ended = [Ended("live", "spoof: flat", "spoof: flat", 9.0), Ended("live", "live", "live", 9.0)]
    people, prints = rate("people", ended), rate("print flat", ended)
    assert (people.landmarks.hits, people.both.hits, people.added.hits, people.added.runs) == (0, 1, 1, 2)
    assert (prints.landmarks.hits, prints.both.hits) == (2, 1)


@pytest.mark.parametrize("arguments", [["--runs", "0"], ["--processes", "0"]])
def test_wrong_arguments_are_refused(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bench", *arguments])
    assert bench_liveness_pictures.main() == 2


@pytest.mark.long
@pytest.mark.timeout(400)
def test_of_many_prints_none_passes_and_of_people_most() -> None:
    passed: Counter[str] = Counter()
    for species in SPECIES:
        for seed in range(8):
            passed[species] += play(species, seed, material(), senses()).pixels == "live"
    assert {species: passed[species] for species, (live, _) in SPECIES.items() if not live and passed[species]} == {}
    assert passed["people"] + passed["people, flatter nose"] >= 12
