"""The rendered sequences and the bench over them: physics, repeatability, the contract of the prompts, intervals."""

import json
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from firmware.face.liveness_model import Live, Prompt, Spoof, SpoofReason, Undecided, UnsureCause, Verdict
from firmware.face.liveness_shape import as_points, normal, pose
from firmware.sim.heads import actors
from firmware.sim.heads.camera import Camera, Noise, Seen
from firmware.sim.heads.motion import YAW, Mover, placed, state
from firmware.sim.heads.people import any_person, flat, folded, portrait, proportion, rolled, visible, with_nose
from firmware.sim.heads.play import SPECIES, play, sequence
from tests.unit.face.face_heads import Points, chance
from tools import bench_liveness
from tools.bench_liveness import clopper_pearson, named, run

CAMERA = Camera(focal=560, rate=12, dropped=0.0)


def pixels(points: Points, yaw: float) -> Points:
    seen = CAMERA.project(placed(state(yaw=math.radians(yaw), z=500), points, 0.0))
    made = as_points(tuple((float(x), float(y)) for x, y in seen), 10.0)
    assert made is not None
    return made


def depth(points: Points) -> float:
    found = pose(normal(pixels(points, 0)), pixels(points, 25))
    assert found is not None
    return found.shift / found.sine


def test_what_each_thing_looks_like_turned() -> None:
    person = any_person(chance(3))
    picture = portrait(person)
    assert depth(person.array) > 0.35
    assert depth(flat(picture)[0]) == pytest.approx(0, abs=0.01)
    assert 0.02 < depth(rolled(picture, 1 / 80, 0.0)[0]) < 0.15
    assert 0.1 < depth(rolled(picture, 1 / 35, 0.0)[0]) < 0.27
    assert depth(folded(picture, math.radians(45))[0]) > 0.35
    assert depth(with_nose(picture, 30)[0]) > 0.35


def test_a_tightly_rolled_picture_hides_an_eye_when_turned() -> None:
    points, normals = rolled(portrait(any_person(chance(3))), 1 / 28, 0.0)
    away = points * (1, 1, -1) + (0, 0, 500)
    assert visible(away, normals * (1, 1, -1))
    turn = state(yaw=0.5, z=500)
    assert not visible(
        placed(turn, points, 0),
        normals
        @ np.diag([1, 1, -1])
        @ np.array([[math.cos(0.5), 0, math.sin(0.5)], [0, 1, 0], [-math.sin(0.5), 0, math.cos(0.5)]]),
    )


def test_people_are_varied_and_possible() -> None:
    people = [any_person(chance(seed)) for seed in range(100)]
    widths = [person.array[1, 0] - person.array[0, 0] for person in people]
    noses = [person.array[2, 2] / width for person, width in zip(people, widths, strict=True)]
    assert 58 <= min(widths) < 60
    assert 66 < max(widths) <= 68
    assert 0.3 < min(noses) < 0.45
    assert 0.6 < max(noses) < 0.8
    assert all(0.8 < proportion(person) < 1.2 for person in people)


def test_a_mover_arrives_smoothly_and_gives_up_what_it_had_not_begun() -> None:
    mover = Mover(chance(1), state(), sway=0.0)
    mover.go(0.0, 1.0, state(yaw=0.4), 1.0)
    assert [round(mover.at(at)[YAW], 2) for at in (0.5, 1.0, 1.5, 2.0, 3.0)] == [0.0, 0.0, 0.2, 0.4, 0.4]
    mover.go(3.0, 4.0, state(yaw=-0.4), 1.0)
    mover.go(3.5, 3.8, state(), 1.0)
    assert mover.at(9.0)[YAW] == 0.0


def test_the_noise_is_of_the_size_it_says() -> None:
    noise, exact = Noise(1.0, chance(2)), np.zeros((5, 2))
    errors = np.concatenate([noise.points(exact) for _ in range(400)])
    assert 0.9 < float(np.percentile(np.abs(errors), 68)) < 1.5
    assert float(np.abs(errors).max()) > 3.5


def test_actors_know_the_prompts_of_the_device() -> None:
    known = {actors.STRAIGHT, actors.LEFT, actors.RIGHT, actors.CLOSER, actors.HOLD}
    assert known == set(Prompt)


