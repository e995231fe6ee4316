"""`make bench-face`: its statistics, its pipe, and that both contestants do the same work."""

import sys
from pathlib import Path

import numpy as np
import pytest

from firmware.face.decide import Thresholds
from tools import bench_face
from tools.bench.face_figures import DEVICE, OPENCV, Figures, lines, records
from tools.bench.face_pairs import Accuracy, PairsError, Share, accuracy, best_threshold_accuracy, read_pairs
from tools.bench.face_race import Times, card_photo, frames_of, race, ratio
from tools.bench.face_serve import Contestant, ContestantError

THRESHOLDS = Thresholds(retry=0.3, accept=0.4, strict=0.5)
STUB = """
import sys
sys.path.insert(0, {root!r})
from tools.bench.face_serve import serve
def look(picture):
    print("noise of a library")
    return ([], []) if picture.max() == 0 else ([(1, 2, 3, 4)], [float(picture[0, 0, 0]), picture.shape[1]])
serve(look)
"""


def stub(seconds: float = 20) -> Contestant:
    program = STUB.format(root=str(bench_face.ROOT))
    return Contestant("stub", [sys.executable, "-c", program], {}, seconds)


def grey(value: int) -> "np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]":
    return np.full((6, 8, 3), value, dtype=np.uint8)


def test_wilson_gives_the_values_of_the_textbook() -> None:
    low, high = Share(0, 80).interval
    assert (low, round(high, 4)) == (0.0, 0.0458)
    low, high = Share(158, 160).interval
    assert (round(low, 4), round(high, 4)) == (0.9556, 0.9966)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_unsure_is_neither_right_nor_wrong() -> None:
    found = accuracy([0.6, 0.35, 0.1, None, 0.45, 0.2], [True, True, True, True, False, False], THRESHOLDS)
    assert found.decided == Share(2, 5)  # 0.6 and 0.2; 0.35 is not decided
    assert found.single == Share(2, 6)
    assert (found.unsure_same, found.unsure_other, found.missed) == (1, 0, 1)
    assert (found.false_accepts, found.false_rejects) == (Share(1, 2), Share(3, 4))


def test_an_unsure_impostor_is_no_false_accept() -> None:
    found = accuracy([0.35], [False], THRESHOLDS)
    assert (found.decided, found.single, found.false_accepts) == (Share(0, 0), Share(1, 1), Share(0, 1))


def test_the_best_threshold_is_not_chosen_on_what_it_judges() -> None:
    same = [place % 2 == 0 for place in range(40)]
    assert best_threshold_accuracy([0.6 if each else 0.1 for each in same], same) == 1
    assert best_threshold_accuracy([0.1 if each else 0.6 for each in same], same) <= 0.5


def test_pairs_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "pairs.csv").write_text("live,card,same,subset\na.jpg,a.jpg,1,some\na.jpg,a.jpg,0,\n", encoding="utf-8")
    first, second = read_pairs(tmp_path)
    assert (first.live, first.same, first.subset) == (tmp_path.resolve() / "a.jpg", True, "some")
    assert (second.same, second.subset) == (False, "")


@pytest.mark.parametrize(
    "table",
    [
        "live,card,same\n",
        "live,card,same\n../x.jpg,a.jpg,1\n",
        "live,card,same\nb.jpg,a.jpg,1\n",
        "live,card\na.jpg,a.jpg\n",
        "live,card,same\na.jpg,a.jpg,yes\n",
    ],
)
def test_other_tables_are_refused(tmp_path: Path, table: str) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path.parent / "x.jpg").write_bytes(b"x")
    (tmp_path / "pairs.csv").write_text(table, encoding="utf-8")
    with pytest.raises(PairsError):
        read_pairs(tmp_path)
    with pytest.raises(PairsError):
        read_pairs(tmp_path / "nowhere")


