"""The simulated frames: the truth beside them is true, levels keep their bounds, seeds decide everything."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware.sim.front import (
    CLEAN,
    HARD,
    MODERATE,
    FrontScene,
    Kind,
    invented_people,
    make_back,
    make_front,
    make_other,
)
from firmware.sim.front.__main__ import main
from firmware.sim.front.camera import Glare, Points, draw_shot, project, shine, view
from firmware.sim.front.fonts import Face, FontMissingError, font_file
from firmware.sim.front.layout import FRONT, HEIGHT, PX, SHIFT_ALL, SHIFT_LINE, WIDTH
from firmware.sim.front.others import back_print, grouped, qr_modules
from firmware.sim.front.printing import front_print

SMALL = (640, 480)


def upright(scene: FrontScene) -> np.ndarray:
    """The card out of the frame, by the truth that comes with it: 10 pixels a millimetre, grey."""
    target = np.array([[0, 0], [856, 0], [856, 540], [0, 540]], np.float32)
    matrix = cv2.getPerspectiveTransform(scene.corners.astype(np.float32), target)
    return np.asarray(cv2.cvtColor(cv2.warpPerspective(scene.frame, matrix, (856, 540)), cv2.COLOR_BGR2GRAY))


def flat_grey(scene: FrontScene) -> np.ndarray:
    picture = cv2.cvtColor(front_print(scene.holder).picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(picture, (856, 540), interpolation=cv2.INTER_AREA))


def to_card(scene: FrontScene, name: str) -> Points:
    """A field's quad in millimetres on the card."""
    return project(np.linalg.inv(scene.matrix).astype(np.float64), scene.fields[name])


def likeness(seen: np.ndarray, drawn: np.ndarray, x: int, y: int) -> float:
    """Correlation with what should be there, `x` and `y` tenths of a millimetre beside it."""
    return float(np.corrcoef(seen[20 + y : 520 + y, 20 + x : 830 + x].ravel(), drawn[20:520, 20:830].ravel())[0, 1])


@pytest.mark.parametrize("seed", [1, 5, 9])
def test_corners_and_fields_are_where_the_card_is_drawn(seed: int) -> None:
    scene = make_front(seed, replace(MODERATE, glare=0, shadow=0.0, noise=2.0))
    seen, drawn = upright(scene), flat_grey(scene)
    alike = {(x, y): likeness(seen, drawn, x, y) for x in (-3, 0, 3) for y in (-3, 0, 3)}
    assert max(alike, key=lambda shift: alike[shift]) == (0, 0)
    assert alike[0, 0] > 0.8
    for name in scene.fields:
        left, top, right, bottom = front_print(scene.holder).fields[name]
        expected = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        assert np.allclose(to_card(scene, name), expected, atol=1e-6)
        ink = seen[round(top * 10) : round(bottom * 10), round(left * 10) : round(right * 10)]
        above = seen[round(top * 10) - 14 : round(top * 10) - 4, round(left * 10) : round(right * 10)]
        assert np.percentile(ink, 5) < np.percentile(above, 5) - 15, name


def test_number_b_of_a_scene_is_its_holders() -> None:
    scene = make_front(3, CLEAN, SMALL)
    assert scene.number_b == scene.holder.person.number_b
    assert set(scene.fields) == {"birth", "expiry", "code"}
    assert scene.number_b not in repr(scene)


def test_the_same_seed_gives_the_same_frame_and_another_one_another() -> None:
    first = make_front(11, HARD, SMALL)
    front_print.cache_clear()
    assert np.array_equal(first.frame, make_front(11, HARD, SMALL).frame)
    assert not np.array_equal(first.frame, make_front(12, HARD, SMALL).frame)


def test_takes_show_the_same_card_a_hair_moved() -> None:
    first, second = make_front(2, MODERATE, SMALL), make_front(2, MODERATE, SMALL, take=1)
    moved = np.abs(first.corners - second.corners).max()
    assert first.number_b == second.number_b
    assert 0 < moved < 20
    assert not np.array_equal(first.frame, second.frame)


def test_a_holder_has_one_card_whatever_the_seed() -> None:
    holder = invented_people(5)[4]
    first, second = (make_front(seed, CLEAN, SMALL, holder) for seed in (1, 2))
    assert first.number_b == second.number_b == holder.number_b
    assert np.allclose(to_card(first, "code"), to_card(second, "code"), atol=1e-6)


def test_frames_are_bgr_bytes_of_the_wanted_size() -> None:
    frame = make_front(0, CLEAN, SMALL).frame
    assert frame.shape == (480, 640, 3)
    assert frame.dtype == np.uint8


@pytest.mark.parametrize("size", [(0, 0), (100, 480), (640, 5000)])
def test_other_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="frame"):
        make_front(0, CLEAN, size)


def test_moderate_keeps_its_bounds() -> None:
    assert (MODERATE.tilt, MODERATE.blur, MODERATE.noise, MODERATE.glare_over_text) == (25.0, 1.1, 12.0, False)
    rng = np.random.default_rng(1)
    shots = [draw_shot(MODERATE, 1280, rng) for _ in range(500)]
    assert max(shot.tilt for shot in shots) <= 25
    assert max(np.hypot(shot.defocus, shot.motion) for shot in shots) <= 1.1 + 1e-9
    assert max(shot.noise for shot in shots) <= 12
    assert {round(shot.turn // 90) for shot in shots} == {-2, -1, 0, 1}
    for shot in shots:
        corners = project(view((WIDTH, HEIGHT), (1280, 960), shot), np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT]]))
        assert ((corners >= 0) & (corners <= (1280, 960))).all()