@pytest.mark.parametrize("species", SPECIES)
def test_the_same_seed_plays_the_same_sequence(species: str) -> None:
    def record() -> list[Seen]:
        frames: list[Seen] = []

        def show(seen: Seen) -> str | None:
            frames.append(seen)
            return ("look-straight", "turn-left", "hold")[len(frames) // 12] if len(frames) < 30 else None

        play(sequence(species, 4), show)
        return frames

    first = record()
    assert first == record()
    assert len(first) == 30
    assert any(seen.box is not None for seen in first)


@pytest.mark.parametrize("species", ["print flat", "print bent", "print mask on a head", "two people"])
def test_fakes_with_a_goal_do_not_pass(species: str) -> None:
    assert [named(run(species, seed)[0]) for seed in range(4)].count("live") == 0


def test_most_people_pass() -> None:
    ended = [run(kind, seed)[0] for kind in ("ordinary", "elderly, stiff neck") for seed in range(4)]
    assert sum(isinstance(verdict, Live) for verdict in ended) >= 6


def test_what_landmarks_cannot_tell_is_known_to_pass() -> None:
    assert sum(isinstance(run("screen, matching", seed)[0], Live) for seed in range(3)) >= 1


@pytest.mark.parametrize(
    ("hits", "runs", "low", "high"),
    [(0, 100, 0.0, 0.0362), (5, 100, 0.0164, 0.1128), (100, 100, 0.9638, 1.0), (40, 2000, 0.0143, 0.0271)],
)
def test_intervals_are_those_of_the_tables(hits: int, runs: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, runs) == pytest.approx((low, high), abs=2e-4)


def test_the_bench_reports_and_leaves_the_records_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: SPECIES[name] for name in ("head tilted", "print flat")}
    monkeypatch.setattr(bench_liveness, "SPECIES", few)
    monkeypatch.setattr(bench_liveness, "record", lambda **_: pytest.fail("recorded"))
    monkeypatch.setattr("sys.argv", ["bench", "--runs", "3", "--short", "--json", "--no-record", "--processes", "1"])
    assert bench_liveness.main() in {0, 1}
    told = json.loads(capsys.readouterr().out)
    assert [each["species"] for each in told] == ["head tilted", "print flat", "all real people"]
    assert told[1]["share"] == 0
    assert all(each["runs"] == 3 and each["interval"][0] <= each["share"] <= each["interval"][1] for each in told)


def test_the_bench_stores_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[dict[str, object]] = []
    monkeypatch.setattr(bench_liveness, "record", lambda **member: kept.append(member))
    made = partial(bench_liveness.Rate, noise=1.0, steps=3, runs=100, causes={}, seconds=9.0)
    rates = [
        made("print flat", live=False, hits=5),
        made("print flat", live=False, noise=2.0, hits=0),
        made("screen, matching", live=False, hits=99),
        made("ordinary", live=True, hits=3),
        made("all real people", live=True, hits=3),
        made("all real people", live=True, steps=2, hits=1),
    ]
    bench_liveness.store(rates)
    assert [(each["id"], each["met"]) for each in kept] == [
        ("C4-print-flat", False),
        ("C4-screen-matching", True),
        ("C4-all-real-people", True),
        ("C4-noise-apcer", True),
        ("C4-two-steps-bpcer", True),
    ]
    assert str(kept[3]["figure"]).endswith("], else 5.00%")


def test_figures_do_not_depend_on_the_processes() -> None:
    every = bench_liveness.parts("print flat", 7, 3, bench_liveness.TWO_STEPS)
    apart = [replace(each, first=seed, runs=1) for each in every for seed in range(7, 10)]
    ended = [ending for each in apart for ending in bench_liveness.endings(each)]
    assert [ending for played in bench_liveness._played(every, 2) for ending in played] == ended
    assert len(ended) == 3


def test_parts_hold_every_sequence_once() -> None:
    seeds = [
        seed
        for part in bench_liveness.parts("print flat", 10, 250, bench_liveness.ORDINARY)
        for seed in range(part.first, part.first + part.runs)
    ]
    assert seeds == list(range(10, 260))


@pytest.mark.parametrize(
    ("verdict", "name"),
    [
        (None, "unfinished"),
        (Live(), "live"),
        (Spoof(SpoofReason.FLAT), "spoof: flat"),
        (Undecided(UnsureCause.LOST_FACE), "unsure: lost-face"),
    ],
)
def test_every_ending_has_a_name(verdict: Verdict | None, name: str) -> None:
    assert named(verdict) == name
