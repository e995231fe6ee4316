"""The nose's relief from pixels: pieces of a made-up picture that move as told, and what the judge makes of it."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from firmware.face.box import Point
from firmware.face.liveness import Challenge
from firmware.face.liveness_model import (
    Live,
    LivenessLimits,
    Progress,
    Prompt,
    Relief,
    ReliefLimits,
    Spoof,
    SpoofReason,
    Step,
    Undecided,
    UnsureCause,
)
from firmware.face.liveness_parallax import Parallax
from firmware.face.liveness_relief import Side, relief_of, side_of
from firmware.inference.pictures import Picture
from tests.unit.face.face_heads import FRAME, Led, obedient, observed, seen_from

EYES = 70.0
POINTS: tuple[Point, ...] = ((165.0, 120.0), (235.0, 120.0), (200.0, 158.0), (172.0, 190.0), (228.0, 190.0))
LIMITS = ReliefLimits()


def texture() -> Picture:
    """Grey spots of a few pixels."""
    spots = np.random.default_rng(5).standard_normal((320, 400)).astype(np.float32)
    smooth = cv2.GaussianBlur(spots, (0, 0), 3.0)
    grey = np.clip(128 + 45 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def warped(picture: Picture, across: NDArray[np.float32]) -> Picture:
    """Every pixel shows what lies `across` pixels to its left."""
    x, y = np.meshgrid(np.arange(400, dtype=np.float32), np.arange(320, dtype=np.float32))
    return np.asarray(cv2.remap(picture, x - across, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)


def bump(shift: float, wide: float, high: float) -> NDArray[np.float32]:
    """The nose's place moves by `shift`; that dies away over `wide` and `high` pixels round where it came to."""
    x, y = np.meshgrid(np.arange(400, dtype=np.float32) - 200 - shift, np.arange(320, dtype=np.float32) - 158)
    return np.asarray(shift * np.exp(-((np.abs(x) / wide) ** 4 + (np.abs(y) / high) ** 4)), np.float32)


def turned(picture: Picture, sine: float) -> tuple[Picture, tuple[Point, ...]]:
    """Seen from the side, from afar: narrower about the middle."""
    share = math.sqrt(1 - sine * sine)
    matrix = np.array([[share, 0, 200 * (1 - share)], [0, 1, 0]])
    points = tuple((200 + share * (x - 200), y) for x, y in POINTS)
    return np.asarray(cv2.warpAffine(picture, matrix, (400, 320), borderMode=cv2.BORDER_REFLECT), np.uint8), points


def looked(picture: Picture, sine: float = 0.0, steps: int = 1) -> Relief:
    """What is measured of `picture`, turned little by little."""
    parallax, relief = Parallax(), None
    parallax.keep(texture(), POINTS)
    for step in range(1, steps + 1):
        relief = parallax.look(*turned(picture, sine * step / steps))
    assert relief is not None
    return relief


def test_a_picture_has_no_relief_however_it_is_turned() -> None:
    for sine in (0.0, 0.3, 0.5):
        relief = looked(texture(), sine)
        assert relief.sine == pytest.approx(sine, abs=0.12)
        assert [relief.nose, relief.ridge] == pytest.approx([0, 0], abs=0.015)


@pytest.mark.parametrize("shift", [-4.0, 3.0, 5.0])
def test_a_nose_that_moves_is_measured(shift: float) -> None:
    relief = looked(warped(texture(), bump(shift, 22, 18)))
    assert relief.nose == pytest.approx(shift / EYES, abs=0.012)
    assert relief.ridge == pytest.approx(shift / EYES, abs=0.02)


def test_a_middle_that_moves_as_one_is_no_ridge() -> None:
    relief = looked(warped(texture(), bump(4.0, 22, 500)))
    assert relief.nose == pytest.approx(4 / EYES, abs=0.015)
    assert relief.ridge == pytest.approx(0, abs=0.015)


def test_a_nose_that_goes_far_is_followed() -> None:
    parallax = Parallax()
    parallax.keep(texture(), POINTS)
    noses = []
    for shift in (3.0, 6.0, 9.0, 12.0):
        relief = parallax.look(warped(texture(), bump(shift, 24, 21)), POINTS)
        assert relief is not None
        noses.append(relief.nose * EYES)
    assert noses == pytest.approx([3, 6, 9, 12], abs=1.5)


def test_points_that_slip_are_put_right() -> None:
    parallax = Parallax()
    parallax.keep(texture(), POINTS)
    slipped = tuple((x + dx, y) for (x, y), dx in zip(POINTS, (2.5, -2, 9, 2, -2), strict=True))
    relief = parallax.look(texture(), slipped)
    assert relief is not None
    assert [relief.nose, relief.ridge] == pytest.approx([0, 0], abs=0.02)
    assert relief.sine < 0.15