def test_levels_refuse_what_cannot_be_seen() -> None:
    with pytest.raises(ValueError, match="tilt"):
        replace(CLEAN, tilt=80.0)
    with pytest.raises(ValueError, match="fill"):
        replace(CLEAN, fill=(0.0, 1.0))


def test_tilt_is_the_angle_of_the_plane() -> None:
    """A card tilted about its long axis looks lower by the cosine, as seen from afar."""
    rng = np.random.default_rng(2)
    shot = replace(draw_shot(CLEAN, 1280, rng), turn=0.0, tilt=25.0, tilt_axis=0.0, distance=1e6)
    corners = project(view((WIDTH, HEIGHT), (1280, 960), shot), np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT]]))
    ratio = np.linalg.norm(corners[2] - corners[1]) / np.linalg.norm(corners[1] - corners[0])
    assert ratio == pytest.approx(HEIGHT / WIDTH * np.cos(np.radians(25)), rel=1e-3)


def test_glare_stays_off_the_lines_that_it_is_told_of() -> None:
    area = np.array([[100, 100], [540, 100], [540, 380], [100, 380]], float)
    line = np.array([[250, 180], [400, 180], [400, 200], [250, 200]], float)
    black = np.zeros((480, 640, 3), np.uint8)
    anywhere = [shine(black, area, (), HARD, np.random.default_rng(seed)) for seed in range(60)]
    beside = [shine(black, area, (line,), HARD, np.random.default_rng(seed)) for seed in range(60)]
    assert max(int(frame.max()) for frame in beside) == 255
    assert max(int(frame[180:200, 250:400].max()) for frame in anywhere) > 150
    assert max(int(frame[180:200, 250:400].max()) for frame in beside) <= 25


def test_glare_fades_from_its_middle() -> None:
    spot = Glare(10.0, 10.0, (5.0, 2.0), 0.0, 200.0)
    at = spot.at(np.array([10.0, 15.0, 10.0, 40.0]), np.array([10.0, 10.0, 15.0, 10.0]))
    assert at[0] == pytest.approx(200)
    assert at[0] > at[1] > at[2] > at[3]


def test_lines_move_between_cards_but_not_far() -> None:
    lefts = [front_print(holder).fields["code"][0] for holder in invented_people(12)]
    assert max(lefts) - min(lefts) > 0.5
    assert all(abs(left - FRONT.code.x) <= SHIFT_ALL + SHIFT_LINE + 0.5 for left in lefts)


def test_a_print_cannot_be_changed_by_a_frame() -> None:
    flat = front_print(invented_people(1)[0])
    assert flat.picture.shape[:2] == (round(HEIGHT * PX), round(WIDTH * PX))
    with pytest.raises(ValueError, match="read-only"):
        flat.picture[0, 0] = 0


def test_the_code_on_a_back_says_the_printed_number() -> None:
    holder = invented_people(1)[0]
    assert grouped("123456789012") == "1234 5678 9012"
    modules = cv2.resize(qr_modules(holder.person.number_a), None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    assert cv2.QRCodeDetector().detectAndDecode(modules)[0] == holder.person.number_a
    assert back_print(holder).fields == {}


def test_a_back_in_a_clean_frame_has_a_legible_code() -> None:
    scene = make_back(4, replace(CLEAN, noise=0.0))
    assert scene.holder is not None
    assert scene.kind is Kind.BACK
    assert cv2.QRCodeDetector().detectAndDecode(scene.frame)[0] == scene.holder.person.number_a


@pytest.mark.parametrize("kind", Kind)
def test_every_other_thing_can_be_laid_down(kind: Kind) -> None:
    scene = make_other(1, kind, HARD, SMALL)
    assert scene.frame.shape == (480, 640, 3)
    assert (scene.corners is None) == (kind in {Kind.HAND, Kind.NOTHING})
    assert (scene.holder is None) == (kind in {Kind.HAND, Kind.NOTHING, Kind.BLANK})
    assert np.array_equal(scene.frame, make_other(1, kind, HARD, SMALL).frame)
    assert float(scene.frame.std()) > 1


def test_a_missing_font_names_its_package(tmp_path: Path) -> None:
    with pytest.raises(FontMissingError, match="apt-get install fonts-ipafont-mincho"):
        font_file(Face.MINCHO, tmp_path)


def test_the_command_writes_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "front.png"
    command = ["--seed", "7", "--level", "clean", "--size", "640x480", "--out", str(out)]
    assert main(command) == 0
    assert make_front(7, CLEAN, SMALL).number_b in capsys.readouterr().out
    assert np.array_equal(np.asarray(cv2.imread(str(out))), make_front(7, CLEAN, SMALL).frame)
    before = out.read_bytes()
    assert main(command) == 2
    assert "FileExistsError" in capsys.readouterr().err
    assert out.read_bytes() == before


@pytest.mark.parametrize("size", ["", "640", "axb", "1x2x3"])
def test_the_command_refuses_a_size_it_cannot_read(size: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--size", size, "--out", str(tmp_path / "x.png")])


def test_the_command_tells_of_a_size_no_camera_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--size", "20x20", "--kind", "back", "--out", str(tmp_path / "x.png")]) == 2
    assert "ValueError" in capsys.readouterr().err