def test_a_contestant_answers_and_what_libraries_print_is_no_answer() -> None:
    with stub() as contestant:
        answer = contestant.look(grey(7))
        assert (answer.boxes, answer.embedding) == (((1, 2, 3, 4),), (7.0, 8))
        assert answer.wall > 0
        assert contestant.look(grey(0)).boxes == ()


def test_a_contestant_that_ends_or_hangs_is_reported() -> None:
    with pytest.raises(ContestantError, match="ended early"), Contestant("gone", [sys.executable, "-c", ""], {}):
        pass
    sleeper = Contestant("late", [sys.executable, "-c", "import time; time.sleep(60)"], {}, seconds=0.1)
    with pytest.raises(ContestantError, match="did not answer"), sleeper:
        pass
    assert not Path(f"/proc/{sleeper.pid}").exists()


def test_a_frame_without_a_face_stops_the_race() -> None:
    with stub() as contestant:
        assert len(race([contestant], [grey(1), grey(2)], 3, lambda _: None)["stub"].wall) == 3
        with pytest.raises(LookupError):
            race([contestant], [grey(0)], 1, lambda _: None)


def test_the_ratio_is_that_of_medians() -> None:
    found = ratio(Times([[1, 2], [3, 2]], [[1], [1]]), Times([[4, 4], [4, 4]], [[2], [2]]))
    assert (found.value, found.cpu) == (0.5, 0.5)
    assert found.low <= found.value <= found.high


def figures(milliseconds: float, accepted: int) -> Figures:
    times = {DEVICE: Times([[milliseconds]] * 3, [[1.0]] * 3), OPENCV: Times([[10.0]] * 3, [[1.0]] * 3)}
    found = Accuracy(Share(99, 100), Share(99, 100), Share(accepted, 50), Share(0, 50), 0, 0, 0, 0.995)
    return Figures(
        rounds=3,
        frames=1,
        times=times,
        ratios={OPENCV: ratio(times[DEVICE], times[OPENCV])},
        peak={DEVICE: 150.0, OPENCV: 190.0},
        opencv_version="5",
        missing=["dlib: not measured: no index"],
        accuracy={DEVICE: found, OPENCV: found},
    )


@pytest.mark.parametrize(("milliseconds", "accepted", "met"), [(8.0, 0, True), (8.1, 0, False), (8.0, 1, False)])
def test_the_records_are_the_truth(milliseconds: float, accepted: int, met: bool) -> None:
    made = figures(milliseconds, accepted)
    assert [each["id"] for each in records(made)] == [
        "C1-opencv", "C1-memory", "C1-accuracy", "C2-accuracy", "C2-false-accepts",
    ]  # fmt: skip
    assert made.met is met
    assert "dlib: not measured: no index" in list(lines(made))


def test_both_contestants_do_the_same_work(tmp_path: Path) -> None:
    """OpenCV's graph is another one than the device's, with the same weights."""
    frame = next(frames_of(bench_face.FACES))
    with bench_face._device({}) as ours, bench_face._opencv(tmp_path, {}) as theirs:
        mine, other = ours.look(frame), theirs.look(frame)
        assert mine.boxes[0] == pytest.approx(other.boxes[0], abs=0.01)
        assert np.dot(mine.embedding, other.embedding) > 0.99999
        photo = card_photo(bench_face.FACES / "holder-1.jpg", ours)
    assert 5_000 < len(photo) < 7_000


def test_without_pairs_the_bench_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(bench_face, "record", lambda **members: kept.append(members["id"]))
    assert bench_face.main(["--rounds", "1", "--no-dlib"]) in {0, bench_face.EXIT_MISSED}
    assert kept == ["C1-opencv", "C1-memory"]
    assert "--pairs DIR" in capsys.readouterr().out


def test_a_folder_without_pairs_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_face.main(["--no-record", "--pairs", str(tmp_path)]) == bench_face.EXIT_MISSING
    assert "pairs.csv" in capsys.readouterr().err