def test_what_cannot_be_measured_is_none() -> None:
    parallax = Parallax()
    assert parallax.look(texture(), POINTS) is None
    parallax.keep(np.full((320, 400, 3), 90, np.uint8), POINTS)
    assert parallax.look(texture(), POINTS) is None
    parallax.keep(texture(), ((math.nan, 0.0), *POINTS[1:]))
    assert parallax.look(texture(), POINTS) is None
    parallax.keep(texture(), POINTS)
    other = np.ascontiguousarray(texture()[::-1])
    for points in (((math.inf, 0.0), *POINTS[1:]), POINTS[:4], tuple((x + 1e4, y) for x, y in POINTS)):
        assert parallax.look(texture(), points) is None
    assert parallax.look(other, POINTS) is None
    assert parallax.look(texture(), POINTS) is not None
    parallax.wipe()
    assert parallax.look(texture(), POINTS) is None


def test_nothing_is_left_after_wiping() -> None:
    parallax = Parallax()
    parallax.keep(texture(), POINTS)
    kept = parallax._straight  # that it is overwritten shows nowhere else
    assert kept is not None
    patches = [*kept.anchors, kept.nose, kept.bridge, kept.mouth]
    assert all(np.any(patch.values) for patch in patches)
    parallax.wipe()
    assert not any(np.any(patch.values) for patch in patches)


# ---- the judge -----------------------------------------------------------------------------------------------------


def side(nose: float, ridge: float, frames: int = 5, sine: float = 0.4) -> Side:
    return side_of([Relief(sine, nose * sine, ridge * sine)] * frames, 1.0, LIMITS)


def test_heads_pass_and_what_has_no_ridge_does_not() -> None:
    assert relief_of([side(0.4, 0.25), side(0.35, 0.2)], LIMITS) is None
    flat = Spoof(SpoofReason.FLAT)
    assert relief_of([side(0.3, 0.01), side(0.3, 0.01)], LIMITS) == flat
    assert relief_of([side(0.15, 0.15), side(0.15, 0.15)], LIMITS) == flat
    assert relief_of([side(0.6, 0.5), side(0.1, 0.2)], LIMITS) == flat
    assert relief_of([side(0.6, 0.5), side(0.4, 0.02)], LIMITS) == flat
    assert relief_of([side(-0.5, -0.4)], LIMITS) == flat


def test_a_ridge_as_deep_as_the_nose_is_no_head() -> None:
    assert relief_of([side(0.28, 0.27), side(0.25, 0.26)], LIMITS) == Spoof(SpoofReason.DEPTH)
    assert relief_of([side(0.28, 0.23), side(0.25, 0.24)], LIMITS) is None


def test_an_oblique_reference_is_made_up_for_by_the_other_side() -> None:
    assert relief_of([side(0.15, 0.07), side(0.5, 0.4)], LIMITS) is None
    assert relief_of([side(0.15, 0.07), side(0.15, 0.07)], LIMITS) == Spoof(SpoofReason.FLAT)


def test_too_few_frames_accuse_nobody() -> None:
    unclear = Undecided(UnsureCause.UNCLEAR)
    assert relief_of([], LIMITS) == unclear
    assert relief_of([side(0.5, 0.4), side(0.5, 0.4, frames=1)], LIMITS) == unclear
    assert relief_of([side(0.5, 0.4, sine=0.7), side(0.5, 0.4)], LIMITS) == unclear
    assert side_of([Relief(math.nan, 1.0, 1.0), Relief(0.4, math.nan, 1.0)], 1.0, LIMITS).frames == 0


class Pictured(Led):
    """Somebody whose pixels show a nose of this depth, and a ridge."""

    depth = (0.45, 0.3)

    def frame(self, similarity: float | None = 0.6, faces: int = 1) -> Progress:
        self.at += FRAME
        seen = observed(self.at, seen_from(self.points, self.yaw, self.distance), similarity, faces)
        sine = math.sin(math.radians(self.yaw))
        relief = Relief(abs(sine), self.depth[0] * sine, self.depth[1] * sine)
        return self.challenge.observe(replace(seen, relief=relief if self.depth[0] else None))


@pytest.mark.parametrize(
    ("depth", "verdict"),
    [
        ((0.45, 0.3), Live()),
        ((0.3, 0.0), Spoof(SpoofReason.FLAT)),
        ((-0.45, -0.3), Spoof(SpoofReason.FLAT)),
        ((0.0, 0.0), Undecided(UnsureCause.UNCLEAR)),
    ],
)
def test_a_challenge_needs_the_pixels_of_both_turns(depth: tuple[float, float], verdict: object) -> None:
    limits = LivenessLimits(relief=ReliefLimits())
    person = Pictured(Challenge((Step.LEFT, Step.CLOSER, Step.RIGHT), 0.0, limits))
    person.depth = depth
    assert person.play(obedient).verdict == verdict
    assert Prompt.COME_CLOSER in person.prompts
