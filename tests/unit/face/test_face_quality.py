"""Which face of a frame is compared, and why none is."""

import pytest

from firmware.core.outcomes import UnsureReason
from firmware.face.box import FaceBox
from firmware.face.quality import QualityLimits, choose

SIZE = (640, 480)
LIMITS = QualityLimits(width=80, border=0.05, second=0.6)


def face(x: float, y: float, width: float, height: float | None = None, score: float = 0.9) -> FaceBox:
    return FaceBox(x, y, width, height or width, score, ((0.0, 0.0),) * 5)


FRONT = face(200, 100, 200)


def test_one_good_face_is_chosen() -> None:
    assert choose([FRONT], SIZE, LIMITS) is FRONT


def test_people_behind_do_not_disturb_even_when_found_with_more_certainty() -> None:
    behind = face(500, 50, 119, score=0.99)
    assert choose([behind, FRONT], SIZE, LIMITS) is FRONT


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ([], UnsureReason.NO_FACE),
        ([FRONT, face(420, 100, 120)], UnsureReason.TWO_FACES),
        ([face(300, 200, 79.9)], UnsureReason.TOO_SMALL),
        ([face(9, 100, 200)], UnsureReason.AT_BORDER),
        ([face(431, 100, 200)], UnsureReason.AT_BORDER),
        ([face(200, 9, 200)], UnsureReason.AT_BORDER),
        ([face(200, 100, 200, 371)], UnsureReason.AT_BORDER),
    ],
)
def test_reasons(faces: list[FaceBox], reason: UnsureReason) -> None:
    assert choose(faces, SIZE, LIMITS) is reason


@pytest.mark.parametrize("good", [face(10, 10, 200), face(430, 270, 200), face(300, 200, 80)])
def test_the_edges_of_the_limits_are_inside(good: FaceBox) -> None:
    assert choose([good], SIZE, LIMITS) is good


@pytest.mark.parametrize(("share", "seen"), [(0.4, True), (0.59, True), (0.7, False)])
def test_a_face_on_a_shirt_does_not_disturb_unless_it_is_as_large_as_a_person(*, share: float, seen: bool) -> None:
    """Printed below the chin; one as large as a second person is taken for one, never for the first."""
    holder = face(200, 60, 200)
    printed = face(220, 330, 200 * share)
    chosen = choose([printed, holder], (640, 640), QualityLimits())
    assert chosen is (holder if seen else UnsureReason.TWO_FACES)
