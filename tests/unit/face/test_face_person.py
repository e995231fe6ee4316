"""Following one person, and what the counter hears, piece by piece."""

import numpy as np
import pytest

from firmware.core.faults import DeviceError, FaultCode
from firmware.core.outcomes import FacePrompt, UnsureReason
from firmware.face.box import FaceBox
from firmware.face.guide import Guide, Prompt, region_of
from firmware.face.person import Person, PersonLimits
from firmware.ports import Frame, Region, Sitting
from tests.unit.face.face_stage import THRESHOLDS, face_at, person, reference

SIZE = (640, 480)


def followed(*places: tuple[float, FaceBox]) -> Person:
    """A person whose embedding was taken at the first of these places (time, face), and who then moved on."""
    someone = Person(THRESHOLDS, PersonLimits())
    for number, (at, face) in enumerate(places):
        someone.move(at, face)
        if number == 0:
            assert someone.same(reference())
    return someone


@pytest.mark.parametrize(
    ("likeness", "turned", "same"), [(0.43, False, True), (0.41, False, False), (0.33, True, True)]
)
def test_from_which_likeness_on_it_is_the_same_person(likeness: float, *, turned: bool, same: bool) -> None:
    someone = followed((0.0, face_at()), (0.1, face_at(x=210.0)))
    assert someone.same(person(1, likeness), turned=turned) is same


def test_a_turned_face_is_not_what_later_ones_are_compared_with() -> None:
    someone = followed((0.0, face_at()))
    assert someone.same(person(1, 0.35), turned=True)
    assert someone.same(reference())
    assert not someone.same(person(2, 0.31), turned=True)


@pytest.mark.parametrize(
    ("at", "face"),
    [
        (0.1, face_at(x=320.0)),
        (0.1, face_at(y=220.0)),
        (0.1, face_at(scale=1.4)),
        (0.1, face_at(scale=0.7)),
        (1.1, face_at()),
        (-5.0, face_at(x=320.0)),
        (0.1, FaceBox(200.0, 120.0, 0.0, 0.0, 0.9, face_at().points)),
    ],
)
@pytest.mark.parametrize(("likeness", "same"), [(0.48, False), (0.50, True)])
def test_after_a_jump_or_a_gap_more_is_asked_for(at: float, face: FaceBox, likeness: float, *, same: bool) -> None:
    someone = followed((0.0, face_at()), (at, face))
    assert someone.same(person(1, likeness)) is same
    assert someone.same(person(1, likeness)), "once answered, it is forgotten"


@pytest.mark.parametrize(
    ("at", "face"), [(0.1, face_at(x=280.0)), (0.9, face_at(x=600.0)), (0.1, face_at(scale=1.15)), (0.9, face_at())]
)
def test_ordinary_movement_is_no_jump(at: float, face: FaceBox) -> None:
    assert followed((0.0, face_at()), (at, face)).same(person(1, 0.43))


def test_no_embedding_is_left_behind() -> None:
    someone = followed((0.0, face_at()))
    first = someone._last
    assert first is not None
    someone.same(person(1, 0.9))
    second = someone._last
    assert second is not None
    someone.wipe()
    assert not first.any()
    assert not second.any()


# ---- guide ---------------------------------------------------------------------------------------------------------


def no_frames(_timeout: float) -> Frame:
    raise DeviceError(FaultCode.CAMERA_NO_FRAME)


def test_prompts_of_a_challenge_are_told_at_once_and_reasons_when_they_last() -> None:
    told: list[Prompt] = []
    guide = Guide(Sitting(no_frames, lambda: False, told.append))
    small, tilted = UnsureReason.TOO_SMALL, UnsureReason.TILTED
    left, hold = FacePrompt.TURN_LEFT, FacePrompt.HOLD
    for prompt in (small, tilted, small, tilted, left, left, hold, left, small, small, small, left):
        guide.say(prompt)
    assert told == [left, hold, left, small, left]


def test_the_metered_region_follows_the_face_and_outlasts_a_short_absence() -> None:
    regions: list[Region | None] = []
    guide = Guide(Sitting(no_frames, lambda: False, meter=regions.append))
    backlit = UnsureReason.BACKLIT
    guide.light(0.0, None, SIZE, None)
    guide.light(0.1, face_at(), SIZE, None)
    assert regions == []
    guide.light(0.2, face_at(), SIZE, backlit)
    guide.light(0.3, face_at(x=210.0), SIZE, None)
    assert regions == [region_of(face_at(), SIZE)]
    guide.light(0.4, face_at(x=300.0), SIZE, None)
    assert regions[1:] == [region_of(face_at(x=300.0), SIZE)]
    guide.light(2.3, None, SIZE, UnsureReason.NO_FACE)
    assert len(regions) == 2
    guide.light(2.5, None, SIZE, UnsureReason.NO_FACE)
    guide.light(9.0, None, SIZE, UnsureReason.NO_FACE)
    assert regions[2:] == [None]


def test_regions_lie_in_the_picture() -> None:
    region = region_of(face_at(x=-75.0, y=400.0), SIZE)
    assert region is not None
    assert (region.x, region.y) == (0.0, 400 / 480)
    assert (region.width, region.height) == pytest.approx((75 / 640, 80 / 480))
    assert region_of(face_at(x=-500.0), SIZE) is None
    assert region_of(face_at(y=np.inf), SIZE) is None
